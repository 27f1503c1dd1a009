//! The rest of MCP: the official SDK, fed line by line over a transport of ours.
//!
//! The SDK has a small runtime of its own, made for the first message. The worker that read a message
//! drives it as far as it goes without waiting, which for a handshake or a list is all the way; a
//! thread of its own takes over once something has to wait, or hooks are running. A thread started
//! for every handshake took 0.14 of the 1.87 ms from start to first answer. No hook ever runs there.
//! The SDK sees tickets, numbers of our own, instead of the ids on the wire, so that those can be
//! echoed byte for byte.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};

use rmcp::model::{
    ClientJsonRpcMessage, CustomRequest, CustomResult, ErrorCode, Implementation,
    InitializeRequestParams, InitializeResult, JsonObject, JsonRpcError, JsonRpcMessage,
    ListToolsResult, PaginatedRequestParams, RequestId, ServerCapabilities, ServerConfig,
    ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{RequestContext, RxJsonRpcMessage, TxJsonRpcMessage, serve_directly};
use rmcp::transport::Transport;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::bounds::{Bounds, Held};
use super::envelope::unfit;
use super::origin::Origin;
use super::request::{Request, internal_error};
use super::server::Server;
use super::session::Peer;
use super::{extension, in_order, manifest, meta};
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::panics;
use dagstack_plugin_core::sync::lock;

/// Rounds of the SDK's tasks after which one that is not done is taken to wait for something.
const ROUNDS: usize = 16;

/// The way to the SDK.
#[derive(Debug, Default)]
pub(super) struct Protocol {
    sdk: OnceLock<Option<Sdk>>,
    /// The requests that it has, by their tickets.
    requests: Mutex<HashMap<u64, (Request, Held)>>,
    bounds: SdkBounds,
}

/// What the SDK is given at once. It makes a tree of every message, tens of times as large.
#[derive(Debug)]
struct SdkBounds(Bounds);

impl Default for SdkBounds {
    fn default() -> Self {
        Self(Bounds::new(1024, 2 * MAX_PARAMS))
    }
}

/// The most parameters that a method which the SDK answers is read with, in bytes.
const MAX_PARAMS: usize = 256 * 1024;

#[derive(Debug)]
struct Sdk {
    runtime: Arc<Runtime>,
    lines: UnboundedSender<SdkLine>,
    /// A thread drives the runtime.
    driven: Mutex<bool>,
}

/// A message for the SDK; the ticket is a request's.
type SdkLine = (Option<u64>, String);

impl Protocol {
    /// Hands a request to the SDK. `true` if the caller must see to it that somebody
    /// [drives](Self::drive) it.
    pub(super) fn forward(
        self: &Arc<Self>,
        server: &Arc<Server>,
        id: &str,
        method: &str,
        params: Option<&str>,
        origin: Origin,
    ) -> Result<bool, ErrorData> {
        let params = params
            .map(|params| format!(",\"params\":{params}"))
            .unwrap_or_default();
        if params.len() > MAX_PARAMS {
            let problem = format!(
                "`params` of `{method}` may have at most {MAX_PARAMS} bytes, found {}",
                params.len()
            );
            return Err(ErrorData::invalid_params(problem, None));
        }
        let held = self.bounds.0.hold(params.len())?;
        let request = Request::begin(server, id, origin);
        let ticket = request.ticket();
        lock(&self.requests).insert(ticket, (request, held));
        let method = Value::from(method);
        let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{ticket},\"method\":{method}{params}}}");
        let sdk = self.sdk.get_or_init(|| self.start(server)).as_ref();
        Ok(
            match sdk.map(|sdk| sdk.lines.send((Some(ticket), line)).map(|()| sdk)) {
                Some(Ok(sdk)) if sdk.is_driven() => false,
                // A hook that runs would hold up whoever drives it.
                Some(Ok(sdk)) => server.pool.is_idle() || !sdk.start_thread(),
                _ => {
                    if let Some(request) = self.take(ticket) {
                        let problem = "the process cannot start the MCP runtime";
                        let error = ErrorData::internal_error(problem, None);
                        request.answer(server, Err::<Value, _>(error));
                    }
                    false
                }
            },
        )
    }

    /// Drives the SDK's tasks as far as they go; a thread does the rest.
    pub(super) fn drive(&self) {
        let Some(Some(sdk)) = self.sdk.get() else {
            return;
        };
        if sdk.is_driven() {
            return;
        }
        let is_done = sdk.runtime.block_on(async {
            for _ in 0..ROUNDS {
                tokio::task::yield_now().await;
                if lock(&self.requests).is_empty() {
                    return true;
                }
            }
            false
        });
        if !is_done {
            sdk.start_thread();
        }
    }

    /// Tells the SDK that a request is cancelled, if it has it.
    pub(super) fn cancel(&self, ticket: u64) {
        if self.take(ticket).is_none() {
            return;
        }
        if let Some(Some(sdk)) = self.sdk.get() {
            let _ = sdk.lines.send((
                None,
                format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{{\"requestId\":{ticket}}}}}"
                ),
            ));
            sdk.start_thread();
        }
    }

    fn take(&self, ticket: u64) -> Option<Request> {
        let taken = lock(&self.requests).remove(&ticket);
        taken.map(|(request, _)| request)
    }

    fn start(self: &Arc<Self>, server: &Arc<Server>) -> Option<Sdk> {
        let runtime = match Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => Arc::new(runtime),
            Err(error) => {
                tracing::error!("cannot start the protocol's runtime: {error}");
                return None;
            }
        };
        let (sender, lines) = unbounded_channel();
        let handler = Handler {
            server: Arc::clone(server),
            protocol: Arc::clone(self),
        };
        runtime.spawn(async move {
            let transport = LineTransport {
                handler: handler.clone(),
                lines,
            };
            let _ = serve_directly(handler, transport, None).waiting().await;
        });
        Some(Sdk {
            runtime,
            lines: sender,
            driven: Mutex::default(),
        })
    }
}

