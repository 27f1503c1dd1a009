//! [`ChangeQueue`]: runs subscribers' callbacks one after the other, away from whoever saw the change.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use dagstack_plugin_core::panics;
use dagstack_plugin_core::sync::lock;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs in the order they came, on a thread of its own that lives only while there are any.
///
/// One queue serves all subscribers of a process: that is what keeps their calls in the order of
/// the changes. A job that panics takes no other with it.
#[derive(Clone, Default)]
pub struct ChangeQueue(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// A thread works the queue off.
    worked: bool,
}

impl fmt::Debug for ChangeQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeQueue({} waiting)", self.lock().jobs.len())
    }
}

impl ChangeQueue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Runs `job` after all that were pushed before. Does not wait for it.
    ///
    /// What the job logs goes to the subscriber (of [`tracing`]) of the caller.
    pub fn push(&self, job: impl FnOnce() + Send + 'static) {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let job = move || tracing::dispatcher::with_default(&dispatch, job);
        let mut state = self.lock();
        state.jobs.push_back(Box::new(job));
        if std::mem::replace(&mut state.worked, true) {
            return;
        }
        drop(state);
        let queue = self.clone();
        let spawned = std::thread::Builder::new()
            .name("dagstack-config".to_owned())
            .spawn(move || queue.work_off());
        if let Err(error) = spawned {
            // The jobs stay; the next change tries again.
            self.lock().worked = false;
            tracing::error!("cannot start the thread that tells of config changes: {error}");
        }
    }

    fn work_off(&self) {
        loop {
            let job = {
                let mut state = self.lock();
                match state.jobs.pop_front() {
                    Some(job) => job,
                    None => {
                        state.worked = false;
                        return;
                    }
                }
            };
            let _ = panics::catch(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn jobs_run_in_order_and_panic_alone() {
        let queue = ChangeQueue::new();
        let (tell, told) = channel();
        for n in 0..100 {
            let tell = tell.clone();
            queue.push(move || {
                assert!(n % 10 != 3, "on purpose");
                tell.send(n).unwrap();
            });
        }
        drop(tell);
        let seen: Vec<i32> =
            std::iter::from_fn(|| told.recv_timeout(Duration::from_secs(60)).ok()).collect();
        let expected: Vec<i32> = (0..100).filter(|n| n % 10 != 3).collect();
        assert_eq!(seen, expected);
    }
}
