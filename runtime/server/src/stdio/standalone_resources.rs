//! The resources that the executable brings for its plugin where no dagstack host gives any: the standard
//! ones, by the settings of the command line and the environment, and over them the author's own.

use std::ffi::OsString;
use std::fmt::Write as _;

use super::resource_settings::{Setting, Settings};
use dagstack_engine::panics;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::{BoxError, PluginError, code};
use dagstack_plugin_core::resources::{ResourceError, ResourceSet, warn_if_misspelt};
use dagstack_plugin_core::{PluginName, suggest};
use dagstack_resources::standalone::{Make, Standard};

/// What `main!` says of resources.
#[derive(Clone, Copy, Debug)]
pub struct Brought {
    /// The standard ones, by the features of dagstack-plugin.
    pub standard: &'static [Standard],
    /// The author's own.
    pub own: Option<Own>,
}

/// Makes the author's own resources.
pub type Own = fn() -> Result<ResourceSet, BoxError>;

/// What the function in `main!(…, resources = function)` may return.
#[diagnostic::on_unimplemented(
    message = "the resources of `main!` are a `ResourceSet`, found `{Self}`",
    label = "expected a function that returns `ResourceSet`, or `Result<ResourceSet, E>`"
)]
pub trait IntoResources {
    /// The resources.
    ///
    /// # Errors
    ///
    /// The function's own.
    fn into_resources(self) -> Result<ResourceSet, BoxError>;
}

