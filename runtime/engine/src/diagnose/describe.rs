//! Schemas and values in words.

use serde_json::Value;

use crate::schema::longest;
use crate::schema::parts::{list, values, variants};
use dagstack_plugin_core::schema::{Schema, target};
use dagstack_plugin_core::secrets::MASKED;
use dagstack_plugin_core::{json_type, suggest};

/// Longer texts and lists are cut.
const SHOWN: usize = 40;
const LISTED: usize = 20;
/// What nests deeper is not described.
const DEPTH: usize = 6;

/// What was found, in words; of a secret only its type.
pub(super) fn found(value: &Value, secret: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        _ if secret && value.as_str() != Some("") => format!("{MASKED} ({})", json_type(value)),
        Value::String(text) => match text.chars().count() {
            length if length > SHOWN => format!("text of {length} characters"),
            _ => format!("the text {value}"),
        },
        Value::Array(items) => match items.len() {
            0 => "an empty array".to_owned(),
            1 => "an array of 1 item".to_owned(),
            count => format!("an array of {count} items"),
        },
        Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => json_type(value).to_owned(),
        scalar => scalar.to_string(),
    }
}

/// That a value was found which is none of those known, and which of them was probably meant.
pub(super) fn unlike<'a>(
    value: &Value,
    secret: bool,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let text = value.as_str().filter(|_| !secret);
    let meant = text.map(|text| did_you_mean(text, known));
    format!(
        "found {}{}",
        found(value, secret),
        meant.unwrap_or_default()
    )
}

/// " (did you mean `text`?)" where one of `known` comes close to what was given.
pub(super) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    dagstack_plugin_core::did_you_mean(suggest(given, known))
}

/// "one of `a`, `b`", or "`a`" if it is the only one.
pub(super) fn one_of(names: &[impl AsRef<str>]) -> String {
    match names {
        [only] => format!("`{}`", only.as_ref()),
        names => format!("one of {}", listed(names)),
    }
}

fn listed(names: &[impl AsRef<str>]) -> String {
    let shown = names.iter().take(LISTED);
    let shown: Vec<String> = shown.map(|name| format!("`{}`", name.as_ref())).collect();
    match names.len() {
        count if count > LISTED => format!("{}, … ({count} in all)", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// What a part of the schema `root` expects, in words; `None` if anything will do. Some limits are worth
/// their words only where what was `found` passes them.
pub(super) fn expected(root: &Schema, schema: &Schema, found: Option<&Value>) -> Option<String> {
    let words = Words { root, found };
    words.of(schema, 0)
}

#[derive(Clone, Copy)]
struct Words<'a> {
    root: &'a Schema,
    found: Option<&'a Value>,
}

impl Words<'_> {
    fn of(self, schema: &Schema, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let mut names: Vec<String> = values(schema).map(plain).collect();
        if !names.is_empty() {
            return Some(one_of(&names));
        }
        let kinds = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.as_slice(),
            Some(kind) => std::slice::from_ref(kind),
            None => &[],
        };
        let mut forms: Vec<String> = Vec::new();
        // A type beside variants (the root of an input) says less than they do.
        if !kinds.is_empty() && variants(schema).next().is_none() {
            let kinds = kinds.iter().filter_map(Value::as_str);
            forms.extend(kinds.map(|kind| self.kind(schema, kind, depth)));
        } else if let Some(target) = target(self.root, schema) {
            return self.of(target, depth + 1);
        }
        for variant in variants(schema).filter_map(Value::as_object) {
            if values(variant).next().is_some() {
                names.extend(values(variant).map(plain));
                continue;
            }
            let words = self.of(variant, depth + 1)?;
            if !forms.contains(&words) {
                forms.push(words);
            }
        }
        if !names.is_empty() {
            forms.insert(0, one_of(&names));
        }
        (!forms.is_empty()).then(|| forms.join(" or "))
    }

    fn kind(self, schema: &Schema, kind: &str, depth: usize) -> String {
        match kind {
            "null" => "null".to_owned(),
            "boolean" => "true or false".to_owned(),
            "integer" => self.number(schema, "an integer"),
            "number" => self.number(schema, "a number"),
            "string" => self.text(schema),
            "array" => self.array(schema, depth),
            "object" => object(schema),
            other => format!("a value of type `{other}`"),
        }
    }

    fn number(self, schema: &Schema, noun: &str) -> String {
        let of_64_bits = [i64::MIN.into(), i64::MAX.into(), Value::from(u64::MAX)];
        let found = self.found.and_then(Value::as_f64);
        let is_beyond = found.is_some_and(|it| it.abs() >= i64::MAX as f64);
        let bound = |keyword: &str| {
            let bound = schema.get(keyword).filter(|bound| bound.is_number());
            bound.filter(|bound| is_beyond || !of_64_bits.contains(*bound))
        };
        let mut words = match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("{noun} from {least} to {most}"),
            (Some(least), None) => format!("{noun} of at least {least}"),
            (None, Some(most)) => format!("{noun} of at most {most}"),
            (None, None) => noun.to_owned(),
        };
        for (said, value) in [
            ("greater than", bound("exclusiveMinimum")),
            ("less than", bound("exclusiveMaximum")),
            ("a multiple of", bound("multipleOf")),
            ("not", schema.get("not").and_then(|not| not.get("const"))),
        ] {
            if let Some(value) = value {
                words.push_str(&format!(", {said} {value}"));
            }
        }
        words
    }

    fn array(self, schema: &Schema, depth: usize) -> String {
        let mut words = "an array".to_owned();
        words.push_str(&counted(schema, "minItems", "maxItems", "item"));
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            words.push_str(" without duplicates");
        }
        let of = |item: &Value| self.of(item.as_object()?, depth + 1);
        let first = list(schema, "prefixItems");
        let parts: Option<Vec<String>> = first.iter().map(of).collect();
        if let Some(parts) = parts.filter(|parts| !parts.is_empty()) {
            words.push_str(&format!(": {}", parts.join(", then ")));
        } else if let Some(item) = schema.get("items").and_then(of) {
            words.push_str(&format!(", each item {item}"));
        }
        words
    }

    fn text(self, schema: &Schema) -> String {
        let named = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
        let mut words = "text".to_owned();
        if let Some(encoding) = named("contentEncoding") {
            words.push_str(&format!(" in {encoding}"));
        }
        words.push_str(&counted(schema, "minLength", "maxLength", "character"));
        if let Some(pattern) = named("pattern") {
            words.push_str(&format!(" matching `{pattern}`"));
            let found = self.found.and_then(Value::as_str);
            if let Some(text) = found
                && let Some(longest) = longest(pattern).filter(|longest| text.len() > *longest)
            {
                words.push_str(&format!(
                    " (beyond {longest} bytes that needs the feature `regex` of `dagstack-plugin`)"
                ));
            }
        }
        if let Some(format) = named("format") {
            words.push_str(&format!(" in the format `{format}`"));
        }
        words
    }
}

