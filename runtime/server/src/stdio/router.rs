//! Lines become jobs here.

use std::borrow::Cow;
use std::sync::{Arc, Weak};

use rmcp::ErrorData;
use rmcp::model::ErrorCode;

use super::batch::{self, Batch};
use super::calls::{self, Call};
use super::envelope::{
    self, INVALID_PARAMS, INVALID_REQUEST, Message, PARSE_ERROR, error_line, is_array, is_object,
    refusal_line, result_line, shown, type_of,
};
use super::lifecycle;
use super::log_level::Level;
use super::origin::Origin;
use super::protocol::{self, Protocol};
use super::request::Request;
use super::select::several;
use super::server::{Hosted, Job, Router, Server};
use super::session::Initialized;
use super::{dialect, extension, log_view, meta};
use dagstack_engine::wire::{self, Object};

/// Batches are taken apart, `tools/call` goes to [`calls`], the methods of ours to [`extension`] and [`dialect`], and
/// everything else of MCP to the official SDK.
#[derive(Default)]
pub(super) struct LineRouter {
    protocol: Arc<Protocol>,
}

/// Answers a request of one method, given the text of its parameters.
type Answer = fn(&Arc<Server>, &Arc<Hosted>, Request, Option<&str>);

/// The methods beyond MCP, of the extension and of the Python core, but for `execute`, which is a call.
fn beyond_mcp(method: &str) -> Option<Answer> {
    Some(match method {
        wire::SETUP => extension::setup,
        wire::HEALTH => extension::health,
        wire::TEARDOWN => extension::teardown,
        wire::CONFIG_CHANGED => extension::config_changed,
        wire::LOG_MARK => extension::log_mark,
        "get_schema" => dialect::get_schema,
        "shutdown" => dialect::shutdown,
        _ => return None,
    })
}

impl Router for LineRouter {
    fn route(&self, server: &Arc<Server>, line: Cow<'_, str>, jobs: &mut Vec<Job>) {
        if line.trim_ascii().is_empty() {
            return;
        }
        if is_array(&line) {
            self.batch(server, &line, jobs);
        } else {
            self.message(server, line, None, jobs);
        }
    }
}

impl LineRouter {
    /// A batch, where the session's version of MCP has them.
    fn batch(&self, server: &Arc<Server>, line: &str, jobs: &mut Vec<Job>) {
        let parts = match server.session.has_batches() {
            true => batch::parts(line).map_err(|problem| {
                let invalid = envelope::not_a_message(line, &problem);
                match invalid {
                    // Of JSON-RPC's, though none of MCP's.
                    Message::Invalid { code, .. } if code == PARSE_ERROR => invalid,
                    _ => Message::invalid(problem),
                }
            }),
            false => Err(envelope::not_a_message(line, "it is no object")),
        };
        match parts {
            Ok(parts) => {
                let outlet: Weak<Server> = Arc::downgrade(server);
                let batch = Arc::new(Batch::new(outlet));
                for part in parts {
                    let part = Cow::Owned(part.get().to_owned());
                    self.message(server, part, Some(&batch), jobs);
                }
                // Those that are answered at once are all written in their turn.
                jobs.push(Job::new(|_, _| drop(batch)).light());
            }
            Err(invalid) => jobs.extend(refuse(None, &invalid)),
        }
    }

    /// One message, of `batch` where that is given.
    fn message(
        &self,
        server: &Arc<Server>,
        line: Cow<'_, str>,
        batch: Option<&Arc<Batch>>,
        jobs: &mut Vec<Job>,
    ) {
        let text: &str = &line;
        match envelope::parse(text) {
            Message::Request { id, method, params } => {
                let origin = match check(server, text, &method, params, batch) {
                    Ok(origin) => origin,
                    Err(error) => return jobs.extend(answer(batch, refusal_line(id, &error))),
                };
                if method == "tools/call" {
                    let id = calls::range(text, id);
                    let params = params.map(|params| calls::range(text, params));
                    drop(method);
                    let prepared = calls::prepare(server, line, id, params, origin);
                    jobs.extend(call(server, prepared, batch));
                } else {
                    self.request(server, id, &method, params, origin, jobs);
                }
            }
            Message::Notification { method, params } => match &*method {
                "notifications/cancelled" => self.cancel(server, params),
                // Others cannot know the section, and could have this process hold many.
                wire::CONFIG_CHANGED if server.session.has_extension() => {
                    if let Some(plugin) = server.single() {
                        lifecycle::config_changed(server, plugin, params, |_, _| {});
                    }
                }
                // The SDK does nothing with others.
                _ => {}
            },
            Message::Response { id, result, error } => {
                server.host_calls.answered(id, result, error);
            }
            invalid @ Message::Invalid { .. } => jobs.extend(refuse(batch, &invalid)),
        }
    }

