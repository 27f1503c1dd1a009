//! Attributes of the author's on hooks and their parameters, and unusual spellings they allow.

#![deny(warnings, unused_qualifications)]
// The tests are a program, and nobody imports its items.
#![allow(unreachable_pub)]

use dagstack_plugin::prelude::*;

/// A plugin.
#[derive(Debug, Default)]
pub struct Allowing;

/// A plugin.
#[plugin(kind = "tool", name = "allowing")]
impl Allowing {
    #[hook]
    fn unused(
        &self,
        #[allow(unused)] text: String,
        #[expect(unused_variables)] n: u8,
        _unused: u8,
        _: &HookContext,
    ) -> u8 {
        1
    }

    #[hook]
    fn context_first(&self, _: &HookContext, _x: Option<u8>) -> u8 {
        1
    }

    #[hook]
    #[allow(unused_parens)]
    fn parentheses(&self, text: (String), all: Vec<(u8)>) -> (String) {
        let _ = all;
        text
    }

    #[hook]
    #[allow(unused_braces)]
    fn braces(&self, x: [u8; { 3 }]) -> [u8; { 3 }] {
        x
    }

    #[hook]
    #[allow(unused_qualifications)]
    fn qualified(&self, x: std::string::String) -> std::vec::Vec<u8> {
        x.into_bytes()
    }

    #[hook]
    fn projected(&self, x: <Vec<u8> as IntoIterator>::Item) -> <Vec<u8> as IntoIterator>::Item {
        x
    }

    #[hook]
    fn turbofish(&self, x: Vec<u8>) -> usize {
        x.len()
    }

    #[hook]
    #[allow(clippy::unused_unit)]
    fn unit(&self) -> () {}

    #[hook]
    async fn nothing(&self) {}

    #[hook]
    #[allow(non_snake_case)]
    fn camel(&self, camelCase: u8) -> u8 {
        camelCase
    }

    #[hook]
    #[must_use]
    #[inline]
    #[doc(hidden)]
    #[deprecated]
    #[cold]
    #[track_caller]
    fn decorated(&self) -> u8 {
        1
    }
}
