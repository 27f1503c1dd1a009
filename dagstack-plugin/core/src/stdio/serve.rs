//! Lines become jobs here.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::calls::{self, Call, Prepared};
use super::envelope::{
    self, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Message, PARSE_ERROR, error_line,
};
use super::host_calls::HostCalls;
use super::in_flight::{Cancelled, InFlight};
use super::instance::{Instance, SetupFailure};
use super::known;
use super::output::Output;
use super::pool::{self, Pool, Work};
use super::protocol::{self, Protocol};
use super::reader::{Line, LineReader, MAX_LINE, Spare};
use super::runtime::{self, AsyncRuntime, Hooks};
use super::session::Session;
use super::tools::Tools;
use crate::config::{ChangeQueue, Coverage, SectionFeed, failed_paths};
use crate::context::{Metadata, PluginScope, SetupContext};
use crate::registration::Registration;
use crate::resources::ResourceSet;
use crate::task::Task;
use crate::wire::Object;

/// Everything the threads of the executable share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) registration: Registration,
    pub(super) tools: Tools,
    pub(super) instance: Instance,
    pub(super) in_flight: InFlight,
    pub(super) output: Output,
    pub(super) runtime: AsyncRuntime,
    pub(super) session: Session,
    pub(super) protocol: Protocol,
    pub(super) host_calls: HostCalls,
    pub(super) pool: Pool<Job>,
    pub(super) input: Mutex<LineReader>,
    pub(super) spare: Spare,
    /// What all calls share.
    pub(super) scope: Arc<PluginScope>,
    /// From `--config`.
    pub(super) config: Option<Value>,
    /// The config of the instance that is set up, or being set up, as it changes.
    pub(super) feed: Mutex<Option<SectionFeed>>,
    /// Where its subscribers are told.
    pub(super) changes: ChangeQueue,
}

/// Work that runs an author's code.
pub(super) type Run = Box<dyn FnOnce(&Arc<Server>) + Send>;

/// What a worker does next.
pub(super) enum Job {
    Call(Call),
    /// Drive the MCP SDK, which has a message.
    Protocol,
    /// Write an answer that is ready.
    Answer(Vec<u8>),
    /// Write what others left.
    Flush,
    /// Set the plugin up with its own config.
    SetUp,
    /// Anything else that runs an author's code.
    Run(Run),
    /// Go on with what has waited.
    Resume(Arc<Task<Hooks>>),
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call(_) => "Call",
            Self::Protocol => "Protocol",
            Self::Answer(_) => "Answer",
            Self::Flush => "Flush",
            Self::SetUp => "SetUp",
            Self::Run(_) => "Run",
            Self::Resume(_) => "Resume",
        })
    }
}

impl Work for Server {
    type Job = Job;

    fn pool(&self) -> &Pool<Job> {
        &self.pool
    }

    fn read(self: &Arc<Self>, jobs: &mut Vec<Job>) -> bool {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = input.fill(&self.spare);
        while let Some(line) = input.next_line() {
            match line {
                Line::Here(range) => match std::str::from_utf8(input.bytes(range)) {
                    Ok(line) => self.take_line(Cow::Borrowed(line), jobs),
                    Err(_) => jobs.push(not_utf8()),
                },
                Line::Own(bytes) => match String::from_utf8(bytes) {
                    Ok(line) => self.take_line(Cow::Owned(line), jobs),
                    Err(_) => jobs.push(not_utf8()),
                },
                Line::TooLong(head) => jobs.push(Job::Answer(error_line(
                    envelope::id_in(&head),
                    INVALID_REQUEST,
                    &format!("the line is longer than {MAX_LINE} bytes and was skipped"),
                ))),
            }
        }
        if !goes_on {
            self.host_calls.end();
        }
        goes_on
    }

