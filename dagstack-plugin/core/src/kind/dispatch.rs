//! [`Dispatching`]: the five dispatch classes over whatever a [`Selector`] offers.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::context::HookContext;
use crate::error::{HookError, code, panicked};
use crate::kind::{Dispatch, ErrorPolicy, woken};
use crate::name::PluginName;
use crate::panics::Quiet;

/// Where the plugins of a dispatch come from: a host's registry.
///
/// `P` is what is called: `dyn Chunker`, or a handle that takes JSON.
pub trait Selector<P: ?Sized>: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &str;

    /// The plugin of a singleton.
    ///
    /// # Errors
    ///
    /// [`DispatchError::NoPlugin`], [`DispatchError::AmbiguousPlugin`].
    fn singleton(&self, hook: &str, ctx: &HookContext) -> Result<Candidate<P>, DispatchError>;

    /// The plugin that supports `key`, or the fallback.
    ///
    /// # Errors
    ///
    /// [`DispatchError::NoCapabilityMatch`].
    fn capability(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: super::Capability,
        key: &str,
    ) -> Result<Candidate<P>, DispatchError>;

    /// All plugins of the kind, in the order of broadcasts and chains.
    ///
    /// # Errors
    ///
    /// None of its own; a host may refuse.
    fn all(&self, hook: &str, ctx: &HookContext) -> Result<Vec<Candidate<P>>, DispatchError>;

    /// Notes that a plugin failed in a broadcast.
    fn failed(&self, plugin: &PluginName, hook: &str, error: &HookError);

    /// Notes that a plugin answered a dispatch.
    fn succeeded(&self, plugin: &PluginName, hook: &str) {
        let _ = (plugin, hook);
    }
}

/// A plugin that a [`Selector`] chose.
pub struct Candidate<P: ?Sized> {
    /// Which it is.
    pub name: PluginName,
    /// The plugin.
    pub plugin: Arc<P>,
}

impl<P: ?Sized> Clone for Candidate<P> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            plugin: Arc::clone(&self.plugin),
        }
    }
}

impl<P: ?Sized> fmt::Debug for Candidate<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

/// Why a dispatch failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DispatchError {
    /// The plugin that was called failed.
    Hook {
        /// The plugin.
        plugin: PluginName,
        /// Its error.
        error: HookError,
    },

    /// Nobody can be called.
    NoPlugin {
        /// The kind.
        kind: String,
        /// The hook.
        hook: String,
        /// Why: none registered, none ready, or all filtered out.
        reason: String,
    },

    /// Several plugins fit equally well.
    AmbiguousPlugin {
        /// The kind.
        kind: String,
        /// The hook.
        hook: String,
        /// The plugins.
        candidates: Vec<PluginName>,
        /// The priority they share.
        priority: u32,
        /// The environment variable that can decide.
        variable: String,
    },

    /// No plugin supports what was asked for, and there is no fallback.
    NoCapabilityMatch {
        /// The kind.
        kind: String,
        /// The hook.
        hook: String,
        /// What was asked for: `extension`, `language`, `mime_type`.
        capability: String,
        /// The value asked for.
        key: String,
        /// What the kind's plugins support, sorted.
        supported: Vec<String>,
    },

    /// The hook is of another class than the one it was called by.
    DispatchMismatch {
        /// The kind.
        kind: String,
        /// The hook.
        hook: String,
        /// The class of the hookspec.
        declared: Dispatch,
        /// The class it was called by.
        requested: Dispatch,
    },

    /// Plugins failed in a fail-fast broadcast.
    BroadcastErrors {
        /// The kind.
        kind: String,
        /// The hook.
        hook: String,
        /// The failures that were known when it ended, in the order of the plugins.
        errors: Vec<(PluginName, HookError)>,
    },

    /// The kind has no such hook.
    UnknownHook(HookError),

    /// The arguments do not say what the dispatch needs to know.
    Arguments(HookError),
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook { plugin, error } => write!(f, "`{plugin}` failed: {error}"),
            Self::NoPlugin { kind, hook, reason } => {
                write!(f, "no plugin can be called for `{kind}.{hook}`: {reason}")
            }
            Self::AmbiguousPlugin {
                kind,
                hook,
                candidates,
                priority,
                variable,
            } => write!(
                f,
                "`{kind}.{hook}` calls one plugin, and {} fit equally well (priority {priority}); give one a higher priority, set {variable}, or route with `.route(\"{kind}\", …)`",
                names(candidates)
            ),
            Self::NoCapabilityMatch {
                kind,
                capability,
                key,
                supported,
                ..
            } => write!(
                f,
                "no plugin of kind `{kind}` supports the {capability} `{key}`, and none is the fallback; supported: {}",
                listed(supported)
            ),
            Self::DispatchMismatch {
                kind,
                hook,
                declared,
                requested,
            } => write!(
                f,
                "`{kind}.{hook}` is a {declared} hook, it cannot be called as {requested}"
            ),
            Self::BroadcastErrors { kind, hook, errors } => {
                let failures = failures(errors);
                write!(f, "a broadcast of `{kind}.{hook}` failed: {failures}")
            }
            Self::UnknownHook(error) | Self::Arguments(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for DispatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Hook { error, .. } => Some(error),
            Self::UnknownHook(error) | Self::Arguments(error) => error.source(),
            _ => None,
        }
    }
}

