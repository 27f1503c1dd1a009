//! [`ScratchDir`]: a temporary folder.

use std::io;
use std::path::Path;

use super::TempDir;

/// A new, empty folder among the system's temporary ones, removed with what is in it when it is
/// dropped.
///
/// Each plugin has its own when it is made for each:
///
/// ```
/// use std::sync::Arc;
///
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::resources::{ScratchDir, TempDir};
///
/// let builder = Registry::builder()
///     .resource_for_each::<dyn TempDir>("tmpdir", |_plugin| Ok(Arc::new(ScratchDir::new()?)));
/// ```
#[derive(Debug)]
pub struct ScratchDir(tempfile::TempDir);

impl ScratchDir {
    /// Makes a folder.
    ///
    /// # Errors
    ///
    /// When the system refuses; it names the folder in which it was to be made.
    pub fn new() -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix("dagstack-")
            .tempdir()
            .map(Self)
            .map_err(|error| {
                let folder = std::env::temp_dir();
                let problem = format!("no temporary folder in `{}`: {error}", folder.display());
                io::Error::new(error.kind(), problem)
            })
    }
}

impl TempDir for ScratchDir {
    fn path(&self) -> &Path {
        self.0.path()
    }
}
