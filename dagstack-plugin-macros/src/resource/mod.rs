//! `#[resource]`: a trait becomes a type of resources that reach plugins in other processes too.
//!
//! Phases: [`args`] and [`model`] parse and check, [`mod@expand`] writes the trait, the host's end and
//! the plugin's end of it.

mod args;
mod expand;
mod model;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ItemTrait;

use crate::ctxt::Ctxt;
use crate::plugin::fallback::strip;
use args::ResourceArgs;
use model::Resource;

/// Expands `#[resource(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Ctxt::default();
    let args = ResourceArgs::parse(args, &cx);
    let item = match syn::parse2::<ItemTrait>(item.clone()) {
        Ok(mut item) => {
            for member in &mut item.items {
                if let syn::TraitItem::Fn(function) = member {
                    crate::fragments::open_types(&mut function.sig);
                }
            }
            item
        }
        Err(error) => return not_a_trait(&error, item, cx),
    };
    model::check_trait(&item, &cx);
    let resource = Resource {
        methods: model::methods(&item, &cx),
        args: &args,
        item: &item,
    };
    match cx.finish() {
        Some(errors) => {
            let stubs = expand::stubs(&resource);
            quote!(#errors #stubs)
        }
        None => expand::expand(&resource),
    }
}

/// The item is no trait, or not one that can be read: it is passed on as it is.
fn not_a_trait(error: &syn::Error, item: TokenStream, cx: Ctxt) -> TokenStream {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) if !matches!(other, syn::Item::Trait(_)) => cx.error(
            Span::call_site(),
            "`#[resource]` goes on the `trait` that plugins call the resource by",
        ),
        _ => cx.push(error.clone()),
    }
    let errors = cx.finish();
    let item = strip(item);
    quote!(#item #errors)
}
