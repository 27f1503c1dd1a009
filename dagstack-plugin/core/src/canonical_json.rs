//! Canonical JSON (the RFC 8785 subset of the dagstack specs): one value, one text.
//!
//! Keys are sorted by UTF-16 code units, there is no white space, escapes are minimal, floats are
//! written as ECMAScript writes them, and integers keep all their digits. Two texts are equal
//! exactly when the values are, so they may be compared, hashed and signed.
//!
//! ```
//! use dagstack_plugin::canonical_json;
//!
//! let value = serde_json::json!({"b": 1e21, "a": [100.0, -0.0, 1e-7]});
//! assert_eq!(canonical_json::to_string(&value)?, r#"{"a":[100,0,1e-7],"b":1e+21}"#);
//! # Ok::<(), canonical_json::CanonicalJsonError>(())
//! ```

mod error;
mod spelling;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::ops::Range;

use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::Value;

pub use error::CanonicalJsonError;
pub(crate) use spelling::utf16_order;
use spelling::{Key, ecmascript};

/// Integers beyond this magnitude are not exact in every reader (2^53).
const EXACT: u64 = 1 << 53;

/// The names under which serde_json hands over JSON text and digits of its own.
const RAW_TOKEN: &str = "$serde_json::private::RawValue";
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// The canonical JSON text of `value`.
///
/// An `f32` is written with its own shortest digits (`0.1`, not `0.10000000149011612`). A value
/// with integers beyond ±2^53 is written in full, and a `tracing` warning says so once.
///
/// # Errors
///
/// When `value` holds NaN, an infinity, an integer beyond 64 bits, a map key that is no text, or
/// the same key twice.
///
/// ```
/// assert_eq!(dagstack_plugin::canonical_json::to_string(&Some(1.50))?, "1.5");
/// assert!(dagstack_plugin::canonical_json::to_string(&f64::NAN).is_err());
/// # Ok::<(), dagstack_plugin::canonical_json::CanonicalJsonError>(())
/// ```
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, CanonicalJsonError> {
    String::from_utf8(to_vec(value)?).map_err(|error| CanonicalJsonError::Custom(error.to_string()))
}

/// The canonical JSON text of `value` as UTF-8 bytes.
///
/// # Errors
///
/// As [`to_string`].
///
/// ```
/// assert_eq!(dagstack_plugin::canonical_json::to_vec("é")?, "\"é\"".as_bytes());
/// # Ok::<(), dagstack_plugin::canonical_json::CanonicalJsonError>(())
/// ```
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalJsonError> {
    let mut out = Output {
        text: Vec::with_capacity(128),
        ..Output::default()
    };
    value.serialize(&mut out)?;
    if out.inexact {
        tracing::warn!("canonical JSON holds an integer beyond ±2^53, which some readers round");
    }
    Ok(out.text)
}

/// Appends the canonical JSON text of `value`, and warns of nothing: what writes warnings uses it.
/// After an error, something of the value may stand there.
pub(crate) fn append<T: Serialize + ?Sized>(
    value: &T,
    text: &mut Vec<u8>,
) -> Result<(), CanonicalJsonError> {
    let mut out = Output {
        text: std::mem::take(text),
        ..Output::default()
    };
    let written = value.serialize(&mut out);
    *text = out.text;
    written
}

/// The text so far, and what open objects need to be sorted when they end.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    /// The entries of all open objects, the innermost last.
    entries: Vec<Entry>,
    /// The keys of these entries, unescaped, one after the other.
    keys: String,
    scratch: Vec<u8>,
    inexact: bool,
}

struct Entry {
    /// In `Output::keys`.
    key: Range<usize>,
    /// Key and value in `Output::text`.
    text: Range<usize>,
}

impl Output {
    // Scalars are serde_json's own: its digits are the shortest, its escapes the minimal ones.
    #[inline]
    fn scalar<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalJsonError> {
        Ok(serde_json::to_writer(&mut self.text, value)?)
    }

    #[inline]
    fn unsigned(&mut self, value: u64) -> Result<(), CanonicalJsonError> {
        self.inexact |= value > EXACT;
        self.scalar(&value)
    }

    #[inline]
    fn signed(&mut self, value: i64) -> Result<(), CanonicalJsonError> {
        self.inexact |= value.unsigned_abs() > EXACT;
        self.scalar(&value)
    }

