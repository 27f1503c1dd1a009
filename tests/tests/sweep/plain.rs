//! Plain schemas of every type: they take what the full ones take, in keywords that every client knows.

use dagstack_engine::plain_schema;
use dagstack_plugin::Plugin;
use dagstack_plugin::schema::Schema;
use serde_json::Value;
use sweep::Sweep;

use super::{MISTAKES, inputs, judge};

/// The keywords of plain schemas.
const KEYWORDS: [&str; 18] = [
    "additionalProperties",
    "anyOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
];

fn check(schema: &Schema, hook: &str) {
    for (keyword, value) in schema {
        let part = |part: &Value| {
            if let Some(part) = part.as_object() {
                check(part, hook);
            }
        };
        match keyword.as_str() {
            "type" => assert!(value.is_string(), "{hook}: {value}"),
            "format" => assert_eq!(value, "date-time", "{hook}"),
            "enum" => {
                let values = value.as_array().expect("a list");
                assert!(values.iter().all(Value::is_string), "{hook}: {value}");
            }
            "properties" => value.as_object().expect("a map").values().for_each(part),
            "anyOf" => {
                let forms = value.as_array().expect("a list");
                let mut kinds: Vec<&Value> = forms.iter().map(|form| &form["type"]).collect();
                kinds.sort_by_key(|kind| kind.to_string());
                kinds.dedup();
                assert!(
                    kinds.len() == forms.len() && forms.len() > 1,
                    "{hook}: {value}"
                );
                forms.iter().for_each(part);
            }
            "items" | "additionalProperties" => part(value),
            other => assert!(KEYWORDS.contains(&other), "{hook}: `{other}`"),
        }
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// Plain schemas know no `null`: what is optional is left out.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(members) => {
            let rest = members.iter().filter(|(_, member)| !member.is_null());
            let rest = rest.map(|(name, member)| (name.clone(), without_nulls(member)));
            Value::Object(rest.collect())
        }
        other => other.clone(),
    }
}

#[test]
fn what_the_full_schema_takes_the_plain_one_takes() {
    let (mut taken, mut refused) = (0, Vec::new());
    for (name, samples) in sweep::samples() {
        let (_, hook) = Sweep::declaration().hook(name).expect("it is declared");
        let full = Value::Object(hook.schemas().input.clone());
        let plain = plain_schema(&hook.schemas().input);
        check(&plain, name);
        let (full_judge, plain_judge) = (judge(&full), judge(&Value::Object(plain)));
        for input in inputs::of(name, &full, &samples, MISTAKES) {
            let input = without_nulls(&input);
            if has_null(&input) || !full_judge.is_valid(&input) {
                continue;
            }
            taken += 1;
            if let Err(error) = plain_judge.validate(&input) {
                refused.push(format!("{name} {input:.200}: {error}"));
            }
        }
    }
    assert!(taken > 4000, "{taken}");
    assert!(
        refused.is_empty(),
        "{} of {taken}:\n{}",
        refused.len(),
        refused.join("\n")
    );
}
