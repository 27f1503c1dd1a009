//! Plugins as middleware: the contract of `chain_wrap`.
//!
//! A plugin of any kind, in any runtime, whose manifest says
//!
//! ```toml
//! [plugin.chain_wrap]
//! kinds = ["chunker"]   # "*" is any
//! hooks = ["*"]
//! ```
//!
//! stands around the calls of these hooks. It has a hook `before`, a hook `after`, or both, which
//! the host calls by JSON:
//!
//! | hook | arguments | answer |
//! |---|---|---|
//! | `before` | `kind`, `plugin`, `hook`, `metadata`, `args`? | `null`, or an object with any of `metadata`, `args` |
//! | `after` | `kind`, `plugin`, `hook`, `metadata`, `args`?, and `result` or `error` | `null`, or an object with `result` |
//!
//! * `args` is left out for hooks whose arguments have no JSON form, and so is `result`; of a call
//!   that failed, `after` is given `error`, `{code, message, details?}`.
//! * `metadata` in the answer of `before` is laid over the metadata of the call, entry by entry;
//!   `args` takes the place of the arguments. `result` in the answer of `after` takes the place of
//!   the result, or of the error. Any other key is an error: it may be a misspelt refusal.
//! * An error of `before` refuses the call with that error. An error of `after` is the call's error.
//! * Both hooks must take every argument of the table, those with a question mark as optional ones:
//!   a hook that does not fit fails the calls it wraps. Both must be exposed: a plugin with one that
//!   is not is not started.
//! * Its place among the middleware is its `priority`, which must be 1000 or more.
//! * It does not wrap itself, nor other plugins with `chain_wrap`: there is no recursion.
//! * While it is not ready, and for whatever reason, the calls it wraps fail with `unavailable`: what
//!   is to guard calls must not let them pass when it is down. [`teardown_all`] and a failed setup
//!   are such reasons.
//!
//! Where the host declares its kinds, the kind of such a plugin need not be one of them: the
//! contract it keeps to is this one.
//!
//! [`teardown_all`]: crate::Registry::teardown_all

use std::fmt;
use std::sync::Arc;

use dagstack_engine::Access;
use dagstack_engine::wire::Object;
use dagstack_plugin::manifest::ChainWrap;
use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, Metadata, PluginName, async_trait, code};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::LEAST_PRIORITY;
use super::patterns::Patterns;
use super::placed::Placed;
use crate::descriptor::{Descriptor, Source};
use crate::entry::Entry;
use crate::error::PluginRegistryError;
use crate::handle::PluginHandle;

const BEFORE: &str = "before";
const AFTER: &str = "after";

/// Refuses a plugin that cannot be the middleware it says it is.
///
/// # Errors
///
/// `MiddlewarePriority`, `MiddlewareWithoutHooks`, `MiddlewareHookNotExposed`.
pub(crate) fn check(plugin: &Descriptor) -> Result<(), PluginRegistryError> {
    if chain_wrap(plugin).is_none() {
        return Ok(());
    }
    if plugin.priority < LEAST_PRIORITY {
        return Err(PluginRegistryError::MiddlewarePriority {
            middleware: format!("`{}`", plugin.name),
            priority: plugin.priority,
            least: LEAST_PRIORITY,
        });
    }
    let Source::InProcess(registration) = plugin.source else {
        return Ok(());
    };
    let hook = |name: &str| registration.declaration().hook(name).map(|(_, hook)| hook);
    if [BEFORE, AFTER].iter().all(|name| hook(name).is_none()) {
        return Err(PluginRegistryError::MiddlewareWithoutHooks {
            plugin: plugin.name.clone(),
        });
    }
    check_exposed(plugin, |name| hook(name).is_some_and(|it| !it.mcp_exposed))
}

