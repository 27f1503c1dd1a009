//! Patterns of schemas, which are ECMAScript's, for a regular expression engine of Rust's.

#[cfg(feature = "regex")]
use regex::Regex;
#[cfg(not(feature = "regex"))]
use regex_lite::Regex;

/// A compiled pattern.
pub(super) struct Pattern {
    regex: Regex,
    /// How many bytes a text may have at most: longer ones would be searched for seconds.
    longest: Option<usize>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// When the engine cannot read it; names the feature by which another one does.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        compiled(pattern).map_err(|error| {
            let classes = pattern.contains("\\p") || pattern.contains("\\P");
            let feature = match classes && !cfg!(feature = "regex") {
                true => "regex",
                false => "json-schema",
            };
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            format!(
                "the pattern `{pattern}` cannot be read: {}; \
                 the feature `{feature}` of `dagstack-plugin` reads more patterns",
                reason.trim_start_matches("error: ")
            )
        })
    }

    /// Whether it matches anywhere in the text; `None` for a text that is too long to be searched.
    pub(super) fn is_in(&self, text: &str) -> Option<bool> {
        let is_too_long = self.longest.is_some_and(|longest| text.len() > longest);
        (!is_too_long).then(|| self.regex.is_match(text))
    }
}

/// The most bytes of a text that is searched for a pattern.
pub(crate) fn longest(pattern: &str) -> Option<usize> {
    Pattern::new(pattern).ok()?.longest
}

#[cfg(feature = "regex")]
fn compiled(pattern: &str) -> Result<Pattern, regex::Error> {
    let regex = Regex::new(&translated(pattern))?;
    Ok(Pattern {
        regex,
        longest: None,
    })
}

/// regex-lite keeps all states that a text can lead to and looks at each of them for each character, 16
/// ns apiece: `[a-z]{5,500}x` takes 1 s for 100 kB. What bounds that is the product of the two sizes.
#[cfg(not(feature = "regex"))]
fn compiled(pattern: &str) -> Result<Pattern, regex_lite::Error> {
    const SMALL: usize = 4 * 1024;
    const LARGEST: usize = 16 * 1024 * 1024;
    /// Half a second.
    const BUDGET: usize = 1024 * 1024 * 1024;
    let ours = translated(pattern);
    let mut size = SMALL;
    loop {
        match regex_lite::RegexBuilder::new(&ours)
            .size_limit(size)
            .build()
        {
            Ok(regex) => {
                let is_bounded = size == SMALL || looks_at_few(pattern);
                let longest = (!is_bounded).then_some(BUDGET / size);
                return Ok(Pattern { regex, longest });
            }
            Err(error) if size >= LARGEST => return Err(error),
            Err(_) => size *= 2,
        }
    }
}

/// Whether the pattern itself says where a match begins and how long it is at most, character by
/// character: then long texts are not looked at. After a repetition that varies each other one holds as
/// many states as it repeats.
#[cfg(not(feature = "regex"))]
fn looks_at_few(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    if chars.next() != Some('^') {
        return false;
    }
    let (mut in_brackets, mut varies) = (false, false);
    while let Some(char) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '*' | '+' | '|' | '(' if !in_brackets => return false,
            '{' if !in_brackets && varies => return false,
            ',' if !in_brackets && chars.peek() == Some(&'}') => return false,
            ',' if !in_brackets => varies = true,
            _ => {}
        }
    }
    true
}

/// The pattern with what the two read differently in words that both engines take: `.` is no line
/// terminator at all, `\d`, `\w` and `\b` know ASCII only and `\s` the spaces of ECMAScript, and
/// inside brackets nothing is an operator but the `-` of a range.
fn translated(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut in_brackets = false;
    // Right after the bracket, where a `-` is a character of the class.
    let mut begins = false;
    let mut rest = pattern.chars();
    while let Some(char) = rest.next() {
        let first = std::mem::replace(&mut begins, false);
        match char {
            '\\' => {
                let escaped = rest.next();
                match escaped.and_then(class) {
                    Some(ranges) if in_brackets => text.push_str(ranges),
                    Some(ranges) => text.extend(["[", ranges, "]"]),
                    None if escaped == Some('b') && !in_brackets => text.push_str(r"(?-u:\b)"),
                    None => text.extend(std::iter::once('\\').chain(escaped)),
                }
                continue;
            }
            '.' if !in_brackets => text.push_str(r"[^\n\r\x{2028}\x{2029}]"),
            '[' | '&' | '~' if in_brackets => text.extend(['\\', char]),
            '-' if in_brackets => {
                let mut ahead = rest.clone();
                match (ahead.next(), ahead.next()) {
                    // The end of a range, not an operator.
                    (Some('-'), _) if !first => {
                        text.push_str(r"-\-");
                        rest.next();
                    }
                    // A class ends no range.
                    (Some('\\'), Some(letter)) if class(letter).is_some() => text.push_str(r"\-"),
                    _ if first => text.push_str(r"\-"),
                    _ => text.push('-'),
                }
            }
            '^' if first && text.ends_with('[') => {
                text.push('^');
                begins = true;
            }
            other => text.push(other),
        }
        begins |= char == '[' && !in_brackets;
        in_brackets = match char {
            '[' => true,
            ']' => false,
            _ => in_brackets,
        };
    }
    text
}

