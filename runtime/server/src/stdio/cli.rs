//! The command line of a plugin executable.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

use super::in_order::Input;
use super::log_format::LogFormat;
use super::options::{self, Command, Options};
use super::pool::Pool;
use super::reader::LineReader;
use super::reply::failure_text;
use super::router::LineRouter;
use super::runtime::AsyncRuntime;
use super::select::{select, several};
use super::server::{Hosted, Server};
use super::session::Peer;
use super::standalone::{Brought, Standalone};
use super::supervisor;
use super::tools::{NameStyle, Tools};
use super::unix::{self, AsFd, Events};
use super::writer::LineWriter;
use super::{call_progress, config_file, help, lifecycle, manifest, secrets, standalone};
use dagstack_engine::Access;
use dagstack_engine::call::call_as;
use dagstack_engine::secrets::mask_schema;
use dagstack_engine::task;
use dagstack_engine::{check_config, setup};
use dagstack_plugin_core::context::{HookContext, PluginScope, SetupContext};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::{PluginError, code};
use dagstack_plugin_core::form::Args;
use dagstack_plugin_core::giving_up::until_given_up;
use dagstack_plugin_core::registration::Registration;
use dagstack_plugin_core::schema::Schema;

/// The exit code of a command line, arguments or a config that do not fit.
const USAGE: u8 = 2;
/// That of a call which was cancelled, as shells have it for ctrl-c.
const INTERRUPTED: u8 = 130;

/// The `main` of a plugin executable; `dagstack_plugin::main!` calls it.
pub fn main(plugins: Vec<Registration>, brought: Brought) -> ExitCode {
    match run(plugins, brought) {
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
        code::INVALID_ARGUMENTS
        | code::NOT_EXPOSED
        | code::UNKNOWN_HOOK
        | code::CONFIG_INVALID
        | code::RESOURCE_MISSING => usage(problem),
        code::CANCELLED => (INTERRUPTED, problem),
        _ => failed(problem),
    }
}

/// A plugin that is meant, and its config.
struct Configured {
    registration: Registration,
    config: Option<Value>,
}

/// What the words of the command line come to.
struct Program {
    plugins: Vec<Configured>,
    /// The executable holds several plugins.
    in_company: bool,
    brought: Brought,
    /// How resources are made, as `NAME=VALUE`.
    resources: Vec<String>,
    names: Option<NameStyle>,
    log_format: LogFormat,
}

impl Program {
    fn declarations(&self) -> impl Iterator<Item = &'static Declaration> {
        let plugins = self.plugins.iter();
        plugins.map(|plugin| plugin.registration.declaration())
    }

    fn tools(&self) -> Tools {
        Tools::new(self.declarations(), self.in_company, self.names)
    }

    /// The plugin, where only one will do.
    fn single(&self) -> Result<&Configured, Failure> {
        match &self.plugins[..] {
            [plugin] => Ok(plugin),
            _ => Err(usage(several(self.declarations()))),
        }
    }

    /// What a plugin is given where no dagstack host gives it resources.
    fn standalone(&self, declaration: &'static Declaration) -> Result<Standalone, Failure> {
        // Of several plugins, an option is for those that use the resource. Where none does, it is a
        // mistake whosever.
        let is_for = |option: &&String| {
            let name = option.split('=').next().unwrap_or_default();
            let uses = |it: &Declaration| it.resources().any(|used| used == name);
            uses(declaration) || !self.declarations().any(uses)
        };
        let options: Vec<String> = self.resources.iter().filter(is_for).cloned().collect();
        Standalone::new(declaration, self.brought, &options, std::env::vars_os()).map_err(usage)
    }
}

/// A plugin with its config. What does not fit is said at once, on stderr; the plugin's own setup comes
/// with a client.
fn configured(
    registration: Registration,
    in_company: bool,
    config: Option<&PathBuf>,
) -> Result<Configured, Failure> {
    let read = |path: &PathBuf| config_file::read(path, registration.declaration(), in_company);
    let config = config.map(read).transpose().map_err(usage)?;
    if let Some(section) = &config {
        check_config(&registration, section.clone())
            .map_err(|invalid| usage(format!("config_invalid: {invalid}")))?;
    }
    Ok(Configured {
        registration,
        config,
    })
}

