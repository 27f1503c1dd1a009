//! The arguments of one call, read into the slots of its hook. Nothing here knows the types.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Map, Value};

use super::param::Param;
use super::slot::{Fill, Text};
use crate::declaration::Hook;
use crate::encode;
use crate::error::{HookError, code};
use crate::form::{Args, Form, Output};
use crate::undecoded::Undecoded;

/// The arguments of a call that are about to be read.
#[derive(Debug)]
pub struct Arguments<'a> {
    pub from: Args<'a>,
    pub encoding: Encoding,
    /// Texts may be taken out of a value: nothing looks at it again.
    pub takes: bool,
    /// They have been read before and did not fit: now the path is wanted.
    pub traced: bool,
}

/// Which hook a result is of, and which form it has.
#[derive(Clone, Copy, Debug)]
pub struct Encoding {
    pub hook: &'static Hook,
    pub form: Form,
}

impl Encoding {
    /// Encodes what the hook returned, in the form its arguments had. Results on all paths go through
    /// here.
    ///
    /// # Errors
    ///
    /// [`code::RESULT_NOT_SERIALISABLE`].
    pub fn encode<T: Serialize + ?Sized>(self, value: &T) -> Result<Output, HookError> {
        let encoded = match self.form {
            Form::Value => encode::to_value(value).map(Output::Value),
            Form::Json { size } => {
                // A large result mostly comes of large arguments; growing doubles memory and copies.
                let mut text = Vec::with_capacity(size.clamp(128, 1 << 21));
                encode::to_json(value, &mut text).map(|()| Output::Json(text))
            }
        };
        encoded.map_err(|error| {
            HookError::new(
                code::RESULT_NOT_SERIALISABLE,
                format!(
                    "the result of hook `{}` has no JSON form: {error}",
                    self.hook.name
                ),
            )
        })
    }
}

impl Arguments<'_> {
    /// All of them; `null` for a text that is no JSON.
    pub fn value(&self) -> Value {
        self.from.to_value().map_or(Value::Null, Cow::into_owned)
    }

    /// Reads one argument into each of the slots, which are those of the hook's parameters.
    ///
    /// # Errors
    ///
    /// What serde says of the first that does not fit.
    pub fn read(self, slots: &mut [&mut dyn Fill]) -> Result<Encoding, Undecoded> {
        let params = self.encoding.hook.params;
        match self.from {
            Args::Json(text) => read_text(text, params, slots)?,
            Args::Value(Value::Object(map)) => {
                read_map(map, params, slots, self.takes, self.traced)?;
            }
            Args::Value(_) => return Err(Undecoded::new("expected an object")),
        }
        Ok(self.encoding)
    }

    /// Reads all arguments as one struct.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_struct(self, slot: &mut dyn Fill) -> Result<Encoding, Undecoded> {
        match self.from {
            // Serde would also take a struct from an array.
            Args::Json(text) if text.trim_start_matches(SPACE).starts_with('{') => {
                let mut from = serde_json::Deserializer::from_str(text);
                let read = slot.text(&mut from).and_then(|()| from.end());
                read.map_err(|error| Undecoded::of(&error))?;
            }
            Args::Value(value) if value.is_object() => read_value(value, slot, self.traced)?,
            _ => return Err(Undecoded::new("expected an object")),
        }
        Ok(self.encoding)
    }
}

fn read_value(value: &Value, slot: &mut dyn Fill, traced: bool) -> Result<(), Undecoded> {
    if traced {
        return slot.trace(value);
    }
    slot.value(value).map_err(|error| Undecoded::of(&error))
}

/// How many texts wait for the end; more are copied.
const WAITING: usize = 4;

/// Reads the arguments of an object. With `takes`, texts may be taken out of it; with `traced`, the path
/// to the mistake is wanted.
pub(crate) fn read_map(
    map: &mut Map<String, Value>,
    params: &'static [Param],
    slots: &mut [&mut dyn Fill],
    takes: bool,
    traced: bool,
) -> Result<(), Undecoded> {
    let mut waiting = [const { None }; WAITING];
    let (mut waits, mut placed, given) = (0, 0, map.len());
    for (key, value) in map {
        let index = place(key, params)?;
        let (param, slot) = (&params[index], &mut slots[index]);
        // An object has each key once, but maybe another name of the same parameter.
        let is_waiting = |(it, _): &(usize, _)| *it == index;
        if !param.aliases.is_empty()
            && (slot.is_filled() || waiting.iter().flatten().any(is_waiting))
        {
            return Err(duplicate(param));
        }
        placed += 1;
        // When one is taken, everything else has been read: nothing is lost of what does not fit.
        let is_last = placed == given && given == params.len();
        if takes
            && is_last
            && let Value::String(text) = &mut *value
            && slot.keep(Some(text))
        {
            continue;
        }
        let waits_too = takes && !is_last && waits < WAITING;
        if waits_too
            && value.is_string()
            && slot.keep(None)
            && let Value::String(text) = value
        {
            waiting[waits] = Some((index, text));
            waits += 1;
            continue;
        }
        read_value(value, *slot, traced).map_err(|it| it.under(key))?;
    }
    if placed < params.len() {
        let waits = |index: usize| waiting.iter().flatten().any(|(it, _)| *it == index);
        fill_missing(params, slots, waits)?;
    }
    for (index, text) in waiting.into_iter().take(waits).flatten() {
        slots[index].keep(Some(text));
    }
    Ok(())
}

