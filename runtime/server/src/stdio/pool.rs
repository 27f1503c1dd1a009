//! The threads that read, run hooks and answer: one while all goes well, more when one is held up.
//!
//! A worker runs queued jobs; with none queued, it reads the next ones itself, if nobody else is
//! reading. So a lone call is read, run and answered by one thread without a switch, and a burst is
//! drained by one warm thread. A hook that takes long holds its worker up; the supervisor's
//! [`tick`] notices within a few milliseconds and lets another worker go on.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dagstack_plugin_core::kind::MAX_RUNNING;

/// Queued jobs from which on nobody reads more.
const MAX_QUEUED: usize = 16 * 1024;
/// A worker that idles longer ends.
const IDLE: Duration = Duration::from_secs(10);
/// The time between ticks while something may be held up.
const TICK: Duration = Duration::from_millis(1);
/// The same while everything gets on: each tick wakes a thread beside the one that answers.
const SLOW_TICK: Duration = Duration::from_millis(4);
/// Jobs begun since the last tick that show that everything gets on.
const BUSY: u64 = 4;
/// Ticks for which a hook may keep unread what has come in.
const UNREAD_TICKS: u32 = 2;
/// Ticks without any activity after which the supervisor may sleep.
const QUIET_TICKS: u32 = 12;

/// What the workers work for.
pub(super) trait Work: Send + Sync + 'static {
    /// One piece of work.
    type Job: Send + 'static;

    /// The pool the workers belong to.
    fn pool(&self) -> &Pool<Self::Job>;

    /// Waits for input and turns it into jobs. `false` at its end. Nothing here may block on
    /// anything but the input.
    fn read(self: &Arc<Self>, jobs: &mut Vec<Self::Job>) -> bool;

    /// Runs one job. With `more`, other jobs wait and [`flush`](Self::flush) will be called.
    fn run(self: &Arc<Self>, job: Self::Job, more: bool);

    /// Whether `read` would not have to wait. Only asked while nobody reads.
    fn has_input(&self) -> bool;

    /// Finishes what `run` put off.
    fn flush(&self);

    /// Whether something was put off and nobody is at it.
    fn is_put_off(&self) -> bool;
}

/// The queue and who is at it.
#[derive(Debug)]
pub(super) struct Pool<J> {
    state: Mutex<State<J>>,
    idle: Condvar,
    /// Wakes the supervisor.
    wake: OwnedFd,
}

#[derive(Debug)]
struct State<J> {
    /// Each job with the tick it came in.
    queue: VecDeque<(u32, J)>,
    threads: usize,
    idle: usize,
    running: usize,
    reading: bool,
    ended: bool,
    /// The supervisor sleeps and must be woken when there is something to supervise.
    asleep: bool,
    tick: u32,
    /// Counts what workers begin, to see at the next tick whether they get on.
    progress: u64,
    seen: u64,
    put_off_seen: bool,
    quiet_ticks: u32,
    unread_ticks: u32,
    /// The time to the next tick.
    pace: Duration,
}

impl<J: Send + 'static> Pool<J> {
    /// A pool without threads; the first [`tick`] starts one.
    pub(super) fn new(wake: OwnedFd) -> Self {
        Self {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                threads: 0,
                idle: 0,
                running: 0,
                reading: false,
                ended: false,
                asleep: false,
                tick: 0,
                progress: 0,
                seen: 0,
                put_off_seen: false,
                quiet_ticks: 0,
                unread_ticks: 0,
                pace: TICK,
            }),
            idle: Condvar::new(),
            wake,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the supervisor, whatever it waits for.
    pub(super) fn wake_supervisor(&self) {
        // A full pipe wakes it as well.
        let _ = rustix::io::write(&self.wake, &[1]);
    }

    /// Whether the input has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Whether no job runs.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().running == 0
    }

    /// Whether nothing runs and nothing waits.
    pub(super) fn is_quiet(&self) -> bool {
        let state = self.lock();
        state.running == 0 && state.queue.is_empty()
    }

    /// When the supervisor must tick next. `None` if there is nothing to supervise: it must then
    /// wait for its wake-up, however long that takes.
    pub(super) fn next_tick(&self) -> Option<Duration> {
        let mut state = self.lock();
        state.asleep = state.quiet_ticks > QUIET_TICKS;
        (!state.asleep).then_some(state.pace)
    }
}

/// Queues jobs from anywhere.
pub(super) fn submit_all<W: Work>(work: &Arc<W>, jobs: impl Iterator<Item = W::Job>) {
    let pool = work.pool();
    let mut state = pool.lock();
    let tick = state.tick;
    let before = state.queue.len();
    state.queue.extend(jobs.map(|job| (tick, job)));
    if state.queue.len() == before {
        return;
    }
    rouse(work, &mut state);
    notice(pool, &mut state);
}

