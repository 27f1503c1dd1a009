//! The words of the command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use lexopt::{Arg, Parser};

use super::log_format::LogFormat;
use super::tools::{NameStyle, SchemaStyle};

/// Says which plugin of several a dagstack host wants.
pub(super) const PLUGIN: &str = "--plugin";
const COMMANDS: [&str; 4] = ["manifest", "schema", "call", "check"];
const OPTIONS: [&str; 13] = [
    "--config",
    "--set",
    "--log-format",
    "--only",
    PLUGIN,
    "--resource",
    "--tool-names",
    "--schemas",
    "--max-message",
    "--command",
    "--output",
    "--help",
    "--version",
];

/// What the executable is asked to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Serve,
    Manifest {
        command: Option<Vec<String>>,
        output: Option<PathBuf>,
    },
    Schema,
    Call {
        hook: String,
        json: String,
    },
    Check,
    Help,
    Version,
}

/// What it is told besides.
#[derive(Debug, PartialEq)]
pub(super) struct Options {
    /// Of `--config`.
    pub(super) file: Option<PathBuf>,
    /// Of each `--set`: `path=value`.
    pub(super) settings: Vec<String>,
    /// `NAME=VALUE`, as they were given.
    pub(super) resources: Vec<String>,
    /// Absent: by the peer.
    pub(super) names: Option<NameStyle>,
    /// Absent: by the peer.
    pub(super) schemas: Option<SchemaStyle>,
    /// The longest message, in bytes.
    pub(super) max_message: usize,
    /// Absent: what stderr wants.
    pub(super) log_format: Option<LogFormat>,
    /// Which of the plugins.
    pub(super) selection: Selection,
}

/// Which of the executable's plugins are meant.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Selection {
    #[default]
    All,
    /// By names or keys, `sql` or `tool.sql`.
    Only(Vec<String>),
    /// The one with this key, as a dagstack host knows it.
    Plugin(String),
}

/// As other SDKs have it.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// The words, as far as they are read.
#[derive(Default)]
struct Words {
    plain: Vec<OsString>,
    config: Option<OsString>,
    resources: Vec<OsString>,
    settings: Vec<OsString>,
    names: Option<OsString>,
    log_format: Option<OsString>,
    only: Vec<OsString>,
    plugin: Option<OsString>,
    schemas: Option<OsString>,
    max_message: Option<OsString>,
    command: Option<Vec<OsString>>,
    output: Option<OsString>,
    help: bool,
    version: bool,
}

/// Reads the words after the program's name.
pub(super) fn parse(
    words: impl IntoIterator<Item = OsString>,
) -> Result<(Command, Options), String> {
    let mut parser = Parser::from_args(words);
    let mut read = Words::default();
    loop {
        if let Some(json) = next_json(&mut parser, &read.plain) {
            read.plain.push(json);
        }
        let name = match parser.next().map_err(|error| error.to_string())? {
            None => return read.options(),
            Some(Arg::Value(word)) => {
                read.plain.push(word);
                continue;
            }
            Some(Arg::Long(name)) => format!("--{name}"),
            Some(Arg::Short(letter)) => format!("-{letter}"),
        };
        match &*name {
            "--config" => once(
                &name,
                &mut read.config,
                value(&mut parser, &name, "a file")?,
            )?,
            "--resource" => {
                let given = value(&mut parser, &name, "`NAME=VALUE`")?;
                read.resources.push(given);
            }
            "--set" => {
                let given = value(&mut parser, &name, "a key and its value: `--set key=value`")?;
                read.settings.push(given);
            }
            "--tool-names" => {
                let given = value(&mut parser, &name, "`full` or `function`")?;
                once(&name, &mut read.names, given)?;
            }
            "--log-format" => {
                let given = value(&mut parser, &name, "`text` or `json`")?;
                once(&name, &mut read.log_format, given)?;
            }
            "--only" => {
                let given = value(&mut parser, &name, "the name of a plugin")?;
                read.only.push(given);
            }
            PLUGIN => {
                let given = value(&mut parser, &name, "a plugin as `kind.name`")?;
                once(&name, &mut read.plugin, given)?;
            }
            "--schemas" => {
                let given = value(&mut parser, &name, "`full` or `plain`")?;
                once(&name, &mut read.schemas, given)?;
            }
            "--max-message" => {
                let given = value(&mut parser, &name, "a size, as `64MiB`")?;
                once(&name, &mut read.max_message, given)?;
            }
            "--output" | "-o" => {
                let given = value(&mut parser, &name, "a file")?;
                once("--output", &mut read.output, given)?;
            }
            "--command" => {
                let mut command = vec![value(&mut parser, &name, "a program")?];
                // The rest is the program's own.
                if let Ok(rest) = parser.raw_args() {
                    command.extend(rest);
                }
                once(&name, &mut read.command, command)?;
            }
            "--help" | "-h" => read.help = flag(&mut parser, &name)?,
            "--version" | "-V" => read.version = flag(&mut parser, &name)?,
            _ => return Err(unknown("option", &name, &OPTIONS)),
        }
    }
}

