//! Names of secret fields, and keeping their values out of what is printed.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Number, Value};

/// What stands in for a secret value.
pub const MASKED: &str = "[MASKED]";

/// Instead of a message from which the secrets cannot be cut.
const WITHHELD: &str = "the details are withheld, because they quote a secret value";

const EXACT: [&str; 8] = [
    "api_key",
    "apikey",
    "password",
    "passwd",
    "pw",
    "token",
    "secret",
    "credentials",
];
const PREFIXES: [&str; 7] = [
    "api_key",
    "api_token",
    "secret",
    "password",
    "private_key",
    "access_token",
    "bearer",
];
const LOG_SUFFIXES: [&str; 6] = [
    "_key",
    "_secret",
    "_token",
    "_password",
    "_passphrase",
    "_credentials",
];
const MORE_SUFFIXES: [&str; 2] = ["_credential", "_auth"];

fn lower(name: &str) -> Cow<'_, str> {
    if name
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        Cow::Owned(name.to_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn ends_with(name: &str, suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a config field of this name holds a secret. Case does not matter.
///
/// ```
/// use dagstack_plugin::secrets::is_secret_name;
///
/// assert!(is_secret_name("OPENAI_API_KEY"));
/// assert!(!is_secret_name("timeout_s"));
/// ```
pub fn is_secret_name(name: &str) -> bool {
    let name = lower(name);
    ends_with(&name, &LOG_SUFFIXES)
        || ends_with(&name, &MORE_SUFFIXES)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || EXACT.contains(&&*name)
}

/// Whether a log attribute of this name holds a secret: a narrower rule than
/// [`is_secret_name`], because attribute names are not an author's own.
///
/// ```
/// use dagstack_plugin::secrets::is_secret_attribute;
///
/// assert!(is_secret_attribute("db_password"));
/// assert!(!is_secret_attribute("password"));
/// ```
pub fn is_secret_attribute(name: &str) -> bool {
    ends_with(&lower(name), &LOG_SUFFIXES)
}

/// A copy fit to be printed: under every secret name, at any depth, the value is [`MASKED`],
/// whole containers too. `null` and the empty text stay.
///
/// ```
/// use dagstack_plugin::secrets::mask;
/// use serde_json::json;
///
/// assert_eq!(
///     mask(&json!({"host": "db", "password": "hunter2", "db": {"api_key": ""}})),
///     json!({"host": "db", "password": "[MASKED]", "db": {"api_key": ""}}),
/// );
/// ```
#[must_use]
pub fn mask(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let masked = |(key, value): (&String, &Value)| {
                let value = match value {
                    Value::Null => Value::Null,
                    Value::String(text) if text.is_empty() => value.clone(),
                    _ if is_secret_name(key) => Value::from(MASKED),
                    _ => mask(value),
                };
                (key.clone(), value)
            };
            Value::Object(map.iter().map(masked).collect())
        }
        Value::Array(items) => items.iter().map(mask).collect(),
        other => other.clone(),
    }
}

/// `message` without the secrets of `input`, the value it speaks of: error messages quote what
/// they found. Each secret is cut out in its plain, its escaped and its numeric forms. Where that
/// is not safe (a secret of fewer than four characters, or one that survives) a neutral sentence
/// takes the place of the whole message.
///
/// ```
/// use dagstack_plugin::secrets::scrub;
/// use serde_json::json;
///
/// let input = json!({"port": "eighty", "password": "hunter2"});
/// assert_eq!(scrub("found `hunter2`", &input), "found `[MASKED]`");
/// assert_eq!(scrub("found `eighty`", &input), "found `eighty`");
/// ```
#[must_use]
pub fn scrub<'a>(message: &'a str, input: &Value) -> Cow<'a, str> {
    let mut secrets = Vec::new();
    collect(input, false, &mut secrets);
    if secrets.is_empty() {
        return Cow::Borrowed(message);
    }
    // A huge message about a huge input is not worth the search.
    if secrets.len().saturating_mul(message.len()) > 1 << 28 {
        return withheld(&secrets);
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in &secrets {
        let before = found.len();
        found.extend(secret.places(message));
        if found.len() > before && (secret.text.chars().count() < 4 || found.len() > 10_000) {
            return withheld(&secrets);
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(message);
    }
    found.sort_by_key(|place| place.start);
    let (mut out, mut end) = (String::with_capacity(message.len()), 0);
    for place in found {
        if place.start >= end {
            out.push_str(&message[end..place.start]);
            out.push_str(MASKED);
        }
        end = end.max(place.end);
    }
    out.push_str(&message[end..]);
    if secrets
        .iter()
        .any(|secret| secret.places(&out).next().is_some())
    {
        return withheld(&secrets);
    }
    Cow::Owned(out)
}

/// The first stand-in that does not itself read like one of the secrets.
fn withheld<'a>(secrets: &[Secret]) -> Cow<'a, str> {
    let safe = |text: &&str| {
        !secrets
            .iter()
            .any(|secret| secret.places(text).next().is_some())
    };
    Cow::Borrowed(
        [WITHHELD, MASKED]
            .into_iter()
            .find(safe)
            .unwrap_or_default(),
    )
}

/// One form of one secret.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Secret {
    text: String,
    /// Found only where it is no part of a longer word: numbers and booleans.
    word: bool,
}

