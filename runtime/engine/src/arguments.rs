//! The arguments of a call: read by the hook's own slots, and explained when they do not fit.

use std::borrow::Cow;
use std::sync::OnceLock;

use dagstack_plugin_core::args::{self, Arguments, Encoding, Slot, invalid};
use dagstack_plugin_core::declaration::Hook;
use dagstack_plugin_core::encode::nesting::{self, MAX_NESTING};
use dagstack_plugin_core::numbers;
use dagstack_plugin_core::schema::Schema;
use dagstack_plugin_core::undecoded::Undecoded;
use dagstack_plugin_core::{Args, Declaration, HookError, Problem};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::diagnose::{self, Unknown};
use crate::schema::validator::{Validator, invalid_schema};
use crate::schema::{Shape, Wanted, constrains};
use crate::step::Step;
use crate::unrepeated::Unrepeated;

/// What calls need to know of the schema of a hook's arguments, made on first use.
pub(crate) struct InputSchema {
    /// Whether it constrains more than the Rust types do (ranges, patterns, lengths).
    pub(crate) constrains: bool,
    /// What stands where.
    shape: Shape,
    /// The schema forbids keys that the type ignores.
    closed_by_schema: bool,
    /// Numbers keep the text they were written with.
    keeps_numbers: bool,
    validator: OnceLock<Validator>,
}

impl InputSchema {
    #[inline]
    pub(crate) fn of(hook: &Hook) -> &Self {
        let schemas = hook.schemas();
        let input = schemas.of_engine.get_or_init(|| {
            Box::new(Self {
                constrains: constrains(&(hook.input_schema)(hook)),
                shape: Shape::of(&schemas.input),
                closed_by_schema: hook.params.iter().any(|param| param.is_flattened),
                keeps_numbers: numbers::keep_their_text(),
                validator: OnceLock::new(),
            })
        });
        match input.downcast_ref() {
            Some(input) => input,
            None => unreachable!("only this crate fills it"),
        }
    }

    /// Compiled on first use.
    pub(crate) fn validator(&self, schema: &Schema) -> &Validator {
        self.validator.get_or_init(|| Validator::new(schema))
    }
}

/// Reads arguments once: whether texts may be taken out of them, and whether the path to the mistake is
/// wanted.
type Read<'r, R> = dyn FnMut(Args<'_>, bool, bool) -> Result<R, Undecoded> + 'r;

/// Whether a tree of all values in the text would take tens of megabytes.
fn is_large(text: &str) -> bool {
    const MOST: usize = 256 * 1024;
    let separators = text
        .bytes()
        .filter(|byte| matches!(byte, b',' | b'[' | b'{'));
    text.len() > MOST && separators.take(MOST).count() == MOST
}

/// Reads a value for its mistake alone.
fn traced<'r, R>(read: &'r mut Read<'_, R>) -> impl FnMut(&Value) -> Option<Undecoded> + 'r {
    |value| read(Args::Value(&mut value.clone()), false, true).err()
}

/// Reads the arguments of `hook`, each time with `read`.
///
/// What decodes is mostly what fits. It is looked at again where the hook's schema constrains more
/// than the Rust types do (`#[schemars(range(…))]` and the like), and where serde takes what the
/// schema does not (an array for a struct). As JSON Schema has it, `5.0` is an integer. Arguments nest at
/// most [`MAX_NESTING`] levels.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`](dagstack_plugin_core::code::INVALID_ARGUMENTS), listing every mistake by
/// its full path.
#[inline(always)]
pub(crate) fn read<R>(
    declaration: &Declaration,
    hook: &'static Hook,
    args: Args<'_>,
    mut read: impl FnMut(Arguments<'_>) -> Result<R, Undecoded>,
) -> Result<R, HookError> {
    let reading = Reading::of(declaration, hook);
    let form = args.form();
    let mut read = move |from: Args<'_>, takes: bool, traced: bool| {
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
    match read(args.reborrow(), reading.takes_texts(), false) {
        Ok(decoded) => reading.checked(&args, decoded, &mut read),
        Err(error) => reading.read_again(&args, error, &mut read),
    }
}

/// Decodes the arguments of `hook` as one struct.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`](dagstack_plugin_core::code::INVALID_ARGUMENTS), listing every mistake by
/// its full path.
pub fn decode<T: DeserializeOwned + JsonSchema + 'static>(
    declaration: &Declaration,
    hook: &'static Hook,
    args: Args<'_>,
) -> Result<T, HookError> {
    read(declaration, hook, args, |arguments| {
        let mut slot = Slot::new(const { &args::Input::<T>::of() });
        arguments.read_struct(&mut slot)?;
        Ok(slot.__dagstack_take())
    })
}

