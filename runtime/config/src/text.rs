//! What the formats have in common: the lines of a text, and what is wrong with it.

use std::sync::Arc;

use crate::node::Origin;

/// What is wrong with a text.
pub(crate) enum Problem {
    /// It is not what it should be, and where.
    Syntax(String),
    /// It holds what has no place in a config.
    Content(String),
}

/// The lines of a text, to find that of an offset.
pub(crate) struct Lines<'t> {
    file: &'t Arc<str>,
    breaks: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &str, file: &'t Arc<str>) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file, breaks }
    }

    /// Counted from 1.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.breaks.partition_point(|at| *at < offset) + 1
    }

    /// What stands at an offset is from there.
    pub(crate) fn origin(&self, offset: usize) -> Origin {
        Origin::File {
            file: Arc::clone(self.file),
            line: Some(self.at(offset)),
        }
    }
}
