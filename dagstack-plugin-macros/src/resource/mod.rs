//! `#[resource]`: a trait becomes a type of resources that reach plugins in other processes too.
//!
//! Phases: [`args`] and [`model`] parse and check, [`mod@expand`] writes the trait, the host's end and
//! the plugin's end of it.

mod args;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ctxt::Ctxt;
use crate::plugin::fallback;
use crate::traits;
use args::ResourceArgs;
use model::Resource;

/// Expands `#[resource(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Ctxt::default();
    let args = ResourceArgs::parse(args, &cx);
    let (item, cx) = match traits::read(&model::ROLE, &args.krate, item, cx) {
        Ok(read) => read,
        Err(passed_on) => return passed_on,
    };
    if traits::is_rewritten(&item, &model::ROLE, &cx) {
        let errors = cx.finish();
        return quote!(#errors #item);
    }
    let resource = Resource {
        methods: model::methods(&item, &args.krate, &cx),
        args: &args,
        item: &item,
    };
    let net = fallback::net(item.trait_token.span, &args.krate, &cx);
    match cx.finish() {
        Some(errors) => {
            let stubs = expand::stubs(&resource);
            quote!(#errors #net #stubs)
        }
        None => expand::expand(&resource),
    }
}
