//! The two errors a plugin author meets: [`HookError`] from a call, [`PluginError`] from setup.

mod chain;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub(crate) use self::chain::chain;
use self::chain::{Facts, Known, find, told};
use crate::config::ConfigInvalid;
use crate::numbers;
use crate::resources::ResourceError;
use crate::wire::Object;

/// An error of any type, as `?` makes it.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// The codes the SDK itself gives a [`HookError`]. An author may use any other word.
pub mod code {
    /// The arguments do not fit the hook's input schema. Details: `{"hook", "errors": [{"path", "problem", …}]}`.
    pub const INVALID_ARGUMENTS: &str = "invalid_arguments";
    /// The plugin has no hook of that name. Details: `{"hook", "known": […]}`.
    pub const UNKNOWN_HOOK: &str = "unknown_hook";
    /// The hook returned an error that carries no code of its own.
    pub const HOOK_FAILED: &str = "hook_failed";
    /// The hook panicked; the plugin goes on.
    pub const PANICKED: &str = "panicked";
    /// The caller cancelled the call.
    pub const CANCELLED: &str = "cancelled";
    /// The call's deadline passed.
    pub const DEADLINE_EXCEEDED: &str = "deadline_exceeded";
    /// The plugin is not ready: its setup failed, or it is gone.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The connection to a plugin out of process failed.
    pub const TRANSPORT: &str = "transport";
    /// The hook's value has no JSON form (NaN, infinity, an integer beyond 64 bits, a map key that is no
    /// text), or nests deeper than [`MAX_NESTING`](crate::wire::MAX_NESTING) levels.
    pub const RESULT_NOT_SERIALISABLE: &str = "result_not_serialisable";
    /// A policy refused the call.
    pub const PERMISSION_DENIED: &str = "permission_denied";
    /// A budget is used up.
    pub const QUOTA_EXCEEDED: &str = "quota_exceeded";
    /// The hook is not exposed: only code linked into the same program may call it, and nobody else sees
    /// what it takes and returns.
    pub const NOT_EXPOSED: &str = "not_exposed";
    /// What the plugin returned does not fit its kind. Details: `{"hook", "problem"}`.
    pub const INVALID_RESULT: &str = "invalid_result";
    /// A stage ends a chain; see [`HookError::stop`](crate::HookError::stop). Details: `{"value"}`.
    pub const STOP: &str = "stop";
    /// A plugin asks for another that it does not name in `depends_on`.
    pub const UNDECLARED_DEPENDENCY: &str = "undeclared_dependency";
    /// A plugin asks for a resource that it does not name in `resources(…)`.
    pub const UNDECLARED_RESOURCE: &str = "undeclared_resource";
    /// The host does not have the resource.
    pub const RESOURCE_MISSING: &str = "resource_missing";
    /// The resource is of another type than the plugin asks for.
    pub const RESOURCE_TYPE: &str = "resource_type";
    /// The resource cannot be given to a plugin in another process.
    pub const RESOURCE_CANNOT_CROSS: &str = "resource_cannot_cross";
    /// The resource has no method of that name: host and plugin do not mean the same trait.
    pub const UNKNOWN_METHOD: &str = "unknown_method";
    /// The tenant may not reach the resource. Details: the fields of
    /// [`TenantAccessDenied`](crate::TenantAccessDenied).
    pub const TENANT_ACCESS_DENIED: &str = "tenant_access_denied";
}

/// Why a hook call failed: a stable [`code`](Self::code), a message for a person or a model, and
/// structured details. It survives every runtime: a host sees the same error whether the plugin is
/// linked in or runs as a subprocess.
///
/// ```
/// use dagstack_plugin::HookError;
///
/// let error = HookError::new("text_too_long", "the text has 9 characters, the limit is 5")
///     .details(serde_json::json!({ "limit": 5 }));
/// assert_eq!(error.code(), "text_too_long");
/// assert_eq!(error.get_details(), Some(&serde_json::json!({ "limit": 5 })));
/// ```
pub struct HookError(Box<Repr>);

struct Repr {
    message: String,
    facts: Facts,
    /// It is not to be searched for secrets: see [`HookError::as_clean`].
    is_clean: bool,
}

/// The three parts of a [`HookError`] that cross a process boundary.
#[derive(Deserialize)]
struct Wire {
    code: String,
    message: String,
    #[serde(default, deserialize_with = "present")]
    details: Option<Value>,
}

