//! [`ScratchDir`]: a temporary folder.

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf, absolute};

use dagstack_plugin_core::resources::TempDir;

/// Names that are tried. A second is needed only where somebody guesses 64 random bits.
const NAMES: usize = 8;

/// A new, empty folder, removed with what is in it when this is dropped. On Unix nobody but the user has
/// access to it.
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
pub struct ScratchDir(PathBuf);

impl ScratchDir {
    /// Makes a folder among the system's temporary ones (`TMPDIR`).
    ///
    /// # Errors
    ///
    /// When the system refuses; the error names the folder.
    pub fn new() -> Result<Self> {
        Self::new_in(std::env::temp_dir())
    }

    /// Makes a folder in `parent`, which is made if it is not there. It stays.
    ///
    /// # Errors
    ///
    /// When the system refuses; the error names the folder.
    pub fn new_in(parent: impl AsRef<Path>) -> Result<Self> {
        let parent = folder(parent.as_ref())?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let mut refusal = ErrorKind::AlreadyExists.into();
        for _ in 0..NAMES {
            let random = RandomState::new().build_hasher().finish();
            let path = parent.join(format!("dagstack-{random:016x}"));
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) => {
                    let is_taken = error.kind() == ErrorKind::AlreadyExists;
                    refusal = error;
                    if !is_taken {
                        break;
                    }
                }
            }
        }
        let problem = format!("cannot make a folder in `{}`: {refusal}", parent.display());
        Err(Error::new(refusal.kind(), problem))
    }
}

impl TempDir for ScratchDir {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // Whoever made files in it that cannot be removed keeps them.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The absolute path of a folder, which is made if it is not there.
pub(crate) fn folder(folder: &Path) -> Result<PathBuf> {
    let folder = absolute(folder)?;
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => {
            let problem = format!("cannot make the folder `{}`: {error}", folder.display());
            Err(Error::new(error.kind(), problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_private_and_gone_in_the_end() {
        let parent = ScratchDir::new().unwrap();
        let below = parent.path().join("a/b");
        let (one, two) = (
            ScratchDir::new_in(&below).unwrap(),
            ScratchDir::new_in(&below).unwrap(),
        );
        assert_ne!(one.path(), two.path());
        fs::write(one.path().join("file"), "text").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(one.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        drop(one);
        assert_eq!(fs::read_dir(&below).unwrap().count(), 1);
        drop(two);
        assert!(below.exists(), "the folder around it stays");
    }

    #[test]
    fn n05_errors_name_the_folder_in_full() {
        let parent = ScratchDir::new().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "text").unwrap();
        let error = ScratchDir::new_in(&file).unwrap_err().to_string();
        assert!(error.contains(&format!("`{}`", file.display())), "{error}");
        let relative = ScratchDir::new_in("Cargo.toml/x").unwrap_err().to_string();
        let whole = absolute("Cargo.toml/x").unwrap();
        assert!(
            relative.contains(&format!("`{}`", whole.display())),
            "{relative}"
        );
    }
}