/// The arguments of `call HOOK`, where they begin like an option and are none: `-5`.
fn next_json(parser: &mut Parser, plain: &[OsString]) -> Option<OsString> {
    let is_next = matches!(plain, [command, _] if command == "call");
    let is_option = |word: &OsStr| {
        let word = word.to_string_lossy();
        let name = word.split('=').next().unwrap_or_default();
        word == "--" || OPTIONS.contains(&name) || ["-h", "-V", "-o"].contains(&name)
    };
    let mut rest = parser.try_raw_args().filter(|_| is_next)?;
    rest.next_if(|word| word.to_string_lossy().starts_with('-') && !is_option(word))
}

/// What belongs to an option: behind its `=`, or the next word, unless that is an option itself.
fn value(parser: &mut Parser, name: &str, what: &str) -> Result<OsString, String> {
    let given = parser.optional_value().or_else(|| {
        let is_value = |word: &OsStr| !word.to_string_lossy().starts_with("--");
        parser.try_raw_args()?.next_if(is_value)
    });
    given
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("`{name}` needs {what}"))
}

/// Keeps what an option says, which may be said once.
fn once<T>(name: &str, slot: &mut Option<T>, given: T) -> Result<(), String> {
    match slot.replace(given) {
        None => Ok(()),
        Some(_) => Err(format!("`{name}` is given twice; leave one out")),
    }
}

/// An option without a value.
fn flag(parser: &mut Parser, name: &str) -> Result<bool, String> {
    match parser.optional_value() {
        None => Ok(true),
        Some(value) => Err(format!(
            "`{name}` takes no value, found `{}`",
            value.to_string_lossy()
        )),
    }
}