/// One pass: each slot reads its value where it stands.
fn read_text(
    text: &str,
    params: &'static [Param],
    slots: &mut [&mut dyn Fill],
) -> Result<(), Undecoded> {
    let mut rest = Rest(text);
    rest.expect('{')?;
    let mut ended = rest.skip('}');
    while !ended {
        let index = match rest.known_key(params) {
            Some(index) => index,
            None => place(&rest.key()?, params)?,
        };
        let (param, slot) = (&params[index], &mut slots[index]);
        rest.expect(':')?;
        if slot.is_filled() {
            return Err(duplicate(param));
        }
        let read = rest.value(|from| slot.text(from));
        read.map_err(|error| Undecoded::of(&error).under(param.name))?;
        ended = rest.skip('}');
        if !ended {
            rest.expect(',')?;
        }
    }
    if !rest.0.trim_start_matches(SPACE).is_empty() {
        return Err(not_json());
    }
    fill_missing(params, slots, |_| false)
}

fn duplicate(param: &Param) -> Undecoded {
    Undecoded::new(format!("duplicate field `{}`", param.name))
}

/// The place of the parameter that is read by that name.
#[inline]
fn place(key: &str, params: &[Param]) -> Result<usize, Undecoded> {
    let place = params.iter().position(|param| param.name == key);
    place.map_or_else(|| place_by_alias(key, params), Ok)
}

#[cold]
fn place_by_alias(key: &str, params: &[Param]) -> Result<usize, Undecoded> {
    let place = params.iter().position(|param| param.aliases.contains(&key));
    place.ok_or_else(|| Undecoded::new(format!("unknown field `{key}`")))
}

fn fill_missing(
    params: &'static [Param],
    slots: &mut [&mut dyn Fill],
    waits: impl Fn(usize) -> bool,
) -> Result<(), Undecoded> {
    for (index, (param, slot)) in params.iter().zip(slots).enumerate() {
        if !param.has_default && !slot.is_filled() && !waits(index) {
            let read = slot.missing(param.name);
            read.map_err(|error| Undecoded::of(&error))?;
        }
    }
    Ok(())
}

/// What JSON takes for white space.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// What is left of the text of an object.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn skip(&mut self, sign: char) -> bool {
        self.0 = self.0.trim_start_matches(SPACE);
        match self.0.strip_prefix(sign) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), Undecoded> {
        self.skip(sign).then_some(()).ok_or_else(not_json)
    }

    /// The parameter of which a name stands next, written as it is.
    fn known_key(&mut self, params: &[Param]) -> Option<usize> {
        let text = self.0.trim_start_matches(SPACE);
        let text = text.strip_prefix('"')?;
        let rest_after = |name: &str| match text.strip_prefix(name)?.strip_prefix('"') {
            // What JSON escapes is not written as it is.
            Some(rest) if !name.contains(['"', '\\']) => Some(rest),
            _ => None,
        };
        let mut params = params.iter().enumerate();
        let found =
            params.find_map(|(index, param)| Some((index, param.keys().find_map(rest_after)?)));
        let (index, rest) = found?;
        self.0 = rest;
        Some(index)
    }

    /// Any key.
    fn key(&mut self) -> Result<String, Undecoded> {
        self.value(|from| String::deserialize(from))
            .map_err(|_| not_json())
    }

    fn value<T>(
        &mut self,
        read: impl FnOnce(&mut Text<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut from = serde_json::Deserializer::from_str(self.0);
        let value = read(&mut from)?;
        // Nothing is read here: the stream says where the value has ended.
        let end = from.into_iter::<IgnoredAny>().byte_offset();
        self.0 = self.0.get(end..).unwrap_or_default();
        Ok(value)
    }
}

/// Never shown: who explains it reads the text once more.
fn not_json() -> Undecoded {
    Undecoded::new("no JSON")
}
