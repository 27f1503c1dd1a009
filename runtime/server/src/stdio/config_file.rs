//! The file of `--config`.

use std::path::Path;

use serde_json::Value;

use dagstack_plugin_core::declaration::Declaration;

/// Reads the plugin's section, TOML or JSON by its content: the keys of the section, or a host's whole
/// file with the section under its name. `in_company`: the file is of several plugins, and without the
/// section this one's config is empty.
pub(super) fn read(
    path: &Path,
    declaration: &Declaration,
    in_company: bool,
) -> Result<Value, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the config `{shown}`: {error}"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut tree: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
            .map_err(|error| format!("the config `{shown}` is no JSON: {error}"))?
    } else {
        let table = toml::from_str::<toml::Table>(text).map_err(|error| {
            // Its own text would quote the line, and there may be a secret in it.
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let problem = error.message();
            format!("the config `{shown}` is no TOML: {problem}, in line {line}")
        })?;
        json_of(toml::Value::Table(table), "")
            .map_err(|problem| format!("the config `{shown}`: {problem}"))?
    };
    if in_company {
        let plugins = tree.get_mut(declaration.kind);
        let section = plugins.and_then(|plugins| plugins.get_mut(declaration.name));
        return Ok(section.map_or_else(|| Value::Object(serde_json::Map::new()), Value::take));
    }
    section(tree, declaration).map_err(|problem| format!("the config `{shown}`: {problem}"))
}

/// `[kind.name]` of a host's file, unless the plugin itself has a key like its kind.
fn section(mut tree: Value, declaration: &Declaration) -> Result<Value, String> {
    let (kind, name) = (declaration.kind, declaration.name);
    let schema = (declaration.config_schema)();
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_own = |key: &str| properties.is_some_and(|keys| keys.contains_key(key));
    let found = tree.get(kind).and_then(|plugins| plugins.get(name));
    if is_own(kind) || !found.is_some_and(Value::is_object) {
        return Ok(tree);
    }
    let outside = tree.as_object().into_iter().flat_map(|tree| tree.keys());
    let outside: Vec<&str> = outside
        .map(String::as_str)
        .filter(|key| is_own(key))
        .collect();
    match &outside[..] {
        [] => Ok(tree[kind][name].take()),
        keys => Err(format!(
            "`{}` stands outside of its section `[{kind}.{name}]`\nhelp: write all keys under `[{kind}.{name}]`, or all of them without it",
            keys.join("`, `")
        )),
    }
}

/// A value of TOML, which stands under `key`, as JSON.
fn json_of(value: toml::Value, key: &str) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) if !number.is_finite() => {
            return Err(format!(
                "`{key}`: found a number that JSON lacks (`nan`, `inf`), expected one it has"
            ));
        }
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(at, item)| json_of(item, &format!("{key}[{at}]")))
                .collect::<Result<_, _>>()?
        }
        toml::Value::Table(members) => {
            let dot = if key.is_empty() { "" } else { "." };
            let members = members.into_iter().map(|(name, value)| {
                let value = json_of(value, &format!("{key}{dot}{name}"))?;
                Ok((name, value))
            });
            Value::Object(members.collect::<Result<_, String>>()?)
        }
    })
}