    fn request(
        &self,
        server: &Arc<Server>,
        id: &str,
        method: &str,
        params: Option<&str>,
        origin: Origin,
        jobs: &mut Vec<Job>,
    ) {
        let batch = origin.batch.clone();
        let batch = batch.as_ref();
        let no_single = || answer(batch, no_single(server, id));
        if let Some(answer) = beyond_mcp(method) {
            let Some(plugin) = server.single() else {
                return jobs.extend(no_single());
            };
            if method == wire::SETUP {
                plugin.instance.announce_setup();
            }
            let request = match method {
                wire::SETUP | wire::TEARDOWN => Request::begin_in_turn(server, id, origin),
                _ => Request::begin(server, id, origin),
            };
            let params = params.map(str::to_owned);
            let plugin = Arc::clone(plugin);
            let bytes = params.as_deref().map_or(0, str::len);
            let job = Job::new(move |server, _| {
                request.in_turn(server, move |server, request| {
                    answer(server, &plugin, request, params.as_deref());
                });
            });
            jobs.push(job.holding(bytes));
            return;
        }
        match method {
            "execute" => {
                let Some(plugin) = server.single() else {
                    return jobs.extend(no_single());
                };
                let read = dialect::execute(server, plugin, id, params, origin);
                jobs.extend(call(server, read, batch));
                return;
            }
            // The stateless protocol has neither: the SDK says so.
            "ping" if !meta::is_stateless(params) => {
                jobs.extend(answer(batch, result_line(id, "{}")));
                return;
            }
            "logging/setLevel" if !meta::is_stateless(params) => {
                let line = match set_level(server, params) {
                    Ok(()) => result_line(id, "{}"),
                    Err(problem) => error_line(Some(id), INVALID_PARAMS, &problem),
                };
                jobs.extend(answer(batch, line));
                return;
            }
            // The SDK lists everything where the cursor is no text.
            "tools/list" if !has_fit_cursor(params) => {
                let problem = "`cursor` of `tools/list` must be text";
                jobs.extend(answer(batch, error_line(Some(id), INVALID_PARAMS, problem)));
                return;
            }
            // The SDK says no more than their names.
            _ if FOREIGN.iter().any(|it| method.starts_with(it)) => {
                jobs.extend(answer(batch, refusal_line(id, &unknown_method(method))));
                return;
            }
            "initialize" => match initialize(server, id, params, jobs) {
                Ok(initialized) if initialized.is_mcp => {}
                Ok(_) => {
                    let Some(plugin) = server.single().map(Arc::clone) else {
                        return jobs.extend(no_single());
                    };
                    let request = Request::begin(server, id, origin);
                    jobs.push(Job::new(move |server, _| {
                        dialect::initialize(server, &plugin, request);
                    }));
                    return;
                }
                Err(refusal) => return jobs.push(Job::answer(refusal)),
            },
            _ => {}
        }
        match self.protocol.forward(server, id, method, params, origin) {
            Ok(true) => {
                let protocol = Arc::clone(&self.protocol);
                jobs.push(Job::new(move |_, _| protocol.drive()));
            }
            Ok(false) => {}
            Err(error) => jobs.extend(answer(batch, refusal_line(id, &error))),
        }
    }

    fn cancel(&self, server: &Server, params: Option<&str>) {
        #[derive(serde::Deserialize)]
        struct Params<'a> {
            #[serde(borrow, rename = "requestId")]
            id: &'a serde_json::value::RawValue,
        }
        let Some(Ok(Object(params))) = params.map(serde_json::from_str::<Object<Params<'_>>>)
        else {
            return;
        };
        if let Some(ticket) = server.in_flight.cancel(params.id.get()) {
            self.protocol.cancel(ticket);
        }
    }
}

/// What a worker does about a call that was read, or with the answer that stands for it.
fn call(server: &Server, call: Result<Call, Vec<u8>>, batch: Option<&Arc<Batch>>) -> Option<Job> {
    match call {
        Ok(call) => call.admit(server),
        Err(line) => answer(batch, line),
    }
}

/// Sends an answer that is ready: among those of its batch at once, else by a worker.
fn answer(batch: Option<&Arc<Batch>>, line: Vec<u8>) -> Option<Job> {
    match batch {
        Some(batch) => {
            batch.add(&line);
            None
        }
        None => Some(Job::answer(line)),
    }
}

