//! What decodes is not all that fits, and what fits is not all that serde reads: arguments and configs
//! are read as their schema has it.

#![allow(dead_code, clippy::expect_used, clippy::unwrap_used)] // Fields are there to be decoded.

mod decode_support;

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroI8, NonZeroU64};

use dagstack_engine::call as hooks;
use dagstack_plugin::{Args, HookContext, NoConfig, hook, plugin};
use decode_support::{call, call_error, call_text, config_error, configure};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
struct One<T> {
    value: T,
}

/// What both make of a value, which is the same.
fn read<T>(value: Value) -> Result<T, String>
where
    T: DeserializeOwned + JsonSchema + PartialEq + std::fmt::Debug + Send + Sync + 'static,
{
    let given = json!({ "value": value });
    let args = call::<One<T>>(&given).map_err(|error| error.to_string());
    let config = configure::<One<T>>(given).map_err(|error| error.to_string());
    assert_eq!(args.is_ok(), config.is_ok(), "{args:?} {config:?}");
    if let (Ok(args), Ok(config)) = (&args, config) {
        assert_eq!(args, &config);
    }
    args.map(|one| one.value)
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
struct Point {
    x: i64,
    y: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
enum External {
    Newtype(u8),
    Tuple(u8, Point),
    Struct { n: u8, deep: Option<Point> },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(tag = "t")]
enum Internal {
    Struct { n: u8, point: Point },
    Newtype(Point),
    Unit,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Newtype(u8),
    Struct { n: u8 },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Integer(i8),
    List(Vec<u16>),
    Point(Point),
    Text(String),
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged)]
enum Number {
    Integer(i64),
    Float(f64),
}

/// The places of one form may be integers where those of another are not.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged)]
enum Forms {
    Integers { x: i64, y: i64 },
    Floats { x: f64, z: bool },
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    rest: HashMap<String, u16>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
struct FlatTagged {
    id: u8,
    #[serde(flatten)]
    what: Internal,
}

const POINT: Point = Point { x: 5, y: 5.0 };

fn point() -> Value {
    json!({ "x": 5.0, "y": 5.0 })
}

#[test]
fn b06_every_integer_type_takes_a_whole_float() {
    macro_rules! takes {
        ($($type:ty),*) => {$(
            assert_eq!(read::<$type>(json!(5.0)), Ok(5), stringify!($type));
            assert_eq!(read::<$type>(json!(0.0)), Ok(0), stringify!($type));
            assert_eq!(read::<Option<$type>>(json!(5.0)), Ok(Some(5)));
            assert_eq!(read::<Vec<$type>>(json!([1, 5.0])), Ok(vec![1, 5]));
            assert_eq!(read::<(bool, $type)>(json!([true, 5.0])), Ok((true, 5)));
            let map = BTreeMap::from([("a".to_owned(), 5 as $type)]);
            assert_eq!(read::<BTreeMap<String, $type>>(json!({ "a": 5.0 })), Ok(map));
            assert!(read::<$type>(json!(5.5)).unwrap_err().contains("found 5.5; expected an integer"));
        )*};
    }
    takes!(
        u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
    );
    assert_eq!(
        read::<NonZeroU64>(json!(5.0)),
        Ok(NonZeroU64::new(5).unwrap())
    );
    assert_eq!(
        read::<NonZeroI8>(json!(-5.0)),
        Ok(NonZeroI8::new(-5).unwrap())
    );
    assert_eq!(read::<i32>(json!(-0.0)), Ok(0));
    assert!(read::<u8>(json!(300.0)).is_err());
    assert!(read::<u8>(json!(-1.0)).is_err());
}

#[test]
fn b06_in_every_representation() {
    assert_eq!(read(point()), Ok(POINT));
    assert_eq!(read(json!({ "Newtype": 5.0 })), Ok(External::Newtype(5)));
    assert_eq!(
        read(json!({ "Tuple": [5.0, point()] })),
        Ok(External::Tuple(5, POINT))
    );
    assert_eq!(
        read(json!({ "Struct": { "n": 5.0, "deep": point() } })),
        Ok(External::Struct {
            n: 5,
            deep: Some(POINT)
        })
    );
    assert_eq!(
        read(json!({ "t": "Struct", "n": 5.0, "point": point() })),
        Ok(Internal::Struct { n: 5, point: POINT })
    );
    assert_eq!(
        read(json!({ "t": "Newtype", "x": 5.0, "y": 5.0 })),
        Ok(Internal::Newtype(POINT))
    );
    assert_eq!(
        read(json!({ "t": "Newtype", "c": 5.0 })),
        Ok(Adjacent::Newtype(5))
    );
    assert_eq!(
        read(json!({ "c": { "n": 5.0 }, "t": "Struct" })),
        Ok(Adjacent::Struct { n: 5 })
    );
    assert_eq!(read(json!(5.0)), Ok(Untagged::Integer(5)));
    assert_eq!(read(point()), Ok(Untagged::Point(POINT)));
    assert_eq!(read(json!([5.0, 6])), Ok(Untagged::List(vec![5, 6])));
    assert_eq!(
        read(json!({ "x": 5.0, "y": 6.0 })),
        Ok(Forms::Integers { x: 5, y: 6 })
    );
    let rest = HashMap::from([("a".to_owned(), 7)]);
    assert_eq!(
        read(json!({ "id": 1.0, "x": 5.0, "y": 5.0, "a": 7.0 })),
        Ok(Flat {
            id: 1,
            point: POINT,
            rest
        })
    );
    assert_eq!(
        read(json!({ "id": 1.0, "t": "Struct", "n": 5.0, "point": point() })),
        Ok(FlatTagged {
            id: 1,
            what: Internal::Struct { n: 5, point: POINT }
        })
    );
}

#[test]
fn b06_what_may_be_a_float_stays_one() {
    assert_eq!(read(json!(5.0)), Ok(Number::Float(5.0)));
    assert_eq!(read(json!(5.0)), Ok(json!(5.0)));
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Both {
        n: u8,
        any: Value,
        number: Number,
        map: Map<String, Value>,
    }
    let both = read::<Both>(json!({ "n": 5.0, "any": [5.0], "number": 5.0, "map": { "a": 5.0 } }));
    assert_eq!(
        both,
        Ok(Both {
            n: 5,
            any: json!([5.0]),
            number: Number::Float(5.0),
            map: Map::from_iter([("a".to_owned(), json!(5.0))]),
        })
    );
}

#[test]
fn b06_digits_beyond_a_floats_are_kept() {
    let text = r#"{"value":[9007199254740993.0, 18446744073709551615, 5e0]}"#;
    let read = call_text::<One<Vec<u64>>>(text).unwrap();
    assert_eq!(read.value, [(1 << 53) + 1, u64::MAX, 5]);
}

#[test]
fn b06_an_exponent_moves_the_point_and_loses_no_digit() {
    let text =
        r#"{"value":[9007199254740993e0, 1234567890123456781e1, 90071992547409.93e2, 1e19]}"#;
    let read = call_text::<One<Vec<u64>>>(text).unwrap();
    let digits = [
        (1 << 53) + 1,
        12_345_678_901_234_567_810,
        (1 << 53) + 1,
        10_000_000_000_000_000_000,
    ];
    assert_eq!(read.value, digits);
    let beyond = call_text::<One<u64>>(r#"{"value":123456789012345678e3}"#);
    assert!(beyond.is_err(), "{beyond:?}");
}

#[test]
fn b06_a_free_form_value_beside_an_integer_stays_as_it_is() {
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Both {
        /// The schema says that it may be any number.
        #[schemars(with = "f64")]
        n: u8,
        any: Value,
        #[serde(default)]
        map: BTreeMap<String, Value>,
    }
    let given = json!({ "n": 5.0, "any": [1.0, { "n": 2.0 }], "map": { "n": 3.0 } });
    let both = read::<Both>(given.clone()).unwrap();
    assert_eq!(both.n, 5);
    assert_eq!(both.any, given["any"]);
    assert_eq!(both.map["n"], given["map"]["n"]);
}

#[test]
fn b06_a_whole_float_is_never_called_a_mistake() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Mixed {
        n: u8,
        id: std::net::Ipv4Addr,
        name: String,
    }
    let said = call_error::<Mixed>(json!({ "n": 5.0, "id": "no address", "name": "a" }));
    assert!(
        said.contains("`chunker.fixed.chunk.id`: invalid IPv4 address"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
    let said = config_error::<Mixed>(json!({ "n": 5.0, "id": "127.0.0.1", "name": 7.0 }));
    assert!(
        said.contains("`chunker.fixed.name`: found 7.0; expected text"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[tokio::test]
async fn b06_texts_that_may_be_taken_are_still_there_for_the_second_try() {
    #[derive(Default)]
    struct Texts;

    #[plugin(kind = "chunker", name = "texts")]
    impl Texts {
        #[hook]
        fn chunk(&self, a: String, n: u8, z: Option<String>) -> (String, u8, Option<String>) {
            (a, n, z)
        }
    }

    let ctx = HookContext::default();
    for n in [json!(5), json!(5.0)] {
        let mut value = json!({ "a": "first", "n": n, "z": "last" });
        let read = hooks::call(&Texts, "chunk", &ctx, Args::Value(&mut value)).await;
        let read = read.unwrap().into_value().unwrap();
        assert_eq!(read, json!(["first", 5, "last"]));
    }
    let mut value = json!({ "a": "first", "n": "x", "z": "last" });
    let read = hooks::call(&Texts, "chunk", &ctx, Args::Value(&mut value)).await;
    read.unwrap_err();
    assert_eq!(
        value["a"], "first",
        "nothing is lost where something does not fit"
    );
}

#[tokio::test]
async fn what_fits_a_flattened_hook_is_read_once_and_what_does_not_at_most_as_often_as_it_has_mistakes()
 {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static READ: AtomicUsize = AtomicUsize::new(0);

    #[derive(JsonSchema, serde::Serialize)]
    #[schemars(transparent)]
    struct Counted(#[allow(dead_code)] u8);

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            READ.fetch_add(1, Ordering::Relaxed);
            u8::deserialize(from).map(Self)
        }
    }

    #[dagstack_plugin::data]
    struct More {
        #[allow(dead_code)]
        counted: Counted,
    }

    #[derive(Default)]
    struct Flat;

    #[plugin(kind = "chunker", name = "flat")]
    impl Flat {
        #[hook]
        fn chunk(&self, text: String, #[serde(flatten)] more: More) -> usize {
            let _ = more;
            text.len()
        }
    }

    let ctx = HookContext::default();
    let mut fits = json!({ "text": "abc", "counted": 1 });
    let read = hooks::call(&Flat, "chunk", &ctx, Args::Value(&mut fits)).await;
    read.unwrap();
    assert_eq!(READ.swap(0, Ordering::Relaxed), 1);

    let mut strays: Map<String, Value> = (0..2_000)
        .map(|n| (format!("stray{n}"), json!(n)))
        .collect();
    strays.extend([
        ("text".to_owned(), json!("abc")),
        ("counted".to_owned(), json!(1)),
    ]);
    let mut strays = Value::Object(strays);
    let read = hooks::call(&Flat, "chunk", &ctx, Args::Value(&mut strays)).await;
    read.unwrap_err();
    let read = READ.load(Ordering::Relaxed);
    assert!(read < 200, "read {read} times");
}

#[tokio::test]
async fn an_alias_in_a_flattened_type_excuses_no_other_key() {
    #[dagstack_plugin::data]
    struct More {
        #[serde(alias = "bb")]
        b: u8,
    }

    #[derive(Default)]
    struct Flat;

    #[plugin(kind = "chunker", name = "alias")]
    impl Flat {
        #[hook]
        fn chunk(&self, #[serde(flatten)] more: More, q: Option<String>) -> u8 {
            let _ = q;
            more.b
        }
    }

    let ctx = HookContext::default();
    let mut alone = json!({ "bb": 1 });
    let read = hooks::call(&Flat, "chunk", &ctx, Args::Value(&mut alone)).await;
    assert_eq!(read.unwrap().into_value().unwrap(), json!(1));
    let mut beside = json!({ "bb": 1, "z": 5 });
    let read = hooks::call(&Flat, "chunk", &ctx, Args::Value(&mut beside)).await;
    let error = read.unwrap_err();
    assert!(error.message().contains("chunk.z`: unknown key"), "{error}");
}

#[tokio::test]
async fn arguments_are_read_as_json_has_them_in_any_order_and_spelling() {
    #[derive(Default)]
    struct Pair;

    #[plugin(kind = "chunker", name = "pair")]
    impl Pair {
        #[hook]
        fn chunk(&self, a: u8, ab: String, point: Option<Point>) -> String {
            format!("{a} {ab} {}", point.is_some())
        }
    }

    let ctx = HookContext::default();
    let call = async |text: &str| {
        let read = hooks::call(&Pair, "chunk", &ctx, Args::Json(text)).await;
        read.map(|output| output.into_value().unwrap())
    };
    for text in [
        r#"{"a":1,"ab":"x"}"#,
        " {\n\"ab\" : \"x\" ,\t\"\\u0061\" : 1 } \r",
        r#"{"point":null,"ab":"x","a":1}"#,
    ] {
        assert_eq!(call(text).await.unwrap(), json!("1 x false"), "{text}");
    }
    let full = r#"{"ab":"}{","point":{"x":1,"y":2.5},"a":1}"#;
    assert_eq!(call(full).await.unwrap(), json!("1 }{ true"));
    for (text, problem) in [
        (r#"{"a":1,"ab":"x",}"#, "no valid JSON: trailing comma"),
        (r#"{"a":1 "ab":"x"}"#, "no valid JSON: expected `,` or `}`"),
        (
            r#"{"a":1,"ab":"x"} {}"#,
            "no valid JSON: trailing characters",
        ),
        (
            "{\"a\":1,\"ab\":\"x\"}\x0c",
            "no valid JSON: trailing characters",
        ),
        (r#"{"a":1,"ab":"x""#, "no valid JSON: EOF"),
        (r#"[1,"x"]"#, "the arguments are not an object"),
        (r#"{"a":1}"#, "`chunker.pair.chunk.ab`: missing"),
        (
            r#"{"a":1,"ab":"x","b":2}"#,
            "`chunker.pair.chunk.b`: unknown key",
        ),
        (r#"{"a":1,"a":1,"ab":"x"}"#, "duplicate field `a`"),
        (
            r#"{"a":1,"ab":"x","point":{"x":1,"x":1,"y":2.5}}"#,
            "`chunker.pair.chunk.point`: duplicate field `x`",
        ),
    ] {
        let said = call(text).await.unwrap_err().to_string();
        assert!(said.contains(problem), "{text}: {said}");
    }
}

#[test]
fn b14_a_flattened_option_swallows_no_mistake() {
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Place {
        id: u8,
        #[serde(flatten)]
        at: Option<Point>,
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Places {
        list: Vec<Place>,
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Either {
        Place(Place),
        Text(String),
    }
    let wrong = json!({ "id": 1, "x": "1", "y": 2 });
    let said = config_error::<Place>(wrong.clone());
    assert!(
        said.contains("`chunker.fixed.x`: found the text \"1\"; expected an integer"),
        "{said}"
    );
    let said = call_error::<Place>(wrong.clone());
    assert!(
        said.contains(".chunk.x`: found the text \"1\"; expected an integer"),
        "{said}"
    );
    let said = read::<Places>(json!({ "list": [wrong] })).unwrap_err();
    assert!(
        said.contains(".value.list[0].x`: found the text \"1\""),
        "{said}"
    );
    let said = read::<Either>(wrong.clone()).unwrap_err();
    assert!(said.contains(".value.x`: found the text \"1\""), "{said}");
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Tagged {
        id: u8,
        #[serde(flatten)]
        what: Option<Internal>,
    }
    let wrong = json!({ "id": 1, "t": "Newtype", "x": "1", "y": 2 });
    let said = read::<Tagged>(wrong.clone()).unwrap_err();
    assert!(said.contains(".value.x`: found the text \"1\""), "{said}");
    let said = config_error::<Tagged>(wrong);
    assert!(
        said.contains("`chunker.fixed.x`: found the text \"1\""),
        "{said}"
    );
    let said = read::<Tagged>(json!({ "id": 1, "t": "Newtyp" })).unwrap_err();
    assert!(
        said.contains(".value.t`: found the text \"Newtyp\" (did you mean `Newtype`?)"),
        "{said}"
    );
    assert_eq!(read(json!({ "id": 1 })), Ok(Tagged { id: 1, what: None }));
    let what = Some(Internal::Newtype(POINT));
    assert_eq!(
        read(json!({ "id": 1, "t": "Newtype", "x": 5, "y": 5 })),
        Ok(Tagged { id: 1, what })
    );
    assert_eq!(read(json!({ "id": 1 })), Ok(Place { id: 1, at: None }));
    assert_eq!(
        read(json!({ "id": 1, "x": 5, "y": 5 })),
        Ok(Place {
            id: 1,
            at: Some(POINT)
        })
    );
}

#[test]
fn b14_flattened_units_with_descriptions_are_keys() {
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    enum What {
        /// None.
        Nothing,
        /// One.
        One(u8),
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        what: What,
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Optional {
        id: u8,
        #[serde(flatten)]
        what: Option<What>,
    }
    for (key, value, what) in [
        ("Nothing", Value::Null, What::Nothing),
        ("One", json!(1), What::One(1)),
    ] {
        let given = json!({ "id": 1, key: value });
        let schema = Value::Object(dagstack_plugin::schema::input::<Flat>());
        let validator =
            dagstack_engine::validate::validate("flat", schema.as_object().unwrap(), &given);
        assert!(validator.is_empty(), "{validator:?}: {schema:#}");
        let flat = Flat {
            id: 1,
            what: what.clone(),
        };
        assert_eq!(configure::<Flat>(given.clone()).unwrap(), flat);
        assert_eq!(read(given.clone()), Ok(flat));
        let what = Some(what);
        assert_eq!(read(given), Ok(Optional { id: 1, what }));
    }
    assert_eq!(read(json!({ "id": 1 })), Ok(Optional { id: 1, what: None }));
    // No mistake becomes nothing.
    for wrong in [
        json!({ "id": 1, "One": "x" }),
        json!({ "id": 1, "Nothing": 5 }),
    ] {
        assert!(read::<Optional>(wrong.clone()).is_err(), "{wrong}");
        assert!(configure::<Optional>(wrong.clone()).is_err(), "{wrong}");
        assert!(read::<Flat>(wrong.clone()).is_err(), "{wrong}");
    }
    // Elsewhere they are texts.
    assert_eq!(read(json!("Nothing")), Ok(What::Nothing));
    let said = read::<What>(json!({ "Nothing": null })).unwrap_err();
    assert!(
        said.contains(".value.Nothing`: a variant without a value; expected the text \"Nothing\""),
        "{said}"
    );
}

#[test]
fn b14_a_free_form_section_takes_any_table() {
    let section = json!({ "a": 1, "b": { "c": [2.0] }, "password": "hunter2-hunter2" });
    assert_eq!(configure::<Value>(section.clone()).unwrap(), section);
    assert_eq!(
        configure::<Map<String, Value>>(section.clone()).unwrap(),
        *section.as_object().unwrap()
    );
    let map = configure::<BTreeMap<String, Value>>(section.clone()).unwrap();
    assert_eq!(map["b"], section["b"]);
    assert_eq!(
        configure::<HashMap<String, Value>>(section.clone())
            .unwrap()
            .len(),
        3
    );
    assert_eq!(configure::<Value>(Value::Null).unwrap(), json!({}));
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Open {
        #[serde(flatten)]
        all: Map<String, Value>,
    }
    assert_eq!(configure::<Open>(section.clone()).unwrap().all.len(), 3);
    // Of a secret, only what it is named says so.
    let said = config_error::<BTreeMap<String, u8>>(section);
    assert!(said.contains("password`: found [MASKED] (text)"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(config_error::<Value>(json!([1])).contains("the section is not an object"));
    // One without a field has no config.
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Empty {}
    assert!(configure::<Empty>(json!({})).is_ok());
    let said = config_error::<Empty>(json!({ "a": 1 }));
    assert!(
        said.contains("`chunker.fixed.a`: unknown key: the plugin takes no config"),
        "{said}"
    );
}

#[test]
fn b15_no_struct_is_taken_from_an_array() {
    let array = json!([5, 5.0]);
    let refused = |said: Result<(), String>, path: &str| {
        let said = said.unwrap_err();
        assert!(
            said.contains(&format!("{path}`: found an array of 2 items; expected")),
            "{said}"
        );
    };
    refused(read::<Point>(array.clone()).map(drop), ".value");
    refused(read::<Option<Point>>(array.clone()).map(drop), ".value");
    refused(read::<Vec<Point>>(json!([array])).map(drop), ".value[0]");
    refused(
        read::<(u8, Point)>(json!([1, array])).map(drop),
        ".value[1]",
    );
    refused(
        read::<BTreeMap<String, Vec<Point>>>(json!({ "a": [array] })).map(drop),
        ".value.a[0]",
    );
    refused(
        read::<External>(json!({ "Struct": [1, null] })).map(drop),
        ".value.Struct",
    );
    refused(
        read::<External>(json!({ "Tuple": [1, array] })).map(drop),
        ".value.Tuple[1]",
    );
    refused(
        read::<Internal>(json!({ "t": "Struct", "n": 1, "point": array })).map(drop),
        ".value.point",
    );
    refused(
        read::<FlatTagged>(json!({ "id": 1, "t": "Struct", "n": 1, "point": array })).map(drop),
        ".value.point",
    );
    assert!(read::<Internal>(json!(["Unit"])).is_err());
    assert!(read::<Internal>(json!(["Struct", 1, point()])).is_err());
    assert!(read::<Adjacent>(json!(["Newtype", 1])).is_err());
    assert!(read::<Adjacent>(json!({ "t": "Struct", "c": [1] })).is_err());
    assert!(read::<Untagged>(json!([5, 5.5])).is_err());
    // Where an array is right, too, it stays.
    assert_eq!(read(json!([5, 5])), Ok(Untagged::List(vec![5, 5])));
}

#[test]
fn b15_no_variant_is_taken_by_its_number() {
    for tag in [json!(0), json!(2), json!(2.0)] {
        assert!(read::<Internal>(json!({ "t": tag })).is_err());
        assert!(read::<Vec<Internal>>(json!([{ "t": "Unit" }, { "t": tag }])).is_err());
        assert!(read::<FlatTagged>(json!({ "id": 1, "t": tag, "x": 1, "y": 2 })).is_err());
        assert!(read::<Adjacent>(json!({ "t": tag, "c": 1 })).is_err());
    }
}

#[test]
fn b15_no_unit_is_taken_from_an_object() {
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        what: What,
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    enum What {
        Nothing,
        One(u8),
    }
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Loose {
        Number(u8),
        Nothing(()),
    }
    let nothing = Flat {
        id: 1,
        what: What::Nothing,
    };
    assert_eq!(read(json!({ "id": 1, "Nothing": null })), Ok(nothing));
    assert!(read::<Flat>(json!({ "id": 1, "Nothing": {} })).is_err());
    assert_eq!(
        read(json!([1, null])),
        Ok(vec![Loose::Number(1), Loose::Nothing(())])
    );
    assert!(read::<Vec<Loose>>(json!([1, {}])).is_err());
}

#[test]
fn b11_arguments_and_configs_nest_so_deep_and_no_deeper() {
    let nested = |levels: usize| {
        (1..levels).fold(Value::Array(Vec::new()), |inner, _| {
            Value::Array(vec![inner])
        })
    };
    #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
    struct List(Vec<List>);
    // The object around them is a level, too.
    assert!(read::<Value>(nested(119)).is_ok());
    assert!(read::<List>(nested(119)).is_ok());
    for depth in [120, 121, 127, 128, 500] {
        for said in [
            read::<Value>(nested(depth)).unwrap_err(),
            read::<List>(nested(depth)).unwrap_err(),
            // Whatever else is wrong with them.
            read::<u8>(nested(depth)).unwrap_err(),
            call_error::<NoConfig>(json!({ "extra": nested(depth) })),
        ] {
            assert!(
                said.contains("the arguments nest deeper than 120 levels"),
                "{said}"
            );
        }
        let said = config_error::<Value>(json!({ "a": nested(depth) }));
        assert!(
            said.contains("`chunker.fixed`: the section nests deeper than 120 levels"),
            "{said}"
        );
    }
}
