//! What serde takes and schemas do not: an array of its fields for a struct; for a variant its number,
//! an object, a key beside it; an empty object for a unit in a flattened or untagged type.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Id, Kinds, Place, Shape};

impl Shape {
    /// Whether a value stands in this one in the place of another kind; also where that is not known.
    pub(crate) fn has_odd_value<'de, D: Deserializer<'de>>(&self, value: D) -> bool {
        self.is_cut || Search { shape: self, at: 0 }.deserialize(value).is_err()
    }
}

/// Looks through a value for what should not stand there; fails when it finds it.
#[derive(Clone, Copy)]
struct Search<'s> {
    shape: &'s Shape,
    at: Id,
}

impl Search<'_> {
    fn place(&self) -> &Place {
        &self.shape.places[self.at]
    }

    /// Fails if only values of other kinds may stand here.
    fn check<E: Error>(&self, found: Kinds) -> Result<(), E> {
        let place = self.place();
        if place.is_odd && !place.kinds.has(found) {
            return Err(Error::custom("a value of another kind"));
        }
        Ok(())
    }

    /// The search below, if there is anything to look for.
    fn at(self, at: Option<Id>) -> Option<Self> {
        at.filter(|at| self.shape.places[*at].holds_odd)
            .map(|at| Self { at, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in the form that its schema has")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.check(Kinds::OBJECT)?;
        let place = self.place();
        while let Some(at) = map.next_key_seed(Key(place))? {
            if at.is_none() && place.is_odd && place.is_closed && place.kinds != Kinds::ANY {
                return Err(Error::custom("a key that is not known"));
            }
            match self.at(at) {
                Some(search) => map.next_value_seed(search)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.check(Kinds::ARRAY)?;
        // Though an array may stand here, it may have been taken for the struct.
        if self.place().is_struct && self.place().kinds != Kinds::ANY {
            return Err(Error::custom("an array"));
        }
        let mut index = 0;
        loop {
            let more = match self.at(self.place().at_index(index)) {
                Some(search) => items.next_element_seed(search)?.is_some(),
                None => items.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.check(Kinds::BOOLEAN)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.check(Kinds::INTEGER)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.check(Kinds::INTEGER)
    }
    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.check(Kinds::INTEGER)
    }
    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.check(Kinds::INTEGER)
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let is_whole = value.fract() == 0.0;
        self.check(if is_whole {
            Kinds::INTEGER
        } else {
            Kinds::FRACTION
        })
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.check(Kinds::STRING)
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.check(Kinds::NULL)
    }
}

/// The place below a key.
struct Key<'s>(&'s Place);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<Id>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Option<Id>, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<Id>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<Id>, E> {
        Ok(self.0.at_key(key))
    }
}