fn names(plugins: &[PluginName]) -> String {
    let names: Vec<_> = plugins.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn listed(texts: &[String]) -> String {
    match texts {
        [] => "nothing".to_owned(),
        texts => texts.join(", "),
    }
}

fn failures(errors: &[(PluginName, HookError)]) -> String {
    let errors: Vec<_> = errors
        .iter()
        .map(|(name, error)| format!("`{name}`: {error}"))
        .collect();
    errors.join("; ")
}

impl DispatchError {
    /// The stable code: that of the hook's error where a plugin failed.
    pub fn code(&self) -> &str {
        match self {
            Self::Hook { error, .. } | Self::UnknownHook(error) | Self::Arguments(error) => {
                error.code()
            }
            Self::NoPlugin { .. } => "no_plugin",
            Self::AmbiguousPlugin { .. } => "ambiguous_plugin",
            Self::NoCapabilityMatch { .. } => "no_capability_match",
            Self::DispatchMismatch { .. } => "dispatch_mismatch",
            Self::BroadcastErrors { .. } => "broadcast_errors",
        }
    }
}

impl From<DispatchError> for HookError {
    /// So that a plugin that dispatches can use `?`: a plugin's own error keeps code and details.
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Hook { error, .. }
            | DispatchError::UnknownHook(error)
            | DispatchError::Arguments(error) => error,
            other => {
                let cause = other.code().to_owned();
                HookError::new(code::UNAVAILABLE, other.to_string())
                    .details(json!({ "cause": cause }))
                    .with_source(other)
            }
        }
    }
}

/// Calls the plugins of one kind, as the hook's class says. What `#[kind]` generates under the name
/// `<Trait>Dispatcher` has a method per hook and calls this.
pub struct Dispatching<P: ?Sized>(Arc<dyn Selector<P>>);

impl<P: ?Sized> Clone for Dispatching<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: ?Sized + 'static> fmt::Debug for Dispatching<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dispatcher of kind {}", self.0.kind())
    }
}

