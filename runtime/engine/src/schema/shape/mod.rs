//! What stands where in the values of a schema, as far as decoding alone does not decide it rightly.
//!
//! Serde takes a struct from an array too, and a variant by its number or from an object; an integer
//! it takes only without a fraction in writing, though JSON Schema says that `5.0` is one. These are
//! questions about the places of a value: a [`Shape`] is the schema made ready to answer them fast.
//! Where a value may have several forms, all of them are looked at as one, so an answer says what
//! *may* be there.

mod integers;
mod odd;
mod places;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::kinds::Kinds;
use dagstack_plugin_core::schema::Schema;
pub(crate) use integers::Wanted;

/// A schema's places; the first is that of the whole value.
#[derive(Debug)]
pub(crate) struct Shape {
    places: Vec<Place>,
    is_deep: bool,
    is_odd: bool,
    holds_integers: bool,
    /// There are too many places: what is below the last ones is not known.
    is_cut: bool,
}

/// The number of a place.
type Id = usize;

#[derive(Debug, Default)]
struct Place {
    /// The kinds of values that may stand here.
    kinds: Kinds,
    /// A struct may stand here.
    is_struct: bool,
    /// Serde takes a value of another kind for what may stand here: a struct, a variant, a unit.
    is_odd: bool,
    /// Objects here have no keys but those named.
    is_closed: bool,
    keys: BTreeMap<String, Id>,
    others: Option<Id>,
    first: Vec<Id>,
    items: Option<Id>,
    /// What is odd, an integer, may stand here or below.
    holds_odd: bool,
    holds_integers: bool,
}

impl Shape {
    /// Of the values of a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut places = places::of(schema);
        let is_cut = places.len() > places::LIMIT;
        let is_free = |place: &Place| place.kinds == Kinds::ANY;
        let is_deep = is_cut || places.iter().any(is_free) || is_cyclic(&places);
        settle(&mut places);
        let inside = |what: fn(&Place) -> bool| {
            let mut inside = places.first().into_iter().flat_map(Place::inside);
            is_cut || inside.any(|at| what(&places[at]))
        };
        Self {
            is_odd: inside(|place| place.holds_odd),
            holds_integers: inside(|place| place.holds_integers),
            places,
            is_deep,
            is_cut,
        }
    }

    /// Whether its values may nest as deep as their author likes.
    pub(crate) fn is_deep(&self) -> bool {
        self.is_deep
    }

    /// Whether serde takes other values, too, for what stands inside.
    pub(crate) fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Whether there are integers among them.
    pub(crate) fn holds_integers(&self) -> bool {
        self.holds_integers
    }
}

impl Place {
    fn at_key(&self, key: &str) -> Option<Id> {
        self.keys.get(key).copied().or(self.others)
    }

    fn at_index(&self, index: usize) -> Option<Id> {
        self.first.get(index).copied().or(self.items)
    }

    fn inside(&self) -> impl Iterator<Item = Id> {
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
            let below: Vec<Id> = places[at].inside().collect();
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
    // A place ends where all below it do.
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