/// The ticket of a request that the SDK has.
fn ticket_of(id: &RequestId) -> Option<u64> {
    match id {
        RequestId::Number(ticket) => u64::try_from(*ticket).ok(),
        RequestId::String(_) => None,
    }
}

impl Sdk {
    fn is_driven(&self) -> bool {
        *lock(&self.driven)
    }

    /// Has a thread drive the runtime from now on. `false` where there is none to be had; the next
    /// message tries again.
    fn start_thread(&self) -> bool {
        let mut driven = lock(&self.driven);
        if *driven {
            return true;
        }
        let runtime = Arc::clone(&self.runtime);
        let thread = std::thread::Builder::new().name("dagstack-mcp".to_owned());
        match thread.spawn(move || runtime.block_on(std::future::pending::<()>())) {
            Ok(_) => *driven = true,
            Err(error) => tracing::error!("cannot start the protocol's thread: {error}"),
        }
        *driven
    }
}

struct LineTransport {
    handler: Handler,
    lines: UnboundedReceiver<SdkLine>,
}

impl Transport<RoleServer> for LineTransport {
    type Error = Infallible;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let handler = self.handler.clone();
        async move {
            handler.send(message);
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let (ticket, line) = self.lines.recv().await?;
            match serde_json::from_str::<ClientJsonRpcMessage>(&line) {
                Ok(message) => return Some(message),
                Err(error) => {
                    let Handler { server, protocol } = &self.handler;
                    if let Some(request) = ticket.and_then(|ticket| protocol.take(ticket)) {
                        request.answer(server, Err::<Value, _>(unfit(&line, &error)));
                    }
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The SDK's view of the plugin.
#[derive(Clone)]
struct Handler {
    server: Arc<Server>,
    protocol: Arc<Protocol>,
}

impl Handler {
    /// Writes what the SDK says.
    fn send(&self, message: ServerJsonRpcMessage) {
        let (id, outcome) = match message {
            JsonRpcMessage::Response(response) => {
                let result = match &response.result {
                    ServerResult::ListToolsResult(listed) => {
                        in_order::tools(listed, |tool| self.server.tools.hook(tool))
                    }
                    result => serde_json::to_string(result),
                };
                let result = result.map_err(|error| {
                    let problem = format!("the answer has no JSON form: {error}");
                    ErrorData::internal_error(problem, None)
                });
                (response.id, result)
            }
            JsonRpcMessage::Error(JsonRpcError {
                id: Some(id),
                error,
                ..
            }) => (id, Err(error)),
            JsonRpcMessage::Error(_) => return,
            other => {
                if let Ok(mut line) = serde_json::to_vec(&other) {
                    line.push(b'\n');
                    self.server.output.send(line, false);
                }
                return;
            }
        };
        if let Some(request) = ticket_of(&id).and_then(|ticket| self.protocol.take(ticket)) {
            request.answer(&self.server, outcome);
        }
    }

    /// Who sent a request.
    fn peer(&self, context: &RequestContext<RoleServer>) -> Peer {
        meta::peer_of(&context.meta).unwrap_or_else(|| self.server.session.peer())
    }

    fn config(&self) -> ServerConfig {
        let info = match self.server.single() {
            Some(plugin) => implementation(plugin.declaration),
            // Several are one program.
            None => {
                let plugins = self.server.plugins.iter();
                let version = plugins
                    .filter_map(|plugin| plugin.declaration.version)
                    .next();
                Implementation::new(manifest::program_name(), version.unwrap_or("0.0.0"))
            }
        };
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        if !self.server.session.has_extension() {
            // A host of ours reads stderr.
            capabilities.logging = Some(JsonObject::new());
        }
        let mut config = ServerConfig::new(capabilities);
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
        // Schemas are the author's code, here and in the list.
        let announcement = panics::catch(|| extension::announcement(&self.server));
        result.capabilities.experimental = Some(announcement.map_err(internal_error)?);
        if !self.server.session.has_extension() {
            // A client shows the error of `initialize`; later ones it may hide.
            self.server.ready().await?;
        }
        Ok(result)
    }

    async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let peer = self.peer(&context);
        let cursor = params.and_then(|params| params.cursor);
        let page = || self.server.tools.page(peer, cursor.as_deref());
        // Schemas are the author's code.
        let page = panics::catch(page).map_err(internal_error)?;
        let (tools, next_cursor) = page.ok_or_else(|| {
            let problem = "`cursor` is none of this server; expected the `nextCursor` of an answer, or none for the first page";
            ErrorData::invalid_params(problem, None)
        })?;
        let mut listed = ListToolsResult::with_all_items(tools.to_vec());
        listed.next_cursor = next_cursor;
        Ok(listed)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        // The SDK knows these; they are here because their parameters do not fit.
        if is_known(&method) {
            let problem = format!("the parameters of `{method}` do not fit its definition in MCP");
            return Err(ErrorData::invalid_params(problem, None));
        }
        let problem = format!("unknown method `{method}`");
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, problem, None))
    }
}

/// What a plugin says of itself.
fn implementation(declaration: &Declaration) -> Implementation {
    let mut info = Implementation::new(
        format!("{}.{}", declaration.kind, declaration.name),
        declaration.version.unwrap_or("0.0.0"),
    );
    info.description = declaration.description.map(str::to_owned);
    info.website_url = declaration
        .homepage
        .filter(|homepage| !homepage.is_empty())
        .map(str::to_owned);
    info
}

/// Whether this is a method of MCP that the SDK answers, or `tools/call`.
pub(super) fn is_known(method: &str) -> bool {
    matches!(
        method,
        "initialize" | "ping" | "tools/list" | "tools/call" | "server/discover"
    )
}
