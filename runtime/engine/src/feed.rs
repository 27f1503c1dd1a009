//! Config sections as they change: [`SectionFeed`], by which plugins and hosts are told.
//!
//! Whoever runs a plugin makes one feed for each generation of it. For a change it [`prepare`]s every
//! feed first, which validates the new section for every subscriber, and [`commit`]s only if all agree;
//! what comes out are calls to be made, in order, by a [`ChangeQueue`](crate::ChangeQueue).
//!
//! [`prepare`]: SectionFeed::prepare
//! [`commit`]: Prepared::commit

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use dagstack_plugin_core::config::{
    CallbackOutcome, ConfigFeed, ConfigSubscription, NO_WATCH, ReadChange, Subscribed, Tell,
    or_empty, read_change,
};
use dagstack_plugin_core::panics::{Quiet, forget_panic};
use dagstack_plugin_core::sync::lock;
use dagstack_plugin_core::{ConfigInvalid, Declaration, Problem, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::without_secrets;

/// Sources watch, but not this path.
const NOT_COVERED: &str = "no source covers this path";
const UNSUBSCRIBED: &str = "unsubscribed";
const ENDED: &str = "the instance of the plugin that subscribed has ended";

/// Who would notice a change of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Coverage {
    /// Some source watches it.
    Covered,
    /// No source can watch.
    NoWatch {
        /// The sources there are.
        source_ids: Vec<String>,
    },
    /// Some source can watch, but none this section.
    NotCovered {
        /// The sources there are.
        source_ids: Vec<String>,
    },
}

impl Coverage {
    fn gap(&self) -> Option<(&'static str, &[String])> {
        match self {
            Self::Covered => None,
            Self::NoWatch { source_ids } => Some((NO_WATCH, source_ids)),
            Self::NotCovered { source_ids } => Some((NOT_COVERED, source_ids)),
        }
    }
}

/// Whether a callback may be entered: asked right before every call.
struct Gate {
    path: Arc<str>,
    gap: Option<&'static str>,
    state: AtomicU8,
    feed: Weak<Inner>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Unsubscribed,
    Ended,
}

impl Gate {
    fn state(&self) -> State {
        match self.state.load(Ordering::SeqCst) {
            0 => State::Open,
            1 => State::Unsubscribed,
            _ => State::Ended,
        }
    }

    /// The first end counts.
    fn end(&self, state: State) {
        let number = if state == State::Unsubscribed { 1 } else { 2 };
        let _ = self
            .state
            .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl Subscribed for Gate {
    fn path(&self) -> &str {
        &self.path
    }

    fn inactive_reason(&self) -> Option<&'static str> {
        match self.state() {
            State::Open => self.gap,
            State::Unsubscribed => Some(UNSUBSCRIBED),
            State::Ended => Some(ENDED),
        }
    }

    fn unsubscribe(&self) {
        self.end(State::Unsubscribed);
        if let Some(feed) = self.feed.upgrade() {
            feed.forget(self);
        }
    }
}

/// One call to be made: the callback with the old and the new section, both decoded.
struct Delivery {
    gate: Arc<Gate>,
    tell: Quiet<Tell>,
    /// What an error's text may quote.
    sections: Sections,
    /// Says which of it are secrets.
    declaration: Option<&'static Declaration>,
}

type Sections = Arc<(Arc<Value>, Arc<Value>)>;

impl Delivery {
    fn run(mut self) {
        if self.gate.state() != State::Open {
            return;
        }
        let Some(tell) = self.tell.0.take() else {
            return;
        };
        let path = &*self.gate.path;
        // The text of an error, its `drop` and the schema are the author's code too.
        let told = || {
            let text = tell().err()?.to_string();
            Some(match self.declaration {
                Some(declaration) => {
                    let sections = [&*self.sections.0, &*self.sections.1];
                    without_secrets(declaration, sections, text)
                }
                // Of JSON, whoever subscribed has searched it.
                None => text,
            })
        };
        match catch_unwind(AssertUnwindSafe(told)) {
            Ok(None) => {}
            Ok(Some(text)) => {
                tracing::warn!(path, "a callback for config changes failed: {text}");
            }
            Err(payload) => {
                // What it says may quote the config.
                forget_panic(payload);
                tracing::warn!(path, "a callback for config changes panicked");
            }
        }
    }
}

struct Subscriber {
    gate: Arc<Gate>,
    read: Quiet<ReadChange>,
    declaration: Option<&'static Declaration>,
}

impl Subscriber {
    /// Validates a change, and makes the call that would tell of it.
    fn prepare(&self, sections: &Sections) -> Result<Option<Delivery>, ConfigInvalid> {
        let Some(read) = &self.read.0 else {
            return Ok(None);
        };
        // Decoding is the author's code too.
        let tell = catch_unwind(AssertUnwindSafe(|| read(&sections.0, &sections.1)));
        match tell {
            Ok(tell) => Ok(Some(Delivery {
                gate: Arc::clone(&self.gate),
                tell: Quiet(Some(tell?)),
                sections: Arc::clone(sections),
                declaration: self.declaration,
            })),
            Err(payload) => {
                forget_panic(payload);
                let path = &*self.gate.path;
                let problem = Problem::new(path, "reading it panicked");
                Err(ConfigInvalid::new(path, vec![problem]))
            }
        }
    }
}

/// A plugin's config section as it changes, and who wants to hear of it.
///
/// Clones share one feed. It serves one generation of a plugin: [`close`](Self::close) ends all
/// its subscriptions.
#[derive(Clone)]
pub struct SectionFeed(Arc<Inner>);

struct Inner {
    path: Arc<str>,
    coverage: Coverage,
    state: Mutex<FeedState>,
}

struct FeedState {
    section: Arc<Value>,
    subscribers: Vec<Arc<Subscriber>>,
    closed: bool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, FeedState> {
        lock(&self.state)
    }

