//! The echo tool as rmcp's README writes a server: its macros, `stdio()` and the multi-thread
//! runtime. (`#[tokio::main]` is that runtime written out.)

use std::error::Error;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::transport::stdio;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct EchoParams {
    text: String,
}

struct Echo;

#[tool_router(server_handler)]
impl Echo {
    /// Give the text back.
    #[tool(name = "tool.echo.execute.echo")]
    fn echo(&self, Parameters(EchoParams { text }): Parameters<EchoParams>) -> CallToolResult {
        let structured = serde_json::json!({ "result": text });
        let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
        result.structured_content = Some(structured);
        result
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Echo.serve(stdio()).await?;
    service.waiting().await?;
    Ok(())
}
