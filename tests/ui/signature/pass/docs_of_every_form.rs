//! Descriptions from doc comments of every form.

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Docs;

/// First line.
///
///   Indented by two more.
#[doc = "From an attribute."]
#[doc(hidden)]
#[plugin(kind = "tool", name = "docs")]
impl Docs {
    #[doc = include_str!("docs.txt")]
    /// After.
    #[hook]
    fn included(
        &self,
        /// The text.
        ///
        /// More of it.
        text: String,
        #[doc = "A number."] number: u8,
    ) -> String {
        text.repeat(number.into())
    }

    /** A block. */
    #[hook]
    fn block(&self) {}

    #[hook]
    fn none(&self) {}
}

#[test]
fn they_become_descriptions() {
    let declared = <Docs as dagstack_plugin::Plugin>::declaration();
    assert_eq!(
        declared.description,
        Some("First line.\n\n  Indented by two more.\nFrom an attribute.")
    );
    assert_eq!(
        declared.hooks[0].description,
        Some("From a file.\n\nAfter.")
    );
    assert_eq!(declared.hooks[1].description, Some("A block."));
    assert_eq!(declared.hooks[2].description, None);
    let properties = &declared.hooks[0].schemas().input["properties"];
    assert_eq!(
        properties["text"]["description"],
        "The text.\n\nMore of it."
    );
    assert_eq!(properties["number"]["description"], "A number.");
}
