//! What stands where in the values of a schema, as far as decoding alone does not decide it rightly.
//!
//! Serde takes a struct from an array too, and a variant by its number or from an object; an integer
//! it takes only without a fraction in writing, though JSON Schema says that `5.0` is one. These are
//! questions about the places of a value: a [`Shape`] is the schema made ready to answer them fast.
//! Where a value may have several forms, all of them are looked at as one, so an answer says what
//! *may* be there.

mod integers;
mod odd;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::{Schema, target};

/// More places than this are not told apart.
const LIMIT: usize = 2000;

/// A schema's places; the first is that of the whole value.
#[derive(Debug)]
pub(crate) struct Shape {
    places: Vec<Place>,
    is_deep: bool,
}

/// The number of a place.
type At = usize;

#[derive(Debug, Default)]
struct Place {
    /// The kinds of values that may stand here.
    kinds: Kinds,
    /// A struct may stand here.
    is_struct: bool,
    /// Serde takes a value of another kind for what may stand here: a struct, a variant.
    is_odd: bool,
    /// Objects here have no keys but those named.
    is_closed: bool,
    keys: BTreeMap<String, At>,
    others: Option<At>,
    first: Vec<At>,
    items: Option<At>,
    /// What is odd, an integer, may stand here or below.
    holds_odd: bool,
    holds_integers: bool,
}

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const NULL: Self = Self(1);
    const BOOLEAN: Self = Self(2);
    const INTEGER: Self = Self(4);
    /// A number that is no integer.
    const FRACTION: Self = Self(8);
    const STRING: Self = Self(16);
    const ARRAY: Self = Self(32);
    const OBJECT: Self = Self(64);
    const ANY: Self = Self(127);

    fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 == kinds.0
    }

    fn add(&mut self, kinds: Self) {
        self.0 |= kinds.0;
    }

    /// The kinds that a schema names itself.
    fn of(schema: &Schema) -> Self {
        let mut kinds = Self::default();
        match schema.get("type") {
            Some(Value::Array(names)) => {
                names.iter().for_each(|name| kinds.add(Self::named(name)));
            }
            Some(name) => kinds.add(Self::named(name)),
            None => {
                let listed = schema.get("enum").and_then(Value::as_array);
                let values = schema.get("const").into_iter();
                for value in values.chain(listed.into_iter().flatten()) {
                    kinds.add(Self::of_value(value));
                }
                if schema.contains_key("properties") {
                    kinds.add(Self::OBJECT);
                }
                if is_free(schema) {
                    kinds = Self::ANY;
                }
            }
        }
        kinds
    }

    fn named(name: &Value) -> Self {
        match name.as_str() {
            Some("null") => Self::NULL,
            Some("boolean") => Self::BOOLEAN,
            Some("integer") => Self::INTEGER,
            Some("number") => Self(Self::INTEGER.0 | Self::FRACTION.0),
            Some("string") => Self::STRING,
            Some("array") => Self::ARRAY,
            Some("object") => Self::OBJECT,
            _ => Self::ANY,
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() => Self::FRACTION,
            Value::Number(_) => Self::INTEGER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }
}

impl Shape {
    /// Of the values of a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut reading = Reading {
            root: schema,
            known: HashMap::new(),
            places: Vec::new(),
        };
        reading.place(vec![schema], false);
        let Reading { mut places, .. } = reading;
        let is_deep = places.iter().any(|place| place.kinds == Kinds::ANY) || is_cyclic(&places);
        settle(&mut places);
        Self { places, is_deep }
    }

    /// Whether its values may nest as deep as their author likes.
    pub(crate) fn is_deep(&self) -> bool {
        self.is_deep
    }

    /// Whether serde takes other values, too, for what stands inside.
    pub(crate) fn is_odd(&self) -> bool {
        self.places[0].inside().any(|at| self.places[at].holds_odd)
    }
}

impl Place {
    fn at_key(&self, key: &str) -> Option<At> {
        self.keys.get(key).copied().or(self.others)
    }

    fn at_index(&self, index: usize) -> Option<At> {
        self.first.get(index).copied().or(self.items)
    }

    fn inside(&self) -> impl Iterator<Item = At> {
        let named = self.keys.values().chain(&self.first);
        named.copied().chain(self.others).chain(self.items)
    }
}

/// Says of each place what is below it.
fn settle(places: &mut [Place]) {
    for place in places.iter_mut() {
        place.holds_odd = place.is_odd;
        place.holds_integers = place.kinds.has(Kinds::INTEGER);
    }
    let mut changes = true;
    while changes {
        changes = false;
        for at in 0..places.len() {
            let below: Vec<At> = places[at].inside().collect();
            let odd = below.iter().any(|at| places[*at].holds_odd);
            let integers = below.iter().any(|at| places[*at].holds_integers);
            let place = &mut places[at];
            changes |= (odd && !place.holds_odd) || (integers && !place.holds_integers);
            place.holds_odd |= odd;
            place.holds_integers |= integers;
        }
    }
}

/// Whether a place is below itself.
fn is_cyclic(places: &[Place]) -> bool {
    // Places that have only ended ones below end too.
    let mut ends = vec![false; places.len()];
    loop {
        let mut changes = false;
        for (at, place) in places.iter().enumerate() {
            if !ends[at] && place.inside().all(|at| ends[at]) {
                ends[at] = true;
                changes = true;
            }
        }
        if !changes {
            return ends.contains(&false);
        }
    }
}

/// A schema being read.
struct Reading<'s> {
    root: &'s Schema,
    /// By the addresses of all forms.
    known: HashMap<Vec<usize>, At>,
    places: Vec<Place>,
}

