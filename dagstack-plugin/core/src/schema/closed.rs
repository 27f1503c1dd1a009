//! Schemas of configs that forbid the keys which are refused: all that a type does not read.
//!
//! A schema does not name the aliases of fields, which are read. The type does, to serde: it hands the
//! names of its fields, aliases among them, to whoever it is deserialized from.

use std::cell::Cell;

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::keywords::Schema;
use super::reference::{key, target};

/// Forbids unknown keys in the objects of a config: the whole and those in it whose keys all have names,
/// as far as `T` says that the schema knows them all.
pub(crate) fn close<T: DeserializeOwned>(schema: &mut Schema) {
    let mut paths = vec![Vec::new()];
    let mut closed: Vec<Option<String>> = Vec::new();
    while let Some(path) = paths.pop() {
        let Some((name, object)) = object_at(schema, &path) else {
            continue;
        };
        let is_plain = OTHER_KEYS
            .iter()
            .all(|keyword| !object.contains_key(*keyword));
        let properties = object.get("properties").and_then(Value::as_object);
        let (Some(properties), true) = (properties, is_plain && !closed.contains(&name)) else {
            continue;
        };
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let found = Cell::new(None);
        let _ = T::deserialize(Probe {
            path: &steps,
            fields: &found,
        });
        let knows = |field: &&str| properties.contains_key(*field);
        if !found.get().is_some_and(|fields| fields.iter().all(knows)) {
            continue;
        }
        for property in properties.keys() {
            paths.push([path.as_slice(), std::slice::from_ref(property)].concat());
        }
        let place = match &name {
            None => Some(&mut *schema),
            Some(pointer) => Value::as_object_mut(match pointer_mut(schema, pointer) {
                Some(place) => place,
                None => continue,
            }),
        };
        if let Some(place) = place {
            place.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        closed.push(name);
    }
}

/// Where these are, keys come from elsewhere, too.
const OTHER_KEYS: [&str; 8] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "not",
    "oneOf",
    "patternProperties",
    "unevaluatedProperties",
];

/// The object at the end of a path of properties, and the JSON Pointer to its schema (`None`: the root).
fn object_at<'s>(root: &'s Schema, path: &[String]) -> Option<(Option<String>, &'s Schema)> {
    let (mut pointer, mut here) = (None, root);
    for property in path {
        let of = pointer.unwrap_or_default();
        pointer = Some(format!("{of}/properties/{}", escaped(property)));
        here = here.get("properties")?.get(property)?.as_object()?;
        // `Option<T>`.
        if let Some(Value::Array(forms)) = here.get("anyOf") {
            let is_some = |form: &&Value| form.get("type").is_none_or(|it| it != "null");
            let mut some = forms.iter().enumerate().filter(|(_, form)| is_some(form));
            let (at, form) = some.next()?;
            pointer = pointer.map(|pointer| format!("{pointer}/anyOf/{at}"));
            here = form.as_object().filter(|_| some.next().is_none())?;
        }
        if let Some(reference) = here.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/")?;
            pointer = Some(format!("/$defs/{}", escaped(&key(name))));
            here = target(root, here)?;
        }
    }
    Some((pointer, here))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer_mut<'s>(root: &'s mut Map<String, Value>, pointer: &str) -> Option<&'s mut Value> {
    let (first, rest) = pointer.strip_prefix('/')?.split_once('/')?;
    root.get_mut(first)?.pointer_mut(&format!("/{rest}"))
}

/// Notes the names of the fields of the struct at the end of `path`, and gives no value.
#[derive(Clone, Copy)]
struct Probe<'a> {
    path: &'a [&'a str],
    fields: &'a Cell<Option<&'static [&'static str]>>,
}

fn nothing<T>() -> Result<T, Error> {
    Err(Error::custom("a probe"))
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        nothing()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.path.is_empty() {
            self.fields.set(Some(fields));
            return nothing();
        }
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The one key that the path goes on with.
impl<'de> MapAccess<'de> for Probe<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        match self.path.first() {
            Some(key) => seed.deserialize((*key).into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let path = self.path.get(1..).unwrap_or_default();
        seed.deserialize(Self { path, ..*self })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Outer {
        inner: Inner,
        maybe: Option<Box<Other>>,
        aliased: Aliased,
        map: BTreeMap<String, u8>,
        flat: Flat,
        any: Value,
        next: Option<Box<Outer>>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Inner {
        a: u8,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Other {
        a: u8,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Aliased {
        #[serde(alias = "b")]
        a: u8,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }

    #[test]
    fn keys_that_are_refused_are_forbidden_and_no_others() {
        let schema = super::super::config::<Outer>();
        let closed = json!(false);
        assert_eq!(schema["additionalProperties"], closed);
        let of = |name: &str| schema["$defs"][name].get("additionalProperties");
        assert_eq!(of("Inner"), Some(&closed));
        assert_eq!(of("Other"), Some(&closed));
        assert_eq!(of("Aliased"), None);
        assert_ne!(of("Flat"), Some(&closed));
        assert_ne!(schema["properties"]["map"]["additionalProperties"], closed);
        assert_eq!(
            schema["properties"]["any"].get("additionalProperties"),
            None
        );
    }

    #[test]
    fn a_whole_that_takes_more_stays_open() {
        for schema in [
            super::super::config::<Aliased>(),
            super::super::config::<Value>(),
            super::super::config::<BTreeMap<String, u8>>(),
            super::super::config::<Flat>(),
        ] {
            assert_ne!(
                schema.get("additionalProperties"),
                Some(&json!(false)),
                "{schema:?}"
            );
        }
    }
}
