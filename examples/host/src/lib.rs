//! A host: the same plugins linked in and as executables, the same calls to both, the answers
//! compared.

mod compare;
#[cfg(feature = "impostor")]
pub mod impostor;
mod typed;

pub use compare::{Call, Comparison, How, Typed, compare, table};

use dagstack_runtime::{MemoryConfig, PluginRegistryError, Registry};
use serde_json::{Value, json};

// Rust leaves out dependencies that nobody names; this names them.
dagstack_runtime::link!(
    echo,
    extractors,
    fixed_chunker,
    rewriters,
    sentence_chunker,
    tenant_policy,
    text_stats,
);

/// The configuration of both registries.
fn config() -> MemoryConfig {
    MemoryConfig::new(json!({
        "chunker": { "fixed": { "max_size": 2000, "max_pieces": 20_000, "id_key": "only for this demo" } },
        "middleware": { "tenant-policy": { "denied": { "guest": ["chunker"] } } },
    }))
}

/// The plugins that are linked into this program.
///
/// # Errors
///
/// When two plugins have one key.
pub fn linked() -> Result<Registry, PluginRegistryError> {
    Registry::builder().linked().config(config()).build()
}

/// The plugins whose manifests stand in `folder`, each a process of its own.
///
/// # Errors
///
/// When the folder cannot be read or two plugins have one key.
pub fn executables(folder: &str) -> Result<Registry, PluginRegistryError> {
    Registry::builder()
        .discover(folder)
        .config(config())
        .build()
}

/// Every hook on `text`, and at least one mistake for each plugin.
pub fn calls(text: &str) -> Vec<Call> {
    let call = |kind, plugin, hook, arguments: Value| Call {
        kind,
        plugin,
        hook,
        how: How::Json(arguments),
    };
    let mut calls = vec![
        call("tool", "echo", "echo", json!({ "text": text })),
        call("tool", "echo", "echo", json!({ "txt": text })),
        call("tool", "echo", "shout", json!({ "text": "hello" })),
        call("chunker", "fixed", "chunk", json!({ "text": text })),
        call(
            "chunker",
            "fixed",
            "chunk",
            json!({ "text": text, "max_size": 700 }),
        ),
        call(
            "chunker",
            "fixed",
            "chunk",
            json!({ "text": text, "max_size": 0 }),
        ),
        call(
            "chunker",
            "fixed",
            "chunk",
            json!({ "text": 7, "max_size": "ten" }),
        ),
        call("tool", "text-stats", "count", json!({ "text": text })),
        call(
            "tool",
            "text-stats",
            "mean_word_length",
            json!({ "text": text }),
        ),
        call(
            "tool",
            "text-stats",
            "mean_word_length",
            json!({ "text": "…" }),
        ),
        call(
            "tool",
            "text-stats",
            "longest_word",
            json!({ "text": text }),
        ),
        call("tool", "text-stats", "longest_word", json!({ "text": "" })),
        call("tool", "text-stats", "length", json!({ "text": text })),
        call(
            "tool",
            "text-stats",
            "ranking",
            json!({ "text": text, "top": 5 }),
        ),
        call(
            "tool",
            "text-stats",
            "ranking",
            json!({ "text": "one two", "top": 0 }),
        ),
        call("tool", "text-stats", "capacity", json!({})),
    ];
    calls.extend(typed::calls(text));
    calls
}
