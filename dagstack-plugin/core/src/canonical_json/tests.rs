use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Serializer;
use serde_json::json;

use super::*;

fn text<T: Serialize + ?Sized>(value: &T) -> String {
    to_string(value).unwrap()
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map("\\PC{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The same rules, the slow and obvious way.
fn model(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| {
                    format!("{}:{}", serde_json::to_string(key).unwrap(), model(value))
                })
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(model).collect();
            format!("[{}]", items.join(","))
        }
        Value::Number(number) if number.is_f64() => text(&number.as_f64().unwrap()),
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn agrees_with_the_obvious_way(value in json()) {
        prop_assert_eq!(text(&value), model(&value));
    }

    #[test]
    fn floats_keep_their_value(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let text = text(&value);
        prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        // An exponent only where ECMAScript writes one, always signed.
        let magnitude = value.abs();
        let exponent = magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude);
        prop_assert_eq!(text.contains("e+") || text.contains("e-"), exponent);
        // No more digits than the shortest form has.
        let digits = |text: &str| {
            let mantissa = text.split('e').next().unwrap_or_default().replace(['.', '-'], "");
            mantissa.trim_matches('0').len()
        };
        prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
    }

    #[test]
    fn keys_are_ordered_as_utf16(a in any::<String>(), b in any::<String>()) {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        prop_assert_eq!(utf16_order(a.as_bytes(), b.as_bytes()), units(&a).cmp(&units(&b)));
    }
}

#[test]
fn numbers() {
    for (value, expected) in [
        (100.0, "100"),
        (-0.0, "0"),
        (1e-7, "1e-7"),
        (0.00001, "0.00001"),
        (0.000001, "0.000001"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (-1.5e300, "-1.5e+300"),
        (1.234_567_890_123_456_8e18, "1234567890123456800"),
        (5e-324, "5e-324"),
    ] {
        assert_eq!(text(&value), expected);
    }
    assert_eq!(
        text(&[1.5, 2.5e-6, -2.5e-6, 2.5e18]),
        "[1.5,0.0000025,-0.0000025,2500000000000000000]"
    );
    assert_eq!(text(&0.1_f32), "0.1");
    assert_eq!(text(&f32::MAX), "3.4028235e+38");
    assert_eq!(text(&16_777_216.0_f32), "16777216");
    assert_eq!(text(&1e13_f32), "10000000000000");
    assert_eq!(text(&u64::MAX), "18446744073709551615");
    assert_eq!(text(&i64::MIN), "-9223372036854775808");
    assert_eq!(text(&u128::from(u64::MAX)), "18446744073709551615");
    assert_eq!(text(&i128::from(i64::MIN)), "-9223372036854775808");
}

#[test]
fn every_shape_of_serde() {
    #[derive(Serialize)]
    enum Shape {
        Unit,
        New(u8),
        Tuple(u8, u8),
        Struct { z: u8, a: u8 },
    }
    #[derive(Serialize)]
    struct Unit;
    assert_eq!(
        text(&(
            Shape::Unit,
            Shape::New(1),
            Shape::Tuple(1, 2),
            Shape::Struct { z: 1, a: 2 },
            Unit,
            Some('c'),
            None::<u8>
        )),
        r#"["Unit",{"New":1},{"Tuple":[1,2]},{"Struct":{"a":2,"z":1}},null,"c",null]"#
    );
    assert_eq!(
        text(&BTreeMap::from([(10, 'a'), (9, 'b'), (-1, 'c')])),
        r#"{"-1":"c","10":"a","9":"b"}"#
    );
    assert_eq!(text(&BTreeMap::from([(true, 1)])), r#"{"true":1}"#);
    let raw = serde_json::value::RawValue::from_string(r#"{ "b": 1.0, "a": [] }"#.into()).unwrap();
    assert_eq!(text(&json!([1])), "[1]");
    assert_eq!(text(&[raw]), r#"[{"a":[],"b":1}]"#);
}

#[test]
fn what_has_no_form_is_refused() {
    struct Pairs<K>(Vec<(K, u8)>);
    impl<K: Serialize> Serialize for Pairs<K> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }
    fn refused<T: Serialize>(value: T, word: &str) {
        let error = to_vec(&value).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    refused(f64::NAN, "`NaN`");
    refused(f32::INFINITY, "`inf`");
    refused(HashMap::from([("a", vec![f64::NAN])]), "`NaN`");
    refused(u128::MAX, "64 bits");
    refused(i128::MIN, "64 bits");
    refused(BTreeMap::from([(u128::MAX, 1)]), "64 bits");
    refused(Pairs(vec![(1.5, 1)]), "a map key");
    refused(Pairs(vec![(None::<u8>, 1)]), "a map key");
    refused(Pairs(vec![((), 1)]), "a map key");
    refused(Pairs(vec![("b", 1), ("a", 2), ("b", 3)]), "`b` twice");
    refused(Pairs(vec![("a", 1), ("a", 2)]), "`a` twice");
}
