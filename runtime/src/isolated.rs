//! Runs plugins' own setup and teardown code where it can stall nobody else.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use dagstack_plugin::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Why there is no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It took too long. An `async` body was cancelled; one that blocks goes on by itself.
    TimedOut,
    /// It panicked, or there was no thread for it.
    Panicked,
}

/// Work that has been started on a thread of its own.
#[derive(Debug)]
pub(crate) struct Isolated<T> {
    /// Answered once the work has run up to its first await.
    begun: oneshot::Receiver<()>,
    outcome: oneshot::Receiver<Option<T>>,
    /// Dropping it cancels the work at its next await.
    _keep: oneshot::Sender<()>,
}

impl<T: Send + 'static> Isolated<T> {
    /// Starts `work` on a thread of its own, inside the runtime of the caller.
    ///
    /// A plugin may block in its setup, for ever: a task would take a worker of the runtime with
    /// it, and with a single-threaded runtime the host.
    pub(crate) fn start(
        name: &str,
        work: impl FnOnce() -> BoxFuture<'static, T> + Send + 'static,
    ) -> Self {
        let (begin, begun) = oneshot::channel();
        let (answer, outcome) = oneshot::channel();
        let (keep, cancelled) = oneshot::channel::<()>();
        let runtime = Handle::current();
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        // Without a thread the senders are dropped, which reads as a loss.
        let _ = std::thread::Builder::new()
            .name(format!("plugin {name}"))
            .spawn(move || {
                let run = || {
                    tracing::dispatcher::with_default(&dispatch, || {
                        runtime.block_on(drive(work, begin, cancelled))
                    })
                };
                let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or(None);
                // Nobody may be waiting any more; dropping what came out can panic.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(answer.send(outcome))));
            });
        Self {
            begun,
            outcome,
            _keep: keep,
        }
    }

    /// Waits until the work has run up to its first await, but not for work that blocks.
    pub(crate) async fn begun(&mut self) {
        const BLOCKS: Duration = Duration::from_millis(25);
        let _ = tokio::time::timeout(BLOCKS, &mut self.begun).await;
    }

    /// Waits for the outcome.
    pub(crate) async fn outcome(self, limit: Duration) -> Result<T, Lost> {
        match tokio::time::timeout(limit, self.outcome).await {
            Ok(Ok(Some(outcome))) => Ok(outcome),
            Ok(_) => Err(Lost::Panicked),
            Err(_) => Err(Lost::TimedOut),
        }
    }
}

async fn drive<T>(
    work: impl FnOnce() -> BoxFuture<'static, T>,
    begin: oneshot::Sender<()>,
    cancelled: oneshot::Receiver<()>,
) -> Option<T> {
    let mut begin = Some(begin);
    let mut work = work();
    let mut cancelled = pin!(cancelled);
    poll_fn(move |cx| {
        let outcome = work.as_mut().poll(cx);
        if let Some(begin) = begin.take() {
            let _ = begin.send(());
        }
        match outcome {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => cancelled.as_mut().poll(cx).map(|_| None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn blocking_work_does_not_stall_a_single_threaded_host() {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let work = Isolated::start("blocks", move || {
            Box::pin(async move { wait.recv().is_ok() })
        });
        let outcome = work.outcome(Duration::from_millis(20)).await;
        assert_eq!(outcome, Err(Lost::TimedOut));
        drop(release);
    }

    #[tokio::test]
    async fn asynchronous_work_uses_the_hosts_runtime_and_panics_alone() {
        let work = Isolated::start("sleeps", || {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                7
            })
        });
        assert_eq!(work.outcome(Duration::from_secs(30)).await, Ok(7));
        let work = Isolated::start("panics", || Box::pin(async { std::panic::panic_any(1) }));
        let lost: Result<(), Lost> = work.outcome(Duration::from_secs(30)).await;
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
        let work = Isolated::<()>::start("waits", move || {
            Box::pin(async move {
                let _told = told_on_drop;
                std::future::pending().await
            })
        });
        drop(work);
        tokio::time::timeout(Duration::from_secs(30), told)
            .await
            .unwrap()
            .unwrap();
    }
}
