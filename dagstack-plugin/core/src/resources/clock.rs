//! [`Clock`] and the clocks that can cross a process boundary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Arrival, Crossing, Resource};

/// The time, as a resource: a plugin that asks it instead of the system can be tested, and run again
/// with the same result.
///
/// ```
/// use dagstack_plugin::resources::{Clock, FrozenClock};
/// use std::time::Duration;
///
/// let clock = FrozenClock::at_unix_nanos(0);
/// clock.advance(Duration::from_nanos(5));
/// assert_eq!(clock.monotonic_ns(), 5);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> SystemTime;

    /// Nanoseconds since some moment; never less than before.
    fn monotonic_ns(&self) -> u64;

    /// How a plugin in another process gets a clock like this one; `None` if it cannot. A clock is
    /// asked too often for every look at it to be a request.
    fn setting(&self) -> Option<ClockSetting> {
        None
    }
}

/// A clock in words, as it crosses a process boundary. Times are nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSetting {
    /// The clock of the system.
    System,
    /// A clock that stands still.
    Frozen(u64),
    /// A clock that shows this time now, and goes on.
    Now(u64),
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic_ns(&self) -> u64 {
        // An `Instant` counts from nowhere; the first look at it is the start.
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        nanos(START.get_or_init(Instant::now).elapsed())
    }

    fn setting(&self) -> Option<ClockSetting> {
        Some(ClockSetting::System)
    }
}

/// A clock that moves only when told to. Both of its hands show the same.
///
/// A plugin in another process is given the time at its setup; [`advance`](Self::advance) does not
/// reach it.
#[derive(Debug, Default)]
pub struct FrozenClock(AtomicU64);

impl FrozenClock {
    /// Stands at `time`; one before 1970 counts as 1970.
    pub fn at(time: SystemTime) -> Self {
        Self::at_unix_nanos(nanos(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// Stands this many nanoseconds after 1970, UTC.
    pub const fn at_unix_nanos(nanos: u64) -> Self {
        Self(AtomicU64::new(nanos))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let (by, order) = (nanos(by), Ordering::SeqCst);
        let advance = |now: u64| Some(now.saturating_add(by));
        let _ = self.0.fetch_update(order, order, advance);
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.monotonic_ns())
    }

    fn monotonic_ns(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn setting(&self) -> Option<ClockSetting> {
        Some(ClockSetting::Frozen(self.monotonic_ns()))
    }
}

/// A clock that was set to a time and goes on from there.
#[derive(Clone, Copy, Debug)]
pub struct StartedClock {
    start: Duration,
    since: Instant,
}

impl StartedClock {
    /// Shows this many nanoseconds after 1970, UTC, now.
    pub fn at_unix_nanos(nanos: u64) -> Self {
        Self {
            start: Duration::from_nanos(nanos),
            since: Instant::now(),
        }
    }
}

impl Clock for StartedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.monotonic_ns())
    }

    fn monotonic_ns(&self) -> u64 {
        nanos(self.start.saturating_add(self.since.elapsed()))
    }

    fn setting(&self) -> Option<ClockSetting> {
        Some(ClockSetting::Now(self.monotonic_ns()))
    }
}

/// For some 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Resource for dyn Clock {
    const INTERFACE: &'static str = "dagstack_plugin::resources::Clock";

    fn cross(resource: &Arc<Self>) -> Crossing {
        match resource.setting().map(serde_json::to_value) {
            Some(Ok(setting)) => Crossing::ByValue(setting),
            _ => Crossing::Refused(
                "a clock is not asked over a connection, and this one says of itself neither that it is the system's nor what it is set to (`Clock::setting`)".to_owned(),
            ),
        }
    }

    fn arrive(arrival: Arrival) -> Option<Arc<Self>> {
        let Arrival::ByValue(setting) = arrival else {
            return None;
        };
        Some(match ClockSetting::deserialize(setting).ok()? {
            ClockSetting::System => Arc::new(SystemClock),
            ClockSetting::Frozen(nanos) => Arc::new(FrozenClock::at_unix_nanos(nanos)),
            ClockSetting::Now(nanos) => Arc::new(StartedClock::at_unix_nanos(nanos)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn crossed(clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        let Crossing::ByValue(value) = <dyn Clock>::cross(&clock) else {
            panic!("it crosses by value");
        };
        <dyn Clock>::arrive(Arrival::ByValue(value)).unwrap()
    }

    #[test]
    fn clocks_cross_by_value() {
        let frozen = FrozenClock::at_unix_nanos(5);
        frozen.advance(Duration::from_nanos(2));
        let there = crossed(Arc::new(frozen));
        assert_eq!(there.monotonic_ns(), 7);
        assert_eq!(there.now(), UNIX_EPOCH + Duration::from_nanos(7));
        let there = crossed(Arc::new(StartedClock::at_unix_nanos(9)));
        assert!(there.monotonic_ns() >= 9);
        assert_eq!(
            crossed(Arc::new(SystemClock)).setting(),
            Some(ClockSetting::System)
        );
        for (setting, json) in [
            (ClockSetting::System, json!("system")),
            (ClockSetting::Frozen(3), json!({ "frozen": 3 })),
            (ClockSetting::Now(4), json!({ "now": 4 })),
        ] {
            assert_eq!(serde_json::to_value(setting).unwrap(), json);
        }
    }

    #[test]
    fn a_clock_of_ones_own_says_why_it_does_not_cross() {
        struct Own;
        impl Clock for Own {
            fn now(&self) -> SystemTime {
                UNIX_EPOCH
            }
            fn monotonic_ns(&self) -> u64 {
                0
            }
        }
        let own: Arc<dyn Clock> = Arc::new(Own);
        assert!(matches!(<dyn Clock>::cross(&own), Crossing::Refused(_)));
    }
}
