//! The process's first thread: signals, the end of the input, the clock, and the end of the process.
//! It waits for nothing that a hook could hold up.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::guard::Forwarder;
use super::in_flight::Open;
use super::reply::failure_line;
use super::server::Server;
use super::{lifecycle, pool};
use dagstack_engine::task;
use dagstack_plugin_core::error::{HookError, code};

/// How often the pool is looked after at the end.
const TICK: Duration = Duration::from_millis(1);
/// After the end of the input: when hooks are told that nobody waits any longer, …
const TELL: Duration = Duration::from_millis(1000);
/// … when calls that still run are given up, …
const GIVE_UP: Duration = Duration::from_millis(1500);
/// … when a teardown that still runs is given up, …
const EXIT: Duration = Duration::from_millis(1800);
/// … and how long the last log lines may take.
const LAST_WORDS: Duration = Duration::from_millis(120);

static TORN_DOWN: AtomicBool = AtomicBool::new(false);

/// Runs until the input ends or a signal comes, then ends all work within two seconds. The caller
/// must end the process at once: threads may still be inside hooks.
pub(super) fn supervise(
    server: &Arc<Server>,
    mut printed: Forwarder,
    signals: &OwnedFd,
    wake: &OwnedFd,
) {
    pool::tick(server);
    // Beside the worker that has just begun to read.
    server.runtime.get();
    loop {
        let timeout = server.pool.next_tick();
        if timeout.is_none() {
            server.spare.forget();
        }
        let seen = wait(&mut printed, signals, wake, timeout);
        if seen.signal || server.pool.has_ended() {
            break;
        }
        pool::tick(server);
    }
    let began = Instant::now();
    let mut told = false;
    let pause = |printed: &mut Forwarder| {
        wait(printed, signals, wake, Some(TICK));
        pool::tick(server);
    };
    let is_done =
        || server.in_flight.is_empty() && server.pool.is_quiet() && server.output.is_idle();
    while began.elapsed() < GIVE_UP && !is_done() {
        if !told && began.elapsed() > TELL {
            told = true;
            server.in_flight.tell_all();
        }
        pause(&mut printed);
    }
    let is_open = !server.in_flight.is_empty();
    let given_up = is_open.then(|| apart(server, give_up)).flatten();
    // Not by the pool, whose every worker may be inside a hook.
    let _ = apart(server, tear_down);
    let is_over = || {
        let is_said = given_up.as_ref().is_none_or(JoinHandle::is_finished);
        TORN_DOWN.load(Ordering::Acquire) && is_said && server.output.is_idle()
    };
    while began.elapsed() < EXIT && !is_over() {
        pause(&mut printed);
    }
    let cut = if TORN_DOWN.load(Ordering::Acquire) {
        None
    } else {
        apart(server, |_| {
            tracing::error!("the teardown did not end within {EXIT:?} and is cut off");
        })
    };
    let end = Instant::now() + LAST_WORDS;
    loop {
        printed.take();
        printed.give();
        let is_said = cut.as_ref().is_none_or(JoinHandle::is_finished);
        if (is_said && !printed.has_backlog()) || Instant::now() > end {
            return;
        }
        wait(&mut printed, signals, wake, Some(TICK));
    }
}

/// Does something on a thread of its own: what is written, and be it a log line, may have to wait for
/// a reader, and that of stderr is the supervisor.
fn apart(
    server: &Arc<Server>,
    work: impl FnOnce(&Arc<Server>) + Send + 'static,
) -> Option<JoinHandle<()>> {
    let server = Arc::clone(server);
    let thread = std::thread::Builder::new().name("dagstack-end".to_owned());
    thread.spawn(move || work(&server)).ok()
}

/// Answers the requests that are still open: whoever asked would wait for ever.
fn give_up(server: &Arc<Server>) {
    let open = server.in_flight.take_all();
    let hooks = server.tools.declaration.hooks;
    let mut running: BTreeMap<&str, usize> = BTreeMap::new();
    for Open { id, hook, shape } in open {
        let name = hook.and_then(|hook| hooks.get(hook)).map(|hook| hook.name);
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
        // Whoever reads too slowly for it is not waited for.
        let _ = server.output.offer(failure_line(&id, shape, &error));
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

#[derive(Debug, Default)]
struct Seen {
    signal: bool,
}

/// Waits for anything to happen, and forwards what was printed.
fn wait(
    printed: &mut Forwarder,
    signals: &OwnedFd,
    wake: &OwnedFd,
    timeout: Option<Duration>,
) -> Seen {
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    let (readable, writable, signal, woken) = {
        let (from, to) = printed.interests();
        let mut fds = vec![
            PollFd::new(signals, PollFlags::IN),
            PollFd::new(wake, PollFlags::IN),
            from,
        ];
        fds.extend(to);
        // An interruption counts as nothing seen.
        let _ = poll(&mut fds, timeout.as_ref());
        let is = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        (is(2), is(3), is(0), is(1))
    };
    if woken {
        drain(wake.as_fd());
    }
    if readable {
        printed.take();
    }
    if readable || writable {
        printed.give();
    }
    Seen { signal }
}

fn drain(fd: std::os::fd::BorrowedFd<'_>) {
    let mut bytes = [0; 64];
    while matches!(rustix::io::read(fd, &mut bytes), Ok(count) if count == bytes.len()) {}
}

/// Runs the plugin's teardown; [`supervise`] waits for it, but not for ever.
fn tear_down(server: &Arc<Server>) {
    if let Some(teardown) = lifecycle::take_down(server) {
        let _inside = server.runtime.enter();
        if let Err(error) = task::block_on(teardown) {
            let error = super::known::scrub(error.to_string());
            tracing::error!("the teardown failed: {error}");
        }
    }
    TORN_DOWN.store(true, Ordering::Release);
    server.pool.wake_supervisor();
}
