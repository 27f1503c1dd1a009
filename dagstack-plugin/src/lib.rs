//! Write [dagstack] plugins in Rust: one source, linked into a host or run as an MCP executable.
//!
//! | feature | what it adds to what a linked plugin needs |
//! |---|---|
//! | `logging` | `validate`, with [`logging::JsonLines`], log records as JSON lines through tracing-subscriber, and reading them from events |
//! | `manifest` | manifests (TOML and JSON), ranges of versions, hookspecs as files |
//! | `validate` | what runs plugins, for tests and tools: `call`, `validate` and the rest of `engine` |
//! | `regex` | `validate`, with Unicode classes in patterns (`\p{L}`), and large patterns on long texts |
//! | `json-schema` | `validate`, with all of JSON Schema and all patterns, by jsonschema; hosts of processes have it |
//! | `stdio` | [`main!`], the plugin as an executable; with `logging` and `system` |
//! | `http-client`, `blob-store`, `tenant-registry` | for `bin`, beside `stdio`: the [resource](resources#where-they-come-from) that the executable brings where its host gives none |
//! | `system` | [`resources::OsRng`], the randomness of the system |
//! | `include-kind` | [`include_kind!`], a kind's trait made from a hookspec |
//! | `testing` | `logging`, with tests that run on the linked plugin and, by the client that hosts use, on its executable |
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

// The macros name this crate by its absolute path, here too.
extern crate self as dagstack_plugin;

// Named for the version, as the macros name it.
#[doc(hidden)]
pub mod __private0_1;
pub mod content;
pub mod kind;
pub mod kinds;
pub mod logging;
pub mod prelude;
pub mod resources;
#[cfg(feature = "stdio")]
#[doc(hidden)]
pub mod stdio;
#[cfg(feature = "testing")]
pub mod testing;

pub use content::Content;
#[doc(inline)]
pub use dagstack_plugin_core::*;

#[cfg(feature = "validate")]
#[doc(no_inline)]
pub use dagstack_engine as engine;
#[cfg(feature = "validate")]
#[doc(inline)]
pub use dagstack_engine::{call, validate};
#[cfg(feature = "manifest")]
#[doc(inline)]
pub use dagstack_manifest as manifest;
#[cfg(feature = "manifest")]
pub use dagstack_manifest::Manifest;

#[cfg(feature = "include-kind")]
pub use dagstack_plugin_macros::include_kind;
pub use dagstack_plugin_macros::{data, health, hook, kind, plugin, resource, setup, teardown};

#[cfg(feature = "stdio")]
#[doc = include_str!("command_line.md")]
#[doc = include_str!("config.md")]
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
    (@of [$($plugin:ty),+], $own:expr) => {
        fn main() -> ::std::process::ExitCode {
            $crate::stdio::main(
                ::std::vec![$($crate::Registration::of::<$plugin>()),+],
                $crate::stdio::Brought {
                    standard: &$crate::stdio::STANDARD,
                    own: $own,
                },
            )
        }
    };
    (@types [$($plugin:ty),+]) => {
        $crate::main! { @of [$($plugin),+], ::core::option::Option::None }
    };
    (@types [$($plugin:ty),+] resources = $resources:expr $(,)?) => {
        $crate::main! {
            @of [$($plugin),+],
            ::core::option::Option::Some(|| {
                $crate::stdio::IntoResources::into_resources(($resources)())
            })
        }
    };
    (@types [$($plugin:ty),+] $other:ident = $value:expr $(,)?) => {
        ::core::compile_error!(::core::concat!(
            "unknown argument `",
            ::core::stringify!($other),
            "` of `main!`; behind the plugins' types it knows `resources = function`"
        ));
        fn main() {}
    };
    (@types [$($plugin:ty),*] $next:ty $(, $($rest:tt)*)?) => {
        $crate::main! { @types [$($plugin,)* $next] $($($rest)*)? }
    };
    (@types [$($plugin:ty),*] $($other:tt)*) => {
        $crate::main! { @no_type }
    };
    (@no_type) => {
        ::core::compile_error!(
            "`main!` takes the plugin's type, by its path: `dagstack_plugin::main!(echo::Echo);`"
        );
        fn main() {}
    };
    () => {
        $crate::main! { @no_type }
    };
    ($($types:tt)+) => {
        $crate::main! { @types [] $($types)+ }
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

/// What becomes of a result of the type, written as `$of` where it borrows: see `__private0_1::then`.
// `mut`, because an answer for a type that does not fit borrows mutably.
#[doc(hidden)]
#[macro_export]
macro_rules! __dagstack_then {
    ($output:ty, $of:ty) => {
        |__dagstack_output: $of, __dagstack_encoding| {
            let mut __dagstack_output = $crate::__private0_1::Returned(__dagstack_output);
            __dagstack_output.__dagstack_encode(
                __dagstack_encoding,
                $crate::__private0_1::Probe::<$output>::ASK
                    .__dagstack_split()
                    .1
                    .__dagstack_failure(),
            )
        }
    };
}

/// What Cargo knows of the package that is compiled, see `__private0_1::package`.
#[doc(hidden)]
#[macro_export]
macro_rules! __dagstack_package {
    () => {{
        const LIST: ::core::option::Option<&str> = ::core::option_env!("CARGO_PKG_AUTHORS");
        const AUTHORS: &[&str] = &$crate::__private0_1::split_authors::<
            { $crate::__private0_1::count_authors(LIST) },
        >(LIST);
        $crate::__private0_1::Package {
            version: ::core::option_env!("CARGO_PKG_VERSION"),
            license: ::core::option_env!("CARGO_PKG_LICENSE"),
            homepage: ::core::option_env!("CARGO_PKG_HOMEPAGE"),
            authors: AUTHORS,
        }
    }};
}