// The message says which there are.
#[diagnostic::do_not_recommend]
impl IntoResources for ResourceSet {
    fn into_resources(self) -> Result<ResourceSet, BoxError> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoResources for Result<ResourceSet, E> {
    fn into_resources(self) -> Result<ResourceSet, BoxError> {
        self.map_err(Into::into)
    }
}

/// The resources of one plugin's executable. None is made before the plugin is set up.
pub(super) struct StandaloneResources {
    declaration: &'static Declaration,
    brought: Brought,
    /// Those of the standard ones that the plugin declares and its executable brings.
    brings: Vec<Brings>,
    /// What is wrong with the environment, which may be a dagstack host's.
    problem: Option<String>,
}

/// A standard resource, not made yet.
struct Brings {
    name: &'static str,
    make: Make,
    /// Where its setting comes from, if it has any.
    source: Option<String>,
}

impl StandaloneResources {
    /// Reads the settings: `NAME=VALUE` of `--resource`, and variables of the environment.
    ///
    /// # Errors
    ///
    /// What is wrong with one of them.
    pub(super) fn new(
        declaration: &'static Declaration,
        brought: Brought,
        options: &[String],
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, String> {
        let settings = Settings {
            declaration,
            standard: brought.standard,
        };
        let given = settings.of_options(options)?;
        let (inherited, mut problem) = match settings.of_variables(variables) {
            Ok(inherited) => (inherited, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        let mut brings = Vec::new();
        for standard in brought.standard {
            let is_declared = declaration.resources().any(|name| name == standard.name);
            let Some(read) = standard.read.filter(|_| is_declared) else {
                continue;
            };
            let is_for = |setting: &&Setting| setting.resource == standard.name;
            let (given, inherited) = (given.iter().find(is_for), inherited.iter().find(is_for));
            let setting = given.or(inherited);
            let make = match setting {
                None => read(None)?,
                Some(setting) => match setting.check(read(Some(&setting.value))) {
                    Ok(make) => make,
                    Err(wrong) if given.is_none() => {
                        problem = Some(wrong);
                        continue;
                    }
                    Err(wrong) => return Err(wrong),
                },
            };
            brings.push(Brings {
                name: standard.name,
                make,
                source: setting.map(|setting| setting.source.clone()),
            });
        }
        Ok(Self {
            declaration,
            brought,
            brings,
            problem,
        })
    }

    /// What is wrong however the author's own resources turn out, with the code of its error.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if let Some(problem) = &self.problem {
            return Some((code::CONFIG_INVALID, problem.clone()));
        }
        // What the author's function makes is known only once it has.
        if self.brought.own.is_some() {
            return None;
        }
        let absent: Vec<String> = self
            .absent(&ResourceSet::new())
            .map(|error| error.to_string())
            .collect();
        (!absent.is_empty()).then(|| (code::RESOURCE_MISSING, absent.join("\n")))
    }

    /// Makes the resources.
    ///
    /// # Errors
    ///
    /// [`ResourceError::NotBrought`]; where one cannot be made; the error of the author's function.
    pub(super) fn make(&self) -> Result<ResourceSet, PluginError> {
        let own = self.own()?;
        if let Some(absent) = self.absent(&own).next() {
            return Err(PluginError::Resource(absent));
        }
        let mut set = ResourceSet::new().with_hint(
            "this plugin runs without a dagstack host, and its executable does not bring it",
        );
        for Brings { name, make, source } in &self.brings {
            if own.contains(name) {
                if let Some(source) = source {
                    tracing::warn!("`{source}` has no effect: `{name}` is the plugin's own");
                }
                continue;
            }
            let made = make().map_err(|error| {
                PluginError::new(format!("the resource `{name}` cannot be made: {error}"))
            })?;
            set = set.with_erased(*name, made);
        }
        let set = set.with_all(&own);
        let plugin = PluginName::new(self.declaration.kind, self.declaration.name);
        for name in self.declaration.resources_optional {
            if !set.contains(name) && self.standard(name).is_none() {
                warn_if_misspelt(&plugin, name, self.names(&own));
            }
        }
        Ok(set)
    }

    /// What the plugin cannot do without and is not there, each with the mend; nothing is made but the
    /// author's own.
    ///
    /// # Errors
    ///
    /// That of the author's function.
    pub(super) fn missing(&self) -> Result<Vec<ResourceError>, PluginError> {
        let own = self.own()?;
        Ok(self.absent(&own).collect())
    }

    fn own(&self) -> Result<ResourceSet, PluginError> {
        let Some(own) = self.brought.own else {
            return Ok(ResourceSet::new());
        };
        let made = panics::catch(own).map_err(|_| PluginError::Panicked)?;
        // One of ours in it keeps its code.
        made.map_err(PluginError::from)
    }

    fn absent(&self, own: &ResourceSet) -> impl Iterator<Item = ResourceError> {
        let is_there =
            |name: &str| own.contains(name) || self.brings.iter().any(|it| it.name == name);
        let required = self.declaration.resources_required.iter();
        required.filter(move |name| !is_there(name)).map(|name| {
            let (suggestion, mend) = match self.standard(name) {
                Some(standard) => (None, switch_on(standard)),
                None => (
                    suggest(name, self.names(own)).map(str::to_owned),
                    "give one by `main!(…, resources = …)`, or run the plugin in a dagstack host that has it".to_owned(),
                ),
            };
            ResourceError::NotBrought {
                plugin: self.declaration.key(),
                resource: (*name).to_owned(),
                suggestion,
                mend,
            }
        })
    }

    fn standard(&self, name: &str) -> Option<&'static Standard> {
        let mut standard = self.brought.standard.iter();
        standard.find(|standard| standard.name == name)
    }

    /// All that the plugin could have meant.
    fn names<'a>(&self, own: &'a ResourceSet) -> impl Iterator<Item = &'a str> {
        let standard = self.brought.standard.iter();
        own.names().chain(standard.map(|standard| standard.name))
    }
}

/// For `--help`: the resources that the plugin declares, and who brings them.
pub(super) fn help(declaration: &Declaration, brought: Brought) -> String {
    let mut text = String::new();
    for name in declaration.resources() {
        let is_required = declaration.resources_required.contains(&name);
        let need = if is_required { "required" } else { "optional" };
        let mut standard = brought.standard.iter();
        let from = match standard.find(|standard| standard.name == name) {
            Some(Standard { read: Some(_), .. }) => "",
            Some(Standard { feature, .. }) => &format!("; built without the feature `{feature}`"),
            None if brought.own.is_some() => "; the plugin's own",
            None => "; from a dagstack host",
        };
        let _ = writeln!(text, "      {name} ({need}{from})");
    }
    match text.is_empty() {
        true => text,
        false => format!("\nresources\n{text}"),
    }
}

