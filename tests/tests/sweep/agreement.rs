//! Our judge says of generated schemas and values what jsonschema says.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dagstack_engine::Judge;
use dagstack_plugin::schema::Schema;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use super::inputs::{Random, mutate};

const SCHEMAS: u32 = 10_000;

pub(crate) fn judge(schema: &Schema) -> Judge {
    Judge::new(schema).unwrap_or_else(|error| panic!("{error}: {schema:?}"))
}

pub(crate) fn reference(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// Names of members, and of definitions.
const NAMES: [&str; 5] = ["a", "b", "é", "a b", "17"];
const DEFINITIONS: [&str; 4] = ["A", "B c", "D/~e", "Zugänge"];
const REFERENCES: [&str; 6] = [
    "#",
    "#/$defs/A",
    "#/$defs/B%20c",
    "#/$defs/D~1~0e",
    "#/%24defs/D%7e1%7E0e",
    "#/$defs/Zug%C3%A4nge",
];
const PATTERNS: [&str; 10] = [
    r"^\d+$",
    r"^\w+$",
    r"\s",
    r"[^\S ]",
    "^.$",
    "^(a|b c)",
    "é{2,}",
    "[a-c&&b]$",
    r"^[\d-]+$",
    "^[+--]$",
];

fn numbers() -> Vec<Value> {
    vec![
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(-1),
        json!(2),
        json!(2.5),
        json!(0.1),
        json!(0.3),
        json!(1e-7),
        json!(100),
        json!(1e2),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(u64::MAX - 1),
        json!(-9_223_372_036_854_775_808.0),
        json!(18_446_744_073_709_551_616.0),
        json!(9_007_199_254_740_993_u64),
        json!(9_007_199_254_740_992.0),
        json!(1e300),
        json!(5e-324),
    ]
}

fn texts() -> Vec<Value> {
    let texts = [
        "",
        "a",
        "b c",
        "17",
        "é",
        "éé",
        "e\u{301}",
        "😀",
        "👩‍🚀",
        "a\n",
        "\u{2028}",
        "\u{a0}",
        "٣",
        "&",
    ];
    texts.map(Value::from).to_vec()
}

fn scalars() -> Vec<Value> {
    let mut all = vec![json!(null), json!(true), json!(false)];
    all.extend(numbers());
    all.extend(texts());
    all
}

fn values() -> impl Strategy<Value = Value> {
    select(scalars()).prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            btree_map(select(&NAMES[..]), inner, 0..4).prop_map(object),
        ]
    })
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

/// One or a few keywords that look at the value itself.
fn plain() -> BoxedStrategy<Value> {
    let kinds = [
        "null", "boolean", "integer", "number", "string", "array", "object",
    ];
    let limits = [
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ];
    let bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let steps = [
        json!(1),
        json!(2.0),
        json!(7),
        json!(0.1),
        json!(0.01),
        json!(1.5),
        json!(1e-7),
    ];
    let names = || subsequence(NAMES.to_vec(), 0..3);
    prop_oneof![
        3 => select(kinds.to_vec()).prop_map(|kind| json!({ "type": kind })),
        2 => subsequence(kinds.to_vec(), 1..4).prop_map(|kinds| json!({ "type": kinds })),
        1 => vec(values(), 1..4).prop_map(|values| json!({ "enum": values })),
        1 => values().prop_map(|value| json!({ "const": value })),
        3 => (select(bounds.to_vec()), select(numbers())).prop_map(|(key, bound)| json!({ (key): bound })),
        2 => select(steps.to_vec()).prop_map(|step| json!({ "multipleOf": step })),
        3 => (select(limits.to_vec()), 0..4_u8).prop_map(|(key, limit)| json!({ (key): limit })),
        2 => select(&PATTERNS[..]).prop_map(|pattern| json!({ "pattern": pattern })),
        1 => any::<bool>().prop_map(|unique| json!({ "uniqueItems": unique })),
        1 => names().prop_map(|names| json!({ "required": names })),
        1 => (select(&NAMES[..]), names()).prop_map(|(key, names)| json!({ "dependentRequired": { (key): names } })),
        1 => Just(json!({ "format": "date", "title": "t", "x-own": { "type": 5 }, "default": {} })),
    ]
    .boxed()
}

