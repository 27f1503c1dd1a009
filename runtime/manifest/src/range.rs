//! Ranges of versions, in the spellings of Python and of Node.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers};
use semver::VersionReq;

/// A range of versions: a PEP 440 specifier set (`>=0.1.0,<1.0.0`, `~=0.4`), node-semver
/// (`>=0.1.0 <1.0.0`, `^0.2`, `~1.2`, `1.x || 2.x`), or one version, which means exactly that. Empty
/// text is the empty set of specifiers: every version is in it.
///
/// ```
/// use dagstack_plugin::manifest::VersionRange;
///
/// let range = VersionRange::parse(">=0.1.0 <1.0.0")?;
/// assert!(range.matches("0.4.1"));
/// assert!(!range.matches("1.0.0"));
/// # Ok::<(), dagstack_plugin::manifest::VersionRangeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Python(VersionSpecifiers),
    /// One of these.
    Node(Vec<VersionReq>),
}

/// A text that is no range of versions in any known spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "found `{}`, expected a range of versions; write for example `>=0.1.0` or `>=0.1.0,<1.0.0`",
    text.escape_debug()
)]
pub struct VersionRangeError {
    text: String,
}

impl VersionRange {
    /// Reads a range.
    ///
    /// # Errors
    ///
    /// When `text` has none of the known spellings.
    ///
    /// ```
    /// use dagstack_plugin::manifest::VersionRange;
    ///
    /// assert!(VersionRange::parse("0.4.1").is_ok_and(|range| !range.matches("0.4.2")));
    /// assert!(VersionRange::parse("newest").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, VersionRangeError> {
        let text = text.trim();
        let rule = python(text).or_else(|| node(text).map(Rule::Node));
        match rule {
            // No range in earnest is longer, and messages quote it.
            Some(rule) if text.len() <= 256 => Ok(Self {
                text: text.to_owned(),
                rule,
            }),
            _ => Err(VersionRangeError {
                text: text.chars().take(64).collect(),
            }),
        }
    }

    /// Whether `version` is in the range; a text that is no version never is.
    pub fn matches(&self, version: &str) -> bool {
        let version = version.trim();
        match &self.rule {
            Rule::Python(specifiers) => {
                Version::from_str(version).is_ok_and(|version| specifiers.contains(&version))
            }
            Rule::Node(alternatives) => semantic(version)
                .is_some_and(|version| alternatives.iter().any(|range| range.matches(&version))),
        }
    }

    /// The range as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for VersionRange {
    type Err = VersionRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Whether `text` is one version, a major alone included.
pub(super) fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && semantic(text).is_some()
}

fn python(text: &str) -> Option<Rule> {
    if let Ok(version) = Version::from_str(text) {
        return Some(Rule::Python(VersionSpecifiers::from(
            VersionSpecifier::equals_version(version),
        )));
    }
    VersionSpecifiers::from_str(text).ok().map(Rule::Python)
}

fn node(text: &str) -> Option<Vec<VersionReq>> {
    text.split("||").map(comparators).collect()
}

/// `>=0.1.0 <1.0.0`: comparators side by side, all of which must hold.
fn comparators(text: &str) -> Option<VersionReq> {
    let mut spelt = String::with_capacity(text.len() + 8);
    let mut operator_open = false;
    for token in text
        .split([' ', '\t', ','])
        .filter(|token| !token.is_empty())
    {
        let operator = token.bytes().all(|byte| b"<>=^~".contains(&byte));
        if !operator_open {
            if !spelt.is_empty() {
                spelt.push(',');
            }
            // To semver a bare `1.2` is `^1.2`, to Node `1.2.x`.
            if token.starts_with(|c: char| c.is_ascii_digit()) && !token.contains(['x', 'X', '*']) {
                spelt.push('=');
            }
        }
        spelt.push_str(token);
        operator_open = operator;
    }
    if spelt.is_empty() {
        return None;
    }
    VersionReq::parse(&spelt).ok()
}

/// The version as semver has it; `0.4` is `0.4.0`.
fn semantic(version: &str) -> Option<semver::Version> {
    if let Ok(version) = semver::Version::parse(version) {
        return Some(version);
    }
    let version = Version::from_str(version).ok()?;
    let part = |index| version.release().get(index).copied().unwrap_or(0);
    version
        .is_stable()
        .then(|| semver::Version::new(part(0), part(1), part(2)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_spellings() {
        for (range, inside, outside) in [
            (">=0.1.0", "0.4.1", "0.0.9"),
            (">=0.1.0,<1.0.0", "0.4.1", "1.0.0"),
            (">=0.1.0, <1.0.0", "0.1.0", "0.0.1"),
            (">=0.1.0 <1.0.0", "0.4.1", "1.0.0"),
            (">= 0.1.0 < 1.0.0", "0.4.1", "1.0.0"),
            ("~=0.4.0", "0.4.9", "0.5.0"),
            ("==0.4.*", "0.4.7", "0.5.0"),
            ("!=0.4.2", "0.4.1", "0.4.2"),
            ("^0.2", "0.2.9", "0.3.0"),
            ("^1.2.3", "1.9.0", "2.0.0"),
            ("~1.2", "1.2.9", "1.3.0"),
            ("1.x || 3.0.0", "3.0.0", "3.0.1"),
            ("1.x || 3.0.0", "1.7.0", "2.0.0"),
            ("0.4.1", "0.4.1", "0.4.2"),
            ("0.4", "0.4.0", "0.4.1"),
            ("^0.2", "0.2", "0.4"),
        ] {
            let parsed = VersionRange::parse(range).unwrap();
            assert!(parsed.matches(inside), "{range} {inside}");
            assert!(!parsed.matches(outside), "{range} {outside}");
            assert_eq!(parsed.to_string(), range);
        }
        for any in ["*", "", " \t"] {
            assert!(
                VersionRange::parse(any).unwrap().matches("9.9.9"),
                "{any:?}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "newest",
            ">=",
            "||",
            "1 ||",
            ">=1.0 nonsense",
            "=>1",
            "\u{7f}",
        ] {
            let error = VersionRange::parse(text).unwrap_err().to_string();
            assert!(error.contains("write for example `>=0.1.0`"), "{error}");
        }
        assert!(!VersionRange::parse(">=0").unwrap().matches("no version"));
    }

    proptest! {
        #[test]
        fn no_text_panics(range in "[0-9a-zA-Z.^~<>=!*|, +-]{0,24}", version in "[0-9a-z.+-]{0,12}") {
            if let Ok(range) = VersionRange::parse(&range) {
                range.matches(&version);
            }
        }

        #[test]
        fn no_odd_text_panics(range in any::<String>()) {
            let _ = VersionRange::parse(&range);
        }
    }
}
