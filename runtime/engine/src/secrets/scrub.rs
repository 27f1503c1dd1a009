//! Cutting secrets out of texts that quote them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use dagstack_plugin_core::error::chain;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::secrets::{MASKED, is_secret_name};
use dagstack_plugin_core::{Health, HookError};
use serde_json::{Number, Value};
use zeroize::Zeroizing;

use super::SecretPlaces;
use crate::panics;

/// Instead of a message from which the secrets cannot be cut.
const WITHHELD: &str = "the details are withheld, because they quote a secret value";

/// Secrets of fewer characters are in many texts that are not about them.
const SHORT: usize = 4;

/// Secrets of fewer characters are left in errors. Whoever can make an author's error quote what he
/// gives could guess them there, one call after another: a right guess would read [`MASKED`].
const LONG: usize = 12;

/// `message` without the secrets of `input`, the value it speaks of: error messages quote what
/// they found. What is a secret is judged by names alone; a [`Scrubber`] knows schemas, too.
///
/// ```
/// use dagstack_engine::secrets::scrub;
/// use serde_json::json;
///
/// let input = json!({"port": "eighty", "password": "hunter2"});
/// assert_eq!(scrub("found `hunter2`", &input), "found `[MASKED]`");
/// assert_eq!(scrub("found `eighty`", &input), "found `eighty`");
/// ```
#[must_use]
pub fn scrub<'a>(message: &'a str, input: &Value) -> Cow<'a, str> {
    let mut scrubber = Scrubber::new();
    scrubber.add(&SecretPlaces::by_names(input), input);
    scrubber.scrub(message)
}

/// The secrets of a config, to cut them out of texts that may quote them: plain, escaped as JSON and
/// Rust do, however often, and as URLs do.
///
/// ```
/// use dagstack_engine::secrets::Scrubber;
/// use serde_json::json;
///
/// let schema = json!({"properties": {"pin": {"type": "string", "writeOnly": true}}});
/// let section = json!({"pin": "sesame", "password": "hunter2"});
/// let scrubber = Scrubber::of(&section, schema.as_object().unwrap());
/// assert_eq!(scrubber.scrub("no door for sesame/hunter2"), "no door for [MASKED]/[MASKED]");
/// ```
///
/// It cannot know what else an author's code makes of a secret: a hash, a half of it, an encoding
/// of its own.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Sorted, each once.
    forms: Vec<Form>,
}

/// Says how many forms of secrets there are, and none of them.
impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({} forms)", self.forms.len())
    }
}

impl Scrubber {
    /// One that knows no secret.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that knows the secrets of `section`, by names and by its schema.
    pub fn of(section: &Value, schema: &Schema) -> Self {
        let mut scrubber = Self::new();
        scrubber.learn(section, schema);
        scrubber
    }

    /// Adds the secrets of another section.
    pub fn learn(&mut self, section: &Value, schema: &Schema) {
        self.add(&SecretPlaces::of(section, schema), section);
    }