/// What is wrong with arguments by the schema alone. Nothing is said of arguments with keys that it does
/// not know inside of others, or beside flattened ones: types may read them by other names.
///
/// # Errors
///
/// [`code::INVALID_ARGUMENTS`](dagstack_plugin_core::code::INVALID_ARGUMENTS).
pub(crate) fn foresee(
    declaration: &Declaration,
    hook: &'static Hook,
    args: &Value,
) -> Result<(), HookError> {
    let reading = Reading::of(declaration, hook);
    reading.check_nesting(&Args::Value(&mut args.clone()))?;
    let value = reading.by_own_names(Cow::Borrowed(args))?;
    let (base, schema) = (reading.path(), reading.schema());
    let problems = if diagnose::takes_nothing(schema) {
        diagnose::nothing_taken(&base, &value, "the hook takes no arguments")
    } else {
        let all = diagnose::explain(&base, schema, &value, Unknown::Everywhere);
        let mut unknown = all.iter().filter(|it| it.is_unknown_key());
        if reading.known.closed_by_schema || unknown.any(|it| it.steps.len() > 1) {
            return Ok(());
        }
        let certain = diagnose::explain(&base, schema, &value, Unknown::WhereForbidden);
        diagnose::problems(&base, certain)
    };
    match problems.is_empty() {
        true => Ok(()),
        false => Err(invalid(hook.name, &problems)),
    }
}

/// Reads a value once more, for the path of the mistake.
type Again<'a> = &'a mut dyn FnMut(&Value) -> Option<Undecoded>;

