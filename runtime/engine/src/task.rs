//! Futures on threads of our own: one future on this thread, or tasks on the threads of an executor.
//!
//! Unlike a runtime's workers these threads carry no mark of a runtime: what is polled on them may
//! block them, and start runtimes of its own.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use dagstack_plugin_core::BoxFuture;
use dagstack_plugin_core::panics;
use dagstack_plugin_core::sync::lock;

/// How many calls that may block run at once: all hooks of an executable, and in a host those that are
/// `thread_cpu_bound`. More wait for a place. As one keeps its place while it waits for others, hooks
/// that call each other through more calls than this wait for ever.
pub const MAX_RUNNING: usize = 256;

/// Runs a future on this thread until it is done; the thread sleeps while the future waits.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return outcome;
        }
        std::thread::park();
    }
}

/// Where tasks run: threads with a queue.
pub trait Executor: Send + Sync + Sized + 'static {
    /// Queues a task, to be [run](Task::run) once.
    fn submit(task: Arc<Task<Self>>);

    /// Polls, or drops, what a task does, with everything around it that an author's code expects.
    fn within<T>(&self, poll: impl FnOnce() -> T) -> T;
}

/// One piece of work, from the first poll to the last. It is dropped by the thread that polls it.
pub struct Task<E> {
    executor: E,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    cancelled: bool,
    /// `None` while it is polled, and when it is done.
    future: Option<BoxFuture<'static, ()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits to be woken.
    Idle,
    /// Waits for a thread.
    Queued,
    Running,
    /// Woken while it was polled.
    RunningAgain,
    Done,
}

impl<E> fmt::Debug for Task<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

impl<E: Executor> Task<E> {
    /// A task that counts as queued: the caller submits or runs it.
    pub fn new(executor: E, future: BoxFuture<'static, ()>) -> Arc<Self> {
        Arc::new(Self {
            executor,
            state: Mutex::new(State {
                phase: Phase::Queued,
                cancelled: false,
                future: Some(future),
            }),
        })
    }

    /// Where it runs.
    pub fn executor(&self) -> &E {
        &self.executor
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Gives the work up at its next wait: it is queued once more, to be dropped.
    pub fn cancel(self: &Arc<Self>) {
        self.state().cancelled = true;
        Arc::clone(self).wake();
    }

    /// Gives the work up here and now: there is no thread for it.
    pub fn abandon(&self) {
        let future = {
            let mut state = self.state();
            state.phase = Phase::Done;
            state.future.take()
        };
        let _ = panics::catch(move || drop(future));
    }

    /// Polls the work once, or drops it. A panic ends it.
    pub fn run(self: Arc<Self>) {
        let (future, cancelled) = {
            let mut state = self.state();
            state.phase = if state.cancelled {
                Phase::Done
            } else {
                Phase::Running
            };
            (state.future.take(), state.cancelled)
        };
        let Some(mut future) = future else { return };
        let waker = Waker::from(Arc::clone(&self));
        let poll = || {
            let mut cx = Context::from_waker(&waker);
            let pending = !cancelled && future.as_mut().poll(&mut cx).is_pending();
            // Dropped here, where what it holds was made.
            pending.then_some(future)
        };
        let rest = panics::catch(|| self.executor.within(poll)).unwrap_or(None);
        let mut state = self.state();
        let woken = state.phase == Phase::RunningAgain || state.cancelled;
        state.phase = match (&rest, woken) {
            (None, _) => Phase::Done,
            (Some(_), true) => Phase::Queued,
            (Some(_), false) => Phase::Idle,
        };
        state.future = rest;
        let again = state.phase == Phase::Queued;
        drop(state);
        if again {
            E::submit(self);
        }
    }
}

impl<E: Executor> Wake for Task<E> {
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        match state.phase {
            Phase::Idle => state.phase = Phase::Queued,
            Phase::Running => {
                state.phase = Phase::RunningAgain;
                return;
            }
            Phase::Queued | Phase::RunningAgain | Phase::Done => return,
        }
        drop(state);
        E::submit(self);
    }
}