    fn run(self: &Arc<Self>, job: Job, more: bool) {
        // An author's code finds a runtime around it.
        let _inside = match job {
            Job::Protocol | Job::Answer(_) | Job::Flush | Job::Resume(_) => None,
            Job::Call(_) | Job::SetUp | Job::Run(_) => self.runtime.enter(),
        };
        match job {
            Job::Call(call) => call.run(self, more),
            Job::Protocol => self.protocol.drive(),
            Job::Answer(line) => self.output.send(line, more),
            Job::Flush => self.output.flush(),
            Job::Resume(task) => task.run(),
            Job::SetUp => self.set_up_alone(),
            Job::Run(run) => run(self),
        }
    }

    fn has_input(&self) -> bool {
        self.input
            .try_lock()
            .is_ok_and(|input| input.has_something())
    }

    fn flush(&self) {
        self.output.flush();
    }

    fn is_put_off(&self) -> bool {
        self.output.is_waiting()
    }
}

/// The host has validated the section against the plugin's schema; its types may ask for more.
fn apply(feed: &SectionFeed, section: Value) {
    match feed.prepare_section(section) {
        Ok(Some(change)) => change.commit().run(),
        Ok(None) => {}
        Err(invalid) => tracing::warn!(
            code = "reload_rejected",
            failed_paths = ?failed_paths(&invalid),
            "reload_rejected: the config stays as it was: {}",
            invalid.to_string().replace("\n  ", "; ")
        ),
    }
}

fn not_utf8() -> Job {
    Job::Answer(error_line(None, PARSE_ERROR, "the line is not UTF-8"))
}

