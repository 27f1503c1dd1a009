//! [`PluginHandle`]: one plugin, to call by hook name and JSON.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::DerefMut;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use dagstack_plugin::call::{CatchPanic, GivingUp, given_up};
use dagstack_plugin::kind::{Caller, Host, InFlight, Lease};
use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::middleware::{Call, Next, Payload};
use dagstack_plugin::{
    BoxFuture, Health, HookContext, HookError, Kind, Manifest, Middleware, PluginName, args, code,
    tool,
};
use serde_json::Value;

use crate::descriptor::Source;
use crate::entry::{Entry, Live, Running};
use crate::error::PluginRegistryError;
use crate::status::{Reason, State};

/// How long a health check may take.
const HEALTH_LIMIT: Duration = Duration::from_secs(10);

/// One plugin, to call hooks of. Cheap to clone, and to be kept.
///
/// A handle taken from a plugin that is ready is a lease on that instance: once it is torn down,
/// calls are `unavailable`, also after a new setup; ask the registry again. One taken before the
/// setup calls whatever instance there is.
#[derive(Clone)]
pub struct PluginHandle {
    pub(crate) entry: Arc<Entry>,
    pub(crate) live: Option<Arc<Live>>,
}

impl PluginHandle {
    /// Calls a hook. `args` is an object of the hook's arguments; `null` stands for none.
    ///
    /// # Errors
    ///
    /// What the hook returned, or one of the codes of [`code`]: `unknown_hook`,
    /// `invalid_arguments`, `unavailable` where the plugin is not ready, `cancelled` and
    /// `deadline_exceeded` as the context says, `panicked`, `transport`.
    pub async fn call(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let current;
        let live = match &self.live {
            Some(live) => live,
            None => {
                current = self
                    .entry
                    .live()
                    .ok_or_else(|| self.entry.not_ready(None))?;
                &current
            }
        };
        let in_flight = live.lease.enter()?;
        if !args.is_object() {
            args = Value::Object(args::by_name(&self.name().to_string(), hook, args)?);
        }
        let run = Run {
            entry: &self.entry,
            live,
            in_flight: &in_flight,
        };
        match self.entry.layers.of(hook) {
            None => run.direct(hook, ctx, args).await,
            // Boxed, so that calls without middleware do not make room for it.
            Some(layers) => Box::pin(run.layered(&layers, hook, ctx, args)).await,
        }
    }

    /// The plugin as its kind's trait; see [`Registry::get`](crate::Registry::get).
    pub(crate) fn typed<K: Kind + ?Sized>(&self) -> Result<Arc<K>, PluginRegistryError> {
        match &self.live {
            Some(live) if self.entry.state().is_callable() => Ok(typed(&self.entry, live)),
            _ => {
                let state = self.entry.state();
                Err(PluginRegistryError::PluginUnavailable {
                    plugin: self.name().clone(),
                    message: self.entry.not_ready(None).message().to_owned(),
                    state: Box::new(state),
                })
            }
        }
    }

    /// A handle of this generation of the plugin.
    pub(crate) fn of(entry: &Arc<Entry>, live: &Arc<Live>) -> Self {
        Self {
            entry: Arc::clone(entry),
            live: Some(Arc::clone(live)),
        }
    }

    /// Asks the plugin how it is, and waits up to ten seconds for the answer. One that is not set
    /// up, or no longer, is unhealthy.
    pub async fn health(&self) -> Health {
        let not_ready = || Health::unhealthy(self.entry.not_ready(None).message());
        let Some(live) = self.live.clone().or_else(|| self.entry.live()) else {
            return not_ready();
        };
        let Ok(_in_flight) = live.lease.enter() else {
            return not_ready();
        };
        let host = &**live.lease.host();
        let ctx = HookContext::new().with_timeout(HEALTH_LIMIT);
        let asked = Box::pin(async { Ok(live.running.adapter().health().await) });
        let answer: Result<_, HookError> = give_up_with(&ctx, host, asked).await;
        answer.unwrap_or_else(|_| {
            Health::unhealthy(format!("it did not say how it is within {HEALTH_LIMIT:?}"))
        })
    }

