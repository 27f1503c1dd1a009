//! The limit: the echo tool as a blocking loop on one thread, with serde_json and no SDK. It parses
//! each line into a typed request, borrowing what it can, and writes a typed reply of the same
//! bytes as the others', one write a reply. It knows just enough of MCP to be called.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Params<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arguments: Option<Arguments<'a>>,
    #[serde(borrow)]
    protocol_version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct Reply<R> {
    jsonrpc: &'static str,
    id: u64,
    result: R,
}

#[derive(Serialize)]
struct Failure {
    jsonrpc: &'static str,
    id: u64,
    error: ErrorObject,
}

#[derive(Serialize)]
struct ErrorObject {
    code: i32,
    message: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<'a> {
    content: [Content<'a>; 1],
    structured_content: Structured<'a>,
    is_error: bool,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Structured<'a> {
    result: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeResult<'a> {
    protocol_version: &'a str,
    capabilities: Capabilities,
    server_info: ServerInfo,
}

#[derive(Serialize)]
struct Capabilities {
    tools: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct ServerInfo {
    name: &'static str,
    version: &'static str,
}

const JSONRPC: &str = "2.0";

/// Writes the reply to `line` into `out`.
fn answer(line: &[u8], out: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let request: Request<'_> = serde_json::from_slice(line)?;
    let Some(id) = request.id else {
        return Ok(());
    };
    let params = request.params;
    match (&*request.method, params.name.as_deref(), params.arguments) {
        ("tools/call", Some("tool.echo.execute.echo"), Some(Arguments { text })) => {
            let result = CallResult {
                content: [Content {
                    r#type: "text",
                    text: &text,
                }],
                structured_content: Structured { result: &text },
                is_error: false,
            };
            let jsonrpc = JSONRPC;
            serde_json::to_writer(
                &mut *out,
                &Reply {
                    jsonrpc,
                    id,
                    result,
                },
            )?;
        }
        ("initialize", ..) => {
            let result = InitializeResult {
                protocol_version: params.protocol_version.as_deref().unwrap_or("2025-11-25"),
                capabilities: Capabilities { tools: Empty {} },
                server_info: ServerInfo {
                    name: "echo",
                    version: env!("CARGO_PKG_VERSION"),
                },
            };
            let jsonrpc = JSONRPC;
            serde_json::to_writer(
                &mut *out,
                &Reply {
                    jsonrpc,
                    id,
                    result,
                },
            )?;
        }
        _ => {
            let error = ErrorObject {
                code: -32601,
                message: "neither `initialize` nor a call of the echo tool",
            };
            let jsonrpc = JSONRPC;
            serde_json::to_writer(&mut *out, &Failure { jsonrpc, id, error })?;
        }
    }
    out.push(b'\n');
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = BufReader::with_capacity(64 * 1024, io::stdin().lock());
    let mut output = io::stdout().lock();
    let (mut line, mut out) = (Vec::new(), Vec::new());
    while input.read_until(b'\n', &mut line)? > 0 {
        answer(&line, &mut out)?;
        output.write_all(&out)?;
        output.flush()?;
        line.clear();
        out.clear();
    }
    Ok(())
}
