//! [`Dispatcher`]: the five classes by hook name and JSON.

use std::fmt;
use std::sync::Arc;

use dagstack_plugin::kind::{Capability, Dispatch, Dispatching, ErrorPolicy, KindHook, KindSpec};
use dagstack_plugin::{
    DispatchError, HookContext, HookError, PluginName, code, did_you_mean, suggest, tool,
};
use serde_json::{Map, Value, json};

use super::index::KindIndex;
use super::route::RouteRequest;
use super::select::{Select, no_plugin};
use crate::handle::PluginHandle;

/// What the plugins of a broadcast returned, in their order.
pub type Collected = Vec<(PluginName, Result<Value, HookError>)>;

/// Calls the plugins of one kind by hook name and JSON; see
/// [`Registry::dispatcher`](crate::Registry::dispatcher).
///
/// Arguments are an object of the hook's arguments, or `null` for none. Where the host knows the
/// kind's hookspec (`.kind::<dyn Trait>()`, or a linked plugin that implements the trait) a hook is
/// only called by its own class; otherwise the caller decides.
///
/// ```
/// # use dagstack_runtime::{HookContext, Registry};
/// # use serde_json::json;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = Registry::builder().build()?;
/// let listeners = registry.dispatcher("listener");
/// let ctx = HookContext::default();
/// listeners
///     .broadcast_notify("indexed", &ctx, json!({ "document": 7 }))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dispatcher {
    select: Arc<Select<PluginHandle>>,
    dispatching: Dispatching<PluginHandle>,
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dispatching.fmt(f)
    }
}

impl Dispatcher {
    pub(super) fn new(index: Arc<KindIndex>) -> Self {
        let select = Arc::new(Select::handles(index));
        Self {
            dispatching: Dispatching::new(Arc::clone(&select) as Arc<_>),
            select,
        }
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.select.index.kind
    }

