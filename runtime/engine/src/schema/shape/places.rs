//! A schema made into places.

use std::collections::HashMap;

use serde_json::Value;

use super::{Id, Kinds, Place};
use crate::schema::parts::{self, address};
use dagstack_plugin_core::schema::Schema;

/// More places than this are not looked for.
pub(super) const LIMIT: usize = 2000;

/// The places of the values of a schema; the first is that of the whole value.
pub(super) fn of(schema: &Schema) -> Vec<Place> {
    let mut builder = Builder {
        root: schema,
        known: HashMap::new(),
        places: Vec::new(),
    };
    builder.place(vec![schema], false);
    builder.places
}

/// A schema being read.
struct Builder<'s> {
    root: &'s Schema,
    /// By the addresses of all forms.
    known: HashMap<Vec<usize>, Id>,
    places: Vec<Place>,
}

impl<'s> Builder<'s> {
    /// The place where a value of any of these forms may stand, or with `any`, anything.
    fn place(&mut self, schemas: Vec<&'s Schema>, any: bool) -> Id {
        let mut forms = Vec::new();
        for schema in schemas {
            parts::add_forms(self.root, schema, &mut forms);
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
        place.is_odd |= place.kinds == Kinds::NULL;
        self.places.push(Place::default());
        if at < LIMIT {
            self.add_members(&forms, &mut place);
            self.add_items(&forms, &mut place);
        }
        self.places[at] = place;
        at
    }

    fn add_members(&mut self, forms: &[&'s Schema], place: &mut Place) {
        let named = forms
            .iter()
            .flat_map(|form| parts::named(form, "properties"));
        for (name, _) in named {
            if !place.keys.contains_key(name) {
                // Where one form names the key, what another says of all others is not meant.
                let wanted = forms.iter().filter_map(|form| parts::property(form, name));
                if let Some(at) = self.inner(wanted.collect()) {
                    place.keys.insert(name.clone(), at);
                }
            }
        }
        place.others = self.inner(forms.iter().flat_map(|form| parts::others(form)).collect());
    }

    fn add_items(&mut self, forms: &[&'s Schema], place: &mut Place) {
        let wanted = |index| forms.iter().flat_map(move |form| parts::item(form, index));
        let count = forms
            .iter()
            .map(|form| parts::list(form, "prefixItems").len());
        for index in 0..count.max().unwrap_or(0) {
            // Where no form has anything to say, there is a place of nothing.
            let at = self.inner(wanted(index).collect());
            place
                .first
                .push(at.unwrap_or_else(|| self.place(Vec::new(), false)));
        }
        place.items = self.inner(wanted(usize::MAX).collect());
    }

    /// The place of these schemas; `None` if there is none.
    fn inner(&mut self, schemas: Vec<&'s Value>) -> Option<Id> {
        let any = schemas.contains(&&Value::Bool(true));
        let objects: Vec<_> = schemas.into_iter().filter_map(Value::as_object).collect();
        (any || !objects.is_empty()).then(|| self.place(objects, any))
    }
}

/// Whether the schema may be that of a struct: of a map, it would say what its values are.
fn is_struct(schema: &Schema) -> bool {
    let is_map = parts::others(schema).any(|others| *others != Value::Bool(false));
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
    parts::values(schema).any(Value::is_string)
}