impl Secret {
    fn places<'a>(&'a self, message: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let step = self.text.chars().next().map_or(1, char::len_utf8);
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let start = from + message.get(from..)?.find(&self.text)?;
                let end = start + self.text.len();
                // Overlapping occurrences count too.
                from = start + step;
                if !self.word || is_word(message, start, end) {
                    return Some(start..end);
                }
            }
        })
    }
}

fn is_word(message: &str, start: usize, end: usize) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !inside(message[..start].chars().next_back()) && !inside(message[end..].chars().next())
}

fn collect(value: &Value, secret: bool, out: &mut Vec<Secret>) {
    gather(value, secret, out);
    out.retain(|secret| !secret.text.is_empty());
    out.sort();
    out.dedup();
}

fn gather(value: &Value, secret: bool, out: &mut Vec<Secret>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                // A key that does not read like a field's name may be data itself.
                if secret && !key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')) {
                    text_forms(key, out);
                }
                gather(value, secret || is_secret_name(key), out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, secret, out)),
        Value::String(text) if secret => text_forms(text, out),
        Value::Bool(truth) if secret => out.push(Secret {
            text: truth.to_string(),
            word: true,
        }),
        Value::Number(number) if secret => number_forms(number, out),
        _ => {}
    }
}

/// As it stands, as `{:?}` prints it, as JSON writes it, and the last two once more over
/// (a message about a message); each also without the white space around it.
fn text_forms(text: &str, out: &mut Vec<Secret>) {
    for text in [text, text.trim()] {
        let debug = inner(format!("{text:?}"));
        let json = inner(Value::from(text).to_string());
        let nested = [
            inner(format!("{debug:?}")),
            inner(format!("{json:?}")),
            inner(Value::from(&*debug).to_string()),
            inner(Value::from(&*json).to_string()),
        ];
        let escaped = [
            text.escape_default().to_string(),
            text.escape_unicode().to_string(),
            debug,
            json,
        ];
        out.push(Secret {
            text: text.to_owned(),
            word: false,
        });
        // `'` is escaped only when quoted as a character.
        if text.chars().count() == 1 {
            out.push(Secret {
                text: text.replace('\'', "\\'"),
                word: false,
            });
        }
        out.extend(
            escaped
                .into_iter()
                .chain(nested)
                .map(|text| Secret { text, word: false }),
        );
    }
}

/// Without the quotes around it.
fn inner(mut quoted: String) -> String {
    quoted.pop();
    if !quoted.is_empty() {
        quoted.remove(0);
    }
    quoted
}