/// Refuses middleware with a hook that is not exposed: in another process the host could not call
/// it, and must not pass it over.
///
/// # Errors
///
/// `MiddlewareHookNotExposed`.
pub(crate) fn check_exposed(
    plugin: &Descriptor,
    hides: impl Fn(&str) -> bool,
) -> Result<(), PluginRegistryError> {
    match [BEFORE, AFTER].into_iter().find(|hook| hides(hook)) {
        Some(hook) if chain_wrap(plugin).is_some() => {
            Err(PluginRegistryError::MiddlewareHookNotExposed {
                plugin: plugin.name.clone(),
                hook: hook.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

/// What the plugin wraps, if it is middleware.
pub(crate) fn chain_wrap(plugin: &Descriptor) -> Option<ChainWrap> {
    plugin.manifest.as_ref()?.chain_wrap.clone()
}

/// A plugin that stands around calls.
pub(crate) struct PluginMiddleware {
    entry: Arc<Entry>,
}

impl fmt::Debug for PluginMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "middleware {}", self.name())
    }
}

/// What `before` answers.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    metadata: Option<Map<String, Value>>,
    args: Option<Value>,
}

/// What `after` answers.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    /// `null` is a result.
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// The hook's answer; `None` where the plugin does not have the hook.
type Answer = Result<Option<Value>, HookError>;

impl PluginMiddleware {
    /// The plugin around what it wraps.
    pub(crate) fn placed(entry: Arc<Entry>, wraps: &ChainWrap) -> Placed<Self> {
        let mut placed = Placed::at(entry.descriptor.priority, Self { entry });
        placed.patterns = Patterns::pairs(&wraps.kinds, &wraps.hooks);
        placed
    }

    fn name(&self) -> &PluginName {
        &self.entry.descriptor.name
    }

    /// The arguments that both hooks have: what is known of the call.
    fn arguments(call: &Call<'_>, args: Option<&Value>) -> Map<String, Value> {
        let mut about = Map::new();
        about.insert("kind".to_owned(), call.kind().into());
        about.insert("plugin".to_owned(), call.plugin().name().into());
        about.insert("hook".to_owned(), call.hook().into());
        about.insert("metadata".to_owned(), Map::from(call.metadata()).into());
        if let Some(args) = args {
            about.insert("args".to_owned(), args.clone());
        }
        about
    }

    /// Calls the plugin as it is now, not as it was when this was made: it may be reloaded.
    async fn ask(&self, hook: &str, call: &Call<'_>, args: Map<String, Value>) -> Answer {
        let handle = PluginHandle::new(&self.entry, None, Access::All);
        match handle.call(hook, call.ctx(), Value::Object(args)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if self.lacks(hook, &error) => Ok(None),
            // It is not ready; or it has neither hook, and guards nothing.
            Err(error) if matches!(error.code(), code::UNAVAILABLE | code::UNKNOWN_HOOK) => {
                Err(self.is_down(call.plugin(), &error))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the error says that the plugin has no such hook, as the host words it; where the
    /// other hook is missing too, the plugin guards nothing and its word does not count.
    fn lacks(&self, hook: &str, error: &HookError) -> bool {
        if error.code() != code::UNKNOWN_HOOK {
            return false;
        }
        let details = error.get_details();
        let part = |key: &str| details.and_then(|details| details.get(key));
        let other = if hook == BEFORE { AFTER } else { BEFORE };
        let known = part("known").and_then(Value::as_array);
        part("hook").and_then(Value::as_str) == Some(hook)
            && known.is_some_and(|known| {
                let has = |name: &str| known.iter().any(|it| it == name);
                has(other) && !has(hook)
            })
    }

    fn is_down(&self, wrapped: &PluginName, error: &HookError) -> HookError {
        HookError::new(
            code::UNAVAILABLE,
            format!(
                "`{}` cannot be called: the middleware `{}` around it is not ready: {error}",
                wrapped,
                self.name()
            ),
        )
        .details(json!({ "middleware": self.name().to_string() }))
    }

    /// Reads what a hook answered.
    fn read<T: for<'de> Deserialize<'de> + Default>(
        &self,
        hook: &str,
        answer: Value,
    ) -> Result<T, HookError> {
        if answer.is_null() {
            return Ok(T::default());
        }
        let read = Object::deserialize(answer).map(|Object(it)| it);
        read.map_err(|error| {
            HookError::new(
                code::INVALID_RESULT,
                format!(
                    "`{hook}` of the middleware `{}` answered what no middleware does: {error}",
                    self.name()
                ),
            )
        })
    }
}

/// The JSON form of something, if it has one.
fn form<T>(read: Result<T, HookError>) -> Result<Option<T>, HookError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == code::NOT_EXPOSED => Ok(None),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl Middleware for PluginMiddleware {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        if self.entry.callable().is_none() {
            return Err(self.is_down(call.plugin(), &self.entry.not_ready(None)));
        }
        let mut args = form(call.args_json())?;
        let about = Self::arguments(call, args.as_ref());
        if let Some(answer) = self.ask(BEFORE, call, about).await? {
            let before: Before = self.read(BEFORE, answer)?;
            if let Some(more) = before.metadata {
                let mut metadata: Map<String, Value> = call.metadata().into();
                metadata.extend(more);
                call.set_metadata(Metadata::from(metadata));
            }
            if let Some(changed) = before.args {
                call.set_args_json(changed.clone())?;
                args = Some(changed);
            }
        }
        let outcome = next.run(call).await;
        let mut about = Self::arguments(call, args.as_ref());
        match &outcome {
            Ok(()) => {
                if let Some(result) = form(call.result_json())?.flatten() {
                    about.insert("result".to_owned(), result);
                }
            }
            Err(error) => {
                about.insert("error".to_owned(), error.to_value());
            }
        }
        let Some(answer) = self.ask(AFTER, call, about).await? else {
            return outcome;
        };
        let after: After = self.read(AFTER, answer)?;
        match after.result {
            Some(result) => call.set_result_json(result),
            None => outcome,
        }
    }
}
