//! What the words of the command line come to: the plugins that are meant, each with where its config and
//! its resources come from.

use std::io::IsTerminal as _;

use super::check::all_there;
use super::log_format::LogFormat;
use super::options::Options;
use super::select::{select, several};
use super::server::Prepared;
use super::standalone_config::{StandaloneConfig, gather, warn};
use super::standalone_resources::{Brought, StandaloneResources};
use super::tools::{NameStyle, SchemaStyle, Tools};
use crate::config::{Gathered, Mistakes, Sources, share};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::registration::Registration;

/// The plugins that are meant.
pub(super) struct Program {
    pub(super) plugins: Vec<Chosen>,
    /// The executable holds several plugins.
    pub(super) in_company: bool,
    pub(super) brought: Brought,
    /// How resources are made, as `NAME=VALUE`.
    resources: Vec<String>,
    names: Option<NameStyle>,
    schemas: Option<SchemaStyle>,
    /// The longest message, in bytes.
    pub(super) max_message: usize,
    pub(super) log_format: LogFormat,
}

/// One of them.
pub(super) struct Chosen {
    pub(super) registration: Registration,
    /// Where its config is, beside the environment.
    pub(super) sources: Sources,
}

impl Chosen {
    pub(super) fn declaration(&self) -> &'static Declaration {
        self.registration.declaration()
    }

    /// The config.
    ///
    /// # Errors
    ///
    /// All that is wrong with it; what is odd besides is told.
    pub(super) fn gather(&self) -> Result<Gathered, String> {
        let gathered = gather(&self.registration, &self.sources).map_err(told)?;
        warn(&gathered.warnings);
        Ok(gathered)
    }
}

fn told(mistakes: Mistakes) -> String {
    warn(&mistakes.warnings);
    mistakes.to_string()
}

impl Program {
    /// # Errors
    ///
    /// Plugins that are not there, or that cannot be in one executable; a `--set` for none of them.
    pub(super) fn new(
        plugins: Vec<Registration>,
        brought: Brought,
        options: Options,
    ) -> Result<Self, String> {
        let in_company = plugins.len() > 1;
        let company = plugins.iter().map(|it| it.declaration().key());
        let company: Vec<String> = company.filter(|_| in_company).collect();
        let chosen = select(plugins, &options.selection)?;
        let declarations: Vec<_> = chosen.iter().map(Registration::declaration).collect();
        let settings = match in_company {
            true => share(options.settings, &declarations)?,
            false => vec![options.settings],
        };
        let chosen = chosen.into_iter().zip(settings);
        let chosen = chosen.map(|(registration, settings)| Chosen {
            registration,
            sources: Sources {
                file: options.file.clone(),
                settings,
                company: company.clone(),
            },
        });
        let program = Self {
            plugins: chosen.collect(),
            in_company,
            brought,
            resources: options.resources,
            names: options.names,
            schemas: options.schemas,
            max_message: options.max_message,
            log_format: options.log_format.unwrap_or_else(LogFormat::of_stderr),
        };
        if in_company {
            program.tools().check()?;
        }
        Ok(program)
    }

    pub(super) fn declarations(&self) -> impl Iterator<Item = &'static Declaration> {
        self.plugins.iter().map(Chosen::declaration)
    }

    pub(super) fn tools(&self) -> Tools {
        Tools::new(
            self.declarations(),
            self.in_company,
            self.names,
            self.schemas,
        )
    }

    /// The plugin, where only one will do.
    ///
    /// # Errors
    ///
    /// That there are several.
    pub(super) fn single(&self) -> Result<&Chosen, String> {
        match &self.plugins[..] {
            [plugin] => Ok(plugin),
            _ => Err(several(self.declarations())),
        }
    }

    /// What a plugin is given where no dagstack host gives it resources.
    ///
    /// # Errors
    ///
    /// What is wrong with the words or the variables.
    pub(super) fn resources(
        &self,
        declaration: &'static Declaration,
    ) -> Result<StandaloneResources, String> {
        // Of several plugins, an option is for those that use the resource. Where none does, it is a
        // mistake whosever.
        let is_for = |option: &&String| {
            let name = option.split('=').next().unwrap_or_default();
            let uses = |it: &Declaration| it.resources().any(|used| used == name);
            uses(declaration) || !self.declarations().any(uses)
        };
        let options: Vec<String> = self.resources.iter().filter(is_for).cloned().collect();
        StandaloneResources::new(declaration, self.brought, &options, std::env::vars_os())
    }

    /// The plugins, as they are about to serve. What the command line gets wrong is said at once; the
    /// plugins' own setups come with a client.
    ///
    /// # Errors
    ///
    /// What is wrong with the words; on a terminal, where no dagstack host is, with the environment and
    /// the resources too.
    pub(super) fn prepared(&self) -> Result<Vec<Prepared>, String> {
        let plugins = self.plugins.iter().map(|plugin| {
            let Chosen {
                registration,
                sources,
            } = plugin;
            let config = StandaloneConfig::of(registration, sources).map_err(told)?;
            let resources = self.resources(plugin.declaration())?;
            // Other peers are known by what they say first; a dagstack host gives what is missing.
            if std::io::stdin().is_terminal() {
                all_there(&resources)?;
            }
            Ok(Prepared {
                registration: registration.clone(),
                config,
                resources,
            })
        });
        plugins.collect()
    }
}
