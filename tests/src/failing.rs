//! A kind and a plugin that fails in every way in which errors are passed on in Rust, with the crates
//! that people use for it.

use std::sync::Arc;

use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::Clock;
use dagstack_plugin::serde_json::json;
use dagstack_plugin::{BoxError, Plugin, TenantAccessDenied};
use eyre::WrapErr as _;

/// The error that is inside all others.
fn deep() -> HookError {
    HookError::new("deep", "deep down")
        .details(json!({ "x": 1 }))
        .with_source(std::io::Error::other("the disk is on fire"))
}

fn fails() -> Result<u8, HookError> {
    Err(deep())
}

/// anyhow's context; eyre has a method of the same name.
fn said<T, E>(result: Result<T, E>, words: &'static str) -> anyhow::Result<T>
where
    Result<T, E>: anyhow::Context<T, E>,
{
    anyhow::Context::context(result, words)
}

fn denied() -> TenantAccessDenied {
    TenantAccessDenied {
        tenant_id: Some("acme".to_owned()),
        resource_kind: "document".to_owned(),
        resource_id: "7".to_owned(),
        action: "read".to_owned(),
    }
}

/// An error of an author's with a code of its own.
#[derive(Clone, Debug, thiserror::Error)]
#[error("my own")]
pub struct Own;

impl From<Own> for HookError {
    fn from(_: Own) -> Self {
        Self::new("own", "mine").details(json!({ "n": 3 }))
    }
}

/// An error that shows another, or hides it.
#[derive(Debug, thiserror::Error)]
pub enum Wrapped {
    /// Passes its text and its source off as its own.
    #[error(transparent)]
    Transparent(#[from] HookError),
    /// The same twice.
    #[error(transparent)]
    Twice(#[from] Box<Wrapped>),
    /// Around anyhow.
    #[error(transparent)]
    Any(#[from] anyhow::Error),
    /// Quotes it.
    #[error("quoted: {0}")]
    Quoted(#[source] Arc<HookError>),
}

/// Fails.
#[kind(name = "failing", version = "1.0.0")]
pub trait Failing {
    /// As it is.
    #[hook(dispatch = "singleton")]
    async fn plain(&self) -> u8;
    /// By `?` into anyhow.
    #[hook(dispatch = "singleton")]
    async fn any(&self) -> u8;
    /// The same behind an await.
    #[hook(dispatch = "singleton")]
    async fn any_later(&self) -> u8;
    /// The same in a long computation.
    #[hook(dispatch = "singleton")]
    async fn any_computed(&self) -> u8;
    /// With anyhow's context.
    #[hook(dispatch = "singleton")]
    async fn any_context(&self) -> u8;
    /// By `?` into eyre.
    #[hook(dispatch = "singleton")]
    async fn eyre(&self) -> u8;
    /// With eyre's context.
    #[hook(dispatch = "singleton")]
    async fn eyre_context(&self) -> u8;
    /// As a variant that is transparent.
    #[hook(dispatch = "singleton")]
    async fn transparent(&self) -> u8;
    /// Transparent, boxed, transparent.
    #[hook(dispatch = "singleton")]
    async fn transparent_twice(&self) -> u8;
    /// anyhow in a variant.
    #[hook(dispatch = "singleton")]
    async fn transparent_any(&self) -> u8;
    /// Quoted by another.
    #[hook(dispatch = "singleton")]
    async fn quoted(&self) -> u8;
    /// In an `Arc`.
    #[hook(dispatch = "singleton")]
    async fn arc(&self) -> u8;
    /// In a `Box`.
    #[hook(dispatch = "singleton")]
    async fn boxed(&self) -> u8;
    /// As a boxed error of any type.
    #[hook(dispatch = "singleton")]
    async fn boxed_any(&self) -> u8;
    /// As a shared error of any type.
    #[hook(dispatch = "singleton")]
    async fn arc_any(&self) -> u8;
    /// In an error of io.
    #[hook(dispatch = "singleton")]
    async fn io(&self) -> u8;
    /// In all of these at once.
    #[hook(dispatch = "singleton")]
    async fn nested(&self) -> u8;
    /// An author's own, as it is.
    #[hook(dispatch = "singleton")]
    async fn own(&self) -> u8;
    /// An author's own, in a `Box`.
    #[hook(dispatch = "singleton")]
    async fn own_boxed(&self) -> u8;
    /// An author's own, in an `Arc`.
    #[hook(dispatch = "singleton")]
    async fn own_arc(&self) -> u8;
    /// Without a code.
    #[hook(dispatch = "singleton")]
    async fn bailed(&self) -> u8;
    /// A tenant that may not, in anyhow.
    #[hook(dispatch = "singleton")]
    async fn denied(&self) -> u8;
    /// The same in a `Box`.
    #[hook(dispatch = "singleton")]
    async fn denied_boxed(&self) -> u8;
    /// A resource that is not there, in eyre.
    #[hook(dispatch = "singleton")]
    async fn resource(&self) -> u8;
    /// Ends a chain, by anyhow.
    #[hook(dispatch = "chain")]
    async fn stop(&self, value: u8) -> u8;
}

/// How the setup, the teardown and the health check go.
#[data]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Act {
    /// Well.
    #[default]
    Well,
    /// The setup asks for a resource that is not declared.
    Resource,
    /// The same, and says more about it.
    ResourceContext,
    /// The setup reads a config that does not fit.
    Config,
    /// The setup fails by itself.
    Other,
    /// The teardown and the health check fail.
    Later,
}

/// What to do.
#[data]
#[derive(Clone, Copy, Default)]
pub struct Config {
    /// What to do.
    #[serde(default)]
    pub act: Act,
}

/// Fails.
#[derive(Debug)]
pub struct Fails(Act);

/// Fails.
#[plugin(kind = Failing, name = "fails")]
impl Fails {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> anyhow::Result<Self> {
        let clock = || ctx.resources().get::<dyn Clock>("clock");
        match ctx.config().act {
            Act::Resource => drop(clock()?),
            Act::ResourceContext => drop(said(clock(), "no time")?),
            Act::Config => {
                let section = json!({ "act": "Sideways" });
                dagstack_engine::config::decode::<Config>(Self::declaration(), section)?;
            }
            Act::Other => anyhow::bail!("no reason"),
            Act::Well | Act::Later => {}
        }
        Ok(Self(ctx.config().act))
    }

    #[hook]
    fn plain(&self) -> Result<u8, HookError> {
        fails()
    }

    #[hook]
    fn any(&self) -> anyhow::Result<u8> {
        Ok(fails()?)
    }

    #[hook]
    async fn any_later(&self) -> anyhow::Result<u8> {
        tokio::task::yield_now().await;
        Ok(fails()?)
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn any_computed(&self) -> anyhow::Result<u8> {
        Ok(fails()?)
    }

    #[hook]
    fn any_context(&self) -> anyhow::Result<u8> {
        said(said(fails(), "inner"), "outer")
    }

    #[hook]
    fn eyre(&self) -> eyre::Result<u8> {
        Ok(fails()?)
    }

    #[hook]
    fn eyre_context(&self) -> eyre::Result<u8> {
        fails().wrap_err("inner").wrap_err("outer")
    }

    #[hook]
    fn transparent(&self) -> Result<u8, Wrapped> {
        Ok(fails()?)
    }

    #[hook]
    fn transparent_twice(&self) -> Result<u8, Wrapped> {
        Ok(fails().map_err(Wrapped::from).map_err(Box::new)?)
    }

    #[hook]
    fn transparent_any(&self) -> Result<u8, Wrapped> {
        Ok(fails().map_err(anyhow::Error::from)?)
    }

    #[hook]
    fn quoted(&self) -> Result<u8, Wrapped> {
        fails().map_err(|error| Wrapped::Quoted(Arc::new(error)))
    }

    #[hook]
    fn arc(&self) -> Result<u8, Arc<HookError>> {
        fails().map_err(Arc::new)
    }

    #[hook]
    fn boxed(&self) -> Result<u8, Box<HookError>> {
        fails().map_err(Box::new)
    }

    #[hook]
    fn boxed_any(&self) -> Result<u8, BoxError> {
        Ok(fails()?)
    }

    #[hook]
    fn arc_any(&self) -> Result<u8, Arc<dyn std::error::Error + Send + Sync>> {
        fails().map_err(|error| Arc::new(error) as _)
    }

    #[hook]
    fn io(&self) -> std::io::Result<u8> {
        fails().map_err(std::io::Error::other)
    }

    #[hook]
    fn nested(&self) -> anyhow::Result<u8> {
        let shared = fails().map_err(Arc::new);
        let transparent = shared.map_err(|error| Wrapped::Any(error.into()));
        let io = transparent.map_err(std::io::Error::other);
        let report = io.wrap_err("while doing it");
        report.map_err(|error| anyhow::Error::from_boxed(error.into()))
    }

    #[hook]
    fn own(&self) -> Result<u8, Own> {
        Err(Own)
    }

    #[hook]
    fn own_boxed(&self) -> Result<u8, Box<Own>> {
        Err(Box::new(Own))
    }

    #[hook]
    fn own_arc(&self) -> Result<u8, Arc<Own>> {
        Err(Arc::new(Own))
    }

    #[hook]
    fn bailed(&self) -> anyhow::Result<u8> {
        Err(anyhow::anyhow!("root").context("outer"))
    }

    #[hook]
    fn denied(&self) -> anyhow::Result<u8> {
        Err(denied())?
    }

    #[hook]
    fn denied_boxed(&self) -> Result<u8, Box<TenantAccessDenied>> {
        Err(Box::new(denied()))
    }

    #[hook]
    fn resource(&self) -> eyre::Result<u8> {
        Err(dagstack_plugin::resources::ResourceError::missing(
            "moon",
            ["sun"],
        ))?
    }

    #[hook]
    fn stop(&self, value: u8) -> anyhow::Result<u8> {
        match value {
            0 => Ok(0),
            value => said(Err(HookError::stop(&(value + 1))), "enough"),
        }
    }

    #[health]
    fn health(&self) -> anyhow::Result<Health> {
        match self.0 {
            Act::Later => Ok(said(fails(), "unwell").map(|_| Health::Healthy)?),
            _ => Ok(Health::Healthy),
        }
    }

    #[teardown]
    fn teardown(&self) -> eyre::Result<()> {
        match self.0 {
            Act::Later => Ok(fails().wrap_err("stuck").map(drop)?),
            _ => Ok(()),
        }
    }
}
