//! `#[hook]`: one method that can be called from outside.

pub(crate) mod annotations;
pub(crate) mod args;
mod assertions;
pub(crate) mod attrs;
pub(crate) mod called;
pub(crate) mod expand;
pub(crate) mod model;
pub(crate) mod output;
pub(crate) mod signature;
pub(crate) mod types;
