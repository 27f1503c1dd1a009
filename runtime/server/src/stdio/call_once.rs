//! `call HOOK JSON`: sets up, calls, tears down.

use std::pin::pin;
use std::sync::Arc;

use serde_json::Value;

use super::cli::{Failure, INTERRUPTED, ended, failed, usage, write};
use super::program::{Chosen, Program};
use super::reply::failure_text;
use super::runtime::AsyncRuntime;
use super::session::Peer;
use super::{call_progress, lifecycle, secrets, unix};
use dagstack_engine::call::{self, Target};
use dagstack_engine::{Access, setup, task};
use dagstack_plugin_core::context::{HookContext, PluginScope, SetupContext};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::{HookError, PluginError};
use dagstack_plugin_core::form::Args;
use dagstack_plugin_core::giving_up::until_given_up;

/// A call that may be made, as far as that can be known before the setup.
struct Call {
    hook: String,
    args: Value,
}

impl Call {
    fn read(declaration: &'static Declaration, hook: &str, json: String) -> Result<Self, Failure> {
        let refused = |error: HookError| ended(error.code(), failure_text(&error));
        let target = Target::find(declaration, hook, Access::Exposed).map_err(refused)?;
        let json = if json == "-" {
            unix::read_to_end(unix::stdin())
                .map_err(|error| failed(format!("cannot read the arguments from stdin: {error}")))?
        } else {
            json.into_bytes()
        };
        let args: Value = match serde_json::from_slice(&json) {
            Ok(args @ Value::Object(_)) => args,
            Ok(_) => return Err(usage("the arguments must be a JSON object")),
            Err(error) => return Err(usage(format!("the arguments are no JSON: {error}"))),
        };
        call::foresee(declaration, target, &args).map_err(refused)?;
        let hook = hook.to_owned();
        Ok(Self { hook, args })
    }
}

/// The plugin and the hook that are meant; of an executable with several plugins it may be said by the
/// tool's name.
fn meant<'a>(program: &'a Program, hook: &'a str) -> Result<(&'a Chosen, &'a str), Failure> {
    let tool = match program.in_company {
        true => program.tools().find(Peer::default(), hook),
        false => return Ok((program.single().map_err(usage)?, hook)),
    };
    match (tool, &program.plugins[..]) {
        (Ok(id), plugins) => {
            let plugin = plugins.get(id.plugin);
            let hook = plugin.and_then(|it| Some((it, it.declaration().hooks.get(id.hook)?)));
            let (plugin, hook) = hook.ok_or_else(|| usage("unknown tool"))?;
            Ok((plugin, hook.name))
        }
        // `execute` of a tool, or its mistakes in its own words.
        (Err(_), [plugin]) => Ok((plugin, hook)),
        (Err(error), _) => Err(usage(error.message)),
    }
}

/// Prints the result. What the hook prints goes to stderr.
pub(super) fn call(program: &Program, hook: &str, json: String) -> Result<(), Failure> {
    let (plugin, hook) = meant(program, hook)?;
    let declaration = plugin.declaration();
    let Call { hook, mut args } = Call::read(declaration, hook, json)?;
    let section = plugin.gather().map_err(usage)?.section;
    let resources = program.resources(declaration).map_err(usage)?;
    if let Some((code, problem)) = resources.problem() {
        return Err(ended(code, format!("{code}: {problem}")));
    }
    let output =
        unix::take_stdout().map_err(|error| failed(format!("cannot set stdout apart: {error}")))?;
    super::log::start(Some(declaration), program.log_format);
    secrets::report_panics();
    secrets::learn(declaration, &section);
    let runtime = AsyncRuntime::default();
    let _inside = runtime.enter();
    let scope = Arc::new(PluginScope::of(declaration));
    let not_set_up = |error: PluginError| ended(error.code(), format!("{}: {error}", error.code()));
    let resources = resources.make().map_err(not_set_up)?;
    let (instance, called) = task::block_on(async {
        let context = SetupContext::new(section)
            .with_scope(Arc::clone(&scope))
            .with_resources(resources.clone());
        let instance = setup(&plugin.registration, context)
            .await
            .map_err(not_set_up)?;
        let context = HookContext::new()
            .with_scope(scope)
            .with_progress(call_progress::sink());
        if let Ok(signals) = unix::signals() {
            let token = context.cancellation().clone();
            call_progress::cancel_by_signal(signals, token, INTERRUPTED.into());
        }
        let args = Args::Value(&mut args);
        let called = {
            let called = call::call_as(Access::Exposed, &*instance, &hook, &context, args);
            until_given_up(&context, &runtime, pin!(called), || false).await
        };
        Ok::<_, Failure>((instance, called))
    })?;
    call_progress::clear_bar();
    lifecycle::finish(lifecycle::tear_down(Arc::from(instance), resources));
    let value = called
        .and_then(dagstack_plugin_core::Output::into_value)
        .map_err(secrets::scrub_error)
        .map_err(|error| ended(error.code(), failure_text(&error)))?;
    let text = dagstack_plugin_core::canonical_json::to_string(&value)
        .map_err(|error| failed(format!("the result has no canonical form: {error}")))?;
    write(output, &format!("{text}\n"))
}
