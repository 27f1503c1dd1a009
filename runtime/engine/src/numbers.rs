//! Values with their integers written as serde takes them, where the schema wants some.

use dagstack_plugin_core::encode::nesting::{MAX_NESTING, value_is_deeper};
use dagstack_plugin_core::numbers::of_text;
use dagstack_plugin_core::schema::Schema;
use serde_json::Value;

use crate::schema::{Shape, Wanted};

/// A value that did not decode, if there are such numbers in it: where the schema wants an integer, or
/// `everywhere` but where it takes any value whatever.
#[cold]
pub(crate) fn respelt(value: &Value, schema: &Schema, everywhere: bool) -> Option<Value> {
    if value_is_deeper(value, MAX_NESTING) {
        return None;
    }
    let shape = Shape::of(schema);
    of_text(&value.to_string(), Wanted::of(&shape, everywhere))
}