impl Words {
    fn options(self) -> Result<(Command, Options), String> {
        let names = [("full", NameStyle::Full), ("function", NameStyle::Short)];
        let names = one_of("--tool-names", self.names, names)?;
        let schemas = [("full", SchemaStyle::Full), ("plain", SchemaStyle::Plain)];
        let schemas = one_of("--schemas", self.schemas, schemas)?;
        let formats = [("text", LogFormat::text()), ("json", LogFormat::Json)];
        let log_format = one_of("--log-format", self.log_format, formats)?;
        let max_message = match self.max_message {
            None => MAX_MESSAGE,
            Some(given) => size(&given.to_string_lossy()).ok_or_else(|| {
                format!(
                    "`--max-message {}`: expected a number of bytes from 1KiB on, or one with KiB, MiB or GiB, as `64MiB`",
                    given.to_string_lossy()
                )
            })?,
        };
        let key = |word| in_utf8(word, "the name of a plugin");
        let only = self.only.into_iter().map(key);
        let only: Vec<String> = only.collect::<Result<_, _>>()?;
        let selection = match (self.plugin.map(key).transpose()?, only.is_empty()) {
            (None, true) => Selection::All,
            (None, false) => Selection::Only(only),
            (Some(plugin), true) => Selection::Plugin(plugin),
            (Some(_), false) => {
                return Err("`--plugin` and `--only` exclude each other; leave one out".to_owned());
            }
        };
        let mut plain = self.plain.into_iter();
        let mut word = |what: &str| {
            let word = plain.next();
            word.map(|word| in_utf8(word, what)).transpose()
        };
        let command = match word("the command")?.as_deref() {
            _ if self.help => Command::Help,
            _ if self.version => Command::Version,
            None => Command::Serve,
            Some("schema") => Command::Schema,
            Some("check") => Command::Check,
            Some("manifest") => {
                let words = |words: Vec<OsString>| {
                    let words = words.into_iter();
                    words
                        .map(|it| in_utf8(it, "a word of `--command`"))
                        .collect()
                };
                Command::Manifest {
                    command: self.command.clone().map(words).transpose()?,
                    output: self.output.clone().map(PathBuf::from),
                }
            }
            Some("call") => match (word("the hook")?, word("the JSON of the arguments")?) {
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
        let is_about = matches!(command, Command::Help | Command::Version);
        if !is_about && let Some(extra) = plain.next() {
            let extra = extra.to_string_lossy();
            return Err(format!("unexpected `{extra}`; see --help"));
        }
        if !is_about && !matches!(command, Command::Manifest { .. }) {
            for (name, is_given) in [
                ("--command", self.command.is_some()),
                ("--output", self.output.is_some()),
            ] {
                if is_given {
                    return Err(format!("`{name}` belongs to `manifest`"));
                }
            }
        }
        let resources = self.resources.into_iter();
        let resources = resources.map(|word| in_utf8(word, "the value of `--resource`"));
        let settings = self.settings.into_iter();
        // Not quoted: there may be a secret in it.
        let no_utf8 = |_| "what `--set` says must be UTF-8".to_owned();
        let settings = settings.map(|it| it.into_string().map_err(no_utf8));
        let options = Options {
            file: self.config.map(PathBuf::from),
            settings: settings.collect::<Result<_, _>>()?,
            resources: resources.collect::<Result<_, _>>()?,
            names,
            schemas,
            max_message,
            log_format,
            selection,
        };
        Ok((command, options))
    }
}

/// What an option says, which is one of two words.
fn one_of<T>(
    name: &str,
    given: Option<OsString>,
    words: [(&str, T); 2],
) -> Result<Option<T>, String> {
    let Some(given) = given else { return Ok(None) };
    let [first, second] = words.each_ref().map(|(word, _)| *word);
    let mut words = words.into_iter();
    let found = words.find(|(word, _)| given == *word);
    match found {
        Some((_, meant)) => Ok(Some(meant)),
        None => Err(format!(
            "`{name} {}`: expected `{first}` or `{second}`",
            given.to_string_lossy()
        )),
    }
}

/// A number of bytes.
fn size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.get(digits.len()..)?.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let size = digits.parse::<usize>().ok()?.checked_mul(factor)?;
    (size >= 1 << 10).then_some(size)
}

fn in_utf8(word: OsString, what: &str) -> Result<String, String> {
    word.into_string().map_err(|word| {
        let shown = word.to_string_lossy();
        format!("{what} must be UTF-8, found `{shown}`")
    })
}

fn unknown(what: &str, word: &str, known: &[&'static str]) -> String {
    let guess = dagstack_plugin_core::did_you_mean(dagstack_plugin_core::suggest(
        word,
        known.iter().copied(),
    ));
    format!("unknown {what} `{word}`{guess}; see --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<(Command, Options), String> {
        parse(words.iter().map(OsString::from))
    }

    fn call(json: &str) -> Command {
        Command::Call {
            hook: "f".to_owned(),
            json: json.to_owned(),
        }
    }

    #[test]
    fn b18_words_are_taken_as_they_are_meant() {
        let command = |words: &[&str]| read(words).unwrap().0;
        assert_eq!(command(&[]), Command::Serve);
        assert_eq!(command(&["--"]), Command::Serve);
        for words in [
            &["call", "f", "-5"][..],
            &["call", "f", "--", "-5"],
            &["--", "call", "f", "-5"],
        ] {
            assert_eq!(command(words), call("-5"), "{words:?}");
        }
        assert_eq!(command(&["call", "f", "-"]), call("-"));
        assert_eq!(command(&["call", "f", "--x={}"]), call("--x={}"));
        assert_eq!(command(&["call", "-h"]), Command::Help);
        assert_eq!(command(&["call", "f", "{}", "--help"]), Command::Help);
        assert_eq!(command(&["-V"]), Command::Version);
        assert_eq!(command(&["check"]), Command::Check);
        let config = read(&["--set", "a=-1", "--set=b=--c=d"]).unwrap().1;
        assert_eq!(config.settings, ["a=-1", "b=--c=d"]);
        let Command::Manifest { command, output } = command(&[
            "manifest",
            "-o",
            "m.toml",
            "--command",
            "p",
            "--config",
            "--",
            "-o",
        ]) else {
            panic!("another command");
        };
        assert_eq!(command.unwrap(), ["p", "--config", "--", "-o"]);
        assert_eq!(output, Some(PathBuf::from("m.toml")));
        let resources = read(&["--resource", "a=b=c", "--resource=d="]).unwrap().1;
        assert_eq!(resources.resources, ["a=b=c", "d="]);
        let read = read(&["schema", "--config=a=b", "--tool-names", "full"])
            .unwrap()
            .1;
        assert_eq!(read.file, Some(PathBuf::from("a=b")));
        assert_eq!(read.names, Some(NameStyle::Full));
        assert_eq!((read.schemas, read.max_message), (None, MAX_MESSAGE));
        let sizes = [
            ("64MiB", 64 << 20),
            ("1 GiB", 1 << 30),
            ("2KiB", 2048),
            ("5000", 5000),
        ];
        for (text, size) in sizes {
            let words = ["--schemas", "plain", "--max-message", text].map(OsString::from);
            let read = parse(words).unwrap().1;
            assert_eq!(read.max_message, size, "{text}");
            assert_eq!(read.schemas, Some(SchemaStyle::Plain));
        }
    }

    #[test]
    fn b18_paths_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;

        let odd = || OsString::from_vec(b"/tmp/\xff.toml".to_vec());
        for words in [
            vec!["--config".into(), odd()],
            vec![OsString::from_vec(b"--config=/tmp/\xff.toml".to_vec())],
        ] {
            let config = parse(words).unwrap().1.file;
            assert_eq!(config, Some(PathBuf::from(odd())));
        }
        let problem = parse(vec!["call".into(), odd(), "{}".into()]).unwrap_err();
        assert!(problem.contains("the hook must be UTF-8"), "{problem}");
    }

    #[test]
    fn b18_what_does_not_fit_is_refused_with_the_mend() {
        for (words, says) in [
            (&["--help=x"][..], "`--help` takes no value, found `x`"),
            (&["--version=1"], "`--version` takes no value"),
            (
                &["--config", "a", "--config", "b"],
                "`--config` is given twice",
            ),
            (
                &["--tool-names=full", "--tool-names=full"],
                "is given twice",
            ),
            (
                &["manifest", "-o", "a", "--output", "b"],
                "`--output` is given twice",
            ),
            (&["--config"], "`--config` needs a file"),
            (&["--set"], "`--set` needs a key and its value"),
            (&["chek"], "did you mean `check`?"),
            (&["--config="], "`--config` needs a file"),
            (&["--resource"], "`--resource` needs `NAME=VALUE`"),
            (
                &["--config", "--tool-names", "full"],
                "`--config` needs a file",
            ),
            (&["--cofnig", "x"], "did you mean `--config`?"),
            (&["--verson"], "did you mean `--version`?"),
            (&["-x"], "unknown option `-x`"),
            (&["scheme"], "did you mean `schema`?"),
            (&["schema", "x"], "unexpected `x`"),
            (&["call", "f", "{}", "{}"], "unexpected `{}`"),
            (&["call", "f"], "needs the arguments as JSON"),
            (&["call"], "`call` needs a hook"),
            (
                &["schema", "--command", "p"],
                "`--command` belongs to `manifest`",
            ),
            (&["-o", "f"], "`--output` belongs to `manifest`"),
            (&["manifest", "--command"], "`--command` needs a program"),
            (&["--tool-names", "short"], "expected `full` or `function`"),
            (&["--log-format", "xml"], "expected `text` or `json`"),
            (&["--only"], "`--only` needs the name of a plugin"),
            (&["--only", "a", "--plugin", "tool.a"], "exclude each other"),
            (&["--plugin=a.b", "--plugin=a.c"], "is given twice"),
            (&["--schemas", "flat"], "expected `full` or `plain`"),
            (&["--schemas"], "`--schemas` needs `full` or `plain`"),
            (&["--max-message", "64MB"], "`--max-message 64MB`: expected"),
            (&["--max-message", "1023"], "from 1KiB on"),
            (&["--max-message", "99999999999999GiB"], "expected a number"),
        ] {
            let problem = read(words).unwrap_err();
            assert!(problem.contains(says), "{words:?}: {problem}");
        }
    }
}
