//! [`Secret`]: a value that is never shown.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

use super::MASKED;
use crate::undecoded::UNFIT;

/// The error of `[MASKED]` in place of a secret; it quotes none, so it may be shown.
pub const MASK_GIVEN: &str =
    "`[MASKED]` only stands for a secret that is not shown; give the secret itself";

/// A secret in a config or among the arguments of a hook: masked wherever it would be shown,
/// whatever its field is called, and overwritten in memory when it is dropped.
///
/// It is read like a `T`. Its schema is that of `T` with `writeOnly: true`; by this mark errors,
/// `--help`, reports and logs know what not to show. `T` is any type that
/// [`Zeroize`] can overwrite: text, bytes, numbers, and lists of these.
///
/// ```
/// use dagstack_plugin::Secret;
/// use dagstack_plugin::prelude::*;
///
/// #[data]
/// #[derive(Debug)]
/// pub struct Config {
///     pub host: String,
///     /// The name gives no hint, so the type says it.
///     pub pin: Option<Secret<String>>,
/// }
///
/// let section = r#"{ "host": "db", "pin": "hunter2hunter2" }"#;
/// let config: Config = dagstack_plugin::serde_json::from_str(section)?;
/// assert_eq!(format!("{config:?}"), r#"Config { host: "db", pin: Some([MASKED]) }"#);
/// assert!(config.pin.is_some_and(|pin| pin.expose() == "hunter2hunter2"));
/// # Ok::<(), dagstack_plugin::serde_json::Error>(())
/// ```
///
/// # Serialisation
///
/// `#[data]` makes every type serialisable, so a secret is, too: as the text `[MASKED]`. Nothing
/// needs its value in that form, because a host passes on the section that it has read. The text
/// `[MASKED]` is refused where a secret is read, so a masked config that somebody passes on fails at
/// once, and not when the secret is first used. A secret that has to travel, such as the result of
/// a plugin that keeps secrets, is [exposed](Self::expose) by its author.
///
/// # Limits
///
/// What is overwritten is this value. The config section it was read from belongs to the host, and
/// copies made through [`expose`](Self::expose) to whoever made them.
pub struct Secret<T> {
    /// In one place from the beginning: what moves leaves copies behind.
    value: Box<T>,
    /// A condition on the type would be an error wherever a field of it is only named.
    overwrite: fn(&mut T),
}

impl<T: Zeroize> Secret<T> {
    /// Makes a secret of a value.
    pub fn new(value: T) -> Self {
        Self {
            value: Box::new(value),
            overwrite: T::zeroize,
        }
    }
}

impl<T> Secret<T> {
    /// The value itself. Whoever asks for it has to keep it out of messages.
    pub fn expose(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Secret<T> {
    fn drop(&mut self) {
        (self.overwrite)(&mut self.value);
    }
}

impl<T: 'static> Secret<T> {
    /// The value, if it is a text.
    fn text(&self) -> Option<&str> {
        let value: &dyn Any = self.expose();
        value.downcast_ref::<String>().map(String::as_str)
    }
}

impl<T: Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            overwrite: self.overwrite,
        }
    }
}

impl<T: Zeroize + Default> Default for Secret<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

/// Always `[MASKED]`.
impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

/// Always `[MASKED]`.
impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl<'de, T: Deserialize<'de> + Zeroize + 'static> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // What serde says may quote it.
        let secret = T::deserialize(from).map_err(|_| D::Error::custom(UNFIT))?;
        let secret = Self::new(secret);
        if secret.text() == Some(MASKED) {
            return Err(D::Error::custom(MASK_GIVEN));
        }
        Ok(secret)
    }
}

/// Always `[MASKED]`; the empty text, which hides nothing, as it is.
impl<T: Zeroize + 'static> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.text() == Some("") { "" } else { MASKED })
    }
}

impl<T: JsonSchema + Zeroize> JsonSchema for Secret<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Secret_of_{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("dagstack_plugin::Secret<{}>", T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({ "type": "string" });
        }
        let mut schema = generator.subschema_for::<T>();
        schema.insert(super::WRITE_ONLY.to_owned(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
    #[serde(default)]
    struct Config {
        pin: Secret<u32>,
        door: Option<Secret<String>>,
        doors: Vec<Secret<String>>,
        by_name: BTreeMap<String, Secret<String>>,
        bytes: Secret<Vec<u8>>,
    }

    #[test]
    fn a_secret_is_read_and_shown_nowhere() {
        let config: Config = serde_json::from_value(json!({
            "pin": 314_159, "door": "sesame", "doors": ["sesame"], "by_name": { "a": "sesame" },
            "bytes": [115, 101],
        }))
        .unwrap();
        assert_eq!(*config.pin.expose(), 314_159);
        assert_eq!(config.doors[0].expose(), "sesame");
        let shown = format!("{config:?} {config:#?} {}", config.pin);
        assert!(
            !shown.contains("sesame") && !shown.contains("3141"),
            "{shown}"
        );
        assert!(!shown.contains("115"), "{shown}");
        assert_eq!(
            serde_json::to_value(&config).unwrap(),
            json!({
                "pin": MASKED, "door": MASKED, "doors": [MASKED], "by_name": { "a": MASKED },
                "bytes": MASKED,
            })
        );
        assert_eq!(config.door.clone().unwrap().expose(), "sesame");
        assert_eq!(json!(Secret::<String>::default()), json!(""));
    }

    #[test]
    fn a_masked_config_is_no_config() {
        let error = serde_json::from_value::<Config>(json!({ "door": MASKED })).unwrap_err();
        assert_eq!(error.to_string(), MASK_GIVEN);
    }

    #[test]
    fn the_schema_marks_the_value() {
        let schema = Value::Object(crate::schema::input::<Config>());
        let properties = &schema["properties"];
        assert_eq!(properties["pin"]["type"], "integer");
        for at in [
            &properties["pin"],
            &properties["door"],
            &properties["doors"]["items"],
            &properties["by_name"]["additionalProperties"],
            &properties["bytes"],
        ] {
            assert_eq!(at["writeOnly"], true, "{at}");
        }
        // What cannot be shown is no default either.
        assert_eq!(properties["pin"].get("default"), None);
        let written = Value::Object(crate::schema::output::<Secret<u32>>());
        assert_eq!(written["type"], "string");
    }
}