fn object(schema: &Schema) -> String {
    let required = list(schema, "required").iter();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    match required.is_empty() {
        true => "an object".to_owned(),
        false => format!("an object with {}", listed(&required)),
    }
}

fn counted(schema: &Schema, least: &str, most: &str, noun: &str) -> String {
    let count = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let nouns = |count: u64| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    match (count(least), count(most)) {
        (Some(least), Some(most)) if least == most => format!(" of exactly {}", nouns(most)),
        (Some(least), Some(most)) => format!(" of {least} to {most} {noun}s"),
        (Some(least), None) => format!(" of at least {}", nouns(least)),
        (None, Some(most)) => format!(" of at most {}", nouns(most)),
        (None, None) => String::new(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_texts_and_secrets_are_not_shown() {
        assert_eq!(found(&json!("abc"), false), r#"the text "abc""#);
        assert_eq!(
            found(&json!("é".repeat(41)), false),
            "text of 41 characters"
        );
        assert_eq!(found(&json!("abc"), true), "[MASKED] (text)");
        assert_eq!(found(&json!(""), true), r#"the text """#);
        assert_eq!(found(&json!([1]), false), "an array of 1 item");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..30).map(|n| format!("n{n}")).collect();
        let words = one_of(&names);
        assert!(words.ends_with("`n19`, … (30 in all)"), "{words}");
    }

    #[test]
    #[cfg(not(feature = "regex"))]
    fn the_longest_text_for_a_pattern_is_named_where_it_is_passed() {
        let schema = json!({ "type": "string", "pattern": "^[a-z]{1,900}(?:-[a-z]{1,900})*$" });
        let schema = schema.as_object().unwrap();
        let is_named = |found: Option<Value>| {
            let words = expected(schema, schema, found.as_ref()).unwrap();
            words.contains("needs the feature `regex`")
        };
        assert!(!is_named(None));
        assert!(!is_named(Some(json!(5))));
        assert!(!is_named(Some(json!("UPPER"))));
        assert!(is_named(Some(json!("a".repeat(1_000_000)))));
    }
}
