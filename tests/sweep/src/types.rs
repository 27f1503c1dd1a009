//! Types in every serde representation.

#![allow(missing_docs, missing_debug_implementations)] // Only their form matters.

use std::collections::{BTreeMap, HashMap};

use dagstack_plugin::{Secret, data};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[data]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

#[data]
pub struct Unit;

#[data]
pub struct Empty {}

#[data]
pub struct Newtype(pub u8);

#[data]
pub struct Wrapped(pub Point);

#[data]
pub struct Pair(pub u8, pub String);

#[data]
#[serde(transparent)]
pub struct Transparent {
    pub inner: Point,
}

#[data]
pub struct Generic<T> {
    pub one: T,
    pub many: Vec<T>,
    pub maybe: Option<T>,
}

#[data]
pub struct Nested {
    pub origin: Point,
    pub path: Vec<Point>,
    pub named: BTreeMap<String, Point>,
    pub maybe: Option<Box<Point>>,
    pub pair: (Point, u8),
}

#[data]
pub struct Numbers {
    pub small: u8,
    pub large: u64,
    pub signed: i16,
    pub huge: u128,
    pub list: Vec<i64>,
    pub table: BTreeMap<String, u32>,
    pub ratio: f64,
    pub any: Value,
}

#[data]
#[derive(Default)]
#[serde(default)]
pub struct Settings {
    pub size: u32,
    pub name: String,
    pub ratio: f32,
    pub tags: Vec<String>,
}

#[data]
pub struct Defaults {
    #[serde(default)]
    pub count: u8,
    #[serde(default = "seven")]
    pub seven: u16,
    #[serde(default)]
    pub origin: Option<Point>,
    pub required: bool,
}

fn seven() -> u16 {
    7
}

#[data]
#[serde(rename_all = "camelCase")]
pub struct Camel {
    pub first_name: String,
    #[serde(rename = "with space")]
    pub spaced: u8,
    #[serde(rename = "a/b~c")]
    pub slashed: Option<Zugänge>,
    pub r#type: bool,
}

#[data]
pub struct Zugänge {
    pub größe: u8,
}

#[data]
pub struct Aliased {
    #[serde(alias = "old", alias = "older")]
    pub newer: u8,
    #[serde(alias = "texte")]
    pub texts: Vec<String>,
}

#[data]
#[serde(deny_unknown_fields)]
pub struct Closed {
    pub a: u8,
    pub b: Option<String>,
}

#[data]
pub struct Skips {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maybe: Option<u8>,
    #[serde(skip)]
    pub hidden: u8,
    pub shown: u8,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(super) fn serialize<S: Serializer>(value: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{value:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let text = String::deserialize(from)?;
        u32::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

#[data]
pub struct Hex {
    #[serde(with = "hex")]
    #[schemars(with = "String", regex(pattern = r"^[0-9a-f]{1,8}$"))]
    pub code: u32,
}

#[data]
pub struct Bounded {
    #[schemars(range(min = 1, max = 10))]
    pub size: u32,
    #[schemars(length(min = 2, max = 5))]
    pub name: String,
    #[schemars(length(max = 3), inner(range(max = 9)))]
    pub list: Vec<u8>,
    #[schemars(regex(pattern = "^[a-z]+$"))]
    pub word: Option<String>,
}

#[data]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8")]
#[derive(Clone)]
pub struct Even(pub u8);

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        if value.is_multiple_of(2) {
            Ok(Self(value))
        } else {
            Err(format!("{value} is odd"))
        }
    }
}

impl From<Even> for u8 {
    fn from(even: Even) -> Self {
        even.0
    }
}

/// Level by its number, as `serde_repr` has it.
#[derive(Clone, Copy)]
pub enum Level {
    Low = 1,
    High = 2,
}

impl serde::Serialize for Level {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u8::deserialize(from)? {
            1 => Ok(Self::Low),
            2 => Ok(Self::High),
            other => Err(serde::de::Error::custom(format!("{other} is no level"))),
        }
    }
}

impl schemars::JsonSchema for Level {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "enum": [1, 2] })
    }
}

#[data]
pub struct Account {
    pub user: String,
    pub pin: Secret<String>,
    pub codes: Vec<Secret<u32>>,
}

