//! JSON Schemas: made from types by schemars, brought into the form MCP clients accept.

mod constrains;
mod generated;
#[cfg(feature = "validate")]
pub(crate) mod judge;
#[doc(hidden)]
pub mod keywords;
mod of_hook;
mod optional;
#[cfg(feature = "validate")]
mod order;
mod published;
mod reference;
mod shape;
#[cfg(feature = "validate")]
pub(crate) mod validator;

pub(crate) use self::constrains::constrains;
pub(crate) use self::generated::{
    flattened, of_params, published_input, typed_input, typed_output,
};
pub use self::generated::{input, output};
pub use self::keywords::Schema;
pub(crate) use self::keywords::is_never;
pub use self::of_hook::HookSchemas;
pub(crate) use self::reference::target;
#[doc(hidden)]
pub use self::reference::{key, name_of};
pub(crate) use self::shape::{Shape, Wanted};