    fn float<T: Serialize + Copy + Into<f64>>(
        &mut self,
        value: T,
    ) -> Result<(), CanonicalJsonError> {
        let wide: f64 = value.into();
        if !wide.is_finite() {
            return Err(CanonicalJsonError::NotFinite(wide));
        }
        if wide == 0.0 {
            self.text.push(b'0');
            return Ok(());
        }
        let start = self.text.len();
        self.scalar(&value)?;
        if self.text.ends_with(b".0") {
            self.text.truncate(self.text.len() - 2);
        } else if !(1e-3..1e15).contains(&wide.abs()) && self.text[start..].contains(&b'e') {
            let spelt = ecmascript(&self.text[start..]);
            self.text.truncate(start);
            self.text.extend_from_slice(&spelt);
        }
        Ok(())
    }

    fn integer<T: TryInto<i64> + TryInto<u64> + Copy + ToString>(
        &mut self,
        value: T,
    ) -> Result<(), CanonicalJsonError> {
        if let Ok(value) = value.try_into() {
            self.unsigned(value)
        } else if let Ok(value) = value.try_into() {
            self.signed(value)
        } else {
            Err(CanonicalJsonError::IntegerTooLarge(value.to_string()))
        }
    }

    #[inline]
    fn open<const CLOSE: u8>(&mut self, opening: &str) -> Compound<'_, CLOSE> {
        self.text.extend_from_slice(opening.as_bytes());
        Compound {
            entries: self.entries.len(),
            keys: self.keys.len(),
            start: self.text.len(),
            sorted: true,
            wrapped: false,
            out: self,
        }
    }

    fn open_variant<const CLOSE: u8>(
        &mut self,
        variant: &'static str,
        opening: &str,
    ) -> Result<Compound<'_, CLOSE>, CanonicalJsonError> {
        self.text.push(b'{');
        self.scalar(variant)?;
        self.text.push(b':');
        let mut compound = self.open(opening);
        compound.wrapped = true;
        Ok(compound)
    }
}

impl Output {
    /// Puts the entries from `first` on, whose text is the rest from `start`, in order.
    #[inline(never)]
    fn sort(&mut self, start: usize, first: usize) -> Result<(), CanonicalJsonError> {
        let keys = self.keys.as_bytes();
        let key = |entry: &Entry| &keys[entry.key.clone()];
        let entries = &mut self.entries[first..];
        // Equal keys are an error, so their order does not matter.
        entries.sort_unstable_by(|a, b| utf16_order(key(a), key(b)));
        if let Some(pair) = entries
            .windows(2)
            .find(|pair| key(&pair[0]) == key(&pair[1]))
        {
            let twice = &self.keys[pair[0].key.clone()];
            return Err(CanonicalJsonError::DuplicateKey(twice.to_owned()));
        }
        self.scratch.clear();
        for entry in entries {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch
                .extend_from_slice(&self.text[entry.text.clone()]);
        }
        self.text.truncate(start);
        self.text.extend_from_slice(&self.scratch);
        Ok(())
    }
}

/// An open array or object; `CLOSE` is its closing bracket.
struct Compound<'a, const CLOSE: u8> {
    out: &'a mut Output,
    /// The first of its entries and keys in `out`.
    entries: usize,
    keys: usize,
    /// Where its text starts, after the bracket.
    start: usize,
    /// Whether its keys came in order so far.
    sorted: bool,
    /// Whether it is inside a variant's `{"Variant":…}`.
    wrapped: bool,
}

impl<const CLOSE: u8> Compound<'_, CLOSE> {
    #[inline]
    fn separate(&mut self) {
        if self.out.text.len() != self.start {
            self.out.text.push(b',');
        }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalJsonError> {
        self.separate();
        value.serialize(&mut *self.out)
    }

    /// Begins an entry whose unescaped key is `out.keys[from..]`.
    #[inline]
    fn begin(&mut self, from: usize) -> Result<(), CanonicalJsonError> {
        self.separate();
        let out = &mut *self.out;
        let start = out.text.len();
        let key = &out.keys[from..];
        if self.sorted
            && let Some(last) = out.entries[self.entries..].last()
            && utf16_order(&out.keys.as_bytes()[last.key.clone()], key.as_bytes()) != Ordering::Less
        {
            self.sorted = false;
        }
        serde_json::to_writer(&mut out.text, key)?;
        out.text.push(b':');
        out.entries.push(Entry {
            key: from..out.keys.len(),
            text: start..start,
        });
        Ok(())
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalJsonError> {
        value.serialize(&mut *self.out)?;
        if let Some(entry) = self.out.entries.last_mut() {
            entry.text.end = self.out.text.len();
        }
        Ok(())
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        let from = self.out.keys.len();
        self.out.keys.push_str(key);
        self.begin(from)?;
        self.value(value)
    }

    #[inline]
    fn close(self) -> Result<(), CanonicalJsonError> {
        let Self {
            start,
            entries,
            keys,
            ..
        } = self;
        if !self.sorted {
            self.out.sort(start, entries)?;
        }
        let out = self.out;
        if CLOSE == b'}' {
            out.entries.truncate(entries);
            out.keys.truncate(keys);
        }
        out.text.push(CLOSE);
        if self.wrapped {
            out.text.push(b'}');
        }
        Ok(())
    }
}
type Array<'a> = Compound<'a, b']'>;
type Object<'a> = Compound<'a, b'}'>;

/// An open struct: an object, or the wrapper in which serde_json passes JSON text or digits.
enum Struct<'a> {
    Object(Object<'a>),
    Token(&'a mut Output),
}

impl Struct<'_> {
    /// Writes JSON text (of a `RawValue`, or a number of arbitrary precision) in canonical form.
    fn token<T: Serialize + ?Sized>(
        out: &mut Output,
        name: &str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        let Value::String(text) = serde_json::to_value(value)? else {
            return Err(CanonicalJsonError::Custom("expected JSON text".to_owned()));
        };
        if name == RAW_TOKEN {
            return serde_json::from_str::<Value>(&text)?.serialize(out);
        }
        if let Ok(value) = text.parse::<i128>() {
            return out.integer(value);
        }
        match text.parse::<f64>() {
            Ok(value) if text.contains(['.', 'e', 'E']) => out.float(value),
            _ => Err(CanonicalJsonError::IntegerTooLarge(text)),
        }
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) => $write:ident($as:ty)),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), CanonicalJsonError> {
            self.$write(<$as>::from(value))
        }
    )*};
}

