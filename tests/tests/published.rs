//! What `tools/list` says of every kind of type, and that clients take it (behaviours 1, 2, 3 and
//! 23).

use std::collections::BTreeMap;
use std::process::Command;

use dagstack_tests::built;
use dagstack_tests::interop::{self, answer};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// A plugin with a hook for each type, and what fits them.
struct Table {
    executable: &'static str,
    samples: fn() -> Vec<(&'static str, Vec<Value>)>,
}

const TABLES: [Table; 2] = [
    Table {
        executable: "sweep",
        samples: sweep::samples,
    },
    Table {
        executable: "sweep-others",
        samples: sweep::others::samples,
    },
];

/// The tools of an executable, by function.
fn listed(executable: &str) -> BTreeMap<String, Value> {
    let answer: Value =
        serde_json::from_str(&answer(executable, "tools/list", json!({}))).expect("JSON");
    let tools = answer["result"]["tools"].as_array().expect("a list");
    tools
        .iter()
        .map(|tool| {
            let name = tool["name"].as_str().expect("a name");
            let function = name.rsplit('.').next().unwrap_or(name);
            (function.to_owned(), tool.clone())
        })
        .collect()
}

/// The keywords of JSON Schema 2020-12 that hold schemas: one, a list, or by names.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 4] = [
    "$defs",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// Calls `look` with all schemas inside `schema`, itself included, and where they are.
fn visit(schema: &Value, at: &str, look: &mut impl FnMut(&Map<String, Value>, &str)) {
    let closes = at.ends_with("/additionalProperties") || at.ends_with("/unevaluatedProperties");
    if closes && schema == &json!(false) {
        return;
    }
    let Value::Object(map) = schema else {
        panic!("{at} is no object: {schema}");
    };
    look(map, at);
    for (keyword, value) in map {
        let at = format!("{at}/{keyword}");
        if ONE.contains(&keyword.as_str()) {
            visit(value, &at, look);
        } else if LISTS.contains(&keyword.as_str()) {
            for (index, part) in value.as_array().expect("a list").iter().enumerate() {
                visit(part, &format!("{at}/{index}"), look);
            }
        } else if NAMED.contains(&keyword.as_str()) {
            for (name, part) in value.as_object().expect("named schemas") {
                visit(part, &format!("{at}/{name}/"), look);
            }
        }
    }
}

fn visit_all(mut look: impl FnMut(&Map<String, Value>, &str)) {
    for table in &TABLES {
        for (name, tool) in listed(table.executable) {
            for schema in ["inputSchema", "outputSchema"] {
                visit(&tool[schema], &format!("{name}/{schema}"), &mut look);
            }
        }
    }
}

fn may_be(schema: &Map<String, Value>, wanted: &str) -> bool {
    match &schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        Some(name) => *name == wanted,
        None => false,
    }
}

/// What MCP's schema (2025-11-25) says of a tool.
#[test]
fn b01_every_tool_is_what_mcp_says_a_tool_is() {
    let of_object = json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "$schema": { "type": "string" },
            "type": { "const": "object" },
            "properties": { "type": "object", "additionalProperties": { "type": "object" } },
            "required": { "type": "array", "items": { "type": "string" } },
        },
    });
    let tool = json!({
        "type": "object",
        "required": ["name", "inputSchema"],
        "properties": {
            "name": { "type": "string" },
            "description": { "type": "string" },
            "inputSchema": of_object,
            "outputSchema": of_object,
        },
    });
    let tool = jsonschema::draft202012::new(&tool).expect("a schema");
    for table in &TABLES {
        let listed = listed(table.executable);
        let count = (table.samples)().len();
        assert_eq!(listed.len(), count, "no type is left out");
        for (name, given) in listed {
            assert!(tool.is_valid(&given), "{name}: {given}");
            for schema in ["inputSchema", "outputSchema"] {
                let schema = &given[schema];
                assert!(jsonschema::draft202012::meta::is_valid(schema), "{schema}");
            }
        }
    }
}

#[test]
fn b01_all_schemas_inside_are_objects() {
    // `visit` looks.
    let mut count = 0;
    visit_all(|_, _| count += 1);
    assert!(count > 1000, "{count} schemas");
}

#[test]
fn n19_parameters_stand_in_their_authors_order() {
    let run = |argument: &str| {
        let output = Command::new(built("fixed-chunker")).arg(argument).output();
        String::from_utf8(output.expect("it runs").stdout).expect("text")
    };
    let ordered = |text: &str, names: [&str; 2]| {
        let [first, second] = names.map(|name| text.find(name).expect("it is there"));
        assert!(first < second, "{text}");
    };
    let json = ["\"text\":", "\"max_size\":"];
    let listed = answer("fixed-chunker", "tools/list", json!({}));
    let (_, input) = listed.split_once("\"inputSchema\":").expect("a tool");
    ordered(input, json);
    let schema = run("schema");
    let (_, hooks) = schema.split_once("\"hooks\":").expect("hooks");
    ordered(hooks, json);
    let help = run("--help");
    let (_, hooks) = help.split_once("\nhooks\n").expect("hooks");
    ordered(hooks, ["      text: ", "      max_size: "]);
}

