//! Everything of MCP but `tools/call`: the official SDK, fed line by line over a transport of ours.
//!
//! The SDK has a small runtime of its own, made for the first message. The worker that read a message
//! drives it as far as it goes without waiting, which for a handshake or a list is all the way; a
//! thread of its own takes over once something has to wait, or hooks are running. A thread started
//! for every handshake took 0.14 of the 1.87 ms from start to first answer. No hook ever runs there.
//! The SDK sees our own numbers instead of the ids on the wire, so that those can be echoed byte for
//! byte.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientJsonRpcMessage, ContentBlock,
    CustomRequest, CustomResult, ErrorCode, Implementation, InitializeRequestParams,
    InitializeResult, JsonRpcMessage, ListToolsResult, MetaObject, PaginatedRequestParams,
    RequestId, ServerCapabilities, ServerConfig, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{RequestContext, RxJsonRpcMessage, TxJsonRpcMessage, serve_directly};
use rmcp::transport::Transport;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::calls::Call;
use super::envelope::{INTERNAL_ERROR, INVALID_PARAMS, PARSE_ERROR, error_line, too_deep};
use super::instance::SetupFailure;
use super::serve::{Job, Server};
use super::session::Peer;
use super::{dialect, extension, in_order, meta, reply};

/// Rounds of the SDK's tasks after which one that is not done is taken to wait for something.
const ROUNDS: usize = 16;

/// The way to the SDK.
#[derive(Debug, Default)]
pub(super) struct Protocol {
    engine: OnceLock<Option<Engine>>,
    /// The ids on the wire, by our numbers.
    ids: Mutex<HashMap<u64, String>>,
    /// The parameters of `dagstack/setup`, by the same: there are secrets in them, and the SDK logs
    /// what it is given.
    setups: Mutex<HashMap<u64, String>>,
}

#[derive(Debug)]
struct Engine {
    runtime: Arc<Runtime>,
    lines: UnboundedSender<Line>,
    /// A thread drives the runtime.
    driven: OnceLock<()>,
}

/// A message for the SDK; the ticket is a request's.
type Line = (Option<u64>, String);

impl Protocol {
    /// Hands a request to the SDK. `true` if the caller must see to it that somebody
    /// [drives](Self::drive) it.
    pub(super) fn forward(
        &self,
        server: &Arc<Server>,
        id: &str,
        method: &str,
        params: Option<&str>,
    ) -> bool {
        let ticket = server.in_flight.begin(id, None);
        self.ids().insert(ticket, id.to_owned());
        let params = match params {
            Some(setup) if method == extension::SETUP => {
                self.setups().insert(ticket, setup.to_owned());
                None
            }
            params => params,
        };
        let method = Value::from(method);
        let params = params
            .map(|params| format!(",\"params\":{params}"))
            .unwrap_or_default();
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{ticket},\"method\":{method}{params}}}");
        let engine = self.engine.get_or_init(|| start(server)).as_ref();
        match engine.map(|engine| engine.lines.send((Some(ticket), line)).map(|()| engine)) {
            Some(Ok(engine)) if engine.driven.get().is_some() => false,
            Some(Ok(engine)) if !server.pool.is_idle() => {
                engine.start_thread();
                false
            }
            Some(Ok(_)) => true,
            _ => {
                server.answer_forwarded(ticket, |id| {
                    error_line(
                        Some(id),
                        INTERNAL_ERROR,
                        "the process cannot start the MCP runtime",
                    )
                });
                false
            }
        }
    }

    /// Drives the SDK's tasks as far as they go; a thread does the rest.
    pub(super) fn drive(&self) {
        let Some(Some(engine)) = self.engine.get() else {
            return;
        };
        if engine.driven.get().is_some() {
            return;
        }
        let is_done = engine.runtime.block_on(async {
            for _ in 0..ROUNDS {
                tokio::task::yield_now().await;
                if self.ids().is_empty() {
                    return true;
                }
            }
            false
        });
        if !is_done {
            engine.start_thread();
        }
    }

    /// Tells the SDK that a request of its is cancelled.
    pub(super) fn cancel(&self, ticket: u64) {
        self.take_id(ticket);
        self.setups().remove(&ticket);
        if let Some(Some(engine)) = self.engine.get() {
            let _ = engine.lines.send((
                None,
                format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{{\"requestId\":{ticket}}}}}"
                ),
            ));
            engine.start_thread();
        }
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<u64, String>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_id(&self, ticket: u64) -> Option<String> {
        self.ids().remove(&ticket)
    }

    fn setups(&self) -> MutexGuard<'_, HashMap<u64, String>> {
        self.setups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the SDK was not told of a `dagstack/setup`.
    fn take_setup(&self, id: &RequestId) -> Option<String> {
        self.setups().remove(&ticket_of(id)?)
    }
}

/// Our number of a request that the SDK has.
fn ticket_of(id: &RequestId) -> Option<u64> {
    match id {
        RequestId::Number(ticket) => u64::try_from(*ticket).ok(),
        RequestId::String(_) => None,
    }
}

impl Server {
    /// Notes which hook a forwarded request runs.
    pub(super) fn forwarded_runs(&self, id: &RequestId, hook: usize) {
        let Some(ticket) = ticket_of(id) else { return };
        let id = self.protocol.ids().get(&ticket).cloned();
        if let Some(id) = id {
            self.in_flight.runs(&id, ticket, hook);
        }
    }

    /// Answers a request that was forwarded, unless it is cancelled or answered.
    fn answer_forwarded(&self, ticket: u64, line: impl FnOnce(&str) -> Vec<u8>) {
        if let Some(id) = self.protocol.take_id(ticket) {
            let line = line(&id);
            if self.in_flight.end(&id, ticket) {
                self.output.send(line, false);
            }
        }
    }
}

fn start(server: &Arc<Server>) -> Option<Engine> {
    let runtime = match Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            tracing::error!("cannot start the protocol's runtime: {error}");
            return None;
        }
    };
    let (sender, lines) = unbounded_channel();
    let server = Arc::clone(server);
    runtime.spawn(async move {
        let transport = LineTransport {
            server: Arc::clone(&server),
            lines,
        };
        let _ = serve_directly(Handler { server }, transport, None)
            .waiting()
            .await;
    });
    Some(Engine {
        runtime,
        lines: sender,
        driven: OnceLock::new(),
    })
}