impl Server {
    /// Decides what one line is. Nothing here waits for anything.
    fn take_line(self: &Arc<Self>, line: Cow<'_, str>, jobs: &mut Vec<Job>) {
        let text: &str = &line;
        if text.trim_ascii().is_empty() {
            return;
        }
        match envelope::parse(text) {
            Message::Request {
                id,
                method,
                params: Some(params),
            } if !envelope::is_object(params) => {
                let found = envelope::type_of(params);
                let line = if protocol::is_known(&method) {
                    let problem =
                        format!("`params` of `{method}` must be an object, found {found}");
                    error_line(Some(id), INVALID_PARAMS, &problem)
                } else {
                    let problem = format!("unknown method `{method}`");
                    error_line(Some(id), METHOD_NOT_FOUND, &problem)
                };
                jobs.push(Job::Answer(line));
            }
            Message::Request { id, method, params } => match &*method {
                "tools/call" => {
                    let (id, params) = (
                        calls::range(text, id),
                        params.map(|params| calls::range(text, params)),
                    );
                    drop(method);
                    match calls::prepare(self, line, id, params) {
                        Prepared::Call(call) => jobs.push(Job::Call(call)),
                        Prepared::Answer(line) => jobs.push(Job::Answer(line)),
                        Prepared::Forward(line) => {
                            if let Message::Request { id, method, params } = envelope::parse(&line)
                                && self.protocol.forward(self, id, &method, params)
                            {
                                jobs.push(Job::Protocol);
                            }
                        }
                    }
                }
                // The stateless protocol has no ping: the SDK says so.
                "ping" if !params.is_some_and(|params| params.contains("/protocolVersion")) => {
                    jobs.push(Job::Answer(
                        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}\n")
                            .into_bytes(),
                    ));
                }
                other => {
                    match other {
                        "initialize" => match self.session.note_initialize(params) {
                            Ok(peer) if peer.is_ours => self.instance.expect_setup(),
                            Ok(_) if self.instance.begin() => jobs.push(Job::SetUp),
                            Ok(_) => {}
                            Err(problem) => {
                                let line = error_line(Some(id), INVALID_PARAMS, &problem);
                                jobs.push(Job::Answer(line));
                                return;
                            }
                        },
                        super::extension::SETUP => self.instance.announce_setup(),
                        _ => {}
                    }
                    if self.protocol.forward(self, id, other, params) {
                        jobs.push(Job::Protocol);
                    }
                }
            },
            Message::Notification { method, params } if method == "notifications/cancelled" => {
                self.cancel(params);
            }
            Message::Notification { method, params } if method == crate::wire::CONFIG_CHANGED => {
                self.config_changed(params);
            }
            Message::Response { id, result, error } => {
                self.host_calls.answered(id, result, error);
            }
            // The SDK does nothing with other notifications.
            Message::Notification { .. } => {}
            Message::Invalid { id, code, problem } => {
                jobs.push(Job::Answer(error_line(id, code, &problem)));
            }
        }
    }

    fn cancel(&self, params: Option<&str>) {
        #[derive(serde::Deserialize)]
        struct Params<'a> {
            #[serde(borrow, rename = "requestId")]
            id: &'a serde_json::value::RawValue,
        }
        let Some(Ok(Object(params))) = params.map(serde_json::from_str::<Object<Params<'_>>>)
        else {
            return;
        };
        if let Cancelled::Forwarded(ticket) = self.in_flight.cancel(params.id.get()) {
            self.protocol.cancel(ticket);
        }
    }

    /// The config given on the command line, or an empty one.
    pub(super) fn own_config(&self) -> Value {
        self.config.clone().unwrap_or(Value::Null)
    }

    /// Sets the plugin up without a host of ours.
    pub(super) fn set_up_alone(self: &Arc<Self>) {
        let (config, resources) = (self.own_config(), super::host_calls::alone());
        self.set_up(config, Metadata::new(), self.no_watch(), resources);
    }

    /// Where the host tells nothing of changes: the file of `--config` is read once.
    pub(super) fn no_watch(&self) -> Coverage {
        Coverage::NoWatch {
            source_ids: self.config.iter().map(|_| "--config".to_owned()).collect(),
        }
    }

    /// Sets the plugin up. The instance's phase is "setting up" already.
    pub(super) fn set_up(
        self: &Arc<Self>,
        config: Value,
        metadata: Metadata,
        coverage: Coverage,
        resources: ResourceSet,
    ) {
        known::learn(self.tools.declaration, &config);
        let feed = SectionFeed::new(self.tools.declaration.key(), config.clone(), coverage);
        self.replace_feed(Some(feed.clone()));
        let context = SetupContext::new(config)
            .with_metadata(metadata)
            .with_scope(Arc::clone(&self.scope))
            .with_resources(resources)
            .with_config_feed(feed);
        let server = Arc::clone(self);
        runtime::run(self, self.registration.setup(context), move |outcome, _| {
            if outcome.is_err() {
                server.replace_feed(None);
            }
            server.release(server.instance.finish(outcome.map_err(SetupFailure::from)));
        });
    }

    /// Ends the subscriptions of the instance before, if there was one.
    pub(super) fn replace_feed(&self, feed: Option<SectionFeed>) {
        let mut current = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, feed);
        drop(current);
        if let Some(old) = old {
            old.close();
        }
    }

    /// How many subscriptions to config changes the instance has.
    pub(super) fn subscriptions(&self) -> usize {
        let feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        feed.as_ref().map_or(0, SectionFeed::subscriptions)
    }

    /// Takes a new config section to the plugin's subscribers, away from the reading.
    fn config_changed(self: &Arc<Self>, params: Option<&str>) {
        #[derive(serde::Deserialize)]
        struct Params {
            config: Value,
        }
        let feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(feed) = feed.clone() else { return };
        let Some(Ok(Object(Params { config }))) = params.map(serde_json::from_str) else {
            // What is wrong with it may be a secret's neighbour, so it is not quoted.
            tracing::warn!(
                "`{}` needs `{{\"config\": …}}`; the config stays as it was",
                crate::wire::CONFIG_CHANGED
            );
            return;
        };
        let server = Arc::clone(self);
        self.changes.push(move || {
            let _inside = server.runtime.enter();
            known::learn(server.tools.declaration, &config);
            apply(&feed, config);
        });
    }

    /// Queues a job.
    pub(super) fn submit(self: &Arc<Self>, job: Job) {
        pool::submit_all(self, std::iter::once(job));
    }

    /// Lets calls that waited for a setup go on.
    pub(super) fn release(self: &Arc<Self>, calls: Vec<Call>) {
        pool::submit_all(self, calls.into_iter().map(Job::Call));
    }
}
