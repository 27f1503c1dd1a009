//! The arguments of a call: decoded straight into the hook's parameters; explained when they do not fit.

mod take;

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::declaration::{Declaration, Hook};
use crate::diagnose::{self, Unknown};
use crate::encode::nesting::{self, MAX_NESTING};
use crate::error::{HookError, code};
use crate::numbers;
use crate::plugin::Args;
use crate::problem::Problem;
use crate::schema::{HookSchemas, Shape, Wanted};
use crate::secrets::Scrubber;
use crate::undecoded::{self, Undecoded};

/// Decodes the arguments of `hook`.
///
/// What decodes is mostly what fits. It is looked at again where the hook's schema constrains more
/// than the Rust types do (`#[schemars(range(…))]` and the like), and where serde takes what the
/// schema does not (an array for a struct). That needs the feature `validate`; without it constraints
/// are documentation. As JSON Schema has it, `5.0` is an integer. Arguments nest at most
/// [`MAX_NESTING`] levels.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`], listing every mistake by its full path.
pub fn decode<T: DeserializeOwned>(
    declaration: &Declaration,
    hook: &Hook,
    args: Args<'_>,
) -> Result<T, HookError> {
    read(Reading::of(declaration, hook, false), args)
}

/// The same for a hook with flattened parameters: its type takes keys that nobody asked for, so that
/// its schema decides about them.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_flattened<T: DeserializeOwned>(
    declaration: &Declaration,
    hook: &Hook,
    args: Args<'_>,
) -> Result<T, HookError> {
    read(Reading::of(declaration, hook, true), args)
}

fn read<T: DeserializeOwned>(reading: Reading<'_>, args: Args<'_>) -> Result<T, HookError> {
    let mut held = Value::Null;
    let mut args = reading.admit(args, &mut held)?;
    // Serde would also take a struct from an array, so that is left to `explain`.
    let mut decoded = match &mut args {
        Args::Value(Value::Object(map)) => Some(T::deserialize(take::Taking {
            map,
            texts: reading.texts(),
            again: reading.may_be_respelt(),
        })),
        Args::Json(text) if starts_object(text) => Some(serde_json::from_str(text)),
        _ => None,
    };
    for everywhere in [false, true] {
        if let Some(Err(_)) = decoded
            && let Some(respelt) = reading.respelt(&args, everywhere)
        {
            decoded = Some(match respelt {
                Respelt::Text(text) => serde_json::from_str(&text),
                Respelt::Value(mut map) => T::deserialize(take::Taking {
                    map: &mut map,
                    texts: &[],
                    again: false,
                }),
            });
        }
    }
    match decoded {
        Some(Ok(decoded)) => {
            if reading.is_to_check(&args) {
                reading.check(&args, again::<T>)?;
            }
            Ok(decoded)
        }
        other => Err(reading.explain(&args, other.and_then(Result::err), again::<T>)),
    }
}

/// Decodes once more, for the path of the mistake.
type Again = fn(&Value) -> Option<Undecoded>;

#[cold]
fn again<T: DeserializeOwned>(value: &Value) -> Option<Undecoded> {
    undecoded::decode::<T, _>(value).err()
}

/// A hook whose arguments are being read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    declaration: &'a Declaration,
    hook: &'a Hook,
    schemas: &'a HookSchemas,
    shape: &'a Shape,
    /// The schema forbids keys that the type ignores.
    closed_by_schema: bool,
    /// Numbers keep the text they were written with.
    keeps_numbers: bool,
}

/// Arguments with their numbers written as serde reads them.
enum Respelt {
    Text(String),
    Value(Map<String, Value>),
}

impl Respelt {
    fn into_value(self) -> Option<Value> {
        match self {
            Self::Text(text) => serde_json::from_str(&text).ok(),
            Self::Value(map) => Some(Value::Object(map)),
        }
    }
}

impl<'a> Reading<'a> {
    #[inline]
    fn of(declaration: &'a Declaration, hook: &'a Hook, closed_by_schema: bool) -> Self {
        let schemas = hook.schemas();
        Self {
            declaration,
            hook,
            schemas,
            shape: schemas.input_shape(),
            closed_by_schema,
            keeps_numbers: numbers::keep_their_text(),
        }
    }

