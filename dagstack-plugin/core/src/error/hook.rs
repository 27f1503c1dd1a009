//! [`HookError`]: why a hook call failed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::chain::{BoxError, Facts, all, is};
use super::{ResourceError, TenantAccessDenied, code};
use crate::object::Object;

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
///
/// A text becomes one with the code [`hook_failed`](code::HOOK_FAILED), so do errors of input and
/// output, by `?` too:
///
/// ```
/// use dagstack_plugin::HookError;
///
/// fn first_line(path: &str) -> Result<String, HookError> {
///     let text = std::fs::read_to_string(path)?;
///     let line = text.lines().next().ok_or("the file is empty")?;
///     Ok(line.to_owned())
/// }
/// assert_eq!(first_line("no such file").unwrap_err().code(), "hook_failed");
/// ```
///
/// Any other error becomes one by [`from_error`](Self::from_error): `.map_err(HookError::from_error)?`.
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
    /// [`MAX_NESTING`](crate::encode::nesting::MAX_NESTING) levels are left out, and a text says so.
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
    /// do a [`TenantAccessDenied`] and a
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
    #[doc(hidden)]
    pub fn is_clean(&self) -> bool {
        self.0.is_clean
    }

    /// Ends a chain early, with `value` as its result: `return Err(HookError::stop(text))`.
    ///
    /// Outside a chain it is an ordinary error with the code [`code::STOP`].
    pub fn stop<T: Serialize + ?Sized>(value: &T) -> Self {
        match crate::encode::to_value(value) {
            Ok(value) => {
                let mut error = Self::new(code::STOP, "the chain was stopped here");
                error.0.facts.details = Some(json!({ "value": value }));
                error
            }
            Err(error) => Self::new(
                code::RESULT_NOT_SERIALISABLE,
                format!("the value the chain was to stop with has no JSON form: {error}"),
            ),
        }
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

impl From<&str> for HookError {
    /// With the code [`code::HOOK_FAILED`].
    fn from(message: &str) -> Self {
        Self::new(code::HOOK_FAILED, message)
    }
}

impl From<String> for HookError {
    /// With the code [`code::HOOK_FAILED`].
    fn from(message: String) -> Self {
        Self::new(code::HOOK_FAILED, message)
    }
}

impl From<std::io::Error> for HookError {
    /// As [`from_error`](Self::from_error).
    fn from(error: std::io::Error) -> Self {
        Self::from_error(error)
    }
}

impl From<ResourceError> for HookError {
    fn from(error: ResourceError) -> Self {
        Self::new(error.code(), error.to_string()).details(json!({ "resource": error.resource() }))
    }
}

impl From<TenantAccessDenied> for HookError {
    fn from(denied: TenantAccessDenied) -> Self {
        Self::new(code::TENANT_ACCESS_DENIED, denied.to_string()).details(denied.details())
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

/// A code and details.
type Known = (Cow<'static, str>, Option<Value>);

/// What an error of ours is known by.
fn known(error: &(dyn Error + 'static)) -> Option<Known> {
    let facts = |facts: &Facts| (facts.code.clone(), facts.details.clone());
    if let Some(own) = is::<HookError>(error) {
        return Some(facts(&own.0.facts));
    }
    if let Some(own) = error.downcast_ref::<Facts>() {
        return Some(facts(own));
    }
    if let Some(denied) = is::<TenantAccessDenied>(error) {
        return Some((code::TENANT_ACCESS_DENIED.into(), Some(denied.details())));
    }
    let resource = is::<ResourceError>(error)?;
    let details = json!({ "resource": resource.resource() });
    Some((resource.code().into(), Some(details)))
}

/// The message of an error and its sources, down to one of ours, and what that is known by.
fn told(error: &(dyn Error + 'static)) -> (String, Option<Known>) {
    let mut message = String::new();
    for cause in all(error) {
        let found = known(cause);
        if !cause.is::<Facts>() {
            let text = cause.to_string();
            // Wrappers that already quote their source (`"…: {source}"`) are not repeated.
            if !message.contains(&text) {
                if !message.is_empty() {
                    message.push_str(": ");
                }
                message.push_str(&text);
            }
        }
        if found.is_some() {
            return (message, found);
        }
    }
    (message, None)
}

/// The message of an error and its sources, down to one of ours.
pub(super) fn message_of(error: &(dyn Error + 'static)) -> String {
    told(error).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_io_errors_become_one_by_the_question_mark() {
        fn fails(how: u8) -> Result<(), HookError> {
            match how {
                0 => Err("a text")?,
                1 => Err(format!("text {how}"))?,
                2 => Err(std::io::Error::other("no disk"))?,
                _ => Err(std::io::Error::other(HookError::new("own", "inside")))?,
            }
        }
        let errors = [0, 1, 2, 3].map(|how| fails(how).unwrap_err());
        let told = errors.each_ref().map(|it| (it.code(), it.message()));
        let failed = code::HOOK_FAILED;
        assert_eq!(
            told,
            [
                (failed, "a text"),
                (failed, "text 1"),
                (failed, "no disk"),
                ("own", "inside"),
            ]
        );
    }

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
}
