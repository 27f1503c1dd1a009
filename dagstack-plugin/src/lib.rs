//! Write [dagstack] plugins in Rust: one source, linked into a host or run as an MCP executable.
//!
//! | feature | what it adds to what a linked plugin needs |
//! |---|---|
//! | `logging` | [`logging::JsonLines`], log records as JSON lines through tracing-subscriber |
//! | `manifest` | reading manifests (TOML and JSON) and comparing version ranges |
//! | `validate` | JSON Schema validation of configs and arguments |
//! | `stdio` | [`main!`], the plugin as an executable; with the three above |
//! | `system` | [`resources::OsRng`], the randomness of the system |
//! | `include-kind` | [`include_kind!`], a kind's trait made from a hookspec |
//! | `testing` | tests that run on the linked plugin and on its executable |
//!
//! # Types of other crates
//!
//! A type of another crate is a parameter, a result or a part of a config like any other where its
//! crate has its feature `serde` and this one the feature that makes its JSON Schema:
//!
//! ```toml
//! [dependencies]
//! chrono = { version = "0.4", features = ["serde"] }
//! dagstack-plugin = { version = "0.1", features = ["chrono04"] }
//! ```
//!
//! | feature | beside it in `Cargo.toml` | types | as JSON |
//! |---|---|---|---|
//! | `arrayvec07` | `arrayvec = { version = "0.7", features = ["serde"] }` | `ArrayVec`, `ArrayString` | an array, a text |
//! | `bigdecimal04` | `bigdecimal = { version = "0.4", features = ["serde"] }` | `BigDecimal` | a text, read from a number too |
//! | `bytes1` | `bytes = { version = "1", features = ["serde"] }` | `Bytes`, `BytesMut` | an array of numbers; [`resources::Bytes`] is base64 and needs no feature |
//! | `chrono04` | `chrono = { version = "0.4", features = ["serde"] }` | `DateTime`, `NaiveDate`, `NaiveTime`, `NaiveDateTime`, `Weekday`; `TimeDelta` | a text; seconds and nanoseconds |
//! | `either1` | `either = { version = "1", features = ["serde"] }` | `Either` | an object with `Left` or `Right` |
//! | `indexmap2` | `indexmap = { version = "2", features = ["serde"] }` | `IndexMap`, `IndexSet` | an object, an array |
//! | `jiff02` | `jiff = { version = "0.2", features = ["serde"] }` | `Timestamp`, `Zoned`, `Span`, `SignedDuration`, those of `civil` | a text |
//! | `rust_decimal1` | `rust_decimal = { version = "1", features = ["serde"] }` | `Decimal` | a text, read from a number too |
//! | `semver1` | `semver = { version = "1", features = ["serde"] }` | `Version` | a text |
//! | `smallvec1` | `smallvec = { version = "1", features = ["serde"] }` | `SmallVec` | an array |
//! | `smol_str02`, `smol_str03` | `smol_str = { version = "0.3", features = ["serde"] }` | `SmolStr` | a text |
//! | `url2` | `url = { version = "2", features = ["serde"] }` | `Url` | a text |
//! | `uuid1` | `uuid = { version = "1", features = ["serde"] }` | `Uuid` | a text |
//!
//! They are schemars' features of the same names. `serde_json::Value` and `Box<RawValue>` of
//! serde_json, and what the standard library has (`Duration`, `IpAddr`, `NonZeroU8`, …), need none.
//!
//! [dagstack]: https://github.com/dagstack

#[cfg(all(feature = "stdio", not(any(target_os = "linux", target_os = "macos"))))]
compile_error!("feature `stdio` of dagstack-plugin needs Linux or macOS");

// The macros name this crate by its absolute path, also in our own tests.
extern crate self as dagstack_plugin;

#[doc(hidden)]
pub mod __private;
pub mod args;
pub mod call;
mod cancel;
pub mod canonical_json;
pub mod config;
mod context;
pub mod declaration;
mod diagnose;
#[doc(hidden)]
pub mod encode;
pub mod error;
mod event_bus;
#[doc(hidden)]
pub mod future;
#[doc(hidden)]
pub mod giving_up;
mod health;
pub mod kind;
pub mod kinds;
pub mod logging;
pub mod manifest;
pub mod middleware;
mod name;
mod numbers;
#[doc(hidden)]
pub mod panics;
pub mod peers;
mod plugin;
pub mod prelude;
mod problem;
pub mod progress;
mod registration;
pub mod resources;
pub mod schema;
pub mod secrets;
#[cfg(feature = "stdio")]
pub mod stdio;
#[doc(hidden)]
pub mod task;
pub mod tenancy;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tool;
pub mod trace;
pub mod types;
#[cfg(feature = "validate")]
pub mod validate;
pub mod wire;

