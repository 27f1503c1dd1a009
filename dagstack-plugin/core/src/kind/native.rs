//! [`Native`]: the shell around a plugin in this process. `#[plugin(kind = …)]` implements the
//! kind's trait for a struct around it; what such a method does is here.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn, ready};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use serde_json::Value;

use crate::context::HookContext;
use crate::error::{HookError, code, not_exposed, panicked};
use crate::future::BoxFuture;
use crate::giving_up::{GivingUp, given_up, has_given_up, not_run};
use crate::kind::lease::Leased;
use crate::kind::proxy;
use crate::kind::{HookSpec, InFlight, Kind, Lease};
use crate::middleware::{self, Call, Next, Payload, no_result, used_up};
use crate::name::PluginName;
use crate::panics::forget_panic;
use crate::plugin::Plugin;
use crate::sync::{get_mut, into_inner, lock};

/// A plugin in this process behind its kind's trait: it counts calls, catches panics, lets
/// middleware in, and ends calls that are cancelled or late.
pub struct Native<P> {
    plugin: Arc<P>,
    lease: Arc<Lease>,
}

/// What a call of the hook at place `HOOK` of the kind `K` does to a plugin. The macro implements
/// it for the plugin's type.
pub trait Run<K: HookSpec<HOOK> + ?Sized, const HOOK: usize>: Plugin {
    /// Its place in the plugin's declaration.
    const PLACE: usize;

    /// Runs it.
    fn run<'x, 'a: 'x>(
        native: &'x Native<Self>,
        ctx: &'x HookContext,
        args: K::Args<'a>,
    ) -> impl Future<Output = Result<K::Output, HookError>> + Send + 'x;
}

impl<P: Plugin> fmt::Debug for Native<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin {}", P::declaration().key())
    }
}

impl<P: Plugin> Native<P> {
    /// The shell around `plugin`.
    pub fn new(plugin: Arc<P>, lease: Arc<Lease>) -> Self {
        Self { plugin, lease }
    }

    /// The plugin.
    #[inline]
    pub fn plugin(&self) -> &P {
        &self.plugin
    }

    /// The context for a hook that asks for it: it says which plugin is called.
    pub fn bind(&self, ctx: &HookContext) -> HookContext {
        self.lease.bind(ctx)
    }

