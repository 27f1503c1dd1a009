//! The command line of a plugin executable.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::bounds::Bounds;
use super::in_order::Input;
use super::log_format::visible;
use super::options::{self, Command};
use super::pool::Pool;
use super::program::Program;
use super::reader::LineReader;
use super::router::LineRouter;
use super::server::{Hosted, Prepared, Server};
use super::standalone_resources::{self, Brought};
use super::supervisor;
use super::unix::{self, AsFd, Events};
use super::writer::LineWriter;
use super::{batch, call_once, check, help, manifest, secrets};
use dagstack_engine::secrets::mask_schema;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::code;
use dagstack_plugin_core::registration::Registration;
use dagstack_plugin_core::schema::Schema;

/// The exit code of a command line, arguments or a config that do not fit.
const USAGE: u8 = 2;
/// That of a call which was cancelled, as shells have it for ctrl-c.
pub(super) const INTERRUPTED: u8 = 130;

/// The `main` of a plugin executable; `dagstack_plugin::main!` calls it.
pub fn main(plugins: Vec<Registration>, brought: Brought) -> ExitCode {
    match run(plugins, brought) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, problem)) => {
            // Where stderr fails there is nowhere to say it.
            let line = format!("error: {}\n", visible(&problem));
            let _ = unix::write_all(unix::stderr(), line.as_bytes());
            ExitCode::from(code)
        }
    }
}

/// What ends the program: its exit code and the reason.
pub(super) type Failure = (u8, String);

pub(super) fn usage(problem: impl Into<String>) -> Failure {
    (USAGE, problem.into())
}

pub(super) fn failed(problem: impl Into<String>) -> Failure {
    (1, problem.into())
}

/// A call that ended with an error of this code: what was given does not fit, or something failed.
pub(super) fn ended(code: &str, problem: String) -> Failure {
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

fn run(plugins: Vec<Registration>, brought: Brought) -> Result<(), Failure> {
    let (command, options) = options::parse(std::env::args_os().skip(1)).map_err(usage)?;
    let program = Program::new(plugins, brought, options).map_err(usage)?;
    match command {
        Command::Serve => {
            let plugins = program.prepared().map_err(usage)?;
            serve(&program, plugins)
                .map_err(|error| failed(format!("cannot start serving: {error}")))
        }
        Command::Check => checked(&program),
        Command::Manifest { command, output } => {
            let plugin = program.single().map_err(usage)?;
            configured(&program)?;
            let (declaration, in_company) = (plugin.declaration(), program.in_company);
            let text = manifest::text(declaration, in_company, command, output.as_deref());
            let text = text.map_err(failed)?;
            match output {
                None => print(&text),
                Some(file) => std::fs::write(&file, text)
                    .map_err(|error| failed(format!("cannot write `{}`: {error}", file.display()))),
            }
        }
        Command::Schema => {
            configured(&program)?;
            let declarations: Vec<_> = program.declarations().collect();
            let text = schemas(&declarations).map_err(|error| failed(error.to_string()))?;
            print(&text)
        }
        Command::Call { hook, json } => call_once::call(&program, &hook, json),
        Command::Help => {
            let declarations: Vec<_> = program.declarations().collect();
            let resources = declarations.iter();
            let resources = resources.map(|it| standalone_resources::help(it, program.brought));
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

/// That the config fits which the command line names, and the command does not need.
fn configured(program: &Program) -> Result<(), Failure> {
    let mut named = program.plugins.iter().filter(|it| it.sources.are_named());
    named.try_for_each(|plugin| plugin.gather().map(drop).map_err(usage))
}

/// `check`: says what is well, then everything that is not.
fn checked(program: &Program) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for plugin in &program.plugins {
        let resources = program.resources(plugin.declaration());
        let report = check::check(&plugin.registration, &plugin.sources, resources);
        let of = match program.in_company {
            true => format!("{}: ", plugin.declaration().key()),
            false => String::new(),
        };
        for line in report.well {
            print(&format!("{of}{line}\n"))?;
        }
        problems.extend(report.problems);
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(usage(problems.join("\nerror: "))),
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

pub(super) fn write(output: impl AsFd, text: &str) -> Result<(), Failure> {
    match unix::write_all(output, text.as_bytes()) {
        // The reader has seen enough, like `head`.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(failed(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

/// Requests without an answer that a peer can have; more are refused.
const MAX_REQUESTS: usize = 32 * 1024;
/// What they may hold together, in messages of the largest size.
const MAX_HELD: usize = 16;

fn serve(program: &Program, plugins: Vec<Prepared>) -> std::io::Result<()> {
    let signals = unix::signals()?;
    let (woken, waker) = unix::wake_pipe()?;
    let streams = unix::protect()?;
    let only = program.single().ok();
    super::log::start(only.map(|plugin| plugin.declaration()), program.log_format);
    secrets::report_panics();
    let server = Arc::new_cyclic(|server| Server {
        plugins: plugins
            .into_iter()
            .map(|prepared| Arc::new(Hosted::new(server, prepared)))
            .collect(),
        tools: program.tools(),
        in_company: program.in_company,
        turns: Default::default(),
        in_flight: Default::default(),
        bounds: Bounds::new(MAX_REQUESTS, program.max_message.saturating_mul(MAX_HELD)),
        batch_bounds: batch::bounds(),
        output: LineWriter::new(streams.output),
        runtime: Default::default(),
        session: Default::default(),
        host_calls: Default::default(),
        pool: Pool::new(waker),
        input: Mutex::new(LineReader::new(streams.input, program.max_message)),
        spare: Default::default(),
        router: Box::new(LineRouter::default()),
        is_refused: Default::default(),
    });
    let events = Events {
        printed: streams.printed,
        signals,
        woken,
    };
    supervisor::supervise(&server, events);
    let code = if server.is_refused() { USAGE } else { 0 };
    // At once: threads may still be inside hooks.
    std::process::exit(code.into())
}
