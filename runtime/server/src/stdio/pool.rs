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
    waker: OwnedFd,
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
    pub(super) fn new(waker: OwnedFd) -> Self {
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
    wake_worker(work, &mut state);
    alert_supervisor(pool, &mut state);
}

/// Queues a job that has waited and goes on. While jobs run, whoever runs one takes it next; if that
/// one is held up, another worker does, from the next [`tick`] on.
pub(super) fn resume<W: Work>(work: &Arc<W>, job: W::Job) {
    let pool = work.pool();
    let mut state = pool.lock();
    let tick = state.tick;
    state.queue.push_back((tick, job));
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
        if state.running < MAX_RUNNING
            && let Some((_, job)) = state.queue.pop_front()
        {
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
        if !state.reading && !state.ended && state.queue.len() < MAX_QUEUED {
            state.reading = true;
            state.progress += 1;
            drop(state);
            let goes_on = work.read(&mut jobs);
            state = pool.lock();
            state.reading = false;
            let tick = state.tick;
            state.queue.extend(jobs.drain(..).map(|job| (tick, job)));
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
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// What a job does.
    type Act = Box<dyn FnOnce(&Arc<Acts>, bool) + Send>;

    /// Work that is sent in, a batch for each read.
    struct Acts {
        pool: Pool<Act>,
        input: Mutex<Receiver<Vec<Act>>>,
        flushed: Sender<()>,
        put_off: AtomicBool,
    }

    impl Work for Acts {
        type Job = Act;

        fn pool(&self) -> &Pool<Act> {
            &self.pool
        }

        fn read(self: &Arc<Self>, jobs: &mut Vec<Act>) -> bool {
            let batch = self.input.lock().unwrap().recv();
            jobs.extend(batch.into_iter().flatten());
            !jobs.is_empty()
        }

        fn run(self: &Arc<Self>, job: Act, more: bool) {
            job(self, more);
        }

        fn has_input(&self) -> bool {
            true
        }

        fn flush(&self) {
            let _ = self.flushed.send(());
        }

        fn is_put_off(&self) -> bool {
            self.put_off.load(Ordering::Relaxed)
        }
    }

    struct Peer {
        acts: Arc<Acts>,
        /// Dropped, it ends the input.
        input: Sender<Vec<Act>>,
        flushed: Receiver<()>,
        woken: OwnedFd,
    }

    fn start() -> Peer {
        let (woken, wake) = rustix::pipe::pipe().unwrap();
        let (input, batches) = channel();
        let (flush, flushed) = channel();
        let acts = Arc::new(Acts {
            pool: Pool::new(wake),
            input: Mutex::new(batches),
            flushed: flush,
            put_off: AtomicBool::new(false),
        });
        tick(&acts);
        Peer {
            acts,
            input,
            flushed,
            woken,
        }
    }

    fn act(act: impl FnOnce(bool) + Send + 'static) -> Act {
        Box::new(move |_, more| act(more))
    }

    /// A job that says that it has begun, and waits until it is let go.
    fn blocks() -> (Act, Receiver<()>, Sender<()>) {
        let (begin, begun) = channel();
        let (go, gone) = channel::<()>();
        let act = act(move |_| {
            begin.send(()).unwrap();
            let _ = gone.recv();
        });
        (act, begun, go)
    }

    /// Ticks until something has happened.
    fn tick_until<T>(acts: &Arc<Acts>, event: &Receiver<T>) -> T {
        loop {
            tick(acts);
            match event.recv_timeout(TICK) {
                Ok(event) => return event,
                Err(error) => assert_ne!(error, std::sync::mpsc::RecvTimeoutError::Disconnected),
            }
        }
    }

    #[test]
    fn a_worker_that_blocks_is_replaced() {
        let peer = start();
        let (sender, receiver) = channel();
        let (held, begun, go) = blocks();
        let behind = sender.clone();
        peer.input
            .send(vec![held, act(move |_| behind.send("behind").unwrap())])
            .unwrap();
        begun.recv().unwrap();
        // What was read with it, then what comes in while it runs.
        assert_eq!(tick_until(&peer.acts, &receiver), "behind");
        let read = sender.clone();
        peer.input
            .send(vec![act(move |_| read.send("read").unwrap())])
            .unwrap();
        assert_eq!(tick_until(&peer.acts, &receiver), "read");
        // And what is queued from elsewhere, at once or as something that goes on.
        let queued = sender.clone();
        submit_all(
            &peer.acts,
            std::iter::once(act(move |_| queued.send("queued").unwrap())),
        );
        assert_eq!(tick_until(&peer.acts, &receiver), "queued");
        resume(&peer.acts, act(move |_| sender.send("resumed").unwrap()));
        assert_eq!(tick_until(&peer.acts, &receiver), "resumed");
        assert!(!peer.acts.pool.is_idle());
        drop(go);
    }

    #[test]
    fn one_worker_does_all_that_does_not_block() {
        let peer = start();
        let (sender, receiver) = channel();
        for _ in 0..3 {
            let batch = (0..2).map(|_| {
                let sender = sender.clone();
                act(move |more| sender.send((std::thread::current().id(), more)).unwrap())
            });
            peer.input.send(batch.collect()).unwrap();
            let (first, second) = (receiver.recv().unwrap(), receiver.recv().unwrap());
            assert_eq!(first.0, second.0);
            // The last one of a batch has nobody behind it to write what was put off.
            assert_eq!((first.1, second.1), (true, false));
        }
        assert_eq!(peer.acts.pool.lock().threads, 1);
    }

    #[test]
    fn a_job_that_panics_costs_no_worker() {
        let peer = start();
        let (sender, receiver) = channel();
        let after = act(move |_| sender.send(()).unwrap());
        peer.input
            .send(vec![act(|_| panic!("what a job may do")), after])
            .unwrap();
        receiver.recv().unwrap();
        while !peer.acts.pool.is_quiet() {
            std::thread::yield_now();
        }
        assert_eq!(peer.acts.pool.lock().threads, 1);
    }

    #[test]
    fn what_was_put_off_for_a_job_that_another_took_is_flushed() {
        let peer = start();
        let (held, begun, go) = blocks();
        let (sender, receiver) = channel();
        let other = act(move |more| sender.send(more).unwrap());
        peer.input.send(vec![held, other]).unwrap();
        begun.recv().unwrap();
        assert!(!tick_until(&peer.acts, &receiver));
        assert!(peer.flushed.try_recv().is_err());
        drop(go);
        peer.flushed.recv().unwrap();
    }

    #[test]
    fn what_was_put_off_and_nobody_is_at_is_flushed() {
        let peer = start();
        let (held, begun, go) = blocks();
        peer.input.send(vec![held]).unwrap();
        begun.recv().unwrap();
        peer.acts.put_off.store(true, Ordering::Relaxed);
        tick_until(&peer.acts, &peer.flushed);
        drop(go);
    }

    #[test]
    fn nobody_reads_while_too_much_is_queued() {
        let peer = start();
        let (held, begun, go) = blocks();
        let (sender, receiver) = channel();
        let mut batch = vec![held];
        batch.extend((0..=MAX_QUEUED).map(|_| act(|_| {})));
        peer.input.send(batch).unwrap();
        begun.recv().unwrap();
        peer.input
            .send(vec![act(move |_| sender.send(()).unwrap())])
            .unwrap();
        let state = peer.acts.pool.lock();
        assert!(!state.reading && state.queue.len() > MAX_QUEUED);
        drop(state);
        drop(go);
        tick_until(&peer.acts, &receiver);
        assert!(peer.acts.pool.lock().queue.is_empty());
    }

    #[test]
    fn the_end_of_the_input_wakes_the_supervisor_and_stops_nothing() {
        let peer = start();
        let (held, begun, go) = blocks();
        peer.input.send(vec![held]).unwrap();
        begun.recv().unwrap();
        drop(peer.input);
        while !peer.acts.pool.has_ended() {
            tick(&peer.acts);
            std::thread::yield_now();
        }
        let mut byte = [0];
        assert_eq!(rustix::io::read(&peer.woken, &mut byte), Ok(1));
        assert!(!peer.acts.pool.is_quiet());
        let (sender, receiver) = channel();
        submit_all(
            &peer.acts,
            std::iter::once(act(move |_| sender.send(()).unwrap())),
        );
        tick_until(&peer.acts, &receiver);
        drop(go);
    }

    #[test]
    fn a_supervisor_without_work_sleeps_until_there_is_some() {
        let peer = start();
        let (sender, receiver) = channel();
        while peer.acts.pool.next_tick().is_some() {
            tick(&peer.acts);
            std::thread::yield_now();
        }
        peer.input
            .send(vec![act(move |_| sender.send(()).unwrap())])
            .unwrap();
        let mut byte = [0];
        assert_eq!(rustix::io::read(&peer.woken, &mut byte), Ok(1));
        receiver.recv().unwrap();
        assert!(peer.acts.pool.next_tick().is_some());
    }
}