    /// Calls an `async` hook of the kind. The one allocation is the future's box, unless there is
    /// middleware.
    #[inline]
    pub fn call<'a, K, const HOOK: usize>(
        &'a self,
        ctx: &'a HookContext,
        args: K::Args<'a>,
    ) -> BoxFuture<'a, Result<K::Output, HookError>>
    where
        K: HookSpec<HOOK, Output: Send> + ?Sized,
        for<'x> K::Args<'x>: Send,
        P: Run<K, HOOK>,
    {
        if !self.lease.layers(P::PLACE).is_empty() {
            return Box::pin(self.layered::<K, HOOK>(ctx, args));
        }
        match self.try_enter(ctx) {
            Some(in_flight) => Box::pin(Direct::<Named<K, HOOK>, _> {
                future: P::run(self, ctx, args),
                guard: Guard::new(ctx, in_flight),
                hook: PhantomData,
            }),
            None => Box::pin(ready(Err(self.refused(ctx)))),
        }
    }

    /// Counts a call in, if its caller still waits for it.
    #[inline]
    fn try_enter(&self, ctx: &HookContext) -> Option<InFlight<&Lease>> {
        if has_given_up(ctx) {
            return None;
        }
        self.lease.try_enter()
    }

    /// The error of a call that is not counted in.
    #[cold]
    fn refused(&self, ctx: &HookContext) -> HookError {
        given_up(ctx).err().unwrap_or_else(|| self.lease.refused())
    }

    fn enter(&self, ctx: &HookContext) -> Result<InFlight<&Lease>, HookError> {
        self.try_enter(ctx).ok_or_else(|| self.refused(ctx))
    }

    /// No `async fn`: its future would hold, and move, the arguments twice.
    fn layered<'a, K, const HOOK: usize>(
        &'a self,
        ctx: &'a HookContext,
        args: K::Args<'a>,
    ) -> impl Future<Output = Result<K::Output, HookError>> + Send
    where
        K: HookSpec<HOOK, Output: Send> + ?Sized,
        for<'x> K::Args<'x>: Send,
        P: Run<K, HOOK>,
    {
        let mut payload = Typed::<K, P, HOOK> {
            native: self,
            args: Mutex::new(Some(args)),
            output: Mutex::new(None),
        };
        async move {
            let Some(_in_flight) = self.try_enter(ctx) else {
                return Err(self.refused(ctx));
            };
            let hook = K::SPEC.hooks[HOOK].name;
            let layers = self.lease.layers(P::PLACE);
            let host = &**self.lease.host();
            let mut call = Call::new(self.lease.plugin(), hook, ctx, &mut payload).on_host(host);
            let mut guard = Guard::new(ctx, &*self.lease);
            let mut passed = Next::new(layers).run(&mut call);
            poll_fn(|cx| guard.poll(hook, Polled::Middleware, passed.as_mut(), cx)).await?;
            drop(passed);
            get_mut(&mut payload.output)
                .take()
                .ok_or_else(|| no_result(hook))
        }
    }

    /// Calls a plain `fn` hook of the kind, at place `place` of the declaration. Its middleware must
    /// not wait.
    ///
    /// # Errors
    ///
    /// Those of the hook; [`code::PANICKED`]; [`code::UNAVAILABLE`] where middleware waits.
    pub fn call_now<T: Send>(
        &self,
        place: usize,
        ctx: &HookContext,
        run: impl FnOnce(&P, &HookContext) -> Result<T, HookError> + Send,
    ) -> Result<T, HookError> {
        let _in_flight = self.enter(ctx)?;
        let layers = self.lease.layers(place);
        let hook = P::declaration().hooks[place].name;
        let guarded = |ctx: &HookContext| {
            let run = || catch_unwind(AssertUnwindSafe(|| run(&self.plugin, ctx)));
            let outcome = self.lease.host().within(run).ok_or_else(not_run)?;
            outcome
                .unwrap_or_else(|payload| Err(panicked(hook, payload)))
                .map_err(|error| self.lease.clean(error))
        };
        if layers.is_empty() {
            return guarded(ctx);
        }
        let mut payload = Now {
            run: Mutex::new(Some(guarded)),
            output: Mutex::new(None),
            plugin: self.lease.plugin(),
            hook,
        };
        let mut call = Call::new(self.lease.plugin(), hook, ctx, &mut payload);
        let mut passed = Next::new(layers).run(&mut call);
        let polled = catch_unwind(AssertUnwindSafe(|| {
            passed
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
        }));
        drop(passed);
        match polled {
            Ok(Poll::Ready(outcome)) => outcome?,
            Ok(Poll::Pending) => {
                return Err(HookError::new(
                    code::UNAVAILABLE,
                    format!(
                        "hook `{hook}` is a plain `fn` and returns at once, but middleware around it waits; make the hook of the kind `async`, or let the middleware's `wraps` leave it out"
                    ),
                ));
            }
            Err(payload) => return Err(Polled::Middleware.panicked(hook, payload)),
        }
        into_inner(payload.output).ok_or_else(|| no_result(hook))
    }

    /// Runs a hook on one of the host's threads for long computations. It cannot be interrupted
    /// there, so it counts as in flight until it ends, whether or not anybody waits.
    ///
    /// # Errors
    ///
    /// Those of the hook; [`code::UNAVAILABLE`] where the host shuts down.
    pub async fn off_thread<K, const HOOK: usize>(
        &self,
        ctx: &HookContext,
        job: impl FnOnce(Arc<P>, HookContext) -> BoxFuture<'static, Result<K::Output, HookError>>
        + Send
        + 'static,
    ) -> Result<K::Output, HookError>
    where
        K: HookSpec<HOOK, Output: Send + 'static> + ?Sized,
    {
        let running = self.lease.again();
        let hook = K::SPEC.hooks[HOOK].name.to_owned();
        let plugin = Arc::clone(&self.plugin);
        let job = move |ctx| job(plugin, ctx);
        let host = self.lease.host();
        host.off_thread(hook, self.bind(ctx), running, job).await
    }

    /// Runs a `process_cpu_bound` hook in one of the plugin's worker processes.
    ///
    /// # Errors
    ///
    /// Those of the hook; [`code::UNAVAILABLE`] where the host knows no executable of the plugin.
    pub async fn in_worker<K: HookSpec<HOOK> + ?Sized, const HOOK: usize>(
        &self,
        ctx: &HookContext,
        args: K::Args<'_>,
    ) -> Result<K::Output, HookError> {
        let hook = K::SPEC.hooks[HOOK].name;
        let Some(workers) = self.lease.workers() else {
            let plugin = self.lease.plugin();
            return Err(HookError::new(
                code::UNAVAILABLE,
                format!(
                    "hook `{hook}` of `{plugin}` is `process_cpu_bound` and the host knows no executable of the plugin; add `.worker(\"{}\", \"{}\", path)`",
                    plugin.kind(),
                    plugin.name()
                ),
            ));
        };
        proxy::call::<K, HOOK>(&**workers, ctx, K::args_to_json(&args)).await
    }
}