    /// Lets go of a callback. Dropping it is the author's code, so it happens outside the lock.
    fn forget(&self, gate: &Gate) {
        let mut state = self.lock();
        let at = |it: &Arc<Subscriber>| std::ptr::eq(&*it.gate, gate);
        let found = state.subscribers.iter().position(at);
        let gone = found.map(|at| state.subscribers.remove(at));
        drop(state);
        drop(gone);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let subscribers = std::mem::take(&mut self.lock().subscribers);
        close(subscribers);
    }
}

fn close(subscribers: Vec<Arc<Subscriber>>) {
    for subscriber in subscribers {
        subscriber.gate.end(State::Ended);
    }
}

/// Without the section: which of its values are secrets, a schema says that is not at hand.
impl fmt::Debug for SectionFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SectionFeed")
            .field("path", &self.0.path)
            .field("subscriptions", &self.subscriptions())
            .finish_non_exhaustive()
    }
}

impl ConfigFeed for SectionFeed {
    fn subscribe(&self, declaration: &'static Declaration, read: ReadChange) -> ConfigSubscription {
        self.warn_of_gap();
        self.add(Some(declaration), read)
    }
}

impl SectionFeed {
    /// A feed that begins with `section`; `null` counts as an empty one.
    pub fn new(path: impl Into<Arc<str>>, section: Value, coverage: Coverage) -> Self {
        Self::of_any(path, or_empty(section), coverage)
    }

    /// The same for a path that need not be a section: `null` stays what it is.
    pub fn of_any(path: impl Into<Arc<str>>, value: Value, coverage: Coverage) -> Self {
        Self(Arc::new(Inner {
            path: path.into(),
            coverage,
            state: Mutex::new(FeedState {
                section: Arc::new(value),
                subscribers: Vec::new(),
                closed: false,
            }),
        }))
    }

    /// The path, `<kind>.<name>` for a plugin's.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The section as it is now.
    pub fn section(&self) -> Arc<Value> {
        Arc::clone(&self.0.lock().section)
    }

    /// Who would notice a change.
    pub fn coverage(&self) -> &Coverage {
        &self.0.coverage
    }

    /// Says what the value was all along. Nobody is told.
    pub fn begin_with(&self, value: Value) {
        self.0.lock().section = Arc::new(value);
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.0.lock().subscribers.len()
    }

    /// Subscribes to the section as JSON; `check` says whether a new one fits.
    pub fn subscribe_json<R: CallbackOutcome>(
        &self,
        check: impl Fn(&Value) -> Result<(), ConfigInvalid> + Send + Sync + 'static,
        callback: impl FnMut(&Value, &Value) -> R + Send + 'static,
    ) -> ConfigSubscription {
        self.warn_of_gap();
        self.relay(check, callback)
    }

    /// [`subscribe_json`](Self::subscribe_json) on behalf of subscribers elsewhere, where they were
    /// told if nobody watches.
    pub fn relay<R: CallbackOutcome>(
        &self,
        check: impl Fn(&Value) -> Result<(), ConfigInvalid> + Send + Sync + 'static,
        callback: impl FnMut(&Value, &Value) -> R + Send + 'static,
    ) -> ConfigSubscription {
        let check = move |new: &Value| check(new).map(|()| new.clone());
        let old = |old: &Value| Ok(old.clone());
        self.add(None, read_change(old, check, callback))
    }

