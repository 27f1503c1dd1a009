//! Expansions called as functions: what they write, and what they say.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used)]

mod half_typed;
mod lines;
mod messages;
mod snapshots;

use proc_macro2::TokenStream;

/// The messages of the `compile_error!`s in `tokens`, and in whatever blocks it holds.
fn errors(tokens: TokenStream) -> Vec<String> {
    let text = tokens.to_string();
    text.split("compile_error ! {")
        .skip(1)
        .filter_map(|rest| {
            let literal: TokenStream = rest.get(..rest.find('}')?)?.parse().ok()?;
            Some(syn::parse2::<syn::LitStr>(literal).ok()?.value())
        })
        .collect()
}

/// Expands `#[plugin(args)] item`, both as text.
fn plugin(args: &str, item: &str) -> TokenStream {
    crate::plugin::expand(args.parse().unwrap(), item.parse().unwrap())
}

/// The errors of `#[plugin(args)]` on a plugin that is fine.
fn of_args(args: &str) -> Vec<String> {
    errors(plugin(args, "impl Echo { #[hook] fn echo(&self) {} }"))
}

/// The errors of a plugin with this block.
fn of_block(block: &str) -> Vec<String> {
    errors(plugin(
        "kind = \"tool\", name = \"echo\"",
        &format!("impl Echo {{ {block} }}"),
    ))
}
