//! Where in a value the secrets are: under secret names, and where its schema says `writeOnly`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use dagstack_plugin_core::schema::{Schema, keywords, target};
use dagstack_plugin_core::secrets::{has_mark, is_secret_name, says_nothing};
use serde_json::{Map, Value};

use crate::schema::fits::may_be_meant;
use crate::schema::keys::Keys;
use crate::schema::parts::{self, address};
use crate::step::Step;

/// How often a form of a value is asked about it or what is inside before the whole value is taken for a
/// secret.
const BUDGET: usize = 3_000_000;

/// The secrets of one value, which has to stay where it is meanwhile.
///
/// What is not as the schema has it is judged by what it may have been meant to be:
///
/// * a value of no form that is expected (`"hunter2"` for `["hunter2"]`) is one, if forms have secrets
///   inside;
/// * so is what stands under a key that the schema does not know, in an object that has secrets:
///   it may be a secret's name misspelt, or an alias, which schemas do not tell of.
pub(crate) struct SecretPlaces<'a> {
    value: &'a Value,
    /// The addresses of secret values.
    secret: HashSet<usize>,
    /// The search was given up.
    all: bool,
}

impl<'a> SecretPlaces<'a> {
    /// By names alone.
    pub(crate) fn by_names(value: &'a Value) -> Self {
        let mut places = Self {
            value,
            secret: HashSet::new(),
            all: false,
        };
        places.names(value);
        places
    }

    /// By names and by the schema.
    pub(crate) fn of(value: &'a Value, schema: &Schema) -> Self {
        Self::of_part(value, schema, schema)
    }

    /// By names and by a part of the schema `root`.
    pub(crate) fn of_part<'s>(value: &'a Value, root: &'s Schema, part: &'s Schema) -> Self {
        let mut search = Search {
            root,
            seen: HashSet::new(),
            asked: 0,
            forms: HashMap::new(),
            held: HashMap::new(),
            places: Self::by_names(value),
        };
        if search.holds(part) {
            search.node(part, value);
        }
        search.places
    }

    /// Whether this very value, a part of the whole, is a secret. `null` and the empty text are
    /// none.
    pub(crate) fn has(&self, value: &Value) -> bool {
        (self.all || self.secret.contains(&address(value))) && !says_nothing(value)
    }

    /// Whether the value at the end of `steps` is a secret or part of one.
    pub(crate) fn covers(&self, steps: &[Step<'_>]) -> bool {
        self.depth(steps).is_some()
    }

    /// How many of `steps` lead to the outermost secret on the way; `None` if there is none.
    pub(crate) fn depth(&self, steps: &[Step<'_>]) -> Option<usize> {
        let mut here = Some(self.value);
        for (depth, step) in steps.iter().enumerate() {
            if here.is_some_and(|value| self.has(value)) {
                return Some(depth);
            }
            here = here.and_then(|value| step.go(value));
            // Also where nothing is: the words are the same for a key that is missing.
            if step.key().is_some_and(is_secret_name) {
                return Some(depth + 1);
            }
        }
        here.is_some_and(|value| self.has(value))
            .then_some(steps.len())
    }

    fn names(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if is_secret_name(key) {
                        self.secret.insert(address(value));
                    } else {
                        self.names(value);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.names(item)),
            _ => {}
        }
    }
}

struct Search<'s, 'v> {
    root: &'s Schema,
    seen: HashSet<(usize, usize)>,
    asked: usize,
    /// By the addresses of schemas: their forms, and whether they may have a secret in them.
    forms: HashMap<usize, Rc<[&'s Schema]>>,
    held: HashMap<usize, bool>,
    places: SecretPlaces<'v>,
}

impl<'s> Search<'s, '_> {
    fn look(&mut self, schemas: impl Iterator<Item = &'s Value>, value: &Value) {
        for schema in schemas.filter_map(Value::as_object) {
            self.node(schema, value);
        }
    }

