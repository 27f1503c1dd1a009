//! Numbers that serde reads only when they are written in another way.
//!
//! Integers with a fraction (`5.0`) are one kind of them. The other are all floats where serde_json's
//! feature `arbitrary_precision` is on, which anybody in the graph may do for all: numbers keep the
//! text they were written with, and many a type cannot read that.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use crate::encode::nesting::{MAX_NESTING, text_is_deeper, value_is_deeper};
use crate::schema::{Schema, Shape, Wanted};

/// Whether the feature is on.
#[inline]
pub(crate) fn keep_their_text() -> bool {
    // Without it there is no number so large.
    Number::from_u128(u128::MAX).is_some()
}

/// A value that did not decode, if there are such numbers in it: where the schema wants an integer, or
/// `everywhere` but where it takes any value whatever; without a schema, anywhere.
#[cold]
pub(crate) fn respelt(value: &Value, schema: Option<&Schema>, everywhere: bool) -> Option<Value> {
    if value_is_deeper(value, MAX_NESTING) {
        return None;
    }
    let text = value.to_string();
    let shape = schema.map(Shape::of);
    let wanted = Wanted {
        shape: shape.as_ref(),
        everywhere,
    };
    let respelt = wanted.respelt(&text);
    if respelt.is_none() && !keep_their_text() {
        return None;
    }
    let mut value = serde_json::from_str(&respelt.unwrap_or(text)).ok()?;
    plain(&mut value);
    Some(value)
}

/// Reads a value into any type, of which no schema says where it wants integers.
///
/// # Errors
///
/// When it does not fit.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> serde_json::Result<T> {
    T::deserialize(value).or_else(|error| {
        let again = respelt(value, None, true).map(T::deserialize);
        again.and_then(Result::ok).ok_or(error)
    })
}

/// Reads JSON text into any type, of which no schema says where it wants integers.
///
/// # Errors
///
/// When it does not fit.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    let read = |json: &str| {
        if !keep_their_text() {
            return serde_json::from_str(json);
        }
        let mut value = serde_json::from_str(json)?;
        plain(&mut value);
        T::deserialize(value)
    };
    read(json).or_else(|error| {
        if text_is_deeper(json, MAX_NESTING) {
            return Err(error);
        }
        let wanted = Wanted {
            shape: None,
            everywhere: true,
        };
        let again = wanted.respelt(json).map(|json| read(&json));
        again.and_then(Result::ok).ok_or(error)
    })
}

/// Gives numbers with a fraction or an exponent the spelling by which serde_json tells that they are
/// floats; in another (`1.50`, `1e2`) it hands them to serde as maps, which flattened, tagged and
/// untagged types take for such.
pub(crate) fn plain(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64)
                && number.to_string().contains(['.', 'e', 'E'])
            {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(map) => map.values_mut().for_each(plain),
        _ => {}
    }
}
