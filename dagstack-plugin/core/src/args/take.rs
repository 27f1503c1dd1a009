//! Reads arguments out of a value, taking texts along instead of copying them.
//!
//! Only parameters that accept any text are given one to keep: whatever else may be refused must
//! still be there to be shown in the error. Where the reader may try once more, they come last: when
//! one is taken, everything else has been read.

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// The arguments `map` of a hook whose parameters are `texts` ([`Hook`](crate::declaration::Hook)).
pub(super) struct Taking<'de> {
    pub(super) map: &'de mut Map<String, Value>,
    pub(super) texts: &'static [(&'static str, bool)],
    /// Whether they are read again if they do not fit.
    pub(super) again: bool,
}

impl<'de> Deserializer<'de> for Taking<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut last = [const { None }; LAST];
        visitor.visit_map(Entries {
            entries: self.map.iter_mut(),
            last: &mut last,
            value: None,
            texts: self.texts,
            again: self.again,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// How many texts wait for the end; more are copied.
const LAST: usize = 4;

struct Entries<'de, 'l> {
    entries: serde_json::map::IterMut<'de>,
    /// The texts that are to be taken.
    last: &'l mut [Option<(&'de str, &'de mut String)>; LAST],
    value: Option<Entry<'de>>,
    texts: &'static [(&'static str, bool)],
    again: bool,
}

enum Entry<'de> {
    Read(&'de Value),
    Taken(&'de mut String),
    Copied(&'de str),
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let (key, entry) = loop {
            let Some((key, value)) = self.entries.next() else {
                let Some((key, text)) = self.last.iter_mut().find_map(Option::take) else {
                    return Ok(None);
                };
                break (key, Entry::Taken(text));
            };
            if !value.is_string() || !self.texts.contains(&(key, true)) {
                break (key, Entry::Read(value));
            }
            // It is one.
            let Value::String(text) = value else { continue };
            if !self.again {
                break (key, Entry::Taken(text));
            }
            match self.last.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = Some((key, text)),
                None => break (key, Entry::Copied(text)),
            }
        };
        self.value = Some(entry);
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match self.value.take() {
            Some(Entry::Taken(text)) => seed.deserialize(Text(std::mem::take(text))),
            Some(Entry::Read(value)) => seed.deserialize(value),
            Some(Entry::Copied(text)) => seed.deserialize(Text(text.to_owned())),
            None => Err(serde::de::Error::custom("a value without a key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A text to keep, for a `String` or an `Option<String>`.
struct Text(String);

impl<'de> Deserializer<'de> for Text {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        StringDeserializer::new(self.0).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
