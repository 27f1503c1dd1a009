//! The echo tool as rmcp's README writes a server: its macros, `stdio()` and the multi-thread
//! runtime. (`#[tokio::main]` is that runtime written out.)

use std::error::Error;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::transport::stdio;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct EchoParams {
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct EchoResult {
    result: String,
}

struct Echo;

#[tool_router(server_handler)]
impl Echo {
    /// Give the text back.
    #[tool(name = "tool.echo.execute.echo")]
    fn echo(&self, Parameters(EchoParams { text }): Parameters<EchoParams>) -> Json<EchoResult> {
        Json(EchoResult { result: text })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Echo.serve(stdio()).await?;
    service.waiting().await?;
    Ok(())
}
