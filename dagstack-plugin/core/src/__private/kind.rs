//! Questions about the types of a kind's hooks (see the parent module). Unlike those of a plugin,
//! the types of a hook that is not exposed may have no JSON form, and that is no mistake.

use core::any::Any;
use core::marker::PhantomData;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::probe::Probe;
use crate::declaration::Hook;
use crate::error::HookError;
use crate::form::Output;
use crate::future::BoxFuture;
use crate::kind::{Kind, KindSpec, Native, json};
use crate::schema::{self, Schema};
use crate::uncompiled::not_compiled;

/// A value whose type decides what can be done with it.
pub struct Asked<'a, T>(pub &'a T);

pub use crate::kind::json::{by_name, by_name_without, literal_schema, parameters, read_args};

/// One argument, for JSON.
pub trait ArgToJson {
    /// The value.
    fn __dagstack_arg(self, kind: &KindSpec, hook: usize, param: usize)
    -> Result<Value, HookError>;
}
impl<T: Serialize> ArgToJson for Asked<'_, T> {
    fn __dagstack_arg(
        self,
        kind: &KindSpec,
        hook: usize,
        param: usize,
    ) -> Result<Value, HookError> {
        json::write_arg(kind, hook, param, self.0)
    }
}
impl<T> ArgToJson for &Asked<'_, T> {
    fn __dagstack_arg(self, kind: &KindSpec, hook: usize, _: usize) -> Result<Value, HookError> {
        Err(kind.not_exposed(hook))
    }
}

/// A result, for JSON.
pub trait OutputToJson {
    /// The value.
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError>;
}
impl<T: Serialize> OutputToJson for Asked<'_, T> {
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError> {
        json::write_output(kind, hook, self.0)
    }
}
impl<T> OutputToJson for &Asked<'_, T> {
    fn __dagstack_to_json(self, kind: &KindSpec, hook: usize) -> Result<Value, HookError> {
        Err(kind.not_exposed(hook))
    }
}

/// A result, from JSON.
pub trait OutputFromJson<T> {
    /// The result.
    fn __dagstack_from_json(
        self,
        kind: &KindSpec,
        hook: usize,
        json: Value,
    ) -> Result<T, HookError>;
}
impl<T: DeserializeOwned> OutputFromJson<T> for Probe<T> {
    fn __dagstack_from_json(
        self,
        kind: &KindSpec,
        hook: usize,
        json: Value,
    ) -> Result<T, HookError> {
        json::read_output(kind, hook, json)
    }
}
impl<T> OutputFromJson<T> for &Probe<T> {
    fn __dagstack_from_json(self, kind: &KindSpec, hook: usize, _: Value) -> Result<T, HookError> {
        Err(kind.not_exposed(hook))
    }
}

/// The schemas of types that may have none.
pub trait MaybeSchema {
    /// The schema of what it is written as.
    fn __dagstack_kind_output(self) -> Option<Schema>;
}
impl<T: JsonSchema> MaybeSchema for Probe<T> {
    fn __dagstack_kind_output(self) -> Option<Schema> {
        Some(schema::typed_output::<T>())
    }
}
impl<T> MaybeSchema for &Probe<T> {
    fn __dagstack_kind_output(self) -> Option<Schema> {
        None
    }
}

/// An argument for each of several plugins.
pub trait Again<T> {
    /// A copy.
    fn __dagstack_again(self) -> T;
}
impl<T: Clone> Again<T> for Asked<'_, T> {
    fn __dagstack_again(self) -> T {
        self.0.clone()
    }
}
impl<T> Again<T> for &Asked<'_, T> {
    fn __dagstack_again(self) -> T {
        not_compiled()
    }
}

/// What capability dispatch looks at.
pub trait KeyOf<'a> {
    /// The text asked for.
    fn __dagstack_key(self) -> &'a str;
}
impl<'a, T: crate::kind::CapabilityKey> KeyOf<'a> for Asked<'a, T> {
    fn __dagstack_key(self) -> &'a str {
        self.0.capability_key()
    }
}
impl<'a, T> KeyOf<'a> for &Asked<'a, T> {
    fn __dagstack_key(self) -> &'a str {
        not_compiled()
    }
}

/// How the value that stops a chain is read.
pub trait Stopped<T> {
    /// The function.
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>>;
}
impl<T: DeserializeOwned> Stopped<T> for Probe<T> {
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>> {
        crate::kind::json::stopped_with::<T>
    }
}
impl<T> Stopped<T> for &Probe<T> {
    fn __dagstack_stopped(self) -> fn(&HookError) -> Option<Result<T, HookError>> {
        |_| not_compiled()
    }
}

/// A value on its way through a chain, as a type that is written otherwise.
pub struct Handed<T, U>(T, PhantomData<U>);

impl<T, U> Handed<T, U> {
    /// The value.
    pub fn of(value: T) -> Self {
        Self(value, PhantomData)
    }
}
impl<T> Handed<T, T> {
    /// The value, which is the same.
    pub fn __dagstack_same(self) -> T {
        self.0
    }
}

/// Where it is another type, which is an error elsewhere.
pub trait HandedOther<U> {
    /// Nothing.
    fn __dagstack_same(self) -> U;
}
impl<T, U> HandedOther<U> for Handed<T, U> {
    fn __dagstack_same(self) -> U {
        not_compiled()
    }
}

/// The error of a hook that has no JSON form.
pub fn not_exposed(kind: &KindSpec, hook: usize) -> HookError {
    kind.not_exposed(hook)
}

