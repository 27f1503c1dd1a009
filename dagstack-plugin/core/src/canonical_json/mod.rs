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
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Range;

use serde::{Serialize, ser};
use serde_json::Value;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

use crate::encode;
pub use error::CanonicalJsonError;

/// Integers beyond this magnitude are not exact in every reader (2^53).
const EXACT: u64 = 1 << 53;

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
    out.write(value)?;
    if out.inexact {
        tracing::warn!("canonical JSON holds an integer beyond ±2^53, which some readers round");
    }
    Ok(out.text)
}

/// Appends the canonical JSON text of `value`, and warns of nothing: what writes warnings uses it.
/// After an error, something of the value may stand there.
#[doc(hidden)]
pub fn append<T: Serialize + ?Sized>(
    value: &T,
    text: &mut Vec<u8>,
) -> Result<(), CanonicalJsonError> {
    let mut out = Output {
        text: std::mem::take(text),
        ..Output::default()
    };
    let written = out.write(value);
    *text = out.text;
    written
}

/// The text so far, and what open objects need to be sorted when they end. It is the formatter, not the
/// writer, that holds the text: only a formatter hears where entries begin and end.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    /// The open objects, the innermost last.
    objects: Vec<Object>,
    /// The entries of all open objects, the innermost's last.
    entries: Vec<Entry>,
    scratch: Vec<u8>,
    inexact: bool,
    /// Whether anything had to be escaped since the last key began.
    escaped: bool,
    /// Why a method of the formatter failed.
    refused: Option<CanonicalJsonError>,
}

struct Object {
    /// Where its text starts, after the bracket.
    start: usize,
    /// The first of its entries.
    entries: usize,
    /// Whether its keys came in order so far.
    sorted: bool,
}

struct Entry {
    /// Key and value in `Output::text`.
    text: Range<usize>,
    /// Where the key ends; 0 until it does.
    colon: usize,
    /// Whether the key is spelt with escapes.
    escaped: bool,
}

impl Entry {
    /// The key as it is spelt in this text, without the quotes.
    #[inline]
    fn spelt<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.text.start + 1..self.colon - 1]
    }

    #[cold]
    fn unescaped(&self, text: &[u8]) -> Vec<u8> {
        match serde_json::from_slice::<String>(&text[self.text.start..self.colon]) {
            Ok(key) => key.into_bytes(),
            Err(_) => self.spelt(text).to_owned(),
        }
    }
}

impl Output {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalJsonError> {
        // What a method of the formatter left to its default would be an error, and not lost.
        let nowhere: &mut [u8] = &mut [];
        let mut serializer = Serializer::with_formatter(nowhere, &mut *self);
        encode::write(value, &mut serializer).map_err(|error| match self.refused.take() {
            Some(why) => why,
            // Nothing else that serde_json itself refuses gets there.
            None if error.is_syntax() => CanonicalJsonError::KeyNotText,
            None => ser::Error::custom(error),
        })
    }

    #[cold]
    fn refuse(&mut self, why: CanonicalJsonError) -> io::Error {
        self.refused = Some(why);
        io::ErrorKind::InvalidData.into()
    }

