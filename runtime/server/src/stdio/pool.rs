//! The threads that read, run hooks and answer: one while all goes well, more when one is held up.
//!
//! A worker runs queued jobs; with none queued, it reads the next ones itself, if nobody else is
//! reading. So a lone call is read, run and answered by one thread without a switch, and a burst is
//! drained by one warm thread. A hook that takes long holds its worker up; the supervisor's
//! [`tick`] notices within a few milliseconds and lets another worker go on.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::unix::{self, OwnedFd};
use dagstack_engine::task::MAX_RUNNING;
use dagstack_plugin_core::panics;
use dagstack_plugin_core::sync::lock;

/// What queued jobs hold, in bytes, from which on nobody reads more.
const MAX_QUEUED: usize = 4 * 1024 * 1024;
/// Threads beyond [`MAX_RUNNING`] jobs that take long: one reads, one does what is light.
const MORE_THREADS: usize = 2;
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

    /// What a queued job holds, in bytes.
    fn weight(job: &Self::Job) -> usize;

    /// Whether a job runs no author's code, so that it is done however many run.
    fn is_light(job: &Self::Job) -> bool;

    /// Whether nothing is to be read or begun for now: nobody takes what comes of it.
    fn is_jammed(&self) -> bool;

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
    waker: OwnedFd,
}

#[derive(Debug)]
struct State<J> {
    queue: Queue<J>,
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

/// The jobs that wait, in the order they came; light ones beside the others, to be found when those
/// have to wait.
#[derive(Debug)]
struct Queue<J> {
    next: u64,
    light: VecDeque<Queued<J>>,
    others: VecDeque<Queued<J>>,
    /// What all of them hold.
    weight: usize,
}

#[derive(Debug)]
struct Queued<J> {
    place: u64,
    /// The tick it came in.
    since: u32,
    weight: usize,
    job: J,
}

impl<J> Queue<J> {
    fn new() -> Self {
        Self {
            next: 0,
            light: VecDeque::new(),
            others: VecDeque::new(),
            weight: 0,
        }
    }

    fn push<W: Work<Job = J>>(&mut self, since: u32, job: J) {
        let queued = Queued {
            place: self.next,
            since,
            weight: W::weight(&job),
            job,
        };
        self.next += 1;
        self.weight += queued.weight;
        match W::is_light(&queued.job) {
            true => self.light.push_back(queued),
            false => self.others.push_back(queued),
        }
    }

    /// The one whose turn it is.
    fn pop(&mut self, only_light: bool) -> Option<J> {
        let queue = match (self.light.front(), self.others.front()) {
            (Some(light), Some(other)) if !only_light && other.place < light.place => {
                &mut self.others
            }
            (None, _) if !only_light => &mut self.others,
            _ => &mut self.light,
        };
        let queued = queue.pop_front()?;
        self.weight -= queued.weight;
        Some(queued.job)
    }

    /// Whether one that could run waits since before this tick.
    fn is_late(&self, tick: u32, only_light: bool) -> bool {
        let is_late = |queue: &VecDeque<Queued<J>>| {
            let first = queue.front();
            first.is_some_and(|queued| queued.since != tick)
        };
        is_late(&self.light) || (!only_light && is_late(&self.others))
    }

    fn len(&self) -> usize {
        self.light.len() + self.others.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<J> State<J> {
    /// So many jobs run that only light ones may join them.
    fn is_crowded(&self) -> bool {
        self.running >= MAX_RUNNING
    }

    fn may_read(&self) -> bool {
        !self.reading && !self.ended && self.queue.weight < MAX_QUEUED
    }
}

impl<J: Send + 'static> Pool<J> {
    /// A pool without threads; the first [`tick`] starts one.
    pub(super) fn new(waker: OwnedFd) -> Self {
        Self {
            state: Mutex::new(State {
                queue: Queue::new(),
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
            waker,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        lock(&self.state)
    }

    /// Wakes the supervisor, whatever it waits for.
    fn wake_supervisor(&self) {
        unix::wake(&self.waker);
    }

    /// Whether the input has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// What changes with everything that workers begin; `None` while one of them reads, and so hears of
    /// the end of the input.
    pub(super) fn progress(&self) -> Option<u64> {
        let state = self.lock();
        (!state.reading).then_some(state.progress)
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
    for job in jobs {
        state.queue.push::<W>(tick, job);
    }
    if state.queue.len() == before {
        return;
    }
    wake_worker(work, &mut state);
    alert_supervisor(pool, &mut state);
}

/// Queues a job that has waited and goes on. While jobs run, whoever runs one takes it next; if that
/// one is held up, another worker does, from the next [`tick`] on.
pub(super) fn resume<W: Work>(work: &Arc<W>, job: W::Job) {
    let pool = work.pool();
    let mut state = pool.lock();
    let tick = state.tick;
    state.queue.push::<W>(tick, job);
    if state.idle > 0 || state.running == 0 {
        wake_worker(work, &mut state);
    }
    alert_supervisor(pool, &mut state);
}

/// Every [few milliseconds](Pool::next_tick) while there is something to supervise: sees to it that
/// somebody gets on with reading, with the queue and with replies that were put off.
pub(super) fn tick<W: Work>(work: &Arc<W>) {
    let pool = work.pool();
    let put_off = work.is_put_off();
    let mut state = pool.lock();
    let held_up = state.progress == state.seen;
    let jammed = work.is_jammed();
    let late = !jammed && state.queue.is_late(state.tick, state.is_crowded());
    let unread = !jammed && state.may_read();
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
        wake_worker(work, &mut state);
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
fn wake_worker<W: Work>(work: &Arc<W>, state: &mut State<W::Job>) {
    if state.idle > 0 {
        work.pool().idle.notify_one();
    } else if state.threads < MAX_RUNNING + MORE_THREADS {
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
fn alert_supervisor<J: Send + 'static>(pool: &Pool<J>, state: &mut State<J>) {
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
        let jammed = work.is_jammed();
        let only_light = state.is_crowded();
        if !jammed && let Some(job) = state.queue.pop(only_light) {
            state.running += 1;
            state.progress += 1;
            let more = !state.queue.is_empty();
            drop(state);
            put_off = more;
            // A job may drop an author's plugin; a panic there must not cost a worker.
            let _ = panics::catch(|| work.run(job, more));
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
        if !jammed && state.may_read() {
            state.reading = true;
            state.progress += 1;
            drop(state);
            let goes_on = work.read(&mut jobs);
            state = pool.lock();
            state.reading = false;
            let tick = state.tick;
            for job in jobs.drain(..) {
                state.queue.push::<W>(tick, job);
            }
            alert_supervisor(pool, &mut state);
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

#[cfg(test)]
mod tests;
