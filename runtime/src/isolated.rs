//! Runs plugins' own setup, teardown, health and drop code where it can stall nobody else.
//!
//! All of it shares one thread, the *runner*, which polls what is ready, first in, first out. Beside
//! it a second thread *stands by*. When the runner does not come back from a poll within a short
//! while, and others wait, the one that stands by takes over and a new one stands by. So a thousand
//! setups that await something cost two threads, and one that blocks costs a thread of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dagstack_plugin::BoxFuture;
use dagstack_plugin::task::{self, Executor};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How long a poll may take before another thread takes over the rest.
const PATIENCE: Duration = Duration::from_millis(2);
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(2);

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It took too long. An `async` body was cancelled; one that blocks goes on by itself.
    TimedOut,
    /// It panicked, or there was no thread for it.
    Panicked,
}

/// Work that has been started. Dropping it cancels the work at its next await.
#[derive(Debug)]
pub(crate) struct Isolated<T> {
    begun: oneshot::Receiver<()>,
    outcome: oneshot::Receiver<T>,
    task: Arc<Task>,
}

impl<T> Drop for Isolated<T> {
    fn drop(&mut self) {
        self.task.cancel();
    }
}

impl<T: Send + 'static> Isolated<T> {
    /// Starts `work` inside the runtime of the caller. What is started first begins first.
    ///
    /// A plugin may block in its setup, for ever: a task would take a worker of the runtime with
    /// it, and with a single-threaded runtime the host.
    pub(crate) fn start(work: impl FnOnce() -> BoxFuture<'static, T> + Send + 'static) -> Self {
        Self::start_on(Handle::current(), work)
    }

    /// [`start`](Self::start) inside that runtime.
    pub(crate) fn start_on(
        runtime: Handle,
        work: impl FnOnce() -> BoxFuture<'static, T> + Send + 'static,
    ) -> Self {
        let (begin, begun) = oneshot::channel();
        let (answer, outcome) = oneshot::channel();
        let future = Box::pin(async move {
            let _ = begin.send(());
            // Nobody may be waiting any more; dropping what came out can panic, and may.
            let _ = answer.send(work().await);
        });
        let around = Around {
            runtime,
            dispatch: tracing::dispatcher::get_default(Clone::clone),
        };
        let task = Task::new(around, future);
        STAGE.submit(Arc::clone(&task));
        Self {
            begun,
            outcome,
            task,
        }
    }

    /// Waits for the outcome. The time counts from when the work begins, or from now while it
    /// cannot.
    pub(crate) async fn outcome(mut self, limit: Duration) -> Result<T, Lost> {
        let begun = tokio::time::timeout(limit, &mut self.begun);
        begun
            .await
            .map_err(|_| Lost::TimedOut)?
            .map_err(|_| Lost::Panicked)?;
        match tokio::time::timeout(limit, self.finished()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Lost::TimedOut),
        }
    }

    /// Waits for the outcome for as long as it takes.
    pub(crate) async fn finished(mut self) -> Result<T, Lost> {
        (&mut self.outcome).await.map_err(|_| Lost::Panicked)
    }
}

type Task = task::Task<Around>;

/// What is around the work.
#[derive(Debug)]
struct Around {
    runtime: Handle,
    dispatch: tracing::Dispatch,
}

impl Executor for Around {
    fn submit(task: Arc<Task>) {
        STAGE.submit(task);
    }

    fn within<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        tracing::dispatcher::with_default(&self.dispatch, poll)
    }
}

/// The threads of this process for plugins' own code.
static STAGE: Stage = Stage {
    state: Mutex::new(State {
        queue: VecDeque::new(),
        runner: None,
        threads: 0,
        standing_by: 0,
        polls: 0,
        polling: false,
        watched: false,
    }),
    work: Condvar::new(),
    watch: Condvar::new(),
};

struct Stage {
    state: Mutex<State>,
    /// Tells the runner that there is work.
    work: Condvar,
    /// Tells the thread that stands by to keep an eye on the runner.
    watch: Condvar,
}

struct State {
    queue: VecDeque<Arc<Task>>,
    /// The number of the thread that polls. A thread that finds another number here was too slow.
    runner: Option<u64>,
    /// How many threads there have been.
    threads: u64,
    standing_by: usize,
    /// How many polls there have been.
    polls: u64,
    /// Whether the runner is in one.
    polling: bool,
    /// Whether a thread keeps an eye on the runner.
    watched: bool,
}

