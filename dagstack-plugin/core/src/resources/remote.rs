//! Calls of a resource as JSON: what `#[resource]` writes is made of these.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::encode;
use crate::error::{HookError, code};
use crate::future::BoxFuture;
use crate::{json_type, numbers};

/// The host's end: a resource that is called by method name and JSON text.
pub trait ResourceServer: Send + Sync + 'static {
    /// [`Resource::INTERFACE`](super::Resource::INTERFACE).
    fn interface(&self) -> &'static str;

    /// Calls a method with its arguments, an object.
    fn call<'a>(
        &'a self,
        method: &'a str,
        params: &'a str,
    ) -> BoxFuture<'a, Result<String, HookError>>;
}

/// The plugin's end: the way to one resource of the host.
pub trait ResourceCaller: Send + Sync + 'static {
    /// Calls a method with its arguments, an object. Dropping the future gives the call up.
    fn call<'a>(
        &'a self,
        method: &'static str,
        params: String,
    ) -> BoxFuture<'a, Result<String, HookError>>;
}

/// A resource of the host, as the traits of `#[resource]` are implemented
/// over it.
#[derive(Clone)]
pub struct Remote {
    name: Arc<str>,
    caller: Arc<dyn ResourceCaller>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host's resource `{}`", self.name)
    }
}

impl Remote {
    /// The resource `name` of the host that `caller` reaches.
    pub fn new(name: impl Into<Arc<str>>, caller: Arc<dyn ResourceCaller>) -> Self {
        Self {
            name: name.into(),
            caller,
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    ///
    /// The resource's own error; [`code::INVALID_ARGUMENTS`] where an
    /// argument has no JSON form; [`code::INVALID_RESULT`] where the
    /// answer is not what the trait says; what [`ResourceCaller`] fails with.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Result<Parameters, HookError>,
    ) -> Result<T, HookError> {
        let answer = self.caller.call(method, params?.finish()?).await?;
        // What serde says may quote the answer, which nobody knows to be fit for an error.
        numbers::from_json(&answer).map_err(|_| {
            let found = serde_json::from_str(&answer);
            HookError::new(
                code::INVALID_RESULT,
                format!(
                    "what `{method}` of the resource `{}` returned does not fit: expected `{}`, found {}",
                    self.name,
                    type_name::<T>(),
                    found.map_or("no JSON", |found| json_type(&found))
                ),
            )
        })
    }
}

/// The arguments of a call, on their way out.
pub struct Parameters {
    method: &'static str,
    text: Vec<u8>,
}

/// Without the arguments, which may be secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({})", self.method)
    }
}

impl Parameters {
    /// No arguments yet.
    pub fn of(method: &'static str) -> Self {
        Self {
            method,
            text: b"{".to_vec(),
        }
    }

    /// Adds an argument. The name is a Rust one and needs no escapes.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`] where it has no JSON form.
    pub fn with<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<Self, HookError> {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
        encode::to_json(value, &mut self.text).map_err(|error| {
            HookError::new(
                code::INVALID_ARGUMENTS,
                format!(
                    "the argument `{name}` of `{}` has no JSON form: {error}",
                    self.method
                ),
            )
        })?;
        Ok(self)
    }

    fn finish(mut self) -> Result<String, HookError> {
        self.text.push(b'}');
        text_of(self.text)
    }
}

/// The arguments of a call, as they came in.
pub struct Arguments<'a> {
    method: &'a str,
    left: BTreeMap<String, &'a RawValue>,
}

/// Without the arguments, which may be secrets.
impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arguments({})", self.method)
    }
}

impl<'a> Arguments<'a> {
    /// Reads an object.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`].
    pub fn read(method: &'a str, params: &'a str) -> Result<Self, HookError> {
        match serde_json::from_str(params) {
            Ok(left) => Ok(Self { method, left }),
            Err(error) => Err(invalid(method, &format!("they are no object: {error}"))),
        }
    }

    /// Takes one argument. One that is not there counts as `null`.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`] where it does not fit.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, HookError> {
        let found = self.left.remove(name);
        let text = found.map_or("null", RawValue::get);
        numbers::from_json(text).map_err(|error| {
            let problem = match found {
                Some(_) => format!("`{name}`: {error}"),
                None => format!("`{name}` is missing"),
            };
            invalid(self.method, &problem)
        })
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    ///
    /// [`code::INVALID_ARGUMENTS`].
    pub fn finish(self) -> Result<(), HookError> {
        match self.left.first_key_value() {
            None => Ok(()),
            Some((name, _)) => Err(invalid(self.method, &format!("there is no `{name}`"))),
        }
    }
}

fn invalid(method: &str, problem: &str) -> HookError {
    HookError::new(
        code::INVALID_ARGUMENTS,
        format!("the arguments of `{method}` do not fit: {problem}"),
    )
}

