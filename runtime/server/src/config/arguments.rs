//! `--set path=value`.

use dagstack_config::{Step, find_key};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::is_slip;

use super::mistake::Mistake;

/// What `--set` says: where, and the text that is to stand there.
pub(super) struct Assignment<'w> {
    path: Vec<Step>,
    pub(super) text: &'w str,
}

impl Assignment<'_> {
    /// The steps in the spelling of the schema; a path that begins with the plugin's own name is read as
    /// messages write it, `tool.sql.limits.rows`.
    pub(super) fn steps(&self, declaration: &Declaration, root: &Place<'_>) -> Vec<Step> {
        let name = [declaration.kind, declaration.name];
        let is_own = |key: &str| root.member(key).is_some();
        let full = self.path.len() > 2
            && self
                .path
                .iter()
                .zip(name)
                .all(|(step, word)| matches!(step, Step::Key(key) if key == word))
            && !is_own(declaration.kind);
        let path = if full { &self.path[2..] } else { &self.path };
        let mut place = Some(root.clone());
        let mut steps = Vec::new();
        for step in path {
            let step = match (step, &place) {
                (Step::Key(word), Some(place)) => {
                    let key = find_key(place.keys(), word);
                    Step::Key(key.unwrap_or(word).to_owned())
                }
                (step, _) => step.clone(),
            };
            place = match &step {
                Step::Key(key) => place.and_then(|place| place.member(key)),
                Step::Item(index) => place.map(|place| place.item(*index)),
            };
            steps.push(step);
        }
        steps
    }
}

/// Reads `limits.rows=5`, `tags[0]=x`, `headers["a.b"]=x`. No message quotes what is behind the `=`.
pub(super) fn parse(words: &str) -> Result<Assignment<'_>, Mistake> {
    let mut path = Vec::new();
    let mut rest = words;
    loop {
        let at = rest.find(['.', '[', '=']).ok_or_else(|| {
            let path = path_of(words);
            Mistake::new(format!("`--set {path}`: it has no `=`"))
                .with_help("write `--set key=value`, for example `--set limits.rows=5`")
        })?;
        let (key, behind) = rest.split_at(at);
        // Behind the bracket of an item, the path goes on without a key.
        if !key.is_empty() || path.is_empty() || !is_after_item(words, rest) {
            if key.is_empty() {
                return Err(unread(words, rest));
            }
            path.push(Step::Key(key.to_owned()));
        }
        rest = behind;
        while let Some(inside) = rest.strip_prefix('[') {
            let (step, behind) = bracket(inside).ok_or_else(|| unread(words, rest))?;
            path.push(step);
            rest = behind;
        }
        if let Some(text) = rest.strip_prefix('=') {
            return Ok(Assignment { path, text });
        }
        rest = rest.strip_prefix('.').ok_or_else(|| unread(words, rest))?;
    }
}

/// What each `--set` says, given to the plugin that it names: `sql.limits.rows=5`, or
/// `tool.sql.limits.rows=5`. A path that names none is the only plugin's.
///
/// # Errors
///
/// One that names none, where there are several.
pub(crate) fn share(
    settings: Vec<String>,
    declarations: &[&'static Declaration],
) -> Result<Vec<Vec<String>>, String> {
    let mut shared = vec![Vec::new(); declarations.len()];
    for words in settings {
        let own = |it: &&'static Declaration| {
            let rest = words
                .strip_prefix(it.kind)
                .and_then(|rest| rest.strip_prefix('.'));
            let rest = rest.unwrap_or(&words).strip_prefix(it.name)?;
            rest.strip_prefix('.').map(str::to_owned)
        };
        let named: Vec<(usize, String)> = declarations
            .iter()
            .enumerate()
            .filter_map(|(at, it)| Some((at, own(it)?)))
            .collect();
        match &named[..] {
            [(at, rest)] => shared[*at].push(rest.clone()),
            [] if declarations.len() == 1 => shared[0].push(words),
            named => {
                let path = path_of(&words);
                let guess = || {
                    let words: Vec<&str> = path.split('.').collect();
                    let (key, rest) = (words.get(..2)?.join("."), words.get(2..)?.join("."));
                    let known = declarations.iter().find(|it| is_slip(&key, &it.key()))?;
                    Some(format!("{}.{rest}", known.key()))
                };
                if let Some(meant) = guess() {
                    return Err(format!(
                        "`--set {path}`: it names no plugin that is served (did you mean `--set {meant}=…`?)"
                    ));
                }
                let (problem, rest) = match named {
                    [] => ("it names no plugin that is served", path),
                    [(_, rest), ..] => ("it names several plugins", path_of(rest)),
                };
                let keys: Vec<String> = declarations.iter().map(|it| it.key()).collect();
                let first = keys.first().map_or("", |key| key);
                return Err(format!(
                    "`--set {path}`: {problem}\nhelp: there are {}; write `--set {first}.{rest}=…`",
                    keys.join(", ")
                ));
            }
        }
    }
    Ok(shared)
}

/// What of the words can be quoted: a path, with no value behind it.
fn path_of(words: &str) -> &str {
    let is_path = |c: char| c.is_alphanumeric() || "_-.[]\"".contains(c);
    let end = words.find(|c| !is_path(c)).unwrap_or(words.len());
    words.get(..end).unwrap_or_default()
}

fn is_after_item(words: &str, rest: &str) -> bool {
    words[..words.len() - rest.len()].ends_with(']')
}

/// `3]` or `"a key"]`, and what follows.
fn bracket(inside: &str) -> Option<(Step, &str)> {
    if inside.starts_with('"') {
        let mut texts = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let key = texts.next()?.ok()?;
        let behind = inside[texts.byte_offset()..].strip_prefix(']')?;
        return Some((Step::Key(key), behind));
    }
    let (index, behind) = inside.split_once(']')?;
    Some((Step::Item(index.parse().ok()?), behind))
}

fn unread(words: &str, rest: &str) -> Mistake {
    let read = &words[..words.len() - rest.len()];
    Mistake::new(format!("`--set {read}…`: the path cannot be read from there on"))
        .with_help("write keys with dots between them and items in brackets: `--set limits.rows=5`, `--set tags[0]=a`, `--set 'headers[\"a.b\"]=c'`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<(String, &str), String> {
        let parsed = parse(words).map_err(|mistake| mistake.to_string());
        parsed.map(|it| (dagstack_config::render("", &it.path), it.text))
    }

    #[test]
    fn paths_are_read_as_messages_write_them() {
        for (words, path, text) in [
            ("a=b", "a", "b"),
            ("a=", "a", ""),
            ("limits.rows=5", "limits.rows", "5"),
            ("a=b.c[0]=d", "a", "b.c[0]=d"),
            ("tags[0]=x", "tags[0]", "x"),
            ("tags[0][12].a=x", "tags[0][12].a", "x"),
            (r#"h["a.b"]=x"#, r#"h["a.b"]"#, "x"),
            (r#"h["a]=\"b"].c=x"#, r#"h["a]=\"b"].c"#, "x"),
        ] {
            assert_eq!(read(words), Ok((path.to_owned(), text)), "{words}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_without_the_value() {
        for words in [
            "", "a", "=x", ".a=x", "a..b=x", "a.=x", "a[=x", "a[x]=y", "a[0]b=y", "[0]=x",
        ] {
            let problem = read(words).unwrap_err();
            assert!(problem.contains("--set"), "{words}: {problem}");
        }
        for words in ["a..b=hunter2", "a:hunter2", "a hunter2", "a.b(hunter2"] {
            assert!(!read(words).unwrap_err().contains("hunter2"), "{words}");
        }
    }
}
