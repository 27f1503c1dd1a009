//! The arguments of a call: read by the hook's own slots, and explained when they do not fit.

mod arguments;
pub(crate) mod param;
mod slot;

use std::borrow::Cow;

pub use arguments::{Arguments, Encoding};
pub use param::Param;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
pub use slot::{Fill, Input, NoSlot, Slot};

use crate::declaration::{Declaration, Hook};
use crate::diagnose::{self, Unknown};
use crate::encode::nesting::{self, MAX_NESTING};
use crate::error::{HookError, code};
use crate::form::Args;
use crate::numbers;
use crate::problem::Problem;
use crate::schema::{HookSchemas, Shape, Wanted};
use crate::undecoded::Undecoded;

/// Reads the arguments of `hook`, each time with `read`.
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
pub(crate) fn read<R>(
    declaration: &Declaration,
    hook: &'static Hook,
    args: Args<'_>,
    mut read: impl FnMut(Arguments<'_>) -> Result<R, Undecoded>,
) -> Result<R, HookError> {
    let reading = Reading::of(declaration, hook);
    let form = args.form();
    let mut read = move |from: Args<'_>, takes, traced| {
        let encoding = Encoding { hook, form };
        read(Arguments {
            from,
            encoding,
            takes,
            traced,
        })
    };
    let mut held = Value::Null;
    let mut args = reading.admit(args, &mut held)?;
    let mut decoded = read(args.reborrow(), reading.takes_texts(), false);
    if decoded.is_err() {
        for everywhere in [false, true] {
            if decoded.is_err()
                && let Some(respelt) = reading.respelt(&args, everywhere)
            {
                decoded = match respelt {
                    Respelt::Text(text) => read(Args::Json(&text), false, false),
                    Respelt::Value(map) => read(Args::Value(&mut Value::Object(map)), false, false),
                };
            }
        }
    }
    let again = &mut |value: &Value| read(Args::Value(&mut value.clone()), false, true).err();
    match decoded {
        Ok(decoded) => {
            if reading.is_to_check(&args) {
                reading.check(&args, again)?;
            }
            Ok(decoded)
        }
        Err(error) => Err(reading.explain(&args, &error, again)),
    }
}

/// Decodes the arguments of `hook` as one struct.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`], listing every mistake by its full path.
#[doc(hidden)]
pub fn decode<T: DeserializeOwned + JsonSchema + 'static>(
    declaration: &Declaration,
    hook: &'static Hook,
    args: Args<'_>,
) -> Result<T, HookError> {
    read(declaration, hook, args, |arguments| {
        let mut slot = Slot::new(const { &Input::<T>::of() });
        arguments.read_struct(&mut slot)?;
        Ok(slot.__dagstack_take())
    })
}

/// Reads a value once more, for the path of the mistake.
type Again<'a> = &'a mut dyn FnMut(&Value) -> Option<Undecoded>;

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
    fn of(declaration: &'a Declaration, hook: &'a Hook) -> Self {
        let schemas = hook.schemas();
        Self {
            declaration,
            hook,
            schemas,
            shape: schemas.input_shape(),
            closed_by_schema: hook.params.iter().any(|param| param.is_flattened),
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

    /// Whether texts may be taken out of the arguments: whatever is looked at again must stay.
    fn takes_texts(&self) -> bool {
        !self.closed_by_schema && !self.schemas.input_constrains
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
    fn check(&self, args: &Args<'_>, again: Again<'_>) -> Result<(), HookError> {
        self.check_nesting(args)?;
        let value = args.to_value().map_err(|error| self.no_json(&error))?;
        match self.unfit(args, &value, again) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(invalid(self.hook.name, &problems)),
        }
    }

    #[cfg(feature = "validate")]
    fn unfit(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Vec<Problem> {
        use crate::schema::validator::{Validator, invalid_schema};

        let schema = &self.schemas.input;
        let validator = self
            .schemas
            .input_validator
            .get_or_init(|| Validator::new(schema));
        match validator.fits(value) {
            Ok(true) => Vec::new(),
            Ok(false) => self.unfit_by(args, value, again),
            Err(error) => vec![invalid_schema(&self.path(), error)],
        }
    }

    /// Without the validator, only the keys that nobody asked for.
    #[cfg(not(feature = "validate"))]
    fn unfit(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Vec<Problem> {
        if self.closed_by_schema {
            self.unfit_by(args, value, again)
        } else {
            Vec::new()
        }
    }

    fn unfit_by(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Vec<Problem> {
        let schema = &self.schemas.input;
        let mut read = None;
        let mut reads = |key: &str| {
            let read = read.get_or_insert_with(|| self.readable(args, value, again));
            // It does not take everything under a key that it reads.
            let odd = [json!(-1.5e300), json!({ "\u{1}": ["\u{1}"] })];
            odd.into_iter().any(|odd| {
                let mut read = read.clone();
                read[key] = odd;
                again(&read).is_some()
            })
        };
        let reads: Option<&mut dyn FnMut(&str) -> bool> = match self.closed_by_schema {
            true => Some(&mut reads),
            false => None,
        };
        diagnose::unfit(&self.path(), schema, value, reads)
    }

    /// Arguments that decoded, with their numbers as serde takes them.
    fn readable(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Value {
        let mut read = value.clone();
        for everywhere in [false, true] {
            if again(&read).is_some()
                && let Some(respelt) = self.respelt(args, everywhere)
                && let Some(respelt) = respelt.into_value()
            {
                read = respelt;
            }
        }
        read
    }

    /// Why arguments did not decode.
    #[cold]
    fn explain(&self, args: &Args<'_>, error: &Undecoded, again: Again<'_>) -> HookError {
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
        let problems = if !value.is_object() {
            let what = "the arguments are not an object:";
            vec![diagnose::no_object(&base, schema, &value, what)]
        } else if diagnose::takes_nothing(schema) {
            diagnose::nothing_taken(&base, &value, "the hook takes no arguments")
        } else {
            // Where the value fits, the text alone is wrong: a key that stands there twice.
            let again = again(&value);
            let error = again.as_ref().unwrap_or(error);
            diagnose::undecoded(&base, schema, &value, Unknown::WhereForbidden, error)
        };
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
        other => crate::json_type(&other),
    };
    let mut problem = Problem::new(
        format!("{plugin}.{hook}"),
        format!("the arguments are not an object: found {found}"),
    );
    problem.expected = Some("an object of the arguments by name".to_owned());
    Err(invalid(hook, &[problem]))
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
