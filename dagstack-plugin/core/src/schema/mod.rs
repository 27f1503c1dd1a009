//! JSON Schemas: made from types by schemars, brought into the form MCP clients accept.

mod closed;
mod generated;
#[doc(hidden)]
pub mod keywords;
mod of_hook;
mod optional;
mod published;
mod reference;

pub(crate) use self::generated::{config, flattened, of_params, typed_output};
pub use self::generated::{input, output};
#[doc(hidden)]
pub use self::generated::{published_input, typed_input};
pub use self::keywords::Schema;
#[doc(hidden)]
pub use self::keywords::is_any;
pub use self::of_hook::HookSchemas;
#[doc(hidden)]
pub use self::of_hook::{CONTENT, WRAP};
#[doc(hidden)]
pub use self::published::bounds;
#[doc(hidden)]
pub use self::reference::{Target, find, key, name_of, target};
