//! The file of `--config`, and which part of it is the plugin's.

use std::path::Path;

use dagstack_config::{Format, Node, Origin};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::{did_you_mean, suggest};

use super::mistake::Mistake;

/// Reads the plugin's section: the whole file, or what stands under the plugin's name in a file with the
/// sections of several, as that of an executable with a `company` of plugins is. Variables in it are not expanded yet: those of other plugins' need not be set.
pub(super) fn section(
    path: &Path,
    declaration: &Declaration,
    company: &[String],
    root: &Place<'_>,
) -> Result<Node, Mistake> {
    let tree = dagstack_config::read(path, Format::of_extension(path)).map_err(|error| {
        let mistake = Mistake::new(error.to_string());
        match std::path::absolute(path) {
            Ok(whole) if error.is_not_found() && path.is_relative() => {
                mistake.with_help(format!("it was looked for as `{}`", whole.display()))
            }
            _ => mistake,
        }
    })?;
    let own = match company {
        [] => own(tree, declaration, root),
        company => of_company(tree, declaration, company),
    };
    own.map_err(|mistake| mistake.of_file(path))
}

/// `[kind.name]` of a host's file, unless the plugin itself has a key like its kind.
fn own(mut tree: Node, declaration: &Declaration, root: &Place<'_>) -> Result<Node, Mistake> {
    let (kind, name) = (declaration.kind, declaration.name);
    let keys = root.keys();
    let is_own = |key: &str| keys.contains(&key);
    if is_own(kind) {
        return Ok(tree);
    }
    let outside: Vec<_> = members(&tree).filter(|key| is_own(key)).collect();
    let plugins = tree.get(kind);
    if plugins
        .and_then(|plugins| plugins.get(name))
        .is_some_and(|it| it.as_table().is_some())
    {
        if !outside.is_empty() {
            return Err(Mistake::new(format!(
                "`{}` stands outside of its section `[{kind}.{name}]`",
                outside.join("`, `")
            ))
            .with_help(format!(
                "write all keys under `[{kind}.{name}]`, or all of them without it"
            )));
        }
        let section = tree.take(kind).and_then(|mut plugins| plugins.take(name));
        return Ok(section.unwrap_or(tree));
    }
    if !outside.is_empty() || root.is_open() || !is_of_sections(&tree) {
        return Ok(tree);
    }
    let sections = sections(&tree);
    let wanted = format!("{kind}.{name}");
    let meant = suggest(&wanted, sections.iter().map(String::as_str));
    let guess = did_you_mean(meant.map(|section| format!("[{section}]")));
    let mistake = Mistake::new(format!("no section `[{wanted}]`{guess}"));
    let have: Vec<_> = sections
        .iter()
        .take(5)
        .map(|it| format!("`[{it}]`"))
        .collect();
    let more = if sections.len() > have.len() {
        ", …"
    } else {
        ""
    };
    Err(mistake.with_help(format!(
        "it has {}{more}; add `[{wanted}]`, or start without `--config`",
        have.join(", ")
    )))
}

/// The section of one plugin among several; without it, the config is empty. A section that nobody has
/// and whose name is nearly this plugin's is a mistake.
fn of_company(
    mut tree: Node,
    declaration: &Declaration,
    company: &[String],
) -> Result<Node, Mistake> {
    let (kind, name) = (declaration.kind, declaration.name);
    let others = sections(&tree);
    if let Some(section) = tree.take(kind).and_then(|mut plugins| plugins.take(name)) {
        return Ok(section);
    }
    let others = others.iter().filter(|it| !company.contains(it));
    match suggest(&declaration.key(), others.map(String::as_str)) {
        None => Ok(Node::empty(Origin::Argument("the config".into()))),
        Some(other) => Err(Mistake::new(format!(
            "no section `[{kind}.{name}]` (did you mean it by `[{other}]`?)"
        ))
        .with_help(format!(
            "rename the section; this executable holds {}",
            company.join(", ")
        ))),
    }
}

/// The tables of tables, as `kind.name`.
fn sections(tree: &Node) -> Vec<String> {
    let kinds = members(tree).flat_map(|kind| {
        let plugins = tree.get(kind).and_then(Node::as_table);
        let plugins = plugins.into_iter().flatten();
        let tables = plugins.filter(|(_, node)| node.as_table().is_some());
        tables.map(move |(name, _)| format!("{kind}.{name}"))
    });
    kinds.collect()
}

fn members(node: &Node) -> impl Iterator<Item = &str> {
    let members = node.as_table().into_iter().flatten();
    members.map(|(key, _)| key.as_str())
}

/// Whether everything in a file that is not empty looks like sections of plugins: tables of tables.
fn is_of_sections(tree: &Node) -> bool {
    let tables = |node: &Node| {
        let members = node.as_table()?;
        let mut inner = members.values();
        Some(!members.is_empty() && inner.all(|node| node.as_table().is_some()))
    };
    let mut kinds = tree.as_table().into_iter().flatten().peekable();
    kinds.peek().is_some() && kinds.all(|(_, node)| tables(node) == Some(true))
}
