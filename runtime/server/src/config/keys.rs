//! The keys of a config, by its schema, and the variables that set them.

use dagstack_config::{Step, spell};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::secrets::{MASKED, says_nothing};
use serde_json::Value;

/// Deeper keys are not listed: types may refer to themselves.
const DEPTH: usize = 5;

/// A key that holds a value, and no keys that have names.
#[derive(Clone, Debug)]
pub(crate) struct Key<'s> {
    pub(crate) steps: Vec<Step>,
    pub(crate) place: Place<'s>,
    pub(crate) is_required: bool,
    default: Option<Value>,
}

impl Key<'_> {
    /// The default as JSON, a secret's masked; `None` where there is none to show.
    pub(crate) fn default(&self) -> Option<String> {
        let default = self.default.as_ref().filter(|it| !it.is_null())?;
        Some(match self.place.is_secret() && !says_nothing(default) {
            true => MASKED.to_owned(),
            false => default.to_string(),
        })
    }
}

/// Every key that there is to set, those in tables by their whole path.
pub(crate) fn keys<'s>(root: &Place<'s>) -> Vec<Key<'s>> {
    let mut keys = Vec::new();
    let whole = Key {
        steps: Vec::new(),
        place: root.clone(),
        is_required: true,
        default: None,
    };
    add(&whole, &mut keys);
    keys
}

fn add<'s>(table: &Key<'s>, out: &mut Vec<Key<'s>>) {
    for name in table.place.keys() {
        let Some(place) = table.place.member(name) else {
            continue;
        };
        let of_table = || table.default.as_ref()?.get(name).cloned();
        let key = Key {
            steps: [table.steps.as_slice(), &[Step::Key(name.to_owned())]].concat(),
            is_required: table.is_required && table.place.requires(name),
            default: place.default().cloned().or_else(of_table),
            place,
        };
        match key.place.keys().is_empty() || key.steps.len() >= DEPTH {
            true => out.push(key),
            false => add(&key, out),
        }
    }
}

/// What the variables of a plugin begin with.
pub(crate) fn prefix(declaration: &Declaration) -> String {
    format!("{}_", spell(declaration.name))
}

/// The variable that sets what stands at the end of some steps. An item has none: its list does.
pub(crate) fn variable(declaration: &Declaration, steps: &[Step]) -> String {
    let keys = steps.iter().map_while(|step| match step {
        Step::Key(key) => Some(spell(key)),
        Step::Item(_) => None,
    });
    prefix(declaration) + &keys.collect::<Vec<_>>().join("__")
}