impl Stage {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&'static self, task: Arc<Task>) {
        let mut state = self.lock();
        state.queue.push_back(task);
        let nobody = state.runner.is_none() && state.standing_by == 0;
        if nobody && !self.hire(&mut state) {
            // Without a thread the work is lost; whoever waits for it is told.
            let lost: Vec<_> = state.queue.drain(..).collect();
            drop(state);
            for task in lost {
                task.abandon();
            }
            return;
        }
        if state.polling && state.standing_by == 0 {
            // There was no thread to be had for it earlier; maybe there is now.
            self.hire(&mut state);
        }
        if !state.polling {
            self.work.notify_one();
        }
        if !state.watched {
            self.watch.notify_one();
        }
    }

    /// Starts a thread; it runs if nobody does, else it stands by.
    fn hire(&'static self, state: &mut State) -> bool {
        state.threads += 1;
        let number = state.threads;
        let thread = std::thread::Builder::new().name(format!("plugins {number}"));
        let hired = thread.spawn(move || self.serve(number)).is_ok();
        match state.runner {
            None if hired => state.runner = Some(number),
            Some(_) if hired => state.standing_by += 1,
            _ => {}
        }
        hired
    }

    /// The life of a thread.
    fn serve(&'static self, me: u64) {
        let mut next = Some(self.lock());
        while let Some(state) = next {
            next = if state.runner == Some(me) {
                self.run(state, me)
            } else {
                self.stand_by(state, me)
            };
        }
    }

    /// Polls once, or waits for something to poll; `None` if the thread is not needed any more.
    fn run(
        &'static self,
        mut state: MutexGuard<'static, State>,
        me: u64,
    ) -> Option<MutexGuard<'static, State>> {
        let Some(task) = state.queue.pop_front() else {
            let (mut state, waited) = self
                .work
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && state.queue.is_empty() {
                state.runner = None;
                return None;
            }
            return Some(state);
        };
        state.polls += 1;
        state.polling = true;
        if state.standing_by == 0 {
            // Without one, what blocks here holds the others up; the next poll tries again.
            self.hire(&mut state);
        }
        drop(state);
        task.run();
        let mut state = self.lock();
        if state.runner == Some(me) {
            state.polling = false;
            return Some(state);
        }
        // Another thread has taken over in the meantime.
        if state.standing_by > 0 {
            return None;
        }
        state.standing_by += 1;
        Some(state)
    }

    /// Watches the runner for a moment; `None` if the thread is not needed any more.
    fn stand_by(
        &'static self,
        mut state: MutexGuard<'static, State>,
        me: u64,
    ) -> Option<MutexGuard<'static, State>> {
        let take_over = |state: &mut State| {
            state.standing_by -= 1;
            state.runner = Some(me);
            state.polling = false;
        };
        if state.queue.is_empty() {
            // Nobody is held up, however long the runner takes.
            let (mut state, waited) = self
                .watch
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && state.queue.is_empty() && !state.polling {
                state.standing_by -= 1;
                return None;
            }
            return Some(state);
        }
        if state.runner.is_none() {
            take_over(&mut state);
            return Some(state);
        }
        let seen = state.polls;
        state.watched = true;
        let (mut state, _) = self
            .watch
            .wait_timeout_while(state, PATIENCE, |_| true)
            .unwrap_or_else(PoisonError::into_inner);
        state.watched = false;
        if state.polling && state.polls == seen && !state.queue.is_empty() {
            take_over(&mut state);
        }
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn blocking_work_does_not_stall_a_single_threaded_host() {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let work = Isolated::start(move || Box::pin(async move { wait.recv().is_ok() }));
        let outcome = work.outcome(Duration::from_millis(20)).await;
        assert_eq!(outcome, Err(Lost::TimedOut));
        drop(release);
    }

    #[tokio::test]
    async fn asynchronous_work_uses_the_hosts_runtime_and_panics_alone() {
        let work = Isolated::start(|| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                7
            })
        });
        assert_eq!(work.outcome(LONG).await, Ok(7));
        let work = Isolated::start(|| Box::pin(async { std::panic::panic_any(1) }));
        let lost: Result<(), Lost> = work.outcome(LONG).await;
        assert_eq!(lost, Err(Lost::Panicked));
    }

    #[tokio::test]
    async fn giving_up_cancels_the_work() {
        struct Told(Option<oneshot::Sender<()>>);
        impl Drop for Told {
            fn drop(&mut self) {
                if let Some(tell) = self.0.take() {
                    let _ = tell.send(());
                }
            }
        }
        let (tell, told) = oneshot::channel();
        let told_on_drop = Told(Some(tell));
        let work = Isolated::<()>::start(move || {
            Box::pin(async move {
                let _told = told_on_drop;
                std::future::pending().await
            })
        });
        drop(work);
        tokio::time::timeout(LONG, told).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn work_that_blocks_holds_nobody_up() {
        let mut releases = Vec::new();
        let mut all = Vec::new();
        for number in 0..40 {
            // Every other piece blocks until the rest is done.
            let (release, wait) = std::sync::mpsc::channel::<()>();
            releases.push(release);
            all.push(Isolated::start(move || {
                Box::pin(async move {
                    if number % 2 == 0 {
                        let _ = wait.recv();
                    }
                    tokio::task::yield_now().await;
                    number
                })
            }));
        }
        let (blocking, free): (Vec<_>, Vec<_>) = all
            .into_iter()
            .enumerate()
            .partition(|(number, _)| number % 2 == 0);
        for (number, work) in free {
            assert_eq!(work.outcome(LONG).await, Ok(number));
        }
        drop(releases);
        for (number, work) in blocking {
            assert_eq!(work.outcome(LONG).await, Ok(number));
        }
    }

    #[tokio::test]
    async fn work_begins_in_order_on_few_threads() {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let threads = Arc::new(Mutex::new(HashSet::new()));
        let all: Vec<_> = (0..500)
            .map(|number| {
                let (begun, threads) = (Arc::clone(&begun), Arc::clone(&threads));
                Isolated::start(move || {
                    Box::pin(async move {
                        begun.lock().unwrap().push(number);
                        threads.lock().unwrap().insert(std::thread::current().id());
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    })
                })
            })
            .collect();
        for work in all {
            assert_eq!(work.outcome(LONG).await, Ok(()));
        }
        assert!(begun.lock().unwrap().is_sorted());
        // Two, and one more for each time that a busy machine held one up.
        assert!(threads.lock().unwrap().len() < 50);
    }
}