/// The answer of a hook that is not exposed, to a caller who has only JSON.
pub fn hidden_hook<'a>(kind: &KindSpec, hook: usize) -> BoxFuture<'a, Result<Output, HookError>> {
    Box::pin(core::future::ready(Err(kind.not_exposed(hook))))
}

/// Makes something count as used.
pub fn used<T>(_: T) {}

/// A hook's own description, else the kind's.
pub const fn described<K: Kind + ?Sized>(
    own: Option<&'static str>,
    hook: usize,
) -> Option<&'static str> {
    match own {
        Some(own) => Some(own),
        None => K::SPEC.hooks[hook].description,
    }
}

/// The schema of arguments that are not read.
pub fn no_schema(_: &Hook) -> Schema {
    schema::input::<crate::config::NoConfig>()
}

/// The schema of a plugin's arguments: the kind's, in the words of the plugin where it has some.
pub fn kind_input<K: Kind + ?Sized>(
    hook: usize,
    declared: &Hook,
    own: fn(&Hook) -> Schema,
) -> Schema {
    let own = own(declared);
    let Some(mut schema) = (K::SPEC.hooks[hook].input_schema)() else {
        return own;
    };
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            let words = own
                .get("properties")
                .and_then(|own| own.get(name)?.get("description"));
            if let (Value::Object(property), Some(words)) = (property, words) {
                property.insert("description".to_owned(), words.clone());
            }
        }
    }
    schema
}

/// The schema of a plugin's result: the kind's.
pub fn kind_output<K: Kind + ?Sized>(hook: usize) -> Schema {
    (K::SPEC.hooks[hook].output_schema)().unwrap_or_default()
}

/// Arguments of the kind as arguments of the plugin; both are the same, or the compiler has refused
/// the plugin.
pub struct Fitting<T, U>(T, PhantomData<fn() -> U>);

impl<T, U> Fitting<T, U> {
    /// The question.
    pub fn new(value: T) -> Self {
        Self(value, PhantomData)
    }
}

/// See [`Fitting`].
pub trait Fit<U> {
    /// The arguments.
    fn __dagstack_fit(self) -> U;
}
impl<T> Fit<T> for Fitting<T, T> {
    #[inline]
    fn __dagstack_fit(self) -> T {
        self.0
    }
}
impl<T, U> Fit<U> for &Fitting<T, U> {
    fn __dagstack_fit(self) -> U {
        not_compiled()
    }
}

/// Whether a type has a JSON form: only then it is worth asking whether it is `Send`.
pub trait IfJson {
    /// The type, if it has one.
    type Type;
    /// Stands for a value of it.
    fn __dagstack_if_json(self) -> Self::Type;
}
impl<T: Serialize + DeserializeOwned + JsonSchema> IfJson for Asked<'_, T> {
    type Type = T;
    fn __dagstack_if_json(self) -> T {
        not_compiled()
    }
}
impl<T> IfJson for &Asked<'_, T> {
    type Type = ();
    fn __dagstack_if_json(self) {}
}

/// The future of a hook whose arguments are of type `T`, if those may move between threads.
pub trait IfSend<F> {
    /// The future, or nothing.
    type Future;
    /// The future, or nothing.
    fn __dagstack_if_send(self, future: F) -> Self::Future;
}
impl<T: Send, F> IfSend<F> for Probe<T> {
    type Future = F;
    fn __dagstack_if_send(self, future: F) -> F {
        future
    }
}
impl<T, F> IfSend<F> for &Probe<T> {
    type Future = core::future::Ready<()>;
    fn __dagstack_if_send(self, _: F) -> Self::Future {
        not_compiled()
    }
}

/// The shell that implements a kind's trait around the plugin `P`.
pub trait Shell<P> {
    /// The shell, as the kind's trait object in an `Arc`.
    fn wrap(native: Native<P>) -> Arc<dyn Any + Send + Sync>;
}

/// See [`Shell`]; a shell whose types cannot move between threads is none.
pub trait IntoShell<P> {
    /// The shell.
    fn __dagstack_native(self, native: Native<P>) -> Option<Arc<dyn Any + Send + Sync>>;
}
impl<P, S: Shell<P>> IntoShell<P> for Probe<S> {
    #[inline]
    fn __dagstack_native(self, native: Native<P>) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(S::wrap(native))
    }
}
impl<P, S> IntoShell<P> for &Probe<S> {
    fn __dagstack_native(self, _: Native<P>) -> Option<Arc<dyn Any + Send + Sync>> {
        not_compiled()
    }
}

/// What a hook returned, and the type that its kind says.
pub struct Ended<R, T>(R, PhantomData<fn() -> T>);

impl<R, T> Ended<R, T> {
    /// The question.
    pub fn new(returned: R) -> Self {
        Self(returned, PhantomData)
    }
}

/// See [`Ended`]; `F` is how an error becomes a `HookError`.
pub trait End<T, F> {
    /// The kind's value.
    fn __dagstack_end(self, fail: F) -> Result<T, HookError>;
}
impl<T, E> End<T, fn(E) -> HookError> for Ended<Result<T, E>, T> {
    #[inline]
    fn __dagstack_end(self, fail: fn(E) -> HookError) -> Result<T, HookError> {
        self.0.map_err(fail)
    }
}
impl<T, F> End<T, F> for Ended<T, T> {
    #[inline]
    fn __dagstack_end(self, _: F) -> Result<T, HookError> {
        Ok(self.0)
    }
}
impl<R, T, F> End<T, F> for &Ended<R, T> {
    fn __dagstack_end(self, _: F) -> Result<T, HookError> {
        not_compiled()
    }
}
