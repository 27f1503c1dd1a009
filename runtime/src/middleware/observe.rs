//! [`Observe`]: one span for every call of a hook.

use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::{HookError, async_trait};
use tracing::Instrument;
use tracing::field::Empty;

use super::placed::Placed;

/// What an [`Observe`](super::Observe) does.
#[derive(Clone, Debug)]
pub struct Observe;

impl Placed<Observe> {
    /// Observes every hook.
    pub fn new() -> Self {
        Self::at(9000, Observe)
    }
}

impl Default for Placed<Observe> {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Middleware for Observe {
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