/// Answers what is no message.
fn refuse(batch: Option<&Arc<Batch>>, message: &Message<'_>) -> Option<Job> {
    let Message::Invalid { id, code, problem } = message else {
        return None;
    };
    answer(batch, error_line(*id, *code, problem))
}

/// What a request may take along, or why it is refused before anything else is looked at.
fn check(
    server: &Server,
    text: &str,
    method: &str,
    params: Option<&str>,
    batch: Option<&Arc<Batch>>,
) -> Result<Origin, ErrorData> {
    if let Some(params) = params
        && !is_object(params)
    {
        return Err(no_object(method, params));
    }
    if method == "initialize" && batch.is_some() {
        let problem = "`initialize` must not be part of a batch; send it on a line of its own";
        return Err(ErrorData::invalid_request(problem, None));
    }
    if method.len() > MAX_METHOD {
        return Err(unknown_method(method));
    }
    // Whether somebody is there is told whatever waits.
    let holds = method != "ping";
    let held = holds.then(|| server.bounds.hold(text.len())).transpose()?;
    Ok(Origin::new(held, batch.cloned()))
}

/// Notes what `initialize` says, and has the plugins set up unless their host will. An error is its
/// answer.
fn initialize(
    server: &Arc<Server>,
    id: &str,
    params: Option<&str>,
    jobs: &mut Vec<Job>,
) -> Result<Initialized, Vec<u8>> {
    let initialized = server.session.note_initialize(params);
    let initialized =
        initialized.map_err(|problem| error_line(Some(id), INVALID_PARAMS, &problem))?;
    let has_extension = initialized.peer.has_extension;
    let single = server.single();
    if single.is_none() && (has_extension || !initialized.is_mcp) {
        return Err(no_single(server, id));
    }
    if !has_extension && let Some(failure) = server.refuse() {
        return Err(refusal_line(id, &failure.into()));
    }
    // A host of ours reads stderr, and one of the older dialect is never written to unasked.
    let level = (initialized.is_mcp && !has_extension).then_some(Level::Info);
    for plugin in &server.plugins {
        plugin.log_view.show(&plugin.scope, level);
    }
    match single.filter(|_| has_extension) {
        Some(plugin) => plugin.instance.expect_setup(),
        None => {
            let new = server.plugins.iter().filter(|it| it.instance.begin());
            jobs.extend(new.map(lifecycle::set_up_alone));
        }
    }
    Ok(initialized)
}

/// `logging/setLevel`; an error says what is wrong with the parameters.
fn set_level(server: &Server, params: Option<&str>) -> Result<(), String> {
    let level = log_view::read_level(params)?;
    // A host of ours reads stderr, and its level is its own business.
    if !server.session.has_extension() {
        for plugin in &server.plugins {
            plugin.log_view.show(&plugin.scope, Some(level));
        }
    }
    Ok(())
}

/// Whether the cursor of a list is text, or absent.
fn has_fit_cursor(params: Option<&str>) -> bool {
    #[derive(serde::Deserialize)]
    struct Params<'a> {
        #[serde(borrow)]
        cursor: Option<&'a serde_json::value::RawValue>,
    }
    let params = params.map(serde_json::from_str::<Params<'_>>);
    match params {
        Some(Ok(Params { cursor: Some(json) })) => json.get().starts_with('"'),
        // The SDK says what else is wrong.
        _ => true,
    }
}

/// The answer to a dagstack host that cannot have this process: to it, a process is one plugin.
fn no_single(server: &Server, id: &str) -> Vec<u8> {
    let plugins = server.plugins.iter();
    let problem = several(plugins.map(|plugin| plugin.declaration));
    error_line(Some(id), INVALID_REQUEST, &problem)
}

/// The error for parameters that are no object.
#[cold]
fn no_object(method: &str, params: &str) -> ErrorData {
    if protocol::is_known(method) || method == "execute" || beyond_mcp(method).is_some() {
        let found = type_of(params);
        let problem = format!("`params` of `{method}` must be an object, found {found}");
        ErrorData::invalid_params(problem, None)
    } else {
        unknown_method(method)
    }
}

/// What the names of methods begin with that MCP has and this server has not.
const FOREIGN: [&str; 4] = ["completion/", "prompts/", "resources/", "tasks/"];

/// A longer one is no method of anybody's.
const MAX_METHOD: usize = 256;

#[cold]
fn unknown_method(method: &str) -> ErrorData {
    let problem = format!("unknown method `{}`", shown(method));
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, problem, None)
}
