//! Which middleware stands around which hook, worked out once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use dagstack_plugin::kind::Layers;
use dagstack_plugin::sync::{read, write};
use dagstack_plugin::{Middleware, tool};

use super::LEAST_PRIORITY;
use crate::descriptor::{Descriptor, Source};
use crate::error::PluginRegistryError;

/// The middleware around one hook, outermost first.
pub(crate) type Around = Arc<[Arc<dyn Middleware>]>;

/// How many hooks of a plugin are remembered by name. Beyond that, somebody makes names up.
const REMEMBERED: usize = 256;

/// The middleware of a host, outermost first.
#[derive(Clone, Default)]
pub(crate) struct Stack(Vec<Arc<dyn Middleware>>);

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} middleware", self.0.len())
    }
}

impl Stack {
    /// Adds one, inside of those with the same priority.
    pub(crate) fn add(&mut self, middleware: Arc<dyn Middleware>) {
        let priority = middleware.priority();
        let place = self.0.partition_point(|it| it.priority() >= priority);
        self.0.insert(place, middleware);
    }

    /// Adds one of the host's own.
    ///
    /// # Errors
    ///
    /// `MiddlewarePriority`.
    pub(crate) fn add_checked(
        &mut self,
        name: &str,
        middleware: Arc<dyn Middleware>,
    ) -> Result<(), PluginRegistryError> {
        let priority = middleware.priority();
        if priority < LEAST_PRIORITY {
            return Err(PluginRegistryError::MiddlewarePriority {
                middleware: format!("`{name}`"),
                priority,
                least: LEAST_PRIORITY,
            });
        }
        self.add(middleware);
        Ok(())
    }
}

/// The middleware around the hooks of one plugin.
pub(crate) struct PluginLayers {
    stack: Stack,
    kind: Arc<str>,
    /// By place in the declaration of a linked plugin.
    native: Box<[Layers]>,
    /// By name: the hooks that have been called.
    by_hook: RwLock<HashMap<String, Around>>,
}

impl fmt::Debug for PluginLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stack.fmt(f)
    }
}

impl PluginLayers {
    /// What `stack` puts around the plugin's hooks.
    pub(crate) fn new(stack: &Stack, plugin: &Descriptor) -> Self {
        let mut layers = Self {
            stack: stack.clone(),
            kind: Arc::from(plugin.name.kind()),
            native: Box::default(),
            by_hook: RwLock::default(),
        };
        if stack.0.is_empty() {
            return layers;
        }
        if let Source::InProcess(registration) = &plugin.source {
            let hooks = registration.declaration().hooks.iter();
            layers.native = hooks.map(|hook| layers.work_out(hook.name)).collect();
        }
        layers
    }

    /// The middleware around a hook by its name; `None` for none.
    #[inline]
    pub(crate) fn of(&self, hook: &str) -> Option<Around> {
        if self.stack.0.is_empty() {
            return None;
        }
        let around = self.remembered(hook);
        (!around.is_empty()).then_some(around)
    }

    fn remembered(&self, hook: &str) -> Around {
        let known = read(&self.by_hook);
        if let Some(around) = known.get(hook) {
            return Arc::clone(around);
        }
        drop(known);
        let around: Around = self.work_out(hook);
        let mut known = write(&self.by_hook);
        if known.len() < REMEMBERED {
            known.insert(hook.to_owned(), Arc::clone(&around));
        }
        around
    }

    /// The middleware around the hooks of a linked plugin, by their place in its declaration.
    pub(crate) fn native(&self) -> Box<[Layers]> {
        self.native.clone()
    }

    fn work_out<L: FromIterator<Arc<dyn Middleware>>>(&self, hook: &str) -> L {
        let is_function = &*self.kind == tool::KIND && hook != tool::GET_SCHEMA;
        let hook = if is_function { tool::EXECUTE } else { hook };
        let wrapping = self.stack.0.iter().filter(|it| it.wraps(&self.kind, hook));
        wrapping.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middleware::{ConcurrencyLimit, Deadline, Observe};
    use std::time::Duration;

    #[test]
    fn the_highest_priority_is_outermost_and_ties_keep_their_order() {
        let mut stack = Stack::default();
        let minute = Deadline::new(Duration::from_secs(60));
        stack.add(Arc::new(ConcurrencyLimit::new(1).with_priority(1500)));
        stack.add(Arc::new(minute.with_priority(1000)));
        stack.add(Arc::new(Observe::new().with_priority(9000)));
        stack.add(Arc::new(Observe::new().with_priority(1500).on("no", "*")));
        let priorities: Vec<u32> = stack.0.iter().map(|it| it.priority()).collect();
        assert_eq!(priorities, [9000, 1500, 1500, 1000]);
        assert!(stack.0[1].wraps("any", "hook"));
        assert!(!stack.0[2].wraps("any", "hook"));
        let low = Arc::new(Observe::new().with_priority(999));
        let error = stack.add_checked("Low", low).unwrap_err();
        assert_eq!(error.code(), "middleware_priority");
    }
}
