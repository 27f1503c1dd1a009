//! `#[hook]` and the like where no `#[plugin]` reads them.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Item;

use crate::ctxt::Ctxt;
use crate::plugin::fallback::strip;
use crate::plugin::model::{Mark, MemberFn};

/// What the author calls the attribute, if that is something else.
fn other_name(name: &str) -> Option<String> {
    let text = Span::call_site().source_text()?;
    let path = text.strip_prefix("#[")?.split(['(', ']', ' ']).next()?;
    let last = path.rsplit(':').next()?;
    (last != name && syn::parse_str::<syn::Ident>(last).is_ok()).then(|| last.to_owned())
}

/// Reports the attribute and passes the item on.
///
/// `#[hook(__dagstack_read)]` is what an expansion of `#[plugin]` writes on an item of its own, so
/// that the import of `hook` is used.
pub(crate) fn expand(name: &'static str, args: &TokenStream, item: TokenStream) -> TokenStream {
    if args.to_string() == "__dagstack_read" {
        return item;
    }
    let function = syn::parse2::<MemberFn>(item.clone()).ok();
    let is_in_trait = function
        .as_ref()
        .is_some_and(|function| function.body.to_string() == ";");
    let other_item = match &function {
        Some(_) => None,
        None => syn::parse2::<Item>(item.clone()).ok(),
    };
    let cx = Ctxt::default();
    cx.error(
        Span::call_site(),
        match other_name(name) {
            Some(other) => format!(
                "`#[{other}]` is `#[{name}]`, and `#[plugin]` knows it by no other name\nhelp: import it as `{name}`"
            ),
            None if is_in_trait && name == "hook" => {
                "`#[hook]` on a method of a trait means something only with `#[kind]`\nhelp: put `#[kind(name = \"…\", version = \"1.0.0\")]` on the trait".to_owned()
            }
            None if matches!(other_item, Some(Item::Impl(_))) => format!(
                "`#[{name}]` goes on a function, not on the block\nhelp: write `#[plugin(kind = \"…\", name = \"…\")]` in its place"
            ),
            None if other_item.is_some() => format!(
                "`#[{name}]` goes on a function of a `#[plugin]` block, and this is none\nhelp: take it off"
            ),
            None => format!(
                "`#[{name}]` means something only on a function inside a `#[plugin]` block\nhelp: put `#[plugin(kind = \"…\", name = \"…\")]` on the `impl` block; all hooks of a plugin stand in one"
            ),
        },
    );
    let errors = cx.finish();
    // Doc comments on parameters are fine on a hook and would be a second error here.
    let item = match function {
        Some(mut function) => {
            function.marks.push(Mark {
                name,
                attr: syn::parse_quote!(#[hook]),
            });
            quote!(#function)
        }
        // The functions in it have marks of their own.
        None => strip(item),
    };
    quote!(#errors #item)
}
