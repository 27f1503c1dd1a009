//! stub
mod command;
pub use command::StdioCommand;
use dagstack_plugin::*;
use serde_json::Value;
use std::time::Duration;
/// x
#[derive(Debug)]
pub struct McpStdio;
impl McpStdio {
    pub(crate) async fn start(
        _: &crate::status::PluginName,
        _: &StdioCommand,
        _: Value,
        _: Duration,
    ) -> Result<Self, crate::PluginRegistryError> {
        Ok(Self)
    }
}
impl super::Adapter for McpStdio {
    fn call<'a>(
        &'a self,
        _: &'a str,
        _: &'a HookContext,
        _: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        todo!()
    }
    fn health(&self) -> BoxFuture<'_, Health> {
        todo!()
    }
    fn teardown(&self, _: Duration) -> BoxFuture<'_, Result<Released, super::TeardownFailure>> {
        todo!()
    }
}
