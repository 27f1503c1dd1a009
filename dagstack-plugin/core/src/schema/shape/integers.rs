//! Integers that are written with a fraction or an exponent: JSON Schema takes `5.0` for one, serde
//! does not.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{At, Kinds, Place, Shape};

/// Which numbers are looked for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'s> {
    /// Where they stand; without a shape, anywhere.
    pub(crate) shape: Option<&'s Shape>,
    /// Not only where the schema wants an integer and nothing else, but wherever it does not take any
    /// value whatever.
    pub(crate) everywhere: bool,
}

impl Wanted<'_> {
    /// The JSON text with `5` for `5.0`; `None` where there is no such number.
    pub(crate) fn respelt(self, json: &str) -> Option<String> {
        let json = json.trim_ascii();
        let mut found = Vec::new();
        self.collect(json, self.shape.map(|shape| &shape.places[0]), &mut found);
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

    /// The numbers to be replaced, which are parts of `json`, in their order. There is no place where
    /// the schema knows none.
    fn collect<'t>(self, json: &'t str, place: Option<&Place>, found: &mut Vec<(&'t str, String)>) {
        if !self.everywhere && place.is_some_and(|place| !place.holds_integers) {
            return;
        }
        match json.as_bytes().first() {
            Some(b'{' | b'[') => {
                let parts = serde_json::from_str::<Parts<'t>>(json);
                for (step, part) in parts.into_iter().flat_map(|parts| parts.0) {
                    let within = place.and_then(|place| step.from(place));
                    let within = within.and_then(|at| self.shape?.places.get(at));
                    if within.is_some() || place.is_none_or(|place| self.is_wanted_beyond(place)) {
                        self.collect(part, within, found);
                    }
                }
            }
            Some(b'-' | b'0'..=b'9') if place.is_none_or(|place| self.is_wanted(place)) => {
                found.extend(whole(json).map(|digits| (json, digits)));
            }
            _ => {}
        }
    }

    fn is_wanted(self, place: &Place) -> bool {
        match self.everywhere {
            true => place.kinds != Kinds::ANY,
            false => place.wants_integers(),
        }
    }

    /// Whether those are that stand in this place where the schema knows none.
    fn is_wanted_beyond(self, place: &Place) -> bool {
        self.everywhere && place.kinds != Kinds::ANY
    }
}

impl Place {
    /// Whether a number here must be an integer.
    fn wants_integers(&self) -> bool {
        self.kinds.has(Kinds::INTEGER) && !self.kinds.has(Kinds::FRACTION)
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
        return is_whole.then(|| format!("{float:.0}"));
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

impl Step {
    fn from(&self, place: &Place) -> Option<At> {
        match self {
            Self::Key(key) => place.at_key(key),
            Self::Index(index) => place.at_index(*index),
        }
    }
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
    use serde_json::{Value, json};

    use super::*;

    fn shape(schema: Value) -> Shape {
        Shape::of(schema.as_object().unwrap())
    }

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

    #[test]
    fn b06_only_places_that_want_an_integer_are_touched() {
        let shape = shape(json!({
            "properties": {
                "n": { "type": ["integer", "null"] },
                "f": { "type": "number" },
                "any": {},
                "either": { "anyOf": [{ "type": "integer" }, { "type": "number" }] },
                "list": { "type": "array", "prefixItems": [{ "type": "number" }], "items": { "$ref": "#/$defs/N" } },
                "next": { "$ref": "#" },
            },
            "additionalProperties": { "type": "integer" },
            "$defs": { "N": { "oneOf": [{ "type": "integer" }, { "type": "string" }] } },
        }));
        let respelt = |json, everywhere| {
            let wanted = Wanted {
                shape: Some(&shape),
                everywhere,
            };
            wanted.respelt(json)
        };
        let json = r#" { "n":1.0,"f":1.0, "any":[1.0,{"n":1.0}],"either":1.0,"list":[1.0 ,1.0,"1.0"],"next":{"n":1e1},"x":-2.0} "#;
        assert_eq!(
            respelt(json, false).unwrap(),
            r#"{ "n":1,"f":1.0, "any":[1.0,{"n":1.0}],"either":1.0,"list":[1.0 ,1,"1.0"],"next":{"n":10},"x":-2}"#
        );
        assert_eq!(
            respelt(json, true).unwrap(),
            r#"{ "n":1,"f":1, "any":[1.0,{"n":1.0}],"either":1,"list":[1 ,1,"1.0"],"next":{"n":10},"x":-2}"#
        );
        assert_eq!(respelt(r#"{"n":5,"f":1.0}"#, false), None);
    }
}