/// Unlike serde's own, tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl HookError {
    /// An error with one of the codes of [`code`](mod@code) or an author's own.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            message: message.into(),
            facts: Facts {
                code: code.into(),
                details: None,
                source: None,
            },
            is_clean: false,
        }))
    }

    /// Adds structured details. Those that nest deeper than
    /// [`MAX_NESTING`](crate::wire::MAX_NESTING) levels are left out, and a text says so.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.0.facts.details = Some(crate::encode::nesting::shallow(details));
        self
    }

    /// Adds the error this one comes from. It stays in the process it arose in.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.facts.source = Some(source.into());
        self
    }

    /// What any error becomes when a hook returns it. A `HookError`, itself or anywhere in the chain
    /// of sources, keeps its code and details, also where it is wrapped: in `anyhow::Error`,
    /// `eyre::Report`, `Box`, `Arc`, `std::io::Error`, a variant that is `#[error(transparent)]`. So
    /// do a [`TenantAccessDenied`](crate::TenantAccessDenied) and a
    /// [`ResourceError`], unless what wraps them shows nothing of
    /// them but their text. Everything else is [`code::HOOK_FAILED`].
    pub fn from_error(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(own) => *own,
            Err(error) => {
                let told = told(&*error);
                Self::of_told(told, error)
            }
        }
    }

    /// [`from_error`](Self::from_error) for those who show what they wrap, as `anyhow::Error` does,
    /// but hide it in the error that they turn into.
    pub(crate) fn from_wrapper<E>(error: E) -> Self
    where
        E: Into<BoxError> + AsRef<dyn Error + Send + Sync>,
    {
        let told = told(error.as_ref());
        Self::of_told(told, error.into())
    }

    fn of_told((message, known): (String, Option<Known>), source: BoxError) -> Self {
        let (code, details) = known.unwrap_or((code::HOOK_FAILED.into(), None));
        let mut error = Self::new(code, message).with_source(source);
        error.0.facts.details = details;
        error
    }

    /// The same error, as one of an author's: whatever it quotes, it is not the caller's.
    #[must_use]
    pub(crate) fn of_author(mut self) -> Self {
        self.0.is_clean = false;
        self
    }

    /// The same error, as one that is not to be searched for secrets of the config: it is ours and
    /// quotes nothing but what the caller gave, or the process it comes from has searched it.
    #[doc(hidden)]
    #[must_use]
    pub fn as_clean(mut self) -> Self {
        self.0.is_clean = true;
        self
    }

    /// Whether it is not to be searched for secrets.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_clean
    }

    /// Ends a chain early, with `value` as its result: `return Err(HookError::stop(text))`.
    ///
    /// Outside a chain it is an ordinary error with the code [`code::STOP`].
    pub fn stop<T: Serialize + ?Sized>(value: &T) -> Self {
        match crate::encode::to_value(value) {
            Ok(value) => {
                let mut error = Self::new(code::STOP, "the chain was stopped here");
                error.0.facts.details = Some(serde_json::json!({ "value": value }));
                error
            }
            Err(error) => Self::new(
                code::RESULT_NOT_SERIALISABLE,
                format!("the value the chain was to stop with has no JSON form: {error}"),
            ),
        }
    }

    /// The value given to [`stop`](Self::stop); `None` if this is another error.
    pub(crate) fn stopped_with<T: DeserializeOwned>(&self) -> Option<Result<T, Self>> {
        if self.code() != code::STOP {
            return None;
        }
        let value = self.0.facts.details.as_ref()?.get("value")?;
        Some(numbers::from_value(value).map_err(|error| {
            Self::new(
                code::INVALID_RESULT,
                format!("the chain was stopped with a value that does not fit it: {error}"),
            )
        }))
    }

    /// The error for a hook of a kind that is not exposed.
    #[cold]
    pub(crate) fn not_exposed(kind: &crate::kind::KindSpec, hook: usize) -> Self {
        let name = kind.hooks.get(hook).map_or("?", |hook| hook.name);
        crate::call::not_exposed(kind.name, name)
    }

    /// The same error with a few words in front of its message.
    pub(crate) fn in_front(mut self, words: impl AsRef<str>) -> Self {
        self.0.message.insert_str(0, words.as_ref());
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.facts.code
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The details, if any ([`details`](Self::details) sets them).
    pub fn get_details(&self) -> Option<&Value> {
        self.0.facts.details.as_ref()
    }

    /// The form that crosses a process boundary: `{"code", "message", "details"?}`.
    pub fn to_value(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("code".into(), Value::from(self.code()));
        object.insert("message".into(), Value::from(self.message()));
        if let Some(details) = self.get_details() {
            object.insert("details".into(), details.clone());
        }
        Value::Object(object)
    }

    /// Reads what [`to_value`](Self::to_value) wrote; `None` if it is something else.
    pub fn from_value(value: &Value) -> Option<Self> {
        let Object(wire) = Object::<Wire>::deserialize(value).ok()?;
        let mut error = Self::new(wire.code, wire.message);
        error.0.facts.details = wire.details;
        Some(error)
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookError")
            .field("code", &self.0.facts.code)
            .field("message", &self.0.message)
            .field("details", &self.get_details().map(crate::secrets::mask))
            .finish()
    }
}

impl Error for HookError {
    /// First its code and details, as an error of their own, so that they are found behind wrappers
    /// too; the error that it comes from is the source of that.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0.facts)
    }
}

