//! What becomes of a call by JSON once it is let in: through its middleware, to wherever the plugin
//! runs, until its caller gives up.

use std::future::Future;
use std::ops::DerefMut;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use dagstack_engine::Access;
use dagstack_engine::panics::CatchPanic;
use dagstack_plugin::error::not_exposed;
use dagstack_plugin::giving_up::{given_up, until_given_up};
use dagstack_plugin::kind::{Host, InFlight, Lease};
use dagstack_plugin::middleware::{Call, Next, Payload, no_result, panicked, used_up};
use dagstack_plugin::{BoxFuture, HookContext, HookError, Middleware, args};
use serde_json::Value;

use crate::descriptor::Source;
use crate::entry::Entry;
use crate::live::{Live, Running};

/// A call that has been let in: it counts as one on its way.
#[derive(Clone, Copy)]
pub(crate) struct Admitted<'a> {
    entry: &'a Entry,
    live: &'a Arc<Live>,
    access: Access,
}

impl<'a> Admitted<'a> {
    pub(crate) fn new(
        entry: &'a Entry,
        live: &'a Arc<Live>,
        _: &'a InFlight<&'a Lease>,
        access: Access,
    ) -> Self {
        Self {
            entry,
            live,
            access,
        }
    }

    fn host(&self) -> &'a dyn Host {
        &**self.live.lease.host()
    }

    /// Calls the hook itself.
    pub(crate) async fn direct(
        self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let host = self.host();
        // The author's own error may quote the config.
        let clean = |error| self.live.lease.clean(error);
        // What takes longer than one poll is boxed: it would be moved about with every call.
        match &self.live.running {
            Running::InProcess(plugin) if plugin.runs_off_thread(hook) => {
                let running = self.live.lease.again();
                let bound = self.live.lease.bind(ctx);
                let call =
                    Box::pin(plugin.call_off_thread(hook, &bound, args, self.access, running));
                give_up_with(ctx, host, call).await.map_err(clean)
            }
            Running::InProcess(plugin) => {
                // That the caller has given up goes before any other error.
                let found = plugin.find(hook, self.access);
                let (target, takes_context) =
                    found.or_else(|error| given_up(ctx).and(Err(error)))?;
                let bound = takes_context.then(|| self.live.lease.bind(ctx));
                let mut call = plugin.begin(target, bound.as_ref().unwrap_or(ctx), &mut args)?;
                // A `fn` hook is ready at once; nothing has to be kept for it across a suspension, and
                // nothing is put around its outcome, which would copy it.
                let first = if self.live.lease.is_around() {
                    call.poll_first()
                } else {
                    host.within(|| call.poll_first()).unwrap_or(Poll::Pending)
                };
                let outcome = match first {
                    Poll::Ready(outcome) => return outcome.map_err(clean)?.into_value(),
                    Poll::Pending => give_up_with(ctx, host, Pin::new(&mut call)).await,
                };
                outcome.map_err(clean)?.into_value()
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

    /// Calls the hook through its middleware: the outcome, and whether the hook was called.
    pub(crate) async fn layered(
        self,
        layers: &[Arc<dyn Middleware>],
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> (Result<Value, HookError>, bool) {
        if let Err(error) = given_up(ctx) {
            return (Err(error), false);
        }
        let mut payload = JsonPayload {
            call: self,
            hook,
            exposed: self.exposes(hook),
            args: Some(args),
            result: None,
            called: false,
        };
        let mut call =
            Call::new(&self.entry.descriptor.name, hook, ctx, &mut payload).on_host(self.host());
        let passing = CatchPanic::new(Next::new(layers).run(&mut call));
        let passing = async { passing.await.unwrap_or_else(|_| Err(panicked(hook))) };
        let passing = Box::pin(passing);
        let passed = give_up_with(ctx, self.host(), passing).await;
        let outcome = passed.and_then(|()| payload.result.ok_or_else(|| no_result(hook)));
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
    call: Admitted<'a>,
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
        let plugin = &self.call.entry.descriptor.name;
        Err(not_exposed(plugin, self.hook))
    }
}

impl Payload for JsonPayload<'_> {
    fn args_json(&self) -> Result<Value, HookError> {
        self.check_exposed()?;
        self.args.clone().ok_or_else(|| used_up(self.hook))
    }

    fn set_args_json(&mut self, args: Value) -> Result<(), HookError> {
        self.check_exposed()?;
        let plugin = self.call.entry.descriptor.name.to_string();
        self.args = Some(Value::Object(args::by_name(&plugin, self.hook, args)?));
        Ok(())
    }

    fn invoke<'x>(&'x mut self, ctx: &'x HookContext) -> BoxFuture<'x, Result<(), HookError>> {
        Box::pin(async move {
            let args = self.args.take().ok_or_else(|| used_up(self.hook))?;
            self.called = true;
            self.result = Some(self.call.direct(self.hook, ctx, args).await?);
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

/// Awaits a call until its caller gives up. Boxed: it would be moved about with every call.
pub(crate) fn give_up_with<'a, F, T>(
    ctx: &'a HookContext,
    host: &'a dyn Host,
    mut call: Pin<F>,
) -> BoxFuture<'a, Result<T, HookError>>
where
    F: DerefMut + Send + 'a,
    F::Target: Future<Output = Result<T, HookError>> + Send,
{
    Box::pin(async move { until_given_up(ctx, host, call.as_mut(), || false).await })
}
