//! What a resource may look like, under the lints an author may have on.

#![deny(missing_docs, missing_debug_implementations)]
#![deny(unused, clippy::all, clippy::pedantic)]
#![allow(unreachable_pub)]

use std::collections::BTreeMap;

use dagstack_plugin::serde_json::Value;
use dagstack_plugin::{HookError, async_trait, data, resource};

/// An entry.
#[data]
#[derive(Debug)]
pub struct Entry {
    /// How much.
    pub cents: i64,
}

/// A name that differs from the type.
type Amount = i64;

/// Who owes whom.
#[resource(name = "acme.ledger")]
pub trait Ledger: Send + Sync {
    /// Nothing to give.
    async fn nothing(&self);
    /// Types of all kinds.
    async fn all(
        &self,
        entry: Entry,
        list: Vec<Entry>,
        map: BTreeMap<String, Value>,
        r#type: Option<Amount>,
    ) -> Option<Vec<Entry>>;
    /// A unit that is written out.
    async fn unit(&self, it: (u8, String)) -> ();
}

/// With a name of its own.
#[resource(name = "acme.private", crate = ::dagstack_plugin)]
trait Private {
    async fn get(&self, method: String, self_: u8) -> String;
}

struct Books;

#[async_trait]
impl Ledger for Books {
    async fn nothing(&self) -> Result<(), HookError> {
        Ok(())
    }
    async fn all(
        &self,
        entry: Entry,
        _: Vec<Entry>,
        _: BTreeMap<String, Value>,
        _: Option<Amount>,
    ) -> Result<Option<Vec<Entry>>, HookError> {
        Ok(Some(vec![entry]))
    }
    async fn unit(&self, _: (u8, String)) -> Result<(), HookError> {
        Ok(())
    }
}

#[async_trait]
impl Private for Books {
    async fn get(&self, method: String, _: u8) -> Result<String, HookError> {
        Ok(method)
    }
}

#[test]
fn both_are_resources_and_not_each_other() {
    let set = dagstack_plugin::resources::ResourceSet::new()
        .with::<dyn Ledger>("ledger", std::sync::Arc::new(Books))
        .with::<dyn Private>("private", std::sync::Arc::new(Books));
    assert!(set.get::<dyn Ledger>("ledger").is_ok());
    assert!(set.get::<dyn Private>("private").is_ok());
    assert!(set.get::<dyn Private>("ledger").is_err());
}
