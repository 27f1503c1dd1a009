//! What plugins of dagstack and their hosts are both built on. Authors use it through
//! `dagstack-plugin`, whose crate documentation is the place to begin.

#[doc(hidden)]
pub mod __private;
mod annotations;
#[doc(hidden)]
pub mod args;
#[doc(hidden)]
pub mod cancel;
pub mod canonical_json;
pub mod config;
#[doc(hidden)]
pub mod context;
pub mod declaration;
#[doc(hidden)]
pub mod encode;
pub mod error;
#[doc(hidden)]
pub mod event_bus;
pub mod execution;
#[doc(hidden)]
pub mod form;
#[doc(hidden)]
pub mod future;
#[doc(hidden)]
pub mod giving_up;
#[doc(hidden)]
pub mod health;
pub mod kind;
pub mod logging;
pub mod middleware;
#[doc(hidden)]
pub mod name;
mod named;
#[doc(hidden)]
pub mod numbers;
#[doc(hidden)]
pub mod object;
#[doc(hidden)]
pub mod panics;
pub mod peers;
#[doc(hidden)]
pub mod plugin;
#[doc(hidden)]
pub mod problem;
pub mod progress;
#[doc(hidden)]
pub mod registration;
pub mod resources;
pub mod schema;
pub mod secrets;
#[doc(hidden)]
pub mod sync;
pub mod tenancy;
pub mod tool;
pub mod trace;
pub mod types;
mod uncompiled;
#[doc(hidden)]
pub mod undecoded;

/// The JSON values that hooks, configs and errors speak in.
pub use serde_json;

/// Implements an `async` trait, a kind's for a test double or [`Middleware`].
pub use async_trait::async_trait;

pub use annotations::ToolAnnotations;
pub use cancel::{CancelToken, Cancelled};
pub use config::{ConfigSubscription, NoConfig};
pub use context::{HookContext, Metadata, MetadataError, PluginContext, PluginScope, SetupContext};
pub use declaration::Declaration;
pub use error::{BoxError, ConfigInvalid, HookError, PluginError, TenantAccessDenied, code};
pub use event_bus::{Event, EventBus, Subscription};
pub use form::{Args, Form, Output};
pub use future::BoxFuture;
pub use health::{Health, Released};
pub use kind::{DispatchError, Kind};
pub use logging::{Logger, Severity};
pub use middleware::Middleware;
pub use name::PluginName;
pub use peers::Peers;
pub use plugin::{ErasedPlugin, Plugin};
pub use problem::Problem;
pub use progress::{Progress, ProgressReport, ProgressSink};
pub use registration::{Registration, Setup, registered};
pub use secrets::Secret;

pub use tenancy::{NoOpTenantContext, TenantContext, TenantResolver};

/// The version of the dagstack core contract this crate implements, apart from its own version.
///
/// A host compares a plugin's `core_version` range with it.
pub const CORE_VERSION: &str = "0.4.1";

/// A guess at what was meant, to follow the name that is not known.
#[doc(hidden)]
pub fn did_you_mean(guess: Option<impl std::fmt::Display>) -> String {
    guess
        .map(|guess| format!(" (did you mean `{guess}`?)"))
        .unwrap_or_default()
}

/// What kind of JSON value this is.
#[doc(hidden)]
pub fn json_type(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The one of `known` that `given` was probably meant to be.
#[doc(hidden)]
pub fn suggest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = given.chars().count();
    let limit = |word: &str| word.len().max(given.len()).div_ceil(3);
    known
        .into_iter()
        // Finding the distance takes as long as both are; their lengths differ by no more.
        .filter(|word| word.chars().count().abs_diff(length) <= limit(word))
        .map(|word| (strsim::damerau_levenshtein(given, word), word))
        .filter(|(distance, word)| *distance <= limit(word))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Whether a word is another but for a slip of the pen: one letter, or two of eight and more. Words of
/// less than four are too many to tell.
#[doc(hidden)]
pub fn is_slip(given: &str, known: &str) -> bool {
    let shorter = given.chars().count().min(known.chars().count());
    let slips = if shorter >= 8 { 2 } else { 1 };
    shorter >= 4
        && given.len().abs_diff(known.len()) <= 8
        && strsim::damerau_levenshtein(given, known) <= slips
}

/// What every expansion goes through, `items` of a facade's `__private…`.
#[doc(hidden)]
#[macro_export]
macro_rules! __dagstack_items {
    ($($items:tt)*) => { $($items)* };
}

/// What the compiler shall not warn of, and nobody see: `hidden` of a facade's `__private…`. Expansions hold the
/// author's types in the author's own tokens, so that errors point there; what there is to warn about
/// stands in the author's code too.
#[doc(hidden)]
#[macro_export]
macro_rules! __dagstack_hidden {
    ($($items:tt)*) => {
        #[doc(hidden)]
        #[allow(
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            dead_code,
            deprecated,
            elided_lifetimes_in_paths,
            mismatched_lifetime_syntaxes,
            non_camel_case_types,
            non_snake_case,
            non_upper_case_globals,
            single_use_lifetimes,
            unused_braces,
            unused_imports,
            unused_lifetimes,
            unused_mut,
            unused_parens,
            unused_qualifications,
            unused_variables,
        )]
        const _: () = { $($items)* };
    };
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn a_guess_is_near_and_a_long_text_is_no_reason_to_search() {
        let known = ["chunk", "größe", "split"];
        assert_eq!(suggest("chunck", known), Some("chunk"));
        assert_eq!(suggest("grosse", known), Some("größe"));
        assert_eq!(suggest("render", known), None);
        assert_eq!(suggest(&"chunk".repeat(1 << 22), known), None);
    }
}