/// What a method returned, as JSON text.
///
/// # Errors
///
/// [`code::RESULT_NOT_SERIALISABLE`].
pub(crate) fn answer<T: Serialize + ?Sized>(method: &str, value: &T) -> Result<String, HookError> {
    let mut text = Vec::with_capacity(128);
    encode::to_json(value, &mut text).map_err(|error| {
        HookError::new(
            code::RESULT_NOT_SERIALISABLE,
            format!("what `{method}` returned has no JSON form: {error}"),
        )
    })?;
    text_of(text)
}

fn text_of(json: Vec<u8>) -> Result<String, HookError> {
    // serde_json writes UTF-8 only.
    String::from_utf8(json)
        .map_err(|error| HookError::new(code::RESULT_NOT_SERIALISABLE, error.to_string()))
}

/// The error for a method that the trait does not have.
pub fn unknown_method(interface: &str, known: &[&str], method: &str) -> HookError {
    let guess = crate::did_you_mean(crate::suggest(method, known.iter().copied()));
    HookError::new(
        code::UNKNOWN_METHOD,
        format!(
            "`{interface}` has no method `{method}`{guess}; it has {}",
            known.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_the_way_and_are_not_shown() {
        let params = Parameters::of("put")
            .with("key", "a \"b\"")
            .and_then(|it| it.with("size", &Some(3)))
            .unwrap();
        assert_eq!(format!("{params:?}"), "Parameters(put)");
        let params = params.finish().unwrap();
        assert_eq!(params, r#"{"key":"a \"b\"","size":3}"#);
        let mut arguments = Arguments::read("put", &params).unwrap();
        assert_eq!(format!("{arguments:?}"), "Arguments(put)");
        assert_eq!(arguments.take::<u8>("size").unwrap(), 3);
        assert_eq!(arguments.take::<String>("key").unwrap(), "a \"b\"");
        assert_eq!(arguments.take::<Option<u8>>("absent").unwrap(), None);
        arguments.finish().unwrap();
    }

    #[test]
    fn b06_an_argument_may_be_an_integer_with_a_fraction() {
        let mut arguments = Arguments::read("put", r#"{"size":5.0,"sizes":[1e1,2]}"#).unwrap();
        assert_eq!(arguments.take::<u8>("size").unwrap(), 5);
        assert_eq!(arguments.take::<Vec<u16>>("sizes").unwrap(), [10, 2]);
        // Nesting beyond all reason is no reason to look closer.
        let deep = format!(
            r#"{{"size":{}}}"#,
            "[".repeat(200_000) + &"]".repeat(200_000)
        );
        let mut arguments = Arguments::read("put", &deep).unwrap();
        assert!(arguments.take::<u8>("size").is_err());
    }

    #[test]
    fn b06_an_answer_may_be_one_too() {
        struct Answers(&'static str);
        impl ResourceCaller for Answers {
            fn call<'a>(
                &'a self,
                _: &'static str,
                _: String,
            ) -> BoxFuture<'a, Result<String, HookError>> {
                Box::pin(std::future::ready(Ok(self.0.to_owned())))
            }
        }
        let sizes = |answer| {
            let remote = Remote::new("store", Arc::new(Answers(answer)));
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async move {
                remote
                    .call::<Vec<u8>>("sizes", Ok(Parameters::of("sizes")))
                    .await
            })
        };
        assert_eq!(sizes("[5.0,5]").unwrap(), [5, 5]);
        assert_eq!(sizes("[5.5]").unwrap_err().code(), code::INVALID_RESULT);
        // An answer that does not fit is not quoted: nobody knows what it holds.
        for (answer, found) in [
            (r#"["hunter2"]"#, "an array"),
            (r#""hunter2""#, "text"),
            ("hunter2", "no JSON"),
        ] {
            let error = sizes(answer).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(found), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_say_which() {
        let message = |error: HookError| error.message().to_owned();
        let error = Arguments::read("put", "[1]").unwrap_err();
        assert!(message(error).contains("they are no object"));
        let mut arguments = Arguments::read("put", r#"{"key":7,"kez":1}"#).unwrap();
        assert!(message(arguments.take::<String>("key").unwrap_err()).contains("`key`: invalid"));
        let missing = arguments.take::<String>("data").unwrap_err();
        assert!(message(missing).contains("`data` is missing"));
        let extra = arguments.finish().unwrap_err();
        assert_eq!(extra.code(), code::INVALID_ARGUMENTS);
        assert!(message(extra).contains("there is no `kez`"));
        let nan = Parameters::of("put").with("x", &f64::NAN).unwrap_err();
        assert_eq!(nan.code(), code::INVALID_ARGUMENTS);
    }
}