    /// `message` without the secrets. Where they cannot be cut out safely (one of fewer than four
    /// characters, or one that survives) a neutral sentence takes the place of the whole message.
    #[must_use]
    pub fn scrub<'a>(&self, message: &'a str) -> Cow<'a, str> {
        self.cut(message, 0)
    }

    /// The same for what an author's code says while it runs, which need not be about the config:
    /// truth values, and secrets of fewer than four characters, are left in it. Each of them is in
    /// too many texts that are not about it.
    #[must_use]
    pub fn scrub_loosely<'a>(&self, message: &'a str) -> Cow<'a, str> {
        self.cut(message, SHORT)
    }

    /// What a health check says, [scrubbed loosely](Self::scrub_loosely).
    #[must_use]
    pub fn scrub_health(&self, health: Health) -> Health {
        health.with_reason(|reason| self.scrub_loosely(reason).into_owned())
    }

    /// An error of an author's code, without the secrets of twelve characters and more: its message,
    /// and in its details texts, keys and numbers. The error it came from is let go where something
    /// was cut, or where it tells a secret itself. An error of the SDK's own about what a caller gave
    /// stays as it is: whatever it quotes, the caller knows.
    #[must_use]
    pub fn scrub_error(&self, error: HookError) -> HookError {
        if error.is_clean() || self.forms_of(LONG).next().is_none() {
            return error;
        }
        let message = self.cut(error.message(), LONG);
        let details = error.get_details().map(|details| self.cut_value(details));
        // The message says what its sources do, or not. They are the author's, and may panic.
        let tells = |text: String| self.quotes(&text, LONG);
        let is_told = || {
            let mut causes = chain(&error).skip(1);
            let told = panics::catch(|| {
                causes.any(|cause| tells(cause.to_string()) || tells(format!("{cause:?}")))
            });
            told.unwrap_or(true)
        };
        if message == error.message() && details.as_ref() == error.get_details() && !is_told() {
            return error;
        }
        let clean = HookError::new(error.code().to_owned(), message.into_owned());
        let _ = panics::catch(move || drop(error));
        match details {
            Some(details) => clean.details(details),
            None => clean,
        }
    }

    fn cut_value(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.cut(key, LONG).into_owned(), self.cut_value(value)))
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.cut_value(item)).collect(),
            Value::String(text) => Value::from(self.cut(text, LONG)),
            Value::Number(number) => {
                let text = number.to_string();
                match self.cut(&text, LONG) {
                    kept if kept == text => value.clone(),
                    cut => Value::from(cut),
                }
            }
            other => other.clone(),
        }
    }

    /// The message without the secrets of `least` characters and more.
    fn cut<'a>(&self, message: &'a str, least: usize) -> Cow<'a, str> {
        // A huge message about a huge input is not worth the search.
        if self.forms.len().saturating_mul(message.len()) > 1 << 28 {
            return self.withheld(least);
        }
        let text = Text::of(message);
        let mut found: Vec<Range<usize>> = Vec::new();
        for form in self.forms_of(least) {
            let before = found.len();
            found.extend(form.places(&text));
            if found.len() > before && form.text.chars().count() < SHORT {
                return self.withheld(least);
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
        if self.quotes(&out, least) {
            return self.withheld(least);
        }
        Cow::Owned(out)
    }

    fn quotes(&self, message: &str, least: usize) -> bool {
        let text = Text::of(message);
        self.forms_of(least)
            .any(|form| form.places(&text).next().is_some())
    }

    fn forms_of(&self, least: usize) -> impl Iterator<Item = &Form> {
        self.forms.iter().filter(move |form| form.length >= least)
    }

    /// The first stand-in that does not itself read like one of the secrets.
    fn withheld(&self, least: usize) -> Cow<'static, str> {
        let mut texts = [WITHHELD, MASKED].into_iter();
        let safe = texts.find(|text| !self.quotes(text, least));
        Cow::Borrowed(safe.unwrap_or_default())
    }

    fn add(&mut self, places: &SecretPlaces<'_>, value: &Value) {
        self.take(places, value, false);
        let key = |form: &Form| (form.form, form.length);
        self.forms
            .sort_by(|a, b| (&*a.text, key(a)).cmp(&(&*b.text, key(b))));
        self.forms.dedup();
    }

    fn take(&mut self, places: &SecretPlaces<'_>, value: &Value, secret: bool) {
        let secret = secret || places.has(value);
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    // A key that does not read like a field's name may be data itself.
                    if secret && !key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')) {
                        self.text(key);
                    }
                    self.take(places, value, secret || is_secret_name(key));
                }
            }
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.take(places, item, secret)),
            Value::String(text) if secret => self.text(text),
            Value::Bool(truth) if secret => self.push(truth.to_string(), As::Word, 0),
            Value::Number(number) if secret => self.number(number),
            _ => {}
        }
    }

    fn push(&mut self, text: String, form: As, length: usize) {
        if !text.is_empty() {
            self.forms.push(Form {
                text: Zeroizing::new(text),
                form,
                length,
            });
        }
    }

    /// Without the white space around it, which may go in a message.
    fn text(&mut self, text: &str) {
        let text = match text.trim() {
            "" => text,
            trimmed => trimmed,
        };
        let length = text.chars().count();
        let json = inner(Value::from(text).to_string());
        for form in [
            text.to_owned(),
            in_ascii(&json),
            json,
            inner(format!("{text:?}")),
            text.escape_default().to_string(),
            percent(text),
        ] {
            let bare = form.replace('\\', "");
            // Where little else is left, it is found as it stands only.
            if bare.chars().count() >= SHORT.min(length) {
                self.push(bare, As::Bare, length);
            } else {
                self.push(form, As::Whole, length);
            }
        }
    }

    fn number(&mut self, number: &Number) {
        let text = number.to_string();
        let length = text.len();
        self.push(text, As::Word, length);
        let Some(float) = number.as_f64() else { return };
        for form in [
            float.to_string(),
            format!("{float:?}"),
            format!("{float:e}"),
        ] {
            self.push(form, As::Word, length);
        }
    }
}

/// One form of one secret.
#[derive(Clone, PartialEq, Eq)]
struct Form {
    text: Zeroizing<String>,
    form: As,
    /// How many characters its secret has; of a truth value none.
    length: usize,
}

/// How a form is looked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum As {
    /// Wherever it stands.
    Whole,
    /// The same, whatever backslashes are in between: quoting adds some each time.
    Bare,
    /// Where it is no part of a longer word: numbers and truth values.
    Word,
}

/// A text that is searched.
struct Text<'a> {
    whole: &'a str,
    /// The text without its backslashes, and where each byte of that stood.
    bare: Option<(String, Vec<usize>)>,
}

