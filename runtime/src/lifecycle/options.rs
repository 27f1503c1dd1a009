//! What a host says about the life of its plugins.

use std::time::Duration;

use crate::mcp_stdio::options::Processes;
use crate::supply_chain::Publishers;

/// How often plugins are asked how they are.
const HEALTH_INTERVAL: Duration = Duration::from_secs(30);
/// How long the answer may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

/// What a host says about the life of its plugins.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// `None` for no health checks.
    pub(crate) health_interval: Option<Duration>,
    pub(crate) health_timeout: Duration,
    pub(crate) restart: RestartPolicy,
    pub(crate) processes: Processes,
    /// Overrides what the environment says.
    pub(crate) publishers: Option<Publishers>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            health_interval: Some(HEALTH_INTERVAL),
            health_timeout: HEALTH_TIMEOUT,
            restart: RestartPolicy::default(),
            processes: Processes::default(),
            publishers: None,
        }
    }
}

/// Whether and how a plugin's process is started again that ended by itself.
///
/// The first restart comes after 100 ms, each further one after twice the time of the one before, up
/// to 30 s. After five within ten minutes the plugin stays `unavailable`; a reload or a setup starts
/// it once more. A start that fails counts too.
///
/// ```
/// use std::time::Duration;
/// use dagstack_runtime::{Registry, RestartPolicy};
///
/// let often = RestartPolicy::default().at_most(20, Duration::from_secs(3600));
/// let builder = Registry::builder().restart(often);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    pub(super) first: Duration,
    pub(super) longest: Duration,
    pub(super) most: usize,
    pub(super) window: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(30),
            most: 5,
            window: Duration::from_secs(600),
        }
    }
}

impl RestartPolicy {
    /// A process that ends stays ended.
    pub fn never() -> Self {
        Self::default().at_most(0, Duration::ZERO)
    }

    /// How long to wait before the first restart, and before any.
    #[must_use]
    pub fn delays(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest.max(first);
        self
    }

    /// How many restarts there may be within how long.
    #[must_use]
    pub fn at_most(mut self, restarts: usize, within: Duration) -> Self {
        self.most = restarts;
        self.window = within;
        self
    }
}