    /// The hookspec of the kind, where the host knows it.
    pub fn spec(&self) -> Option<&'static KindSpec> {
        self.select.index.spec
    }

    /// Calls one plugin: the routed one, or that of the highest priority. `execute` of the kind
    /// `tool` goes to the tool that has the function.
    ///
    /// # Errors
    ///
    /// `NoPlugin`, `AmbiguousPlugin`, `DispatchMismatch`, an unknown hook, and the plugin's own.
    pub async fn singleton(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, DispatchError> {
        self.check(hook, Dispatch::Singleton)?;
        if self.kind() == tool::KIND
            && hook == tool::EXECUTE
            && let Some(function) = args.get("function").and_then(Value::as_str)
        {
            let function = function.to_owned();
            return self.execute(&function, ctx, args).await;
        }
        let call = |plugin| call(plugin, hook, ctx, args);
        self.dispatching.singleton(hook, ctx, call).await
    }

    /// Calls the tool that has the function.
    async fn execute(
        &self,
        function: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, DispatchError> {
        let hook = tool::EXECUTE;
        let index = &self.select.index;
        let mut known: Vec<String> = Vec::new();
        let mut has = vec![false; index.members.len()];
        for (member, has) in index.members.iter().zip(&mut has) {
            let Some(live) = member.entry.callable() else {
                continue;
            };
            let functions = live.functions(ctx).await;
            *has = functions.iter().any(|it| it == function);
            known.extend(functions);
        }
        let (kind, nobody_has_it) = (&*index.kind, !has.contains(&true));
        let request = RouteRequest { kind, hook, ctx };
        let candidate = match index.choose(&request, |rank| has[rank]) {
            // Not for want of a route or of a ready tool: nobody has the function.
            Err(DispatchError::NoPlugin { .. }) if nobody_has_it && !known.is_empty() => {
                known.sort();
                known.dedup();
                return Err(no_plugin(
                    &request,
                    format!(
                        "no tool has the function `{function}`{}; there are {}",
                        did_you_mean(suggest(function, known.iter().map(String::as_str))),
                        known.join(", ")
                    ),
                ));
            }
            outcome => self.select.candidate(&outcome?),
        };
        let call = |plugin| call(plugin, hook, ctx, args);
        self.dispatching.one(hook, candidate, call).await
    }

    /// Calls all plugins at the same time and collects what they return, in their order.
    ///
    /// The hookspec says what a failure does. Under `fail_fast`, as without a hookspec, the first
    /// failure ends the broadcast, so every result that comes back is `Ok`; under `best_effort`
    /// failures stand among the results.
    ///
    /// # Errors
    ///
    /// `BroadcastErrors` under `fail_fast`; `DispatchMismatch`, an unknown hook.
    pub async fn broadcast_collect(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Collected, DispatchError> {
        let known = self.check(hook, Dispatch::BroadcastCollect)?;
        if known.is_some_and(|hook| hook.error_policy == ErrorPolicy::BestEffort) {
            return self.best_effort(hook, ctx, args).await;
        }
        let call = |plugin| call(plugin, hook, ctx, args.clone());
        let collected = self.dispatching.collect(hook, ctx, call).await?;
        let collected = collected.into_iter();
        Ok(collected.map(|(name, value)| (name, Ok(value))).collect())
    }

    /// As [`broadcast_collect`](Self::broadcast_collect), but failures stand among the results
    /// whatever the hookspec says.
    ///
    /// # Errors
    ///
    /// `DispatchMismatch`, an unknown hook.
    pub async fn broadcast_collect_best_effort(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Collected, DispatchError> {
        self.check(hook, Dispatch::BroadcastCollect)?;
        self.best_effort(hook, ctx, args).await
    }

    async fn best_effort(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Collected, DispatchError> {
        let call = |plugin| call(plugin, hook, ctx, args.clone());
        self.dispatching.collect_best_effort(hook, ctx, call).await
    }

    /// Calls all plugins at the same time and completes when all have ended. What they return is
    /// dropped, and their failures are logged.
    ///
    /// # Errors
    ///
    /// `DispatchMismatch`, an unknown hook; never a plugin's failure.
    pub async fn broadcast_notify(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<(), DispatchError> {
        self.check(hook, Dispatch::BroadcastNotify)?;
        let call = |plugin| call(plugin, hook, ctx, args.clone());
        self.dispatching.notify(hook, ctx, call).await
    }

    /// Calls all plugins in order, each with what the one before returned, and gives what the last
    /// returned. What goes from plugin to plugin is the argument of the hook's first parameter; of
    /// a hook whose hookspec the host does not know, the only argument.
    ///
    /// # Errors
    ///
    /// The error of the first plugin that fails, e.g. `invalid_arguments` where it cannot take what
    /// the one before returned; `DispatchMismatch`, an unknown hook; `invalid_arguments` where it is
    /// not clear which argument goes through the chain.
    pub async fn chain(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, DispatchError> {
        let known = self.check(hook, Dispatch::Chain)?;
        let (carrier, value, rest) = self
            .carried(hook, known, args)
            .map_err(DispatchError::Arguments)?;
        let call = |plugin: Arc<PluginHandle>, value: Value| {
            let mut args = rest.clone();
            args.insert(carrier.clone(), value);
            call(plugin, hook, ctx, Value::Object(args))
        };
        self.dispatching.chain(hook, ctx, value, call).await
    }

    /// The argument that goes through a chain: its name, its first value, and the other arguments.
    fn carried(
        &self,
        hook: &str,
        known: Option<&KindHook>,
        args: Value,
    ) -> Result<(String, Value, Map<String, Value>), HookError> {
        let mut args = dagstack_plugin::args::by_name(self.kind(), hook, args)?;
        let carrier = match known.and_then(|hook| hook.params.first()) {
            Some(&first) => first.to_owned(),
            None => {
                let mut names = args.keys();
                match (names.next(), names.next()) {
                    (Some(only), None) => only.clone(),
                    _ => {
                        return Err(self.bad_arguments(
                            hook,
                            "without a hookspec of the kind, a chain takes exactly one argument, the value that goes through it; declare the kind with `.kind::<dyn Trait>()`",
                        ));
                    }
                }
            }
        };
        match args.remove(&carrier) {
            Some(value) => Ok((carrier, value, args)),
            None => Err(self.bad_arguments(
                hook,
                &format!("`{carrier}` is missing, the value that goes through the chain"),
            )),
        }
    }

    /// Calls the plugin that supports what the arguments ask for, or the fallback. The hookspec
    /// says which argument that is, and whether it is an extension, a language or a MIME type.
    ///
    /// # Errors
    ///
    /// `NoCapabilityMatch`; `NoPlugin` where those that fit are not ready; `DispatchMismatch`, an
    /// unknown hook; `invalid_arguments` without a hookspec; the plugin's own.
    pub async fn capability(
        &self,
        hook: &str,
        ctx: &HookContext,
        args: Value,
    ) -> Result<Value, DispatchError> {
        let known = self.check(hook, Dispatch::Capability)?;
        let Some((capability, param)) = known.and_then(|hook| hook.capability) else {
            return Err(DispatchError::Arguments(self.bad_arguments(
                hook,
                "no hookspec says which argument is looked at; use `capability_of`, or declare the kind with `.kind::<dyn Trait>()`",
            )));
        };
        let key = args.get(param).and_then(Value::as_str);
        let key = key.unwrap_or_default().to_owned();
        self.capable(hook, ctx, capability, &key, args).await
    }

    /// Calls the plugin that supports `key`, or the fallback: for kinds whose hookspec the host
    /// does not know, or for a `key` that is no argument.
    ///
    /// # Errors
    ///
    /// As [`capability`](Self::capability).
    pub async fn capability_of(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: Capability,
        key: &str,
        args: Value,
    ) -> Result<Value, DispatchError> {
        self.check(hook, Dispatch::Capability)?;
        self.capable(hook, ctx, capability, key, args).await
    }

    async fn capable(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: Capability,
        key: &str,
        args: Value,
    ) -> Result<Value, DispatchError> {
        let call = |plugin| call(plugin, hook, ctx, args);
        self.dispatching
            .capability(hook, ctx, capability, key, call)
            .await
    }

    /// The hook as the hookspec has it, if the host knows one.
    fn check(
        &self,
        hook: &str,
        class: Dispatch,
    ) -> Result<Option<&'static KindHook>, DispatchError> {
        let Some(spec) = self.spec() else {
            return Ok(None);
        };
        let Some(known) = spec.hook(hook) else {
            return Err(DispatchError::UnknownHook(unknown_hook(spec, hook)));
        };
        if known.dispatch != class {
            return Err(DispatchError::DispatchMismatch {
                kind: self.kind().to_owned(),
                hook: hook.to_owned(),
                declared: known.dispatch,
                requested: class,
            });
        }
        Ok(Some(known))
    }

    fn bad_arguments(&self, hook: &str, problem: &str) -> HookError {
        let path = format!("{}.{hook}", self.kind());
        dagstack_plugin::args::invalid(hook, &[dagstack_plugin::Problem::new(path, problem)])
    }
}

/// Keeps the handle for as long as the call takes.
async fn call(
    plugin: Arc<PluginHandle>,
    hook: &str,
    ctx: &HookContext,
    args: Value,
) -> Result<Value, HookError> {
    plugin.call(hook, ctx, args).await
}

fn unknown_hook(spec: &KindSpec, hook: &str) -> HookError {
    let known: Vec<&str> = spec.hooks.iter().map(|hook| hook.name).collect();
    HookError::new(
        code::UNKNOWN_HOOK,
        format!(
            "the kind `{}` has no hook `{hook}`{}; it has {}",
            spec.name,
            did_you_mean(suggest(hook, known.iter().copied())),
            known.join(", ")
        ),
    )
    .details(json!({ "hook": hook, "known": known }))
}
