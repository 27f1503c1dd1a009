use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Serialize)]
enum External {
    Unit,
    New(f32),
    Tuple(u8, f64),
    Struct { a: Option<Option<f32>> },
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "t")]
enum Internal {
    Unit,
    Struct { a: f32 },
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    New(f32),
    Tuple(i64, f32),
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Untagged {
    New(f32),
    Struct { deep: Vec<f32> },
}

#[derive(Debug, Clone, Serialize)]
struct Newtype(f32);

#[derive(Debug, Clone)]
struct Bytes;

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&[0, 255])
    }
}

#[derive(Debug, Clone, Serialize)]
struct All {
    f32: f32,
    f64: f64,
    u64: u64,
    i64: i64,
    u128: u128,
    i128: i128,
    char: char,
    text: String,
    nested: Option<Option<Newtype>>,
    map: BTreeMap<String, f32>,
    numbered: BTreeMap<i16, char>,
    tuple: (bool, (), f32),
    bytes: Bytes,
    external: Vec<External>,
    internal: Vec<Internal>,
    adjacent: Vec<Adjacent>,
    untagged: Vec<Untagged>,
    #[serde(flatten)]
    rest: BTreeMap<String, f32>,
}

fn finite32() -> impl Strategy<Value = f32> {
    any::<u32>()
        .prop_map(f32::from_bits)
        .prop_filter("finite", |value| value.is_finite())
}

fn finite64() -> impl Strategy<Value = f64> {
    any::<u64>()
        .prop_map(f64::from_bits)
        .prop_filter("finite", |value| value.is_finite())
}

fn all() -> impl Strategy<Value = All> {
    let numbers = (
        finite32(),
        finite64(),
        prop_oneof![any::<u64>(), Just(u64::MAX)],
        prop_oneof![any::<i64>(), Just(i64::MIN)],
        any::<u64>().prop_map(u128::from),
        any::<i64>().prop_map(i128::from),
    );
    let texts = (any::<char>(), any::<String>());
    let deep = (
        proptest::option::of(proptest::option::of(finite32().prop_map(Newtype))),
        proptest::collection::btree_map(any::<String>(), finite32(), 0..3),
        proptest::collection::btree_map(any::<i16>(), any::<char>(), 0..3),
        proptest::collection::vec(finite32(), 3),
    );
    (numbers, texts, deep).prop_map(|(n, t, (nested, map, numbered, floats))| All {
        f32: n.0,
        f64: n.1,
        u64: n.2,
        i64: n.3,
        u128: n.4,
        i128: n.5,
        char: t.0,
        text: t.1,
        nested,
        rest: map.iter().map(|(k, v)| (format!("+{k}"), *v)).collect(),
        map,
        numbered,
        tuple: (true, (), floats[0]),
        bytes: Bytes,
        external: vec![
            External::Unit,
            External::New(floats[0]),
            External::Tuple(7, n.1),
            External::Struct {
                a: Some(Some(floats[1])),
            },
        ],
        internal: vec![Internal::Unit, Internal::Struct { a: floats[1] }],
        adjacent: vec![
            Adjacent::Unit,
            Adjacent::New(floats[2]),
            Adjacent::Tuple(n.3, floats[0]),
        ],
        untagged: vec![Untagged::New(floats[0]), Untagged::Struct { deep: floats }],
    })
}

fn both<T: Serialize + ?Sized>(value: &T) -> (Result<Value, String>, Result<String, String>) {
    let mut text = Vec::new();
    let written = to_json(value, &mut text).map_err(|error| error.to_string());
    (
        to_value(value).map_err(|error| error.to_string()),
        written.map(|()| String::from_utf8(text).unwrap()),
    )
}

proptest! {
    #[test]
    fn text_read_back_is_the_value(value in all()) {
        let (tree, text) = both(&value);
        let (tree, text) = (tree.unwrap(), text.unwrap());
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), tree);
        // Field order and spelling are serde_json's own.
        prop_assert_eq!(text, serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn float_keys_are_spelt_alike(key in finite32(), wide in finite64()) {
        // f32 and f64 are no `Ord`, so the map is written by hand.
        struct Pairs(f32, f64);
        impl Serialize for Pairs {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry(&self.0, &self.0)?;
                map.serialize_key(&self.1)?;
                map.serialize_value(&self.1)?;
                map.end()
            }
        }
        let (tree, text) = both(&Pairs(key, wide));
        prop_assert_eq!(serde_json::from_str::<Value>(&text.unwrap()).unwrap(), tree.unwrap());
    }
}

#[test]
fn short_decimals_stay_short() {
    assert_eq!(to_value(&0.1_f32).unwrap(), serde_json::json!(0.1));
    assert_eq!(both(&0.1_f32).1.unwrap(), "0.1");
    assert_eq!(
        to_value(&f32::MAX).unwrap(),
        serde_json::json!(3.4028235e38)
    );
}