impl Engine {
    fn start_thread(&self) {
        self.driven.get_or_init(|| {
            let runtime = Arc::clone(&self.runtime);
            let spawned = std::thread::Builder::new()
                .name("dagstack-mcp".to_owned())
                .spawn(move || runtime.block_on(std::future::pending::<()>()));
            if let Err(error) = spawned {
                tracing::error!("cannot start the protocol's thread: {error}");
            }
        });
    }
}

struct LineTransport {
    server: Arc<Server>,
    lines: UnboundedReceiver<Line>,
}

impl Transport<RoleServer> for LineTransport {
    type Error = Infallible;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let server = Arc::clone(&self.server);
        async move {
            send(&server, message);
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let (ticket, line) = self.lines.recv().await?;
            match serde_json::from_str::<ClientJsonRpcMessage>(&line) {
                Ok(message) => return Some(message),
                Err(error) => {
                    let Some(ticket) = ticket else { continue };
                    self.server.answer_forwarded(ticket, |id| {
                        if too_deep(&line) {
                            error_line(
                                Some(id),
                                PARSE_ERROR,
                                "the message nests deeper than 128 levels",
                            )
                        } else {
                            error_line(
                                Some(id),
                                INVALID_PARAMS,
                                &format!("the request's parameters do not fit: {error}"),
                            )
                        }
                    });
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn send(server: &Server, message: ServerJsonRpcMessage) {
    let (id, key, body) = match message {
        JsonRpcMessage::Response(response) => {
            let body = match &response.result {
                ServerResult::ListToolsResult(listed) => {
                    in_order::tools(listed, |tool| server.tools.hook(tool))
                }
                result => serde_json::to_string(result),
            };
            (response.id, "result", body)
        }
        JsonRpcMessage::Error(error) => {
            let Some(id) = error.id else { return };
            (id, "error", serde_json::to_string(&error.error))
        }
        other => {
            if let Ok(mut line) = serde_json::to_vec(&other) {
                line.push(b'\n');
                server.output.send(line, false);
            }
            return;
        }
    };
    let Some(ticket) = ticket_of(&id) else {
        return;
    };
    server.answer_forwarded(ticket, |id| match body {
        Ok(body) => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"{key}\":{body}}}\n").into_bytes(),
        Err(error) => error_line(
            Some(id),
            INTERNAL_ERROR,
            &format!("the answer has no JSON form: {error}"),
        ),
    });
}

/// The SDK's view of the plugin.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) server: Arc<Server>,
}

impl Handler {
    /// Who sent a request.
    fn peer(&self, context: &RequestContext<RoleServer>) -> Peer {
        meta::peer_of(&context.meta).unwrap_or_else(|| self.server.session.peer())
    }

    fn config(&self) -> ServerConfig {
        let declaration = self.server.tools.declaration;
        let mut info = Implementation::new(
            format!("{}.{}", declaration.kind, declaration.name),
            declaration.version.unwrap_or("0.0.0"),
        );
        info.description = declaration.description.map(str::to_owned);
        info.website_url = declaration
            .homepage
            .filter(|homepage| !homepage.is_empty())
            .map(str::to_owned);
        let mut config = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        config.server_info = info;
        config
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.config()
    }

    async fn initialize(
        &self,
        mut request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let mut result = self.negotiate_initialize(&request)?;
        request.protocol_version = result.protocol_version.clone();
        context.peer.set_peer_info(request);
        result.capabilities.experimental = Some(extension::announcement(&self.server));
        if !self.server.session.is_ours() {
            // A client shows the error of `initialize`; later ones it may hide.
            self.server.instance.ready().await.map_err(setup_error)?;
        }
        Ok(result)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let listing = self.server.tools.listing(self.peer(&context));
        Ok(ListToolsResult::with_all_items(listing.list().to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tools = &self.server.tools;
        let index = tools.find(self.peer(&context), &request.name)?;
        self.server.forwarded_runs(&context.id, index);
        let arguments = Value::Object(request.arguments.unwrap_or_default()).to_string();
        let call = meta::read_map(&context.meta);
        let token = call.cancellation().clone();
        let progress = context.meta.get_progress_token();
        let progress = progress.and_then(|token| serde_json::to_string(&token).ok());
        let (call, outcome) =
            Call::local(&self.server, index, call, arguments, progress.as_deref());
        self.server.submit(Job::Call(call));
        let outcome = tokio::select! {
            outcome = outcome => outcome,
            () = context.ct.cancelled() => {
                token.cancel();
                return Err(ErrorData::internal_error("cancelled", None));
            }
        };
        let wraps = tools
            .declaration
            .hooks
            .get(index)
            .is_some_and(|hook| hook.schemas().wraps_result);
        let value = match outcome {
            Ok(Ok(output)) => output.into_value(),
            Ok(Err(error)) => Err(error),
            Err(_) => return Err(ErrorData::internal_error("the call was dropped", None)),
        };
        let result = match value {
            Ok(value) if wraps => {
                let text = value.as_str().map(ContentBlock::text);
                let mut result = CallToolResult::structured(serde_json::json!({"result": value}));
                if let Some(text) = text {
                    result.content = vec![text];
                }
                result
            }
            Ok(value) => CallToolResult::structured(value),
            Err(error) => {
                let mut meta = MetaObject::default();
                meta.insert(crate::wire::ERROR.to_owned(), error.to_value());
                CallToolResult::error(vec![ContentBlock::text(reply::failure_text(&error))])
                    .with_meta(Some(meta))
            }
        };
        Ok(result.into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, params, .. } = request;
        let params = params.unwrap_or(Value::Null);
        let answered = match method.as_str() {
            extension::SETUP => {
                let params = self.server.protocol.take_setup(&context.id);
                extension::setup(&self.server, params).await
            }
            extension::HEALTH => extension::health(&self.server).await,
            extension::TEARDOWN => extension::teardown(&self.server).await,
            "initialize" if params.get("protocolVersion").is_none() => {
                dialect::initialize(&self.server).await
            }
            "get_schema" => dialect::get_schema(&self.server),
            "execute" => dialect::execute(&self.server, params, &context).await,
            "shutdown" => dialect::shutdown(),
            // The SDK knows these; they are here because their parameters do not fit.
            known if MCP.contains(&known) => Err(ErrorData::invalid_params(
                format!("the parameters of `{method}` do not fit its definition in MCP"),
                None,
            )),
            _ => Err(ErrorData::new(
                ErrorCode::METHOD_NOT_FOUND,
                format!("unknown method `{method}`"),
                None,
            )),
        };
        answered.map(CustomResult::new)
    }
}

/// Whether requests of this method are known, in any dialect. Their parameters are objects.
pub(super) fn is_known(method: &str) -> bool {
    MCP.contains(&method) || OWN.contains(&method)
}

/// The methods of MCP that the SDK answers, and `tools/call`.
const MCP: [&str; 5] = [
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "server/discover",
];
/// Those of the extension and of the Python core.
const OWN: [&str; 6] = [
    extension::SETUP,
    extension::HEALTH,
    extension::TEARDOWN,
    "get_schema",
    "execute",
    "shutdown",
];

/// A setup's failure as a JSON-RPC error.
pub(super) fn setup_error(failure: SetupFailure) -> ErrorData {
    ErrorData::internal_error(
        format!("the plugin could not be set up: {}", failure.message),
        Some(failure.to_value()),
    )
}