fn run(plugins: Vec<Registration>, brought: Brought) -> Result<(), Failure> {
    let Options {
        command,
        config,
        resources,
        names,
        log_format,
        selection,
    } = options::parse(std::env::args_os().skip(1)).map_err(usage)?;
    let in_company = plugins.len() > 1;
    let plugins = select(plugins, &selection).map_err(usage)?.into_iter();
    let program = Program {
        plugins: plugins
            .map(|plugin| configured(plugin, in_company, config.as_ref()))
            .collect::<Result<_, _>>()?,
        in_company,
        brought,
        resources,
        names,
        log_format: log_format.unwrap_or_else(LogFormat::of_stderr),
    };
    if in_company {
        program.tools().check().map_err(usage)?;
    }
    match command {
        Command::Serve => {
            let plugins = program.declarations().map(|it| program.standalone(it));
            let plugins = plugins.collect::<Result<Vec<_>, _>>()?;
            // Other peers are known by what they say first; a dagstack host gives what is missing.
            if std::io::stdin().is_terminal() {
                plugins.iter().try_for_each(all_there)?;
            }
            serve(program, plugins)
                .map_err(|error| failed(format!("cannot start serving: {error}")))
        }
        Command::Manifest { command, output } => {
            let declaration = program.single()?.registration.declaration();
            let text = manifest::text(declaration, in_company, command, output.as_deref());
            let text = text.map_err(failed)?;
            match output {
                None => print(&text),
                Some(file) => std::fs::write(&file, text)
                    .map_err(|error| failed(format!("cannot write `{}`: {error}", file.display()))),
            }
        }
        Command::Schema => {
            let declarations: Vec<_> = program.declarations().collect();
            let text = schemas(&declarations).map_err(|error| failed(error.to_string()))?;
            print(&text)
        }
        Command::Call { hook, json } => call_once(&program, &hook, json),
        Command::Help => {
            let declarations: Vec<_> = program.declarations().collect();
            let resources = declarations.iter().map(|it| standalone::help(it, brought));
            print(&(help::text(&declarations) + &resources.collect::<String>()))
        }
        Command::Version => {
            let versions = program.declarations();
            let versions =
                versions.map(|it| format!("{} {}\n", it.key(), it.version.unwrap_or("0.0.0")));
            print(&versions.collect::<String>())
        }
    }
}

/// That the executable brings what the plugin cannot do without.
fn all_there(standalone: &Standalone) -> Result<(), Failure> {
    // The author's function makes resources as in a setup.
    let runtime = AsyncRuntime::default();
    let _inside = runtime.enter();
    let missing = standalone
        .missing()
        .map_err(|error| ended(error.code(), format!("{}: {error}", error.code())))?;
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(usage(missing.join("\n"))),
    }
}

/// The schemas of the config and the hooks, without defaults of secrets; of several plugins, each
/// under its key.
fn schemas(declarations: &[&Declaration]) -> serde_json::Result<String> {
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
    let exposed: Vec<Vec<_>> = declarations
        .iter()
        .map(|declaration| {
            let hooks = declaration.exposed();
            hooks
                .map(|(_, hook)| (hook, mask_schema(&hook.schemas().input)))
                .collect()
        })
        .collect();
    let all = declarations
        .iter()
        .zip(&exposed)
        .map(|(declaration, exposed)| {
            let hooks = exposed.iter().map(|(hook, schema)| {
                let input = Input { hook, schema };
                let output = &hook.schemas().output;
                (hook.name, Pair { input, output })
            });
            let all = All {
                config: mask_schema(&(declaration.config_schema)()),
                hooks: hooks.collect(),
            };
            (declaration.key(), all)
        });
    let all: BTreeMap<String, All<'_>> = all.collect();
    let text = match (all.len(), all.values().next()) {
        (1, Some(only)) => serde_json::to_string_pretty(only),
        _ => serde_json::to_string_pretty(&all),
    };
    Ok(text? + "\n")
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

/// The plugin and the hook that `call` means; of an executable with several plugins it may be said by
/// the tool's name.
fn called<'a>(program: &'a Program, hook: &'a str) -> Result<(&'a Configured, &'a str), Failure> {
    let tool = match program.in_company {
        true => program.tools().find(Peer::default(), hook),
        false => return Ok((program.single()?, hook)),
    };
    match (tool, &program.plugins[..]) {
        (Ok(id), plugins) => {
            let plugin = plugins.get(id.plugin);
            let hook = plugin.and_then(|it| {
                let declaration = it.registration.declaration();
                Some((it, declaration.hooks.get(id.hook)?))
            });
            let (plugin, hook) = hook.ok_or_else(|| usage("unknown tool"))?;
            Ok((plugin, hook.name))
        }
        // `execute` of a tool, or its mistakes in its own words.
        (Err(_), [plugin]) => Ok((plugin, hook)),
        (Err(error), _) => Err(usage(error.message)),
    }
}

