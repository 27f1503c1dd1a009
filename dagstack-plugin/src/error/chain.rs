//! Errors of ours inside an author's: found wherever they stand in the chain of sources.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{HookError, code};
use crate::resources::ResourceError;
use crate::tenancy::TenantAccessDenied;

/// No chain in earnest is longer; one that leads back to itself has no end.
const LONGEST: usize = 64;

/// The code and the details of a [`HookError`].
///
/// It is also the first source of its `HookError`: many wrappers (`Arc`, `Box`, those of `anyhow` and
/// `eyre`, `#[error(transparent)]`, `std::io::Error`) pass the source of what they wrap off as their
/// own, so what they wrap is met nowhere in the chain, but this is.
pub(super) struct Facts {
    pub(super) code: Cow<'static, str>,
    pub(super) details: Option<Value>,
    /// The error the `HookError` comes from.
    pub(super) source: Option<super::BoxError>,
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
pub(crate) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    all(error).filter(|error| !error.is::<Facts>())
}

fn all<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
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

/// A code and details.
pub(super) type Known = (Cow<'static, str>, Option<Value>);

/// What an error of ours is known by.
fn known(error: &(dyn Error + 'static)) -> Option<Known> {
    let facts = |facts: &Facts| (facts.code.clone(), facts.details.clone());
    if let Some(own) = is::<HookError>(error) {
        return Some(facts(&own.0.facts));
    }
    if let Some(own) = error.downcast_ref::<Facts>() {
        return Some(facts(own));
    }
    if let Some(denied) = is::<TenantAccessDenied>(error) {
        return Some((code::TENANT_ACCESS_DENIED.into(), Some(denied.details())));
    }
    let resource = is::<ResourceError>(error)?;
    let details = json!({ "resource": resource.resource() });
    Some((resource.code().into(), Some(details)))
}

/// The message of an error and its sources, down to one of ours, and what that is known by.
pub(super) fn told(error: &(dyn Error + 'static)) -> (String, Option<Known>) {
    let mut message = String::new();
    for cause in all(error) {
        let found = known(cause);
        if !cause.is::<Facts>() {
            let text = cause.to_string();
            // Wrappers that already quote their source (`"…: {source}"`) are not repeated.
            if !message.contains(&text) {
                if !message.is_empty() {
                    message.push_str(": ");
                }
                message.push_str(&text);
            }
        }
        if found.is_some() {
            return (message, found);
        }
    }
    (message, None)
}
