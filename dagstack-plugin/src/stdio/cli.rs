//! The command line of a plugin executable.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe::register;

use super::guard;
use super::output::Output;
use super::pool::Pool;
use super::reader::LineReader;
use super::serve::Server;
use super::supervisor;
use super::tools::{ToolNames, Tools};
use crate::plugin::Plugin;
use crate::registration::Registration;

/// The `main` of a plugin executable; [`main!`](crate::main) calls it.
pub fn main<T: Plugin>() -> ExitCode {
    let _args: Vec<OsString> = std::env::args_os().skip(1).collect();
    serve::<T>(None, ToolNames::Full)
}

fn serve<T: Plugin>(config: Option<serde_json::Value>, names: ToolNames) -> ExitCode {
    match try_serve::<T>(config, names) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("error: cannot start serving: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_serve<T: Plugin>(
    config: Option<serde_json::Value>,
    names: ToolNames,
) -> std::io::Result<()> {
    let (signals, signalled) = pipe_with(PipeFlags::CLOEXEC)?;
    register(SIGTERM, signalled.try_clone()?)?;
    register(SIGINT, signalled)?;
    let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let streams = guard::protect()?;
    super::log::start();
    let server = Arc::new(Server {
        registration: Registration::of::<T>(),
        tools: Tools::new(T::declaration(), names),
        instance: Default::default(),
        in_flight: Default::default(),
        output: Output::new(streams.output),
        runtime: Default::default(),
        session: Default::default(),
        protocol: Default::default(),
        pool: Pool::new(wake),
        input: Mutex::new(LineReader::new(streams.input)),
        config,
    });
    supervisor::supervise(&server, streams.printed, &signals, &woken);
    Ok(())
}
