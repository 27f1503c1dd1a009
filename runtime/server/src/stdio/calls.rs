//! `tools/call`: from the text of its parameters to the bytes of its answer.

use std::borrow::Cow;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::ErrorData;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{INVALID_PARAMS, error_line, is_object, refusal_line, type_of};
use super::executor;
use super::in_flight::CallEntry;
use super::instance::{Admission, Admitted};
use super::lifecycle;
use super::meta::{self, CallMeta};
use super::origin::Origin;
use super::progress::CallProgress;
use super::reader::LARGE;
use super::reply::{self, Content, ResultFormat, Shape};
use super::server::{Job, ParkedCall, Server};
use super::tools::HookId;
use dagstack_engine::call::call_at;
use dagstack_plugin_core::context::{HookContext, PluginScope};
use dagstack_plugin_core::error::{HookError, code};
use dagstack_plugin_core::form::{Args, Output};
use dagstack_plugin_core::future::BoxFuture;
use dagstack_plugin_core::giving_up::until_given_up;
use dagstack_plugin_core::panics;
use dagstack_plugin_core::plugin::ErasedPlugin;

/// The reply of a call that took longer is written at once, whatever waits behind it.
const QUICK: Duration = Duration::from_micros(100);

/// One call of one hook.
#[derive(Debug)]
pub(super) struct Call {
    /// The line it came in, or as much of it as is needed.
    text: String,
    id: Range<usize>,
    /// Absent means `{}`.
    args: Option<Range<usize>>,
    hook: HookId,
    context: HookContext,
    progress: Option<Arc<CallProgress>>,
    ticket: u64,
    shape: Shape,
    /// The peer knows our extension.
    has_extension: bool,
    origin: Origin,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

/// Reads the parameters of `tools/call`; an error is its answer. `id` and `params` lie in `line`.
pub(super) fn prepare(
    server: &Arc<Server>,
    line: Cow<'_, str>,
    id: Range<usize>,
    params: Option<Range<usize>>,
    origin: Origin,
) -> Result<Call, Vec<u8>> {
    let text = &*line;
    let id_text = text.get(id.clone()).unwrap_or("null");
    let refuse = |message: &str| Err(error_line(Some(id_text), INVALID_PARAMS, message));
    let Some(params) = params.and_then(|params| text.get(params)) else {
        return refuse("`tools/call` needs `params` with the `name` of a tool");
    };
    let params: Params<'_> = match serde_json::from_str(params) {
        Ok(params) => params,
        Err(error) => {
            let error = error.to_string();
            let (problem, _) = error.rsplit_once(" at line").unwrap_or((&error, ""));
            return refuse(&format!(
                "the parameters of `tools/call` do not fit: {problem}; expected {{\"name\": text, \"arguments\": object}}"
            ));
        }
    };
    if let Some(meta) = params.meta.map(RawValue::get)
        && !is_object(meta)
    {
        let found = type_of(meta);
        return refuse(&format!("`_meta` must be an object, found {found}"));
    }
    let refused = |error: &ErrorData| refusal_line(id_text, error);
    let meta = params.meta.map(|meta| meta::read(meta.get())).transpose();
    let mut meta = meta.map_err(|error| refused(&error))?.unwrap_or_default();
    let peer = *meta.peer.get_or_insert_with(|| server.session.peer());
    let hook = server.tools.find(peer, &params.name);
    let hook = hook.map_err(|error| refused(&error))?;
    let args = match params.arguments.map(RawValue::get) {
        None => None,
        Some(object) if object.starts_with('{') => Some(range(text, object)),
        Some(other) => {
            return refuse(&format!(
                "`arguments` must be an object, found {}",
                type_of(other)
            ));
        }
    };
    let text = line.into_owned();
    Ok(Call::begin(server, text, id, args, hook, meta, origin))
}

/// The context as the hook gets it: it knows the plugin, and whom to tell of the call's progress.
fn in_scope(
    server: &Arc<Server>,
    context: HookContext,
    scope: Option<Arc<PluginScope>>,
    token: Option<Box<str>>,
) -> (HookContext, Option<Arc<CallProgress>>) {
    let context = match scope {
        Some(scope) => context.with_scope(scope),
        None => context,
    };
    let Some(token) = token else {
        return (context, None);
    };
    let cancellation = context.cancellation().clone();
    let progress = CallProgress::new(Arc::downgrade(server), token, cancellation);
    let progress = Arc::new(progress);
    let sink = Arc::clone(&progress);
    (context.with_progress(sink), Some(progress))
}

/// Where `inner`, a part of `outer`, lies in it.
pub(super) fn range(outer: &str, inner: &str) -> Range<usize> {
    let start = (inner.as_ptr() as usize).wrapping_sub(outer.as_ptr() as usize);
    start..start + inner.len()
}

