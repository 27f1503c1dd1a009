//! A kind, plugins and a resource of edition 2021, where `gen` is a name like any other. What they
//! expand to belongs to edition 2024, where it is a keyword.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic
)]

use dagstack_plugin::prelude::*;
use dagstack_plugin::{async_trait, resource};

/// A parameter of that name.
#[derive(Debug, Default)]
pub struct Gen;

/// A plugin.
#[plugin(kind = "tool", name = "gen")]
impl Gen {
    /// A parameter of that name.
    #[hook]
    fn b(&self, gen: u8) -> u8 {
        gen
    }

    /// A public one, to whose documentation nobody looks for errors.
    #[hook]
    pub fn sure(&self, text: String) -> Result<usize, HookError> {
        Ok(text.len())
    }

    /// A hook of that name.
    #[hook]
    pub async fn gen(&self, #[serde(default)] gen: Option<gen>) -> Option<gen> {
        gen
    }
}

/// A type of that name.
#[allow(non_camel_case_types)]
#[data]
#[derive(Clone, Debug)]
pub struct gen {
    /// A field of that name.
    pub gen: u8,
}

/// A kind.
#[kind(name = "generator", version = "1.0.0")]
pub trait Generator {
    /// A hook of that name.
    #[hook(dispatch = "chain")]
    async fn gen(&self, gen: gen, n: Vec<gen>) -> gen;

    /// A hook that only linked plugins answer.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn now(&self, gen: &gen) -> u8;

    /// By a language.
    #[hook(dispatch = "capability", language = "gen")]
    async fn read(&self, gen: String) -> String;
}

/// A plugin of it.
#[derive(Debug, Default)]
pub struct Generates;

/// A plugin of it.
#[plugin(kind = Generator, name = "generates")]
impl Generates {
    #[hook]
    fn gen(&self, gen: gen, n: Vec<gen>) -> gen {
        let _ = n;
        gen
    }

    #[hook]
    fn now(&self, gen: &gen) -> u8 {
        gen.gen
    }

    #[hook(execution_model = "thread_cpu_bound")]
    async fn read(&self, gen: String) -> String {
        gen
    }
}

/// A resource.
#[resource(name = "acme.source")]
pub trait Source {
    /// A method of that name.
    async fn gen(&self, gen: u8) -> gen;
}

/// An implementation.
#[derive(Debug)]
pub struct Numbers;

#[async_trait]
impl Source for Numbers {
    async fn gen(&self, gen: u8) -> Result<gen, HookError> {
        Ok(gen { gen })
    }
}
