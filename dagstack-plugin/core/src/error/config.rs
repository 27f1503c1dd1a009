//! [`ConfigInvalid`]: a config section that does not fit.

use std::fmt;

use crate::problem::Problem;

/// A config section that does not fit: every mistake, by its full path.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConfigInvalid {
    /// The section, `<kind>.<name>`.
    pub section: String,
    /// The mistakes. There are none where a setup was to decode the section only, and it fits.
    pub problems: Vec<Problem>,
}

impl ConfigInvalid {
    /// Mistakes in a section.
    pub fn new(section: impl Into<String>, problems: Vec<Problem>) -> Self {
        Self {
            section: section.into(),
            problems,
        }
    }
}

impl fmt::Display for ConfigInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid config for `{}`", self.section)?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigInvalid {}
