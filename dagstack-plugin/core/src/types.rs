//! What the types in an author's functions must be able to do.
//!
//! Nobody implements these traits: `#[data]`, or the derives of serde and schemars, make a type fit.
//! They exist so that the compiler can say in plain words which type does not, and how to mend it.

// The macros assert them by a qualified path, `<T as HookInput>::__dagstack_check()`: a bound of a
// function would add a note that names the function.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::__private::Probe;
use crate::config::Config;
use crate::context::{HookContext, PluginContext};
use crate::error::{BoxError, PluginError};
use crate::health::{Health, Released};

/// What a parameter of a hook must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a hook",
    label = "this type cannot be read from arguments",
    note = "put `#[data]` on your type, or derive serde's `Deserialize` and schemars 1's `JsonSchema` on it",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place"
)]
pub trait HookInput {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> HookInput for T {}

/// What a parameter of a hook that is no `async fn` must be, too: the future of an `async fn` says the
/// same of itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot move between threads",
    label = "arguments are read before the hook runs, maybe on another thread",
    note = "hold `Arc` instead of `Rc`, and a `Mutex` or an atomic instead of a `RefCell` or a `Cell` behind it"
)]
pub trait Movable {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send> Movable for T {}

/// What a hook returns, apart from an error, must be.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "this type cannot be written as a result",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and schemars 1's `JsonSchema` on it",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place"
)]
pub trait HookOutput {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> HookOutput for T {}

/// What the error of a hook must be.
#[diagnostic::on_unimplemented(
    message = "a hook cannot fail with `{Self}`",
    label = "expected an error that is `Send + Sync`",
    note = "return `HookError`, `String`, or any `std::error::Error` that is `Send + Sync + 'static`"
)]
pub trait HookFailure {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<BoxError>> HookFailure for T {}

/// What the call of an `async` function must be.
#[diagnostic::on_unimplemented(
    message = "an `async` function that returns `{Self}` at once",
    label = "this returns no future",
    note = "one of the attributes of the function takes `async` off; leave it out: who calls a hook brings the runtime"
)]
pub trait AsyncFn {
    #[doc(hidden)]
    fn __dagstack_check(_: &Self) {}
}

#[diagnostic::do_not_recommend]
impl<F: Future> AsyncFn for F {}

/// What a hook of a trait kind must return.
#[diagnostic::on_unimplemented(
    message = "the kind's hook returns `{T}`, this one returns `{Self}`",
    label = "expected `{T}` or a `Result` of it",
    note = "the error of a `Result` may be `HookError`, `String`, or any `std::error::Error` that is `Send + Sync + 'static`"
)]
pub trait HookReturn<T> {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T> HookReturn<T> for T {}

/// What `kind = Trait` must name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no kind of plugins",
    label = "not a kind",
    note = "put `#[kind(name = \"…\", version = \"1.0.0\")]` on the trait"
)]
pub trait PluginKind {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<K: crate::kind::Kind + ?Sized> PluginKind for K {}

/// What a hook's reference parameter must refer to.
#[diagnostic::on_unimplemented(
    message = "a hook cannot borrow `{Self}`",
    label = "expected `&HookContext`",
    note = "the only reference a hook takes is the context of the call, `ctx: &HookContext`; it owns everything else"
)]
pub trait ContextParam {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl ContextParam for HookContext {}

/// What the parameter of `#[setup]` must refer to.
#[diagnostic::on_unimplemented(
    message = "`#[setup]` cannot take `&{Self}`",
    label = "expected `&PluginContext<…>`",
    note = "write `ctx: &PluginContext<{Self}>` if `{Self}` is the config, and read it by `ctx.config()`"
)]
pub trait SetupParam {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<C> SetupParam for PluginContext<C> {}

/// What a config type must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the config of a plugin",
    label = "this type cannot be read as a config",
    note = "put `#[data]` on your type, or derive serde's `Deserialize` and schemars 1's `JsonSchema` on it; it must be `Send + Sync` too",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place"
)]
pub trait ConfigType {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<C: Config> ConfigType for C {}

/// What `#[setup]` must return.
#[diagnostic::on_unimplemented(
    message = "`#[setup]` cannot return `{Self}`",
    label = "expected `Self` or `Result<Self, PluginError>`",
    note = "the error may be `PluginError`, `String`, or any `std::error::Error` that is `Send + Sync + 'static`"
)]
pub trait SetupOutcome<P> {
    #[doc(hidden)]
    fn __dagstack_check()
    where
        Self: Sized,
    {
    }

    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn into_plugin(self) -> Result<P, PluginError>;
}

