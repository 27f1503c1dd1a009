//! Which types are looked at again, and in which values something odd is found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::*;
use dagstack_plugin_core::schema::input;

#[derive(JsonSchema)]
#[allow(dead_code)]
struct One<T> {
    value: T,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Point {
    x: i32,
    list: Vec<u8>,
}

#[derive(JsonSchema)]
struct Empty {}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Tree {
    children: Vec<Tree>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Color {
    Red,
    /// Documented.
    Blue,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum External {
    Nothing,
    Point(Point),
    Struct { n: u8 },
}

#[derive(JsonSchema)]
#[serde(tag = "t")]
#[allow(dead_code)]
enum Tagged {
    Nothing,
    Point(Point),
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Untagged {
    List(Vec<u8>),
    Point(Point),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Flat {
    #[serde(flatten)]
    what: Tagged,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

fn shape<T: JsonSchema>() -> Shape {
    Shape::of(&input::<One<T>>())
}

#[test]
fn plain_types_are_not_looked_at_again() {
    macro_rules! plain {
        ($($type:ty),* $(,)?) => { $(assert!(!shape::<$type>().is_odd(), stringify!($type));)* };
    }
    macro_rules! odd {
        ($($type:ty),* $(,)?) => { $(assert!(shape::<$type>().is_odd(), stringify!($type));)* };
    }
    plain!(
        u8, u128, f64, bool, char, String, Option<String>, Vec<Vec<f64>>, BTreeSet<u8>, [u8; 3],
        (u8, (bool, String)), BTreeMap<String, Vec<u8>>, HashMap<u32, bool>, HashMap<i8, f32>, Value,
        Vec<Value>, BTreeMap<String, Value>, serde_json::Map<String, Value>, std::net::IpAddr,
    );
    odd!(
        Point, Empty, Option<Point>, Vec<Point>, (u8, Point), BTreeMap<String, Vec<Point>>, Tree,
        Color, Vec<Color>, External, Tagged, Untagged, Flat, (),
    );
}

#[test]
fn recursive_and_free_types_may_nest_at_will() {
    assert!(shape::<Tree>().is_deep());
    assert!(shape::<Value>().is_deep());
    assert!(shape::<Vec<BTreeMap<String, Value>>>().is_deep());
    assert!(!shape::<Point>().is_deep());
    assert!(!shape::<Vec<Vec<External>>>().is_deep());
}

#[test]
fn b15_what_serde_takes_and_the_schema_does_not_is_found_at_any_depth() {
    fn odd<T: JsonSchema>(value: Value) -> bool {
        let value = json!({ "value": value });
        let shape = shape::<T>();
        let text = value.to_string();
        let by_text = shape.has_odd_value(&mut serde_json::Deserializer::from_str(&text));
        assert_eq!(by_text, shape.has_odd_value(&value), "{text}");
        by_text
    }
    let point = || json!({ "x": 1, "list": [1, 2] });
    assert!(!odd::<Point>(point()));
    assert!(odd::<Point>(json!([1, []])));
    assert!(odd::<Empty>(json!([])));
    assert!(!odd::<Vec<Point>>(json!([point(), point()])));
    assert!(odd::<Vec<Point>>(json!([point(), [1, []]])));
    assert!(odd::<BTreeMap<String, (u8, Point)>>(
        json!({ "a": [1, [1, []]] })
    ));
    assert!(odd::<Tree>(json!({ "children": [{ "children": [[[]]] }] })));
    assert!(!odd::<Color>(json!("Red")));
    assert!(odd::<Color>(json!({ "Red": null })));
    assert!(!odd::<External>(json!({ "Point": point() })));
    assert!(odd::<External>(json!({ "Nothing": null })));
    assert!(odd::<External>(json!({ "Struct": [1] })));
    assert!(!odd::<Tagged>(json!({ "t": "Point", "x": 1, "list": [] })));
    assert!(odd::<Tagged>(json!({ "t": 1, "x": 1, "list": [] })));
    assert!(odd::<Tagged>(json!({ "t": { "Nothing": null } })));
    assert!(odd::<Tagged>(json!(["Nothing"])));
    assert!(
        odd::<Untagged>(json!([1, [2]])),
        "a list, or the point in an array"
    );
    assert!(!odd::<Flat>(json!({ "t": "Nothing", "a": 1 })));
    assert!(odd::<Flat>(json!({ "t": 0, "a": 1 })));
    assert!(!odd::<Value>(json!([[], { "t": 0 }])));
}
