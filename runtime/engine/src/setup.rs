//! Setting a plugin up and tearing it down: what is checked before its own code runs, and what is kept
//! out of its errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use dagstack_plugin_core::health::Released;
use dagstack_plugin_core::{
    ConfigInvalid, Declaration, ErasedPlugin, PluginError, Registration, Setup, SetupContext,
};
use serde_json::Value;

use crate::arguments::InputSchema;
use crate::config::Sections;
use crate::feed::{Coverage, SectionFeed};
use crate::panics::CatchPanic;
use crate::schema::validator::invalid_schema;
use crate::secrets::Scrubber;

/// Sets up a new instance of a plugin. A panic in the author's code is [`PluginError::Panicked`];
/// secrets of the config are cut out of the author's errors.
pub fn setup(registration: &Registration, context: SetupContext) -> Setup {
    let declaration = registration.declaration();
    let section = context.section().clone();
    let checked = context.check_resources(declaration);
    let context = match context.has_config_feed() {
        true => context,
        false => {
            let source_ids = Vec::new();
            let coverage = Coverage::NoWatch { source_ids };
            let feed = SectionFeed::new(declaration.key(), section.clone(), coverage);
            context.with_config_feed(feed)
        }
    };
    let setup = registration.setup(context.read_by(&Sections));
    // Schemas and errors are the author's code, too.
    let guarded = CatchPanic::new(Box::pin(async move {
        checked?;
        check_schemas(declaration)?;
        // The author's own error may quote the config.
        setup.await.map_err(|error| {
            let schema = (declaration.config_schema)();
            in_words(error, &Scrubber::of(&section, &schema))
        })
    }));
    Box::pin(async move { guarded.await.unwrap_or(Err(PluginError::Panicked)) })
}

/// Has a plugin give everything back. A panic in the author's code is [`PluginError::Panicked`].
///
/// # Errors
///
/// The author's own.
pub async fn teardown(plugin: &dyn ErasedPlugin) -> Result<Released, PluginError> {
    // It may panic before its first await, too, and its error when it is shown or dropped.
    let teardown = CatchPanic::new(Box::pin(async {
        let outcome = plugin.erased_teardown().await;
        outcome.map_err(|error| in_words(error, &Scrubber::new()))
    }));
    teardown.await.unwrap_or(Err(PluginError::Panicked))
}

/// Compiles what calls of the plugin's hooks will be checked against, so that a schema that cannot be
/// is an error at setup. Where jsonschema is there for what is beyond our judge, calls do it.
///
/// # Errors
///
/// What is wrong with the schema, or which feature it needs.
pub fn check_schemas(declaration: &Declaration) -> Result<(), PluginError> {
    if cfg!(feature = "json-schema") {
        return Ok(());
    }
    for hook in declaration.hooks {
        let input = InputSchema::of(hook);
        if !input.constrains {
            continue;
        }
        if let Some(error) = input.validator(&hook.schemas().input).error() {
            let path = format!("{}.{}", declaration.key(), hook.name);
            return Err(PluginError::new(invalid_schema(&path, error).to_string()));
        }
    }
    Ok(())
}

/// The same error without what is the author's own in it, and without the secrets it quotes: nobody who
/// reports it can know them.
fn in_words(error: PluginError, secrets: &Scrubber) -> PluginError {
    match error {
        PluginError::Failed(_) => PluginError::new(secrets.scrub(&error.to_string())),
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
pub fn check_config(registration: &Registration, section: Value) -> Result<(), ConfigInvalid> {
    let context = SetupContext::new(section).that_only_decodes();
    // Decoding comes first in every setup, and without any waiting.
    let mut setup = registration.setup(context.read_by(&Sections));
    let polled = catch_unwind(AssertUnwindSafe(|| {
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