pin_project_lite::pin_project! {
    /// A call without middleware. A struct and no `async` block: that would hold, and move, the
    /// arguments twice.
    struct Direct<'a, H, F> {
        #[pin]
        future: F,
        guard: Guard<'a, InFlight<&'a Lease>>,
        hook: PhantomData<fn() -> H>,
    }
}

/// The hook at place `HOOK` of a kind; as a type it takes no room in a future.
struct Named<K: ?Sized, const HOOK: usize>(PhantomData<fn(&K)>);

/// What a hook is called.
trait HookName {
    const NAME: &'static str;
}

impl<K: Kind + ?Sized, const HOOK: usize> HookName for Named<K, HOOK> {
    const NAME: &'static str = K::SPEC.hooks[HOOK].name;
}

impl<H: HookName, T, F: Future<Output = Result<T, HookError>>> Future for Direct<'_, H, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.guard.poll(H::NAME, Polled::Hook, this.future, cx)
    }
}

pin_project_lite::pin_project! {
    /// A call with middleware around it, from inside.
    struct Invoked<'a, F, T> {
        #[pin]
        future: F,
        guard: Guard<'a, &'a Lease>,
        hook: &'static str,
        output: &'a mut Option<T>,
        has_begun: bool,
    }
}

impl<T, F: Future<Output = Result<T, HookError>>> Future for Invoked<'_, F, T> {
    type Output = Result<(), HookError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Between the middleware's call and its await the caller may have given up.
        if !std::mem::replace(this.has_begun, true) {
            given_up(this.guard.ctx)?;
        }
        let polled = this.guard.poll(this.hook, Polled::Hook, this.future, cx);
        polled.map_ok(|output| **this.output = Some(output))
    }
}

/// Polls a hook until it ends, panics, or its caller gives up.
struct Guard<'a, L> {
    ctx: &'a HookContext,
    lease: L,
    /// Made when the hook first waits.
    giving_up: Option<Box<GivingUp>>,
}

/// What a [`Guard`] polls. A hook's errors may quote the config.
#[derive(Clone, Copy)]
enum Polled {
    Hook,
    /// What is caught of the hook itself is an error to it, so that a panic is its own.
    Middleware,
}

impl Polled {
    #[cold]
    fn panicked(self, hook: &str, payload: Box<dyn Any + Send>) -> HookError {
        match self {
            Self::Hook => panicked(hook, payload),
            Self::Middleware => {
                forget_panic(payload);
                middleware::panicked(hook)
            }
        }
    }
}

impl<'a, L: Leased> Guard<'a, L> {
    #[inline]
    fn new(ctx: &'a HookContext, lease: L) -> Self {
        Self {
            ctx,
            lease,
            giving_up: None,
        }
    }