impl<'a> Serializer for &'a mut Output {
    type Ok = ();
    type Error = CanonicalJsonError;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Object<'a>;

    scalars! {
        serialize_i8(i8) => signed(i64),
        serialize_i16(i16) => signed(i64),
        serialize_i32(i32) => signed(i64),
        serialize_i64(i64) => signed(i64),
        serialize_i128(i128) => integer(i128),
        serialize_u8(u8) => unsigned(u64),
        serialize_u16(u16) => unsigned(u64),
        serialize_u32(u32) => unsigned(u64),
        serialize_u64(u64) => unsigned(u64),
        serialize_u128(u128) => integer(u128),
        serialize_f32(f32) => float(f32),
        serialize_f64(f64) => float(f64),
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), CanonicalJsonError> {
        self.scalar(&value)
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), CanonicalJsonError> {
        self.scalar(&value)
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), CanonicalJsonError> {
        self.scalar(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), CanonicalJsonError> {
        self.collect_seq(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), CanonicalJsonError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalJsonError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), CanonicalJsonError> {
        self.text.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), CanonicalJsonError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), CanonicalJsonError> {
        self.scalar(variant)
    }

    #[inline]
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
        variant: &'static str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        let mut object: Object<'_> = self.open("{");
        object.field(variant, value)?;
        object.close()
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<Array<'a>, CanonicalJsonError> {
        Ok(self.open("["))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Array<'a>, CanonicalJsonError> {
        Ok(self.open("["))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Array<'a>, CanonicalJsonError> {
        Ok(self.open("["))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Array<'a>, CanonicalJsonError> {
        self.open_variant(variant, "[")
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Object<'a>, CanonicalJsonError> {
        Ok(self.open("{"))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _len: usize,
    ) -> Result<Struct<'a>, CanonicalJsonError> {
        Ok(match name {
            RAW_TOKEN | NUMBER_TOKEN => Struct::Token(self),
            _ => Struct::Object(self.open("{")),
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Object<'a>, CanonicalJsonError> {
        self.open_variant(variant, "{")
    }
}

macro_rules! arrays {
    ($($trait:ident::$method:ident),* $(,)?) => {$(
        impl ser::$trait for Array<'_> {
            type Ok = ();
            type Error = CanonicalJsonError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                value: &T,
            ) -> Result<(), CanonicalJsonError> {
                self.element(value)
            }

            fn end(self) -> Result<(), CanonicalJsonError> {
                self.close()
            }
        }
    )*};
}

arrays! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = CanonicalJsonError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalJsonError> {
        let from = self.out.keys.len();
        key.serialize(Key(&mut self.out.keys))?;
        self.begin(from)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        self.value(value)
    }

    fn end(self) -> Result<(), CanonicalJsonError> {
        self.close()
    }
}

impl ser::SerializeStructVariant for Object<'_> {
    type Ok = ();
    type Error = CanonicalJsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), CanonicalJsonError> {
        self.close()
    }
}

impl ser::SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = CanonicalJsonError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), CanonicalJsonError> {
        match self {
            Self::Object(object) => object.field(key, value),
            Self::Token(out) => Self::token(out, key, value),
        }
    }

    fn end(self) -> Result<(), CanonicalJsonError> {
        match self {
            Self::Object(object) => object.close(),
            Self::Token(_) => Ok(()),
        }
    }
}
