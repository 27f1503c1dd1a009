//! A plugin of a kind that is a trait: what the kind says about it, and what is written for it.
//!
//! The kind's data comes through the macro that `#[kind]` put under the trait's name, see
//! [`data`](mod@crate::kind::data).

mod check;
mod expand;
pub(crate) mod kind;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Path, Token, token};

use super::args::PluginArgs;
use super::{fallback, read_block, write};
use crate::ctxt::Ctxt;
use crate::kind::data;
use crate::names::is_snake_case;
use crate::path::CratePath;
use crate::spans;

pub(crate) use check::{check, params};
pub(crate) use expand::{expand, native};
pub(crate) use kind::OfKind;
use kind::last;

/// The call of the kind's macro, which comes back to [`expand_of_kind`].
///
/// It is called by a name of ours that an import gives it: if there is no trait, the compiler speaks
/// of what is imported and not of a macro. If there is one and it is no kind, the import has no
/// macro, and the name is that of the second half itself.
pub(crate) fn hand_over(
    path: &Path,
    args: &PluginArgs,
    tokens: &TokenStream,
    item: &TokenStream,
) -> TokenStream {
    let krate = &args.krate;
    let alias = quote_spanned!(last(path)=> as dagstack_kind);
    krate.items(&quote! {
        #[doc(hidden)]
        #[allow(deprecated, unused_imports)]
        const _: () = {
            use #krate::kind::plugin as dagstack_kind;
            const _: () = {
                use #path #alias;
                const _: () = {
                    dagstack_kind! { [#krate] { #tokens } { #item } }
                };
            };
        };
    })
}

/// The one error about a `kind` that is something else. If it does not exist, the import's error
/// equals that of the one in [`hand_over`].
fn not_a_kind(path: &Path, krate: &CratePath) -> TokenStream {
    let private = krate.private();
    let private = spans::respan(private, last(path));
    let name = path.segments.last().map(|last| &last.ident);
    let check = quote_spanned! {last(path)=>
        <dyn #name as #private::PluginKind>::__dagstack_check();
    };
    quote! {
        #[allow(dead_code)]
        const _: () = {
            use #path as #name;
            fn __dagstack_check() { #check }
        };
    }
}

/// What the kind's macro passes on.
struct Input {
    /// `None` where no kind has passed anything on.
    kind: Option<TokenStream>,
    args: TokenStream,
    item: TokenStream,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let group = |input: ParseStream<'_>| input.parse::<Group>().map(|group| group.stream());
        let kind = match input.peek(token::Bracket) {
            true => None,
            false => Some(group(input)?),
        };
        // The crate's path, which the arguments say too.
        group(input)?;
        Ok(Self {
            kind,
            args: group(input)?,
            item: group(input)?,
        })
    }
}

/// The second half of `#[plugin(kind = Path)]`: everything but the impl block.
pub(crate) fn expand_of_kind(input: TokenStream) -> TokenStream {
    let Ok(input) = syn::parse2::<Input>(input) else {
        return misused();
    };
    let is_kind = input.kind.is_some();
    let Ok(data) = input.kind.map_or(Ok(None), data::parse) else {
        return misused();
    };
    let cx = Ctxt::default();
    let path = kind_path(input.args.clone());
    let home = path.as_ref().map_or_else(Span::call_site, Path::span);
    let args = PluginArgs::parse(input.args, home, &cx);
    let Ok(block) = read_block(input.item, &args) else {
        cx.leave();
        return misused();
    };
    match (&data, &path) {
        (Some(data), Some(path)) => write(&args, &block, Some(OfKind { path, data }), cx),
        // The kind's own mistakes are reported where it stands.
        _ => {
            let errors = cx.finish();
            let stubs = fallback::stubs(&block, &args.krate);
            let path = path.filter(|_| !is_kind);
            let not_a_kind = path.map(|path| not_a_kind(&path, &args.krate));
            quote!(#errors #not_a_kind #stubs)
        }
    }
}

fn misused() -> TokenStream {
    syn::Error::new(
        Span::call_site(),
        "the macro of a kind is for `#[plugin(kind = …)]`",
    )
    .into_compile_error()
}

/// The path after `kind =`.
pub(crate) fn kind_path(args: TokenStream) -> Option<Path> {
    let mut trees = args.into_iter().peekable();
    let mut starts = true;
    while let Some(tree) = trees.next() {
        let is_key = starts && matches!(&tree, TokenTree::Ident(word) if word == "kind");
        starts = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ',');
        if !is_key {
            continue;
        }
        let rest: TokenStream = trees.collect();
        return syn::parse::Parser::parse2(
            |input: ParseStream<'_>| {
                input.parse::<Token![=]>()?;
                let path = input.call(Path::parse_mod_style)?;
                let ends = input.is_empty() || input.peek(Token![,]);
                input.parse::<TokenStream>()?;
                // A name without its quotes; reported as that.
                let is_name = path
                    .get_ident()
                    .is_some_and(|ident| is_snake_case(&ident.to_string()));
                Ok((ends && !is_name).then_some(path))
            },
            rest,
        )
        .ok()
        .flatten();
    }
    None
}
