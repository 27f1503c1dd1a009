//! Our end of the MCP session: what the host says of itself, and what it does with what it is told.

use dagstack_engine::wire::{self, EXTENSION};
use dagstack_plugin_core::CORE_VERSION;
use rmcp::model::{
    ClientCapabilities, ClientConfig, CustomRequest, CustomResult, ErrorCode, ErrorData,
    ExperimentalCapabilities, Implementation, JsonObject, ProtocolVersion,
};
use rmcp::service::RequestContext;
use rmcp::{ClientHandler, RoleClient};
use serde_json::json;

use super::resources::Serving;

/// The host's side of a session.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) serving: Serving,
}

impl ClientHandler for Client {
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleClient>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method != wire::RESOURCE {
            let message = format!("unknown method `{}`", request.method);
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None));
        }
        let params = request.params.unwrap_or_default();
        match self.serving.answer(params).await {
            Ok(value) => Ok(CustomResult::new(json!({ "value": value }))),
            Err(error) => {
                let message = error.message().to_owned();
                let data = Some(error.to_value());
                Err(ErrorData::new(ErrorCode(-32000), message, data))
            }
        }
    }

    fn get_info(&self) -> ClientConfig {
        let mut facts = JsonObject::new();
        facts.insert("version".to_owned(), json!(1));
        facts.insert("core_version".to_owned(), json!(CORE_VERSION));
        let mut capabilities = ClientCapabilities::default();
        capabilities.experimental = Some(ExperimentalCapabilities::from([(
            EXTENSION.to_owned(),
            facts,
        )]));
        let host = Implementation::new("dagstack-runtime", env!("CARGO_PKG_VERSION"));
        // Later versions forbid requests from the plugin to the host.
        ClientConfig::new(capabilities, host)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}
