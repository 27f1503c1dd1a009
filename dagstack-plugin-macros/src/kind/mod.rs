//! `#[kind]`: a trait becomes a kind of plugins.
//!
//! Phases: [`args`] and [`model`] parse and check, [`mod@expand`] writes the trait and what
//! implements it, [`dispatcher`] the dispatcher, and [`data`] the macro through which
//! `#[plugin(kind = …)]` learns of the kind.

pub(crate) mod args;
pub(crate) mod data;
mod dispatcher;
pub(crate) mod expand;
mod model;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ItemTrait;

use crate::ctxt::Ctxt;
use crate::plugin::fallback::strip;
use args::KindArgs;
use model::Kind;

/// Expands `#[kind(args)] item`. `place` says where it stands: two kinds of one program never share
/// it.
pub(crate) fn expand(args: TokenStream, item: TokenStream, place: &str) -> TokenStream {
    let cx = Ctxt::default();
    let args = KindArgs::parse(args, &cx);
    let unique = data::unique(&item, place);
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
    let kind = Kind {
        hooks: model::hooks(&item, &args, &cx),
        args: &args,
        item: &item,
    };
    match cx.finish() {
        Some(errors) => {
            let stubs = expand::stubs(&kind, &unique);
            quote!(#errors #stubs)
        }
        None => expand::expand(&kind, &unique),
    }
}

/// The item is no trait, or not one that can be read: it is passed on without our attributes.
fn not_a_trait(error: &syn::Error, item: TokenStream, cx: Ctxt) -> TokenStream {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) if !matches!(other, syn::Item::Trait(_)) => cx.error(
            Span::call_site(),
            "`#[kind]` goes on the `trait` that holds the hooks",
        ),
        _ => cx.push(error.clone()),
    }
    let errors = cx.finish();
    let item = strip(item);
    quote!(#item #errors)
}
