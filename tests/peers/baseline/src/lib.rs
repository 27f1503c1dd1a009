//! The echo plugin as one would write it by hand with the usual libraries and without an SDK: a
//! trait, its implementation, the schemas, and a registration. Only its build time is of use.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

/// What the echo takes.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EchoParams {
    /// The text to give back.
    pub text: String,
}

/// What the echo gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EchoResult {
    /// The text that was given.
    pub result: String,
}

/// Something that can be called with a text.
#[async_trait::async_trait]
pub trait Tool: Send + Sync {
    /// Calls it.
    async fn execute(&self, params: EchoParams) -> EchoResult;
}

/// Gives the text back.
#[derive(Debug, Default)]
pub struct Echo;

#[async_trait::async_trait]
impl Tool for Echo {
    async fn execute(&self, params: EchoParams) -> EchoResult {
        tracing::debug!(bytes = params.text.len(), "echo");
        EchoResult {
            result: params.text,
        }
    }
}

/// A registered tool.
#[derive(Debug)]
pub struct Registration {
    /// The tool's name.
    pub name: &'static str,
    /// Makes one.
    pub create: fn() -> Box<dyn Tool>,
    /// The schemas of its parameters and of its result.
    pub schemas: fn() -> (Schema, Schema),
}

inventory::collect!(Registration);

inventory::submit! {
    Registration {
        name: "echo",
        create: || Box::new(Echo),
        schemas: || (schema_for!(EchoParams), schema_for!(EchoResult)),
    }
}