/// Queues a job that has waited and goes on. While jobs run, whoever runs one takes it next; if that
/// one is held up, another worker does, from the next [`tick`] on.
pub(super) fn resume<W: Work>(work: &Arc<W>, job: W::Job) {
    let pool = work.pool();
    let mut state = pool.lock();
    let tick = state.tick;
    state.queue.push_back((tick, job));
    if state.idle > 0 || state.running == 0 {
        rouse(work, &mut state);
    }
    notice(pool, &mut state);
}

/// Every [few milliseconds](Pool::next_tick) while there is something to supervise: sees to it that
/// somebody gets on with reading, with the queue and with replies that were put off.
pub(super) fn tick<W: Work>(work: &Arc<W>) {
    let pool = work.pool();
    let put_off = work.is_put_off();
    let mut state = pool.lock();
    let held_up = state.progress == state.seen;
    let late = state
        .queue
        .front()
        .is_some_and(|(since, _)| *since != state.tick)
        && state.running < MAX_RUNNING;
    let unread = !state.reading && !state.ended && state.queue.len() < MAX_QUEUED;
    let unwritten = put_off && state.put_off_seen;
    // A thread beside the one that is held up is of use only if it finds something; without this
    // question every large call would start one, with memory of its own.
    state.unread_ticks = if unread && held_up && (state.running == 0 || work.has_input()) {
        state.unread_ticks + 1
    } else {
        0
    };
    if late || unwritten || state.threads == 0 || state.unread_ticks >= UNREAD_TICKS {
        state.unread_ticks = 0;
        rouse(work, &mut state);
    }
    let quiet = state.reading && state.queue.is_empty() && !put_off && held_up;
    state.quiet_ticks = if quiet { state.quiet_ticks + 1 } else { 0 };
    let gets_on = quiet || state.progress.wrapping_sub(state.seen) >= BUSY;
    state.pace = if gets_on && !late && !put_off {
        SLOW_TICK
    } else {
        TICK
    };
    state.tick = state.tick.wrapping_add(1);
    state.seen = state.progress;
    state.put_off_seen = put_off;
}

/// Lets one more worker go on.
fn rouse<W: Work>(work: &Arc<W>, state: &mut State<W::Job>) {
    if state.idle > 0 {
        work.pool().idle.notify_one();
    } else if state.threads <= MAX_RUNNING {
        let shared = Arc::clone(work);
        let spawned = std::thread::Builder::new()
            .name("dagstack-worker".to_owned())
            .spawn(move || worker(&shared));
        // Without a new thread the present ones go on; the next tick tries again.
        if spawned.is_ok() {
            state.threads += 1;
        }
    }
}

/// Wakes the supervisor if it sleeps.
fn notice<J: Send + 'static>(pool: &Pool<J>, state: &mut State<J>) {
    state.quiet_ticks = 0;
    if std::mem::take(&mut state.asleep) {
        pool.wake_supervisor();
    }
}

fn worker<W: Work>(work: &Arc<W>) {
    let pool = work.pool();
    let mut jobs = Vec::new();
    let mut put_off = false;
    let mut state = pool.lock();
    loop {
        if state.running < MAX_RUNNING
            && let Some((_, job)) = state.queue.pop_front()
        {
            state.running += 1;
            state.progress += 1;
            let more = !state.queue.is_empty();
            drop(state);
            put_off = more;
            work.run(job, more);
            state = pool.lock();
            state.running -= 1;
            continue;
        }
        if put_off || state.put_off_seen {
            put_off = false;
            state.put_off_seen = false;
            drop(state);
            work.flush();
            state = pool.lock();
            continue;
        }
        if !state.reading && !state.ended && state.queue.len() < MAX_QUEUED {
            state.reading = true;
            state.progress += 1;
            drop(state);
            let goes_on = work.read(&mut jobs);
            state = pool.lock();
            state.reading = false;
            let tick = state.tick;
            state.queue.extend(jobs.drain(..).map(|job| (tick, job)));
            notice(pool, &mut state);
            if !goes_on {
                state.ended = true;
                pool.wake_supervisor();
            }
            continue;
        }
        state.idle += 1;
        let (woken, waited) = pool
            .idle
            .wait_timeout(state, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        state = woken;
        state.idle -= 1;
        if waited.timed_out() && state.queue.is_empty() && state.threads > 2 {
            state.threads -= 1;
            return;
        }
    }
}
