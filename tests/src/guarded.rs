//! A kind, its plugin and a tool that quote their secrets and what they are given.

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::json;

/// The secrets.
#[data]
#[derive(Clone, Debug)]
pub struct Config {
    /// A secret by its type.
    pub pin: Secret<String>,
    /// One by its name.
    pub password: String,
}

/// Quotes.
#[kind(name = "guarded", version = "1.0.0")]
pub trait Guarded {
    /// Counts.
    #[hook(dispatch = "singleton")]
    async fn count(&self, number: u32) -> u32;
    /// Quotes what it is given, and the secrets if asked.
    #[hook(dispatch = "singleton")]
    async fn tell(&self, given: String, secrets: bool) -> u32;
    /// The same behind an await.
    #[hook(dispatch = "singleton")]
    async fn tell_later(&self, given: String, secrets: bool) -> u32;
    /// The same in a long computation.
    #[hook(dispatch = "singleton")]
    async fn tell_computed(&self, given: String, secrets: bool) -> u32;
    /// The same at once.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn tell_now(&self, given: &str, secrets: bool) -> u32;
    /// Passes an error of the SDK on that quotes a secret.
    #[hook(dispatch = "singleton")]
    async fn pass_on(&self) -> u32;
}

impl Config {
    fn told(&self, given: &str, secrets: bool) -> HookError {
        let told = match secrets {
            true => format!(
                "{given} {} {:?} {}",
                self.pin.expose(),
                self.pin.expose(),
                self.password
            ),
            false => given.to_owned(),
        };
        HookError::new("told", format!("no `{told}`")).details(json!({ "it": [told] }))
    }
}

/// Quotes.
#[derive(Debug)]
pub struct Quotes(Config);

/// Quotes.
#[plugin(kind = Guarded, name = "quotes")]
impl Quotes {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self(ctx.config().clone())
    }

    #[hook]
    fn count(&self, number: u32) -> u32 {
        number
    }

    #[hook]
    fn tell(&self, given: String, secrets: bool) -> Result<u32, HookError> {
        Err(self.0.told(&given, secrets))
    }

    #[hook]
    async fn tell_later(&self, given: String, secrets: bool) -> Result<u32, HookError> {
        tokio::task::yield_now().await;
        Err(self.0.told(&given, secrets))
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn tell_computed(&self, given: String, secrets: bool) -> Result<u32, HookError> {
        Err(self.0.told(&given, secrets))
    }

    #[hook]
    fn tell_now(&self, given: &str, secrets: bool) -> Result<u32, HookError> {
        Err(self.0.told(given, secrets))
    }

    #[hook]
    fn pass_on(&self) -> Result<u32, HookError> {
        // As if it had asked another plugin for a hook of that name.
        Err(dagstack_engine::unknown_hook(
            "a",
            "b",
            ["c"],
            self.0.pin.expose(),
        ))
    }
}

/// Quotes.
#[derive(Debug)]
pub struct Tool(Config);

/// Quotes.
#[plugin(kind = "tool", name = "quoting")]
impl Tool {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Self {
        Self(ctx.config().clone())
    }

    /// Counts.
    #[hook]
    fn count(&self, number: u32) -> u32 {
        number
    }

    /// Quotes.
    #[hook]
    fn tell(&self) -> Result<u32, HookError> {
        Err(self.0.told("", true))
    }
}