impl<'s> Reading<'s> {
    /// The place where a value of any of these forms may stand, or with `any`, anything.
    fn place(&mut self, schemas: Vec<&'s Schema>, any: bool) -> At {
        let mut forms = Vec::new();
        for schema in schemas {
            self.add_forms(schema, &mut forms);
        }
        let mut key: Vec<usize> = forms.iter().map(|form| address(*form)).collect();
        key.sort_unstable();
        key.push(usize::from(any));
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let at = self.places.len();
        self.known.insert(key, at);
        let mut place = Place::default();
        if any {
            place.kinds = Kinds::ANY;
        }
        let mut objects = forms
            .iter()
            .filter(|form| Kinds::of(form).has(Kinds::OBJECT));
        place.is_closed = objects.all(|form| is_closed(form));
        for form in &forms {
            place.kinds.add(Kinds::of(form));
            place.is_struct |= is_struct(form);
            place.is_odd |= is_struct(form) || lists_texts(form);
        }
        self.places.push(Place::default());
        if at < LIMIT {
            self.add_members(&forms, &mut place);
            self.add_items(&forms, &mut place);
        } else {
            // What is below is not known: anything may be.
            place.kinds = Kinds::ANY;
        }
        self.places[at] = place;
        at
    }

    fn add_members(&mut self, forms: &[&'s Schema], place: &mut Place) {
        let mut names: Vec<&'s String> = Vec::new();
        for form in forms {
            let properties = form.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flat_map(Map::keys));
        }
        for name in names {
            if !place.keys.contains_key(name) {
                // Where one form names the key, what another says of all others is not meant.
                let wanted = forms
                    .iter()
                    .filter_map(|form| form.get("properties")?.get(name));
                if let Some(at) = self.inner(wanted.collect()) {
                    place.keys.insert(name.clone(), at);
                }
            }
        }
        place.others = self.inner(forms.iter().flat_map(|form| others(form)).collect());
    }

    fn add_items(&mut self, forms: &[&'s Schema], place: &mut Place) {
        let first = |form: &&'s Schema| form.get("prefixItems").and_then(Value::as_array);
        let rest = |form: &&'s Schema| {
            ["items", "unevaluatedItems"]
                .into_iter()
                .filter_map(|keyword| form.get(keyword))
                .collect::<Vec<_>>()
        };
        let count = forms.iter().filter_map(first).map(Vec::len).max();
        for index in 0..count.unwrap_or(0) {
            let wanted = forms.iter().flat_map(|form| {
                match first(form).and_then(|first| first.get(index)) {
                    Some(named) => vec![named],
                    None => rest(form),
                }
            });
            let wanted = wanted.collect();
            // Nothing else may be where none of the forms has anything to say.
            let at = self.inner(wanted);
            place.first.extend(at);
        }
        place.items = self.inner(forms.iter().flat_map(rest).collect());
    }

    /// The place of these schemas; `None` if there is none.
    fn inner(&mut self, schemas: Vec<&'s Value>) -> Option<At> {
        let any = schemas.contains(&&Value::Bool(true));
        let objects: Vec<_> = schemas.into_iter().filter_map(Value::as_object).collect();
        (any || !objects.is_empty()).then(|| self.place(objects, any))
    }

    /// A schema and all that it refers to for the same value.
    fn add_forms(&self, schema: &'s Schema, forms: &mut Vec<&'s Schema>) {
        if forms.iter().any(|form| std::ptr::eq(*form, schema)) {
            return;
        }
        forms.push(schema);
        if let Some(target) = target(self.root, schema) {
            self.add_forms(target, forms);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get(keyword).and_then(Value::as_array);
            for part in parts.into_iter().flatten().filter_map(Value::as_object) {
                self.add_forms(part, forms);
            }
        }
    }
}

/// Whether the schema may be that of a struct: of a map, it would say what its values are.
fn is_struct(schema: &Schema) -> bool {
    let is_map = others(schema)
        .iter()
        .any(|others| **others != Value::Bool(false));
    Kinds::of(schema).has(Kinds::OBJECT)
        && Kinds::of(schema) != Kinds::ANY
        && (schema.contains_key("properties") || !is_map)
}

/// Whether an object has no keys but those that the schema names.
fn is_closed(schema: &Schema) -> bool {
    let closing = ["additionalProperties", "unevaluatedProperties"];
    closing
        .iter()
        .any(|keyword| schema.get(*keyword) == Some(&Value::Bool(false)))
}

/// Whether the schema is that of variants without fields, or the tag of one with.
fn lists_texts(schema: &Schema) -> bool {
    let listed = schema.get("enum").and_then(Value::as_array);
    let mut values = schema
        .get("const")
        .into_iter()
        .chain(listed.into_iter().flatten());
    values.any(Value::is_string)
}

/// Whether the schema takes anything, as far as it says itself.
fn is_free(schema: &Schema) -> bool {
    const SAYS: [&str; 9] = [
        "$ref",
        "allOf",
        "anyOf",
        "const",
        "enum",
        "not",
        "oneOf",
        "properties",
        "type",
    ];
    SAYS.iter().all(|keyword| !schema.contains_key(*keyword))
}

/// The schemas of the keys that the schema does not name.
fn others(schema: &Schema) -> Vec<&Value> {
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let rest = ["additionalProperties", "unevaluatedProperties"];
    let patterns = patterns.into_iter().flat_map(Map::values);
    patterns
        .chain(rest.iter().filter_map(|keyword| schema.get(*keyword)))
        .collect()
}

fn address<T>(place: &T) -> usize {
    std::ptr::from_ref(place) as usize
}
