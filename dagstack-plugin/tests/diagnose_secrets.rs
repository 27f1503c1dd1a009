//! No error shows a secret, wherever it stands and whatever else is wrong.

#![allow(dead_code)] // The fields are there to be decoded.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use dagstack_engine::{arguments, config};
use dagstack_plugin::declaration::Hook;
use dagstack_plugin::execution::ExecutionModel;
use dagstack_plugin::{Args, Declaration, NoConfig, schema};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Deserialize, JsonSchema)]
struct Config {
    host: String,
    port: u16,
    mode: Mode,
    /// An enum under a secret name: serde quotes the value that it does not know.
    proxy_auth: Option<Mode>,
    /// Numbers are secrets, too.
    secret: Option<u8>,
    password: Option<Password>,
    credentials: Option<BTreeMap<String, u8>>,
    backend: Option<Backend>,
    address: Option<std::net::IpAddr>,
    #[serde(default)]
    inner: Vec<Config>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Mode {
    Fast,
    Safe,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
struct Password(String);

impl TryFrom<String> for Password {
    type Error = String;

    fn try_from(given: String) -> Result<Self, Self::Error> {
        Err(format!("`{given}` is too weak"))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
enum Backend {
    Http { api_key: u32, token: Mode },
    File { path: String, secret: Password },
}

fn declaration() -> &'static Declaration {
    static DECLARATION: OnceLock<Declaration> = OnceLock::new();
    DECLARATION.get_or_init(|| {
        let hooks = Box::leak(Box::new([Hook {
            name: "run",
            description: None,
            execution_model: ExecutionModel::Sync,
            mcp_exposed: true,
            takes_context: true,
            annotations: dagstack_plugin::ToolAnnotations::NONE,
            params: &[],
            input_schema: |_| schema::input::<Config>(),
            output_schema: schema::output::<String>,
            schemas: OnceLock::new(),
        }]));
        Declaration::new("tool", "it", "it::It", hooks, schema::input::<NoConfig>)
    })
}

const NAMES: [&str; 10] = [
    "proxy_auth",
    "secret",
    "password",
    "credentials",
    "api_key",
    "token",
    "PASSWORD",
    "my_token",
    "bearer_x",
    "private_key",
];

const OTHERS: [&str; 12] = [
    "host", "port", "mode", "backend", "address", "inner", "path", "type", "modes", "x", "size",
    "Http",
];

/// Values with `secret` under secret names only, at any depth, among others that do not fit.
fn value(secret: String) -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(70_000)),
        Just(json!(-1.5)),
        Just(json!("")),
        Just(json!("Fast")),
        Just(json!("Http")),
        Just(json!("File")),
        Just(json!("localhost")),
        Just(json!([1, "a"])),
    ];
    let mut inside = Map::new();
    inside.insert(secret.clone(), json!(secret));
    let hidden = prop_oneof![
        Just(json!(secret)),
        Just(json!([secret])),
        Just(json!({ "Fast": secret })),
        Just(json!({ "host": secret, "port": [secret] })),
        // Keys inside a secret are part of it.
        Just(Value::Object(inside)),
    ];
    let member = move |inner: BoxedStrategy<Value>| {
        prop_oneof![
            (prop::sample::select(&NAMES[..]), hidden.clone()),
            (prop::sample::select(&OTHERS[..]), inner),
        ]
    };
    plain.prop_recursive(4, 40, 8, move |inner| {
        let list = prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from);
        let member = member(inner.boxed());
        let object = prop::collection::vec(member, 1..8).prop_map(|members| {
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()
        });
        prop_oneof![1 => list, 4 => object]
    })
}

fn section() -> impl Strategy<Value = (String, Value)> {
    "[a-zA-Z0-9!#%&/=+_.\"\\\\-]{12,24}".prop_flat_map(|secret| {
        let whole = prop::collection::vec(
            prop_oneof![
                prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
                prop::sample::select(&OTHERS[..]).prop_map(str::to_owned),
            ],
            0..6,
        );
        let shown = secret.clone();
        (value(secret.clone()), whole).prop_map(move |(inner, names)| {
            // A section that is nearly right, so that serde gets as far as the secret.
            let mut section = json!({ "host": "a", "port": 1, "mode": "Fast" });
            for name in names {
                let value = match NAMES.contains(&name.as_str()) {
                    true => json!(shown),
                    false => inner.clone(),
                };
                section[name] = value;
            }
            if let (Value::Object(section), Value::Object(inner)) = (&mut section, inner) {
                section.extend(inner);
            }
            (shown.clone(), section)
        })
    })
}

/// The secret, or how JSON or Rust would write it.
fn shows(text: &str, secret: &str) -> bool {
    let json = Value::from(secret).to_string();
    let debug = format!("{secret:?}");
    [secret, &json[1..json.len() - 1], &debug[1..debug.len() - 1]]
        .iter()
        .any(|form| text.contains(form))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn secrets_are_in_no_error((secret, section) in section()) {
        if let Err(error) = config::decode::<Config>(declaration(), section.clone()) {
            let texts = [error.to_string(), format!("{error:?}"), json!(error.problems).to_string()];
            for text in texts {
                prop_assert!(!shows(&text, &secret), "{text}");
            }
        }
        let text = section.to_string();
        let mut given = section.clone();
        for args in [Args::Value(&mut given), Args::Json(&text)] {
            if let Err(error) = arguments::decode::<Config>(declaration(), &declaration().hooks[0], args) {
                let details = error.get_details().map(Value::to_string).unwrap_or_default();
                for text in [error.to_string(), format!("{error:?}"), details] {
                    prop_assert!(!shows(&text, &secret), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_secret_is_named_and_not_shown() {
    let section = json!({
        "host": "a", "port": 1, "mode": "Fast", "proxy_auth": "hunter2hunter2",
        "credentials": { "hunter2hunter2": "x" }, "secret": 4321,
    });
    let error = config::decode::<Config>(declaration(), section).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid config for `tool.it`
  `tool.it.credentials.[MASKED]`: found [MASKED] (text); expected an integer from 0 to 255
  `tool.it.proxy_auth`: found [MASKED] (text); expected one of `Fast`, `Safe` or null
  `tool.it.secret`: found [MASKED] (a number); expected an integer from 0 to 255 or null"
    );
}

#[test]
fn what_serde_quotes_without_a_path_is_scrubbed() {
    // Inside a tagged enum serde buffers, and the path ends before the secret.
    let section = json!({
        "host": "a", "port": 1, "mode": "Fast",
        "backend": { "type": "File", "path": "p", "secret": "hunter2hunter2" },
    });
    let error = config::decode::<Config>(declaration(), section.clone()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid config for `tool.it`\n  `tool.it.backend`: `[MASKED]` is too weak"
    );
    let hook = &declaration().hooks[0];
    let error = arguments::decode::<Config>(declaration(), hook, Args::Value(&mut section.clone()))
        .unwrap_err();
    assert!(error.to_string().ends_with("`[MASKED]` is too weak"));
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Defaults {
    #[schemars(extend("examples" = ["hunter2hunter2"]))]
    api_key: String,
    nested: Nested,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{ "token": "hunter2hunter2", "size": 3 }]))]
struct Nested {
    token: String,
    size: u8,
}

#[test]
fn examples_of_secrets_are_not_shown() {
    let error = config::decode::<Defaults>(declaration(), json!({})).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"invalid config for `tool.it`
  `tool.it.api_key`: missing; expected text
  `tool.it.nested`: missing; expected an object with `token`, `size`"#
    );
}
