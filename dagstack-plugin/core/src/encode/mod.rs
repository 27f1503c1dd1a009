//! The one way a value becomes JSON: what has no JSON form is an error, never a silent `null`.
//!
//! [`Strict`] sits before any serde serializer and refuses NaN, infinities, integers beyond 64 bits
//! and values that nest deeper than [`MAX_NESTING`]. Both functions here go through it, so that
//! [`to_json`]'s text read back is exactly [`to_value`]'s value.

pub mod nesting;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Value;

use self::nesting::MAX_NESTING;

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
        .serialize(Strict::<_, true>(
            serde_json::value::Serializer,
            MAX_NESTING,
        ))
        .map_err(EncodeError)
}

/// Appends the JSON text of `value` to `out`: compact but for spaces in a `RawValue`, on one line,
/// fields in the order they are declared.
/// After an error `out` holds what was written until then.
#[inline]
pub(crate) fn to_json<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut serializer = serde_json::Serializer::new(out);
    value
        .serialize(Strict::<_, false>(&mut serializer, MAX_NESTING))
        .map_err(EncodeError)
}

/// JSON text on one line, as a message must be. Line breaks in JSON text are white space between its
/// parts: those in a string are escaped.
pub fn on_one_line(mut json: String) -> String {
    if memchr::memchr3(b'\n', b'\r', b'\t', json.as_bytes()).is_some() {
        json.retain(|c| !matches!(c, '\n' | '\r' | '\t'));
    }
    json
}

/// Writes `value` through [`Strict`], however deep it nests, with a serializer of text.
#[inline]
pub(crate) fn write<T: Serialize + ?Sized, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.serialize(Strict::<_, false>(serializer, usize::MAX))
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
/// values; those that write text need it not). The number is how many levels the value may nest.
struct Strict<S, const F32_TO_DECIMAL: bool>(S, usize);

/// A value whose serializer is wrapped in [`Strict`].
struct Wrap<'a, T: ?Sized, const F: bool>(&'a T, usize);

impl<T: Serialize + ?Sized, const F: bool> Serialize for Wrap<'_, T, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Strict::<S, F>(serializer, self.1))
    }
}

/// Wraps one of the seven compound serializers, with the levels that its parts may nest.
struct Compound<C, const F: bool>(C, usize);

/// How serde_json recognises a `RawValue`: a struct of this name with one field of this name.
const RAW_TOKEN: &str = "$serde_json::private::RawValue";
/// How the names of all such structs begin, which stand for something else. The other is `Number`,
/// with `arbitrary_precision`.
const TOKENS: &str = "$serde_json::private::";

/// What is left of `left` levels, `deeper` down.
#[inline]
fn inside<E: serde::ser::Error>(left: usize, deeper: usize) -> Result<usize, E> {
    left.checked_sub(deeper).ok_or_else(too_deep)
}

#[cold]
fn too_deep<E: serde::ser::Error>() -> E {
    E::custom(format_args!(
        "it nests deeper than {MAX_NESTING} levels; flatten it, or send it as text"
    ))
}

/// The text of a `RawValue`, held to what everything else is held to: the nesting, and one line.
#[cold]
fn raw_text<T, E>(value: &T, left: usize) -> Result<String, E>
where
    T: Serialize + ?Sized,
    E: serde::ser::Error,
{
    match value.serialize(serde_json::value::Serializer) {
        Ok(Value::String(text)) if nesting::text_is_deeper(&text, left) => Err(too_deep()),
        Ok(Value::String(text)) => Ok(on_one_line(text)),
        Ok(_) => Err(E::custom("a `RawValue` that holds no text")),
        Err(error) => Err(E::custom(error)),
    }
}

pub(crate) fn beyond_64_bits<E: serde::ser::Error>(value: impl fmt::Display) -> E {
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
        serialize_unit_struct: &'static str,
    }

    /// As the list of numbers that it becomes.
    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        inside(self.1, 1)?;
        self.0.serialize_bytes(value)
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
        self.0.serialize_some(&Wrap::<T, F>(value, self.1))
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
        self.0
            .serialize_newtype_struct(name, &Wrap::<T, F>(value, self.1))
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let left = inside(self.1, 1)?;
        self.0
            .serialize_newtype_variant(name, index, variant, &Wrap::<T, F>(value, left))
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let left = inside(self.1, 1)?;
        self.0.serialize_seq(len).map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let left = inside(self.1, 1)?;
        self.0
            .serialize_tuple(len)
            .map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let left = inside(self.1, 1)?;
        self.0
            .serialize_tuple_struct(name, len)
            .map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let left = inside(self.1, 2)?;
        self.0
            .serialize_tuple_variant(name, index, variant, len)
            .map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let left = inside(self.1, 1)?;
        self.0.serialize_map(len).map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let left = inside(self.1, usize::from(!name.starts_with(TOKENS)))?;
        self.0
            .serialize_struct(name, len)
            .map(|inner| Compound(inner, left))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let left = inside(self.1, 2)?;
        self.0
            .serialize_struct_variant(name, index, variant, len)
            .map(|inner| Compound(inner, left))
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
                self.0.$method(&Wrap::<T, F>(value, self.1))
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
                if key == RAW_TOKEN {
                    return self.0.serialize_field(key, &*raw_text(value, self.1)?);
                }
                self.0.serialize_field(key, &Wrap::<T, F>(value, self.1))
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
        self.0.serialize_key(&Wrap::<T, false>(key, self.1))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.0.serialize_value(&Wrap::<T, F>(value, self.1))
    }

    #[inline]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        self.0
            .serialize_entry(&Wrap::<K, false>(key, self.1), &Wrap::<V, F>(value, self.1))
    }

    #[inline]
    fn end(self) -> Result<C::Ok, C::Error> {
        self.0.end()
    }
}
