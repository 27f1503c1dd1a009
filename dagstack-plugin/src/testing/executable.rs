//! A plugin's executable, by the client that hosts use.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dagstack_client::{McpStdio, Needs, ResourceProvider, StartError, StdioCommand};
use dagstack_engine::feed::{Coverage, SectionFeed};
use serde_json::Value;

use super::runtime::TestRuntime;
use super::{given, logs, setup_failed};

use crate::PluginName;
use crate::error::{HookError, PluginError, code};
use crate::resources::ResourceSet;

/// How long an executable may take to start and to set its plugin up.
const START: Duration = Duration::from_secs(60);

/// Starts the executable and sets its plugin up.
pub(super) fn start(
    path: &Path,
    args: &[OsString],
    section: &Value,
    resources: &ResourceSet,
    runtime: &Arc<TestRuntime>,
) -> Result<McpStdio, HookError> {
    if !path.exists() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Err(HookError::new(
            code::TRANSPORT,
            format!(
                "there is no file `{}`; in an integration test of the plugin's package write `env!(\"CARGO_BIN_EXE_{name}\")`, which Cargo builds and finds; elsewhere `cargo build --bin {name}` builds it",
                path.display()
            ),
        ));
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (variable, directives) = logs::DIRECTIVES;
    let words = std::iter::once(absolute.into_os_string()).chain(args.iter().cloned());
    let command = StdioCommand::new(words).env(variable, directives);
    let feed = SectionFeed::new("", section.clone(), Coverage::Covered);
    let needs = Needs {
        resources: &Given(resources),
        required: &[],
    };
    runtime.block_on(async {
        McpStdio::start_any(&command, &feed, START, needs)
            .await
            .map_err(|error| not_started(path, error))
    })
}

/// What the test gives, to the plugin that says what it needs.
struct Given<'a>(&'a ResourceSet);

impl ResourceProvider for Given<'_> {
    type Error = HookError;

    fn give(
        &self,
        plugin: &PluginName,
        required: &[&str],
        optional: &[&str],
    ) -> Result<ResourceSet, HookError> {
        given(self.0, plugin, required, optional)
    }

    fn timeout(&self) -> Option<Duration> {
        None
    }
}

/// The error of a start, the same as that of the linked plugin's where that could fail alike.
fn not_started(path: &Path, error: StartError<HookError>) -> HookError {
    let failed = |message: &str| {
        let message = format!("`{}`: {message}", path.display());
        HookError::new(code::TRANSPORT, message)
    };
    match error {
        StartError::ConfigInvalid(invalid) => setup_failed(&PluginError::ConfigInvalid(invalid)),
        StartError::CannotCross(error) => setup_failed(&PluginError::Resource(error)),
        StartError::Resources(error) => error,
        StartError::Failed { cause, message } => match &*cause {
            "handshake_failed" | "no_plugin" => failed(&format!(
                "{message}; give the path of an executable that is built with `dagstack_plugin::main!`"
            )),
            "spawn_failed" => failed(&message),
            _ => HookError::new(cause, message),
        },
        StartError::TimedOut { operation } => {
            failed(&format!("{operation} took longer than {START:?}"))
        }
        StartError::VersionIncompatible { required } => failed(&format!(
            "it wants a core of version `{required}`, and this is {}",
            crate::CORE_VERSION
        )),
        _ => failed("it could not be started"),
    }
}
