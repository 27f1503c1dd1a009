//! Behaviour 24: `cfg_attr` may add what the macros need not know, and on a whole item anything.

#![deny(warnings, missing_docs)]
// The tests are a program, and nobody imports its items.
#![allow(dead_code, unreachable_pub)]

use dagstack_plugin::prelude::*;
use dagstack_plugin::{async_trait, resource};

/// A plugin.
#[derive(Debug, Default)]
pub struct Harmless;

#[plugin(kind = "tool", name = "cfg-attr")]
#[cfg_attr(debug_assertions, doc = "Described under a condition.")]
#[cfg_attr(not(debug_assertions), doc = "Described under a condition.")]
impl Harmless {
    /// Says.
    #[hook]
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(windows, doc(cfg(windows)), no_such_attribute::instrument(skip_all))]
    fn echo(
        &self,
        #[cfg_attr(all(), allow(unused_variables))] text: String,
        #[cfg_attr(windows, expect(unused))] number: u8,
    ) -> u8 {
        number
    }

    /// Sets up.
    #[setup]
    #[cfg_attr(doc, doc(hidden))]
    #[cfg_attr(windows, deprecated)]
    fn setup() -> Self {
        Self
    }
}

/// A kind that only some builds have.
#[kind(name = "maybe", version = "1.0.0")]
#[cfg(any(unix, not(unix)))]
#[cfg_attr(windows, doc(cfg(windows)))]
#[cfg_attr(all(), cfg(all()), doc = "Described under a condition.")]
pub trait Maybe {
    /// Says.
    #[cfg_attr(windows, doc(alias = "other"))]
    #[hook(dispatch = "singleton")]
    #[cfg_attr(all(), must_use)]
    async fn echo(&self, #[cfg_attr(all(), allow(unused))] text: String) -> String;
}

/// A kind that no build has.
#[kind(name = "never", version = "1.0.0")]
#[cfg(any())]
pub trait Never {
    #[hook(dispatch = "singleton")]
    async fn echo(&self, text: NoSuchType) -> String;
}

#[plugin(kind = Never, name = "never")]
#[cfg(any())]
impl NoSuchType {
    #[hook]
    fn echo(&self, text: NoSuchType) -> String {}
}

/// A resource.
#[resource(name = "acme.res")]
#[cfg_attr(all(), allow(dead_code, unreachable_pub))]
pub trait Res {
    /// Gets.
    #[cfg_attr(windows, doc(cfg(windows)))]
    async fn get(&self) -> u8;
}

/// A resource that no build has.
#[resource(name = "acme.no_res")]
#[cfg(any())]
pub trait NoRes {
    async fn get(&self, it: NoSuchType);
}

/// An implementation.
#[derive(Debug)]
pub struct One;

#[async_trait]
impl Res for One {
    async fn get(&self) -> Result<u8, HookError> {
        Ok(1)
    }
}

/// Data.
#[data]
#[derive(Debug)]
#[cfg_attr(all(), derive(Clone))]
#[cfg_attr(windows, derive(Copy))]
pub struct Data {
    /// A field.
    #[cfg_attr(all(), serde(default))]
    pub number: u8,
}
