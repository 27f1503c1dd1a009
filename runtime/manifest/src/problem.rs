//! What is wrong with a manifest.

use std::fmt;
use std::path::{Path, PathBuf};

/// A manifest that cannot be used, with every mistake in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestError {
    /// The file, or whatever the caller named the text.
    pub path: PathBuf,
    /// The mistakes, in the order of the file.
    pub problems: Vec<ManifestProblem>,
}

/// One mistake in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestProblem {
    /// The dotted key, e.g. `plugin.unit_of_work.idempotency_mode`; empty for the file as a whole.
    pub key: String,
    /// The line in the file, from 1, where it is known (TOML).
    pub line: Option<usize>,
    /// What was found, what is expected, and the smallest mend. Secret values are not quoted.
    pub message: String,
}

impl ManifestError {
    /// The stable code: `manifest_invalid`.
    ///
    /// ```
    /// use dagstack_plugin::manifest::Manifest;
    ///
    /// let error = Manifest::parse("[plugin]\nname = 1", "dagstack.toml").unwrap_err();
    /// assert_eq!(error.code(), "manifest_invalid");
    /// assert!(error.problems.len() > 1);
    /// ```
    pub fn code(&self) -> &'static str {
        "manifest_invalid"
    }

    pub(super) fn whole(path: &Path, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            problems: vec![ManifestProblem {
                key: String::new(),
                line: None,
                message: message.into(),
            }],
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let (path, s) = (self.path.display(), if count == 1 { "" } else { "s" });
        write!(f, "`{path}` is not a valid manifest, {count} problem{s}:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}