#[data]
pub struct Tree {
    pub value: i32,
    #[serde(default)]
    pub children: Vec<Tree>,
}

#[data]
pub struct Chain {
    pub next: Option<Box<Chain>>,
}

#[data]
pub struct Even2 {
    pub odd: Option<Box<Odd2>>,
}

#[data]
pub struct Odd2 {
    pub even: Vec<Even2>,
    pub at: Point,
}

#[data]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    Red,
    /// Not red.
    DarkBlue,
    #[serde(rename = "very green")]
    Green,
    #[serde(alias = "ocher")]
    Ochre,
}

#[data]
pub enum External {
    Nothing,
    One(u8),
    Two(u8, Option<String>),
    Named { x: i16, deep: Option<Point> },
    Wraps(Point),
    List(Vec<Point>),
}

/// Each with a description.
#[data]
pub enum Described {
    /// None.
    Nothing,
    /// One.
    One(u8),
    /// Neither.
    Neither,
}

#[data]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Internal {
    Nothing,
    Circle { radius: u32 },
    At(Point),
    Table(BTreeMap<String, Value>),
}

#[data]
#[serde(tag = "kind", deny_unknown_fields)]
pub enum InternalClosed {
    Nothing,
    Circle { radius: u32 },
}

#[data]
#[serde(tag = "t", content = "c")]
pub enum Adjacent {
    Nothing,
    One(u8),
    Two(u8, Point),
    Named { x: f64 },
}

#[data]
#[serde(untagged)]
pub enum Either {
    Whole(i64),
    Broken(f64),
    Text(String),
    At(Point),
    List(Vec<Either>),
    Nothing,
}

#[data]
#[serde(untagged)]
pub enum Shape {
    Circle { radius: u8, center: Point },
    Square { side: u8, at: Option<Point> },
}

#[data]
#[serde(tag = "op")]
pub enum Expr {
    Number { value: f64 },
    Neg { of: Box<Expr> },
    Add { all: Vec<Expr> },
}

#[data]
pub enum Mixed {
    Known {
        a: u8,
    },
    #[serde(untagged)]
    Other(BTreeMap<String, u8>),
}

#[data]
#[serde(rename_all = "lowercase")]
pub enum WithOther {
    Yes,
    No,
    #[serde(other)]
    Unknown,
}

/// A page of a list.
#[data]
pub struct Page {
    #[serde(default)]
    pub offset: u32,
    pub limit: Option<u8>,
}

#[data]
pub struct FlatStruct {
    pub id: u8,
    #[serde(flatten)]
    pub at: Point,
}

#[data]
pub struct FlatOption {
    pub id: u8,
    #[serde(flatten)]
    pub at: Option<Point>,
}

#[data]
pub struct FlatRest {
    pub id: u8,
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[data]
pub struct FlatNumbers {
    pub id: u8,
    #[serde(flatten)]
    pub rest: HashMap<String, u16>,
}

#[data]
pub struct FlatInternal {
    pub id: u8,
    #[serde(flatten)]
    pub what: Internal,
}

#[data]
pub struct FlatExternal {
    pub id: u8,
    #[serde(flatten)]
    pub what: External,
}

#[data]
pub struct FlatDescribed {
    pub id: u8,
    #[serde(flatten)]
    pub what: Described,
}

#[data]
pub struct FlatOptionalDescribed {
    pub id: u8,
    #[serde(flatten)]
    pub what: Option<Described>,
}

#[data]
pub struct FlatAdjacent {
    pub id: u8,
    #[serde(flatten)]
    pub what: Adjacent,
}

#[data]
pub struct FlatUntagged {
    pub id: u8,
    #[serde(flatten)]
    pub what: Shape,
}

#[data]
pub struct FlatTwice {
    #[serde(flatten)]
    pub flat: FlatStruct,
    #[serde(flatten)]
    pub page: Page,
    pub name: String,
}

#[data]
pub struct FlatOptionalEnum {
    pub id: u8,
    #[serde(flatten)]
    pub what: Option<Internal>,
}

#[data]
pub struct FlatMany {
    #[serde(flatten)]
    pub page: Page,
    #[serde(flatten)]
    pub what: Expr,
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[data]
#[serde(tag = "type")]
pub enum FlatInside {
    Placed {
        name: String,
        #[serde(flatten)]
        at: Point,
    },
    Free,
}
