//! The order of what is asked for one after the other: each turn comes when those before it are over.

use std::sync::Mutex;

use tokio::sync::oneshot;

use dagstack_plugin_core::sync::lock;

/// Who is last in the order.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Option<oneshot::Receiver<()>>>);

/// A place in the order, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _over: oneshot::Sender<()>,
}

impl Turns {
    /// The next place.
    pub(super) fn next(&self) -> Turn {
        let (over, is_over) = oneshot::channel();
        Turn {
            before: lock(&self.0).replace(is_over),
            _over: over,
        }
    }
}

impl Turn {
    /// What to wait for.
    pub(super) fn wait(&mut self) -> impl Future<Output = ()> + Send + 'static {
        let before = self.before.take();
        async move {
            if let Some(before) = before {
                let _ = before.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn each_turn_comes_when_the_one_before_it_is_over() {
        let turns = Turns::default();
        let [mut first, mut second, mut third] = [turns.next(), turns.next(), turns.next()];
        let mut cx = Context::from_waker(Waker::noop());
        let mut third_waits = pin!(third.wait());
        let mut second_waits = pin!(second.wait());
        assert!(pin!(first.wait()).poll(&mut cx).is_ready());
        assert!(second_waits.as_mut().poll(&mut cx).is_pending());
        drop(first);
        assert!(second_waits.as_mut().poll(&mut cx).is_ready());
        assert!(third_waits.as_mut().poll(&mut cx).is_pending());
        drop(second);
        assert!(third_waits.as_mut().poll(&mut cx).is_ready());
        // Whoever comes later finds all of them over.
        drop(third);
        assert!(pin!(turns.next().wait()).poll(&mut cx).is_ready());
    }
}