/// `call HOOK JSON`: sets up, calls, tears down. What the hook prints goes to stderr.
fn call_once(program: &Program, hook: &str, json: String) -> Result<(), Failure> {
    let (Configured { registration, config }, hook) = called(program, hook)?;
    let declaration = registration.declaration();
    let standalone = program.standalone(declaration)?;
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
    super::log::start(Some(declaration), program.log_format);
    secrets::report_panics();
    let section = config.clone().unwrap_or(Value::Null);
    secrets::learn(declaration, &section);
    let runtime = AsyncRuntime::default();
    let _inside = runtime.enter();
    let scope = Arc::new(PluginScope::of(declaration));
    let not_set_up = |error: PluginError| ended(error.code(), format!("{}: {error}", error.code()));
    let resources = standalone.make().map_err(not_set_up)?;
    let (plugin, called) = task::block_on(async {
        let context = SetupContext::new(section)
            .with_scope(Arc::clone(&scope))
            .with_resources(resources.clone());
        let plugin = setup(registration, context).await.map_err(not_set_up)?;
        let context = HookContext::new()
            .with_scope(scope)
            .with_progress(call_progress::sink());
        if let Ok(signals) = unix::signals() {
            let token = context.cancellation().clone();
            call_progress::cancel_by_signal(signals, token, INTERRUPTED.into());
        }
        let args = Args::Value(&mut args);
        let called = {
            let called = pin!(call_as(Access::Exposed, &*plugin, hook, &context, args));
            until_given_up(&context, &runtime, called, || false).await
        };
        Ok::<_, Failure>((plugin, called))
    })?;
    call_progress::clear_bar();
    lifecycle::finish(lifecycle::tear_down(Arc::from(plugin), resources));
    let value = called
        .and_then(dagstack_plugin_core::Output::into_value)
        .map_err(secrets::scrub_error)
        .map_err(|error| ended(error.code(), failure_text(&error)))?;
    let text = dagstack_plugin_core::canonical_json::to_string(&value)
        .map_err(|error| failed(format!("the result has no canonical form: {error}")))?;
    write(output, &format!("{text}\n"))
}

fn serve(program: Program, standalone: Vec<Standalone>) -> std::io::Result<()> {
    let signals = unix::signals()?;
    let (woken, waker) = unix::wake_pipe()?;
    let streams = unix::protect()?;
    let plugin = program.single().ok();
    let plugin = plugin.map(|plugin| plugin.registration.declaration());
    super::log::start(plugin, program.log_format);
    secrets::report_panics();
    let tools = program.tools();
    let hosted = program.plugins.into_iter().zip(standalone);
    let hosted = hosted.map(|(plugin, standalone)| {
        Hosted::new(plugin.registration, plugin.config, standalone)
    });
    let server = Arc::new(Server {
        tools,
        plugins: hosted.map(Arc::new).collect(),
        in_company: program.in_company,
        turns: Default::default(),
        in_flight: Default::default(),
        output: LineWriter::new(streams.output),
        runtime: Default::default(),
        session: Default::default(),
        host_calls: Default::default(),
        pool: Pool::new(waker),
        input: Mutex::new(LineReader::new(streams.input)),
        spare: Default::default(),
        router: Box::new(LineRouter::default()),
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
