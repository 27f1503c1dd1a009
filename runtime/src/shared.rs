//! [`Shared`]: what all plugins of a registry share.

use std::fmt;
use std::sync::Arc;

use dagstack_plugin::{EventBus, TenantResolver};

/// What all plugins of a registry share.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    /// Who says what tenants may do.
    pub(crate) tenancy: Option<Arc<dyn TenantResolver>>,
    pub(crate) event_bus: EventBus,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
