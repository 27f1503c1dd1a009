//! The file of `--config`, and which part of it is the plugin's.

use std::path::Path;

use dagstack_config::{Format, Node, Origin};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::{did_you_mean, is_slip, suggest};

use super::mistake::Mistake;

/// Reads the plugin's section: the whole file, or what stands under the plugin's name in a file with the
/// sections of several, as that of an executable with a `company` of plugins is. Variables in it are not expanded yet: those of other plugins' need not be set.
pub(super) fn section(
    path: &Path,
    declaration: &Declaration,
    company: &[String],
    root: &Place<'_>,
) -> Result<Option<Node>, Mistake> {
    let tree = dagstack_config::read(path, Format::of_extension(path)).map_err(|error| {
        let mistake = Mistake::new(error.to_string());
        match std::path::absolute(path) {
            Ok(whole) if error.is_not_found() && path.is_relative() => {
                mistake.with_help(format!("it was looked for as `{}`", whole.display()))
            }
            _ => mistake,
        }
    })?;
    match company {
        [] => own(tree, declaration, root)
            .map(Some)
            .map_err(|mistake| mistake.of_file(path)),
        // Its mistakes name the line, too.
        company => of_company(tree, declaration, company).map_err(|mistake| match mistake {
            (mistake, Some(origin)) => mistake.of_origin(&origin),
            (mistake, None) => mistake.of_file(path),
        }),
    }
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

/// The section of one plugin among several, if it is there. Whatever is no plugin's section is a mistake: it
/// would count for nobody.
fn of_company(
    mut tree: Node,
    declaration: &Declaration,
    company: &[String],
) -> Result<Option<Node>, (Mistake, Option<Origin>)> {
    let holds = || format!("this executable holds {}", company.join(", "));
    let is_kind = |kind: &str| {
        company
            .iter()
            .any(|key| key.starts_with(&format!("{kind}.")))
    };
    for (kind, plugins) in tree.as_table().into_iter().flatten() {
        if plugins.as_table().is_none() || (!is_kind(kind) && !is_of_sections(plugins)) {
            let mistake = Mistake::new(format!("`{kind}` stands outside of a section"));
            let first = company.first().map_or("", |key| key);
            let help = format!("write it below a section, such as `[{first}]`; {}", holds());
            return Err((mistake.with_help(help), Some(plugins.origin.clone())));
        }
        for (name, section) in plugins.as_table().into_iter().flatten() {
            let key = format!("{kind}.{name}");
            let is_own = company.contains(&key);
            if is_own && section.as_table().is_none() {
                let mistake = Mistake::new(format!("`{key}`: it is no section"))
                    .with_help(format!("write `[{key}]`, and keys below it"));
                return Err((mistake, Some(section.origin.clone())));
            }
            let keys = company.iter().map(String::as_str);
            if !is_own && let Some(meant) = suggest(&key, keys.filter(|it| is_slip(&key, it))) {
                let guess = did_you_mean(Some(format!("[{meant}]")));
                let mistake = Mistake::new(format!("`[{key}]` is no plugin's section{guess}"));
                return Err((mistake.with_help(holds()), Some(section.origin.clone())));
            }
        }
    }
    let found = sections(&tree);
    if !found.is_empty() && !found.iter().any(|key| company.contains(key)) {
        let mistake = Mistake::new("no section of a plugin of this executable");
        return Err((mistake.with_help(holds()), None));
    }
    let plugins = tree.take(declaration.kind);
    Ok(plugins.and_then(|mut plugins| plugins.take(declaration.name)))
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
