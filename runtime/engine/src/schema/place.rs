//! [`Place`]: what a schema says of one place in a value, for those who name the place before they have
//! the value.

use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::{has_mark, is_secret_name};
use serde_json::{Map, Value};

use super::fits::choice_fits;
use super::keys::{Keys, pattern_for};
use super::kinds::Kinds;
use super::parts::{self, add_forms, item, list, property, values};
use crate::diagnose;

/// What a schema says of one place in a value: what may stand there and inside, and how to read a text
/// that is to stand there.
///
/// ```
/// use dagstack_engine::Place;
/// use serde_json::json;
///
/// let schema = json!({ "properties": {
///     "rows": { "type": "integer", "minimum": 1 },
///     "name": { "type": "string" },
/// } });
/// let root = Place::of(schema.as_object().unwrap());
/// assert_eq!(root.keys(), ["name", "rows"]);
/// assert_eq!(root.member("rows").unwrap().read("5"), json!(5));
/// assert_eq!(root.member("name").unwrap().read("5"), json!("5"));
/// assert_eq!(root.member("rows").unwrap().expected().unwrap(), "an integer of at least 1");
/// ```
#[derive(Clone, Debug)]
pub struct Place<'s> {
    root: &'s Schema,
    /// The schemas of the place; none where anything may stand.
    schemas: Vec<&'s Schema>,
    /// They and all that they refer to for the same value.
    forms: Vec<&'s Schema>,
    is_secret: bool,
}

impl<'s> Place<'s> {
    /// The whole value.
    pub fn of(root: &'s Schema) -> Self {
        Self::new(root, [root].into_iter(), false)
    }

    fn new(root: &'s Schema, schemas: impl Iterator<Item = &'s Schema>, is_secret: bool) -> Self {
        let schemas: Vec<_> = schemas.collect();
        let mut forms = Vec::new();
        for schema in &schemas {
            add_forms(root, schema, &mut forms);
        }
        let is_secret = is_secret || forms.iter().any(|form| has_mark(form));
        Self {
            root,
            schemas,
            forms,
            is_secret,
        }
    }

    /// The keys that an object here has by name, sorted.
    pub fn keys(&self) -> Vec<&'s str> {
        let named = self
            .forms
            .iter()
            .flat_map(|form| parts::named(form, "properties"));
        let mut keys: Vec<_> = named.map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether an object here takes keys beside those it has by name.
    pub fn is_open(&self) -> bool {
        let nothing = Map::new();
        let open = |schema: &&'s Schema| Keys::of(self.root, schema, &nothing).open;
        self.is_any() || self.forms.iter().any(open)
    }

    /// Whether an object, and nothing but one, may stand here.
    pub fn is_object(&self) -> bool {
        !self.is_any() && self.kinds() == Kinds::OBJECT
    }

    /// Whether an array may stand here.
    pub fn is_array(&self) -> bool {
        !self.is_any() && self.kinds().has(Kinds::ARRAY)
    }

    /// The place of a key, if there may be such a key.
    pub fn member(&self, key: &str) -> Option<Self> {
        let named: Vec<&Value> = self
            .forms
            .iter()
            .filter_map(|form| property(form, key))
            .collect();
        let found = match named.is_empty() {
            false => named,
            true if self.is_any() => Vec::new(),
            true => {
                let others: Vec<_> = self
                    .forms
                    .iter()
                    .filter_map(|form| other(form, key))
                    .collect();
                if others.iter().all(|schema| *schema == &Value::Bool(false)) {
                    return None;
                }
                others
            }
        };
        let schemas = found.into_iter().filter_map(Value::as_object);
        let is_secret = self.is_secret || is_secret_name(key);
        Some(Self::new(self.root, schemas, is_secret))
    }

    /// The place of an item.
    pub fn item(&self, index: usize) -> Self {
        let items = self.forms.iter().flat_map(|form| item(form, index));
        Self::new(
            self.root,
            items.filter_map(Value::as_object),
            self.is_secret,
        )
    }

    /// Whether an object here must have the key, whatever else it is.
    pub fn requires(&self, key: &str) -> bool {
        let mut forms = self.always().into_iter();
        forms.any(|form| list(form, "required").iter().any(|name| name == key))
    }

    /// The schemas of the place that hold in every case.
    fn always(&self) -> Vec<&'s Schema> {
        let mut forms = self.schemas.clone();
        let mut at = 0;
        while let Some(form) = forms.get(at).copied() {
            let parts = list(form, "allOf").iter().filter_map(Value::as_object);
            forms.extend(parts.chain(dagstack_plugin_core::schema::target(self.root, form)));
            at += 1;
            if at > self.forms.len() {
                break;
            }
        }
        forms
    }

    /// Whether a secret may stand here, by a key on the way or by the schema.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// The value where none is given.
    pub fn default(&self) -> Option<&'s Value> {
        self.schemas.iter().find_map(|schema| schema.get("default"))
    }

    /// What its author says of it.
    pub fn description(&self) -> Option<&'s str> {
        let mut schemas = self.schemas.iter();
        schemas.find_map(|schema| schema.get("description")?.as_str())
    }

    /// What may stand here, in words; `None` if anything.
    pub fn expected(&self) -> Option<String> {
        diagnose::expected(self.root, self.schemas.first()?)
    }

    /// What a text stands for that is to stand here: itself where text may, else what it is as JSON,
    /// and itself where it is none.
    pub fn read(&self, text: &str) -> Value {
        let (is_any, kinds) = (self.is_any(), self.kinds());
        let as_text = Value::from(text);
        let takes_text = !is_any && kinds.has(Kinds::STRING);
        if takes_text && self.takes(&as_text) {
            return as_text;
        }
        match serde_json::from_str::<Value>(text.trim()) {
            Ok(json) if !takes_text || kinds.has(Kinds::of_value(&json)) => json,
            _ => as_text,
        }
    }

    /// Whether the text is one of those listed, if they are.
    fn takes(&self, text: &Value) -> bool {
        let of_texts = |form: &&&Schema| Kinds::of(form).has(Kinds::STRING);
        let mut forms = self.forms.iter().filter(of_texts);
        forms.any(|form| values(form).next().is_none() || choice_fits(form, text))
    }

    fn is_any(&self) -> bool {
        self.forms.is_empty() || self.kinds() == Kinds::ANY
    }

    fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        self.forms
            .iter()
            .for_each(|form| kinds.add(Kinds::of(form)));
        kinds
    }
}

