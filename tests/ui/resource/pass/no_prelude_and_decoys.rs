//! Expansions of `#[resource]` name everything by absolute paths.

#![no_implicit_prelude]

#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod dagstack_plugin {}

#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct String;
#[allow(dead_code)]
struct Box;
#[allow(dead_code)]
struct Pin;
#[allow(dead_code)]
struct Arc;
#[allow(dead_code)]
trait Send {}
#[allow(dead_code)]
trait Clone {}
#[allow(dead_code)]
trait Future {}

#[::dagstack_plugin::resource(name = "acme.ledger")]
pub(crate) trait Bare {
    async fn add(&self, a: i64, b: ::core::option::Option<i32>) -> i64;
    async fn nothing(&self);
}
