//! [`PluginHandle`]: one plugin, to call by hook name and JSON.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dagstack_engine::{Access, unknown_hook};
use dagstack_engine::{Reason, tool};
use dagstack_plugin::giving_up::given_up;
use dagstack_plugin::kind::Caller;
use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::{
    BoxFuture, Health, HookContext, HookError, Kind, Manifest, PluginName, args,
};
use serde_json::Value;

use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::live::Live;
use crate::run::{Admitted, give_up_with};
use crate::status::State;

/// How long a health check may take.
const HEALTH_LIMIT: Duration = Duration::from_secs(10);

/// One plugin, to call hooks of. Cheap to clone, and to be kept.
///
/// A handle taken from a plugin that is ready is a lease on that instance: once it is torn down, by a
/// reload too, calls are `unavailable`, also after a new setup; ask the registry again. A process that
/// ends by itself takes its calls with it; once it is started again
/// ([`RestartPolicy`](crate::RestartPolicy)), the same handle calls the new one, and so do typed
/// handles. A handle taken before the setup calls whatever instance there is.
#[derive(Clone)]
pub struct PluginHandle {
    entry: Arc<Entry>,
    live: Option<Arc<Live>>,
    /// Which hooks its holder may call.
    access: Access,
}

impl PluginHandle {
    /// Calls a hook. `args` is an object of the hook's arguments; `null` stands for none.
    ///
    /// It may be awaited anywhere: where no tokio runtime is around the caller, the hook finds that of
    /// the setup around it. A `fn` hook of a linked plugin runs before the first `.await` comes back;
    /// see `#[hook]` for what may block.
    ///
    /// # Errors
    ///
    /// What the hook returned, or one of the codes of [`code`](mod@crate::code): `unknown_hook`,
    /// `invalid_arguments`, `unavailable` where the plugin is not ready, `cancelled` and
    /// `deadline_exceeded` as the context says, `panicked`, `transport`; `not_exposed` for a hook
    /// that only code in its own program may call.
    pub async fn call(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let current;
        let live = match &self.live {
            Some(live) if !live.has_ended() => live,
            _ => {
                current = self.successor()?;
                &current
            }
        };
        let in_flight = live.lease.enter()?;
        if !args.is_object() {
            args = Value::Object(args::by_name(&self.name().to_string(), hook, args)?);
        }
        let admitted = Admitted::new(&self.entry, live, &in_flight, self.access);
        if hook == tool::EXECUTE && self.name().kind() == tool::KIND {
            return Box::pin(self.execute(admitted, live, ctx, &args)).await;
        }
        match self.entry.layers.of(hook) {
            None => admitted.direct(hook, ctx, args).await,
            // Boxed, so that calls without middleware do not make room for it.
            Some(layers) => Box::pin(admitted.layered(&layers, hook, ctx, args)).await.0,
        }
    }

    /// Calls the function of a tool that `execute` asks for: from here on it is a hook like any other.
    async fn execute(
        &self,
        admitted: Admitted<'_>,
        live: &Live,
        ctx: &HookContext,
        args: &Value,
    ) -> Result<Value, HookError> {
        given_up(ctx)?;
        let given = tool::Execute::read(&self.name().to_string(), args)?;
        let (hook, args) = (&*given.function, Value::Object(given.args));
        if matches!(hook, tool::GET_SCHEMA | tool::EXECUTE) {
            let functions = live.functions(ctx).await;
            let known = functions.iter().map(String::as_str);
            return Err(unknown_hook(tool::KIND, self.name().name(), known, hook));
        }
        let Some(layers) = self.entry.layers.of(hook) else {
            return tool::Execute::answer(admitted.direct(hook, ctx, args).await);
        };
        match admitted.layered(&layers, hook, ctx, args).await {
            // The function's own failure is an answer; that of a middleware which did not let the
            // call pass is none.
            (outcome, true) => tool::Execute::answer(outcome),
            (refused, false) => refused.and_then(|result| tool::Execute::answer(Ok(result))),
        }
    }

    /// The instance that there is instead of the one this is a handle of, which has ended by itself;
    /// any, for a handle of none.
    #[cold]
    fn successor(&self) -> Result<Arc<Live>, HookError> {
        let (own, now) = (self.live.as_deref(), self.entry.live());
        now.filter(|now| own.is_none_or(|own| now.replaces(own)))
            .ok_or_else(|| self.entry.not_ready(None))
    }

    /// The instance that a call would reach.
    fn now(&self) -> Option<Arc<Live>> {
        let own = self.live.as_ref().filter(|live| !live.has_ended());
        own.cloned().or_else(|| self.successor().ok())
    }

    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one.
    pub(crate) fn native(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.live.as_ref()?.native()
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

    /// A handle of that generation of the plugin, or of whichever there is.
    pub(crate) fn new(entry: &Arc<Entry>, live: Option<Arc<Live>>, access: Access) -> Self {
        Self {
            entry: Arc::clone(entry),
            live,
            access,
        }
    }

    /// Asks the plugin how it is, and waits up to ten seconds for the answer. One that is not set
    /// up, or no longer, is unhealthy.
    pub async fn health(&self) -> Health {
        let not_ready = || Health::unhealthy(self.entry.not_ready(None).message());
        let Some(live) = self.now() else {
            return not_ready();
        };
        let Ok(_in_flight) = live.lease.enter() else {
            return not_ready();
        };
        let host = &**live.lease.host();
        let ctx = HookContext::new().with_timeout(HEALTH_LIMIT);
        let asked = Box::pin(async { Ok(live.running.adapter().health().await) });
        let answer: Result<_, HookError> = give_up_with(&ctx, host, asked).await;
        match answer {
            Ok(health) => live.config.secrets().scrub_health(health),
            Err(_) => {
                Health::unhealthy(format!("it did not say how it is within {HEALTH_LIMIT:?}"))
            }
        }
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
        self.now().and_then(|live| live.running.adapter().pid())
    }

    /// The plugin's manifest: the one found, or that of the linked plugin; `None` for an executable
    /// registered by its command.
    pub fn manifest(&self) -> Option<Arc<Manifest>> {
        self.entry.descriptor.manifest.clone()
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
    let native = live.native();
    match native.as_deref().and_then(|it| it.downcast_ref::<Arc<K>>()) {
        Some(native) => Arc::clone(native),
        None => {
            // A caller by the trait is code of this program.
            let handle = PluginHandle::new(entry, Some(Arc::clone(live)), Access::All);
            K::proxy(Arc::new(handle))
        }
    }
}
