//! Our end of the MCP session: what the host says of itself, and what it does with what it is told.

use dagstack_plugin::CORE_VERSION;
use rmcp::ClientHandler;
use rmcp::model::{
    ClientCapabilities, ClientConfig, ExperimentalCapabilities, Implementation, JsonObject,
    ProtocolVersion,
};
use serde_json::json;

use super::EXTENSION;

/// The host's side of a session.
#[derive(Debug)]
pub(super) struct Client;

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let mut ours = JsonObject::new();
        ours.insert("version".to_owned(), json!(1));
        ours.insert("core_version".to_owned(), json!(CORE_VERSION));
        let mut capabilities = ClientCapabilities::default();
        capabilities.experimental = Some(ExperimentalCapabilities::from([(
            EXTENSION.to_owned(),
            ours,
        )]));
        let host = Implementation::new("dagstack-runtime", env!("CARGO_PKG_VERSION"));
        // Later versions forbid requests from the plugin to the host.
        ClientConfig::new(capabilities, host)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}
