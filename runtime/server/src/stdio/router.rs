//! Lines become jobs here.

use std::borrow::Cow;
use std::sync::Arc;

use super::calls::{self, Call};
use super::envelope::{
    self, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Message, error_line, is_object,
    refusal_line, result_line, type_of,
};
use super::instance::SetupFailure;
use super::lifecycle;
use super::protocol::{self, Protocol};
use super::request::Request;
use super::select::several;
use super::server::{Hosted, Job, Router, Server};
use super::{dialect, extension};
use dagstack_engine::wire::{self, Object};
use dagstack_plugin_core::error::code;

/// `tools/call` goes to [`calls`], the methods of ours to [`extension`] and [`dialect`], and
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
        let text: &str = &line;
        if text.trim_ascii().is_empty() {
            return;
        }
        match envelope::parse(text) {
            Message::Request {
                id,
                method,
                params: Some(params),
            } if !is_object(params) => jobs.push(Job::answer(no_object(id, &method, params))),
            Message::Request { id, method, params } if method == "tools/call" => {
                let id = calls::range(text, id);
                let params = params.map(|params| calls::range(text, params));
                drop(method);
                jobs.extend(call(server, calls::prepare(server, line, id, params)));
            }
            Message::Request { id, method, params } => {
                self.request(server, id, &method, params, jobs);
            }
            Message::Notification { method, params } => match &*method {
                "notifications/cancelled" => self.cancel(server, params),
                wire::CONFIG_CHANGED => {
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
            Message::Invalid { id, code, problem } => {
                jobs.push(Job::answer(error_line(id, code, &problem)));
            }
        }
    }
}

impl LineRouter {
    fn request(
        &self,
        server: &Arc<Server>,
        id: &str,
        method: &str,
        params: Option<&str>,
        jobs: &mut Vec<Job>,
    ) {
        let no_single = || Job::answer(error_line(Some(id), INVALID_REQUEST, &no_single(server)));
        if let Some(answer) = beyond_mcp(method) {
            let Some(plugin) = server.single() else {
                return jobs.push(no_single());
            };
            if method == wire::SETUP {
                plugin.instance.announce_setup();
            }
            let request = match method {
                wire::SETUP | wire::TEARDOWN => Request::begin_in_turn(server, id),
                _ => Request::begin(server, id),
            };
            let params = params.map(str::to_owned);
            let plugin = Arc::clone(plugin);
            jobs.push(Job::new(move |server, _| {
                request.in_turn(server, move |server, request| {
                    answer(server, &plugin, request, params.as_deref());
                });
            }));
            return;
        }
        match method {
            "execute" => {
                let Some(plugin) = server.single() else {
                    return jobs.push(no_single());
                };
                jobs.extend(call(server, dialect::execute(server, plugin, id, params)));
                return;
            }
            // The stateless protocol has no ping: the SDK says so.
            "ping" if !params.is_some_and(|params| params.contains("/protocolVersion")) => {
                jobs.push(Job::answer(result_line(id, "{}")));
                return;
            }
            "initialize" => {
                let initialized = match server.session.note_initialize(params) {
                    Ok(initialized) => initialized,
                    Err(problem) => {
                        jobs.push(Job::answer(error_line(Some(id), INVALID_PARAMS, &problem)));
                        return;
                    }
                };
                let single = server.single();
                let is_host = initialized.peer.has_extension || !initialized.is_mcp;
                if is_host && single.is_none() {
                    return jobs.push(no_single());
                }
                if !initialized.peer.has_extension
                    && let Some(problem) = server.refuse()
                {
                    let failure = SetupFailure::new(code::CONFIG_INVALID, problem);
                    return jobs.push(Job::answer(refusal_line(id, &failure.into())));
                }
                match single.filter(|_| initialized.peer.has_extension) {
                    Some(plugin) => plugin.instance.expect_setup(),
                    None => {
                        let new = server.plugins.iter().filter(|it| it.instance.begin());
                        jobs.extend(new.map(lifecycle::set_up_alone));
                    }
                }
                if let Some(plugin) = single.filter(|_| !initialized.is_mcp) {
                    let (request, plugin) = (Request::begin(server, id), Arc::clone(plugin));
                    jobs.push(Job::new(move |server, _| {
                        dialect::initialize(server, &plugin, request);
                    }));
                    return;
                }
            }
            _ => {}
        }
        if self.protocol.forward(server, id, method, params) {
            let protocol = Arc::clone(&self.protocol);
            jobs.push(Job::new(move |_, _| protocol.drive()));
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
fn call(server: &Server, call: Result<Call, Vec<u8>>) -> Option<Job> {
    match call {
        Ok(call) => call.admit(server),
        Err(answer) => Some(Job::answer(answer)),
    }
}

/// Why a dagstack host cannot have this process: to it, a process is one plugin.
fn no_single(server: &Server) -> String {
    let plugins = server.plugins.iter();
    several(plugins.map(|plugin| plugin.declaration))
}

/// The error for parameters that are no object.
fn no_object(id: &str, method: &str, params: &str) -> Vec<u8> {
    if protocol::is_known(method) || method == "execute" || beyond_mcp(method).is_some() {
        let found = type_of(params);
        let problem = format!("`params` of `{method}` must be an object, found {found}");
        error_line(Some(id), INVALID_PARAMS, &problem)
    } else {
        let problem = format!("unknown method `{method}`");
        error_line(Some(id), METHOD_NOT_FOUND, &problem)
    }
}