    fn in_key(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.colon == 0)
    }

    /// Writes a float, which serde_json spells with the shortest digits, as ECMAScript does.
    #[inline]
    fn float(
        &mut self,
        value: f64,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.in_key() {
            return Err(self.refuse(CanonicalJsonError::KeyNotText));
        }
        if value == 0.0 {
            self.text.push(b'0');
            return Ok(());
        }
        let start = self.text.len();
        write(&mut self.text)?;
        if self.text.ends_with(b".0") {
            self.text.truncate(self.text.len() - 2);
        } else if !(1e-3..1e12).contains(&value.abs()) {
            ecmascript(&mut self.text, start);
        }
        Ok(())
    }

    /// Puts the entries of an object, whose text is the last, in order.
    #[inline(never)]
    fn sort(&mut self, object: &Object) -> Result<(), CanonicalJsonError> {
        let text = self.text.as_slice();
        let entries = &mut self.entries[object.entries..];
        // Equal keys are an error, so their order does not matter.
        if entries.iter().any(|entry| entry.escaped) {
            entries.sort_unstable_by(|a, b| utf16_order(&a.unescaped(text), &b.unescaped(text)));
        } else {
            entries.sort_unstable_by(|a, b| utf16_order(a.spelt(text), b.spelt(text)));
        }
        if let Some(pair) = entries
            .windows(2)
            .find(|pair| pair[0].spelt(text) == pair[1].spelt(text))
        {
            let twice = String::from_utf8_lossy(&pair[0].unescaped(text)).into_owned();
            return Err(CanonicalJsonError::DuplicateKey(twice));
        }
        self.scratch.clear();
        for entry in entries {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&text[entry.text.clone()]);
        }
        self.text.truncate(object.start);
        self.text.extend_from_slice(&self.scratch);
        Ok(())
    }
}

macro_rules! compact {
    ($($method:ident($($value:ident: $type:ty)?)),* $(,)?) => {$(
        #[inline]
        fn $method<W: Write + ?Sized>(
            &mut self,
            _nowhere: &mut W,
            $($value: $type)?
        ) -> io::Result<()> {
            CompactFormatter.$method(&mut self.text, $($value)?)
        }
    )*};
}

impl Formatter for &mut Output {
    compact! {
        write_null(),
        write_bool(value: bool),
        write_i8(value: i8),
        write_i16(value: i16),
        write_i32(value: i32),
        write_u8(value: u8),
        write_u16(value: u16),
        write_u32(value: u32),
        begin_string(),
        write_string_fragment(fragment: &str),
        end_string(),
        begin_array(),
        begin_array_value(first: bool),
        end_array(),
        begin_object_value(),
    }

    #[inline]
    fn write_i64<W: Write + ?Sized>(&mut self, _nowhere: &mut W, value: i64) -> io::Result<()> {
        self.inexact |= value.unsigned_abs() > EXACT && !self.in_key();
        CompactFormatter.write_i64(&mut self.text, value)
    }

    #[inline]
    fn write_u64<W: Write + ?Sized>(&mut self, _nowhere: &mut W, value: u64) -> io::Result<()> {
        self.inexact |= value > EXACT && !self.in_key();
        CompactFormatter.write_u64(&mut self.text, value)
    }

    #[inline]
    fn write_f32<W: Write + ?Sized>(&mut self, _nowhere: &mut W, value: f32) -> io::Result<()> {
        self.float(value.into(), |text| CompactFormatter.write_f32(text, value))
    }

    #[inline]
    fn write_f64<W: Write + ?Sized>(&mut self, _nowhere: &mut W, value: f64) -> io::Result<()> {
        self.float(value, |text| CompactFormatter.write_f64(text, value))
    }

    /// A number as it was spelt (serde_json's `arbitrary_precision`).
    fn write_number_str<W: Write + ?Sized>(&mut self, _: &mut W, text: &str) -> io::Result<()> {
        let written = match (text.parse::<i128>(), text.parse::<f64>()) {
            (Ok(value), _) => self.write(&value),
            (_, Ok(value)) if text.contains(['.', 'e', 'E']) => self.write(&value),
            _ => Err(encode::beyond_64_bits(text)),
        };
        written.map_err(|why| self.refuse(why))
    }

    /// The text of a `RawValue`.
    fn write_raw_fragment<W: Write + ?Sized>(&mut self, _: &mut W, json: &str) -> io::Result<()> {
        serde_json::from_str::<Value>(json)
            .map_err(ser::Error::custom)
            .and_then(|value| self.write(&value))
            .map_err(|why| self.refuse(why))
    }

