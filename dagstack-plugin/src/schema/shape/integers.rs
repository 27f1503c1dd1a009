//! Integers that are written with a fraction or an exponent: JSON Schema takes `5.0` for one, serde
//! does not.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{At, Kinds, Place, Shape};

impl Shape {
    /// The JSON text with `5` for `5.0` where the schema wants an integer and nothing else, or
    /// everywhere; `None` where there is no such number.
    pub(crate) fn with_whole_integers(&self, json: &str, everywhere: bool) -> Option<String> {
        let json = json.trim_ascii();
        let mut found = Vec::new();
        self.collect(json, (!everywhere).then_some(0), &mut found);
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

    /// The numbers to be replaced, which are parts of `json`, in their order; `None` is everywhere.
    fn collect<'t>(&self, json: &'t str, at: Option<At>, found: &mut Vec<(&'t str, String)>) {
        let place = at.map(|at| &self.places[at]);
        if place.is_some_and(|place| !place.holds_integers) {
            return;
        }
        match json.as_bytes().first() {
            Some(b'{' | b'[') => {
                let parts = serde_json::from_str::<Parts<'t>>(json);
                for (step, part) in parts.into_iter().flat_map(|parts| parts.0) {
                    match (place, place.and_then(|place| step.from(place))) {
                        // A place that the schema does not know.
                        (Some(_), None) => {}
                        (_, at) => self.collect(part, at, found),
                    }
                }
            }
            Some(b'-' | b'0'..=b'9') if place.is_none_or(Place::wants_integers) => {
                found.extend(whole(json).map(|digits| (json, digits)));
            }
            _ => {}
        }
    }
}

impl Place {
    /// Whether a number here must be an integer.
    fn wants_integers(&self) -> bool {
        self.kinds.has(Kinds::INTEGER) && !self.kinds.has(Kinds::FRACTION)
    }
}

/// The digits of a number that is an integer of about 64 bits, but not written as one.
fn whole(number: &str) -> Option<String> {
    let digits = if number.contains(['e', 'E']) {
        let value: f64 = number.parse().ok()?;
        let is_whole = value.fract() == 0.0 && value.abs() <= 2_f64.powi(64);
        is_whole.then(|| format!("{value:.0}"))?
    } else if let Some((whole, fraction)) = number.split_once('.') {
        let is_whole = fraction.bytes().all(|digit| digit == b'0');
        is_whole.then(|| whole.to_owned())?
    } else if number == "-0" {
        number.to_owned()
    } else {
        return None;
    };
    Some(if digits == "-0" {
        "0".to_owned()
    } else {
        digits
    })
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
            // Beyond what a float holds exactly, the digits are what is written.
            ("9007199254740993.0", Some("9007199254740993")),
            ("1e19", Some("10000000000000000000")),
            ("5", None),
            ("5.5", None),
            ("5e-1", None),
            ("1e30", None),
            ("1e400", None),
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
        let json = r#" { "n":1.0,"f":1.0, "any":[1.0,{"n":1.0}],"either":1.0,"list":[1.0 ,1.0,"1.0"],"next":{"n":1e1},"x":-2.0} "#;
        assert_eq!(
            shape.with_whole_integers(json, false).unwrap(),
            r#"{ "n":1,"f":1.0, "any":[1.0,{"n":1.0}],"either":1.0,"list":[1.0 ,1,"1.0"],"next":{"n":10},"x":-2}"#
        );
        assert_eq!(
            shape.with_whole_integers(json, true).unwrap(),
            r#"{ "n":1,"f":1, "any":[1,{"n":1}],"either":1,"list":[1 ,1,"1.0"],"next":{"n":10},"x":-2}"#
        );
        assert_eq!(shape.with_whole_integers(r#"{"n":5,"f":1.0}"#, false), None);
    }
}