/// The mend where a feature is off.
pub(super) fn switch_on(standard: &Standard) -> String {
    let feature = standard.feature;
    format!(
        "switch on the feature `{feature}` of dagstack-plugin, `bin = [\"dagstack-plugin/stdio\", \"dagstack-plugin/{feature}\"]`; or give one of your own by `main!(…, resources = …)`"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use dagstack_plugin_core::resources::{Clock, FrozenClock};
    use dagstack_plugin_core::schema::Schema;
    use dagstack_resources::standalone;

    static FETCHER: Declaration = Declaration {
        resources_required: &["clock", "http_client", "http_clinet"],
        resources_optional: &["rng"],
        ..Declaration::new("tool", "fetcher", "Fetcher", &[], Schema::new)
    };

    static STANDARD: [Standard; 3] = [
        Standard {
            name: "clock",
            feature: "",
            read: Some(standalone::clock),
        },
        Standard {
            name: "http_client",
            feature: "http-client",
            read: None,
        },
        Standard {
            name: "tmpdir",
            feature: "",
            read: Some(|_| panic!("the plugin does not use it")),
        },
    ];

    const ALONE: Brought = Brought {
        standard: &STANDARD,
        own: None,
    };

    fn read(
        brought: Brought,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<StandaloneResources, String> {
        let options: Vec<String> = options.iter().map(|it| (*it).to_owned()).collect();
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        StandaloneResources::new(&FETCHER, brought, &options, variables)
    }

    fn problem(options: &[&str]) -> String {
        read(ALONE, options, &[]).err().unwrap()
    }

    #[test]
    fn a_feature_that_is_off_is_named() {
        let missing = read(ALONE, &[], &[]).ok().unwrap().missing();
        let missing: Vec<String> = missing.unwrap().iter().map(ToString::to_string).collect();
        let mend = "switch on the feature `http-client` of dagstack-plugin, `bin = [\"dagstack-plugin/stdio\", \"dagstack-plugin/http-client\"]`";
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(
            missing[0].starts_with("`tool.fetcher` needs the resource `http_client`, and no dagstack host is here to give it\nhelp: "),
            "{missing:?}"
        );
        assert!(missing[0].contains(mend), "{missing:?}");
        assert!(
            missing[1].contains("`http_clinet` (did you mean `http_client`?)"),
            "{missing:?}"
        );
        let problem = problem(&["http_client=timeout:5"]);
        assert!(
            problem.contains("this executable is built without it") && problem.contains(mend),
            "{problem}"
        );
        // A variable may be meant for others; what is missing is told anyhow.
        let inherited = [
            ("DAGSTACK_RESOURCE_HTTP_CLIENT", "timeout:5"),
            ("PATH", "/bin"),
        ];
        assert!(read(ALONE, &[], &inherited).is_ok());
        let help = help(&FETCHER, ALONE);
        assert_eq!(
            help,
            "\nresources\n      clock (required)\n      http_client (required; built without the feature `http-client`)\n      http_clinet (required; from a dagstack host)\n      rng (optional; from a dagstack host)\n"
        );
    }

    #[test]
    fn the_authors_own_are_counted_and_made_when_they_are_needed() {
        fn own() -> Result<ResourceSet, BoxError> {
            let clock = || -> Arc<dyn Clock> { Arc::new(FrozenClock::at_unix_nanos(5)) };
            let names = ["http_client", "http_clinet"].into_iter();
            Ok(names.fold(ResourceSet::new(), |set, name| set.with(name, clock())))
        }
        let with = |own| Brought {
            own: Some(own),
            ..ALONE
        };
        let standalone = read(with(own), &["clock=frozen:1"], &[]).ok().unwrap();
        assert_eq!(standalone.missing().unwrap(), []);
        let set = standalone.make().ok().unwrap();
        assert_eq!(
            set.names().collect::<Vec<_>>(),
            ["clock", "http_client", "http_clinet"]
        );
        assert_eq!(set.get::<dyn Clock>("clock").unwrap().monotonic_ns(), 1);
        let missing = set.get::<dyn Clock>("rng").err().unwrap().to_string();
        assert_eq!(
            missing,
            "there is no resource `rng`; this plugin runs without a dagstack host, and its executable does not bring it"
        );
        let failing = read(with(|| Err("locked".into())), &[], &[]).ok().unwrap();
        assert_eq!(failing.missing().err().unwrap().to_string(), "locked");
        let panicking = read(with(|| panic!("it burns")), &[], &[]).ok().unwrap();
        assert_eq!(panicking.make().err().unwrap().code(), "panicked");
    }
}