/// The JSON values that hooks, configs and errors speak in.
pub use serde_json;

/// Implements an `async` trait, a kind's for a test double or [`Middleware`].
pub use async_trait::async_trait;

pub use cancel::{CancelToken, Cancelled};
pub use config::{ConfigSubscription, NoConfig};
pub use context::{HookContext, Metadata, MetadataError, PluginContext, PluginScope, SetupContext};
pub use declaration::Declaration;
pub use error::{BoxError, ConfigInvalid, HookError, PluginError, TenantAccessDenied, code};
pub use event_bus::{Event, EventBus, Subscription};
pub use future::BoxFuture;
pub use health::{Health, Released};
pub use kind::{DispatchError, Kind};
pub use logging::{Logger, Severity};
pub use manifest::Manifest;
pub use middleware::Middleware;
pub use name::PluginName;
pub use peers::Peers;
pub use plugin::{Args, ErasedPlugin, Form, Output, Plugin};
pub use problem::Problem;
pub use progress::{Progress, ProgressReport, ProgressSink};
pub use registration::{Registration, Setup, registered};
pub use secrets::Secret;

pub use tenancy::{NoOpTenantContext, TenantContext, TenantResolver};

#[cfg(feature = "include-kind")]
pub use dagstack_plugin_macros::include_kind;
pub use dagstack_plugin_macros::{data, health, hook, kind, plugin, resource, setup, teardown};

#[cfg(feature = "stdio")]
#[doc = include_str!("stdio/command_line.md")]
#[macro_export]
macro_rules! main {
    (& $life:lifetime $plugin:ty $(,)?) => {
        $crate::main! { @itself $plugin }
    };
    (& mut $plugin:ty $(,)?) => {
        $crate::main! { @itself $plugin }
    };
    (& $plugin:ty $(,)?) => {
        $crate::main! { @itself $plugin }
    };
    (Box<$plugin:ty> $(,)?) => {
        $crate::main! { @itself $plugin }
    };
    (Arc<$plugin:ty> $(,)?) => {
        $crate::main! { @itself $plugin }
    };
    (@itself $plugin:ty) => {
        ::core::compile_error!(::core::concat!(
            "`main!` takes the plugin's type itself\nhelp: write `dagstack_plugin::main!(",
            ::core::stringify!($plugin),
            ");`"
        ));
        fn main() {}
    };
    // The compiler would take it for a type.
    ($($function:ident)::+ ($($args:tt)*) $(,)?) => {
        $crate::main! { @no_type }
    };
    ($plugin:ty $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::stdio::main::<$plugin>()
        }
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`main!` takes the plugin's type, by its path: `dagstack_plugin::main!(echo::Echo);`"
        );
        fn main() {}
    };
}

/// Writes the `main` of a plugin executable. Needs feature `stdio`.
#[cfg(not(feature = "stdio"))]
#[macro_export]
macro_rules! main {
    ($($plugin:tt)*) => {
        ::core::compile_error!(
            "`dagstack_plugin::main!` needs feature `stdio` of dagstack-plugin: put `bin = [\"dagstack-plugin/stdio\"]` under `[features]` and `required-features = [\"bin\"]` under `[[bin]]`"
        );
        fn main() {}
    };
}

/// Makes a kind's trait from a hookspec. Needs feature `include-kind`.
#[cfg(not(feature = "include-kind"))]
#[macro_export]
macro_rules! include_kind {
    ($($hookspec:tt)*) => {
        ::core::compile_error!(
            "`dagstack_plugin::include_kind!` needs feature `include-kind` of dagstack-plugin: add it to the `features` of that dependency in `Cargo.toml`"
        );
    };
}

/// What every expansion goes through, see `__private::items`.
#[doc(hidden)]
#[macro_export]
macro_rules! __dagstack_items {
    ($($items:tt)*) => { $($items)* };
}

/// The version of the dagstack core contract this crate implements, apart from its own version.
///
/// A host compares a plugin's `core_version` range with it.
pub const CORE_VERSION: &str = "0.4.1";

/// The one of `known` that `given` was probably meant to be.
#[doc(hidden)]
pub fn suggest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(given, word), word))
        .filter(|(distance, word)| *distance <= word.len().max(given.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
