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

use proc_macro2::TokenStream;
use quote::quote;

use crate::ctxt::Ctxt;
use crate::plugin::fallback;
use crate::traits;
use args::KindArgs;
use model::Kind;

/// Expands `#[kind(args)] item`. `place` says where it stands: two kinds of one program never share
/// it.
pub(crate) fn expand(args: TokenStream, item: TokenStream, place: &str) -> TokenStream {
    let cx = Ctxt::default();
    let args = KindArgs::parse(args, &cx);
    let unique = data::unique(&item, place);
    let (item, cx) = match traits::read(&model::ROLE, &args.krate, item, cx) {
        Ok(read) => read,
        Err(passed_on) => return passed_on,
    };
    let is_rewritten = traits::is_rewritten(&item, &model::ROLE, &cx);
    let kind = Kind {
        hooks: if is_rewritten {
            Vec::new()
        } else {
            model::hooks(&item, &args, &cx)
        },
        args: &args,
        item: &item,
    };
    let net = fallback::net(item.trait_token.span, &args.krate, &cx);
    match cx.finish() {
        Some(errors) if is_rewritten => {
            let item = expand::as_written(&kind, &unique);
            quote!(#errors #item)
        }
        Some(errors) => {
            let stubs = expand::stubs(&kind, &unique);
            quote!(#errors #net #stubs)
        }
        None => expand::expand(&kind, &unique),
    }
}