impl<'a> Text<'a> {
    fn of(whole: &'a str) -> Self {
        let bare = whole.contains('\\').then(|| {
            let kept = whole.bytes().enumerate().filter(|(_, byte)| *byte != b'\\');
            (whole.replace('\\', ""), kept.map(|(at, _)| at).collect())
        });
        Self { whole, bare }
    }
}

impl Form {
    fn places<'t>(&'t self, text: &'t Text<'_>) -> impl Iterator<Item = Range<usize>> + 't {
        let (message, at) = match &text.bare {
            Some((bare, at)) if self.form == As::Bare => (bare.as_str(), Some(at)),
            _ => (text.whole, None),
        };
        let (pattern, mut from) = (self.text.as_str(), 0);
        // Overlapping occurrences count, too.
        let next = move || {
            let start = from + message.get(from..)?.find(pattern)?;
            let first = message[start..].chars().next();
            from = start + first.map_or(1, char::len_utf8);
            Some(start..start + pattern.len())
        };
        std::iter::from_fn(next)
            .filter(|place| self.form != As::Word || is_word(message, place))
            .map(move |place| match at {
                Some(at) => at[place.start]..at[place.end - 1] + 1,
                None => place,
            })
    }
}

fn is_word(message: &str, place: &Range<usize>) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !inside(message[..place.start].chars().next_back())
        && !inside(message[place.end..].chars().next())
}

/// Without the quotes around it.
fn inner(quoted: String) -> String {
    let inner = quoted.get(1..quoted.len().saturating_sub(1));
    inner.unwrap_or_default().to_owned()
}

/// JSON text as writers that keep to ASCII have it, Python's among them.
fn in_ascii(json: &str) -> String {
    let unit = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    json.encode_utf16().map(unit).collect()
}

/// As a part of a URL.
fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use dagstack_plugin_core::secrets::mask;

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
    fn b20_no_source_of_an_error_tells_what_the_error_does_not() {
        let secret = "open-sesame-open";
        let section = json!({ "pin": secret });
        let schema = json!({ "properties": { "pin": { "writeOnly": true } } });
        let scrubber = Scrubber::of(&section, schema.as_object().unwrap());
        let came_from = |text: &str| {
            let deep = HookError::new("deep", "no luck").with_source(text.to_owned());
            let error = HookError::new("told", "it failed").details(json!(1));
            let clean = scrubber.scrub_error(error.with_source(deep));
            assert_eq!(clean.to_value()["details"], 1);
            (clean.message().to_owned(), chain(&clean).count())
        };
        assert_eq!(came_from("harmless"), ("it failed".to_owned(), 3));
        assert_eq!(came_from(secret), ("it failed".to_owned(), 1));
    }

    #[test]
    fn b20_a_short_secret_is_left_in_an_authors_error_only() {
        let section = json!({ "password": "hunter2", "token": "open-sesame-open" });
        let scrubber = Scrubber::of(&section, &Schema::new());
        let said = "hunter2, open-sesame-open";
        let error = |error| scrubber.scrub_error(error).message().to_owned();
        assert_eq!(error(HookError::new("told", said)), "hunter2, [MASKED]");
        assert_eq!(error(HookError::new("told", said).as_clean()), said);
        assert_eq!(
            scrubber.scrub_health(Health::degraded(said)),
            Health::degraded("[MASKED], [MASKED]")
        );
        assert_eq!(scrubber.scrub_loosely(said), "[MASKED], [MASKED]");
        assert_eq!(scrubber.scrub(said), "[MASKED], [MASKED]");
    }

    #[test]
    fn quoting_hides_no_secret_however_often() {
        let input = json!({ "token": "a\"b\\c\nd" });
        let mut quoted = String::from("a\"b\\c\nd");
        for _ in 0..4 {
            quoted = format!("{quoted:?}");
            let shown = scrub(&quoted, &input).replace(['\\', '"'], "");
            assert_eq!(shown, "[MASKED]", "{quoted}");
        }
    }

    #[test]
    fn every_spelling_of_a_secret_is_cut() {
        let input = json!({ "token": "пин \u{1f600}", "pw": 2_750_000.0, "bearer": 1e20 });
        for spelling in [
            "пин \u{1f600}",
            r"\u{43f}\u{438}\u{43d} \u{1f600}",
            r"\u043f\u0438\u043d \ud83d\ude00",
            "%D0%BF%D0%B8%D0%BD%20%F0%9F%98%80",
            "2750000",
            "2750000.0",
            "2.75e6",
            "1e20",
            "1e+20",
            "100000000000000000000",
        ] {
            let said = format!("found `{spelling}`");
            // A backslash before the first character may stay.
            let shown = scrub(&said, &input).replace('\\', "");
            assert_eq!(shown, "found `[MASKED]`", "{spelling}");
        }
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
    fn a_secret_that_overlaps_itself_leaves_no_rest() {
        let mut scrubber = Scrubber::new();
        scrubber.learn(&json!({ "password": "abcab" }), &Schema::new());
        assert_eq!(scrubber.scrub("abcabcab!"), "[MASKED]!");
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
