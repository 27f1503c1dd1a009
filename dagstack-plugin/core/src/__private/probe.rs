//! Questions about types that an expansion asks by method resolution (see the parent module).

use core::cell::Cell;
use core::error::Error;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::Deref;
use core::task::Poll;
use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::args::{Encoding, Fill, Input, NoSlot, Slot};
use crate::config::Config;
use crate::context::{HookContext, PluginContext, SetupContext};
use crate::declaration::Declaration;
use crate::error::{BoxError, HookError, PluginError};
use crate::form::Output;
use crate::plugin::Plugin;
use crate::registration::Registration;
use crate::schema::{self, Schema};
use crate::types::SetupOutcome;
use crate::uncompiled::not_compiled;

/// A question about `T`.
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// The question.
    pub const ASK: Self = Self(PhantomData);
}

impl<T> Clone for Probe<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Probe<T> {}

/// The same question, asked last: after `Probe`, `&Probe` and `&mut Probe`.
pub struct Last<T>(PhantomData<fn() -> T>);

impl<T> Clone for Last<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Last<T> {}

impl<T> Deref for Probe<T> {
    type Target = Last<T>;

    fn deref(&self) -> &Last<T> {
        &Last(PhantomData)
    }
}

impl<T: DeserializeOwned + JsonSchema + 'static> Probe<T> {
    /// How a type is read and described; in scope before the constant of the same name in `NoInput`.
    pub const INPUT: &'static Input<T> = &Input::of();
}

/// A value a function returned, whose type decides what to do with it.
pub struct Returned<T>(pub T);

/// What `#[setup]` of the plugin `P` returned, to be taken once.
pub struct SetupOutput<P, R>(Cell<Option<R>>, PhantomData<fn() -> P>);

/// The question what becomes of what `#[setup]` of the plugin `P` returned.
#[allow(non_snake_case)]
pub fn SetupReturned<P, R>(returned: R, _: Probe<P>) -> SetupOutput<P, R> {
    SetupOutput(Cell::new(Some(returned)), PhantomData)
}

impl<P, R> SetupOutput<P, R> {
    fn take(&self) -> R {
        self.0.take().unwrap_or_else(|| not_compiled())
    }
}

/// A future that may or may not be `Send`.
pub struct MaySend<F>(pub F);

impl<T: Plugin> Probe<T> {
    /// The registration of a plugin; in scope before the constant of the same name in
    /// `NoRegistration`.
    pub const REGISTRATION: Registration = Registration::of::<T>();
}

pub use answers::Values;

/// The traits behind [`ask`](super::ask).
pub(super) mod answers {
    use super::*;

    /// See [`Probe::REGISTRATION`].
    pub trait NoRegistration {
        /// Stands for a registration.
        const REGISTRATION: Registration = Registration::absent();
    }
    impl<T> NoRegistration for Probe<T> {}