/// The characters of a class that a letter names.
fn class(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "0-9",
        'D' => r"\x{0}-/:-\x{10ffff}",
        'w' => "0-9A-Z_a-z",
        'W' => r"\x{0}-/:-@\[-\^`\{-\x{10ffff}",
        's' => {
            r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
        }
        'S' => {
            r"\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_ecmascript_has_it() {
        for (pattern, inside, outside) in [
            (r"^\d+$", &["0", "42"][..], &["", "٣", "4a"][..]),
            (r"^[^\d]$", &["a", "٣"], &["7"]),
            (r"^\D\W\S$", &["a-a", "٣é☃"], &["1-a", "a_a", "a-\u{2003}"]),
            (r"^\w+$", &["aZ_9"], &["é", "a b"]),
            (
                r"^[\s]$",
                &[" ", "\u{a0}", "\u{feff}", "\n"],
                &["a", "\u{200b}"],
            ),
            (
                r"^[\W]$",
                &["[", "^", "`", "{", "/", "@"],
                &["_", "a", "Z", "0"],
            ),
            ("^.$", &["a", "☃"], &["\n", "\r", "\u{2028}"]),
            (r"^a\.b\\$", &[r"a.b\"], &[r"aab\"]),
            ("^[a[&&~~]$", &["a", "[", "&", "~"], &["b"]),
            (r"^[.-\d]$", &[".", "-", "5"], &["/"]),
            (r"^[\w-.]$", &["a", "-", "."], &["/"]),
            ("^[+--]$", &["+", ",", "-"], &["."]),
            ("^[--/]$", &["-", ".", "/"], &[",", "0"]),
            ("^[^-a]$", &["b"], &["-", "a"]),
            ("^[^^-a]$", &["b", "-"], &["^", "`", "a"]),
            ("^[a-c-]$", &["b", "-"], &["d"]),
            (r"^[.\]]$", &[".", "]"], &["a"]),
            (r"\bto\b", &["to", "é-to"], &["into"]),
            ("b", &["abc"], &["ac"]),
            ("^(?:k|v)-[0-9]{2,3}$", &["k-12", "v-123"], &["k-1", "x-12"]),
            (r"^\u0041\x42\/\-$", &["AB/-"], &["ab/-"]),
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            for text in inside {
                assert_eq!(
                    pattern.is_in(text),
                    Some(true),
                    "{text:?} {:?}",
                    pattern.regex
                );
            }
            for text in outside {
                assert_eq!(
                    pattern.is_in(text),
                    Some(false),
                    "{text:?} {:?}",
                    pattern.regex
                );
            }
        }
    }

    #[test]
    fn what_is_beyond_the_engine_names_the_feature() {
        let error = |pattern: &str| Pattern::new(pattern).map(drop).unwrap_err();
        let ahead = error("^(?=a)b");
        assert!(
            ahead.contains("`^(?=a)b`") && ahead.contains("`json-schema`"),
            "{ahead}"
        );
        #[cfg(not(feature = "regex"))]
        assert!(error(r"^\p{L}$").contains("the feature `regex`"));
        #[cfg(feature = "regex")]
        assert_eq!(Pattern::new(r"^\p{L}$").unwrap().is_in("é"), Some(true));
    }

    #[test]
    #[cfg(not(feature = "regex"))]
    fn no_text_is_searched_for_seconds() {
        let long = "a".repeat(100_000);
        let verdict = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().is_in(text);
        for pattern in [
            "[a-z]{5,500}x$",
            "^(?:[a-z]{1,50}){1,20}x$",
            "a{0,9000}b",
            "^[a-z]{0,9000}[a-z]{0,9000}[a-z]{0,9000}b",
            "^[a-z]{0,9000}[a-z]{2}b",
        ] {
            assert_eq!(verdict(pattern, &long), None, "{pattern}");
            assert_eq!(verdict(pattern, "aaaaab"), Some(pattern.ends_with('b')));
        }
        // These say themselves where they end, or are small.
        for pattern in [
            "^[-*+a-z]{1,9000}x$",
            r"^\(.{0,4000}$",
            "[a-z]+x$",
            "^[^@]{1,40}@.+",
        ] {
            assert_eq!(verdict(pattern, &long), Some(false), "{pattern}");
        }
    }
}
