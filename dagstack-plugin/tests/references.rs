//! Behaviour 13: names that schemars percent-encodes in references hide nothing from the SDK, and no
//! secret from being hidden.

#![allow(dead_code, clippy::expect_used, non_snake_case)] // Fields are there to be decoded.

mod decode_support;

use dagstack_engine::secrets::mask_by;
use dagstack_plugin::{Secret, schema};
use decode_support::{call_error, config_error};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize, JsonSchema)]
struct Zugänge {
    pin: Secret<String>,
    anzahl: u8,
    weitere: Vec<Zugänge>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "~a/b c%20")]
struct Odd {
    pin: Secret<String>,
    anzahl: u8,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Given {
    zugänge: Zugänge,
    odd: Option<Odd>,
}

#[test]
fn b13_mistakes_behind_encoded_references_are_explained() {
    let given = json!({
        "zugänge": {
            "pin": "sesame open",
            "anzahl": 300,
            "weitere": [{ "pin": ["sesame two"], "anzahl": 1, "weitere": [] }],
        },
        "odd": { "pin": "sesame three", "anzahl": -1 },
    });
    for said in [
        call_error::<Given>(given.clone()),
        config_error::<Given>(given),
    ] {
        for line in [
            ".zugänge.anzahl`: found 300; expected an integer from 0 to 255",
            ".zugänge.weitere[0].pin`: found [MASKED] (an array)",
            ".odd.anzahl`: found -1; expected an integer from 0 to 255",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        assert!(!said.contains("sesame"), "{said}");
    }
}

#[test]
fn b13_secrets_behind_encoded_references_are_masked() {
    let section = json!({
        "zugänge": { "pin": "s", "anzahl": 1, "weitere": [{ "pin": "t" }] },
        "odd": { "pin": "u" },
    });
    assert_eq!(
        mask_by(&section, &schema::input::<Given>()),
        json!({
            "zugänge": { "pin": "[MASKED]", "anzahl": 1, "weitere": [{ "pin": "[MASKED]" }] },
            "odd": { "pin": "[MASKED]" },
        })
    );
}

/// A newtype around a recursive type is a reference at the root.
#[test]
fn b13_an_encoded_reference_at_the_root_is_resolved() {
    #[derive(JsonSchema)]
    struct Alle(Zugänge);

    let schema = schema::input::<Alle>();
    assert!(schema["properties"]["pin"].is_object(), "{schema:?}");
}
