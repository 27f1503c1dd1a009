//! Where the schema wants the numbers of a value to be integers.

use dagstack_plugin_core::numbers;

use super::{Kinds, Place, Shape};

/// Which numbers are looked for, from a place of a value.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'s> {
    shape: &'s Shape,
    /// `None` where the schema knows none.
    place: Option<&'s Place>,
    /// Not only where the schema wants an integer and nothing else, but wherever it does not take any
    /// value whatever.
    everywhere: bool,
}

impl<'s> Wanted<'s> {
    /// Those of a whole value.
    pub(crate) fn of(shape: &'s Shape, everywhere: bool) -> Self {
        Self {
            shape,
            place: Some(&shape.places[0]),
            everywhere,
        }
    }

    fn within(self, at: impl FnOnce(&Place) -> Option<usize>) -> Option<Self> {
        let place = match self.place {
            None => None,
            Some(here) => {
                let place = at(here).and_then(|at| self.shape.places.get(at));
                let is_wanted = match place {
                    Some(place) => self.everywhere || place.holds_integers,
                    None => self.everywhere && here.kinds != Kinds::ANY,
                };
                if !is_wanted {
                    return None;
                }
                place
            }
        };
        Some(Self { place, ..self })
    }
}

impl numbers::Place for Wanted<'_> {
    fn wants_integers(self) -> bool {
        self.place.is_none_or(|place| match self.everywhere {
            true => place.kinds != Kinds::ANY,
            false => place.wants_integers(),
        })
    }

    fn at_key(self, key: &str) -> Option<Self> {
        self.within(|place| place.at_key(key))
    }

    fn at_index(self, index: usize) -> Option<Self> {
        self.within(|place| place.at_index(index))
    }
}

impl Place {
    /// Whether a number here must be an integer.
    fn wants_integers(&self) -> bool {
        self.kinds.has(Kinds::INTEGER) && !self.kinds.has(Kinds::FRACTION)
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
        let respelt = |json, everywhere| numbers::respelt(json, Wanted::of(&shape, everywhere));
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
