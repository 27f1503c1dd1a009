//! The command line of a plugin executable.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, Weak};

use serde::Serialize;
use serde_json::Value;

use super::bounds::Bounds;
use super::in_order::Input;
use super::log_view::LogView;
use super::options::{self, Command, Options};
use super::pool::Pool;
use super::reader::LineReader;
use super::reply::failure_text;
use super::router::LineRouter;
use super::runtime::AsyncRuntime;
use super::server::Server;
use super::supervisor;
use super::tools::Tools;
use super::unix::{self, AsFd, Events};
use super::writer::LineWriter;
use super::{config_file, help, lifecycle, manifest, resources, secrets};
use dagstack_engine::Access;
use dagstack_engine::call::call_as;
use dagstack_engine::secrets::mask_schema;
use dagstack_engine::task;
use dagstack_engine::{check_config, setup};
use dagstack_plugin_core::context::{HookContext, PluginScope, SetupContext};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::code;
use dagstack_plugin_core::form::Args;
use dagstack_plugin_core::plugin::Plugin;
use dagstack_plugin_core::registration::Registration;
use dagstack_plugin_core::schema::Schema;

/// The exit code of a command line, arguments or a config that do not fit.
const USAGE: u8 = 2;

/// The `main` of a plugin executable; `dagstack_plugin::main!` calls it.
pub fn main<T: Plugin>() -> ExitCode {
    match run::<T>() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, problem)) => {
            // Where stderr fails there is nowhere to say it.
            let _ = unix::write_all(unix::stderr(), format!("error: {problem}\n").as_bytes());
            ExitCode::from(code)
        }
    }
}

/// What ends the program: its exit code and the reason.
type Failure = (u8, String);

fn usage(problem: impl Into<String>) -> Failure {
    (USAGE, problem.into())
}

fn failed(problem: impl Into<String>) -> Failure {
    (1, problem.into())
}

/// A call that ended with an error of this code: what was given does not fit, or something failed.
fn ended(code: &str, problem: String) -> Failure {
    match code {
        code::INVALID_ARGUMENTS | code::NOT_EXPOSED | code::UNKNOWN_HOOK | code::CONFIG_INVALID => {
            usage(problem)
        }
        _ => failed(problem),
    }
}

