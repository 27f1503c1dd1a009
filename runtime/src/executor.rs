//! Runs plugins' own setup, teardown, health and drop code where it can stall nobody else.
//!
//! One thread at a time polls what is ready, first in, first out, and another is free beside it. Where
//! a poll takes longer than a moment and others wait, the free thread goes on with them. So a thousand
//! setups that await something cost two threads, and one that blocks costs a thread of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use dagstack_engine::task::{self, Executor};
use dagstack_plugin::BoxFuture;
use dagstack_plugin::sync::{lock, wait_while};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How long a poll may take before another thread goes on with the rest.
const PATIENCE: Duration = Duration::from_millis(2);
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(2);

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinError {
    /// It took too long. An `async` body was cancelled; one that blocks goes on by itself.
    TimedOut,
    /// It panicked, or there was no thread for it.
    Panicked,
}

/// Work that has been started. Dropping it cancels the work at its next await.
#[derive(Debug)]
pub(crate) struct JoinHandle<T> {
    begun: oneshot::Receiver<()>,
    outcome: oneshot::Receiver<T>,
    task: Arc<Task>,
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.task.cancel();
    }
}

/// Starts `work` inside the runtime of the caller. What is started first begins first.
///
/// A plugin may block in its setup, for ever: a task would take a worker of the runtime with
/// it, and with a single-threaded runtime the host.
pub(crate) fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> BoxFuture<'static, T> + Send + 'static,
) -> JoinHandle<T> {
    spawn_on(Handle::current(), work)
}

/// [`spawn`] inside that runtime.
pub(crate) fn spawn_on<T: Send + 'static>(
    runtime: Handle,
    work: impl FnOnce() -> BoxFuture<'static, T> + Send + 'static,
) -> JoinHandle<T> {
    let (begin, begun) = oneshot::channel();
    let (answer, outcome) = oneshot::channel();
    let future = Box::pin(async move {
        let _ = begin.send(());
        // Nobody may be waiting any more; dropping what came out can panic, and may.
        let _ = answer.send(work().await);
    });
    let around = Surroundings {
        runtime,
        dispatch: tracing::dispatcher::get_default(Clone::clone),
    };
    let task = Task::new(around, future);
    Threads::submit(Arc::clone(&task));
    JoinHandle {
        begun,
        outcome,
        task,
    }
}

impl<T> JoinHandle<T> {
    /// Waits for the outcome. The time counts from when the work begins, or from now while it
    /// cannot.
    pub(crate) async fn outcome(mut self, limit: Duration) -> Result<T, JoinError> {
        let begun = tokio::time::timeout(limit, &mut self.begun);
        begun
            .await
            .map_err(|_| JoinError::TimedOut)?
            .map_err(|_| JoinError::Panicked)?;
        match tokio::time::timeout(limit, self.finished()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(JoinError::TimedOut),
        }
    }

    /// Waits for the outcome for as long as it takes.
    pub(crate) async fn finished(mut self) -> Result<T, JoinError> {
        (&mut self.outcome).await.map_err(|_| JoinError::Panicked)
    }
}

type Task = task::Task<Surroundings>;

/// What is around the work.
#[derive(Debug)]
struct Surroundings {
    runtime: Handle,
    dispatch: tracing::Dispatch,
}

impl Executor for Surroundings {
    fn submit(task: Arc<Task>) {
        Threads::submit(task);
    }

    fn within<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        tracing::dispatcher::with_default(&self.dispatch, poll)
    }
}

/// The threads of this process for plugins' own code.
static THREADS: Mutex<Threads> = Mutex::new(Threads {
    queue: VecDeque::new(),
    free: 0,
    numbered: 0,
    polls: 0,
    polling: false,
    watched: false,
});
/// Tells a free thread that there is work.
static WORK: Condvar = Condvar::new();

struct Threads {
    queue: VecDeque<Arc<Task>>,
    /// How many are there that poll nothing.
    free: usize,
    /// How many there have been.
    numbered: u64,
    /// How many polls there have been.
    polls: u64,
    /// Whether the last of them goes on, and nobody has gone on with the rest.
    polling: bool,
    /// Whether a thread keeps an eye on that poll.
    watched: bool,
}

impl Threads {
    fn submit(task: Arc<Task>) {
        let mut threads = lock(&THREADS);
        threads.queue.push_back(task);
        if threads.free > 0 {
            if !(threads.polling && threads.watched) {
                WORK.notify_one();
            }
        } else if !threads.spawn() && !threads.polling {
            // Without a thread the work ends here, for its caller as a `JoinError`.
            let unrun: Vec<_> = threads.queue.drain(..).collect();
            drop(threads);
            for task in unrun {
                task.abandon();
            }
        }
    }

    fn spawn(&mut self) -> bool {
        self.numbered += 1;
        let thread = std::thread::Builder::new().name(format!("plugins {}", self.numbered));
        let spawned = thread.spawn(Self::serve).is_ok();
        self.free += usize::from(spawned);
        spawned
    }

    /// The life of a thread, until it has been idle for a while or is one too many.
    fn serve() {
        let mut threads = lock(&THREADS);
        loop {
            if threads.queue.is_empty() {
                let idle;
                (threads, idle) = wait_while(&WORK, threads, IDLE, |it| it.queue.is_empty());
                if idle {
                    threads.free -= 1;
                    return;
                }
            } else if threads.polling {
                let poll = threads.polls;
                threads.watched = true;
                // Not by the condition variable: what wakes an idle thread must not wake this one.
                drop(threads);
                std::thread::sleep(PATIENCE);
                threads = lock(&THREADS);
                threads.watched = false;
                threads.polling &= threads.polls != poll;
            } else if let Some(task) = threads.queue.pop_front() {
                threads.polls += 1;
                threads.polling = true;
                let poll = threads.polls;
                threads.free -= 1;
                if threads.free == 0 {
                    // Without one, what blocks here holds the others up; the next poll tries again.
                    threads.spawn();
                }
                drop(threads);
                task.run();
                threads = lock(&THREADS);
                if threads.polls == poll {
                    threads.polling = false;
                } else if threads.free > 0 {
                    return;
                }
                threads.free += 1;
            }
        }
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
        let work = spawn(move || Box::pin(async move { wait.recv().is_ok() }));
        let outcome = work.outcome(Duration::from_millis(20)).await;
        assert_eq!(outcome, Err(JoinError::TimedOut));
        drop(release);
    }

    #[tokio::test]
    async fn asynchronous_work_uses_the_hosts_runtime_and_panics_alone() {
        let work = spawn(|| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                7
            })
        });
        assert_eq!(work.outcome(LONG).await, Ok(7));
        let work = spawn(|| Box::pin(async { std::panic::panic_any(1) }));
        let lost: Result<(), JoinError> = work.outcome(LONG).await;
        assert_eq!(lost, Err(JoinError::Panicked));
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
        let work = spawn::<()>(move || {
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
            all.push(spawn(move || {
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
                spawn(move || {
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