    /// The plugin's kind and name.
    pub fn name(&self) -> &PluginName {
        &self.entry.descriptor.name
    }

    /// Where the plugin runs.
    pub fn runtime(&self) -> Runtime {
        self.entry.descriptor.runtime()
    }

    /// The plugin's state.
    pub fn state(&self) -> State {
        self.entry.state()
    }

    /// Why the plugin is not ready, or not well.
    pub fn reason(&self) -> Option<Reason> {
        self.state().reason().cloned()
    }

    /// The process the plugin runs in, if that is not the host's.
    pub fn pid(&self) -> Option<u32> {
        self.live
            .clone()
            .or_else(|| self.entry.live())
            .and_then(|live| live.running.adapter().pid())
    }

    /// The plugin's manifest: the one found, or that of the linked plugin; `None` for an executable
    /// registered by its command.
    pub fn manifest(&self) -> Option<Arc<Manifest>> {
        self.entry.descriptor.manifest()
    }
}

impl Caller for PluginHandle {
    fn plugin(&self) -> &PluginName {
        self.name()
    }

    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        Box::pin(Self::call(self, hook, ctx, args))
    }
}

impl fmt::Debug for PluginHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.state())
    }
}

/// A generation of a plugin as its kind's trait: itself, or a proxy of it.
pub(crate) fn typed<K: Kind + ?Sized>(entry: &Arc<Entry>, live: &Arc<Live>) -> Arc<K> {
    let native = live.native.as_deref();
    match native.and_then(|it| it.downcast_ref::<Arc<K>>()) {
        Some(native) => Arc::clone(native),
        None => K::proxy(Arc::new(PluginHandle::of(entry, live))),
    }
}

/// A call that has been counted in.
#[derive(Clone, Copy)]
struct Run<'a> {
    entry: &'a Entry,
    live: &'a Arc<Live>,
    in_flight: &'a InFlight<&'a Lease>,
}

impl<'a> Run<'a> {
    fn host(&self) -> &'a dyn Host {
        &**self.live.lease.host()
    }

    /// Calls the hook itself.
    async fn direct(
        self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let host = self.host();
        // What takes longer than one poll is boxed: it would be moved about with every call.
        match &self.live.running {
            Running::InProcess(plugin) if plugin.runs_off_thread(hook, &args) => {
                let running = self.in_flight.again(&self.live.lease);
                let call = Box::pin(plugin.call_off_thread(hook, ctx, args, running));
                give_up_with(ctx, host, call).await
            }
            Running::InProcess(plugin) => {
                let mut call = plugin.begin(hook, ctx, &mut args)?;
                // A `fn` hook is ready at once; nothing has to be kept for it across a suspension.
                let call = match call.poll_first() {
                    Poll::Ready(outcome) => return outcome?.into_value(),
                    Poll::Pending => give_up_with(ctx, host, Pin::new(&mut call)),
                };
                call.await?.into_value()
            }
            Running::Elsewhere(adapter) => {
                if adapter.failure().is_some() {
                    return Err(self.entry.not_ready(Some(self.live)));
                }
                given_up(ctx)?;
                give_up_with(ctx, host, adapter.call(hook, ctx, args)).await
            }
        }
    }

    /// Calls the hook through its middleware.
    async fn layered(
        self,
        layers: &[Arc<dyn Middleware>],
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, HookError> {
        given_up(ctx)?;
        let name = &self.entry.descriptor.name;
        if name.kind() != tool::KIND || hook != tool::EXECUTE {
            return self.through(layers, hook, ctx, args).await.0;
        }
        // Middleware sees the function, however it is called.
        let given = tool::Execute::read(&name.to_string(), &args)?;
        let args = Value::Object(given.args);
        match self.through(layers, &given.function, ctx, args).await {
            // The function's own failure is an answer; that of a middleware which did not let the
            // call pass is none.
            (outcome, true) => tool::Execute::answer(outcome),
            (refused, false) => refused.and_then(|result| tool::Execute::answer(Ok(result))),
        }
    }

    /// The outcome, and whether the hook was called.
    async fn through(
        self,
        layers: &[Arc<dyn Middleware>],
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> (Result<Value, HookError>, bool) {
        let mut payload = JsonPayload {
            run: self,
            hook,
            exposed: self.exposes(hook),
            args: Some(args),
            result: None,
            called: false,
        };
        let mut call =
            Call::new(&self.entry.descriptor.name, hook, ctx, &mut payload).on_host(self.host());
        let passing = CatchPanic::new(Next::new(layers).run(&mut call));
        let passing = Box::pin(async {
            passing.await.unwrap_or_else(|_| {
                let message = format!("a middleware around `{hook}` panicked");
                Err(HookError::new(code::PANICKED, message))
            })
        });
        let passed = give_up_with(ctx, self.host(), passing).await;
        let outcome = passed.and_then(|()| {
            payload.result.ok_or_else(|| {
                HookError::new(
                    code::HOOK_FAILED,
                    format!("a middleware around `{hook}` neither made the call nor set a result"),
                )
            })
        });
        (outcome, payload.called)
    }

    /// Whether middleware may look at the arguments and the result.
    fn exposes(&self, hook: &str) -> bool {
        match &self.entry.descriptor.source {
            Source::InProcess(registration) => registration
                .declaration()
                .hook(hook)
                .is_none_or(|(_, hook)| hook.mcp_exposed),
            _ => true,
        }
    }
}

/// The payload of a call by JSON.
struct JsonPayload<'a> {
    run: Run<'a>,
    hook: &'a str,
    exposed: bool,
    /// `None` once the call has used them.
    args: Option<Value>,
    result: Option<Value>,
    called: bool,
}

