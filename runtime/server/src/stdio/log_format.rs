//! Log records for people: what a terminal is shown in place of JSON lines.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::call_progress::above_bar;
use super::secrets;
use dagstack_engine::logging::LogRecord;
use dagstack_plugin_core::Severity;

/// What a record looks like on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFormat {
    /// A line of JSON, for programs.
    Json,
    /// A line for people.
    Text {
        /// With colours.
        colours: bool,
    },
}

impl LogFormat {
    /// What stderr wants: text, where it is a terminal.
    pub(super) fn of_stderr() -> Self {
        match io::stderr().is_terminal() {
            true => Self::text(),
            false => Self::Json,
        }
    }

    /// Text, in colours where stderr is a terminal and nobody minds (<https://no-color.org>).
    pub(super) fn text() -> Self {
        let minds = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        Self::Text {
            colours: io::stderr().is_terminal() && !minds && !is_dumb,
        }
    }
}

/// Writes records for people, given their JSON lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextLines {
    pub(super) colours: bool,
}

impl<'a> MakeWriter<'a> for TextLines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl Write for TextLines {
    /// `line` is the whole line: `JsonLines` writes each at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let length = line.len();
        let line = secrets::scrub_line(line);
        let text = String::from_utf8_lossy(&line);
        match LogRecord::from_json(&text) {
            Some(record) => above_bar(shown(&record, self.colours).as_bytes())?,
            None => above_bar(&line)?,
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes records as they are, but for the secrets of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonText;

impl<'a> MakeWriter<'a> for JsonText {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl Write for JsonText {
    /// `line` is the whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(&secrets::scrub_line(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What every record of a plugin has, and a person has seen at the first.
const ABOUT_PLUGIN: [&str; 3] = ["plugin.kind", "plugin.name", "plugin.version"];

/// A record as a line: its time (UTC), its level, its logger, what happened, and the attributes.
fn shown(record: &LogRecord, colours: bool) -> String {
    let style = |codes: &'static str| if colours { codes } else { "" };
    let (dim, reset) = (style("\x1b[2m"), style("\x1b[0m"));
    let level = match record.severity.number() {
        ..=8 => style("\x1b[34m"),
        9..=12 => style("\x1b[32m"),
        13..=16 => style("\x1b[33m"),
        17.. => style("\x1b[31m"),
    };
    let millis = record.time_unix_nano / 1_000_000;
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut line = format!(
        "{dim}{hours:02}:{minutes:02}:{seconds:02}.{millis:03}{reset} {level}{:<5}{reset} ",
        name_of(record.severity)
    );
    if let Some(scope) = &record.instrumentation_scope {
        line.push_str(dim);
        put(&mut line, &scope.name);
        let _ = write!(line, "{reset}: ");
    }
    put_value(&mut line, &record.body, false);
    for (name, value) in &record.attributes {
        if !ABOUT_PLUGIN.contains(&name.as_str()) {
            let _ = write!(line, " {dim}");
            put(&mut line, name);
            let _ = write!(line, "={reset}");
            put_value(&mut line, value, true);
        }
    }
    line.push('\n');
    line
}

fn name_of(severity: Severity) -> &'static str {
    match severity.number() {
        ..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17.. => "ERROR",
    }
}

/// Appends a value; a text without its quotes, unless it would then not be seen where it ends.
fn put_value(line: &mut String, value: &Value, is_attribute: bool) {
    match value {
        Value::String(text) if !is_attribute || !text.contains([' ', '"', '=']) => put(line, text),
        value => put(line, &value.to_string()),
    }
}

/// Appends text, in which a line break or an escape of the terminal is shown and has no effect.
pub(super) fn put(line: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
}

/// Text in which escapes of the terminal are shown and have no effect: it quotes what others wrote.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_harmful(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> LogRecord {
        let line = json!({
            "attributes": { "plugin.name": "p", "pages": 3, "title": "two words", "to": "x" },
            "body": "indexed",
            "instrumentation_scope": { "name": "my_crate" },
            "severity_number": 13,
            "severity_text": "WARN",
            "time_unix_nano": 1_700_000_000_123_456_789_u64,
        });
        LogRecord::from_json(&line.to_string()).unwrap()
    }

    #[test]
    fn a_record_is_one_line_for_people() {
        assert_eq!(
            shown(&record(), false),
            "22:13:20.123 WARN  my_crate: indexed pages=3 title=\"two words\" to=x\n"
        );
        let coloured = shown(&record(), true);
        assert!(coloured.contains("\x1b[33mWARN \x1b[0m"), "{coloured:?}");
    }

    #[test]
    fn errors_keep_their_lines_and_nothing_else() {
        assert_eq!(visible("a\n\thelp: b"), "a\n\thelp: b");
        assert_eq!(visible("a\x1b[31m\r\0"), "a\\u{1b}[31m\\r\\u{0}");
    }

    #[test]
    fn what_is_logged_cannot_draw_on_the_terminal() {
        let mut record = record();
        record.body = json!("a\r\x1b[2Kfalse\nline\u{9b}31m");
        record.attributes = serde_json::Map::from_iter([("k\n".to_owned(), json!("\x1b]0;t\x07"))]);
        let line = shown(&record, false);
        assert_eq!(line.matches('\n').count(), 1, "{line:?}");
        assert!(!line.trim_end().contains(char::is_control), "{line:?}");
    }
}
