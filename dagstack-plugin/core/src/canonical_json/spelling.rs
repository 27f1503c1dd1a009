//! How floats and map keys are spelt, and how keys are ordered.

use std::cmp::Ordering;

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::CanonicalJsonError;

/// Respells shortest digits with an exponent (`1.5e300`, `1e-7`) as ECMAScript does.
pub(super) fn ecmascript(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    let mut digits = Vec::with_capacity(20);
    let (mut before_point, mut seen_point) = (0_i32, false);
    let mut rest = text.iter();
    for &byte in rest.by_ref() {
        match byte {
            b'-' => out.push(b'-'),
            b'.' => seen_point = true,
            b'e' => break,
            digit => {
                digits.push(digit);
                before_point += i32::from(!seen_point);
            }
        }
    }
    let exponent = std::str::from_utf8(rest.as_slice())
        .ok()
        .and_then(|text| text.parse::<i32>().ok())
        .unwrap_or(0);
    // The value is 0.DIGITS × 10^point.
    let point = before_point + exponent;
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| std::iter::repeat_n(b'0', usize::try_from(n).unwrap_or(0));
    if (-5..=0).contains(&point) {
        out.extend_from_slice(b"0.");
        out.extend(zeros(-point));
        out.extend_from_slice(&digits);
    } else if (1..=21).contains(&point) {
        let split = usize::try_from(point.min(count)).unwrap_or(0);
        out.extend_from_slice(&digits[..split]);
        out.extend(zeros(point - count));
        if split < digits.len() {
            out.push(b'.');
            out.extend_from_slice(&digits[split..]);
        }
    } else {
        let (first, others) = digits.split_at(digits.len().min(1));
        out.extend_from_slice(first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
        out.extend_from_slice(if point > 0 { b"e+" } else { b"e-" });
        out.extend_from_slice((point - 1).unsigned_abs().to_string().as_bytes());
    }
    out
}

/// Compares two texts in UTF-8 by their UTF-16 code units. That is UTF-8 byte order, but for U+E000..=U+FFFF (lead bytes
/// `EE` and `EF`), which come after the surrogates that everything beyond (`F0`…) is made of.
#[inline]
pub(crate) fn utf16_order(a: &[u8], b: &[u8]) -> Ordering {
    let lift = |byte: u8| byte + 0x10 * u8::from(matches!(byte, 0xEE | 0xEF));
    for (a, b) in a.iter().zip(b) {
        if a != b {
            return lift(*a).cmp(&lift(*b));
        }
    }
    a.len().cmp(&b.len())
}

/// Appends a map key, as text, to a string.
pub(super) struct Key<'a>(pub(super) &'a mut String);

type No = Impossible<(), CanonicalJsonError>;

fn refuse<T>(what: &'static str) -> Result<T, CanonicalJsonError> {
    Err(CanonicalJsonError::KeyNotText(what))
}

macro_rules! as_text {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), CanonicalJsonError> {
            self.0.push_str(&value.to_string());
            Ok(())
        }
    )*};
}

macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $ok:ty = $what:literal),* $(,)?) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok, CanonicalJsonError> {
            refuse($what)
        }
    )*};
}

impl Serializer for Key<'_> {
    type Ok = ();
    type Error = CanonicalJsonError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    as_text! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
    }

    refused! {
        serialize_f32(f32) -> () = "a float",
        serialize_f64(f64) -> () = "a float",
        serialize_bytes(&[u8]) -> () = "bytes",
        serialize_none() -> () = "`None`",
        serialize_unit() -> () = "a unit",
        serialize_unit_struct(&'static str) -> () = "a unit struct",
        serialize_seq(Option<usize>) -> No = "a list",
        serialize_tuple(usize) -> No = "a tuple",
        serialize_tuple_struct(&'static str, usize) -> No = "a tuple struct",
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No = "a tuple variant",
        serialize_map(Option<usize>) -> No = "a map",
        serialize_struct(&'static str, usize) -> No = "a struct",
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> No = "a struct variant",
    }

    fn serialize_i128(self, value: i128) -> Result<(), CanonicalJsonError> {
        if u64::try_from(value).is_err() && i64::try_from(value).is_err() {
            return Err(CanonicalJsonError::IntegerTooLarge(value.to_string()));
        }
        self.serialize_str(&value.to_string())
    }

    fn serialize_u128(self, value: u128) -> Result<(), CanonicalJsonError> {
        if u64::try_from(value).is_err() {
            return Err(CanonicalJsonError::IntegerTooLarge(value.to_string()));
        }
        self.serialize_str(&value.to_string())
    }

    fn serialize_char(self, value: char) -> Result<(), CanonicalJsonError> {
        self.0.push(value);
        Ok(())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), CanonicalJsonError> {
        self.0.push_str(value);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalJsonError> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalJsonError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), CanonicalJsonError> {
        refuse("a newtype variant")
    }
}