#[test]
fn raw_json_is_passed_on() {
    let raw = serde_json::value::RawValue::from_string(r#"{"b":1,"a":[1.5]}"#.into()).unwrap();
    let (tree, text) = both(&raw);
    assert_eq!(text.unwrap(), r#"{"b":1,"a":[1.5]}"#);
    assert_eq!(tree.unwrap(), serde_json::json!({"a": [1.5], "b": 1}));
}

#[test]
fn what_json_cannot_say_is_refused_everywhere() {
    fn refused<T: Serialize>(value: T, word: &str) {
        let (tree, text) = both(&value);
        for error in [tree.unwrap_err(), text.unwrap_err()] {
            assert!(error.contains(word), "{error}");
        }
    }
    refused(f64::NAN, "`NaN`");
    refused(f32::NEG_INFINITY, "`-inf`");
    refused(HashMap::from([("k", f64::NAN)]), "`NaN`");
    refused(Newtype(f32::NAN), "`NaN`");
    refused(vec![Some(Some(f64::INFINITY))], "`inf`");
    refused(External::New(f32::NAN), "`NaN`");
    refused(External::Tuple(1, f64::NAN), "`NaN`");
    refused(
        External::Struct {
            a: Some(Some(f32::NAN)),
        },
        "`NaN`",
    );
    refused(Internal::Struct { a: f32::NAN }, "`NaN`");
    refused(Adjacent::Tuple(1, f32::NAN), "`NaN`");
    refused(
        Untagged::Struct {
            deep: vec![f32::NAN],
        },
        "`NaN`",
    );
    refused(u128::MAX, "64 bits");
    refused(i128::MIN, "64 bits");
    refused(BTreeMap::from([(u128::MAX, 1)]), "64 bits");

    struct NanKey;
    impl Serialize for NanKey {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(f64::NAN, 1)])
        }
    }
    refused(NanKey, "`NaN`");
}

/// An array in an array, `levels` deep.
fn nested(levels: usize) -> Value {
    (1..levels).fold(Value::Array(Vec::new()), |inner, _| {
        Value::Array(vec![inner])
    })
}

fn raw(text: &str) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(text.to_owned()).unwrap()
}

#[test]
fn b11_a_value_nests_so_deep_and_no_deeper() {
    #[derive(Serialize)]
    enum Level {
        Newtype(Value),
        Tuple(u8, Value),
        Struct { a: Value },
    }
    #[derive(Serialize)]
    struct Part<T> {
        part: T,
    }
    let most = nested(MAX_NESTING);
    assert_eq!(to_value(&most).unwrap(), most);
    let refused = |outcome: (Result<Value, String>, Result<String, String>)| {
        let (tree, text) = (outcome.0.unwrap_err(), outcome.1.unwrap_err());
        assert_eq!(tree, text);
        assert!(tree.contains("deeper than 120 levels"), "{tree}");
    };
    refused(both(&vec![&most]));
    refused(both(&Part { part: &most }));
    refused(both(&(1, &most)));
    refused(both(&BTreeMap::from([("a", &most)])));
    refused(both(&Level::Newtype(most.clone())));
    refused(both(&Level::Tuple(1, nested(MAX_NESTING - 1))));
    refused(both(&Level::Struct {
        a: nested(MAX_NESTING - 1),
    }));
    for fits in [
        Level::Newtype(nested(MAX_NESTING - 1)),
        Level::Tuple(1, nested(MAX_NESTING - 2)),
        Level::Struct {
            a: nested(MAX_NESTING - 2),
        },
    ] {
        assert!(both(&fits).1.is_ok());
    }
    let text = raw(&most.to_string());
    assert!(both(&text).1.is_ok());
    refused(both(&vec![text]));
}

#[test]
fn b10_a_raw_value_is_on_one_line_wherever_it_stands() {
    #[derive(Serialize)]
    struct Part {
        n: u8,
        raw: Box<serde_json::value::RawValue>,
    }
    let pretty = "{\n\t\"a\": [\r\n 1.50,\n \"b\\n\\t c\"\n]\n}";
    let clean = "{\"a\": [ 1.50, \"b\\n\\t c\"]}";
    assert_eq!(both(&raw(pretty)).1.unwrap(), clean);
    let parts = vec![Part {
        n: 1,
        raw: raw(pretty),
    }];
    let (tree, text) = both(&parts);
    assert_eq!(
        text.as_deref(),
        Ok(&*format!("[{{\"n\":1,\"raw\":{clean}}}]"))
    );
    assert_eq!(tree.unwrap()[0]["raw"]["a"][1], "b\n\t c");
}
