//! Variables that set keys: `SQL_DATABASE`, `SQL_LIMITS__ROWS`.
//!
//! Other programs have variables too, and some begin alike. A variable is the plugin's where its first
//! key is one that the schema has by name. Any other is somebody else's business, unless it is a slip of
//! the pen away from one of the plugin's that is not set: then it is a mistake. Whoever sets both means
//! both.

use std::ffi::OsString;

use dagstack_config::{Node, Step, find_key, spell};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::{is_slip, suggest};

use super::mistake::Mistake;
use super::{keys, prefix, variable};

/// A variable that sets a key.
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    pub(super) text: String,
}

/// What the environment has for a plugin.
#[derive(Default)]
pub(super) struct Found {
    /// Those for outer keys first.
    pub(super) variables: Vec<Variable>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) warnings: Vec<String>,
}

/// The variables of a plugin. An empty one is as good as unset. Keys of free-form maps are spelt as in
/// `tree`, else in lower case.
pub(super) fn find(
    declaration: &Declaration,
    root: &Place<'_>,
    tree: &Node,
    environment: &[(OsString, OsString)],
) -> Found {
    let mut found = Found::default();
    let prefix = prefix(declaration);
    let mut suspects = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|_| !value.is_empty()) else {
            continue;
        };
        let Some(rest) = name.strip_prefix(&prefix).filter(|rest| !rest.is_empty()) else {
            continue;
        };
        let words: Vec<&str> = rest.split("__").collect();
        if words.len() > 1 && words.contains(&"") && named(Some(root), &words[..1]).is_some() {
            let line = format!("variable `{name}`: a `__` in it has no key behind or before it");
            let mistake = Mistake::new(line).with_help("write one key on each side of `__`");
            found.mistakes.push(mistake.by_environment());
            continue;
        }
        let Some(steps) = steps_of(root, tree, &words) else {
            if let Some(meant) = nearly(root, rest) {
                suspects.push((name, meant));
            }
            continue;
        };
        if let Some(text) = value.to_str() {
            let (name, text) = (name.to_owned(), text.to_owned());
            found.variables.push(Variable { name, steps, text });
        } else {
            let line = format!("variable `{name}`: its value is not UTF-8");
            found.mistakes.push(Mistake::new(line).by_environment());
        }
    }
    let order = |it: &Variable| (it.steps.len(), it.name.clone());
    found.variables.sort_by_key(order);
    let mut by_key: Vec<&Variable> = found.variables.iter().collect();
    by_key.sort_by_key(|it| dagstack_config::render("", &it.steps));
    for pair in by_key
        .windows(2)
        .filter(|pair| pair[0].steps == pair[1].steps)
    {
        let path = dagstack_config::render(&declaration.key(), &pair[0].steps);
        let line = format!(
            "`{path}`: two variables set it: `{}` and `{}`",
            pair[0].name, pair[1].name
        );
        let mistake = Mistake::new(line).with_help("keep one of them");
        found.mistakes.push(mistake.by_environment());
    }
    for (name, meant) in suspects {
        let (key, variable) = (declaration.key(), variable(declaration, &meant));
        let words =
            format!("variable `{name}`: it sets no key of `{key}` (did you mean `{variable}`?)");
        if found.variables.iter().any(|it| it.steps == meant) {
            found.warnings.push(format!("{words}; it is ignored"));
            continue;
        }
        let help = format!(
            "rename or unset it; if it is another program's, start this one with `{name}=` (empty)"
        );
        let path = dagstack_config::render(&key, &meant);
        let mistake = Mistake::new(words).with_help(help).about(path);
        found.mistakes.push(mistake.by_environment());
    }
    found
}

/// Where the words of a variable's name lead; `None` where the first means no key with a name.
fn steps_of(root: &Place<'_>, tree: &Node, words: &[&str]) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut place, mut words) = (Some(root.clone()), words);
    while !words.is_empty() {
        let named = named(place.as_ref(), words);
        let (key, count) = match named {
            Some(found) => found,
            None if steps.is_empty() || words.iter().any(|word| word.is_empty()) => return None,
            None => {
                let known = tree.at(&steps).and_then(Node::as_table);
                let known = known.into_iter().flatten().map(|(key, _)| key.as_str());
                let spelt = find_key(known, words[0]).map(str::to_owned);
                (spelt.unwrap_or_else(|| words[0].to_lowercase()), 1)
            }
        };
        place = place.and_then(|place| place.member(&key));
        steps.push(Step::Key(key));
        words = &words[count..];
    }
    Some(steps)
}

/// The key with a name that the first words mean, and how many they are: a key may hold two underscores
/// itself.
fn named(place: Option<&Place<'_>>, words: &[&str]) -> Option<(String, usize)> {
    let keys = place?.keys();
    let counts = (1..=words.len()).rev();
    let mut found = counts.filter_map(|count| {
        let key = find_key(keys.iter().copied(), &words[..count].join("__"))?;
        Some((key.to_owned(), count))
    });
    found.next()
}

/// The key that the rest of a variable's name is a slip away from.
fn nearly(root: &Place<'_>, rest: &str) -> Option<Vec<Step>> {
    let rest = spell(rest);
    let keys = keys(root);
    // Those of tables, too, which a variable may set as a whole.
    let all = keys.iter().flat_map(|key| {
        let depths = 1..=key.steps.len();
        depths.filter_map(|depth| key.steps.get(..depth))
    });
    let all: Vec<&[Step]> = all.collect();
    let names = all.iter().map(|steps| {
        let words = steps.iter().filter_map(|step| match step {
            Step::Key(key) => Some(spell(key)),
            Step::Item(_) => None,
        });
        words.collect::<Vec<_>>().join("__")
    });
    let names: Vec<String> = names.collect();
    let near = names.iter().map(String::as_str);
    let meant = suggest(&rest, near.filter(|name| is_slip(&rest, name)))?;
    let at = names.iter().position(|name| name == meant)?;
    all.get(at).map(|steps| steps.to_vec())
}
