//! The attribute macros of dagstack-plugin. Use them through that crate, which says what they do.

mod cfg;
mod ctxt;
mod data;
mod docs;
mod entries;
mod hook;
mod lifecycle;
mod misplaced;
mod path;
mod plugin;
mod spans;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro::TokenStream;

/// Makes a plugin of a type.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("plugin", item.clone(), || {
        plugin::expand(args.into(), item.into())
    })
}

/// Marks a method that callers may call.
#[proc_macro_attribute]
pub fn hook(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("hook", item.clone(), || {
        misplaced::expand("hook", &args.into(), item.into())
    })
}

/// Marks the function that makes the plugin.
#[proc_macro_attribute]
pub fn setup(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("setup", item.clone(), || {
        misplaced::expand("setup", &args.into(), item.into())
    })
}

/// Marks the method that gives everything back.
#[proc_macro_attribute]
pub fn teardown(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("teardown", item.clone(), || {
        misplaced::expand("teardown", &args.into(), item.into())
    })
}

/// Marks the method that says how the plugin is.
#[proc_macro_attribute]
pub fn health(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("health", item.clone(), || {
        misplaced::expand("health", &args.into(), item.into())
    })
}

/// Derives what a type needs to cross the boundary.
#[proc_macro_attribute]
pub fn data(args: TokenStream, item: TokenStream) -> TokenStream {
    guarded("data", item.clone(), || {
        data::expand(args.into(), item.into())
    })
}

/// Runs an expansion. If it panics, which is our mistake, the author keeps the item.
fn guarded(
    name: &str,
    item: TokenStream,
    expand: impl FnOnce() -> proc_macro2::TokenStream,
) -> TokenStream {
    match catch_unwind(AssertUnwindSafe(expand)) {
        Ok(tokens) => tokens.into(),
        Err(_) => {
            let error = syn::Error::new(
                proc_macro2::Span::call_site(),
                format!(
                    "`#[{name}]` failed; this is a mistake in dagstack-plugin, please report it with this item: {}/issues",
                    env!("CARGO_PKG_REPOSITORY")
                ),
            )
            .into_compile_error();
            let item = plugin::fallback::strip(item.into());
            quote::quote!(#item #error).into()
        }
    }
}