    fn warn_of_gap(&self) {
        if let Some((reason, source_ids)) = self.0.coverage.gap() {
            tracing::warn!(
                code = "subscription_without_watch",
                path = self.path(),
                source_ids = ?source_ids,
                "subscription_without_watch: changes of `{}` will not be noticed: {reason}",
                self.path()
            );
        }
    }

    fn add(
        &self,
        declaration: Option<&'static Declaration>,
        read: ReadChange,
    ) -> ConfigSubscription {
        let gate = Arc::new(Gate {
            path: Arc::clone(&self.0.path),
            gap: self.0.coverage.gap().map(|(reason, _)| reason),
            state: AtomicU8::new(0),
            feed: Arc::downgrade(&self.0),
        });
        let subscriber = Arc::new(Subscriber {
            gate: Arc::clone(&gate),
            read: Quiet(Some(read)),
            declaration,
        });
        let mut state = self.0.lock();
        if state.closed {
            drop(state);
            gate.end(State::Ended);
        } else {
            state.subscribers.push(subscriber);
        }
        ConfigSubscription::new(gate)
    }

    /// Validates a new section for every subscriber. `None` if it is the same as the old one.
    ///
    /// # Errors
    ///
    /// What the first subscriber that refuses it says, in words fit to be logged.
    pub fn prepare(&self, section: Value) -> Result<Option<Prepared>, ConfigInvalid> {
        let (old, subscribers) = {
            let state = self.0.lock();
            (Arc::clone(&state.section), state.subscribers.clone())
        };
        if is_same(&old, &section) {
            return Ok(None);
        }
        let sections = Arc::new((old, Arc::new(section)));
        let mut deliveries = Vec::with_capacity(subscribers.len());
        for subscriber in subscribers {
            deliveries.extend(subscriber.prepare(&sections)?);
        }
        Ok(Some(Prepared {
            feed: self.clone(),
            sections,
            deliveries,
        }))
    }

    /// [`prepare`](Self::prepare) for a plugin's section, of which `null` means an empty one.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare).
    pub fn prepare_section(&self, section: Value) -> Result<Option<Prepared>, ConfigInvalid> {
        self.prepare(or_empty(section))
    }

    /// Takes a plugin's new section to its subscribers, and returns once they have been told. Where it
    /// does not fit, the old one stays, and the log says why.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare).
    pub fn change_section(&self, section: Value) -> Result<(), ConfigInvalid> {
        match self.prepare_section(section) {
            Ok(Some(change)) => change.commit().run(),
            Ok(None) => {}
            Err(invalid) => {
                tracing::warn!(
                    code = "reload_rejected",
                    failed_paths = ?failed_paths(&invalid),
                    "reload_rejected: the config stays as it was: {}",
                    invalid.to_string().replace("\n  ", "; ")
                );
                return Err(invalid);
            }
        }
        Ok(())
    }

    /// Ends all subscriptions; no more can be made.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        let subscribers = std::mem::take(&mut state.subscribers);
        drop(state);
        close(subscribers);
    }
}

/// Whether two sections have the same canonical form.
fn is_same(old: &Value, new: &Value) -> bool {
    if old == new {
        return true;
    }
    let text = |section: &Value| {
        let mut text = Vec::new();
        canonical_json::append(section, &mut text).map(|()| text)
    };
    matches!((text(old), text(new)), (Ok(old), Ok(new)) if old == new)
}

/// A change that every subscriber of a feed accepts.
#[must_use = "nothing changes before `commit`"]
pub struct Prepared {
    feed: SectionFeed,
    sections: Sections,
    deliveries: Vec<Delivery>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({})", self.feed.path())
    }
}

impl Prepared {
    /// The path of the feed.
    pub fn path(&self) -> &str {
        self.feed.path()
    }

    /// Makes the new section the current one. The calls are made by [`Notifications::run`].
    ///
    /// Whoever has subscribed since is told too; one that cannot take the section is left with the old
    /// one, which is logged.
    pub fn commit(mut self) -> Notifications {
        let late: Vec<_> = {
            let mut state = self.feed.0.lock();
            state.section = Arc::clone(&self.sections.1);
            let is_late = |it: &&Arc<Subscriber>| {
                let mut asked = self.deliveries.iter();
                asked.all(|delivery| !Arc::ptr_eq(&delivery.gate, &it.gate))
            };
            state.subscribers.iter().filter(is_late).cloned().collect()
        };
        for subscriber in late {
            match subscriber.prepare(&self.sections) {
                Ok(delivery) => self.deliveries.extend(delivery),
                Err(invalid) => tracing::warn!(
                    path = self.path(),
                    "a subscriber that came late cannot take the new config: {}",
                    invalid.to_string().replace("\n  ", "; ")
                ),
            }
        }
        Notifications(self.deliveries)
    }
}

