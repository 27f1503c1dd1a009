//! The command line of a plugin executable.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe::register;

use super::options::{self, Command, Options};
use super::output::Output;
use super::pool::Pool;
use super::reader::LineReader;
use super::serve::Server;
use super::supervisor;
use super::tools::{ToolNames, Tools};
use super::{guard, help, known, manifest};
use crate::call::call;
use crate::context::{HookContext, PluginScope, SetupContext};
use crate::plugin::{Args, Plugin};
use crate::registration::Registration;
use crate::schema::Schema;
use crate::secrets::mask_schema;

/// The exit code of a command line or a config that does not fit.
const USAGE: u8 = 2;

/// The `main` of a plugin executable; [`main!`](crate::main) calls it.
pub fn main<T: Plugin>() -> ExitCode {
    let words = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    let options = match options::parse(words) {
        Ok(options) => options,
        Err(problem) => return fail(USAGE, &problem),
    };
    let Options {
        command,
        config,
        names,
    } = options;
    let config = match config.as_deref().map(options::read_config).transpose() {
        Ok(config) => config,
        Err(problem) => return fail(USAGE, &problem),
    };
    let declaration = T::declaration();
    // What the schema finds is said at once, on stderr; the plugin's own setup comes with a client.
    if let Some(section) = &config {
        let schema = (declaration.config_schema)();
        let problems = crate::validate::validate(&declaration.key(), &schema, section);
        if !problems.is_empty() {
            let section = declaration.key();
            let invalid = crate::ConfigInvalid { section, problems };
            return fail(USAGE, &invalid.to_string());
        }
    }
    match command {
        Command::Serve => serve::<T>(config, names),
        Command::Manifest { command } => {
            let command = command.unwrap_or_else(manifest::own_command);
            print(&manifest::of(declaration, command).to_toml())
        }
        Command::Schema => {
            let shown = |schema: &Schema| mask_schema(schema, true);
            let hooks: serde_json::Map<String, Value> = declaration
                .hooks
                .iter()
                .map(|hook| {
                    let schemas = hook.schemas();
                    let pair = json!({ "input": shown(&schemas.input), "output": schemas.output });
                    (hook.name.to_owned(), pair)
                })
                .collect();
            let config = shown(&(declaration.config_schema)());
            let all = json!({ "config": config, "hooks": hooks });
            print(&format!("{all:#}\n"))
        }
        Command::Call { hook, json } => call_once::<T>(config, &hook, json),
        Command::Help => print(&help::text(declaration)),
        Command::Version => print(&format!(
            "{}.{} {}\n",
            declaration.kind,
            declaration.name,
            declaration.version.unwrap_or("0.0.0")
        )),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {problem}");
    ExitCode::from(code)
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, like `head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(1, &format!("cannot write: {error}")),
    }
}

/// `call HOOK JSON`: sets up, calls, tears down. What the hook prints goes to stderr.
fn call_once<T: Plugin>(config: Option<Value>, hook: &str, json: String) -> ExitCode {
    let json = if json == "-" {
        let mut text = String::new();
        if let Err(error) = std::io::stdin().read_to_string(&mut text) {
            return fail(1, &format!("cannot read the arguments from stdin: {error}"));
        }
        text
    } else {
        json
    };
    let mut args: Value = match serde_json::from_str(&json) {
        Ok(args @ Value::Object(_)) => args,
        Ok(_) => return fail(USAGE, "the arguments must be a JSON object"),
        Err(error) => return fail(USAGE, &format!("the arguments are no JSON: {error}")),
    };
    let real = match rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)
        .and_then(|real| rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map(|()| real))
    {
        Ok(real) => real,
        Err(error) => return fail(1, &format!("cannot set stdout apart: {error}")),
    };
    super::log::start(T::declaration());
    known::hook_panics();
    let section = config.unwrap_or(Value::Null);
    known::learn(T::declaration(), &section);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("cannot start the async runtime: {error}")),
    };
    let scope = Arc::new(PluginScope::of(T::declaration()));
    let outcome = runtime.block_on(async {
        let plugin = Registration::of::<T>()
            .setup(
                SetupContext::new(section)
                    .with_scope(Arc::clone(&scope))
                    .with_resources(super::host_calls::alone()),
            )
            .await
            .map_err(|error| (USAGE, format!("{}: {error}", error.code())))?;
        let context = HookContext::new().with_scope(scope);
        let called = call(&*plugin, hook, &context, Args::Value(&mut args)).await;
        let teardown = Box::pin(async { plugin.erased_teardown().await });
        let _ = crate::call::CatchPanic::new(teardown).await;
        called
            .and_then(crate::Output::into_value)
            .map_err(known::scrub_error)
            .map_err(|error| (1, format!("{}: {}", error.code(), error.message())))
    });
    let value = match outcome {
        Ok(value) => value,
        Err((code, problem)) => return fail(code, &problem),
    };
    match crate::canonical_json::to_string(&value) {
        Ok(text) => {
            Output::new(real).send(format!("{text}\n").into_bytes(), false);
            ExitCode::SUCCESS
        }
        Err(error) => fail(1, &format!("the result has no canonical form: {error}")),
    }
}

fn serve<T: Plugin>(config: Option<Value>, names: ToolNames) -> ExitCode {
    match try_serve::<T>(config, names) {
        // At once: threads may still be inside hooks.
        Ok(()) => std::process::exit(0),
        Err(error) => fail(1, &format!("cannot start serving: {error}")),
    }
}

fn try_serve<T: Plugin>(config: Option<Value>, names: ToolNames) -> std::io::Result<()> {
    let (signals, signalled) = pipe_with(PipeFlags::CLOEXEC)?;
    register(SIGTERM, signalled.try_clone()?)?;
    register(SIGINT, signalled)?;
    let (woken, wake) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&wake, true)?;
    rustix::io::ioctl_fionbio(&woken, true)?;
    let streams = guard::protect()?;
    super::log::start(T::declaration());
    known::hook_panics();
    let server = Arc::new(Server {
        registration: Registration::of::<T>(),
        tools: Tools::new(T::declaration(), names),
        instance: Default::default(),
        in_flight: Default::default(),
        output: Output::new(streams.output),
        runtime: Default::default(),
        session: Default::default(),
        protocol: Default::default(),
        host_calls: Default::default(),
        pool: Pool::new(wake),
        input: Mutex::new(LineReader::new(streams.input)),
        spare: Default::default(),
        scope: Arc::new(PluginScope::of(T::declaration())),
        config,
        feed: Default::default(),
        changes: Default::default(),
    });
    supervisor::supervise(&server, streams.printed, &signals, &woken);
    Ok(())
}