    /// Looks at the arguments before they are decoded.
    #[inline]
    fn admit<'v>(&self, args: Args<'v>, held: &'v mut Value) -> Result<Args<'v>, HookError> {
        // Only where something may nest at will; elsewhere decoding refuses what does.
        if self.keeps_numbers || self.shape.is_deep() {
            self.check_nesting(&args)?;
        }
        match args {
            Args::Json(text) if self.keeps_numbers => {
                *held = serde_json::from_str(text).map_err(|error| self.no_json(&error))?;
                Ok(Args::Value(held))
            }
            args => Ok(args),
        }
    }

    fn check_nesting(&self, args: &Args<'_>) -> Result<(), HookError> {
        let is_deeper = match args {
            Args::Value(value) => nesting::value_is_deeper(value, MAX_NESTING),
            Args::Json(text) => nesting::text_is_deeper(text, MAX_NESTING),
        };
        if is_deeper {
            let problem = format!("the arguments nest deeper than {MAX_NESTING} levels");
            let mut problem = Problem::new(self.path(), problem);
            problem.expected =
                Some("arguments that are flatter, or a part of them as text".to_owned());
            return Err(invalid(self.hook.name, &[problem]));
        }
        Ok(())
    }

    /// The texts that may be taken out of the arguments: whatever is looked at again must stay.
    fn texts(&self) -> &'static [(&'static str, bool)] {
        if self.closed_by_schema || self.schemas.input_constrains {
            &[]
        } else {
            self.hook.texts
        }
    }

    /// Whether arguments that decoded may still not fit.
    #[inline]
    fn is_to_check(&self, args: &Args<'_>) -> bool {
        self.closed_by_schema
            || self.schemas.input_constrains
            || (cfg!(feature = "validate")
                && self.shape.is_odd()
                && match args {
                    Args::Value(value) => self.shape.has_odd_value(&**value),
                    Args::Json(text) => self
                        .shape
                        .has_odd_value(&mut serde_json::Deserializer::from_str(text)),
                })
    }

    /// Whether there may be numbers that are read in one spelling and not in another.
    #[inline]
    fn may_be_respelt(&self) -> bool {
        self.keeps_numbers || self.shape.holds_integers()
    }

    /// Arguments that did not decode, if there are numbers that serde reads when they are written in
    /// another way.
    #[cold]
    fn respelt(&self, args: &Args<'_>, everywhere: bool) -> Option<Respelt> {
        if !self.may_be_respelt() {
            return None;
        }
        self.check_nesting(args).ok()?;
        let text = match args {
            Args::Value(value) => Cow::Owned(value.to_string()),
            Args::Json(text) => Cow::Borrowed(*text),
        };
        let wanted = Wanted {
            shape: Some(self.shape),
            everywhere,
        };
        let respelt = wanted.respelt(&text);
        if !self.keeps_numbers {
            return respelt.map(Respelt::Text);
        }
        let mut value = serde_json::from_str(respelt.as_deref().unwrap_or(&text)).ok()?;
        numbers::plain(&mut value);
        match value {
            Value::Object(map) => Some(Respelt::Value(map)),
            _ => None,
        }
    }

    fn path(&self) -> String {
        let Self {
            declaration, hook, ..
        } = self;
        format!("{}.{}.{}", declaration.kind, declaration.name, hook.name)
    }

    /// Arguments that decoded, against the schema.
    #[cold]
    fn check(&self, args: &Args<'_>, again: Again) -> Result<(), HookError> {
        self.check_nesting(args)?;
        let value = args.to_value().map_err(|error| self.no_json(&error))?;
        // Only here is it asked which keys the type reads.
        let aliases = match self.closed_by_schema {
            true => self.keys_read(args, &value, again),
            false => Vec::new(),
        };
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        match self.unfit(&value, &aliases) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(invalid(self.hook.name, &problems)),
        }
    }

    #[cfg(feature = "validate")]
    fn unfit(&self, value: &Value, aliases: &[&str]) -> Vec<Problem> {
        use crate::validate::{Validator, invalid_schema};

        let schema = &self.schemas.input;
        let validator = self
            .schemas
            .input_validator
            .get_or_init(|| Validator::new(schema));
        match validator.fits(value) {
            Ok(true) => Vec::new(),
            Ok(false) => self.unfit_by(value, aliases),
            Err(error) => vec![invalid_schema(&self.path(), error)],
        }
    }

    /// Without the validator, only the keys that nobody asked for.
    #[cfg(not(feature = "validate"))]
    fn unfit(&self, value: &Value, aliases: &[&str]) -> Vec<Problem> {
        if self.closed_by_schema {
            self.unfit_by(value, aliases)
        } else {
            Vec::new()
        }
    }

    fn unfit_by(&self, value: &Value, aliases: &[&str]) -> Vec<Problem> {
        let (schema, closed) = (&self.schemas.input, self.closed_by_schema);
        diagnose::unfit(&self.path(), schema, value, aliases, closed)
    }

    /// The keys of arguments, which decoded, that the type reads: it does not take everything under
    /// them.
    fn keys_read(&self, args: &Args<'_>, value: &Value, again: Again) -> Vec<String> {
        let mut read = value.clone();
        for everywhere in [false, true] {
            if again(&read).is_some()
                && let Some(respelt) = self.respelt(args, everywhere)
                && let Some(respelt) = respelt.into_value()
            {
                read = respelt;
            }
        }
        let refuses = |key: &str| {
            let odd = [json!(-1.5e300), json!({ "\u{1}": ["\u{1}"] })];
            odd.into_iter().any(|odd| {
                let mut read = read.clone();
                read[key] = odd;
                again(&read).is_some()
            })
        };
        let keys = value.as_object().into_iter().flatten();
        keys.map(|(key, _)| key.clone())
            .filter(|key| refuses(key))
            .collect()
    }

    /// Why arguments did not decode.
    #[cold]
    fn explain(
        &self,
        args: &Args<'_>,
        error: Option<serde_json::Error>,
        again: Again,
    ) -> HookError {
        if let Err(error) = self.check_nesting(args) {
            return error;
        }
        let base = self.path();
        let schema = &self.schemas.input;
        let value = match args.to_value() {
            Ok(value) => value,
            Err(error) => return self.no_json(&error),
        };
        // Not to call a mistake what is none.
        let value = match self.respelt(args, false).and_then(Respelt::into_value) {
            Some(respelt) => Cow::Owned(respelt),
            None => value,
        };
        let mut problems = if !value.is_object() {
            let what = "the arguments are not an object:";
            vec![diagnose::no_object(&base, schema, &value, what)]
        } else if diagnose::takes_nothing(schema) {
            diagnose::nothing_taken(&base, &value, "the hook takes no arguments")
        } else if let Some(failure) = again(&value) {
            diagnose::undecoded(&base, schema, &value, Unknown::WhereForbidden, &failure)
        } else {
            Vec::new()
        };
        if problems.is_empty() {
            // The text alone is wrong: a key that stands there twice.
            let message = error.map_or_else(
                || "the arguments do not fit".to_owned(),
                |error| error.to_string(),
            );
            let secrets = Scrubber::of(&value, schema);
            problems.push(Problem::new(base, secrets.scrub(&message)));
        }
        invalid(self.hook.name, &problems)
    }

    #[cold]
    fn no_json(&self, error: &serde_json::Error) -> HookError {
        // Syntax errors name a place and do not quote the text.
        let problem = format!("the arguments are no valid JSON: {error}");
        let mut problem = Problem::new(self.path(), problem);
        problem.expected = Some("an object".to_owned());
        invalid(self.hook.name, &[problem])
    }
}

/// Arguments by name, as every runtime takes them: an object; `null` stands for none.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`] for anything else.
pub fn by_name(plugin: &str, hook: &str, args: Value) -> Result<Map<String, Value>, HookError> {
    let found = match args {
        Value::Object(map) => return Ok(map),
        Value::Null => return Ok(Map::new()),
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
    };
    let mut problem = Problem::new(
        format!("{plugin}.{hook}"),
        format!("the arguments are not an object: found {found}"),
    );
    problem.expected = Some("an object of the arguments by name".to_owned());
    Err(invalid(hook, &[problem]))
}

fn starts_object(json: &str) -> bool {
    json.trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
}

/// The error of arguments that do not fit.
pub fn invalid(hook: &str, problems: &[Problem]) -> HookError {
    let mut message = format!("invalid arguments for `{hook}`");
    for problem in problems {
        message.push_str(&format!("\n  {problem}"));
    }
    HookError::new(code::INVALID_ARGUMENTS, message)
        .details(json!({ "hook": hook, "errors": problems }))
        .as_clean()
}
