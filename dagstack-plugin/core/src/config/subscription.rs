//! Subscriptions to a config section: [`ConfigSubscription`] for those who subscribe,
//! [`SectionFeed`] for the host that tells them.
//!
//! A host makes one feed for each generation of a plugin. For a change it [`prepare`]s every feed
//! first, which validates the new section for every subscriber, and [`commit`]s only if all agree;
//! what comes out are calls to be made, in order, by a queue of the engine's.
//!
//! [`prepare`]: SectionFeed::prepare
//! [`commit`]: Prepared::commit

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Config, ConfigInvalid, SectionReader, or_empty};
use crate::canonical_json;
use crate::declaration::Declaration;
use crate::error::BoxError;
use crate::problem::Problem;
use crate::sync::lock;

/// No source can watch.
const NO_WATCH: &str = "no watch-capable source registered";
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

/// What a callback may return: nothing, or a [`Result`] whose error is logged.
#[diagnostic::on_unimplemented(
    message = "a callback for config changes cannot return `{Self}`",
    label = "expected `()` or a `Result<(), E>`"
)]
pub trait CallbackOutcome {
    /// As a result.
    ///
    /// # Errors
    ///
    /// The callback's own.
    fn into_result(self) -> Result<(), BoxError>;
}

impl CallbackOutcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> CallbackOutcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

/// A subscription to a config section. Dropping it does not end it; the end of the plugin's
/// instance does, or [`unsubscribe`](Self::unsubscribe).
#[derive(Clone)]
pub struct ConfigSubscription {
    gate: Arc<Gate>,
    feed: Weak<Inner>,
}

impl ConfigSubscription {
    /// Ends the subscription. From now on the callback is not entered again, not even for a change
    /// that is being told just now; a call that has begun goes on. Ending it twice does nothing.
    pub fn unsubscribe(&self) {
        self.gate.end(State::Unsubscribed);
        if let Some(feed) = self.feed.upgrade() {
            feed.forget(&self.gate);
        }
    }

    /// Whether changes come by themselves. One that is not active and not ended still hears of
    /// what an explicit reload of the configuration finds.
    pub fn active(&self) -> bool {
        self.inactive_reason().is_none()
    }

    /// Why it is not [`active`](Self::active).
    pub fn inactive_reason(&self) -> Option<&'static str> {
        match self.gate.state() {
            State::Open => self.gate.gap,
            State::Unsubscribed => Some(UNSUBSCRIBED),
            State::Ended => Some(ENDED),
        }
    }

    /// The section, `<kind>.<name>`.
    pub fn path(&self) -> &str {
        &self.gate.path
    }
}

impl fmt::Debug for ConfigSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigSubscription")
            .field("path", &self.path())
            .field("active", &self.active())
            .field("inactive_reason", &self.inactive_reason())
            .finish()
    }
}

/// Whether a callback may be entered: asked right before every call.
struct Gate {
    path: Arc<str>,
    gap: Option<&'static str>,
    state: AtomicU8,
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

/// One call to be made: the callback with the old and the new section, both decoded.
struct Delivery {
    gate: Arc<Gate>,
    call: Box<dyn FnOnce() -> Result<(), BoxError> + Send>,
    /// What an error's text may quote.
    sections: Arc<(Arc<Value>, Arc<Value>)>,
    /// Says which of it are secrets.
    reader: Reader,
}

impl Delivery {
    fn run(self) {
        if self.gate.state() != State::Open {
            return;
        }
        let path = &*self.gate.path;
        match catch_unwind(AssertUnwindSafe(self.call)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let text = error.to_string();
                let text = match self.reader {
                    Some((reader, declaration)) => {
                        let sections = [&*self.sections.0, &*self.sections.1];
                        reader.without_secrets(declaration, sections, &text)
                    }
                    // Of JSON, whoever subscribed has searched it.
                    None => text,
                };
                tracing::warn!(path, "a callback for config changes failed: {text}");
            }
            Err(payload) => {
                // What it says may quote the config.
                crate::panics::forget_panic(payload);
                tracing::warn!(path, "a callback for config changes panicked");
            }
        }
    }
}