/// What a schema says of a key that it does not name.
fn other<'s>(form: &'s Schema, key: &str) -> Option<&'s Value> {
    let patterns = form.get("patternProperties").and_then(Value::as_object);
    let by_pattern = patterns.and_then(|patterns| pattern_for(patterns, key));
    by_pattern.or_else(|| form.get("additionalProperties"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(schema: Value, text: &str) -> Value {
        let whole = json!({ "properties": { "a": schema }, "$defs": {
            "Mode": { "oneOf": [{ "const": "fast" }, { "enum": ["slow", "5"] }] },
            "Tagged": { "oneOf": [
                { "const": "off" },
                { "type": "object", "properties": { "on": { "type": "integer" } } },
            ] },
        } });
        let place = Place::of(whole.as_object().unwrap()).member("a");
        place.unwrap().read(text)
    }

    #[test]
    fn texts_are_read_as_what_may_stand_there() {
        for (schema, text, expected) in [
            (json!({ "type": "string" }), "5", json!("5")),
            (json!({ "type": "string" }), " x ", json!(" x ")),
            (json!({ "type": ["string", "null"] }), "null", json!("null")),
            (json!({ "type": ["string", "integer"] }), "5", json!("5")),
            (json!({ "type": "integer" }), " 5 ", json!(5)),
            (json!({ "type": "integer" }), "many", json!("many")),
            (json!({ "type": "integer" }), "5.5", json!(5.5)),
            (json!({ "type": ["integer", "null"] }), "null", json!(null)),
            (json!({ "type": "number" }), "1e3", json!(1000.0)),
            (json!({ "type": "boolean" }), "true", json!(true)),
            (json!({ "type": "boolean" }), "yes", json!("yes")),
            (json!({ "type": "array" }), "[\"a\"]", json!(["a"])),
            (json!({ "type": "array" }), "[a", json!("[a")),
            (json!({ "type": "object" }), "{\"a\": 1}", json!({ "a": 1 })),
            (json!({ "$ref": "#/$defs/Mode" }), "5", json!("5")),
            (json!({ "$ref": "#/$defs/Mode" }), "6", json!("6")),
            (json!({ "$ref": "#/$defs/Tagged" }), "off", json!("off")),
            (
                json!({ "$ref": "#/$defs/Tagged" }),
                "{\"on\": 1}",
                json!({ "on": 1 }),
            ),
            (json!({}), "5", json!(5)),
            (json!({ "description": "any" }), "five", json!("five")),
            (json!(true), "[1]", json!([1])),
        ] {
            assert_eq!(read(schema.clone(), text), expected, "{schema} {text:?}");
        }
    }

    #[test]
    fn places_are_found_through_references_and_flattened_parts() {
        let schema = json!({
            "properties": {
                "plain": { "$ref": "#/$defs/Inner" },
                "maybe": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }] },
                "map": { "type": "object", "additionalProperties": { "type": "integer" } },
                "list": { "type": "array", "items": { "$ref": "#/$defs/Inner" } },
                "pin": { "type": "string", "writeOnly": true },
            },
            "required": ["plain"],
            "oneOf": [{ "properties": { "either": { "type": "boolean" } }, "required": ["either"] }],
            "$defs": { "Inner": {
                "type": "object",
                "properties": { "n": { "type": "integer" }, "token": { "type": "string" } },
                "required": ["n"],
                "additionalProperties": false,
            } },
        });
        let root = Place::of(schema.as_object().unwrap());
        assert_eq!(
            root.keys(),
            ["either", "list", "map", "maybe", "pin", "plain"]
        );
        assert!(root.requires("plain") && !root.requires("either") && !root.is_open());
        for key in ["plain", "maybe"] {
            let inner = root.member(key).unwrap();
            assert_eq!(inner.keys(), ["n", "token"], "{key}");
            assert!(inner.member("x").is_none());
            assert!(inner.member("token").unwrap().is_secret());
            assert!(!inner.member("n").unwrap().is_secret());
        }
        assert!(root.member("plain").unwrap().requires("n"));
        assert!(root.member("pin").unwrap().is_secret());
        assert!(root.member("x").is_none());
        let map = root.member("map").unwrap();
        assert!(map.is_open() && map.keys().is_empty());
        assert_eq!(map.member("x").unwrap().read("5"), json!(5));
        assert_eq!(root.member("list").unwrap().item(3).keys(), ["n", "token"]);
    }
}
