//! A plugin's config, decoded from its section, and subscriptions to its changes.

mod subscription;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::declaration::Declaration;
use crate::encode::nesting::{MAX_NESTING, value_is_deeper};
use crate::error::ConfigInvalid;
use crate::problem::Problem;
use crate::schema::Schema;
use crate::undecoded::{self, Segment, UNFIT, Undecoded};

pub(crate) use subscription::NoFeed;
pub use subscription::{
    CallbackOutcome, ConfigFeed, ConfigSubscription, NO_WATCH, ReadChange, Subscribed, Tell,
    read_change,
};

/// What a config type must be able to do. `#[data]` on a struct makes it so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plugin's config",
    label = "this type cannot be read as a config",
    note = "put `#[data]` on the type, or derive serde's `Deserialize` and schemars 1's `JsonSchema`"
)]
pub trait Config: DeserializeOwned + JsonSchema + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<C: DeserializeOwned + JsonSchema + Send + Sync + 'static> Config for C {}

/// The config of a plugin that has none: only an empty section fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// What a type makes of a section.
#[derive(Debug)]
pub struct Decoded {
    /// Whether it decodes.
    pub outcome: Result<(), Undecoded>,
    /// The places that the type took no notice of.
    pub ignored: Vec<Vec<Segment>>,
}

/// What a plugin is run by knows of config sections: their schemas, and how to say what is wrong.
pub trait SectionReader: Sync {
    /// Decodes a section of `declaration`'s, `schema` being that of its type, with the formats of Rust
    /// types. What `decode` first decodes is the config.
    ///
    /// # Errors
    ///
    /// Every mistake in it, by its full path.
    fn read(
        &self,
        declaration: &Declaration,
        schema: fn() -> Schema,
        section: Value,
        decode: &mut dyn FnMut(&Value) -> Decoded,
    ) -> Result<(), ConfigInvalid>;
}

/// A section: `null` means an empty one.
#[doc(hidden)]
pub fn or_empty(section: Value) -> Value {
    match section {
        Value::Null => Value::Object(Map::new()),
        given => given,
    }
}

/// Decodes a config section; `null` means an empty one.
///
/// # Errors
///
/// When the section does not fit; without `reader`, nobody says why.
#[doc(hidden)]
pub fn decode<C: Config>(
    declaration: &Declaration,
    section: Value,
    reader: Option<&dyn SectionReader>,
) -> Result<C, ConfigInvalid> {
    let section = or_empty(section);
    let base = declaration.key();
    check_nesting(&base, &section)?;
    let Some(reader) = reader else {
        // Serde's words may quote a secret.
        return decode_and_notice(&section)
            .0
            .map_err(|_| ConfigInvalid::new(&*base, vec![Problem::new(&base, UNFIT)]));
    };
    let mut config = None;
    let schema = crate::schema::typed_input::<C>;
    reader.read(declaration, schema, section, &mut |section| {
        let (decoded, ignored) = decode_and_notice(section);
        let outcome = decoded.map(|decoded| {
            config.get_or_insert(decoded);
        });
        Decoded { outcome, ignored }
    })?;
    config.ok_or_else(|| {
        let problem = Problem::new(&base, "it was not decoded");
        ConfigInvalid::new(&*base, vec![problem])
    })
}

/// What a section decodes to, and the places that the type took no notice of.
fn decode_and_notice<C: Config>(section: &Value) -> (Result<C, Undecoded>, Vec<Vec<Segment>>) {
    let mut ignored = Vec::new();
    let mut ignore = |path: serde_ignored::Path<'_>| ignored.push(segments(&path));
    let decoded = undecoded::decode(serde_ignored::Deserializer::new(section, &mut ignore));
    (decoded, ignored)
}

fn segments(path: &serde_ignored::Path<'_>) -> Vec<Segment> {
    use serde_ignored::Path;

    let mut segments = Vec::new();
    let mut here = path;
    loop {
        here = match here {
            Path::Root => break,
            Path::Seq { parent, index } => {
                segments.push(Segment::Seq { index: *index });
                parent
            }
            Path::Map { parent, key } => {
                segments.push(Segment::Map { key: key.clone() });
                parent
            }
            Path::Some { parent }
            | Path::NewtypeStruct { parent }
            | Path::NewtypeVariant { parent } => parent,
        };
    }
    segments.reverse();
    segments
}

/// Refuses a section that nests deeper than [`MAX_NESTING`] levels: it may have to cross to another
/// process.
///
/// # Errors
///
/// When it does.
pub fn check_nesting(section: &str, value: &Value) -> Result<(), ConfigInvalid> {
    if !value_is_deeper(value, MAX_NESTING) {
        return Ok(());
    }
    let problem = format!("the section nests deeper than {MAX_NESTING} levels");
    Err(ConfigInvalid::new(
        section,
        vec![Problem::new(section, problem)],
    ))
}
