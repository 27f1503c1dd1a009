//! Starting processes again that ended by themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dagstack_engine::Reason;
use dagstack_plugin::BoxFuture;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::options::RestartPolicy;
use crate::background::Background;
use crate::entry::Phase;
use crate::live::Live;
use crate::registry::{Inner, Registry};

/// The restarts of one plugin so far.
#[derive(Debug)]
struct Restarts {
    policy: RestartPolicy,
    /// When those were that still count.
    counted: VecDeque<Instant>,
}

impl Restarts {
    fn new(policy: RestartPolicy) -> Self {
        Self {
            policy,
            counted: VecDeque::new(),
        }
    }

    /// How long to wait before the next; `None` if there have been enough.
    fn next(&mut self, now: Instant) -> Option<Duration> {
        let policy = &self.policy;
        while let Some(&first) = self.counted.front()
            && now.duration_since(first) > policy.window
        {
            self.counted.pop_front();
        }
        if self.counted.len() >= policy.most {
            return None;
        }
        let doublings = u32::try_from(self.counted.len()).unwrap_or(u32::MAX);
        self.counted.push_back(now);
        let factor = 2u32.checked_pow(doublings).unwrap_or(u32::MAX);
        Some(policy.first.saturating_mul(factor).min(policy.longest))
    }

    /// The reason of a plugin that waits for its next restart.
    fn waiting(&self, cause: &str, delay: Duration) -> Reason {
        let (count, most) = (self.counted.len(), self.policy.most);
        Reason::new(
            "process_ended",
            format!("{cause}; it is started again in {delay:?} (restart {count} of {most})"),
        )
    }

    /// The reason of a plugin that stays down.
    fn given_up(&self, cause: &str) -> Reason {
        let text = match (self.counted.len(), self.policy.window) {
            (0, _) => format!("{cause}; `reload` or `setup_all()` starts it again"),
            (count, window) => format!(
                "{cause}; it is not started again after {count} restarts within {window:?}: mend the cause, then `reload` it"
            ),
        };
        Reason::new("process_ended", text)
    }
}

type Ended = BoxFuture<'static, ()>;

/// What comes next for a plugin whose process has ended.
enum Next {
    Up(Weak<Live>, Ended),
    /// Another attempt, after that time.
    Again(Duration),
    /// Nothing: there were enough, or somebody else has taken the plugin in hand.
    Over,
}

impl Registry {
    /// Starts the process of a plugin again whenever it ends by itself.
    pub(super) fn supervise(&self, index: usize, live: &Arc<Live>) {
        let entry = &self.inner.entries[index];
        let supervision = live.running.adapter().ended().map(|ended| {
            let restarts = Restarts::new(self.inner.lifecycle.options.restart.clone());
            let inner = Arc::downgrade(&self.inner);
            Background::spawn(keep_up(inner, index, Arc::downgrade(live), ended, restarts))
        });
        entry.supervise(supervision);
    }

    /// Takes note of the end of a process.
    async fn process_ended(
        &self,
        index: usize,
        live: &Weak<Live>,
        restarts: &mut Restarts,
    ) -> Next {
        let _turn = self.inner.lifecycle.turn().await;
        let entry = &self.inner.entries[index];
        let Some(gone) = live.upgrade().filter(|live| entry.is_current(live)) else {
            return Next::Over;
        };
        gone.lease.close();
        let failure = gone.running.adapter().failure();
        let cause = failure.map_or_else(|| "its process ended".to_owned(), |it| it.message);
        self.ended(index, &cause, restarts)
    }

    /// Starts the process of a plugin again, unless somebody else has by now.
    async fn start_again(&self, index: usize, restarts: &mut Restarts) -> Next {
        let _turn = self.inner.lifecycle.turn().await;
        let entry = &self.inner.entries[index];
        if !entry.awaits_restart() {
            return Next::Over;
        }
        let config = self.inner.config_for_setup().await;
        let section = match config.and_then(|tree| tree.section(&entry.descriptor.name)) {
            Ok(section) => section,
            Err(error) => return self.ended(index, &error.to_string(), restarts),
        };
        let host = self.inner.lifecycle.host(Handle::current());
        let feed = self.inner.config.feed(&entry.descriptor.name, section);
        let Some(starting) = self.start(index, &feed, &host) else {
            return Next::Over;
        };
        match starting.await {
            Ok(running) => {
                let live = self.publish(index, running, feed, &host, true);
                match live.running.adapter().ended() {
                    Some(ended) => Next::Up(Arc::downgrade(&live), ended),
                    None => Next::Over,
                }
            }
            Err(error) => self.ended(index, &error.to_string(), restarts),
        }
    }

    /// Decides whether a plugin whose process has ended is started again, and says so in its state.
    fn ended(&self, index: usize, cause: &str, restarts: &mut Restarts) -> Next {
        let entry = &self.inner.entries[index];
        let name = &entry.descriptor.name;
        let Some(delay) = restarts.next(Instant::now()) else {
            let reason = restarts.given_up(cause);
            tracing::error!(
                plugin.kind = name.kind(),
                plugin.name = name.name(),
                "{reason}"
            );
            drop(entry.enter(Phase::Down(reason)));
            return Next::Over;
        };
        let reason = restarts.waiting(cause, delay);
        tracing::warn!(
            plugin.kind = name.kind(),
            plugin.name = name.name(),
            "{reason}"
        );
        drop(entry.enter(Phase::Restarting(reason)));
        Next::Again(delay)
    }
}

/// The life of one supervision. It keeps the registry only while it works on it.
async fn keep_up(
    inner: Weak<Inner>,
    index: usize,
    mut live: Weak<Live>,
    mut ended: Ended,
    mut restarts: Restarts,
) {
    let registry = || inner.upgrade().map(|inner| Registry { inner });
    loop {
        ended.await;
        let Some(here) = registry() else { return };
        let mut next = here.process_ended(index, &live, &mut restarts).await;
        drop(here);
        (live, ended) = loop {
            match next {
                Next::Up(live, ended) => break (live, ended),
                Next::Again(delay) => tokio::time::sleep(delay).await,
                Next::Over => return,
            }
            let Some(here) = registry() else { return };
            next = here.start_again(index, &mut restarts).await;
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_and_restarts_are_counted_within_a_window() {
        let ms = Duration::from_millis;
        let policy = RestartPolicy::default()
            .delays(ms(100), ms(500))
            .at_most(4, Duration::from_secs(60));
        let mut restarts = Restarts::new(policy);
        let begin = Instant::now();
        for expected in [100, 200, 400, 500] {
            assert_eq!(restarts.next(begin), Some(ms(expected)));
        }
        assert_eq!(restarts.next(begin + ms(59_000)), None);
        assert_eq!(restarts.next(begin + ms(61_000)), Some(ms(100)));
        assert_eq!(Restarts::new(RestartPolicy::never()).next(begin), None);
    }

    #[test]
    fn delays_have_an_end_however_many_there_are() {
        let policy = RestartPolicy::default().at_most(100, Duration::MAX);
        let mut restarts = Restarts::new(policy);
        let now = Instant::now();
        let delays: Vec<_> = std::iter::from_fn(|| restarts.next(now)).collect();
        assert_eq!(delays.len(), 100);
        assert_eq!(delays[99], Duration::from_secs(30));
    }
}
