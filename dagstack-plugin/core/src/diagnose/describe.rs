//! Schemas and values in words, and values that fit a schema.

use serde_json::{Map, Value};

use crate::schema::{self, Schema};
use crate::secrets::MASKED;

/// Longer texts and lists are cut.
pub(super) const SHOWN: usize = 40;
const LISTED: usize = 20;
/// Schemas nested deeper than this are described by their type alone.
pub(super) const DEPTH: usize = 6;

/// What was found, in words; of a secret only its type.
pub(super) fn found(value: &Value, secret: bool) -> String {
    let empty = value.is_null() || value.as_str() == Some("");
    if secret && !empty {
        return format!("{MASKED} ({})", kind_of(value));
    }
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length > SHOWN {
                format!("text of {length} characters")
            } else {
                format!("the text {value}")
            }
        }
        Value::Array(items) => match items.len() {
            0 => "an empty array".to_owned(),
            1 => "an array of 1 item".to_owned(),
            count => format!("an array of {count} items"),
        },
        Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => scalar.to_string(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// "one of `a`, `b`", or "`a`" if it is the only one.
pub(super) fn one_of(names: &[&str]) -> String {
    let listed: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match (listed.as_slice(), names.len()) {
        ([only], 1) => only.clone(),
        (_, count) if count > LISTED => {
            format!("one of {}, … ({count} in all)", listed.join(", "))
        }
        _ => format!("one of {}", listed.join(", ")),
    }
}

/// Describes subschemas of `root`.
#[derive(Clone, Copy)]
pub(super) struct Describe<'a> {
    pub(super) root: &'a Schema,
    /// What is described is a secret: no examples.
    pub(super) secret: bool,
    /// The bounds of 64-bit integers are worth their digits.
    pub(super) all_bounds: bool,
}

impl<'a> Describe<'a> {
    pub(super) fn new(root: &'a Schema, secret: bool) -> Self {
        Self {
            root,
            secret,
            all_bounds: false,
        }
    }