fn run<T: Plugin>() -> Result<(), Failure> {
    let options = options::parse(std::env::args_os().skip(1)).map_err(usage)?;
    let declaration = T::declaration();
    let read = |path: &PathBuf| config_file::read(path, declaration);
    let config = options
        .config
        .as_ref()
        .map(read)
        .transpose()
        .map_err(usage)?;
    // What does not fit is said at once, on stderr; the plugin's own setup comes with a client.
    if let Some(section) = &config {
        check_config(&Registration::of::<T>(), section.clone())
            .map_err(|invalid| usage(format!("config_invalid: {invalid}")))?;
    }
    match options.command {
        Command::Serve => serve::<T>(config, &options)
            .map_err(|error| failed(format!("cannot start serving: {error}"))),
        Command::Manifest { command, output } => {
            let text = manifest::text(declaration, command, output.as_deref()).map_err(failed)?;
            match output {
                None => print(&text),
                Some(file) => std::fs::write(&file, text)
                    .map_err(|error| failed(format!("cannot write `{}`: {error}", file.display()))),
            }
        }
        Command::Schema => {
            let text = schemas(declaration).map_err(|error| failed(error.to_string()))?;
            print(&text)
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

/// The schemas of the config and the hooks, without defaults of secrets.
fn schemas(declaration: &Declaration) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct All<'a> {
        config: Schema,
        hooks: BTreeMap<&'a str, Pair<'a>>,
    }
    #[derive(Serialize)]
    struct Pair<'a> {
        input: Input<'a>,
        output: &'a Schema,
    }
    let exposed: Vec<_> = declaration
        .exposed()
        .map(|(_, hook)| (hook, mask_schema(&hook.schemas().input)))
        .collect();
    let hooks = exposed.iter().map(|(hook, schema)| {
        let input = Input { hook, schema };
        let output = &hook.schemas().output;
        (hook.name, Pair { input, output })
    });
    let all = All {
        config: mask_schema(&(declaration.config_schema)()),
        hooks: hooks.collect(),
    };
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

/// Writes to stdout.
fn print(text: &str) -> Result<(), Failure> {
    write(unix::stdout(), text)
}

fn write(output: impl AsFd, text: &str) -> Result<(), Failure> {
    match unix::write_all(output, text.as_bytes()) {
        // The reader has seen enough, like `head`.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(failed(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

/// `call HOOK JSON`: sets up, calls, tears down. What the hook prints goes to stderr.
fn call_once<T: Plugin>(config: Option<Value>, hook: &str, json: String) -> Result<(), Failure> {
    let json = if json == "-" {
        unix::read_to_end(unix::stdin())
            .map_err(|error| failed(format!("cannot read the arguments from stdin: {error}")))?
    } else {
        json.into_bytes()
    };
    let mut args: Value = match serde_json::from_slice(&json) {
        Ok(args @ Value::Object(_)) => args,
        Ok(_) => return Err(usage("the arguments must be a JSON object")),
        Err(error) => return Err(usage(format!("the arguments are no JSON: {error}"))),
    };
    let output =
        unix::take_stdout().map_err(|error| failed(format!("cannot set stdout apart: {error}")))?;
    super::log::start(T::declaration());
    secrets::report_panics();
    let section = config.unwrap_or(Value::Null);
    secrets::learn(T::declaration(), &section);
    let runtime = AsyncRuntime::default();
    let _inside = runtime.enter();
    let scope = Arc::new(PluginScope::of(T::declaration()));
    let (plugin, called) = task::block_on(async {
        let context = SetupContext::new(section)
            .with_scope(Arc::clone(&scope))
            .with_resources(resources::alone());
        let plugin = setup(&Registration::of::<T>(), context)
            .await
            .map_err(|error| ended(error.code(), format!("{}: {error}", error.code())))?;
        let context = HookContext::new().with_scope(scope);
        let args = Args::Value(&mut args);
        let called = call_as(Access::Exposed, &*plugin, hook, &context, args).await;
        Ok::<_, Failure>((plugin, called))
    })?;
    lifecycle::finish(lifecycle::tear_down(Arc::from(plugin)));
    let value = called
        .and_then(dagstack_plugin_core::Output::into_value)
        .map_err(secrets::scrub_error)
        .map_err(|error| ended(error.code(), failure_text(&error)))?;
    let text = dagstack_plugin_core::canonical_json::to_string(&value)
        .map_err(|error| failed(format!("the result has no canonical form: {error}")))?;
    write(output, &format!("{text}\n"))
}

/// Requests without an answer that a peer can have; more are refused.
const MAX_REQUESTS: usize = 32 * 1024;
/// What they may hold together, in messages of the largest size.
const MAX_HELD: usize = 16;

fn serve<T: Plugin>(config: Option<Value>, options: &Options) -> std::io::Result<()> {
    let signals = unix::signals()?;
    let (woken, waker) = unix::wake_pipe()?;
    let streams = unix::protect()?;
    super::log::start(T::declaration());
    secrets::report_panics();
    let server = Arc::new_cyclic(|server| Server {
        registration: Registration::of::<T>(),
        tools: Tools::new(T::declaration(), options.names, options.schemas),
        instance: Default::default(),
        turns: Default::default(),
        in_flight: Default::default(),
        bounds: Bounds::new(MAX_REQUESTS, options.max_message.saturating_mul(MAX_HELD)),
        output: LineWriter::new(streams.output),
        runtime: Default::default(),
        session: Default::default(),
        host_calls: Default::default(),
        pool: Pool::new(waker),
        input: Mutex::new(LineReader::new(streams.input, options.max_message)),
        spare: Default::default(),
        router: Box::new(LineRouter::default()),
        scope: Arc::new(PluginScope::of(T::declaration())),
        log_view: LogView::new(Weak::clone(server), T::declaration().name),
        config,
        feed: Default::default(),
        changes: Default::default(),
    });
    let events = Events {
        printed: streams.printed,
        signals,
        woken,
    };
    supervisor::supervise(&server, events);
    // At once: threads may still be inside hooks.
    std::process::exit(0)
}
