//! Structs that are read from objects only.
//!
//! What serde derives for a struct also reads it from an array, field by field. On the wire an array
//! is never meant as one, and to take it for one would hide the mistake.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A `T` that is read from an object, for members and elements:
///
/// ```
/// use dagstack_plugin::object::Object;
///
/// #[derive(serde::Deserialize)]
/// struct Point {
///     x: u8,
/// }
///
/// let read = serde_json::from_str::<Object<Point>>;
/// assert_eq!(read(r#"{"x": 1}"#).unwrap().0.x, 1);
/// assert!(serde_json::from_str::<Point>("[1]").is_ok());
/// assert!(read("[1]").is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<T, M::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}
