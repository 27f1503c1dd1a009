//! A plugin with a hook for every kind of type that a hook can take and return: each gives back what
//! it is given. The samples beside the types are what fits them.

#[macro_use]
mod hooks;

pub mod others;
pub mod typed;
pub mod types;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, LinkedList, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU128, NonZeroUsize, Wrapping};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use dagstack_plugin::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value, json};
use url::Url;
use uuid::Uuid;

use types::*;

/// Gives back what it is given.
#[derive(Debug, Default)]
pub struct Sweep;

hooks! {
    Sweep "sweep"
    plain {
        of_bool: bool = [true, false];
        of_u8: u8 = [0, 5, 255];
        of_u16: u16 = [65535];
        of_u32: u32 = [4294967295_u32];
        of_u64: u64 = [0, 18446744073709551615_u64];
        of_u128: u128 = [0, 18446744073709551615_u64];
        of_usize: usize = [1];
        of_i8: i8 = [-128, 127];
        of_i16: i16 = [-32768];
        of_i32: i32 = [-2147483648];
        of_i64: i64 = [(i64::MIN), (i64::MAX)];
        of_i128: i128 = [(i64::MIN), 7];
        of_isize: isize = [-1];
        of_nonzero_u8: NonZeroU8 = [1, 255];
        of_nonzero_i64: NonZeroI64 = [-1, 1];
        of_nonzero_u128: NonZeroU128 = [1];
        of_nonzero_usize: NonZeroUsize = [1];
        of_wrapping: Wrapping<u8> = [1];
        of_f32: f32 = [0.5, 1, -3.0];
        of_f64: f64 = [0.1, 1e300, 2];
        of_char: char = ["a", "é"];
        of_string: String = ["", "text", "ünï\u{0}"];
        of_unit: () = [null];
        of_arc_str: Arc<str> = ["a"];
        of_cow: Cow<'static, str> = ["a"];
        of_path: PathBuf = ["a/b"];
        of_ip: IpAddr = ["127.0.0.1", "::1"];
        of_ipv4: Ipv4Addr = ["127.0.0.1"];
        of_socket: SocketAddr = ["127.0.0.1:80"];
        of_duration: Duration = [{ "secs": 1, "nanos": 5 }];
        of_system_time: SystemTime = [{ "secs_since_epoch": 1, "nanos_since_epoch": 5 }];
        of_range: std::ops::Range<u8> = [{ "start": 1, "end": 5 }];
        of_result: Vec<Result<u8, String>> = [[{ "Ok": 1 }, { "Err": "no" }]];
        of_option: Option<u8> = [null, 5];
        of_option_text: Option<String> = [null, "a"];
        of_option_option: Option<Option<u32>> = [null, 5];
        of_option_unit: Option<()> = [null];
        of_option_list: Option<Vec<Option<u8>>> = [null, [null, 1]];
        of_option_point: Option<Point> = [null, { "x": 1, "y": 2 }];
        of_boxed: Box<u16> = [1];
        of_list: Vec<u8> = [[], [1, 2]];
        of_texts: Vec<String> = [[], ["a", "b"]];
        of_floats: Vec<f64> = [[0.5, 1]];
        of_lists: Vec<Vec<i64>> = [[[1], []]];
        of_deque: VecDeque<u8> = [[1]];
        of_linked: LinkedList<bool> = [[true]];
        of_slice: Box<[u16]> = [[1]];
        of_set: BTreeSet<u8> = [[1, 2]];
        of_text_set: BTreeSet<String> = [["a"]];
        of_point_set: BTreeSet<Point> = [[{ "x": 1, "y": 2 }]];
        of_array: [u8; 3] = [[1, 2, 3]];
        of_no_array: [u8; 0] = [[]];
        of_point_array: [Point; 2] = [[{ "x": 1, "y": 2 }, { "x": 3, "y": 4 }]];
        of_single: (u8,) = [[1]];
        of_pair: (u8, String) = [[1, "a"]];
        of_deep_pair: (u8, (bool, Option<f32>)) = [[1, [true, null]]];
        of_points: (Point, Option<Point>) = [[{ "x": 1, "y": 2 }, null]];
        of_map: BTreeMap<String, u8> = [{}, { "a": 1, "ü b": 2 }];
        of_map_of_points: HashMap<String, Point> = [{ "a": { "x": 1, "y": 2 } }];
        of_map_by_u32: HashMap<u32, Point> = [{ "5": { "x": 1, "y": 2 } }];
        of_map_by_i64: BTreeMap<i64, bool> = [{ "-5": true }];
        of_map_by_u128: BTreeMap<u128, u8> = [{ "5": 1 }];
        of_map_by_bool: BTreeMap<bool, u8> = [{ "true": 1 }];
        of_map_by_char: BTreeMap<char, u8> = [{ "a": 1 }];
        of_map_by_color: BTreeMap<Color, u8> = [{ "red": 1 }];
        of_map_by_uuid: BTreeMap<Uuid, u8> = [{ "123e4567-e89b-12d3-a456-426614174000": 1 }];
        of_map_by_ip: BTreeMap<IpAddr, u8> = [{ "::1": 1 }];
        of_map_of_maps: BTreeMap<String, BTreeMap<u8, Vec<Point>>> = [{ "a": { "1": [{ "x": 1, "y": 2 }] } }];
        of_value: Value = [null, 5, 5.0, "a", [1, { "a": [] }]];
        of_option_value: Option<Value> = [null, { "a": 1 }];
        of_values: Vec<Value> = [[1, "a", null]];
        of_object: Map<String, Value> = [{ "a": 1 }];
        of_value_map: BTreeMap<String, Value> = [{ "a": [1] }];
        of_number: Number = [1, 1.5];
        of_raw: Box<RawValue> = [{ "a": [1, 2.5] }, "a", null];
        of_raw_map: BTreeMap<String, Box<RawValue>> = [{ "a": [1] }];
        of_date_time: DateTime<Utc> = ["2026-01-31T12:00:00Z"];
        of_date: NaiveDate = ["2026-01-31"];
        of_time: NaiveTime = ["12:00:00"];
        of_naive: NaiveDateTime = ["2026-01-31T12:00:00"];
        of_uuid: Uuid = ["123e4567-e89b-12d3-a456-426614174000"];
        of_url: Url = ["https://example.com/"];
        of_point: Point = [{ "x": 1, "y": -2 }];
        of_unit_struct: Unit = [null];
        of_empty: Empty = [{}];
        of_newtype: Newtype = [5];
        of_wrapped: Wrapped = [{ "x": 1, "y": 2 }];
        of_tuple_struct: Pair = [[1, "a"]];
        of_transparent: Transparent = [{ "x": 1, "y": 2 }];
        of_generic: Generic<Point> = [{ "one": { "x": 1, "y": 2 }, "many": [], "maybe": null }];
        of_nested: Nested = [{
            "origin": { "x": 1, "y": 2 }, "path": [{ "x": 1, "y": 2 }],
            "named": { "a": { "x": 1, "y": 2 } }, "maybe": { "x": 1, "y": 2 },
            "pair": [{ "x": 1, "y": 2 }, 3],
        }];
        of_numbers: Numbers = [{
            "small": 1, "large": 2, "signed": -3, "huge": 4, "list": [5, 6], "table": { "a": 7 },
            "ratio": 1.0, "any": 2.0,
        }];
        of_settings: Settings = [{}, { "size": 1, "name": "a", "ratio": 0.1, "tags": ["t"] }];
        of_defaults: Defaults = [{ "required": true }, { "required": false, "origin": { "x": 1, "y": 2 }, "count": 1 }];
        of_camel: Camel = [{ "firstName": "a", "with space": 1, "a/b~c": { "größe": 1 }, "type": true }];
        of_aliased: Aliased = [{ "newer": 1, "texts": [] }];
        of_closed: Closed = [{ "a": 1, "b": "b" }];
        of_skips: Skips = [{ "shown": 1 }, { "maybe": 1, "shown": 1 }];
        of_hex: Hex = [{ "code": "ff" }];
        of_bounded: Bounded = [{ "size": 1, "name": "abc", "list": [1], "word": "a" }];
        of_even: Even = [2];
        of_level: Level = [1, 2];
        of_levels: Vec<Level> = [[1, 2]];
        of_account: Account = [{ "user": "a", "pin": "sesame", "codes": [12345] }];
        of_tree: Tree = [{ "value": 1, "children": [{ "value": 2, "children": [{ "value": 3 }] }] }];
        of_chain: Chain = [{ "next": { "next": { "next": null } } }];
        of_mutual: Even2 = [{ "odd": { "even": [{ "odd": null }], "at": { "x": 1, "y": 2 } } }];
        of_color: Color = ["red", "dark_blue", "very green"];
        of_option_color: Option<Color> = [null, "red"];
        of_external: External = [
            "Nothing", { "One": 1 }, { "Two": [1, null] }, { "Named": { "x": 1, "deep": { "x": 1, "y": 2 } } },
            { "Wraps": { "x": 1, "y": 2 } }, { "List": [{ "x": 1, "y": 2 }] },
        ];
        of_externals: Vec<External> = [["Nothing", { "Named": { "x": 1, "deep": null } }]];
        of_internal: Internal = [
            { "type": "nothing" }, { "type": "circle", "radius": 1 }, { "type": "at", "x": 1, "y": 2 },
            { "type": "table", "a": 1 },
        ];
        of_internal_closed: InternalClosed = [{ "kind": "Nothing" }, { "kind": "Circle", "radius": 1 }];
        of_adjacent: Adjacent = [
            { "t": "Nothing" }, { "t": "One", "c": 1 }, { "t": "Two", "c": [1, { "x": 1, "y": 2 }] },
            { "t": "Named", "c": { "x": 0.5 } },
        ];
        of_either: Either = [5, 5.5, "a", { "x": 1, "y": 2 }, [1, "a"], null];
        of_shape: Shape = [{ "radius": 1, "center": { "x": 1, "y": 2 } }, { "side": 1, "at": { "x": 1, "y": 2 } }];
        of_expr: Expr = [{ "op": "Add", "all": [{ "op": "Neg", "of": { "op": "Number", "value": 1.5 } }] }];
        of_mixed: Mixed = [{ "Known": { "a": 1 } }, { "b": 1 }];
        of_with_other: WithOther = ["yes", "no"];
        of_flat_struct: FlatStruct = [{ "id": 1, "x": 1, "y": 2 }];
        of_flat_option: FlatOption = [{ "id": 1, "x": 1, "y": 2 }, { "id": 1 }];
        of_flat_rest: FlatRest = [{ "id": 1, "a": 1, "b": [2.0] }];
        of_flat_numbers: FlatNumbers = [{ "id": 1, "a": 1 }];
        of_flat_internal: FlatInternal = [{ "id": 1, "type": "circle", "radius": 2 }, { "id": 1, "type": "at", "x": 1, "y": 2 }];
        of_flat_external: FlatExternal = [{ "id": 1, "Named": { "x": 1, "deep": { "x": 1, "y": 2 } } }];
        of_described: Described = ["Nothing", { "One": 1 }];
        of_flat_described: FlatDescribed = [{ "id": 1, "Nothing": null }, { "id": 1, "One": 1 }];
        of_flat_optional_described: FlatOptionalDescribed = [{ "id": 1 }, { "id": 1, "Neither": null }, { "id": 1, "One": 1 }];
        of_flat_adjacent: FlatAdjacent = [{ "id": 1, "t": "Two", "c": [1, { "x": 1, "y": 2 }] }];
        of_flat_untagged: FlatUntagged = [{ "id": 1, "side": 1, "at": { "x": 1, "y": 2 } }];
        of_flat_twice: FlatTwice = [{ "id": 1, "x": 1, "y": 2, "offset": 3, "limit": 4, "name": "a" }];
        of_flat_optional_enum: FlatOptionalEnum = [{ "id": 1 }, { "id": 1, "type": "circle", "radius": 1 }];
        of_flat_many: FlatMany = [{ "offset": 1, "limit": 1, "op": "Number", "value": 2.0, "more": [1.0] }];
        of_flat_inside: FlatInside = [{ "type": "Placed", "name": "a", "x": 1, "y": 2 }, { "type": "Free" }];
    }
    whole {
        with_defaults(a: u8, #[serde(default)] b: u16, #[serde(default)] c: Vec<Point>) = [{ "a": 1 }, { "a": 1, "b": 2, "c": [{ "x": 1, "y": 2 }] }];
        with_names(#[serde(rename = "q")] query: String, #[serde(alias = "old")] newer: Option<u8>) = [{ "q": "a", "newer": 1 }, { "q": "a" }];
        with_range(#[schemars(range(min = 1, max = 9))] n: u32, #[schemars(length(min = 1))] text: String) = [{ "n": 1, "text": "a" }];
        flat_struct(a: u8, #[serde(flatten)] at: Point) = [{ "a": 1, "x": 1, "y": 2 }];
        flat_nested(a: u8, #[serde(flatten)] twice: FlatTwice) = [{ "a": 1, "id": 1, "x": 1, "y": 2, "offset": 3, "limit": 4, "name": "a" }];
        flat_option(text: String, #[serde(flatten)] at: Option<Point>) = [{ "text": "a" }, { "text": "a", "x": 1, "y": 2 }];
        flat_rest(a: u8, #[serde(flatten)] rest: BTreeMap<String, Value>) = [{ "a": 1, "b": 2, "c": [1.0] }];
        flat_map(text: String, #[serde(flatten)] rest: HashMap<String, u8>) = [{ "text": "a", "b": 2 }];
        flat_internal(a: u8, #[serde(flatten)] what: Internal) = [{ "a": 1, "type": "circle", "radius": 2 }, { "a": 1, "type": "at", "x": 1, "y": 2 }];
        flat_external(a: u8, #[serde(flatten)] what: External) = [{ "a": 1, "Named": { "x": 1, "deep": null } }, { "a": 1, "Wraps": { "x": 1, "y": 2 } }];
        flat_described(a: u8, #[serde(flatten)] what: Described) = [{ "a": 1, "Nothing": null }, { "a": 1, "One": 1 }];
        flat_optional_described(a: u8, #[serde(flatten)] what: Option<Described>) = [{ "a": 1 }, { "a": 1, "Nothing": null }];
        flat_adjacent(a: u8, #[serde(flatten)] what: Adjacent) = [{ "a": 1, "t": "One", "c": 1 }, { "a": 1, "t": "Nothing" }];
        flat_untagged(a: u8, #[serde(flatten)] what: Shape) = [{ "a": 1, "side": 1, "at": { "x": 1, "y": 2 } }];
        flat_only(#[serde(flatten)] page: Page) = [{}, { "offset": 1, "limit": 2 }];
        flat_many(#[serde(flatten)] many: FlatMany) = [{ "offset": 1, "limit": 1, "op": "Number", "value": 2.0, "more": [1.0] }];
        flat_optional_enum(a: u8, #[serde(flatten)] what: Option<Internal>) = [{ "a": 1 }, { "a": 1, "type": "circle", "radius": 1 }];
        flat_value(a: u8, #[serde(flatten)] rest: Value) = [{ "a": 1, "b": 2 }];
    }
}