/// Calls to be made to subscribers.
#[derive(Default)]
#[must_use = "nobody is told before `run`"]
pub struct Notifications(Vec<Delivery>);

impl Notifications {
    /// Makes these calls after the others.
    pub fn append(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the calls, each unless its subscription has ended. Errors and panics are logged.
    pub fn run(self) {
        for delivery in self.0 {
            delivery.run();
        }
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notifications({})", self.0.len())
    }
}

/// For messages: where a list of problems lies, each path once.
pub fn failed_paths(invalid: &ConfigInvalid) -> Vec<Cow<'_, str>> {
    let mut paths: Vec<Cow<'_, str>> = Vec::new();
    for problem in &invalid.problems {
        if !paths.iter().any(|path| *path == problem.path) {
            paths.push(Cow::Borrowed(&problem.path));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_subscribes_while_a_change_is_prepared_hears_of_it() {
        let feed = SectionFeed::new("a.b", json!({ "n": 1 }), Coverage::Covered);
        let told = Arc::new(Mutex::new(Vec::new()));
        let subscribe = |name: &'static str| {
            let told = Arc::clone(&told);
            feed.subscribe_json(
                |_| Ok(()),
                move |old: &Value, new: &Value| {
                    lock(&told).push((name, old.clone(), new.clone()));
                },
            )
        };
        subscribe("early");
        let prepared = feed.prepare(json!({ "n": 2 })).unwrap().unwrap();
        subscribe("late");
        subscribe("gone").unsubscribe();
        prepared.commit().run();
        let (old, new) = (json!({ "n": 1 }), json!({ "n": 2 }));
        let of = |name| (name, old.clone(), new.clone());
        assert_eq!(*lock(&told), [of("early"), of("late")]);
    }

    /// What panics when it is shown, or dropped.
    #[derive(Debug)]
    struct Bomb;

    impl fmt::Display for Bomb {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("shown")
        }
    }

    impl std::error::Error for Bomb {}

    struct DropsBadly;

    impl Drop for DropsBadly {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    fn feed() -> SectionFeed {
        SectionFeed::new("chunker.fixed", Value::Null, Coverage::Covered)
    }

    fn change(feed: &SectionFeed, n: u8) -> Notifications {
        let section = serde_json::json!({ "n": n });
        feed.prepare(section).unwrap().unwrap().commit()
    }

    /// What a subscriber of the feed hears of `n`.
    fn told(feed: &SectionFeed) -> std::sync::mpsc::Receiver<Value> {
        let (tell, told) = std::sync::mpsc::channel();
        feed.relay(
            |_| Ok(()),
            move |_, new| tell.send(new["n"].clone()).unwrap(),
        );
        told
    }

    #[test]
    fn an_error_that_panics_when_it_is_shown_costs_nobody_else_the_change() {
        let feed = feed();
        feed.relay(|_| Ok(()), |_, _| Err::<(), _>(Bomb));
        let told = told(&feed);
        change(&feed, 1).run();
        assert_eq!(told.try_recv().unwrap(), 1);
    }

    #[test]
    fn a_schema_that_panics_costs_nobody_else_the_change() {
        static BAD: Declaration = Declaration::new("chunker", "fixed", "Fixed", &[], || panic!());
        let feed = feed();
        let fails = |_: &(), _: &()| Err::<(), _>(fmt::Error);
        feed.subscribe(&BAD, read_change(|_| Ok(()), |_| Ok(()), fails));
        let told = told(&feed);
        change(&feed, 1).run();
        assert_eq!(told.try_recv().unwrap(), 1);
    }

    #[test]
    fn a_callback_that_panics_when_it_is_dropped_harms_nobody() {
        let feed = feed();
        let subscribe = || {
            let bad = DropsBadly;
            feed.relay(
                |_| Ok(()),
                move |_, _| {
                    let _ = &bad;
                },
            )
        };
        // The call holds it alone by the time it is made.
        let first = subscribe();
        let calls = change(&feed, 1);
        first.unsubscribe();
        calls.run();
        // A change that is given up holds it, too.
        let second = subscribe();
        let calls = change(&feed, 2);
        second.unsubscribe();
        drop(calls);
        subscribe();
        feed.close();
        // And a subscription that comes too late.
        let late = subscribe();
        assert_eq!(late.inactive_reason(), Some(ENDED));
    }
}