/// What reads the sections of a plugin in this process, and whose they are.
type Reader = Option<(&'static dyn SectionReader, &'static Declaration)>;
/// Validates a section for one subscriber, and makes the call that would tell it.
type Prepare = Box<dyn Fn(&Sections) -> Result<Delivery, ConfigInvalid> + Send + Sync>;
type Sections = Arc<(Arc<Value>, Arc<Value>)>;

struct Subscriber {
    gate: Arc<Gate>,
    prepare: Prepare,
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
    fn forget(&self, gate: &Arc<Gate>) {
        let mut state = self.lock();
        let at = |it: &Arc<Subscriber>| Arc::ptr_eq(&it.gate, gate);
        let found = state.subscribers.iter().position(at);
        let gone = found.map(|at| state.subscribers.remove(at));
        drop(state);
        drop_quietly(gone);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let subscribers = std::mem::take(&mut self.lock().subscribers);
        close(subscribers);
    }
}

fn close(subscribers: Vec<Arc<Subscriber>>) {
    for subscriber in &subscribers {
        subscriber.gate.end(State::Ended);
    }
    drop_quietly(subscribers);
}

fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        crate::panics::forget_panic(payload);
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

    /// Subscribes with the type the section is decoded into.
    pub fn subscribe<C: Config, R: CallbackOutcome>(
        &self,
        declaration: &'static Declaration,
        reader: Option<&'static dyn SectionReader>,
        callback: impl FnMut(&C, &C) -> R + Send + 'static,
    ) -> ConfigSubscription {
        let decode =
            move |section: &Value| super::decode::<C>(declaration, section.clone(), reader);
        self.warn_of_gap();
        let reader = reader.map(|reader| (reader, declaration));
        self.add(reader, decode, decode, callback)
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
        self.add(None, |old: &Value| Ok(old.clone()), check, callback)
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

    fn add<T: Send + 'static, R: CallbackOutcome>(
        &self,
        reader: Reader,
        read_old: impl Fn(&Value) -> Result<T, ConfigInvalid> + Send + Sync + 'static,
        read_new: impl Fn(&Value) -> Result<T, ConfigInvalid> + Send + Sync + 'static,
        callback: impl FnMut(&T, &T) -> R + Send + 'static,
    ) -> ConfigSubscription {
        let gate = Arc::new(Gate {
            path: Arc::clone(&self.0.path),
            gap: self.0.coverage.gap().map(|(reason, _)| reason),
            state: AtomicU8::new(0),
        });
        let callback = Arc::new(Mutex::new(callback));
        let of_delivery = Arc::clone(&gate);
        let prepare = move |sections: &Sections| {
            let (old, new) = (read_old(&sections.0)?, read_new(&sections.1)?);
            let callback = Arc::clone(&callback);
            Ok(Delivery {
                gate: Arc::clone(&of_delivery),
                call: Box::new(move || {
                    let mut callback = lock(&callback);
                    (*callback)(&old, &new).into_result()
                }),
                sections: Arc::clone(sections),
                reader,
            })
        };
        let mut state = self.0.lock();
        if state.closed {
            drop(state);
            gate.end(State::Ended);
        } else {
            state.subscribers.push(Arc::new(Subscriber {
                gate: Arc::clone(&gate),
                prepare: Box::new(prepare),
            }));
        }
        ConfigSubscription {
            gate,
            feed: Arc::downgrade(&self.0),
        }
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
            // Decoding is the author's code too.
            let prepared = catch_unwind(AssertUnwindSafe(|| (subscriber.prepare)(&sections)));
            match prepared {
                Ok(delivery) => deliveries.push(delivery?),
                Err(payload) => {
                    crate::panics::forget_panic(payload);
                    return Err(ConfigInvalid {
                        section: self.path().to_owned(),
                        problems: vec![Problem::new(self.path(), "reading it panicked")],
                    });
                }
            }
        }
        Ok(Some(Prepared {
            feed: self.clone(),
            section: Arc::clone(&sections.1),
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
    section: Arc<Value>,
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
    pub fn commit(self) -> Notifications {
        self.feed.0.lock().section = self.section;
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
