//! [`Problem`]: what is wrong with a hookspec.

use std::fmt;

use crate::words::suggest;

/// A mistake in one of the files: which file, which key, what is wrong, and how to mend it.
#[derive(Debug)]
pub(super) struct Problem {
    file: String,
    line: Option<usize>,
    key: String,
    what: String,
    help: Option<String>,
}

pub(super) type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// A mistake in `file`, at `key`; the whole file if that is empty.
    pub(super) fn new(file: &str, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            key: key.into(),
            what: what.into(),
            help: None,
        }
    }

    pub(super) fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Proposes the one of `known` that was probably meant, or `otherwise`.
    pub(super) fn meant(mut self, given: &str, known: &[&str], otherwise: Option<&str>) -> Self {
        let guess = suggest(given, known).map(|guess| format!("write `{guess}`"));
        self.help = guess.or(otherwise.map(str::to_owned));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ", `{}`", self.key)?;
        }
        write!(f, ": {}", self.what)?;
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}