impl Call {
    /// Notes a call that was read. `id` and `args` lie in `text`.
    pub(super) fn begin(
        server: &Arc<Server>,
        text: String,
        id: Range<usize>,
        args: Option<Range<usize>>,
        hook: HookId,
        meta: CallMeta,
        origin: Origin,
    ) -> Self {
        let plugin = server.plugins.get(hook.plugin);
        let scope = plugin.map(|plugin| plugin.log_view.scope(&plugin.scope, &meta));
        let (context, progress) = in_scope(server, meta.context, scope, meta.progress);
        let shape = meta.shape;
        let call = CallEntry {
            token: context.cancellation().clone(),
            hook,
            shape,
        };
        let id_text = text.get(id.clone()).unwrap_or("null");
        let batch = origin.batch.clone();
        let ticket = server.in_flight.begin(id_text, batch, Some(call));
        Self {
            text,
            id,
            args,
            hook,
            context,
            progress,
            ticket,
            shape,
            has_extension: meta.peer.is_some_and(|peer| peer.has_extension),
            origin,
        }
    }

    fn args(&self) -> &str {
        self.args
            .clone()
            .and_then(|args| self.text.get(args))
            .unwrap_or("{}")
    }

    fn id(&self) -> &str {
        self.text.get(self.id.clone()).unwrap_or("null")
    }

    /// Decides about the call where it is read, so that no teardown read behind it can overtake it.
    /// Returns what a worker must do now.
    pub(super) fn admit(self, server: &Server) -> Option<Job> {
        let park = |call: Self| -> ParkedCall { Box::new(|admitted| call.job(admitted)) };
        let plugin = server.plugins.get(self.hook.plugin)?;
        match plugin.instance.admit(self, park) {
            Admission::Decided(call, admitted) => Some(call.job(admitted)),
            Admission::Parked => None,
            Admission::SetUpFirst => Some(lifecycle::set_up_alone(plugin)),
        }
    }

    /// Runs the call, or says why it cannot run.
    fn job(self, admitted: Admitted) -> Job {
        let bytes = self.text.len();
        let job = Job::new(move |server, more| match admitted {
            Ok(plugin) => self.run_on(server, plugin, more),
            Err(error) => self.answer(server, Err(error), more),
        });
        job.holding(bytes)
    }

    fn run_on(self, server: &Arc<Server>, plugin: Arc<dyn ErasedPlugin>, more: bool) {
        let began = more.then(Instant::now);
        let shared = Arc::clone(server);
        let future: BoxFuture<'static, (Self, Result<Output, HookError>)> = Box::pin(async move {
            let outcome = {
                let args = Args::Json(self.args());
                let called = pin!(call_at(&*plugin, self.hook.hook, &self.context, args));
                // At the end of the process every token is cancelled although callers may still want their
                // answers; those go on.
                let is_wanted = || shared.in_flight.has(self.id(), self.ticket);
                until_given_up(&self.context, &shared.runtime, called, is_wanted).await
            };
            let is_late = self.context.remaining().is_some_and(|left| left.is_zero());
            if is_late && outcome.is_err() {
                // What the hook has begun elsewhere hears of it by its token.
                self.context.cancellation().cancel();
            }
            // After a teardown the last call drops the plugin, and a panic there must not cost its answer.
            let _ = panics::catch(move || drop(plugin));
            (self, outcome)
        });
        executor::run(server, future, move |server, (call, outcome), at_once| {
            let more = at_once && began.is_some_and(|began| began.elapsed() < QUICK);
            call.answer(server, outcome, more);
        });
    }

    fn answer(self, server: &Server, outcome: Result<Output, HookError>, more: bool) {
        if let Some(progress) = &self.progress {
            progress.end();
        }
        // It goes to another process, and there perhaps to a model.
        let outcome = outcome.map_err(super::secrets::scrub_error);
        let (ticket, shape) = (self.ticket, self.shape);
        let Some((_, hook)) = server.hook(self.hook) else {
            return;
        };
        let line = match outcome {
            Ok(Output::Json(value)) => {
                let schemas = hook.schemas();
                let format = ResultFormat {
                    shape,
                    wraps: schemas.wraps_result,
                    content: Content::of(&value, schemas.is_content, shape, self.has_extension),
                };
                let Self {
                    text, id, origin, ..
                } = self;
                let own_id;
                let id = if text.len() < LARGE {
                    text.get(id).unwrap_or("null")
                } else {
                    own_id = text.get(id).unwrap_or("null").to_owned();
                    server.spare.give(text.into_bytes());
                    &own_id
                };
                if server.in_flight.end(id, ticket) {
                    reply::send_result(&server.output, &origin, id, format, &value, more);
                }
                return;
            }
            Ok(Output::Value(_)) => reply::failure_line(
                self.id(),
                shape,
                &HookError::new(
                    code::RESULT_NOT_SERIALISABLE,
                    format!("hook `{}` gave no JSON text", hook.name),
                ),
            ),
            Err(error) => {
                let line = reply::failure_line(self.id(), shape, &error);
                // The error it came from is the author's, and may panic when it is dropped.
                let _ = panics::catch(move || drop(error));
                line
            }
        };
        if server.in_flight.end(self.id(), ticket) {
            self.origin.send(&server.output, self.id(), line, more);
        }
    }
}
