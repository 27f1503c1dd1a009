//! The echo tool on rmcp in its fastest form: `stdio_pipes()`, a current-thread runtime and a
//! `ServerHandler` written by hand, which copies the text once, for the text block.

use std::error::Error;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::stdio_pipes;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};

const NAME: &str = "tool.echo.execute.echo";

struct Echo {
    tool: Tool,
}

fn schema(property: &str) -> Arc<JsonObject> {
    let mut schema = JsonObject::new();
    schema.insert("type".into(), "object".into());
    schema.insert(
        "properties".into(),
        json!({ property: { "type": "string" } }),
    );
    schema.insert("required".into(), json!([property]));
    Arc::new(schema)
}

impl Echo {
    fn new() -> Self {
        let tool = Tool::new(NAME, "Give the text back", schema("text"));
        Self {
            tool: tool.with_raw_output_schema(schema("result")),
        }
    }
}

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("echo", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(vec![self.tool.clone()]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name != NAME {
            return Err(ErrorData::invalid_params("unknown tool", None));
        }
        let text = request.arguments.and_then(|mut all| all.remove("text"));
        let Some(Value::String(text)) = text else {
            return Err(ErrorData::invalid_params("`text` must be a string", None));
        };
        let mut result = CallToolResult::success(vec![ContentBlock::text(text.clone())]);
        let mut structured = JsonObject::new();
        structured.insert("result".into(), text.into());
        result.structured_content = Some(Value::Object(structured));
        Ok(result.into())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        (name == NAME).then(|| self.tool.clone())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let service = Echo::new().serve(stdio_pipes()).await?;
        service.waiting().await?;
        Ok(())
    })
}
