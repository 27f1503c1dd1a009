//! Paths as people write them: `chunker.fixed.items[3].name`.

use std::fmt::Write;

use dagstack_plugin_core::problem::push_key;
use dagstack_plugin_core::secrets::MASKED;

use crate::secrets::SecretPlaces;
use crate::step::Step;

/// `base` and what follows, in writing. `places` are the secrets of the value that the steps are
/// taken in: keys inside one are not shown, unless the schema names them.
pub(crate) fn render(base: &str, steps: &[Step<'_>], places: &SecretPlaces<'_>) -> String {
    let mut path = base.to_owned();
    let secret = places.depth(steps).unwrap_or(steps.len());
    for (depth, step) in steps.iter().enumerate() {
        match step {
            Step::Item(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Given(_) if depth >= secret => {
                path.push('.');
                path.push_str(MASKED);
            }
            Step::Known(key) | Step::Given(key) => push_key(&mut path, key),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn paths_read_as_people_write_them() {
        let places = SecretPlaces::by_names(&Value::Null);
        let render = |base, steps: &[Step<'_>]| render(base, steps, &places);
        let steps = [Step::Known("items"), Step::Item(3), Step::Given("name")];
        assert_eq!(
            render("chunker.fixed", &steps),
            "chunker.fixed.items[3].name"
        );
        let odd = [Step::Given("a.b"), Step::Given(""), Step::Given("größe")];
        assert_eq!(render("x", &odd), r#"x["a.b"][""].größe"#);
    }

    #[test]
    fn keys_inside_a_secret_are_hidden_unless_the_schema_names_them() {
        let steps = [
            Step::Known("credentials"),
            Step::Given("hunter2"),
            Step::Known("user"),
        ];
        let value = serde_json::json!({ "credentials": { "hunter2": { "user": 1 } } });
        let places = SecretPlaces::by_names(&value);
        assert_eq!(render("x", &steps, &places), "x.credentials.[MASKED].user");
        assert!(places.covers(&steps));
        assert!(!places.covers(&[Step::Known("user")]));
    }
}
