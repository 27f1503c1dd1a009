//! A plugin whose results and hooks are hard to carry; `tests/wire.rs` calls it linked and as an
//! executable.

use dagstack_plugin::Peers;
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::value::RawValue;
use dagstack_plugin::serde_json::{Value, json};

/// JSON text that is passed on as it is.
#[data]
pub struct Raw {
    #[schemars(with = "Value")]
    json: Box<RawValue>,
}

/// Carries what is hard to carry.
#[derive(Default)]
pub struct Wired;

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

/// Carries what is hard to carry.
#[plugin(kind = "tool", name = "wired")]
impl Wired {
    /// Gives the text back.
    #[hook]
    fn text(&self, text: String) -> String {
        text
    }

    /// An array in an array, so many levels deep.
    #[hook]
    fn nested(&self, levels: usize) -> Value {
        nested(levels)
    }

    /// Fails, with such details.
    #[hook]
    fn fail(&self, levels: usize) -> Result<(), HookError> {
        Err(HookError::new("nested", "it is").details(nested(levels)))
    }

    /// Tells such progress.
    #[hook]
    fn tell(&self, levels: usize, ctx: &HookContext) {
        ctx.progress().update_with(1.0, "told", nested(levels));
    }

    /// Gives JSON text back as it is.
    #[hook]
    fn raw(&self, json: String) -> Result<Raw, HookError> {
        let json = RawValue::from_string(json).map_err(HookError::from_error)?;
        Ok(Raw { json })
    }

    /// Only code in the same program may call it.
    #[hook(mcp_exposed = false)]
    fn own(&self, n: u8) -> u8 {
        n + 1
    }
}

/// Depends on [`Wired`], in the same program.
pub struct Peer(Peers);

/// Calls another plugin by JSON.
#[plugin(kind = "tool", name = "peer", depends_on = ["wired"])]
impl Peer {
    #[setup]
    fn setup(ctx: &PluginContext) -> Self {
        Self(ctx.registry().clone())
    }

    /// Calls a function of the other.
    #[hook]
    async fn ask(
        &self,
        function: String,
        args: Value,
        ctx: &HookContext,
    ) -> Result<Value, HookError> {
        let wired = self.0.plugin("tool", "wired")?;
        wired.call(&function, ctx, args).await
    }
}
