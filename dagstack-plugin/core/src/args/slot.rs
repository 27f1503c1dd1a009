//! One parameter of a hook, read: all that is generic about reading arguments, once for each type.

use std::any::Any;
use std::marker::PhantomData;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::de::StrRead;
use serde_json::{Error, Value};

use super::param::{Param, Property};
use crate::uncompiled::not_compiled;
use crate::undecoded::{self, Undecoded};

/// JSON text that is being read.
pub(crate) type Text<'de> = serde_json::Deserializer<StrRead<'de>>;

/// How a type is read and described as a parameter. An expansion has one for each type; for a type
/// that does not fit, one that is never used.
#[derive(Debug)]
pub struct Input<T> {
    pub(crate) text: fn(&mut Text<'_>) -> Result<T, Error>,
    pub(crate) value: fn(&Value) -> Result<T, Error>,
    pub(crate) trace: fn(&Value) -> Result<T, Undecoded>,
    pub(crate) missing: fn(&'static str) -> Result<T, Error>,
    /// Keeps a text instead of copying it, where the type takes any; whether it does.
    pub(crate) keep: fn(&mut Option<T>, Option<&mut String>) -> bool,
    /// See [`property`]; `None` for a type that has no schema or cannot be read.
    property: Option<Property>,
}

impl<T: DeserializeOwned + JsonSchema + 'static> Input<T> {
    /// That of a type that fits.
    pub const fn of() -> Self {
        Self {
            text: |from| T::deserialize(from),
            value: |from| T::deserialize(from),
            trace: |from| undecoded::decode(from),
            missing: |name| T::deserialize(Missing(name)),
            keep: |value, text| {
                let value: &mut dyn Any = value;
                if let Some(value) = value.downcast_mut::<Option<String>>() {
                    *value = text.map(std::mem::take);
                } else if let Some(value) = value.downcast_mut::<Option<Option<String>>>() {
                    *value = text.map(|text| Some(std::mem::take(text)));
                } else {
                    return false;
                }
                true
            },
            property: Some(property::<T>),
        }
    }
}

impl<T> Input<T> {
    /// A parameter that is read by itself, with the text of its doc comment.
    pub const fn param(&self, name: &'static str, doc: &'static str) -> Param {
        Param {
            property: self.property,
            doc,
            ..Param::of_struct(name, false)
        }
    }

    /// That of a type that does not fit: of a plugin's hook the compiler has refused it, and of a kind's
    /// nobody reads it.
    pub(crate) const fn absent() -> Self {
        Self {
            text: |_| not_compiled(),
            value: |_| not_compiled(),
            trace: |_| not_compiled(),
            missing: |_| not_compiled(),
            keep: |_, _| false,
            property: None,
        }
    }
}

/// The derive knows what schemars says of a field, and whether it may be missing.
fn property<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Only<T> {
        value: T,
    }
    Only::<T>::json_schema(generator)
}

/// A parameter of this type, or its place.
#[derive(Debug)]
pub struct Slot<T: 'static> {
    input: &'static Input<T>,
    value: Option<T>,
}

impl<T> Slot<T> {
    /// The place of a value.
    #[inline]
    pub const fn new(input: &'static Input<T>) -> Self {
        Self { input, value: None }
    }

    /// The value, once, after it has been read.
    #[inline]
    pub fn __dagstack_take(&mut self) -> T {
        match self.value.take() {
            Some(value) => value,
            None => unreachable!("a slot is filled before it is emptied"),
        }
    }

    /// The value, or what stands in where it is missing.
    #[inline]
    pub fn __dagstack_take_or(&mut self, default: fn() -> T) -> T {
        self.value.take().unwrap_or_else(default)
    }
}

/// A [`Slot`] of any type.
pub trait Fill {
    #[doc(hidden)]
    fn is_filled(&self) -> bool;
    #[doc(hidden)]
    fn text(&mut self, from: &mut Text<'_>) -> Result<(), Error>;
    #[doc(hidden)]
    fn value(&mut self, from: &Value) -> Result<(), Error>;
    #[doc(hidden)]
    fn trace(&mut self, from: &Value) -> Result<(), Undecoded>;
    #[doc(hidden)]
    fn missing(&mut self, name: &'static str) -> Result<(), Error>;
    /// Whether it keeps texts; with one, keeps it.
    #[doc(hidden)]
    fn keep(&mut self, text: Option<&mut String>) -> bool;
}

impl<T> Fill for Slot<T> {
    fn is_filled(&self) -> bool {
        self.value.is_some()
    }
    fn text(&mut self, from: &mut Text<'_>) -> Result<(), Error> {
        self.value = Some((self.input.text)(from)?);
        Ok(())
    }
    fn value(&mut self, from: &Value) -> Result<(), Error> {
        self.value = Some((self.input.value)(from)?);
        Ok(())
    }
    fn trace(&mut self, from: &Value) -> Result<(), Undecoded> {
        self.value = Some((self.input.trace)(from)?);
        Ok(())
    }
    fn missing(&mut self, name: &'static str) -> Result<(), Error> {
        self.value = Some((self.input.missing)(name)?);
        Ok(())
    }
    fn keep(&mut self, text: Option<&mut String>) -> bool {
        (self.input.keep)(&mut self.value, text)
    }
}

/// The place of a value of a type that does not fit, which the compiler has refused.
#[derive(Debug)]
pub struct NoSlot<T>(PhantomData<fn() -> T>);

impl<T> NoSlot<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }

    /// No value.
    pub fn __dagstack_take(&mut self) -> T {
        not_compiled()
    }

    /// No value.
    pub fn __dagstack_take_or(&mut self, _: fn() -> T) -> T {
        not_compiled()
    }
}

impl<T> Fill for NoSlot<T> {
    fn is_filled(&self) -> bool {
        not_compiled()
    }
    fn text(&mut self, _: &mut Text<'_>) -> Result<(), Error> {
        not_compiled()
    }
    fn value(&mut self, _: &Value) -> Result<(), Error> {
        not_compiled()
    }
    fn trace(&mut self, _: &Value) -> Result<(), Undecoded> {
        not_compiled()
    }
    fn missing(&mut self, _: &'static str) -> Result<(), Error> {
        not_compiled()
    }
    fn keep(&mut self, _: Option<&mut String>) -> bool {
        not_compiled()
    }
}

/// What serde reads where a field is missing: an `Option`, and nothing else.
struct Missing(&'static str);

impl<'de> Deserializer<'de> for Missing {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
