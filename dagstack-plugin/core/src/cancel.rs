//! [`CancelToken`]: a caller's wish to stop, seen by hooks without any async runtime.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::sync::lock;

/// Tells a call that its caller no longer wants the answer.
///
/// Clones share one state. A `sync` hook asks [`is_cancelled`](Self::is_cancelled) now and then; an
/// `async` hook may await [`cancelled`](Self::cancelled) beside its work.
///
/// ```
/// let token = dagstack_plugin::CancelToken::new();
/// assert!(!token.is_cancelled());
/// token.clone().cancel();
/// assert!(token.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By number: thousands of calls may wait for one token.
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

impl State {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }
}

impl CancelToken {
    /// A token nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels, once and for all, and wakes everyone who waits.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        let wakers = std::mem::take(&mut self.0.waiting().wakers);
        for waker in wakers.into_values() {
            waker.wake();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[inline]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Completes when the token is cancelled.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled {
            token: self.clone(),
            place: None,
        }
    }
}

/// The future of [`CancelToken::cancelled`].
#[derive(Debug)]
#[must_use = "a future does nothing unless awaited"]
pub struct Cancelled {
    token: CancelToken,
    /// Under which number its waker waits.
    place: Option<u64>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let token = self.token.clone();
        if token.is_cancelled() {
            return Poll::Ready(());
        }
        let mut waiting = token.0.waiting();
        // Looked at again under the lock: `cancel` stores before it takes the list.
        if token.is_cancelled() {
            return Poll::Ready(());
        }
        let place = *self.place.get_or_insert_with(|| {
            waiting.next += 1;
            waiting.next
        });
        let is_same = |waker: &Waker| waker.will_wake(cx.waker());
        if !waiting.wakers.get(&place).is_some_and(is_same) {
            let before = waiting.wakers.insert(place, cx.waker().clone());
            // A waker may own whatever waits; it is dropped outside the lock.
            drop(waiting);
            drop(before);
        }
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut waiting = self.token.0.waiting();
            let waker = waiting.wakers.remove(&place);
            // A waker may own whatever waits; it is dropped outside the lock.
            drop(waiting);
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn cancelling_wakes_each_waiter_once() {
        let token = CancelToken::new();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let mut waiting = token.cancelled();
        assert!(Pin::new(&mut waiting).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut waiting).poll(&mut cx).is_pending());
        token.cancel();
        token.cancel();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(Pin::new(&mut waiting).poll(&mut cx).is_ready());
    }

    #[test]
    fn a_token_that_lives_on_forgets_those_who_gave_up() {
        let token = CancelToken::new();
        let waker = Waker::from(Arc::new(Count::default()));
        for _ in 0..10 {
            let mut waiting = token.cancelled();
            let mut cx = Context::from_waker(&waker);
            assert!(Pin::new(&mut waiting).poll(&mut cx).is_pending());
        }
        assert!(token.0.waiting().wakers.is_empty());
    }
}
