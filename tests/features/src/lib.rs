//! A plugin whose types serde buffers before it knows what they are.

use std::collections::BTreeMap;

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::Value;

#[data]
#[derive(Clone, Debug)]
#[serde(tag = "type")]
pub enum Tagged {
    Circle { radius: f64, count: u32 },
    Table(BTreeMap<String, f64>),
}

#[data]
#[derive(Clone, Debug)]
#[serde(untagged)]
pub enum Either {
    Whole(i64),
    Broken(f64),
    Text(String),
    List(Vec<Either>),
}

#[data]
#[derive(Clone, Debug)]
pub struct Inner {
    pub ratio: f64,
    pub big: u64,
    pub small: f32,
}

#[data]
#[derive(Clone, Debug)]
pub struct Flat {
    pub id: u8,
    #[serde(flatten)]
    pub inner: Inner,
    #[serde(flatten)]
    pub rest: BTreeMap<String, f64>,
}

#[derive(Debug)]
pub struct Precise(Flat);

/// Gives back what it is given.
#[plugin(kind = "tool", name = "precise")]
impl Precise {
    #[setup]
    fn setup(ctx: &PluginContext<Flat>) -> Self {
        Self(ctx.config().clone())
    }

    /// A tagged enum.
    #[hook]
    fn tagged(&self, value: Tagged) -> Tagged {
        value
    }

    /// An untagged enum.
    #[hook]
    fn either(&self, value: Either) -> Either {
        value
    }

    /// A struct with flattened fields.
    #[hook]
    fn flat(&self, value: Flat) -> Flat {
        value
    }

    /// Flattened arguments.
    #[hook]
    fn flattened(&self, id: u8, #[serde(flatten)] inner: Inner) -> (u8, Inner) {
        (id, inner)
    }

    /// Plain numbers.
    #[hook]
    fn plain(&self, n: u16, big: u128, f: f64, list: Vec<f32>) -> (u16, u128, f64, Vec<f32>) {
        (n, big, f, list)
    }

    /// Anything.
    #[hook]
    fn any(&self, value: Value) -> Value {
        value
    }

    /// The config.
    #[hook]
    fn config(&self) -> Flat {
        self.0.clone()
    }

    /// Fails, with details.
    #[hook]
    fn fail(&self, value: Value) -> Result<(), HookError> {
        Err(HookError::new("no_good", "no good").details(value))
    }
}
