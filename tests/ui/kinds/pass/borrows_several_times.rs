//! A hook that is not exposed may borrow as often as it likes, in one parameter or in several.

#![deny(warnings)]
// The functions are what is shown.
#![allow(clippy::type_complexity)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use dagstack_plugin::prelude::*;

#[kind(name = "borrower", version = "1.0.0")]
pub(crate) trait Borrower {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn slices(&self, texts: &[&str], pair: (&str, Option<&str>)) -> usize;

    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    async fn maps(&self, map: BTreeMap<&str, &[u8]>, cow: Cow<'_, str>) -> usize;

    #[hook(dispatch = "chain", mcp_exposed = false)]
    async fn rewrite(&self, text: String, by: &[(&str, &str)]) -> String;

    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn at_once(&self, texts: &[&str], each: &(dyn Fn(&str) -> usize + Sync)) -> usize;

    // What a function elides is its own.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn by_functions(&self, text: &str, by: &(dyn Fn(&str) -> &str + Sync)) -> usize;

    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn by_pointers(&self, first: fn(&str) -> Option<&str>, all: fn(Word<'_>) -> Word<'_>) -> usize;

    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn gives_function(&self) -> Arc<dyn for<'a> Fn(&'a str, &u8) -> &'a str + Send + Sync>;

    // What a hook keeps for a while, with lifetimes of each of its calls.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn keeps_function(&self, by: Cut, once: Box<dyn FnOnce(&str) -> usize + Send>) -> usize;

    #[hook(dispatch = "chain", mcp_exposed = false)]
    async fn wraps_function(
        &self,
        by: Arc<dyn Fn(&str) -> &str + Send + Sync>,
    ) -> Arc<dyn for<'a> Fn(&'a str) -> &'a str + Send + Sync>;
}

type Cut = fn(&str) -> &str;

pub(crate) struct Word<'a>(pub(crate) &'a str);

#[derive(Default)]
struct Borrows;

#[plugin(kind = Borrower, name = "borrows")]
impl Borrows {
    #[hook]
    async fn slices(&self, texts: &[&str], pair: (&str, Option<&str>)) -> usize {
        texts.len() + pair.0.len() + pair.1.map_or(0, str::len)
    }

    #[hook]
    fn maps(&self, map: BTreeMap<&str, &[u8]>, ctx: &HookContext, cow: Cow<'_, str>) -> usize {
        let _ = ctx;
        map.len() + cow.len()
    }

    #[hook]
    async fn rewrite(&self, text: String, by: &[(&str, &str)]) -> String {
        by.iter()
            .fold(text, |text, (from, to)| text.replace(from, to))
    }

    #[hook]
    fn at_once(&self, texts: &[&str], each: &(dyn Fn(&str) -> usize + Sync)) -> usize {
        texts.iter().map(|text| each(text)).sum()
    }

    #[hook]
    async fn by_functions(&self, text: &str, by: &(dyn Fn(&str) -> &str + Sync)) -> usize {
        by(text).len()
    }

    #[hook]
    fn by_pointers(&self, first: fn(&str) -> Option<&str>, all: fn(Word<'_>) -> Word<'_>) -> usize {
        first("word").map_or(0, |word| all(Word(word)).0.len())
    }

    #[hook]
    fn gives_function(&self) -> Arc<dyn for<'a> Fn(&'a str, &u8) -> &'a str + Send + Sync> {
        Arc::new(|text, _| text)
    }

    #[hook]
    async fn keeps_function(&self, by: Cut, once: Box<dyn FnOnce(&str) -> usize + Send>) -> usize {
        once(by("word"))
    }

    #[hook]
    fn wraps_function(
        &self,
        by: Arc<dyn Fn(&str) -> &str + Send + Sync>,
    ) -> Arc<dyn for<'a> Fn(&'a str) -> &'a str + Send + Sync> {
        Arc::new(move |text| by(by(text)))
    }
}
