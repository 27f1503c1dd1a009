//! What this connection's host said about itself.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::wire::EXTENSION;

/// Facts about the host at the other end.
#[derive(Debug, Default)]
pub(super) struct Session {
    ours: AtomicBool,
}

impl Session {
    /// Whether the host announced the dagstack extension.
    pub(super) fn is_ours(&self) -> bool {
        self.ours.load(Ordering::Relaxed)
    }

    /// Notes what `initialize` announces. `true` if it is the dagstack extension.
    pub(super) fn note_initialize(&self, params: Option<&str>) -> bool {
        // Clients without it are spared the parsing.
        let ours = params.is_some_and(|text| {
            text.contains(EXTENSION)
                && serde_json::from_str::<Value>(text).is_ok_and(|params| {
                    params
                        .get("capabilities")
                        .and_then(|capabilities| capabilities.get("experimental"))
                        .and_then(|experimental| experimental.get(EXTENSION))
                        .is_some_and(Value::is_object)
                })
        });
        self.ours.store(ours, Ordering::Relaxed);
        ours
    }
}