impl PartialEq for HookError {
    /// Equal code, message and details; the source is not compared.
    fn eq(&self, other: &Self) -> bool {
        self.0.facts.code == other.0.facts.code
            && self.0.message == other.0.message
            && self.0.facts.details == other.0.facts.details
    }
}

/// Why a plugin could not be set up or torn down.
///
/// `?` turns any error into one, so `#[setup]` may return `Result<Self, PluginError>` and use
/// whatever it likes inside.
#[derive(Debug)]
#[non_exhaustive]
pub enum PluginError {
    /// The plugin's config section does not fit its config type.
    ConfigInvalid(ConfigInvalid),
    /// The plugin is not given a resource it asks for.
    Resource(ResourceError),
    /// The author's own code failed.
    Failed(BoxError),
    /// The author's own code panicked.
    Panicked,
    /// One of the first two, in the author's own words.
    Reworded {
        /// Which.
        of: Box<Self>,
        /// The message.
        message: String,
    },
}

impl PluginError {
    /// An error with a message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Failed(message.into().into())
    }

    /// The same error without the secrets it quotes: nobody who reports it can know them.
    pub(crate) fn without_secrets(self, secrets: &crate::secrets::Scrubber) -> Self {
        match self {
            Self::Failed(error) => {
                let (text, debug) = (told(&*error).0, format!("{error:?}"));
                let clean = secrets.scrub(&text);
                if clean == text && secrets.scrub(&debug) == debug {
                    return Self::Failed(error);
                }
                Self::new(clean)
            }
            Self::Reworded { of, message } => Self::Reworded {
                message: secrets.scrub(&message).into_owned(),
                of,
            },
            other => other,
        }
    }

    /// The stable code: `config_invalid`, `setup_failed`, `panicked`, or that of a
    /// [`ResourceError`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConfigInvalid(_) => "config_invalid",
            Self::Resource(error) => error.code(),
            Self::Failed(_) => "setup_failed",
            Self::Panicked => "panicked",
            Self::Reworded { of, .. } => of.code(),
        }
    }

    /// What is wrong with the config, where that is the reason.
    pub fn config_invalid(&self) -> Option<&ConfigInvalid> {
        match self {
            Self::ConfigInvalid(invalid) => Some(invalid),
            Self::Reworded { of, .. } => of.config_invalid(),
            _ => None,
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigInvalid(error) => error.fmt(f),
            Self::Resource(error) => error.fmt(f),
            Self::Failed(error) => f.write_str(&told(&**error).0),
            Self::Panicked => f.write_str("the plugin panicked in its setup or teardown"),
            Self::Reworded { message, .. } => f.write_str(message),
        }
    }
}

// `PluginError` is no `Error`, or the conversion below would overlap with `From<T> for T`
// (`anyhow::Error` makes the same choice).
impl<E: Into<BoxError>> From<E> for PluginError {
    fn from(error: E) -> Self {
        let error = error.into();
        Self::in_chain(&*error).unwrap_or(Self::Failed(error))
    }
}

impl PluginError {
    /// One of ours, wherever it stands in the chain of sources, in the words around it.
    fn in_chain(error: &(dyn Error + 'static)) -> Option<Self> {
        let invalid = || {
            find::<ConfigInvalid>(error)
                .cloned()
                .map(Self::ConfigInvalid)
        };
        let resource = || find::<ResourceError>(error).cloned().map(Self::Resource);
        let of = invalid().or_else(resource)?;
        let message = told(error).0;
        Some(if message == of.to_string() {
            of
        } else {
            let of = Box::new(of);
            Self::Reworded { of, message }
        })
    }

    /// `From` for those who show what they wrap, as `anyhow::Error` does, but hide it in the error
    /// that they turn into.
    pub(crate) fn from_wrapper<E>(error: E) -> Self
    where
        E: Into<BoxError> + AsRef<dyn Error + Send + Sync>,
    {
        Self::in_chain(error.as_ref()).unwrap_or_else(|| Self::Failed(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_crosses_a_process_boundary_whole() {
        let error = || HookError::new("no_luck", "it failed");
        for error in [
            error(),
            error().details(json!({ "limit": 5 })),
            error().details(Value::Null),
        ] {
            assert_eq!(HookError::from_value(&error.to_value()), Some(error));
        }
        assert_eq!(HookError::from_value(&json!({ "code": "no_luck" })), None);
    }

    #[test]
    fn b06_a_chain_may_stop_with_an_integer_that_has_a_fraction() {
        let stopped = |value: Value| HookError::stop(&value).stopped_with::<Vec<u8>>();
        assert_eq!(stopped(json!([5.0, 5])), Some(Ok(vec![5, 5])));
        let error = stopped(json!([5.5])).unwrap().unwrap_err();
        assert_eq!(error.code(), code::INVALID_RESULT);
    }
}
