//! Polling many futures as one, each only when it was woken itself.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::lock;

/// Polls the futures at the places below `count`, by `poll`, until all are ready or one breaks.
pub(super) async fn poll_each(
    count: usize,
    mut poll: impl FnMut(usize, &mut Context<'_>) -> Poll<ControlFlow<()>>,
) {
    // What is ready at once, as `fn` hooks in this process are, needs nobody to wake it.
    let mut waiting = Vec::new();
    for place in 0..count {
        match poll(place, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ControlFlow::Continue(())) => {}
            Poll::Ready(ControlFlow::Break(())) => return,
            Poll::Pending => waiting.push(place),
        }
    }
    if waiting.is_empty() {
        return;
    }
    // The others are polled again at once, so nothing that happened meanwhile is lost.
    let woken = Arc::new(Woken(Mutex::new((
        (0..waiting.len()).collect(),
        Waker::noop().clone(),
    ))));
    let places: Vec<(usize, Arc<Place>)> = waiting
        .iter()
        .enumerate()
        .map(|(index, place)| (*place, Place::new(&woken, index)))
        .collect();
    let mut left = places.len();
    poll_fn(|cx| {
        for index in woken.take(cx.waker()) {
            let (place, waker) = &places[index];
            // A swap, and no store: the poll must not come before it, or a wake between would be lost.
            waker.is_woken.swap(false, Ordering::AcqRel);
            match poll(*place, &mut Context::from_waker(&Arc::clone(waker).into())) {
                Poll::Ready(ControlFlow::Continue(())) => left -= 1,
                Poll::Ready(ControlFlow::Break(())) => return Poll::Ready(()),
                Poll::Pending => {}
            }
        }
        if left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Those that were woken since the last poll, and who is to be told of the first.
struct Woken(Mutex<(Vec<usize>, Waker)>);

impl Woken {
    fn take(&self, waker: &Waker) -> Vec<usize> {
        let mut state = lock(&self.0);
        let before = std::mem::replace(&mut state.1, waker.clone());
        let woken = std::mem::take(&mut state.0);
        // A waker may own whatever waits; it is dropped outside the lock.
        drop(state);
        drop(before);
        woken
    }
}

/// One future that waits.
struct Place {
    woken: Arc<Woken>,
    index: usize,
    is_woken: AtomicBool,
}

impl Place {
    fn new(woken: &Arc<Woken>, index: usize) -> Arc<Self> {
        let woken = Arc::clone(woken);
        let is_woken = AtomicBool::new(true);
        Arc::new(Self {
            woken,
            index,
            is_woken,
        })
    }
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let first = {
            let mut state = lock(&self.woken.0);
            state.0.push(self.index);
            (state.0.len() == 1).then(|| state.1.clone())
        };
        if let Some(waker) = first {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    /// Behaviour 22: `n` calls that are woken one after the other cost about `n` polls, not `n²`.
    #[test]
    fn b22_a_wake_polls_what_it_wakes_and_nothing_else() {
        const COUNT: usize = 200;
        let wakers = Mutex::new(vec![None; COUNT]);
        let done: Vec<AtomicBool> = (0..COUNT).map(|_| AtomicBool::new(false)).collect();
        let polls = AtomicUsize::new(0);
        let outer = Arc::new(Outer(AtomicUsize::new(0)));
        let outer_waker = Waker::from(Arc::clone(&outer));
        let mut all = pin!(poll_each(COUNT, |place, cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            wakers.lock().unwrap()[place] = Some(cx.waker().clone());
            if done[place].load(Ordering::Relaxed) {
                Poll::Ready(ControlFlow::Continue(()))
            } else {
                Poll::Pending
            }
        }));
        let mut cx = Context::from_waker(&outer_waker);
        assert!(all.as_mut().poll(&mut cx).is_pending());
        assert_eq!(polls.load(Ordering::Relaxed), 2 * COUNT);
        for place in (0..COUNT).rev() {
            // A poll that nobody asked for polls nothing.
            assert!(all.as_mut().poll(&mut cx).is_pending());
            done[place].store(true, Ordering::Relaxed);
            let waker: Waker = wakers.lock().unwrap()[place].clone().unwrap();
            waker.wake_by_ref();
            waker.wake();
            assert_eq!(outer.0.swap(0, Ordering::Relaxed), 1, "told once");
            assert_eq!(all.as_mut().poll(&mut cx).is_ready(), place == 0);
        }
        assert_eq!(polls.load(Ordering::Relaxed), 3 * COUNT);
    }

    #[test]
    fn what_wakes_itself_is_polled_again() {
        let mut rounds = 0;
        let mut all = pin!(poll_each(1, |_, cx| {
            rounds += 1;
            cx.waker().wake_by_ref();
            if rounds < 5 {
                Poll::Pending
            } else {
                Poll::Ready(ControlFlow::Continue(()))
            }
        }));
        let outer = Arc::new(Outer(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&outer));
        let mut polls = 1;
        while all
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
        {
            assert_eq!(outer.0.swap(0, Ordering::Relaxed), 1);
            polls += 1;
        }
        assert_eq!(polls, 4);
    }

    struct Outer(AtomicUsize);

    impl Wake for Outer {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