/// One or a few keywords that hold the schemas.
fn holding(inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let parts = || vec(inner.clone(), 1..4);
    let members = || btree_map(select(&NAMES[..]), inner.clone(), 1..4).prop_map(object);
    let patterns = btree_map(select(&PATTERNS[..]), inner.clone(), 1..3).prop_map(object);
    let one = |keywords: Vec<&'static str>| {
        (select(keywords), inner.clone()).prop_map(|(key, part)| json!({ (key): part }))
    };
    prop_oneof![
        4 => select(&REFERENCES[..]).prop_map(|to| json!({ "$ref": to })),
        4 => members().prop_map(|parts| json!({ "properties": parts })),
        1 => patterns.prop_map(|parts| json!({ "patternProperties": parts })),
        3 => one(vec!["additionalProperties", "unevaluatedProperties"]),
        2 => Just(json!({ "unevaluatedProperties": false })),
        1 => one(vec!["propertyNames", "not"]),
        2 => one(vec!["items", "unevaluatedItems"]),
        1 => Just(json!({ "unevaluatedItems": false })),
        2 => parts().prop_map(|parts| json!({ "prefixItems": parts })),
        1 => (inner.clone(), 0..3_u8, 0..4_u8).prop_map(|(part, least, most)| {
            json!({ "contains": part, "minContains": least, "maxContains": most })
        }),
        1 => one(vec!["contains"]),
        6 => (select(vec!["allOf", "anyOf", "oneOf"]), parts()).prop_map(|(key, parts)| json!({ (key): parts })),
        2 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(test, then, otherwise)| {
            json!({ "if": test, "then": then, "else": otherwise })
        }),
        1 => (select(&NAMES[..]), inner.clone()).prop_map(|(key, part)| json!({ "dependentSchemas": { (key): part } })),
    ]
    .boxed()
}

fn merged(groups: Vec<Value>) -> Value {
    let maps = groups.into_iter().filter_map(|group| match group {
        Value::Object(map) => Some(map),
        _ => None,
    });
    Value::Object(maps.flatten().collect())
}

fn parts() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        8 => vec(plain(), 0..3).prop_map(merged),
        2 => select(&REFERENCES[..]).prop_map(|to| json!({ "$ref": to })),
        1 => any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let inner = inner.boxed();
        (vec(holding(inner), 1..4), vec(plain(), 0..2))
            .prop_map(|(holding, plain)| merged([holding, plain].concat()))
    })
    .boxed()
}

fn schemas() -> impl Strategy<Value = Value> {
    let definitions = [(); 4].map(|()| parts());
    (parts(), definitions).prop_map(|(root, definitions)| {
        let mut root = match root {
            Value::Object(map) => map,
            other => Map::from_iter([("not".to_owned(), other)]),
        };
        let definitions = object(DEFINITIONS.into_iter().zip(definitions));
        root.insert("$defs".to_owned(), definitions);
        let mut root = Value::Object(root);
        for (own, name) in DEFINITIONS.iter().enumerate() {
            untangle(&mut root["$defs"][*name], own + 1);
        }
        untangle(&mut root, 0);
        root
    })
}

/// Takes out the references by which a schema would lead to itself for the same value: the
/// specification leaves open what that means.
fn untangle(schema: &mut Value, own: usize) {
    let Value::Object(schema) = schema else {
        return;
    };
    if let Some(Value::String(to)) = schema.get("$ref")
        && target(to) <= own
    {
        schema.remove("$ref");
    }
    for (keyword, said) in schema {
        match (keyword.as_str(), said) {
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|part| untangle(part, own));
            }
            ("dependentSchemas", Value::Object(parts)) => {
                parts.values_mut().for_each(|part| untangle(part, own));
            }
            ("not" | "if" | "then" | "else", part) => untangle(part, own),
            _ => {}
        }
    }
}

/// The number of the definition that a reference names; that of the root is 0.
fn target(reference: &str) -> usize {
    let names = ["/A", "/B", "/D", "/Z"];
    let found = names.iter().position(|name| reference.contains(name));
    found.map_or(0, |index| index + 1)
}

