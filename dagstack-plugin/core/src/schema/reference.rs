//! What a `$ref` refers to: a JSON Pointer in a URI fragment (RFC 6901, section 6), in which schemars
//! percent-encodes what a URI may not hold. Whoever walks a schema resolves it here.

use serde_json::{Map, Value};

use super::keywords::Schema;

/// What `schema`, a part of `root`, refers to.
pub fn target<'s>(root: &'s Schema, schema: &Map<String, Value>) -> Option<&'s Schema> {
    resolve(root, schema.get("$ref")?.as_str()?)
}

/// The schema that a local reference names, if it is an object.
fn resolve<'s>(root: &'s Schema, reference: &str) -> Option<&'s Schema> {
    match find(root, reference)? {
        Target::Root(root) => Some(root),
        Target::Part(part) => part.as_object(),
    }
}

/// What a local reference names.
#[derive(Debug)]
pub enum Target<'s> {
    /// The whole.
    Root(&'s Schema),
    /// A part of it.
    Part(&'s Value),
}

/// What a local reference names.
pub fn find<'s>(root: &'s Schema, reference: &str) -> Option<Target<'s>> {
    let pointer = percent_decoded(reference.strip_prefix('#')?)?;
    if pointer.is_empty() {
        return Some(Target::Root(root));
    }
    let mut keys = pointer.strip_prefix('/')?.split('/').map(unescaped);
    let first = root.get(&keys.next()?)?;
    let part = keys.try_fold(first, |value, key| match value {
        Value::Object(map) => map.get(&key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    });
    part.map(Target::Part)
}

/// The name of what a reference refers to: the last key of its pointer.
#[doc(hidden)]
pub fn name_of(reference: &str) -> String {
    key(reference.rsplit('/').next().unwrap_or(reference))
}

/// One key of a reference's pointer, in plain text.
#[doc(hidden)]
pub fn key(encoded: &str) -> String {
    unescaped(&percent_decoded(encoded).unwrap_or_else(|| encoded.to_owned()))
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

/// `None` for what is no UTF-8. A `%` without two digits behind it stands for itself.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| !digits.starts_with('+'));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b13_references_are_decoded() {
        let root = json!({ "$defs": {
            "Zugänge": { "const": 1 }, "a b": { "const": 2 }, "a/b~c": { "const": 3 },
            "100%": { "const": 4 }, "list": { "anyOf": [{ "const": 5 }] }, "never": false,
        }});
        let root = root.as_object().unwrap();
        let found = |reference: &str| resolve(root, reference)?.get("const")?.as_u64();
        assert_eq!(found("#/$defs/Zug%C3%A4nge"), Some(1));
        assert_eq!(found("#/$defs/Zugänge"), Some(1));
        assert_eq!(found("#/%24defs/a%20b"), Some(2));
        assert_eq!(found("#/$defs/a~1b~0c"), Some(3));
        assert_eq!(found("#/$defs/a%7E1b%7e0c"), Some(3));
        assert_eq!(found("#/$defs/100%25"), Some(4));
        assert_eq!(found("#/$defs/100%"), Some(4));
        assert_eq!(found("#/$defs/list/anyOf/0"), Some(5));
        assert_eq!(resolve(root, "#"), Some(root));
        for nothing in [
            "#/$defs/never",
            "#/$defs/%FF",
            "#/$defs/x",
            "x.json#/$defs/a b",
            "",
        ] {
            assert_eq!(resolve(root, nothing), None, "{nothing}");
        }
        assert_eq!(name_of("#/$defs/a~1b~0c"), "a/b~c");
        assert_eq!(name_of("#/$defs/Zug%C3%A4nge"), "Zugänge");
    }
}
