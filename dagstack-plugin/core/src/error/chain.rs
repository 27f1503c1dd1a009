//! Errors of ours inside an author's: found wherever they stand in the chain of sources.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;

use serde_json::Value;

/// An error of any type, as `?` makes it.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// No chain in earnest is longer; one that leads back to itself has no end.
const LONGEST: usize = 64;

/// The code and the details of a [`HookError`](super::HookError).
///
/// It is also the first source of its `HookError`: many wrappers (`Arc`, `Box`, those of `anyhow` and
/// `eyre`, `#[error(transparent)]`, `std::io::Error`) pass the source of what they wrap off as their
/// own, so what they wrap is met nowhere in the chain, but this is.
pub(super) struct Facts {
    pub(super) code: Cow<'static, str>,
    pub(super) details: Option<Value>,
    /// The error the `HookError` comes from.
    pub(super) source: Option<BoxError>,
}

impl fmt::Display for Facts {
    // Not the message again: whoever prints a chain would say it twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error code `{}`", self.code)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = self.details.as_ref().map(crate::secrets::mask);
        f.debug_struct("Facts")
            .field("code", &self.code)
            .field("details", &details)
            .finish()
    }
}

impl Error for Facts {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// `error` and its sources, without those that say nothing of their own.
pub fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    all(error).filter(|error| !error.is::<Facts>())
}

pub(super) fn all<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |error: &&'a (dyn Error + 'static)| (*error).source();
    successors(Some(error), next).take(LONGEST)
}

/// The error as a `T`, which may be in a `Box` or an `Arc`.
pub(super) fn is<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let boxed = || error.downcast_ref::<Box<T>>().map(|it| &**it);
    let shared = || error.downcast_ref::<Arc<T>>().map(|it| &**it);
    error.downcast_ref::<T>().or_else(boxed).or_else(shared)
}

/// The first `T` in the chain.
pub(super) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    all(error).find_map(is::<T>)
}
