//! [`EventBus`]: plugins of one process tell each other what happened.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use serde_json::Value;

use crate::panics::forget_panic;
use crate::sync::lock;

/// Tells those who subscribed to a topic what happened. Cheap to clone; clones are one bus.
///
/// * At most once: who subscribes later misses it, nothing is kept or repeated.
/// * Within one process: a plugin that runs as a process of its own has a bus of its own there, which
///   nobody else hears.
/// * `publish` calls the subscribers one after the other, in the order they came, before it returns. A
///   subscriber should only take note, and work elsewhere. One that panics is logged; the others are
///   still told.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use dagstack_plugin::EventBus;
/// use dagstack_plugin::serde_json::json;
///
/// let bus = EventBus::new();
/// let pages = Arc::new(AtomicU64::new(0));
/// let seen = Arc::clone(&pages);
/// let subscription = bus.subscribe("document.indexed", move |event| {
///     seen.fetch_add(event.payload["pages"].as_u64().unwrap_or(0), Ordering::Relaxed);
/// });
/// assert_eq!(bus.publish("document.indexed", json!({ "pages": 3 })), 1);
/// subscription.unsubscribe();
/// assert_eq!(bus.publish("document.indexed", json!({ "pages": 5 })), 0);
/// assert_eq!(pages.load(Ordering::Relaxed), 3);
/// ```
#[derive(Clone, Default)]
pub struct EventBus(Arc<Topics>);

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The topic it was published under.
    pub topic: &'a str,
    /// What the publisher says of it.
    pub payload: &'a Value,
}

#[derive(Default)]
struct Topics {
    next: AtomicU64,
    by_name: Mutex<HashMap<Box<str>, Vec<Arc<Subscriber>>>>,
}

struct Subscriber {
    number: u64,
    active: AtomicBool,
    tell: Box<dyn Fn(&Event<'_>) + Send + Sync>,
}

impl EventBus {
    /// A bus nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the subscribers of `topic`. Returns how many of them were told and did not panic.
    pub fn publish(&self, topic: &str, payload: impl Into<Value>) -> usize {
        // A copy, so that a subscriber may subscribe, unsubscribe and publish.
        let Some(subscribers) = self.0.lock().get(topic).cloned() else {
            return 0;
        };
        let payload = payload.into();
        let event = Event {
            topic,
            payload: &payload,
        };
        let mut told = 0;
        for subscriber in subscribers {
            if !subscriber.active.load(Ordering::Acquire) {
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| (subscriber.tell)(&event))) {
                Ok(()) => told += 1,
                Err(panic) => {
                    // The payload of a panic may quote a secret.
                    forget_panic(panic);
                    tracing::error!(topic, "a subscriber of the event bus panicked");
                }
            }
        }
        told
    }

    /// Calls `tell` for every event of `topic` from now on, on the thread of whoever publishes it,
    /// until the subscription is dropped.
    pub fn subscribe(
        &self,
        topic: impl Into<Box<str>>,
        tell: impl Fn(&Event<'_>) + Send + Sync + 'static,
    ) -> Subscription {
        let topic = topic.into();
        let subscriber = Arc::new(Subscriber {
            number: self.0.next.fetch_add(1, Ordering::Relaxed),
            active: AtomicBool::new(true),
            tell: Box::new(tell),
        });
        let mut topics = self.0.lock();
        topics
            .entry(topic.clone())
            .or_default()
            .push(Arc::clone(&subscriber));
        drop(topics);
        Subscription {
            topics: Arc::downgrade(&self.0),
            topic,
            subscriber,
        }
    }
}

impl Topics {
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Arc<Subscriber>>>> {
        lock(&self.by_name)
    }

    fn remove(&self, topic: &str, number: u64) {
        let mut topics = self.lock();
        if let Some(subscribers) = topics.get_mut(topic) {
            subscribers.retain(|it| it.number != number);
            if subscribers.is_empty() {
                topics.remove(topic);
            }
        }
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.0.lock();
        f.debug_tuple("EventBus").field(&topics.keys()).finish()
    }
}

/// A place among the subscribers of a topic. Dropping it gives the place up.
#[must_use = "a subscription ends when it is dropped"]
pub struct Subscription {
    topics: Weak<Topics>,
    topic: Box<str>,
    subscriber: Arc<Subscriber>,
}

impl Subscription {
    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Ends the subscription: no event published from now on reaches the subscriber. One that is being
    /// told on another thread at this moment is not interrupted.
    pub fn unsubscribe(self) {
        drop(self);
    }

    /// Lets the subscription last as long as the bus.
    pub fn detach(mut self) {
        self.topics = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(topics) = self.topics.upgrade() {
            self.subscriber.active.store(false, Ordering::Release);
            topics.remove(&self.topic, self.subscriber.number);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription({})", self.topic)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use serde_json::json;

    use super::*;

    fn counter() -> (Arc<AtomicU64>, impl Fn(&Event<'_>) + Send + Sync + 'static) {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        (count, move |_: &Event<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
    }

    #[test]
    fn a_panicking_subscriber_harms_nobody() {
        let bus = EventBus::new();
        let (count, tell) = counter();
        let _first = bus.subscribe("t", |_| panic!("asked to"));
        let _second = bus.subscribe("t", tell);
        assert_eq!(bus.publish("t", json!(1)), 1);
        assert_eq!(bus.publish("t", json!(2)), 1);
        assert_eq!(bus.publish("other", json!(3)), 0);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_subscriber_may_unsubscribe_itself_and_publish() {
        let bus = EventBus::new();
        let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let (count, tell) = counter();
        let _inner = bus.subscribe("inner", tell);
        let (slot, again) = (Arc::clone(&own), bus.clone());
        let subscription = bus.subscribe("outer", move |event| {
            drop(slot.lock().unwrap().take());
            again.publish("inner", event.payload.clone());
        });
        *own.lock().unwrap() = Some(subscription);
        assert_eq!(bus.publish("outer", json!({})), 1);
        assert_eq!(bus.publish("outer", json!({})), 0);
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert_eq!(format!("{bus:?}"), "EventBus([\"inner\"])");
    }

    #[test]
    fn who_leaves_during_an_event_is_not_told_of_it() {
        let bus = EventBus::new();
        let second: Arc<OnceLock<Mutex<Option<Subscription>>>> = Arc::default();
        let slot = Arc::clone(&second);
        let _first = bus.subscribe("t", move |_| {
            drop(slot.get().unwrap().lock().unwrap().take());
        });
        let (count, tell) = counter();
        second
            .set(Mutex::new(Some(bus.subscribe("t", tell))))
            .unwrap();
        assert_eq!(bus.publish("t", Value::Null), 1);
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_detached_subscription_lasts() {
        let bus = EventBus::new();
        let (count, tell) = counter();
        bus.subscribe("t", tell).detach();
        bus.publish("t", Value::Null);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