#[diagnostic::do_not_recommend]
impl<P> SetupOutcome<P> for P {
    fn into_plugin(self) -> Result<P, PluginError> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P, E: Into<PluginError>> SetupOutcome<P> for Result<P, E> {
    fn into_plugin(self) -> Result<P, PluginError> {
        self.map_err(Into::into)
    }
}

/// What `#[teardown]` must return.
#[diagnostic::on_unimplemented(
    message = "`#[teardown]` cannot return `{Self}`",
    label = "expected nothing, `Released` or `Result<Released, PluginError>`",
    note = "the error may be `PluginError`, `String`, or any `std::error::Error` that is `Send + Sync + 'static`"
)]
pub trait TeardownOutcome {
    #[doc(hidden)]
    fn __dagstack_check()
    where
        Self: Sized,
    {
    }

    #[doc(hidden)]
    fn into_released(self) -> Result<Released, PluginError>;
}

#[diagnostic::do_not_recommend]
impl TeardownOutcome for () {
    fn into_released(self) -> Result<Released, PluginError> {
        Ok(Released::All)
    }
}

#[diagnostic::do_not_recommend]
impl TeardownOutcome for Released {
    fn into_released(self) -> Result<Released, PluginError> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<PluginError>> TeardownOutcome for Result<Released, E> {
    fn into_released(self) -> Result<Released, PluginError> {
        self.map_err(Into::into)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<PluginError>> TeardownOutcome for Result<(), E> {
    fn into_released(self) -> Result<Released, PluginError> {
        self.map(|()| Released::All).map_err(Into::into)
    }
}

/// What `#[health]` must return.
#[diagnostic::on_unimplemented(
    message = "`#[health]` cannot return `{Self}`",
    label = "expected `Health` or `Result<Health, …>`",
    note = "an error means unhealthy; it may be `String` or any `std::error::Error` that is `Send + Sync + 'static`"
)]
pub trait HealthOutcome {
    #[doc(hidden)]
    fn __dagstack_check()
    where
        Self: Sized,
    {
    }