    #[inline]
    fn write_char_escape<W: Write + ?Sized>(
        &mut self,
        _nowhere: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.escaped = true;
        CompactFormatter.write_char_escape(&mut self.text, escape)
    }

    #[inline]
    fn begin_object<W: Write + ?Sized>(&mut self, _nowhere: &mut W) -> io::Result<()> {
        self.text.push(b'{');
        let object = Object {
            start: self.text.len(),
            entries: self.entries.len(),
            sorted: true,
        };
        self.objects.push(object);
        Ok(())
    }

    #[inline]
    fn begin_object_key<W: Write + ?Sized>(
        &mut self,
        _nowhere: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.entries.push(Entry {
            text: start..start,
            colon: 0,
            escaped: false,
        });
        self.escaped = false;
        Ok(())
    }

    #[inline]
    fn end_object_key<W: Write + ?Sized>(&mut self, _nowhere: &mut W) -> io::Result<()> {
        if let (Some(object), Some(entry)) = (self.objects.last_mut(), self.entries.last_mut()) {
            entry.colon = self.text.len();
            entry.escaped = self.escaped;
            if object.sorted
                && let [.., last, entry] = &self.entries[object.entries..]
            {
                // The order of escaped keys is the sort's to find.
                object.sorted = !last.escaped
                    && !entry.escaped
                    && utf16_order(last.spelt(&self.text), entry.spelt(&self.text))
                        == Ordering::Less;
            }
        }
        Ok(())
    }

    #[inline]
    fn end_object_value<W: Write + ?Sized>(&mut self, _nowhere: &mut W) -> io::Result<()> {
        if let Some(entry) = self.entries.last_mut() {
            entry.text.end = self.text.len();
        }
        Ok(())
    }

    #[inline]
    fn end_object<W: Write + ?Sized>(&mut self, _nowhere: &mut W) -> io::Result<()> {
        if let Some(object) = self.objects.pop() {
            if !object.sorted
                && let Err(why) = self.sort(&object)
            {
                return Err(self.refuse(why));
            }
            self.entries.truncate(object.entries);
        }
        self.text.push(b'}');
        Ok(())
    }
}

/// Respells the digits from `start` on as ECMAScript does: it has exponents from 1e21 up, with a
/// sign, and below 1e-6.
fn ecmascript(text: &mut Vec<u8>, start: usize) {
    let Some(e) = text[start..].iter().position(|&byte| byte == b'e') else {
        return;
    };
    let mantissa = start + e;
    let exponent = std::str::from_utf8(&text[mantissa + 1..]).ok();
    let exponent = exponent
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_isize);
    if !(-6..21).contains(&exponent) {
        if exponent > 0 && text[mantissa + 1] != b'+' {
            text.insert(mantissa + 1, b'+');
        }
        return;
    }
    text.truncate(mantissa);
    let first = start + usize::from(text[start] == b'-');
    if text.get(first + 1) == Some(&b'.') {
        text.remove(first + 1);
    }
    let places = exponent.unsigned_abs();
    if exponent < 0 {
        let zeros = std::iter::repeat_n(b'0', places - 1);
        text.splice(first..first, b"0.".iter().copied().chain(zeros));
    } else {
        // There are never more digits after the point than it moves by.
        text.resize(text.len().max(first + 1 + places), b'0');
    }
}

/// Compares two texts in UTF-8 by their UTF-16 code units. That is UTF-8 byte order, but for U+E000..=U+FFFF (lead bytes
/// `EE` and `EF`), which come after the surrogates that everything beyond (`F0`…) is made of.
#[inline]
#[doc(hidden)]
pub fn utf16_order(a: &[u8], b: &[u8]) -> Ordering {
    let lift = |byte: u8| byte + 0x10 * u8::from(matches!(byte, 0xEE | 0xEF));
    for (a, b) in a.iter().zip(b) {
        if a != b {
            return lift(*a).cmp(&lift(*b));
        }
    }
    a.len().cmp(&b.len())
}
