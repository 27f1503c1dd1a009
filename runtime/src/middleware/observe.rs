//! [`Observe`]: one span for every call of a hook.

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, async_trait};
use tracing::Instrument;
use tracing::field::Empty;

use super::patterns::Patterns;

/// Puts every call of a hook into a [`tracing`] span, which an OpenTelemetry layer exports. The
/// runtime itself makes no spans.
///
/// The span is called `{kind}.{hook}` (field `otel.name`, since the name of a span in `tracing` is
/// fixed) and has the fields `plugin.kind`, `plugin.name`, `plugin.hook`, `otel.kind`, and where the
/// call fails `otel.status_code = "ERROR"` and `error.type`, the code of the error. Arguments and
/// results are not looked at: where nobody listens, a call costs next to nothing more.
///
/// ```
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::middleware::Observe;
///
/// let builder = Registry::builder().middleware(Observe::new().on("chunker", "*"));
/// ```
#[derive(Clone, Debug)]
pub struct Observe {
    patterns: Patterns,
    priority: u32,
}

impl Observe {
    /// Observes every hook.
    pub fn new() -> Self {
        Self {
            patterns: Patterns::default(),
            priority: 9000,
        }
    }

    /// Narrows it to these hooks; `"*"` is any kind, or any hook. Several calls add up.
    #[must_use]
    pub fn on(mut self, kind: impl Into<String>, hook: impl Into<String>) -> Self {
        self.patterns.add(kind, hook);
        self
    }

    /// Sets where it stands; 9000 by default, outside of most.
    #[must_use]
    pub fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }
}

impl Default for Observe {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Middleware for Observe {
    fn priority(&self) -> u32 {
        self.priority
    }

    fn wraps(&self, kind: &str, hook: &str) -> bool {
        self.patterns.match_or_all(kind, hook)
    }

    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        let span = tracing::info_span!(
            "plugin.call",
            otel.name = %format_args!("{}.{}", call.kind(), call.hook()),
            otel.kind = "internal",
            plugin.kind = call.kind(),
            plugin.name = call.plugin().name(),
            plugin.hook = call.hook(),
            otel.status_code = Empty,
            "error.type" = Empty,
        );
        if span.is_disabled() {
            return next.run(call).await;
        }
        let outcome = next.run(call).instrument(span.clone()).await;
        if let Err(error) = &outcome {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.code());
        }
        outcome
    }
}