    #[doc(hidden)]
    fn into_health(self) -> Health;
}

#[diagnostic::do_not_recommend]
impl HealthOutcome for Health {
    fn into_health(self) -> Health {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<PluginError>> HealthOutcome for Result<Health, E> {
    fn into_health(self) -> Health {
        self.unwrap_or_else(|error| Health::unhealthy(error.into().to_string()))
    }
}

/// What a plugin without `#[setup]` must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[setup]` and no `Default`",
    label = "the host cannot construct this plugin",
    note = "derive `Default` on `{Self}`, or write `#[setup] fn setup(ctx: &PluginContext) -> Self` in the `#[plugin]` block"
)]
pub trait WithDefault {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: Default> WithDefault for T {}

/// What a parameter under `#[serde(default)]` must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`",
    label = "`#[serde(default)]` needs a default",
    note = "derive `Default` on `{Self}`, or name a function: `#[serde(default = \"…\")]`"
)]
pub trait ParamDefault {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: Default> ParamDefault for T {}

/// What a parameter or a field under `#[serde(skip)]` must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`",
    label = "what is skipped is filled with its default",
    note = "derive `Default` on `{Self}`, or name a function: `#[serde(skip, default = \"…\")]`"
)]
pub trait SkippedDefault {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: Default> SkippedDefault for T {}

/// What a field of a `#[data]` type must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a `#[data]` type",
    label = "this type has no JSON form",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and `Deserialize` and schemars 1's `JsonSchema` on it",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place"
)]
pub trait DataField {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> DataField for T {}

/// What a `Secret` must hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held by a `Secret`",
    label = "this type cannot be overwritten in memory",
    note = "a `Secret` holds text, bytes, numbers or a list of these, e.g. `Secret<String>`; of a type of yours make the fields secrets, or implement `dagstack_plugin::secrets::Zeroize` for it"
)]
pub trait SecretValue {
    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: crate::secrets::Zeroize> SecretValue for T {}

/// What a field must be that is only written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Serialize`",
    label = "this type cannot be written",
    note = "put `#[data]` on your type, derive serde's `Serialize` on it, or name a function: `#[serde(serialize_with = \"…\")]`"
)]
pub trait Writable {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Writable for T {}

/// What a parameter or a field must be whose schema is given apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Deserialize`",
    label = "this type cannot be read",
    note = "put `#[data]` on your type, derive serde's `Deserialize` on it, or name a function: `#[serde(deserialize_with = \"…\")]`"
)]
pub trait Readable {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {}

/// What a parameter or a field must be that a function reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON Schema",
    label = "callers are told what they may write here",
    note = "say what it is written as: `#[schemars(with = \"String\")]`; or derive schemars 1's `JsonSchema` on `{Self}`"
)]
pub trait Described {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Described for T {}

/// What a parameter of an exposed hook of a kind must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an exposed hook",
    label = "this type has no JSON form",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and `Deserialize` and schemars 1's `JsonSchema` on it",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place",
    note = "a hook that only plugins linked into the host answer may take any type: `#[hook(…, mcp_exposed = false)]`"
)]
pub trait ExposedParam {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> ExposedParam for T {}

/// What an exposed hook of a kind must return.
#[diagnostic::on_unimplemented(
    message = "an exposed hook cannot return `{Self}`",
    label = "this type has no JSON form",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and `Deserialize` and schemars 1's `JsonSchema` on it",
    note = "a type of another crate (chrono, uuid, url, …) needs that crate's feature `serde` and one of dagstack-plugin: see \"Types of other crates\" in its documentation; or put a type of yours in its place",
    note = "a hook that only plugins linked into the host answer may return any type: `#[hook(…, mcp_exposed = false)]`"
)]
pub trait ExposedOutput {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> ExposedOutput for T {}

/// What a parameter of a hook must be that several plugins are called by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Clone`, and the hook hands it to several plugins",
    label = "every plugin gets its own",
    note = "derive `Clone` on `{Self}`, or pass an `Arc` of it where the hook is not exposed"
)]
pub trait BroadcastParam {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: Clone> BroadcastParam for T {}

/// What a chain hook returns: the type of its first parameter.
#[diagnostic::on_unimplemented(
    message = "a chain hook must return the type of its first parameter, `{T}`, found `{Self}`",
    label = "not what the next plugin takes",
    note = "each plugin gets what the one before returned"
)]
pub trait ChainOutput<T: ?Sized> {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

impl<T> ChainOutput<T> for T {}

/// What the parameter must be that capability dispatch looks at.
#[diagnostic::on_unimplemented(
    message = "capability dispatch cannot look at `{Self}`",
    label = "expected `String`, `&str` or an `Option` of one",
    note = "the parameter holds a file extension or name, a language, or a MIME type"
)]
pub trait CapabilityParam {
    #[doc(hidden)]
    fn __dagstack_check() {}
}

#[diagnostic::do_not_recommend]
impl<T: crate::kind::CapabilityKey> CapabilityParam for T {}

/// What a parameter of a resource's method must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a resource's method",
    label = "this type cannot cross to another process",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and `Deserialize` on it; it must be `Send` and `'static` too",
    note = "what only plugins in the host's own process use needs no trait: see `local_resource`"
)]
pub trait ResourceParam {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> ResourceParam for T {}

/// What a resource's method must return.
#[diagnostic::on_unimplemented(
    message = "a resource's method cannot return `{Self}`",
    label = "this type cannot cross to another process",
    note = "put `#[data]` on your type, or derive serde's `Serialize` and `Deserialize` on it; it must be `Send` and `'static` too",
    note = "what only plugins in the host's own process use needs no trait: see `local_resource`"
)]
pub trait ResourceReturn {
    #[doc(hidden)]
    fn __dagstack_check() {}

    #[doc(hidden)]
    fn __dagstack_check_inferred(_: Probe<Self>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> ResourceReturn for T {}
