//! How deep JSON nests, in both of its forms.
//!
//! A scalar has no level, an array or object one more than the deepest of its parts.

use serde_json::Value;

/// How many levels of arrays and objects a value may have that crosses between plugin and host: the
/// arguments of a call (their object is the first level), the result, the details of an error, each
/// entry of its metadata. The other end reads at most 128 levels (serde_json's limit), and a message adds up to six of its own.
/// It holds for plugins in the host's process too, so that a plugin behaves alike in both builds; only
/// a call through a kind's trait, which makes no JSON there, takes any depth.
pub const MAX_NESTING: usize = 120;

/// Whether a JSON text nests deeper than `limit` levels. Of a text that is no JSON it only says that
/// there are that many brackets.
pub fn text_is_deeper(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Whether a value nests deeper than `limit` levels.
pub fn value_is_deeper(value: &Value, limit: usize) -> bool {
    let deeper = |part: &Value| value_is_deeper(part, limit - 1);
    match value {
        Value::Array(_) | Value::Object(_) if limit == 0 => true,
        Value::Array(items) => items.iter().any(deeper),
        Value::Object(members) => members.values().any(deeper),
        _ => false,
    }
}

/// What stands beside arguments and results (the details of an error, a payload of progress, an
/// attribute of a log record, an entry of metadata) as it may cross: a value that nests deeper than
/// [`MAX_NESTING`] becomes a text that says so, whether or not it has to cross.
pub(crate) fn shallow(mut value: Value) -> Value {
    make_shallow(&mut value);
    value
}

/// [`shallow`], where it stands.
pub(crate) fn make_shallow(value: &mut Value) {
    if value_is_deeper(value, MAX_NESTING) {
        *value = Value::from(format!(
            "left out: it nests deeper than {MAX_NESTING} levels"
        ));
    }
}
