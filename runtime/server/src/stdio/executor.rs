//! Where authors' futures run: on the [`pool`], each polled by the worker that has it and, once it
//! has waited, by one that is free. So one that blocks, before an await or behind it, holds up its
//! worker and nobody else.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::pool;
use super::server::{Job, Server};
use dagstack_engine::task::{Executor, Task};
use dagstack_plugin_core::future::BoxFuture;

/// Runs a future, with the runtime around it: first here, on the caller's thread, as far as it goes
/// without waiting; the rest on a worker that is free. `then` gets the server, the outcome and whether
/// it came without waiting.
pub(super) fn run<T: Send + 'static>(
    server: &Arc<Server>,
    mut future: BoxFuture<'static, T>,
    then: impl FnOnce(&Arc<Server>, T, bool) + Send + 'static,
) {
    let _inside = server.runtime.enter();
    match poll_once(future.as_mut()) {
        Poll::Ready(outcome) => then(server, outcome, true),
        Poll::Pending => {
            let shared = Arc::clone(server);
            let rest = Box::pin(async move { then(&shared, future.await, false) });
            // It is polled again at once, so nothing that happened meanwhile is lost.
            Task::new(OnPool(Arc::clone(server)), rest).run();
        }
    }
}

/// Polls without anyone to wake.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

struct OnPool(Arc<Server>);

impl Executor for OnPool {
    fn submit(task: Arc<Task<Self>>) {
        let server = Arc::clone(&task.executor().0);
        pool::resume(&server, Job::new(move |_, _| task.run()));
    }

    fn within<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _inside = self.0.runtime.enter();
        poll()
    }
}
