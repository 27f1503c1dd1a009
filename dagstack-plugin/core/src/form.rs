//! The arguments and the result of a call by JSON, each as a value or as text.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::error::HookError;

/// The arguments of a call, an object, in one of the two forms they arrive in. The result comes
/// back in the same form.
pub enum Args<'a> {
    /// A value, as hosts hold it. Texts may be taken out of it instead of being copied.
    Value(&'a mut Value),
    /// JSON text, as it stood on the wire.
    Json(&'a str),
}

/// The form of a call's arguments and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A value.
    Value,
    /// JSON text.
    Json {
        /// The length of the arguments, in bytes.
        size: usize,
    },
}

impl Args<'_> {
    /// The form they have, which the result will have too.
    pub const fn form(&self) -> Form {
        match self {
            Self::Value(_) => Form::Value,
            Self::Json(text) => Form::Json { size: text.len() },
        }
    }

    /// The same arguments, for a shorter time.
    #[doc(hidden)]
    pub fn reborrow(&mut self) -> Args<'_> {
        match self {
            Self::Value(value) => Args::Value(value),
            Self::Json(text) => Args::Json(text),
        }
    }

    /// The arguments as a value.
    ///
    /// # Errors
    ///
    /// When the text is no JSON.
    pub fn to_value(&self) -> Result<Cow<'_, Value>, serde_json::Error> {
        match self {
            Self::Value(value) => Ok(Cow::Borrowed(&**value)),
            Self::Json(text) => serde_json::from_str(text).map(Cow::Owned),
        }
    }
}

impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may hold secrets.
        f.write_str(match self {
            Self::Value(_) => "Args::Value(…)",
            Self::Json(_) => "Args::Json(…)",
        })
    }
}

/// The value a hook returned, in the form its arguments had.
pub enum Output {
    /// For [`Args::Value`].
    Value(Value),
    /// For [`Args::Json`]: compact JSON text.
    Json(Vec<u8>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A result may hold secrets.
        f.write_str(match self {
            Self::Value(_) => "Output::Value(…)",
            Self::Json(_) => "Output::Json(…)",
        })
    }
}

impl Output {
    /// The value, parsed if it is text.
    ///
    /// # Errors
    ///
    /// [`result_not_serialisable`](crate::code::RESULT_NOT_SERIALISABLE) if the text is no JSON.
    #[inline]
    pub fn into_value(self) -> Result<Value, HookError> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Json(text) => serde_json::from_slice(&text).map_err(|error| {
                HookError::new(
                    crate::code::RESULT_NOT_SERIALISABLE,
                    format!("the result is no JSON: {error}"),
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_arguments_nor_results_are_shown() {
        let mut value = Value::from("hunter2");
        let shown = format!(
            "{:?} {:?} {:?}",
            Args::Value(&mut value),
            Output::Value("hunter2".into()),
            Output::Json(b"hunter2".to_vec())
        );
        assert_eq!(shown, "Args::Value(…) Output::Value(…) Output::Json(…)");
    }
}