/// A hook whose arguments are being read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    declaration: &'a Declaration,
    hook: &'a Hook,
    known: &'a InputSchema,
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
        Self {
            declaration,
            hook,
            known: InputSchema::of(hook),
        }
    }

    fn schema(&self) -> &'a Schema {
        &self.hook.schemas().input
    }

    /// Looks at the arguments before they are decoded.
    #[inline]
    fn admit<'v>(&self, args: Args<'v>, held: &'v mut Value) -> Result<Args<'v>, HookError> {
        // Only where something may nest at will; elsewhere decoding refuses what does.
        if self.known.keeps_numbers || self.known.shape.is_deep() {
            self.check_nesting(&args)?;
        }
        match args {
            Args::Json(text) if self.known.keeps_numbers => {
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
        !self.known.closed_by_schema && !self.known.constrains
    }

    /// Whether arguments that decoded may still not fit.
    #[inline]
    fn is_to_check(&self, args: &Args<'_>) -> bool {
        self.known.closed_by_schema
            || self.known.constrains
            || (self.known.shape.is_odd()
                && match args {
                    Args::Value(value) => self.known.shape.has_odd_value(&**value),
                    Args::Json(text) => self
                        .known
                        .shape
                        .has_odd_value(&mut serde_json::Deserializer::from_str(text)),
                })
    }

    /// Whether there may be numbers that are read in one spelling and not in another.
    #[inline]
    fn may_be_respelt(&self) -> bool {
        self.known.keeps_numbers || self.known.shape.holds_integers()
    }

    /// What decoded, if it fits where the schema says more than the type.
    #[inline]
    fn checked<R>(
        &self,
        args: &Args<'_>,
        decoded: R,
        read: &mut Read<'_, R>,
    ) -> Result<R, HookError> {
        if self.is_to_check(args) {
            self.check(args, &mut traced(read))?;
        }
        Ok(decoded)
    }

    /// Arguments that did not decode, read in other ways; what does not decode then is explained. Apart
    /// from the first reading, which is to stay small.
    #[cold]
    #[inline(never)]
    fn read_again<R>(
        &self,
        args: &Args<'_>,
        error: Undecoded,
        read: &mut Read<'_, R>,
    ) -> Result<R, HookError> {
        let mut decoded = Err(error);
        for everywhere in [false, true] {
            if decoded.is_err()
                && let Some(respelt) = self.respelt(args, everywhere)
            {
                decoded = match respelt {
                    Respelt::Text(text) => read(Args::Json(&text), false, false),
                    Respelt::Value(map) => read(Args::Value(&mut Value::Object(map)), false, false),
                };
            }
        }
        if decoded.is_err()
            && let Args::Json(text) = args
            && is_large(text)
        {
            let problem = "found arguments that do not fit, and too many values to say where";
            return Err(invalid(
                self.hook.name,
                &[Problem::new(self.path(), problem)],
            ));
        }
        // A type that tries one form after the other leaves a text behind where it failed, but no value.
        if decoded.is_err()
            && let Args::Json(text) = args
            && let Ok(Unrepeated(mut value)) = serde_json::from_str(text)
            && let Ok(by_value) = read(Args::Value(&mut value), false, false)
        {
            decoded = Ok(by_value);
        }
        match decoded {
            Ok(decoded) => self.checked(args, decoded, read),
            Err(error) => Err(self.explain(args, &error, &mut traced(read))),
        }
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
        let wanted = Wanted::of(&self.known.shape, everywhere);
        if !self.known.keeps_numbers {
            return numbers::respelt(&text, wanted).map(Respelt::Text);
        }
        match numbers::of_text(&text, wanted)? {
            Value::Object(map) => Some(Respelt::Value(map)),
            _ => None,
        }
    }

    /// Arguments by the names that the schema knows, where they came by others (aliases).
    ///
    /// # Errors
    ///
    /// Those that came by several names.
    fn by_own_names<'v>(&self, mut args: Cow<'v, Value>) -> Result<Cow<'v, Value>, HookError> {
        let mut problems = Vec::new();
        for param in self.hook.params.iter().filter(|it| !it.aliases.is_empty()) {
            let given: Vec<_> = param.keys().filter(|key| args.get(key).is_some()).collect();
            if let [alias] = *given
                && alias != param.name
                && let Value::Object(map) = args.to_mut()
                && let Some(value) = map.remove(alias)
            {
                map.insert(param.name.to_owned(), value);
            } else if given.len() > 1 {
                let path = format!("{}.{}", self.path(), param.name);
                let problem = format!("given more than once, as `{}`", given.join("`, `"));
                problems.push(Problem::new(path, problem));
            }
        }
        if problems.is_empty() {
            return Ok(args);
        }
        Err(invalid(self.hook.name, &problems))
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
        let value = self.by_own_names(value)?;
        match self.unfit(args, &value, again) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(invalid(self.hook.name, &problems)),
        }
    }

    fn unfit(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Vec<Problem> {
        match self.known.validator(self.schema()).fits(value) {
            Ok(true) => Vec::new(),
            Ok(false) => self.unfit_by(args, value, again),
            Err(error) => vec![invalid_schema(&self.path(), error)],
        }
    }

    fn unfit_by(&self, args: &Args<'_>, value: &Value, again: Again<'_>) -> Vec<Problem> {
        let mut read = None;
        let mut reads = |key: &str| {
            let read = read.get_or_insert_with(|| self.readable(args, value, again));
            diagnose::reads(read, &[Step::Given(key)], &mut |odd| again(odd).is_none())
        };
        let reads: Option<&mut dyn FnMut(&str) -> bool> = match self.known.closed_by_schema {
            true => Some(&mut reads),
            false => None,
        };
        diagnose::unfit(&self.path(), self.schema(), value, reads)
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
        let schema = self.schema();
        let value = match args.to_value() {
            Ok(value) => value,
            Err(error) => return self.no_json(&error),
        };
        // A whole float in the place of an integer is no mistake.
        let value = match self.respelt(args, false).and_then(Respelt::into_value) {
            Some(respelt) => Cow::Owned(respelt),
            None => value,
        };
        let value = match self.by_own_names(value) {
            Ok(value) => value,
            Err(error) => return error,
        };
        let problems = if !value.is_object() {
            let what = "the arguments are not an object:";
            vec![diagnose::no_object(&base, schema, &value, what)]
        } else if diagnose::takes_nothing(schema) {
            diagnose::nothing_taken(&base, &value, "the hook takes no arguments")
        } else {
            // Where the value fits, the text alone is wrong: a key that stands there twice.
            let by_value = again(&value);
            let error = by_value.as_ref().unwrap_or(error);
            diagnose::undecoded(&base, schema, &value, Unknown::WhereForbidden, error, again)
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
