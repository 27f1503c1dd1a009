//! Numbers that serde reads only when they are written in another way.
//!
//! Integers with a fraction or an exponent (`5.0`) are one kind of them: JSON Schema takes them, serde
//! does not. The other are all floats where serde_json's feature `arbitrary_precision` is on, which
//! anybody in the graph may do for all: numbers keep the text they were written with, and many a type
//! cannot read that.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::encode::nesting::{MAX_NESTING, text_is_deeper, value_is_deeper};

/// Whether serde_json's feature `arbitrary_precision` is on.
#[inline]
pub fn keep_their_text() -> bool {
    // Without it there is no number so large.
    Number::from_u128(u128::MAX).is_some()
}

/// A place in a JSON text, as far as its numbers go.
pub trait Place: Copy {
    /// Whether a number here is to be written as an integer, if it is one.
    fn wants_integers(self) -> bool;
    /// The place under a key; `None` where no number matters there or below.
    fn at_key(self, key: &str) -> Option<Self>;
    /// The same of an item.
    fn at_index(self, index: usize) -> Option<Self>;
}

/// Any place: nobody knows what is wanted there.
#[derive(Clone, Copy)]
struct Anywhere;

impl Place for Anywhere {
    fn wants_integers(self) -> bool {
        true
    }
    fn at_key(self, _: &str) -> Option<Self> {
        Some(self)
    }
    fn at_index(self, _: usize) -> Option<Self> {
        Some(self)
    }
}

/// A JSON text with `5` for `5.0` where that is wanted; `None` where there is no such number.
pub fn respelt(json: &str, place: impl Place) -> Option<String> {
    let json = json.trim_ascii();
    let mut found = Vec::new();
    collect(json, place, &mut found);
    if found.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(json.len());
    let mut done = 0;
    for (number, digits) in found {
        let at = number.as_ptr() as usize - json.as_ptr() as usize;
        text.push_str(&json[done..at]);
        text.push_str(&digits);
        done = at + number.len();
    }
    text.push_str(&json[done..]);
    Some(text)
}

/// The numbers to be replaced, which are parts of `json`, in their order.
fn collect<'t>(json: &'t str, place: impl Place, found: &mut Vec<(&'t str, String)>) {
    match json.as_bytes().first() {
        Some(b'{' | b'[') => {
            let parts = serde_json::from_str::<Parts<'t>>(json);
            for (step, part) in parts.into_iter().flat_map(|parts| parts.0) {
                let within = match step {
                    Step::Key(key) => place.at_key(&key),
                    Step::Index(index) => place.at_index(index),
                };
                if let Some(within) = within {
                    collect(part, within, found);
                }
            }
        }
        Some(b'-' | b'0'..=b'9') if place.wants_integers() => {
            found.extend(whole(json).map(|digits| (json, digits)));
        }
        _ => {}
    }
}

/// A value that did not decode, if there are such numbers in it, with all of them written as serde
/// takes them.
#[cold]
pub(crate) fn respelt_anywhere(value: &Value) -> Option<Value> {
    if value_is_deeper(value, MAX_NESTING) {
        return None;
    }
    of_text(&value.to_string(), Anywhere)
}

/// The value of a JSON text, if there are such numbers in it, with those that are wanted written as
/// serde takes them.
pub fn of_text(json: &str, place: impl Place) -> Option<Value> {
    let respelt = respelt(json, place);
    if respelt.is_none() && !keep_their_text() {
        return None;
    }
    let mut value = serde_json::from_str(respelt.as_deref().unwrap_or(json)).ok()?;
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
        let again = respelt_anywhere(value);
        again
            .and_then(|again| T::deserialize(&again).ok())
            .ok_or(error)
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
        T::deserialize(&value)
    };
    read(json).or_else(|error| {
        if text_is_deeper(json, MAX_NESTING) {
            return Err(error);
        }
        let again = respelt(json, Anywhere).map(|json| read(&json));
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

/// The most digits of an integer of 64 bits.
const DIGITS: usize = 20;

/// The digits of a number that is an integer of about 64 bits, but not written as one.
fn whole(number: &str) -> Option<String> {
    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", number),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if unsigned == whole && number != "-0" {
        return None;
    }
    if mantissa != unsigned
        && let Some(float) = float_of(number)
    {
        let is_whole = float.fract() == 0.0 && float.abs() <= 2_f64.powi(64);
        // Not `-0`, which is a float.
        return is_whole.then(|| format!("{:.0}", float + 0.0));
    }
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    // How many digits stand before the point, once it has moved.
    let before = i64::try_from(whole.len()).ok()?;
    let before = before.checked_add(exponent.parse().ok()?)?;
    let zeros = usize::try_from(before).ok()?.checked_sub(digits.len())?;
    let digits = digits.trim_start_matches('0');
    (zeros <= DIGITS && digits.len() + zeros <= DIGITS)
        .then(|| format!("{sign}{digits}{}", "0".repeat(zeros)))
}

/// The float of a number that is written as floats are: by the fewest digits that tell it from
/// others, which need not be all it has.
fn float_of(number: &str) -> Option<f64> {
    let float: f64 = number.parse().ok()?;
    let written = number.replace('E', "e").replace("e+", "e");
    (format!("{float:e}") == written).then_some(float)
}

enum Step {
    Key(String),
    Index(usize),
}

/// The members of an object or the items of an array, as they are written.
struct Parts<'t>(Vec<(Step, &'t str)>);

impl<'t> Deserialize<'t> for Parts<'t> {
    fn deserialize<D: Deserializer<'t>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ReadParts)
    }
}

struct ReadParts;

impl<'t> Visitor<'t> for ReadParts {
    type Value = Parts<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Parts<'t>, A::Error> {
        let mut parts = Vec::new();
        while let Some((key, part)) = map.next_entry::<String, &'t RawValue>()? {
            parts.push((Step::Key(key), part.get()));
        }
        Ok(Parts(parts))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<Parts<'t>, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = items.next_element::<&'t RawValue>()? {
            parts.push((Step::Index(parts.len()), part.get()));
        }
        Ok(Parts(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b06_integers_are_found_in_every_spelling() {
        for (number, digits) in [
            ("5.0", Some("5")),
            ("-5.00", Some("-5")),
            ("5e0", Some("5")),
            ("1.5E1", Some("15")),
            ("-0.0", Some("0")),
            ("-0", Some("0")),
            ("0.0e5", Some("0")),
            ("0.5e1", Some("5")),
            ("500e-2", Some("5")),
            ("1.50e+1", Some("15")),
            // Beyond what a float holds exactly, the digits are what is written.
            ("9007199254740993.0", Some("9007199254740993")),
            ("9007199254740993e0", Some("9007199254740993")),
            ("-1234567890123456.78e2", Some("-123456789012345678")),
            ("1e19", Some("10000000000000000000")),
            // A float has more of them than it is written with.
            ("1.152921504606847e18", Some("1152921504606846976")),
            ("-9.223372036854776E+18", Some("-9223372036854775808")),
            ("5", None),
            ("5.5", None),
            ("5e-1", None),
            ("1e30", None),
            ("1e400", None),
            ("1e99999999999999999999", None),
            ("1e-9223372036854775808", None),
            ("1267650600228229401496703205377", None),
        ] {
            assert_eq!(whole(number).as_deref(), digits, "{number}");
        }
    }
}