fn number_forms(number: &Number, out: &mut Vec<Secret>) {
    let mut forms = vec![number.to_string()];
    if let Some(float) = number.as_f64() {
        forms.extend([
            format!("{float}"),
            format!("{float:.1}"),
            format!("{float:?}"),
            format!("{float:e}"),
        ]);
    }
    out.extend(forms.into_iter().map(|text| Secret { text, word: true }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::from),
            "[a-z]{1,6}".prop_map(Value::from),
            "\\PC{4,20}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-20_i64..2000).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn random_secrets_never_survive(
            secrets in proptest::collection::vec(scalar(), 1..4),
            words in proptest::collection::vec("[ a-z`\"\\\\\\[\\]MASKED0-9.]{0,12}", 5),
        ) {
            let input = json!({"plain": "shown", "my_token": secrets.clone()});
            let mut message = words[0].clone();
            for (secret, word) in secrets.iter().zip(&words[1..]) {
                let plain = secret.as_str().map_or_else(|| secret.to_string(), str::to_owned);
                message.push_str(&format!(" {plain} {plain:?} {secret} `{plain}` {word}"));
            }
            let scrubbed = scrub(&message, &input);
            for secret in &secrets {
                match secret.as_str() {
                    Some("") => {}
                    Some(text) => prop_assert!(!scrubbed.contains(text), "{scrubbed:?}"),
                    None => {
                        let text = secret.to_string();
                        let word = |c: char| c.is_alphanumeric() || c == '_';
                        let survives = scrubbed.match_indices(&text).any(|(at, _)| {
                            !scrubbed[..at].ends_with(word)
                                && !scrubbed[at + text.len()..].starts_with(word)
                        });
                        prop_assert!(!survives, "{scrubbed:?}");
                    }
                }
            }
        }

        #[test]
        fn messages_without_secrets_stay(message in ".{0,40}", value in scalar()) {
            prop_assert_eq!(scrub(&message, &json!({"size": value})), message.as_str());
        }

        #[test]
        fn a_mask_hides_all_there_is(secret in "[0-9]{8}", depth in 0_usize..4) {
            let mut value = json!({"api_key": [secret.clone(), {"x": secret.clone()}]});
            for _ in 0..depth {
                value = json!([{"section": value}]);
            }
            prop_assert!(!mask(&value).to_string().contains(&secret));
        }
    }

    #[test]
    fn what_serde_quotes_is_cut() {
        let quoted = |secret: Value| {
            let input = json!({ "password": secret });
            let error = serde_json::from_value::<std::collections::BTreeMap<String, Vec<u8>>>(
                input.clone(),
            );
            scrub(&error.unwrap_err().to_string(), &input).into_owned()
        };
        assert_eq!(
            quoted(json!("hunter2")),
            "invalid type: string \"[MASKED]\", expected a sequence"
        );
        assert_eq!(
            quoted(json!("a\"b\n\u{1f600}\u{7f}")),
            "invalid type: string \"[MASKED]\", expected a sequence"
        );
        assert_eq!(
            quoted(json!(31_415)),
            "invalid type: integer `[MASKED]`, expected a sequence"
        );
        assert_eq!(
            quoted(json!(2750.0)),
            "invalid type: floating point `[MASKED]`, expected a sequence"
        );
        assert_eq!(
            quoted(json!(true)),
            "invalid type: boolean `[MASKED]`, expected a sequence"
        );
        assert_eq!(quoted(json!(7)), WITHHELD);
        assert_eq!(quoted(json!("abc")), WITHHELD);
    }

    #[test]
    fn keys_inside_a_secret_are_data_too() {
        let input = json!({"credentials": {"sk-12345": 1, "user": ""}});
        assert_eq!(
            scrub("unknown field `sk-12345`, expected `user`", &input),
            "unknown field `[MASKED]`, expected `user`"
        );
    }

    #[test]
    fn overlapping_secrets_leave_no_rest() {
        let input = json!({"a_key": "abcd", "b_key": "cdefgh"});
        assert_eq!(scrub("<abcdefgh>", &input), "<[MASKED]>");
    }

    #[test]
    fn a_secret_that_reads_like_the_mask_is_withheld() {
        assert_eq!(scrub("found MASKED", &json!({"token": "MASKED"})), WITHHELD);
        assert_eq!(
            scrub("a secret", &json!({"token": "secret", "pw": "MASK"})),
            ""
        );
    }

    #[test]
    fn masks_as_the_specification_says() {
        assert_eq!(
            mask(
                &json!({"token": null, "pw": "", "secret": {}, "bearer": [], "x_auth": 0, "n": [{"KEY_token": false}]})
            ),
            json!({"token": null, "pw": "", "secret": MASKED, "bearer": MASKED, "x_auth": MASKED, "n": [{"KEY_token": MASKED}]}),
        );
    }
}
