//! [`Entry`]: one plugin of a registry and what it is at the moment; [`Live`]: one generation of it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use dagstack_plugin::kind::{Host, Lease};
use dagstack_plugin::schema::Schema;
use dagstack_plugin::secrets::{self, Scrubber};
use dagstack_plugin::{HookError, code};
use serde_json::{Value, json};

use crate::adapter::Adapter;
use crate::adapter::in_process::InProcess;
use crate::descriptor::Descriptor;
use crate::status::{PluginStatus, State};

/// One plugin of a registry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    pub(crate) current: RwLock<Current>,
}

/// What an entry is at the moment.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) state: State,
    pub(crate) live: Option<Arc<Live>>,
}

/// A plugin that is set up: one generation of it.
pub(crate) struct Live {
    pub(crate) running: Running,
    pub(crate) lease: Arc<Lease>,
    pub(crate) config: Section,
    /// The plugin as its kind's trait, an `Arc<dyn Trait>`, where it is linked in with one.
    pub(crate) native: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.running.fmt(f)
    }
}

/// The config a plugin was set up with: its secrets must not be quoted later.
pub(crate) struct Section {
    value: Value,
    schema: Schema,
    secrets: OnceLock<Scrubber>,
}

impl Section {
    /// `schema` says which values are secrets, besides their names.
    pub(crate) fn new(value: Value, schema: Option<Schema>) -> Self {
        Self {
            value,
            schema: schema.unwrap_or_default(),
            secrets: OnceLock::new(),
        }
    }

    /// Cuts its secrets out of texts of the plugin's own.
    pub(crate) fn secrets(&self) -> &Scrubber {
        self.secrets
            .get_or_init(|| Scrubber::of(&self.value, &self.schema))
    }

    /// A text of the plugin's own without them.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.secrets().scrub(text).into_owned()
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        secrets::mask_by(&self.value, &self.schema).fmt(f)
    }
}

/// Native plugins are called without the box an adapter's call costs.
#[derive(Debug)]
pub(crate) enum Running {
    InProcess(InProcess),
    Elsewhere(Box<dyn Adapter>),
}

impl Running {
    pub(crate) fn adapter(&self) -> &dyn Adapter {
        match self {
            Self::InProcess(adapter) => adapter,
            Self::Elsewhere(adapter) => &**adapter,
        }
    }
}

impl Live {
    pub(crate) fn new(running: Running, lease: Arc<Lease>, config: Value) -> Self {
        let native = match &running {
            Running::InProcess(plugin) => plugin.native(&lease),
            Running::Elsewhere(_) => None,
        };
        let schema = running.adapter().config_schema();
        Self {
            running,
            lease,
            config: Section::new(config, schema),
            native,
        }
    }
}

impl Entry {
    pub(crate) fn new(descriptor: Descriptor) -> Self {
        let state = match &descriptor.source {
            crate::descriptor::Source::Never { error, .. } => State::Unavailable(error.reason()),
            _ => State::Registered,
        };
        Self {
            descriptor,
            current: RwLock::new(Current { state, live: None }),
        }
    }

    pub(crate) fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, state: State, live: Option<Arc<Live>>) -> Option<Arc<Live>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.state = state;
        std::mem::replace(&mut current.live, live)
    }

    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.read().live.clone()
    }

    /// The state, which for a plugin whose process ended is not the one recorded.
    pub(crate) fn state(&self) -> State {
        let current = self.read();
        let failure = current
            .live
            .as_ref()
            .filter(|_| current.state.is_callable())
            .and_then(|live| live.running.adapter().failure());
        match failure {
            Some(reason) => State::Unavailable(reason),
            None => current.state.clone(),
        }
    }

    pub(crate) fn status(&self) -> PluginStatus {
        let descriptor = &self.descriptor;
        PluginStatus {
            kind: Some(descriptor.name.kind().to_owned()),
            name: descriptor.name.name().to_owned(),
            runtime: Some(descriptor.runtime().as_str().to_owned()),
            version: descriptor.version.clone(),
            state: self.state(),
            capabilities: descriptor.capabilities.clone(),
            priority: descriptor.priority,
            pid: self.live().and_then(|live| live.running.adapter().pid()),
            origin: descriptor.origin.clone(),
        }
    }

    /// A lease for a new generation of the plugin.
    pub(crate) fn lease(self: &Arc<Self>, host: Arc<dyn Host>) -> Lease {
        let entry = Arc::downgrade(self);
        Lease::new(self.descriptor.name.clone(), host, move || {
            match entry.upgrade() {
                Some(entry) => entry.not_ready(None),
                None => HookError::new(code::UNAVAILABLE, "the registry of the plugin is gone"),
            }
        })
    }

    /// The error of a call that finds the plugin not ready.
    pub(crate) fn not_ready(&self, live: Option<&Live>) -> HookError {
        let name = &self.descriptor.name;
        let failure = live.and_then(|live| live.running.adapter().failure());
        let state = failure.map_or_else(|| self.state(), State::Unavailable);
        let message = match &state {
            State::Registered => format!(
                "`{name}` is not set up; await `registry.setup_all()` before calling it (after `teardown_all()`, again)"
            ),
            State::Unavailable(reason) | State::Degraded(reason) => {
                format!("`{name}` is unavailable: {reason}")
            }
            State::Leaked => format!(
                "`{name}` is gone: its teardown did not end in time; restart the host to use it again"
            ),
            State::RequiresRestart => {
                format!("`{name}` is torn down and needs a new process; restart the host")
            }
            State::Ready => format!(
                "`{name}` is another instance now, or is just being torn down; ask the registry for it again"
            ),
        };
        HookError::new(code::UNAVAILABLE, message).details(json!({
            "plugin": name.to_string(),
            "state": state.as_str(),
            "reason": state.reason(),
        }))
    }
}