impl<P: ?Sized + 'static> Dispatching<P> {
    /// Over the plugins that `selector` offers.
    pub fn new(selector: Arc<dyn Selector<P>>) -> Self {
        Self(selector)
    }

    /// Calls one plugin.
    ///
    /// # Errors
    ///
    /// As [`Selector::singleton`], and the plugin's.
    pub async fn singleton<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        call: impl FnOnce(Arc<P>) -> F,
    ) -> Result<T, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let chosen = self.0.singleton(hook, ctx)?;
        self.one(hook, chosen, call).await
    }

    /// Calls a plugin that was chosen otherwise than by a [`Selector`].
    ///
    /// # Errors
    ///
    /// The plugin's.
    pub async fn one<T, F>(
        &self,
        hook: &str,
        chosen: Candidate<P>,
        call: impl FnOnce(Arc<P>) -> F,
    ) -> Result<T, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let value = call(chosen.plugin).await.map_err(by(&chosen.name))?;
        self.0.succeeded(&chosen.name, hook);
        Ok(value)
    }

    /// Calls the plugin that supports `key`, or the fallback.
    ///
    /// # Errors
    ///
    /// As [`Selector::capability`], and the plugin's.
    pub async fn capability<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: super::Capability,
        key: &str,
        call: impl FnOnce(Arc<P>) -> F,
    ) -> Result<T, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let chosen = self.0.capability(hook, ctx, capability, key)?;
        self.one(hook, chosen, call).await
    }

    /// Calls all plugins at the same time and collects what they return, in the order of the
    /// plugins. The first failure ends it and cancels the rest.
    ///
    /// # Errors
    ///
    /// [`DispatchError::BroadcastErrors`], and as [`Selector::all`].
    pub async fn collect<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        call: impl Fn(Arc<P>) -> F,
    ) -> Result<Vec<(PluginName, T)>, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let (names, outcomes) = self
            .broadcast(hook, ctx, call, ErrorPolicy::FailFast)
            .await?;
        let mut results = Vec::with_capacity(names.len());
        let mut errors = Vec::new();
        for (name, outcome) in names.into_iter().zip(outcomes) {
            match outcome {
                Some(Ok(value)) => results.push((name, value)),
                Some(Err(error)) => errors.push((name, error)),
                None => {}
            }
        }
        if errors.is_empty() {
            return Ok(results);
        }
        Err(DispatchError::BroadcastErrors {
            kind: self.0.kind().to_owned(),
            hook: hook.to_owned(),
            errors,
        })
    }

    /// Calls all plugins at the same time and collects what they return, failures included, in the
    /// order of the plugins.
    ///
    /// # Errors
    ///
    /// As [`Selector::all`].
    pub async fn collect_best_effort<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        call: impl Fn(Arc<P>) -> F,
    ) -> Result<Vec<(PluginName, Result<T, HookError>)>, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let (names, outcomes) = self
            .broadcast(hook, ctx, call, ErrorPolicy::BestEffort)
            .await?;
        Ok(names
            .into_iter()
            .zip(outcomes)
            .filter_map(|(name, outcome)| Some((name, outcome?)))
            .collect())
    }

    /// Calls all plugins at the same time, and completes when all have ended. Failures are logged
    /// and stay with the plugins.
    ///
    /// # Errors
    ///
    /// As [`Selector::all`].
    pub async fn notify<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        call: impl Fn(Arc<P>) -> F,
    ) -> Result<(), DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let (names, outcomes) = self
            .broadcast(hook, ctx, call, ErrorPolicy::BestEffort)
            .await?;
        for (name, outcome) in names.iter().zip(outcomes) {
            if let Some(Err(error)) = outcome {
                tracing::warn!(
                    plugin.kind = name.kind(),
                    plugin.name = name.name(),
                    hook,
                    code = error.code(),
                    "notified plugin failed: {error}"
                );
            }
        }
        Ok(())
    }

    /// Calls all plugins one after the other, each with what the one before returned, the first
    /// with `value`; without plugins, returns `value`. [`HookError::stop`] ends it early.
    ///
    /// # Errors
    ///
    /// The first plugin's that fails, and as [`Selector::all`].
    pub async fn chain<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        value: T,
        call: impl Fn(Arc<P>, T) -> F,
    ) -> Result<T, DispatchError>
    where
        T: DeserializeOwned,
        F: Future<Output = Result<T, HookError>>,
    {
        let stopped = super::json::stopped_with::<T>;
        self.chain_until(hook, ctx, value, call, stopped).await
    }

    /// [`chain`](Self::chain), where only the caller knows how the value of a stop is read.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    pub async fn chain_until<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut value: T,
        call: impl Fn(Arc<P>, T) -> F,
        stopped: fn(&HookError) -> Option<Result<T, HookError>>,
    ) -> Result<T, DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let mut before: Option<PluginName> = None;
        for stage in self.0.all(hook, ctx)? {
            match call(stage.plugin, value).await {
                Ok(next) => {
                    self.0.succeeded(&stage.name, hook);
                    value = next;
                }
                Err(error) => {
                    return match (stopped(&error), before) {
                        (Some(last), _) => last.map_err(by(&stage.name)),
                        // The arguments are not the caller's, but what the stage before made of them.
                        (None, Some(before)) if error.code() == code::INVALID_ARGUMENTS => {
                            let whose = format!("it was given what `{before}` returned: ");
                            Err(by(&stage.name)(error.in_front(whose)))
                        }
                        (None, _) => Err(by(&stage.name)(error)),
                    };
                }
            }
            before = Some(stage.name);
        }
        Ok(value)
    }

    /// Runs all calls at once. Under fail-fast it ends with the first failure, and the outcomes of
    /// calls that were still on their way are `None`.
    async fn broadcast<T, F>(
        &self,
        hook: &str,
        ctx: &HookContext,
        call: impl Fn(Arc<P>) -> F,
        policy: ErrorPolicy,
    ) -> Result<(Vec<PluginName>, Vec<Option<Result<T, HookError>>>), DispatchError>
    where
        F: Future<Output = Result<T, HookError>>,
    {
        let candidates = self.0.all(hook, ctx)?;
        let mut names = Vec::with_capacity(candidates.len());
        let mut calls: Vec<Quiet<Pin<Box<F>>>> = Vec::with_capacity(candidates.len());
        let mut outcomes: Vec<Option<Result<T, HookError>>> = Vec::new();
        for candidate in candidates {
            names.push(candidate.name);
            calls.push(Quiet(Some(Box::pin(call(candidate.plugin)))));
            outcomes.push(None);
        }
        woken::poll_each(names.len(), |place, cx| {
            let Some(future) = &mut calls[place].0 else {
                return Poll::Pending;
            };
            let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
            let ended = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(ended)) => ended,
                // Shells and handles catch panics themselves; this one is of something else that
                // stands behind the kind's trait. It is no reason to lose the other plugins.
                Err(payload) => Err(panicked(hook, payload)),
            };
            calls[place] = Quiet(None);
            let failed = match &ended {
                Ok(_) => {
                    self.0.succeeded(&names[place], hook);
                    false
                }
                Err(error) => {
                    self.0.failed(&names[place], hook, error);
                    true
                }
            };
            outcomes[place] = Some(ended);
            Poll::Ready(if failed && policy == ErrorPolicy::FailFast {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })
        .await;
        Ok((names, outcomes))
    }
}

/// The failure of a plugin that a dispatch called.
fn by(plugin: &PluginName) -> impl FnOnce(HookError) -> DispatchError {
    let plugin = plugin.clone();
    move |error| DispatchError::Hook { plugin, error }
}

/// The parameter that capability dispatch looks at.
#[diagnostic::on_unimplemented(
    message = "capability dispatch cannot look at `{Self}`",
    label = "expected `String`, `&str` or an `Option` of one",
    note = "the parameter holds a file extension or name, a language, or a MIME type"
)]
pub trait CapabilityKey {
    /// The text asked for; empty for none.
    fn capability_key(&self) -> &str;
}

impl CapabilityKey for String {
    fn capability_key(&self) -> &str {
        self
    }
}

impl CapabilityKey for &str {
    fn capability_key(&self) -> &str {
        self
    }
}

impl<T: CapabilityKey> CapabilityKey for Option<T> {
    fn capability_key(&self) -> &str {
        self.as_ref().map_or("", CapabilityKey::capability_key)
    }
}
