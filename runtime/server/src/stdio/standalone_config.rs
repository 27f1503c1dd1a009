//! What the plugin is set up with where no dagstack host says it.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use serde_json::Value;

use super::log_format::visible;
use super::unix;
use crate::config::{self, Gathered, Mistakes, Sources};
use dagstack_engine::{check_config, panics};
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
    /// What is wrong with the environment.
    pub(super) problem: Option<String>,
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
        // Schemas are the author's code; a setup meets the panic, too.
        let gathered = panics::catch(|| gather(plugin, sources));
        let Ok(gathered) = gathered else {
            return Ok(Self::default());
        };
        match gathered {
            Ok(gathered) => {
                if is_named || is_alone {
                    warn(&gathered.warnings);
                }
                Ok(Self {
                    section: gathered.section,
                    source_ids: gathered.sources,
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
        let _ = unix::write_all(
            unix::stderr(),
            format!("warning: {}\n", visible(warning)).as_bytes(),
        );
    }
}
