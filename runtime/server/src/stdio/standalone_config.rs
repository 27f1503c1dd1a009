//! What the plugin is set up with where no dagstack host says it.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::unix;
use crate::config::{self, Gathered, Mistakes, Sources};
use dagstack_engine::check_config;
use dagstack_plugin_core::registration::Registration;

/// The config of a plugin from the command line and the environment.
///
/// A dagstack host sends a config of its own, and its environment is the host's: a variable that does
/// not fit ends the process only once it is known that there is no such host.
#[derive(Debug, Default)]
pub(super) struct StandaloneConfig {
    section: Value,
    /// Where it is from.
    pub(super) source_ids: Vec<String>,
    /// The command line names a source.
    is_named: bool,
    /// What is wrong with the environment.
    pub(super) problem: Option<String>,
    /// The process ends because of it.
    is_refused: AtomicBool,
}

impl StandaloneConfig {
    /// For a plugin that is about to serve.
    ///
    /// # Errors
    ///
    /// What is wrong with the sources that the command line names; on a terminal, where no host is, with
    /// the environment too.
    pub(super) fn of(plugin: &Registration, sources: &Sources) -> Result<Self, Mistakes> {
        let is_alone = std::io::stdin().is_terminal();
        let is_named = sources.are_named();
        match gather(plugin, sources) {
            Ok(gathered) => {
                if is_named || is_alone {
                    warn(&gathered.warnings);
                }
                Ok(Self {
                    section: gathered.section,
                    source_ids: gathered.sources,
                    is_named,
                    ..Self::default()
                })
            }
            Err(mistakes) if !is_alone && mistakes.are_of_environment() => {
                if is_named {
                    warn(&mistakes.warnings);
                }
                Ok(Self {
                    problem: Some(mistakes.to_string()),
                    ..Self::default()
                })
            }
            Err(mistakes) => Err(mistakes),
        }
    }

    /// What counts where there is no host.
    pub(super) fn section(&self) -> Value {
        self.section.clone()
    }

    /// What counts under a host that sends no config: not the environment, which is the host's.
    pub(super) fn section_for_hosts(&self) -> Value {
        match self.is_named {
            true => self.section(),
            false => Value::Null,
        }
    }

    /// The peer is no host of ours: what is wrong then ends the process.
    pub(super) fn refuse(&self) -> Option<&str> {
        let problem = self.problem.as_deref()?;
        self.is_refused.store(true, Ordering::Relaxed);
        Some(problem)
    }

    /// Whether the process is to end for it.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}

/// The config of a plugin from all sources, by its own types.
///
/// # Errors
///
/// All that is wrong with it.
pub(super) fn gather(plugin: &Registration, sources: &Sources) -> Result<Gathered, Mistakes> {
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let check = |section| check_config(plugin, section);
    config::gather(plugin.declaration(), sources, &environment, check)
}

/// Tells what is odd and no mistake.
pub(super) fn warn(warnings: &[String]) {
    for warning in warnings {
        // Where stderr fails there is nowhere to say it.
        let _ = unix::write_all(unix::stderr(), format!("warning: {warning}\n").as_bytes());
    }
}
