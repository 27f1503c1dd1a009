//! Every form of `#[setup]`, `#[teardown]` and `#[health]`.

use dagstack_plugin::prelude::*;
use std::fmt;

#[data]
pub(crate) struct Config {}

/// An error of the author's own.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

/// Like `anyhow::Error`: no `Error` itself, but it becomes one.
struct Any(Box<dyn std::error::Error + Send + Sync>);

impl From<Any> for Box<dyn std::error::Error + Send + Sync> {
    fn from(any: Any) -> Self {
        any.0
    }
}

type Context = PluginContext<Config>;
type Answer<T> = std::result::Result<T, Any>;

macro_rules! forms {
    ($($ty:ident $name:literal { $($body:tt)* })*) => {$(
        struct $ty;

        #[plugin(kind = "tool", name = $name)]
        impl $ty {
            $($body)*

            #[hook]
            fn run(&self) {}
        }
    )*};
}

forms! {
    A "setup-a" {
        #[setup]
        fn new() -> Self { Self }
        #[teardown]
        fn teardown(&self) {}
        #[health]
        async fn health(&self) -> Health { Health::Healthy }
    }
    B "setup-b" {
        #[setup]
        async fn setup() -> B { Self }
        #[teardown]
        async fn teardown(&self) -> Released { Released::All }
        #[health]
        fn health(&self) -> Result<Health, String> { Ok(Health::Healthy) }
    }
    C "setup-c" {
        #[setup]
        fn setup(_ctx: &PluginContext) -> Result<Self, PluginError> { Ok(Self) }
        #[teardown]
        fn teardown(&self) -> Result<(), Broken> { Ok(()) }
    }
    D "setup-d" {
        #[setup]
        async fn setup(_: &PluginContext<Config>) -> Result<Self, Broken> { Err(Broken) }
        #[teardown]
        async fn teardown(&self) -> Answer<Released> { Err(Any("no".into())) }
    }
    E "setup-e" {
        #[setup]
        async fn setup(_: &'_ Context) -> Answer<Self> { Err(Any("no".into())) }
    }
    F "setup-f" {
        #[setup]
        fn setup(_: &Context) -> Result<Self, String> { Ok(Self) }
    }
}