impl JsonPayload<'_> {
    fn check_exposed(&self) -> Result<(), HookError> {
        if self.exposed {
            return Ok(());
        }
        Err(HookError::new(
            code::NOT_EXPOSED,
            format!(
                "hook `{}` is not exposed: its arguments and its result have no JSON form",
                self.hook
            ),
        ))
    }

    fn used_up(&self) -> HookError {
        HookError::new(
            code::HOOK_FAILED,
            format!(
                "the arguments of `{}` were used by the call; a middleware reads them before it, or sets them again",
                self.hook
            ),
        )
    }
}

impl Payload for JsonPayload<'_> {
    fn args_json(&self) -> Result<Value, HookError> {
        self.check_exposed()?;
        self.args.clone().ok_or_else(|| self.used_up())
    }

    fn set_args_json(&mut self, args: Value) -> Result<(), HookError> {
        self.check_exposed()?;
        let plugin = self.run.entry.descriptor.name.to_string();
        self.args = Some(Value::Object(args::by_name(&plugin, self.hook, args)?));
        Ok(())
    }

    fn invoke<'x>(&'x mut self, ctx: &'x HookContext) -> BoxFuture<'x, Result<(), HookError>> {
        Box::pin(async move {
            let args = self.args.take().ok_or_else(|| self.used_up())?;
            self.called = true;
            self.result = Some(self.run.direct(self.hook, ctx, args).await?);
            Ok(())
        })
    }

    fn result_json(&self) -> Result<Option<Value>, HookError> {
        self.check_exposed()?;
        Ok(self.result.clone())
    }

    fn set_result_json(&mut self, result: Value) -> Result<(), HookError> {
        self.check_exposed()?;
        self.result = Some(result);
        Ok(())
    }
}

/// Awaits a call until its caller gives up.
fn give_up_with<'a, F, T>(
    ctx: &'a HookContext,
    host: &'a dyn Host,
    mut call: Pin<F>,
) -> BoxFuture<'a, Result<T, HookError>>
where
    F: DerefMut + Send + 'a,
    F::Target: Future<Output = Result<T, HookError>> + Send,
{
    Box::pin(async move {
        let mut giving_up = GivingUp::new(ctx, host);
        poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => giving_up.poll(cx).map(Err),
        })
        .await
    })
}
