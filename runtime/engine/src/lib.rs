//! What runs plugins, whoever hosts them: the one way through a call, setup, and reading schemas to say
//! what is wrong with a config or with arguments.

mod access;
mod adapter;
#[doc(hidden)]
pub mod arguments;
pub mod call;
mod change_queue;
#[doc(hidden)]
pub mod config;
mod diagnose;
pub mod feed;
pub mod logging;
mod offer;
pub mod panics;
mod reason;
mod schema;
pub mod secrets;
mod setup;
mod step;
pub mod task;
pub mod tool;
mod unrepeated;
pub mod validate;
pub mod wire;

pub use access::{Access, unknown_hook};
pub use adapter::{Adapter, Announced, RemoteAdapter, TeardownFailure};
pub use change_queue::ChangeQueue;
pub use config::check_section;
pub use offer::{Offer, Offered, Served};
pub use reason::Reason;
pub use schema::{Judge, Place, plain as plain_schema};
pub use setup::{check_config, check_schemas, setup, teardown};
