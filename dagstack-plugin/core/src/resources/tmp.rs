//! [`TempDir`]: a folder for a while.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Arrival, Crossing, Resource};

/// A folder that is the plugin's own and is removed, with what is in it, at its teardown.
pub trait TempDir: Send + Sync + 'static {
    /// Where it is.
    fn path(&self) -> &Path;
}

/// A folder somebody else looks after.
struct Given(PathBuf);

impl TempDir for Given {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Resource for dyn TempDir {
    const INTERFACE: &'static str = "dagstack_plugin::resources::TempDir";

    fn cross(resource: &Arc<Self>) -> Crossing {
        match resource.path().to_str() {
            Some(path) => Crossing::ByValue(path.into()),
            None => Crossing::Refused("its path is not UTF-8".to_owned()),
        }
    }

    fn arrive(arrival: Arrival) -> Option<Arc<Self>> {
        match arrival {
            Arrival::ByValue(Value::String(path)) => Some(Arc::new(Given(path.into()))),
            _ => None,
        }
    }
}