    /// What the schema refers to.
    pub(super) fn target<'s>(
        &self,
        schema: &'s Map<String, Value>,
    ) -> Option<&'s Map<String, Value>>
    where
        'a: 's,
    {
        schema::target(self.root, schema)
    }

    /// What is expected, in words; `None` if anything will do.
    pub(super) fn expected(&self, schema: &Map<String, Value>) -> Option<String> {
        self.words(schema, 0)
    }

    /// The texts among the values that a schema lists.
    pub(super) fn choices<'s>(&self, schema: &'s Map<String, Value>) -> Vec<&'s str>
    where
        'a: 's,
    {
        let mut choices = Vec::new();
        self.add_choices(schema, &mut choices, 0);
        choices
    }

    fn add_choices<'s>(&self, schema: &'s Map<String, Value>, out: &mut Vec<&'s str>, depth: usize)
    where
        'a: 's,
    {
        if depth > DEPTH {
            return;
        }
        out.extend(values(schema).filter_map(Value::as_str));
        if let Some(target) = self.target(schema) {
            self.add_choices(target, out, depth + 1);
        }
        for variant in variants(schema) {
            self.add_choices(variant, out, depth + 1);
        }
    }

    fn words(&self, schema: &Map<String, Value>, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        let listed: Vec<String> = values(schema).map(plain).collect();
        if !listed.is_empty() {
            let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
            return Some(one_of(&listed));
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut forms: Vec<String> = Vec::new();
        // A type beside variants (the root of an input) says less than they do.
        if kinds.is_empty() || variants(schema).next().is_some() {
            if let Some(target) = self.target(schema) {
                return self.words(target, depth + 1);
            }
            let mut names: Vec<String> = Vec::new();
            for variant in variants(schema) {
                let mut single: Vec<String> = values(variant).map(plain).collect();
                if single.is_empty() {
                    let words = self.words(variant, depth + 1)?;
                    if !forms.contains(&words) {
                        forms.push(words);
                    }
                } else {
                    names.append(&mut single);
                }
            }
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                forms.insert(0, one_of(&names));
            }
        } else {
            for kind in kinds {
                forms.push(self.kind(schema, kind, depth));
            }
        }
        (!forms.is_empty()).then(|| forms.join(" or "))
    }

    fn kind(&self, schema: &Map<String, Value>, kind: &str, depth: usize) -> String {
        match kind {
            "null" => "null".to_owned(),
            "boolean" => "true or false".to_owned(),
            "integer" => self.number(schema, "an integer"),
            "number" => self.number(schema, "a number"),
            "string" => text(schema),
            "array" => self.array(schema, depth),
            "object" => self.object(schema),
            other => format!("a value of type `{other}`"),
        }
    }

    fn number(self, schema: &Map<String, Value>, noun: &str) -> String {
        let shown = |bound: &&Value| {
            let of_64_bits = [i64::MIN.into(), i64::MAX.into(), u64::MAX.into()];
            bound.is_number() && (self.all_bounds || !of_64_bits.contains(*bound))
        };
        let bound = |keyword: &str| schema.get(keyword).filter(shown);
        let mut words = match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("{noun} from {least} to {most}"),
            (Some(least), None) => format!("{noun} of at least {least}"),
            (None, Some(most)) => format!("{noun} of at most {most}"),
            (None, None) => noun.to_owned(),
        };
        if let Some(least) = bound("exclusiveMinimum") {
            words.push_str(&format!(", greater than {least}"));
        }
        if let Some(most) = bound("exclusiveMaximum") {
            words.push_str(&format!(", less than {most}"));
        }
        if let Some(step) = bound("multipleOf") {
            words.push_str(&format!(", a multiple of {step}"));
        }
        if let Some(not) = schema.get("not").and_then(|not| not.get("const")) {
            words.push_str(&format!(", not {not}"));
        }
        words
    }

    fn array(&self, schema: &Map<String, Value>, depth: usize) -> String {
        let count = counted(schema, "minItems", "maxItems", "item");
        let mut words = "an array".to_owned();
        if let Some(count) = count {
            words.push_str(&format!(" of {count}"));
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            words.push_str(" without duplicates");
        }
        let parts: Option<Vec<String>> = match schema.get("prefixItems") {
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| self.words(item.as_object()?, depth + 1))
                .collect(),
            _ => None,
        };
        if let Some(parts) = parts {
            words.push_str(&format!(": {}", parts.join(", then ")));
        } else if let Some(Value::Object(item)) = schema.get("items")
            && let Some(item) = self.words(item, depth + 1)
        {
            words.push_str(&format!(", each item {item}"));
        }
        words
    }

    fn object(&self, schema: &Map<String, Value>) -> String {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if required.is_empty() {
            return "an object".to_owned();
        }
        let named: Vec<String> = required
            .iter()
            .take(LISTED)
            .map(|key| format!("`{key}`"))
            .collect();
        format!("an object with {}", named.join(", "))
    }
}

/// The values that a schema lists.
pub(super) fn values(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let listed = schema.get("enum").and_then(Value::as_array);
    schema
        .get("const")
        .into_iter()
        .chain(listed.into_iter().flatten())
}

/// The forms that a schema names.
pub(super) fn variants(schema: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    ["anyOf", "oneOf"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword)?.as_array())
        .flatten()
        .filter_map(Value::as_object)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text(schema: &Map<String, Value>) -> String {
    let mut words = "text".to_owned();
    if let Some(Value::String(encoding)) = schema.get("contentEncoding") {
        words.push_str(&format!(" in {encoding}"));
    }
    if let Some(count) = counted(schema, "minLength", "maxLength", "character") {
        words.push_str(&format!(" of {count}"));
    }
    if let Some(Value::String(pattern)) = schema.get("pattern") {
        words.push_str(&format!(" matching `{pattern}`"));
    }
    if let Some(Value::String(format)) = schema.get("format") {
        words.push_str(&format!(" in the format `{format}`"));
    }
    words
}

fn counted(schema: &Map<String, Value>, least: &str, most: &str, noun: &str) -> Option<String> {
    let count = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    Some(match (count(least), count(most)) {
        (Some(least), Some(most)) if least == most => {
            format!("exactly {most} {noun}{}", plural(most))
        }
        (Some(least), Some(most)) => format!("{least} to {most} {noun}s"),
        (Some(least), None) => format!("at least {least} {noun}{}", plural(least)),
        (None, Some(most)) => format!("at most {most} {noun}{}", plural(most)),
        (None, None) => return None,
    })
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
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let words = one_of(&names);
        assert!(words.ends_with("`n19`, … (30 in all)"), "{words}");
    }
}