    /// See [`Probe::INPUT`].
    pub trait NoInput<T: 'static> {
        /// Stands for what a type that does not fit is read by.
        const INPUT: &'static Input<T> = &Input::absent();
    }
    impl<T: 'static> NoInput<T> for Probe<T> {}

    /// Where an argument is read to: the future of a call holds it.
    pub trait SlotOf {
        /// The slot, or one that never has a value, of a type that cannot move between threads.
        type Slot: Fill;
        /// The slot.
        fn __dagstack_slot(self) -> Self::Slot;
    }
    impl<T: Send + 'static> SlotOf for &'static Input<T> {
        type Slot = Slot<T>;
        #[inline]
        fn __dagstack_slot(self) -> Slot<T> {
            Slot::new(self)
        }
    }
    impl<T: 'static> SlotOf for &&'static Input<T> {
        type Slot = NoSlot<T>;
        fn __dagstack_slot(self) -> NoSlot<T> {
            NoSlot::new()
        }
    }

    /// The schema of what a type is read from.
    pub trait InputSchema {
        /// The schema.
        fn __dagstack_input_schema(self) -> Schema;
        /// The schema of arguments of which some are flattened.
        fn __dagstack_flattened_schema(self) -> Schema;
    }
    impl<T: JsonSchema> InputSchema for Probe<T> {
        fn __dagstack_input_schema(self) -> Schema {
            schema::typed_input::<T>()
        }
        fn __dagstack_flattened_schema(self) -> Schema {
            schema::flattened::<T>()
        }
    }
    impl<T> InputSchema for &Probe<T> {
        fn __dagstack_input_schema(self) -> Schema {
            not_compiled()
        }
        fn __dagstack_flattened_schema(self) -> Schema {
            not_compiled()
        }
    }

    /// The schema of a config.
    pub trait ConfigSchema {
        /// The schema, as it is published.
        fn __dagstack_config_schema(self) -> Schema;
    }
    impl<T: serde::de::DeserializeOwned + JsonSchema> ConfigSchema for Probe<T> {
        fn __dagstack_config_schema(self) -> Schema {
            schema::config::<T>()
        }
    }
    impl<T> ConfigSchema for &Probe<T> {
        fn __dagstack_config_schema(self) -> Schema {
            not_compiled()
        }
    }

    /// The schema of what a hook returns.
    pub trait OutputSchema {
        /// The schema.
        fn __dagstack_output_schema(self) -> Schema;
    }
    impl<T: JsonSchema, E> OutputSchema for Probe<Result<T, E>> {
        fn __dagstack_output_schema(self) -> Schema {
            schema::typed_output::<T>()
        }
    }
    impl<T: JsonSchema> OutputSchema for &Probe<T> {
        fn __dagstack_output_schema(self) -> Schema {
            schema::typed_output::<T>()
        }
    }
    impl<T> OutputSchema for &mut Probe<T> {
        fn __dagstack_output_schema(self) -> Schema {
            not_compiled()
        }
    }

    /// Takes a return type apart.
    pub trait Split {
        /// The value.
        type Value;
        /// The error.
        type Error;
        /// The two parts.
        fn __dagstack_split(self) -> (Probe<Self::Value>, Probe<Self::Error>);
    }
    impl<T, E> Split for Probe<Result<T, E>> {
        type Value = T;
        type Error = E;
        fn __dagstack_split(self) -> (Probe<T>, Probe<E>) {
            (Probe::ASK, Probe::ASK)
        }
    }
    impl<T> Split for &Probe<T> {
        type Value = T;
        type Error = core::convert::Infallible;
        fn __dagstack_split(self) -> (Probe<T>, Probe<core::convert::Infallible>) {
            (Probe::ASK, Probe::ASK)
        }
    }

    /// How an error of the author's becomes a `HookError`: by its own `From`, which may give it a
    /// code and details, before the general way.
    ///
    /// Either way it is the author's from here on, also one of ours that was only passed on.
    pub trait Failure<E> {
        /// The conversion.
        fn __dagstack_failure(self) -> fn(E) -> HookError;
    }
    impl<E: Into<HookError>> Failure<E> for Probe<E> {
        #[inline]
        fn __dagstack_failure(self) -> fn(E) -> HookError {
            |error| error.into().of_author()
        }
    }
    // Those that show what they wrap, like `anyhow::Error`.
    impl<E: Into<BoxError> + AsRef<dyn Error + Send + Sync>> Failure<E> for &Probe<E> {
        #[inline]
        fn __dagstack_failure(self) -> fn(E) -> HookError {
            HookError::from_wrapper
        }
    }
    impl<E: Into<BoxError>> Failure<E> for &mut Probe<E> {
        #[inline]
        fn __dagstack_failure(self) -> fn(E) -> HookError {
            |error| HookError::from_error(error).of_author()
        }
    }
    impl<E> Failure<E> for Last<E> {
        fn __dagstack_failure(self) -> fn(E) -> HookError {
            |_| not_compiled()
        }
    }

    /// The same for an error in a `Box` or an `Arc` that has a `From` of its own.
    pub trait InnerFailure<E> {
        /// The conversion.
        fn __dagstack_failure(self) -> fn(E) -> HookError;
    }
    impl<E: Into<HookError>> InnerFailure<Box<E>> for &Probe<Box<E>> {
        #[inline]
        fn __dagstack_failure(self) -> fn(Box<E>) -> HookError {
            |error| (*error).into().of_author()
        }
    }
    impl<E: Into<HookError>> InnerFailure<Arc<E>> for &Probe<Arc<E>>
    where
        Arc<E>: Into<BoxError>,
    {
        #[inline]
        fn __dagstack_failure(self) -> fn(Arc<E>) -> HookError {
            |error| {
                let own = Arc::try_unwrap(error).map(Into::into);
                own.unwrap_or_else(HookError::from_error).of_author()
            }
        }
    }

    /// Encodes what a hook returned; `F` is how its error becomes a `HookError`.
    pub trait Encode<F> {
        /// Encodes it.
        fn __dagstack_encode(self, encoding: Encoding, fail: F) -> Encoded;
    }
    type Encoded = Poll<Result<Output, HookError>>;
    impl<T: Serialize, E> Encode<fn(E) -> HookError> for Returned<Result<T, E>> {
        #[inline]
        fn __dagstack_encode(self, encoding: Encoding, fail: fn(E) -> HookError) -> Encoded {
            Poll::Ready(match self.0 {
                Ok(value) => encoding.encode(&value),
                Err(error) => Err(fail(error)),
            })
        }
    }
    impl<T: Serialize, F> Encode<F> for &Returned<T> {
        #[inline]
        fn __dagstack_encode(self, encoding: Encoding, _: F) -> Encoded {
            Poll::Ready(encoding.encode(&self.0))
        }
    }
    impl<T, F> Encode<F> for &mut Returned<T> {
        fn __dagstack_encode(self, _: Encoding, _: F) -> Encoded {
            not_compiled()
        }
    }

    /// The context as a hook's parameter.
    pub trait Context<'a, T> {
        /// The context.
        fn __dagstack_context(self, ctx: &'a HookContext) -> &'a T;
    }
    impl<'a> Context<'a, HookContext> for Probe<HookContext> {
        #[inline]
        fn __dagstack_context(self, ctx: &'a HookContext) -> &'a HookContext {
            ctx
        }
    }
    impl<'a, T> Context<'a, T> for &Probe<T> {
        fn __dagstack_context(self, _: &'a HookContext) -> &'a T {
            not_compiled()
        }
    }

    /// A future for a boxed future that must be `Send`.
    pub trait AsSend {
        /// The future.
        type Future;
        /// The future.
        fn __dagstack_send(self) -> Self::Future;
    }
    impl<F: Future + Send> AsSend for MaySend<F> {
        type Future = F;
        #[inline]
        fn __dagstack_send(self) -> F {
            self.0
        }
    }
    impl<F: Future> AsSend for &MaySend<F> {
        type Future = core::future::Pending<F::Output>;
        fn __dagstack_send(self) -> Self::Future {
            core::future::pending()
        }
    }
    impl<T> AsSend for &mut MaySend<T> {
        type Future = core::future::Pending<T>;
        fn __dagstack_send(self) -> Self::Future {
            core::future::pending()
        }
    }

    /// The values of a `#[data]` type with a field that has no JSON form; in scope after what serde
    /// derives for it.
    pub trait Values {
        /// Writes nothing.
        #[allow(clippy::missing_errors_doc)]
        fn serialize<T, S: serde::Serializer>(_: &T, _: S) -> Result<S::Ok, S::Error> {
            not_compiled()
        }
        /// Reads nothing.
        #[allow(clippy::missing_errors_doc)]
        fn deserialize<'de, T, D: serde::Deserializer<'de>>(_: D) -> Result<T, D::Error> {
            not_compiled()
        }
    }
    impl<T> Values for T {}

    /// The schema of a `#[data]` type.
    pub trait DataSchema {
        /// `JsonSchema::inline_schema`.
        fn __dagstack_inline(self) -> bool;
        /// `JsonSchema::schema_name`.
        fn __dagstack_name(self) -> Cow<'static, str>;
        /// `JsonSchema::json_schema`.
        fn __dagstack_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
    }
    impl<T: JsonSchema> DataSchema for Probe<T> {
        fn __dagstack_inline(self) -> bool {
            T::inline_schema()
        }
        fn __dagstack_name(self) -> Cow<'static, str> {
            T::schema_name()
        }
        fn __dagstack_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            T::json_schema(generator)
        }
    }
    impl<T> DataSchema for &Probe<T> {
        fn __dagstack_inline(self) -> bool {
            not_compiled()
        }
        fn __dagstack_name(self) -> Cow<'static, str> {
            not_compiled()
        }
        fn __dagstack_schema(self, _: &mut schemars::SchemaGenerator) -> schemars::Schema {
            not_compiled()
        }
    }

    /// Whether a future is worth looking at: not where its arguments cannot be read.
    pub trait IfRead<F> {
        /// The future, or nothing.
        type Future;
        /// The future, or nothing.
        fn __dagstack_if_read(self, future: F) -> Self::Future;
    }
    impl<T: DeserializeOwned, F> IfRead<F> for Probe<T> {
        type Future = F;
        fn __dagstack_if_read(self, future: F) -> F {
            future
        }
    }
    impl<T, F> IfRead<F> for &Probe<T> {
        type Future = core::future::Ready<()>;
        fn __dagstack_if_read(self, _: F) -> Self::Future {
            not_compiled()
        }
    }

    /// What `#[setup]` is given.
    pub trait Setup<T> {
        /// Decodes the config.
        fn __dagstack_setup(
            self,
            context: SetupContext,
            declaration: &'static Declaration,
        ) -> Result<T, PluginError>;
    }
    impl<C: Config> Setup<PluginContext<C>> for Probe<PluginContext<C>> {
        fn __dagstack_setup(
            self,
            context: SetupContext,
            declaration: &'static Declaration,
        ) -> Result<PluginContext<C>, PluginError> {
            context
                .decode::<C>(declaration)
                .map_err(PluginError::ConfigInvalid)
        }
    }
    impl<T> Setup<T> for &Probe<T> {
        fn __dagstack_setup(
            self,
            _: SetupContext,
            _: &'static Declaration,
        ) -> Result<T, PluginError> {
            not_compiled()
        }
    }

    /// The config type of what `#[setup]` is given.
    pub trait ConfigOf {
        /// The config type.
        type Config;
        /// The question about it.
        fn __dagstack_config(self) -> Probe<Self::Config>;
    }
    impl<C> ConfigOf for Probe<PluginContext<C>> {
        type Config = C;
        fn __dagstack_config(self) -> Probe<C> {
            Probe::ASK
        }
    }
    impl<T> ConfigOf for &Probe<T> {
        type Config = crate::config::NoConfig;
        fn __dagstack_config(self) -> Probe<crate::config::NoConfig> {
            Probe::ASK
        }
    }

    /// What `#[setup]` of the plugin `P` returned.
    pub trait SetUp<P> {
        /// The plugin.
        fn __dagstack_set_up(self) -> Result<P, PluginError>;
    }
    impl<P, R: SetupOutcome<P>> SetUp<P> for &SetupOutput<P, R> {
        fn __dagstack_set_up(self) -> Result<P, PluginError> {
            self.take().into_plugin()
        }
    }
    impl<P, R> SetUp<P> for &mut SetupOutput<P, R> {
        fn __dagstack_set_up(self) -> Result<P, PluginError> {
            not_compiled()
        }
    }

    /// The same for errors that show what they wrap, like `anyhow::Error`.
    pub trait WrappedSetUp<P> {
        /// The plugin.
        fn __dagstack_set_up(self) -> Result<P, PluginError>;
    }
    impl<P, E> WrappedSetUp<P> for SetupOutput<P, Result<P, E>>
    where
        E: Into<BoxError> + AsRef<dyn Error + Send + Sync>,
    {
        fn __dagstack_set_up(self) -> Result<P, PluginError> {
            self.take().map_err(PluginError::from_wrapper)
        }
    }

    /// The plugin of a type without `#[setup]`.
    pub trait DefaultOf<T> {
        /// The plugin.
        fn __dagstack_default(self) -> T;
    }
    impl<T: Default> DefaultOf<T> for Probe<T> {
        fn __dagstack_default(self) -> T {
            T::default()
        }
    }
    impl<T> DefaultOf<T> for &Probe<T> {
        fn __dagstack_default(self) -> T {
            not_compiled()
        }
    }

    /// Whether a type is `Sync`: only then it is worth asking whether it is `Send`.
    pub trait IfSync {
        /// The type, if it is `Sync`.
        type Type;
        /// Stands for a value of it.
        fn __dagstack_if_sync(self) -> Self::Type;
    }
    impl<T: Sync> IfSync for Probe<T> {
        type Type = T;
        fn __dagstack_if_sync(self) -> T {
            not_compiled()
        }
    }
    impl<T> IfSync for &Probe<T> {
        type Type = ();
        fn __dagstack_if_sync(self) {}
    }
}