#[test]
fn b02_no_format_is_unknown_and_integers_have_bounds() {
    const KNOWN: [&str; 19] = [
        "date-time",
        "date",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uuid",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ];
    visit_all(|schema, at| {
        if let Some(format) = schema.get("format") {
            let format = format.as_str().expect("text");
            assert!(KNOWN.contains(&format), "{at}: {format}");
        }
        let listed = schema.contains_key("enum") || schema.contains_key("const");
        if may_be(schema, "integer") && !listed {
            let least = schema.get("minimum").or(schema.get("exclusiveMinimum"));
            let most = schema.get("maximum").or(schema.get("exclusiveMaximum"));
            for bound in [least, most] {
                let bound = bound.unwrap_or_else(|| panic!("{at}: {schema:?}"));
                assert!(bound.is_i64() || bound.is_u64(), "{at}: {bound}");
            }
        }
    });
}

#[test]
fn b03_every_array_has_items() {
    visit_all(|schema, at| {
        if may_be(schema, "array") || schema.contains_key("prefixItems") {
            assert!(schema.contains_key("items"), "{at}: {schema:?}");
        }
    });
}

/// The schemas say what is true: all that fits a type fits its schema, and what it gives back too.
#[test]
fn samples_and_results_fit_what_is_listed() {
    let validator = |schema: &Value| -> Validator {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(schema)
            .expect("a schema whose references lead somewhere")
    };
    for table in &TABLES {
        let listed = listed(table.executable);
        let plugin = dagstack_plugin::testing::executable(built(table.executable));
        for (hook, samples) in (table.samples)() {
            let tool = &listed[hook];
            let wraps = tool["outputSchema"]["x-dagstack-wrap-result"] == true;
            let input = validator(&tool["inputSchema"]);
            let output = validator(&tool["outputSchema"]);
            for sample in samples {
                assert!(
                    is_odd(&sample) || input.is_valid(&sample),
                    "{sample} {tool}"
                );
                let mut result = match plugin.call(hook, sample.clone()) {
                    Ok(result) => result,
                    Err(_) if fails(&sample) => continue,
                    Err(error) => panic!("{hook} {sample}: {error}"),
                };
                if wraps {
                    result = json!({ "result": result });
                }
                assert!(output.is_valid(&result), "{result} {tool}");
            }
        }
    }
}

/// The error of a `Result` is that of the hook.
fn fails(sample: &Value) -> bool {
    sample["value"].get("Err").is_some()
}

/// jiff reads, and writes, more durations than RFC 3339 has, of which the format is.
fn is_odd(sample: &Value) -> bool {
    sample["value"].get("minus").is_some()
}

/// Calls every hook with all its samples that are `wanted`: nothing is refused, nobody warns.
fn check_client(wanted: fn(&Value) -> bool, client: impl Fn(&str, &Value) -> Option<Value>) {
    for table in &TABLES {
        let listed = listed(table.executable);
        let mut calls = Vec::new();
        for (hook, samples) in (table.samples)() {
            for sample in samples.into_iter().filter(wanted) {
                calls.push(json!([listed[hook]["name"], sample]));
            }
        }
        let Some(seen) = client(table.executable, &Value::from(calls.clone())) else {
            return;
        };
        assert_eq!(seen["warnings"], json!([]));
        let unfit = seen["unfit"].as_array().expect("a list");
        assert!(unfit.iter().all(|unfit| is_odd(&unfit[1])), "{unfit:?}");
        let tools = seen["tools"].as_array().expect("a list");
        assert_eq!(tools.len(), listed.len());
        let answers = seen["answers"].as_array().expect("a list");
        assert_eq!(answers.len(), calls.len());
        for (answer, call) in answers.iter().zip(&calls) {
            assert_eq!(answer["is_error"], fails(&call[1]), "{call}: {answer}");
        }
    }
}

/// Numbers beyond 2^53 are not what they were once JavaScript has read them.
fn is_javascripts(value: &Value) -> bool {
    match value {
        Value::Number(number) => number
            .as_i64()
            .map_or(!number.is_u64(), |number| number.unsigned_abs() < 1 << 53),
        Value::Array(items) => items.iter().all(is_javascripts),
        Value::Object(map) => map.values().all(is_javascripts),
        _ => true,
    }
}

#[test]
fn the_python_client_takes_all_types_without_a_warning() {
    for mode in ["legacy", "auto"] {
        check_client(
            |_| true,
            |executable, calls| interop::python_client(mode, executable, calls),
        );
    }
}

#[test]
fn the_typescript_client_takes_all_types_without_a_warning() {
    check_client(is_javascripts, interop::typescript_client);
}

/// Every client lists and calls a plugin with a parameter of any value.
#[test]
fn b01_clients_call_a_hook_that_takes_any_value() {
    let tool = listed("sweep")["of_value"]["name"].clone();
    let values = [
        json!(null),
        json!(5),
        json!("text"),
        json!([1, { "a": [] }]),
    ];
    let calls = values
        .iter()
        .map(|value| json!([tool, { "value": value }]))
        .collect();
    for seen in [
        interop::python_client("legacy", "sweep", &calls),
        interop::typescript_client("sweep", &calls),
    ]
    .into_iter()
    .flatten()
    {
        for (answer, value) in seen["answers"]
            .as_array()
            .expect("a list")
            .iter()
            .zip(&values)
        {
            assert_eq!(answer["structured"], json!({ "result": value }));
        }
    }
}