/// A value that the schema may accept.
fn make(root: &Value, schema: &Value, random: &mut Random, depth: usize) -> Value {
    let scalars = scalars();
    let Some(schema) = schema.as_object().filter(|_| depth < 5) else {
        return random.pick(&scalars).clone();
    };
    let mut forms: Vec<Value> = Vec::new();
    for (keyword, said) in schema {
        let mut inner = |part: &Value| make(root, part, random, depth + 1);
        match (keyword.as_str(), said) {
            ("const", only) => return only.clone(),
            ("enum", Value::Array(listed)) => return random.pick(listed).clone(),
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(members)) => {
                let members = members.iter().map(|(key, part)| (key.clone(), inner(part)));
                forms.push(Value::Object(members.collect()));
            }
            ("required", Value::Array(keys)) => {
                let keys = keys.iter().filter_map(Value::as_str);
                let members = keys.map(|key| (key.to_owned(), inner(&Value::Bool(true))));
                forms.push(Value::Object(members.collect()));
            }
            ("additionalProperties" | "unevaluatedProperties", part) => {
                let key = (*random.pick(&NAMES)).to_owned();
                let member = make(root, part, random, depth + 1);
                forms.push(Value::Object(Map::from_iter([(key, member)])));
            }
            ("prefixItems", Value::Array(parts)) => {
                forms.push(Value::Array(parts.iter().map(inner).collect()));
            }
            ("items" | "contains" | "unevaluatedItems", part) => {
                forms.push(Value::Array(vec![inner(part), inner(part)]));
            }
            ("$ref", Value::String(to)) => {
                let name = target(to).checked_sub(1);
                forms.push(inner(
                    name.map_or(root, |at| &root["$defs"][DEFINITIONS[at]]),
                ));
            }
            ("allOf", Value::Array(parts)) => forms.extend(parts.iter().map(inner)),
            ("anyOf" | "oneOf", Value::Array(parts)) => {
                let part = random.pick(parts);
                forms.push(make(root, part, random, depth + 1));
            }
            ("if" | "then" | "else", part) => forms.push(inner(part)),
            _ => {}
        }
    }
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(kind) => vec![kind.clone()],
        None => Vec::new(),
    };
    if let Some(kind) = kinds.first().and_then(Value::as_str) {
        forms.push(match kind {
            "null" => json!(null),
            "boolean" => json!(true),
            "integer" | "number" => random.pick(&numbers()).clone(),
            "string" => random.pick(&texts()).clone(),
            "array" => json!([]),
            _ => json!({}),
        });
    }
    let mut made: Option<Value> = None;
    for form in forms {
        made = Some(match (made, form) {
            (Some(Value::Object(mut all)), Value::Object(more)) => {
                all.extend(more);
                Value::Object(all)
            }
            (Some(Value::Array(mut all)), Value::Array(more)) if all.len() < more.len() => {
                all.extend(more.into_iter().skip(all.len()));
                Value::Array(all)
            }
            (Some(made), _) if random.below(4) > 0 => made,
            (_, form) => form,
        });
    }
    made.unwrap_or_else(|| random.pick(&scalars).clone())
}

/// Why the two may differ, if they may.
fn reason(schema: &Value, value: &Value) -> Option<&'static str> {
    let divides = schema.to_string().contains("multipleOf");
    (divides && holds_large(value))
        .then_some("jsonschema divides numbers beyond 2^53 as floats, our judge by their digits")
}

fn holds_large(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|it| it.abs() >= 2_f64.powi(53)),
        Value::Array(items) => items.iter().any(holds_large),
        Value::Object(map) => map.values().any(holds_large),
        _ => false,
    }
}

#[test]
fn generated_schemas_are_judged_as_by_jsonschema() {
    let config = Config {
        cases: SCHEMAS,
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::XorShift);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let [accepted, refused, excepted] = [const { Cell::new(0_u64) }; 3];
    let count = |counter: &Cell<u64>| counter.set(counter.get() + 1);
    let outcome = runner.run(&(schemas(), vec(values(), 4)), |(schema, mut values)| {
        let theirs = reference(&schema);
        let ours = judge(schema.as_object().expect("an object"));
        let mut random = Random::new(&schema.to_string());
        for _ in 0..2 {
            let made = make(&schema, &schema, &mut random, 0);
            let mutants = mutate(&made);
            values.push(made);
            values.extend((0..6).map(|_| random.pick(&mutants).clone()));
        }
        for value in &values {
            let verdict = catch_unwind(AssertUnwindSafe(|| theirs.is_valid(value)));
            // jsonschema 0.61 drops the targets of some references too early.
            let Ok(fits) = verdict else {
                count(&excepted);
                continue;
            };
            count(if fits { &accepted } else { &refused });
            if ours.fits(value) != fits {
                if reason(&schema, value).is_some() {
                    count(&excepted);
                    continue;
                }
                return Err(TestCaseError::fail(format!(
                    "jsonschema: {fits}, for {value} by {schema}"
                )));
            }
        }
        Ok(())
    });
    let [accepted, refused, excepted] = [accepted, refused, excepted].map(Cell::into_inner);
    println!("{accepted} accepted, {refused} refused, {excepted} listed exceptions");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(accepted > 10_000 && refused > 10_000);
}
