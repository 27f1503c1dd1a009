//! Reading schemas: what they say beyond the types, what stands where, and whether a value fits.

mod constrains;
pub(crate) mod fits;
mod judge;
pub(crate) mod keys;
pub(crate) mod kinds;
mod order;
pub(crate) mod parts;
mod place;
mod plain;
mod shape;
pub(crate) mod validator;

pub(crate) use constrains::constrains;
pub use judge::Judge;
pub(crate) use judge::pattern::longest;
pub use place::Place;
pub use plain::plain;
pub(crate) use shape::{Shape, Wanted};
