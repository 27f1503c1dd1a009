//! The list of plugins linked into this program.

use crate::context::SetupContext;
use crate::declaration::Declaration;
use crate::error::ConfigInvalid;
use crate::error::PluginError;
use crate::future::BoxFuture;
use crate::panics::CatchPanic;
use crate::plugin::{ErasedPlugin, Plugin};
use crate::secrets::Scrubber;
use crate::uncompiled::not_compiled;

/// One plugin type that is linked into this program: what it declares and how to set it up.
#[derive(Debug)]
pub struct Registration {
    declaration: fn() -> &'static Declaration,
    setup: fn(SetupContext) -> Setup,
}

/// A setup under way.
pub type Setup = BoxFuture<'static, Result<Box<dyn ErasedPlugin>, PluginError>>;

inventory::collect!(Registration);

impl Registration {
    /// The registration of `T`, whether it is linked in by name or not.
    pub const fn of<T: Plugin>() -> Self {
        Self {
            declaration: T::declaration,
            setup: setup::<T>,
        }
    }

    /// Stands for the registration of a type that is no plugin, in code that does not compile.
    pub(crate) const fn absent() -> Self {
        Self {
            declaration: not_compiled,
            setup: |_| not_compiled(),
        }
    }

    /// What the plugin declares.
    pub fn declaration(&self) -> &'static Declaration {
        (self.declaration)()
    }

    /// Sets up a new instance. A panic in the author's code is [`PluginError::Panicked`]; secrets of
    /// the config are cut out of the author's errors.
    pub fn setup(&self, context: SetupContext) -> Setup {
        (self.setup)(context)
    }
}

fn setup<T: Plugin>(context: SetupContext) -> Setup {
    Box::pin(async move {
        context.check_resources(T::declaration())?;
        #[cfg(feature = "validate")]
        check_schemas(T::declaration())?;
        let section = context.section().clone();
        let work = async move {
            // The author's own error may quote the config.
            T::setup(context).await.map_err(|error| {
                let schema = (T::declaration().config_schema)();
                without_secrets(error, &Scrubber::of(&section, &schema))
            })
        };
        // `T::setup` may panic before its first await, so it runs inside the guard too.
        let plugin = CatchPanic::new(Box::pin(work))
            .await
            .unwrap_or(Err(PluginError::Panicked))?;
        Ok(Box::new(plugin) as Box<dyn ErasedPlugin>)
    })
}

#[cfg(feature = "validate")]
/// Compiles what calls of the plugin's hooks will be checked against, so that a schema that cannot be
/// is an error at setup. Where jsonschema is there for what is beyond our judge, calls do it.
///
/// # Errors
///
/// What is wrong with the schema, or which feature it needs.
fn check_schemas(declaration: &Declaration) -> Result<(), PluginError> {
    use crate::schema::validator;

    if cfg!(feature = "json-schema") {
        return Ok(());
    }
    for hook in declaration.hooks {
        let schemas = hook.schemas();
        if !schemas.input_constrains {
            continue;
        }
        let validator = schemas
            .input_validator
            .get_or_init(|| validator::Validator::new(&schemas.input));
        if let Some(error) = validator.error() {
            let path = format!("{}.{}", declaration.key(), hook.name);
            return Err(PluginError::new(
                validator::invalid_schema(&path, error).to_string(),
            ));
        }
    }
    Ok(())
}

/// The same error without the secrets it quotes: nobody who reports it can know them.
fn without_secrets(error: PluginError, secrets: &Scrubber) -> PluginError {
    match error {
        PluginError::Failed(_) => {
            let (text, debug) = (error.to_string(), format!("{error:?}"));
            let clean = secrets.scrub(&text);
            if clean == text && secrets.scrub(&debug) == debug {
                return error;
            }
            PluginError::new(clean)
        }
        PluginError::Reworded { of, message } => PluginError::Reworded {
            message: secrets.scrub(&message).into_owned(),
            of,
        },
        other => other,
    }
}

/// Whether a config section fits the plugin, without setting it up.
///
/// # Errors
///
/// As its setup would fail: every mistake, by the plugin's own types.
#[doc(hidden)]
pub fn check_config<T: Plugin>(section: serde_json::Value) -> Result<(), ConfigInvalid> {
    use std::task::{Context, Poll, Waker};

    // Decoding comes first in every setup, and without any waiting.
    let mut setup = T::setup(SetupContext::new(section).that_only_decodes());
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        setup.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(Err(PluginError::ConfigInvalid(invalid))))
            if !invalid.problems.is_empty() =>
        {
            Err(invalid)
        }
        // It fits, or is not decoded at all; a panic comes again with the setup.
        _ => Ok(()),
    }
}

/// Every plugin linked into this program, sorted by kind and name.
///
/// Rust drops a dependency that nobody names: a program that lists a plugin package in its
/// Cargo.toml and never mentions it does not have the plugin. `dagstack_runtime::link!(package)`
/// mentions it. Duplicates are listed as often as they are linked; a registry refuses them.
pub fn registered() -> Vec<&'static Registration> {
    let mut list: Vec<_> = inventory::iter::<Registration>.into_iter().collect();
    list.sort_by_key(|registration| {
        let declaration = registration.declaration();
        (declaration.kind, declaration.name, declaration.type_path)
    });
    list
}
