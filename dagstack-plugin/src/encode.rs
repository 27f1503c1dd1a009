//! The one way a value becomes JSON: what has no JSON form is an error, never a silent `null`.
//!
//! [`Strict`] sits before any serde serializer and refuses NaN, infinities and integers beyond
//! 64 bits. Both functions here go through it, so that [`to_json`]'s text read back is exactly
//! [`to_value`]'s value.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Value;

/// Why a value has no JSON form.
#[derive(Debug)]
pub(crate) struct EncodeError(serde_json::Error);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The JSON value of `value`.
#[inline]
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, EncodeError> {
    value
        .serialize(Strict::<_, true>(serde_json::value::Serializer))
        .map_err(EncodeError)
}

/// Appends the JSON text of `value` to `out`: compact, fields in the order they are declared.
/// After an error `out` holds what was written until then.
#[inline]
pub(crate) fn to_json<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut serializer = serde_json::Serializer::new(out);
    value
        .serialize(Strict::<_, false>(&mut serializer))
        .map_err(EncodeError)
}

/// The `f64` with the same shortest decimal form: `0.1_f32` becomes `0.1_f64`.
fn widen(value: f32) -> f64 {
    // Whole numbers an `f32` holds exactly print the same either way.
    if value.trunc() == value && value.abs() < 16_777_216.0 {
        return f64::from(value);
    }
    let mut text = [0_u8; 32];
    let mut rest = &mut text[..];
    if serde_json::to_writer(&mut rest, &value).is_err() {
        return f64::from(value);
    }
    let used = 32 - rest.len();
    std::str::from_utf8(&text[..used])
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| f64::from(value))
}

/// Forwards to the serializer `S`, but refuses what JSON cannot say. With `F32_TO_DECIMAL` an
/// `f32` goes on as the `f64` with the same shortest decimal form (for serializers that build
/// values; those that write text need it not).
pub(crate) struct Strict<S, const F32_TO_DECIMAL: bool>(pub(crate) S);

/// A value whose serializer is wrapped in [`Strict`].
struct Wrap<'a, T: ?Sized, const F: bool>(&'a T);

impl<T: Serialize + ?Sized, const F: bool> Serialize for Wrap<'_, T, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Strict::<S, F>(serializer))
    }
}

/// Wraps one of the seven compound serializers.
pub(crate) struct Compound<C, const F: bool>(C);

fn beyond_64_bits<E: serde::ser::Error>(value: impl fmt::Display) -> E {
    E::custom(format_args!(
        "found the integer `{value}`, expected one of at most 64 bits; send it as text"
    ))
}

fn not_finite<E: serde::ser::Error>(value: f64) -> E {
    E::custom(format_args!(
        "found the float `{value}`, expected a finite number; JSON has no form for it, \
         use an `Option` and `None`"
    ))
}

macro_rules! forward {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.0.$method(value)
        }
    )*};
}

impl<S: Serializer, const F: bool> Serializer for Strict<S, F> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Compound<S::SerializeSeq, F>;
    type SerializeTuple = Compound<S::SerializeTuple, F>;
    type SerializeTupleStruct = Compound<S::SerializeTupleStruct, F>;
    type SerializeTupleVariant = Compound<S::SerializeTupleVariant, F>;
    type SerializeMap = Compound<S::SerializeMap, F>;
    type SerializeStruct = Compound<S::SerializeStruct, F>;
    type SerializeStructVariant = Compound<S::SerializeStructVariant, F>;

    forward! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        if let Ok(value) = u64::try_from(value) {
            self.0.serialize_u64(value)
        } else if let Ok(value) = i64::try_from(value) {
            self.0.serialize_i64(value)
        } else {
            Err(beyond_64_bits(value))
        }
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        match u64::try_from(value) {
            Ok(value) => self.0.serialize_u64(value),
            Err(_) => Err(beyond_64_bits(value)),
        }
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if !value.is_finite() {
            Err(not_finite(value.into()))
        } else if F {
            self.0.serialize_f64(widen(value))
        } else {
            self.0.serialize_f32(value)
        }
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.0.serialize_f64(value)
        } else {
            Err(not_finite(value))
        }
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Wrap::<T, F>(value))
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Wrap::<T, F>(value))
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0
            .serialize_newtype_variant(name, index, variant, &Wrap::<T, F>(value))
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(len).map(Compound)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(len).map(Compound)
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, len).map(Compound)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0
            .serialize_tuple_variant(name, index, variant, len)
            .map(Compound)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.0.serialize_map(len).map(Compound)
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.0.serialize_struct(name, len).map(Compound)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0
            .serialize_struct_variant(name, index, variant, len)
            .map(Compound)
    }

    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// The compounds whose parts have no name.
macro_rules! elements {
    ($($trait:ident::$method:ident),* $(,)?) => {$(
        impl<C: $trait, const F: bool> $trait for Compound<C, F> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                self.0.$method(&Wrap::<T, F>(value))
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.0.end()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

/// The compounds whose parts have a name fixed at compile time.
macro_rules! fields {
    ($($trait:ident),* $(,)?) => {$(
        impl<C: $trait, const F: bool> $trait for Compound<C, F> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                self.0.serialize_field(key, &Wrap::<T, F>(value))
            }

            #[inline]
            fn skip_field(&mut self, key: &'static str) -> Result<(), C::Error> {
                self.0.skip_field(key)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.0.end()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

// A key is text whoever writes it: an `f32` key is spelt alike in both, so it is never widened.
impl<C: SerializeMap, const F: bool> SerializeMap for Compound<C, F> {
    type Ok = C::Ok;
    type Error = C::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.0.serialize_key(&Wrap::<T, false>(key))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.0.serialize_value(&Wrap::<T, F>(value))
    }

    #[inline]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        self.0
            .serialize_entry(&Wrap::<K, false>(key), &Wrap::<V, F>(value))
    }

    #[inline]
    fn end(self) -> Result<C::Ok, C::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
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
}
