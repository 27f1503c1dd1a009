//! What stands in a document beside the manifest.

use super::fields::{Fields, Problems};
use super::node::Node;

/// Keys that a package's own file has as well.
const COMMON: [&str; 8] = [
    "name",
    "version",
    "description",
    "authors",
    "license",
    "homepage",
    "maintainer",
    "metadata",
];

/// What stands in a document beside the manifest: the affair of others, as of a package's own tools,
/// unless it looks like a key of the manifest that went astray.
pub(super) struct Outside<'a> {
    pub(super) is_json: bool,
    /// Where the manifest is.
    pub(super) key: &'a str,
}

impl Outside<'_> {
    pub(super) fn look(
        &self,
        root: &Node,
        fields: &Fields<'_>,
        warnings: &mut Vec<String>,
        problems: &mut Problems,
    ) {
        let table = match self.is_json {
            true => format!("`{}`; move it into that object", self.key),
            false => format!("`[{}]`; move it into that table", self.key),
        };
        let shapes = ["plugin", "dagstack", "tool"];
        let others = root.table().into_iter().flatten();
        for (name, node) in others.filter(|(name, _)| !shapes.contains(&&**name)) {
            let Some(known) = fields.meant_by(name) else {
                continue;
            };
            if fields.lacks(known) && ["name", "kind", "core_version", "runtime"].contains(&known) {
                problems.at(&**name, node.line, format!("found a key outside {table}"));
            } else if !(self.is_json && COMMON.contains(&known)) {
                warnings.push(format!("`{name}` is not read, it stands outside {table}"));
            }
        }
    }
}
