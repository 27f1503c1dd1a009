//! A plugin with secrets of every sort, which does all it can to tell them.

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;

/// A default that must not be shown.
pub const DEFAULT_KEY: &str = "default-hunter2-key";

/// What the plugin does with its config.
#[data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    /// Nothing but to live.
    #[default]
    Keep,
    /// Fails in its setup.
    FailSetup,
    /// The same, with an error whose message is harmless and whose `Debug` is not.
    FailSetupQuietly,
    /// Panics in its setup.
    PanicInSetup,
    /// Fails, panics or is unwell once it is set up.
    TellLater,
}

/// Secrets by name, by type and by both.
#[data]
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What to do.
    #[serde(default)]
    pub act: Act,
    /// No secret.
    pub host: Option<String>,
    /// Nor this.
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// A secret by its type.
    pub pin: Option<Secret<String>>,
    /// One with another name.
    #[serde(alias = "hidden")]
    pub veiled: Option<Secret<String>>,
    /// A number.
    pub door: Option<Secret<u64>>,
    /// Several.
    #[serde(default)]
    pub doors: Vec<Secret<String>>,
    /// Several by name.
    #[serde(default)]
    pub rooms: BTreeMap<String, Secret<String>>,
    /// A constrained one.
    #[schemars(length(min = 60))]
    pub long: Option<Secret<String>>,
    /// A secret by its name.
    pub password: Option<String>,
    /// One with a default in the schema.
    #[serde(default = "default_key")]
    pub api_key: String,
    /// One with a pattern.
    #[schemars(regex(pattern = r"^k-[0-9]+$"))]
    pub my_token: Option<String>,
    /// A list of values under a secret name.
    pub proxy_auth: Option<Act>,
    /// A container under a secret name.
    pub credentials: Option<BTreeMap<String, u32>>,
    /// Forms.
    pub backend: Option<Backend>,
    /// Forms told apart by their keys.
    pub store: Option<Store>,
    /// Nested.
    #[serde(default)]
    pub inner: Vec<Config>,
    /// Nested, by name.
    #[serde(default)]
    pub others: BTreeMap<String, Inner>,
}

fn default_key() -> String {
    DEFAULT_KEY.to_owned()
}

/// A form by its tag.
#[data]
#[derive(Clone, Debug)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Backend {
    /// Over the network.
    Http {
        /// Where.
        url: String,
        /// Known by its type.
        phrase: Secret<String>,
    },
    /// On disk.
    File {
        /// Where.
        path: String,
        /// Known by its name.
        secret: u64,
    },
}

/// A form by its key.
#[data]
#[derive(Clone, Debug)]
pub enum Store {
    /// Nothing.
    None,
    /// A secret.
    Sealed(Secret<String>),
    /// A list of them.
    Several(Vec<Secret<String>>),
}

/// No secret names at all.
#[data]
#[derive(Clone, Debug)]
pub struct Inner {
    /// A size.
    pub size: u8,
    /// A secret.
    pub word: Secret<String>,
}

impl Config {
    /// Every secret there is, exposed.
    fn told(&self) -> String {
        let texts = [&self.pin, &self.veiled, &self.long];
        let texts: Vec<_> = texts
            .into_iter()
            .flatten()
            .chain(&self.doors)
            .chain(self.rooms.values())
            .map(Secret::expose)
            .collect();
        let door = self.door.as_ref().map(|door| *door.expose());
        format!(
            "{self:?} {self:#?} {texts:?} {} {door:?}",
            texts
                .iter()
                .map(|it| it.as_str())
                .collect::<Vec<_>>()
                .join("/")
        )
    }
}

/// An error whose message says nothing.
#[derive(Debug)]
pub struct Quiet(#[allow(dead_code)] String);

impl std::fmt::Display for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for Quiet {}

/// Tells its secrets.
#[derive(Debug)]
pub struct Secretive(Config);

/// Tells its secrets.
#[plugin(kind = "vault", name = "secretive")]
impl Secretive {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        let config = ctx.config();
        match config.act {
            Act::FailSetup => Err(PluginError::new(config.told())),
            Act::FailSetupQuietly => Err(Quiet(config.told()).into()),
            Act::PanicInSetup => panic!("{}", config.told()),
            Act::Keep | Act::TellLater => Ok(Self(config.clone())),
        }
    }

    /// Fails.
    #[hook]
    fn fail(&self) -> Result<(), HookError> {
        let told = self.0.told();
        Err(HookError::new("told", told.clone()).details(json!({ "it": [told] })))
    }

    /// Panics.
    #[hook]
    async fn panic(&self) -> u8 {
        panic!("{}", self.0.told())
    }

    /// Takes secrets.
    #[hook]
    fn take(&self, config: Config, token: Secret<String>, login_token: Option<Act>) -> bool {
        let _ = (config, token, login_token);
        true
    }

    #[health]
    fn health(&self) -> Health {
        match self.0.act {
            Act::TellLater => Health::degraded(self.0.told()),
            _ => Health::Healthy,
        }
    }

    #[teardown]
    fn teardown(&self) -> Result<Released, PluginError> {
        match self.0.act {
            Act::TellLater => Err(PluginError::new(self.0.told())),
            _ => Ok(Released::All),
        }
    }
}