    #[inline]
    fn poll<T>(
        &mut self,
        hook: &'static str,
        what: Polled,
        future: Pin<&mut (impl Future<Output = Result<T, HookError>> + ?Sized)>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, HookError>> {
        let poll = || catch_unwind(AssertUnwindSafe(|| future.poll(cx)));
        // No closure, and nothing around the outcome: each copies it once more.
        let lease = self.lease.lease();
        let caught = if lease.is_around() {
            poll()
        } else {
            match lease.host().brought(poll) {
                Some(caught) => caught,
                None => return Poll::Ready(Err(not_run())),
            }
        };
        match caught {
            Ok(Poll::Pending) => self.waits(cx).map(Err),
            Ok(Poll::Ready(Err(error))) if matches!(what, Polled::Hook) => {
                Poll::Ready(Err(lease.clean(error)))
            }
            Ok(ready) => ready,
            Err(payload) => Poll::Ready(Err(what.panicked(hook, payload))),
        }
    }

    #[cold]
    fn waits(&mut self, cx: &mut Context<'_>) -> Poll<HookError> {
        self.giving_up
            .get_or_insert_with(|| Box::new(GivingUp::new(self.ctx, &**self.lease.lease().host())))
            .poll(cx)
    }
}

/// The payload of a typed call: JSON only if a middleware asks for it. The locks, which nobody ever
/// waits for, make it `Sync` where the types of the kind are not.
struct Typed<'n, 'a, K: HookSpec<HOOK> + ?Sized, P, const HOOK: usize> {
    native: &'n Native<P>,
    args: Mutex<Option<K::Args<'a>>>,
    output: Mutex<Option<K::Output>>,
}

impl<K: HookSpec<HOOK> + ?Sized, P: Plugin, const HOOK: usize> Typed<'_, '_, K, P, HOOK> {
    /// Refuses the JSON of a hook that is not exposed, even where its types have one: middleware must
    /// not depend on what the kind does not promise.
    fn exposed(&self) -> Result<(), HookError> {
        let hook = &K::SPEC.hooks[HOOK];
        if hook.mcp_exposed {
            return Ok(());
        }
        Err(not_exposed(self.native.lease.plugin(), hook.name))
    }
}

impl<K, P, const HOOK: usize> Payload for Typed<'_, '_, K, P, HOOK>
where
    K: HookSpec<HOOK, Output: Send> + ?Sized,
    for<'x> K::Args<'x>: Send,
    P: Run<K, HOOK>,
{
    fn args_json(&self) -> Result<Value, HookError> {
        self.exposed()?;
        match &*lock(&self.args) {
            Some(args) => K::args_to_json(args),
            None => Err(used_up(K::SPEC.hooks[HOOK].name)),
        }
    }

    fn set_args_json(&mut self, args: Value) -> Result<(), HookError> {
        self.exposed()?;
        *get_mut(&mut self.args) = Some(K::args_from_json(args)?);
        Ok(())
    }

    fn invoke<'x>(&'x mut self, ctx: &'x HookContext) -> BoxFuture<'x, Result<(), HookError>> {
        let Some(args) = get_mut(&mut self.args).take() else {
            return Box::pin(ready(Err(used_up(K::SPEC.hooks[HOOK].name))));
        };
        Box::pin(Invoked {
            future: P::run(self.native, ctx, args),
            guard: Guard::new(ctx, &*self.native.lease),
            hook: K::SPEC.hooks[HOOK].name,
            output: get_mut(&mut self.output),
            has_begun: false,
        })
    }

    fn result_json(&self) -> Result<Option<Value>, HookError> {
        self.exposed()?;
        lock(&self.output)
            .as_ref()
            .map(K::output_to_json)
            .transpose()
    }

    fn set_result_json(&mut self, result: Value) -> Result<(), HookError> {
        self.exposed()?;
        *get_mut(&mut self.output) = Some(K::output_from_json(result)?);
        Ok(())
    }
}

/// The payload of a plain `fn` hook: nothing of it has a JSON form.
struct Now<'a, F, T> {
    run: Mutex<Option<F>>,
    output: Mutex<Option<T>>,
    plugin: &'a PluginName,
    hook: &'static str,
}

impl<F, T: Send> Payload for Now<'_, F, T>
where
    F: FnOnce(&HookContext) -> Result<T, HookError> + Send,
{
    fn args_json(&self) -> Result<Value, HookError> {
        Err(not_exposed(self.plugin, self.hook))
    }

    fn set_args_json(&mut self, _: Value) -> Result<(), HookError> {
        Err(not_exposed(self.plugin, self.hook))
    }

    fn invoke<'x>(&'x mut self, ctx: &'x HookContext) -> BoxFuture<'x, Result<(), HookError>> {
        Box::pin(async move {
            match get_mut(&mut self.run).take() {
                Some(run) => {
                    *get_mut(&mut self.output) = Some(run(ctx)?);
                    Ok(())
                }
                None => Err(used_up(self.hook)),
            }
        })
    }

    fn result_json(&self) -> Result<Option<Value>, HookError> {
        Err(not_exposed(self.plugin, self.hook))
    }

    fn set_result_json(&mut self, _: Value) -> Result<(), HookError> {
        Err(not_exposed(self.plugin, self.hook))
    }
}
