//! The words of the command line, and the config file.

use std::path::Path;

use serde_json::Value;

use super::tools::ToolNames;

const COMMANDS: [&str; 3] = ["manifest", "schema", "call"];
const OPTIONS: [&str; 5] = [
    "--config",
    "--tool-names",
    "--command",
    "--help",
    "--version",
];

/// What the executable is asked to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Serve,
    Manifest { command: Option<Vec<String>> },
    Schema,
    Call { hook: String, json: String },
    Help,
    Version,
}

/// The whole command line.
#[derive(Debug, PartialEq)]
pub(super) struct Options {
    pub(super) command: Command,
    pub(super) config: Option<String>,
    pub(super) names: ToolNames,
}

/// Reads the words after the program's name.
pub(super) fn parse(words: impl IntoIterator<Item = String>) -> Result<Options, String> {
    let mut words = words.into_iter();
    let mut config = None;
    let mut names = ToolNames::Full;
    let mut plain: Vec<String> = Vec::new();
    let mut own_command = None;
    while let Some(word) = words.next() {
        let (name, mut inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = |what: &str| {
            inline
                .take()
                .or_else(|| words.next())
                .ok_or_else(|| format!("`{name}` needs {what}"))
        };
        match name {
            "--config" => config = Some(value("a file")?),
            "--tool-names" => {
                names = match value("`function` or `full`")?.as_str() {
                    "function" => ToolNames::Function,
                    "full" => ToolNames::Full,
                    other => {
                        return Err(format!(
                            "`--tool-names {other}`: expected `function` or `full`"
                        ));
                    }
                }
            }
            "--command" => {
                let mut command = vec![value("a program")?];
                command.extend(words.by_ref());
                own_command = Some(command);
            }
            "--help" | "-h" => plain.insert(0, "--help".to_owned()),
            "--version" | "-V" => plain.insert(0, "--version".to_owned()),
            _ if name.starts_with('-') && name != "-" && !is_json_argument(&plain) => {
                return Err(unknown("option", name, &OPTIONS));
            }
            _ => plain.push(word),
        }
    }
    let mut plain = plain.into_iter();
    let command = match plain.next().as_deref() {
        None => Command::Serve,
        Some("--help") => Command::Help,
        Some("--version") => Command::Version,
        Some("schema") => Command::Schema,
        Some("manifest") => Command::Manifest {
            command: own_command.take(),
        },
        Some("call") => match (plain.next(), plain.next()) {
            (Some(hook), Some(json)) => Command::Call { hook, json },
            (Some(hook), None) => {
                return Err(format!(
                    "`call {hook}` needs the arguments as JSON, for example '{{}}', or `-` to read them from stdin"
                ));
            }
            _ => return Err("`call` needs a hook and its arguments as JSON".to_owned()),
        },
        Some(other) => return Err(unknown("command", other, &COMMANDS)),
    };
    if own_command.is_some() {
        return Err("`--command` belongs to `manifest`".to_owned());
    }
    if !matches!(command, Command::Help | Command::Version)
        && let Some(extra) = plain.next()
    {
        return Err(format!("unexpected `{extra}`; see --help"));
    }
    Ok(Options {
        command,
        config,
        names,
    })
}

/// `call HOOK -5` is no option.
fn is_json_argument(plain: &[String]) -> bool {
    plain.len() == 2 && plain.first().is_some_and(|command| command == "call")
}

fn unknown(what: &str, word: &str, known: &[&'static str]) -> String {
    let guess = crate::suggest(word, known.iter().copied())
        .map(|guess| format!(" (did you mean `{guess}`?)"))
        .unwrap_or_default();
    format!("unknown {what} `{word}`{guess}; see --help")
}

/// Reads a config section, TOML or JSON by its content.
pub(super) fn read_config(path: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(Path::new(path))
        .map_err(|error| format!("cannot read the config `{path}`: {error}"))?;
    let text = text.trim_start_matches('\u{feff}');
    let section: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
            .map_err(|error| format!("the config `{path}` is no JSON: {error}"))?
    } else {
        toml::from_str::<toml::Table>(text)
            .map(|table| json_of(toml::Value::Table(table)))
            .map_err(|error| {
                // Its own text would quote the line, and there may be a secret in it.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                let problem = error.message();
                format!("the config `{path}` is no TOML: {problem}, in line {line}")
            })?
    };
    Ok(section)
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, json_of(value)))
                .collect(),
        ),
    }
}
