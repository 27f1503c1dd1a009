//! Log lines on stderr. The guard's pipe stands behind it, so they never make a hook wait.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging: `DAGSTACK_LOG`, else `RUST_LOG`, may hold one level (`error` … `trace`, `off`).
pub(super) fn start() {
    let level = ["DAGSTACK_LOG", "RUST_LOG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find_map(|word| word.trim().parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    // The MCP SDK reports every session and message at `info`.
    let sdk = if level >= LevelFilter::DEBUG {
        level
    } else {
        level.min(LevelFilter::ERROR)
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr);
    // An author's own subscriber, set earlier, stays.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(Targets::new().with_default(level).with_target("rmcp", sdk))
        .try_init();
}