    fn node(&mut self, schema: &'s Schema, value: &Value) {
        let pair = (address(schema), address(value));
        if self.places.all || says_nothing(value) || !self.seen.insert(pair) {
            return;
        }
        let forms = self.forms(schema);
        let inside = match value {
            Value::Object(map) => map.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        self.asked = self.asked.saturating_add(forms.len() * (1 + inside));
        if self.asked > BUDGET {
            self.places.all = true;
            return;
        }
        if forms.iter().any(|form| has_mark(form))
            || (!may_be_meant(self.root, schema, value) && self.holds(schema))
        {
            self.places.secret.insert(address(value));
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    for form in &*forms {
                        self.look(members(form, key), value);
                    }
                }
                self.unknown(schema, map);
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    for form in &*forms {
                        let any = parts::of(form, &["contains"]);
                        self.look(parts::item(form, index).chain(any), item);
                    }
                }
            }
            _ => {}
        }
    }

    /// All that may speak of the same value, what depends on a condition among it.
    fn forms(&mut self, schema: &'s Schema) -> Rc<[&'s Schema]> {
        if let Some(forms) = self.forms.get(&address(schema)) {
            return Rc::clone(forms);
        }
        let mut forms = parts::forms(self.root, schema);
        let mut at = 0;
        while let Some(form) = forms.get(at).copied() {
            let by_key = parts::named(form, "dependentSchemas").map(|(_, part)| part);
            let conditions = parts::of(form, &["if", "then", "else"]).chain(by_key);
            for part in conditions.filter_map(Value::as_object) {
                parts::add_forms(self.root, part, &mut forms);
            }
            at += 1;
        }
        let forms = Rc::from(forms);
        self.forms.insert(address(schema), Rc::clone(&forms));
        forms
    }

    /// What stands under keys that the schema does not know.
    fn unknown(&mut self, schema: &'s Schema, map: &Map<String, Value>) {
        let keys = Keys::of(self.root, schema, map);
        if keys.open || !keys.named {
            return;
        }
        // A number that is no secret is often a common one, such as 5, and so is a word as short.
        let tells = |value: &Value| match value {
            Value::String(text) => text.chars().count() >= 4,
            other => other.is_array() || other.is_object(),
        };
        let unknown = map
            .iter()
            .filter(|(key, value)| !keys.has(key) && tells(value));
        let unknown: Vec<usize> = unknown.map(|(_, value)| address(value)).collect();
        if !unknown.is_empty() && self.holds(schema) {
            self.places.secret.extend(unknown);
        }
    }

    fn holds(&mut self, schema: &'s Schema) -> bool {
        let root = self.root;
        let known = self.held.entry(address(schema));
        *known.or_insert_with(|| holds(root, schema, &mut HashSet::new()))
    }
}

/// The schemas that may speak of what stands under `key`; patterns are not read.
fn members<'s>(schema: &'s Schema, key: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    let named = parts::property(schema, key);
    let rest = parts::of(schema, &["additionalProperties", "unevaluatedProperties"]);
    let rest = rest.filter(move |_| named.is_none());
    let patterns = parts::named(schema, "patternProperties").map(|(_, part)| part);
    named.into_iter().chain(patterns).chain(rest)
}

