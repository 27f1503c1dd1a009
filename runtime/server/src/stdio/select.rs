//! `--only` and `--plugin`: which of the executable's plugins are meant.

use super::options::Selection;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::registration::Registration;
use dagstack_plugin_core::{did_you_mean, suggest};

/// Those of `all` that are meant, in the order of `main!`.
pub(super) fn select(
    all: Vec<Registration>,
    selection: &Selection,
) -> Result<Vec<Registration>, String> {
    for (at, plugin) in all.iter().enumerate() {
        let key = plugin.declaration().key();
        if all
            .iter()
            .skip(at + 1)
            .any(|it| it.declaration().key() == key)
        {
            return Err(format!(
                "two plugins of this executable are `{key}`\nhelp: rename one of them, or leave it out of `main!`"
            ));
        }
    }
    let words: &[String] = match selection {
        Selection::All => return Ok(all),
        Selection::Only(words) => words,
        Selection::Plugin(key) => std::slice::from_ref(key),
    };
    let declared: Vec<&Declaration> = all.iter().map(Registration::declaration).collect();
    let is_exact = matches!(selection, Selection::Plugin(_));
    let mut meant = vec![false; all.len()];
    for word in words {
        let fits = |it: &Declaration| it.key() == *word || (!is_exact && it.name == word);
        let found: Vec<usize> = (0..declared.len())
            .filter(|&at| fits(declared[at]))
            .collect();
        match found[..] {
            [only] => meant[only] = true,
            [] => return Err(unknown(word, is_exact, &declared)),
            _ => {
                let keys = found.iter().map(|&at| declared[at].key());
                let keys: Vec<String> = keys.collect();
                return Err(format!(
                    "`--only {word}`: several plugins have this name; say which: {}",
                    keys.join(", ")
                ));
            }
        }
    }
    let meant = all.into_iter().zip(meant);
    Ok(meant.filter(|(_, it)| *it).map(|(it, _)| it).collect())
}

fn unknown(word: &str, is_exact: bool, declared: &[&Declaration]) -> String {
    let option = if is_exact { "--plugin" } else { "--only" };
    let keys: Vec<String> = declared.iter().map(|it| it.key()).collect();
    let names = declared.iter().map(|it| it.name);
    // A name alone leads to its key, too.
    let by_name = declared
        .iter()
        .position(|it| Some(it.name) == suggest(word, names.clone()));
    let guess =
        suggest(word, keys.iter().map(String::as_str)).or_else(|| by_name.map(|at| &*keys[at]));
    let guess = did_you_mean(guess);
    format!(
        "`{option} {word}`: no such plugin{guess}; there are: {}",
        keys.join(", ")
    )
}

/// Why a plugin has to be named, where only one will do.
pub(super) fn several<'a>(declared: impl IntoIterator<Item = &'a Declaration>) -> String {
    let keys: Vec<String> = declared.into_iter().map(Declaration::key).collect();
    let example = keys.first().map_or("", |key| key);
    format!(
        "this executable holds several plugins, {}; say which by `--plugin`, as in `--plugin {example}`",
        keys.join(", ")
    )
}
