//! Everything the macros make, in a package that has dagstack-plugin under another name.

use dsp::prelude::*;
use dsp::{async_trait, resource};

/// Data.
#[data(crate = ::dsp)]
#[derive(Clone, Debug)]
pub struct Note {
    /// What it says.
    #[serde(default)]
    pub text: String,
}

/// A kind.
#[kind(name = "noter", version = "1.0.0", crate = ::dsp)]
pub trait Noter {
    /// Notes.
    #[hook(dispatch = "chain")]
    async fn note(&self, note: Note) -> Note;
}

/// A plugin of it.
#[derive(Debug, Default)]
pub struct Notes;

/// A plugin of it.
#[plugin(kind = Noter, name = "notes", crate = ::dsp)]
impl Notes {
    #[hook]
    fn note(&self, note: Note) -> Note {
        note
    }
}

/// A tool.
#[derive(Debug, Default)]
pub struct Tool;

/// A tool.
#[plugin(kind = "tool", name = "tool", crate = ::dsp)]
impl Tool {
    /// Repeats.
    #[dsp::hook]
    fn echo(&self, note: Note) -> Note {
        note
    }
}

/// A resource.
#[resource(name = "acme.board", crate = ::dsp)]
pub trait Board {
    /// Pins.
    async fn pin(&self, note: Note) -> Vec<Note>;
}

/// An implementation.
#[derive(Debug)]
pub struct Empty;

#[async_trait]
impl Board for Empty {
    async fn pin(&self, note: Note) -> Result<Vec<Note>, HookError> {
        Ok(vec![note])
    }
}
