//! The process's first thread: signals, the end of the input, the clock, and the end of the process.
//! It waits for nothing that a hook could hold up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::in_flight::Open;
use super::reply::failure_line;
use super::server::{Hosted, Server};
use super::unix::Events;
use super::{lifecycle, pool};
use dagstack_plugin_core::error::{HookError, code};

/// How often the pool is looked after at the end.
const TICK: Duration = Duration::from_millis(1);
/// After the end of the input: when hooks are told that nobody waits any longer, …
const CANCEL: Duration = Duration::from_millis(1000);
/// … when calls that still run are given up, …
const GIVE_UP: Duration = Duration::from_millis(1500);
/// … when a teardown that still runs is given up, …
const EXIT: Duration = Duration::from_millis(1800);
/// … and how long the last log lines may take.
const LAST_LINES: Duration = Duration::from_millis(120);

/// Runs until the input ends or a signal comes, then ends all work within two seconds. The caller
/// must end the process at once: threads may still be inside hooks.
pub(super) fn supervise(server: &Arc<Server>, mut events: Events) {
    pool::tick(server);
    // Beside the worker that has just begun to read.
    server.runtime.get();
    let mut deafness = Deafness::default();
    let began = loop {
        if server.pool.has_ended() {
            break Instant::now();
        }
        let timeout = server.pool.next_tick();
        if timeout.is_none() {
            server.spare.forget();
        }
        if events.wait(timeout) {
            break Instant::now();
        }
        pool::tick(server);
        if let Some(began) = deafness.lasts(server) {
            server.host_calls.end();
            break began;
        }
    };
    end(server, &mut events, began);
}

/// The input has ended and nobody reads it to there: the answers are not taken, or hooks keep all that
/// follows waiting. While some get on, all of them are waited for.
#[derive(Default)]
struct Deafness {
    began: Option<Instant>,
    progress: Option<(u64, usize)>,
}

impl Deafness {
    /// Looks again. Since when it is so, if that is so long that nobody is waited for.
    fn lasts(&mut self, server: &Server) -> Option<Instant> {
        let progress = server.pool.progress();
        let progress = progress.map(|begun| (begun, server.output.progress()));
        if progress.is_none() || progress != self.progress {
            self.progress = progress;
            self.began = None;
            return None;
        }
        if self.began.is_none() && server.has_lost_input() {
            self.began = Some(Instant::now());
        }
        self.began.filter(|began| began.elapsed() > CANCEL)
    }
}

/// Ends all work, within two seconds since it `began`: first the calls, then the plugin, then the log.
fn end(server: &Arc<Server>, events: &mut Events, began: Instant) {
    let mut wait_until = |limit, is_done: &dyn Fn() -> bool| {
        while began.elapsed() < limit && !is_done() {
            events.wait(Some(TICK));
            pool::tick(server);
        }
    };
    let is_done =
        || server.in_flight.is_empty() && server.pool.is_quiet() && server.output.is_idle();
    wait_until(CANCEL, &is_done);
    for plugin in &server.plugins {
        plugin.log_view.tell_of_drops();
    }
    server.in_flight.cancel_tokens();
    wait_until(GIVE_UP, &is_done);
    let is_open = !server.in_flight.is_empty();
    let giving_up = is_open.then(|| spawn(server, give_up)).flatten();
    // Not by the pool, whose every worker may be inside a hook.
    let plugins = server.plugins.iter().map(Arc::clone);
    let teardowns: Vec<_> = plugins
        .map(|plugin| spawn(server, move |server| tear_down(server, &plugin)))
        .collect();
    let are_down = || teardowns.iter().all(has_ended);
    wait_until(EXIT, &|| {
        are_down() && has_ended(&giving_up) && server.output.is_idle()
    });
    let last_line = if are_down() {
        None
    } else {
        spawn(server, |_| {
            tracing::error!("the teardown did not end within {EXIT:?} and is cut off");
        })
    };
    let limit = Instant::now() + LAST_LINES;
    loop {
        let is_forwarded = events.forward();
        let is_written = has_ended(&last_line) && is_forwarded;
        if is_written || Instant::now() > limit {
            return;
        }
        events.wait(Some(TICK));
    }
}

/// Does something on a thread of its own: what is written, and be it a log line, may have to wait for
/// a reader, and that of stderr is the supervisor.
fn spawn(
    server: &Arc<Server>,
    work: impl FnOnce(&Arc<Server>) + Send + 'static,
) -> Option<JoinHandle<()>> {
    let server = Arc::clone(server);
    let thread = std::thread::Builder::new().name("dagstack-end".to_owned());
    thread.spawn(move || work(&server)).ok()
}

/// Whether a thread has ended, or was none.
fn has_ended(thread: &Option<JoinHandle<()>>) -> bool {
    thread.as_ref().is_none_or(JoinHandle::is_finished)
}

/// Answers the requests that are still open: whoever asked would wait for ever.
fn give_up(server: &Arc<Server>) {
    let open = server.in_flight.take_all();
    let mut running: BTreeMap<&str, usize> = BTreeMap::new();
    let mut batches = Vec::new();
    for Open {
        id,
        hook,
        shape,
        batch,
    } in open
    {
        let name = hook
            .and_then(|hook| server.hook(hook))
            .map(|(_, hook)| hook.name);
        let problem = match name {
            Some(hook) => format!(
                "the plugin's process is ending, and `{hook}` did not end within {GIVE_UP:?}"
            ),
            None => "the plugin's process is ending".to_owned(),
        };
        if let Some(hook) = name {
            *running.entry(hook).or_default() += 1;
        }
        let error = HookError::new(code::UNAVAILABLE, problem);
        let line = failure_line(&id, shape, &error);
        match batch {
            // Its other shares are with calls that still run.
            Some(batch) => {
                batch.add(&line);
                batches.push(batch);
            }
            // Whoever reads too slowly for it is not waited for.
            None => {
                let _ = server.output.offer(line);
            }
        }
    }
    for line in batches.iter().filter_map(|batch| batch.take()) {
        let _ = server.output.offer(line);
    }
    if !running.is_empty() {
        let names: Vec<String> = running
            .iter()
            .map(|(hook, calls)| match calls {
                1 => format!("`{hook}`"),
                calls => format!("`{hook}` ({calls} calls)"),
            })
            .collect();
        tracing::error!(
            "the process is ending; calls that did not end within {GIVE_UP:?} are given up: {}",
            names.join(", ")
        );
    }
    server.output.flush();
}

/// Runs a plugin's teardown; [`end`] waits for it, but not for ever.
fn tear_down(server: &Arc<Server>, plugin: &Hosted) {
    if let Some(teardown) = lifecycle::take_down(plugin) {
        let _inside = server.runtime.enter();
        lifecycle::finish(teardown);
    }
}