/// Whether a value of the schema may have a secret in it.
fn holds(root: &Schema, schema: &Schema, seen: &mut HashSet<usize>) -> bool {
    seen.insert(address(schema))
        && (has_mark(schema)
            || parts::named(schema, "properties").any(|(name, _)| is_secret_name(name))
            || target(root, schema).is_some_and(|target| holds(root, target, seen))
            || keywords::any(schema, |inner| holds(root, inner, seen)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::secrets::mask_by;

    fn masked(schema: Value, value: Value) -> Value {
        mask_by(&value, schema.as_object().unwrap())
    }

    #[test]
    fn marks_are_found_through_every_keyword() {
        let secret = json!({ "type": "string", "writeOnly": true });
        for (schema, value, expected) in [
            (
                json!({ "properties": { "a": secret } }),
                json!({ "a": "x", "b": 1 }),
                json!({ "a": "[MASKED]", "b": 1 }),
            ),
            (
                json!({ "items": secret }),
                json!(["x", ""]),
                json!(["[MASKED]", ""]),
            ),
            (
                json!({ "prefixItems": [{}, secret] }),
                json!(["x", "y"]),
                json!(["x", "[MASKED]"]),
            ),
            (
                // As tuples are published: what has a place of its own is judged by that.
                json!({
                    "prefixItems": [{ "type": "string" }, secret],
                    "items": { "anyOf": [{ "type": "string" }, secret] },
                }),
                json!(["x", "y", "z"]),
                json!(["x", "[MASKED]", "[MASKED]"]),
            ),
            (
                json!({ "additionalProperties": secret }),
                json!({ "a": "x" }),
                json!({ "a": "[MASKED]" }),
            ),
            (
                json!({ "patternProperties": { "^a": secret } }),
                json!({ "a": "x" }),
                json!({ "a": "[MASKED]" }),
            ),
            (
                json!({ "$ref": "#/$defs/S", "$defs": { "S": secret } }),
                json!("x"),
                json!("[MASKED]"),
            ),
            (
                json!({ "anyOf": [secret, { "type": "null" }] }),
                json!("x"),
                json!("[MASKED]"),
            ),
            (
                json!({ "allOf": [{ "properties": { "a": secret } }] }),
                json!({ "a": "x" }),
                json!({ "a": "[MASKED]" }),
            ),
            (
                json!({ "if": {}, "then": { "properties": { "a": secret } } }),
                json!({ "a": "x" }),
                json!({ "a": "[MASKED]" }),
            ),
        ] {
            assert_eq!(masked(schema.clone(), value), expected, "{schema}");
        }
    }

    #[test]
    fn what_a_secret_was_meant_to_be_is_one() {
        let schema = json!({
            "type": "object",
            "properties": {
                "doors": { "type": "array", "items": { "type": "string", "writeOnly": true } },
                "db": { "type": "object", "properties": { "password": { "type": "string" } } },
                "mode": { "oneOf": [
                    { "const": "open" },
                    { "type": "object", "properties": { "Pin": { "type": "string", "writeOnly": true } } },
                ] },
                "size": { "type": "integer" },
            },
        });
        let given = json!({
            "doors": "sesame", "db": "postgres://me:sesame@db", "mode": "sesame", "size": "big",
            "door": "sesame", "x": 5,
        });
        assert_eq!(
            masked(schema.clone(), given),
            json!({
                "doors": "[MASKED]", "db": "[MASKED]", "mode": "[MASKED]", "size": "big",
                "door": "[MASKED]", "x": 5,
            })
        );
        assert_eq!(
            masked(schema.clone(), json!({ "mode": "open" })),
            json!({ "mode": "open" })
        );
        assert_eq!(masked(schema, json!("sesame")), json!("[MASKED]"));
    }

    #[test]
    fn a_search_that_takes_too_long_is_given_up() {
        let variant = |number: usize| {
            let pin = json!({ "pin": { "type": "string", "writeOnly": true } });
            json!({ "properties": { "kind": { "const": number } }, "anyOf": [{ "properties": pin }] })
        };
        let wide = |width: usize| {
            let variants: Vec<Value> = (0..width).map(variant).collect();
            json!({ "items": { "oneOf": variants } })
        };
        let items = |count| Value::from(vec![json!({ "kind": 1 }); count]);
        assert_eq!(masked(wide(1_000), items(100)), items(100));
        assert_eq!(masked(wide(1_000), items(1_000)), json!("[MASKED]"));
        assert_eq!(masked(wide(1), items(100_000)), items(100_000));
    }

    #[test]
    fn recursive_schemas_end() {
        let schema = json!({
            "type": "object",
            "properties": { "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] }, "pin": { "writeOnly": true } },
        });
        let mut value = json!({ "pin": 1 });
        for _ in 0..100 {
            value = json!({ "next": value, "pin": "9" });
        }
        assert!(!masked(schema, value).to_string().contains(['9', '1']));
    }
}
