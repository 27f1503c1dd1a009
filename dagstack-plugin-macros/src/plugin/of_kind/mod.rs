//! A plugin of a kind that is a trait: what the kind says about it, and what is written for it.
//!
//! The kind's data comes through the macro that `#[kind]` put under the trait's name, see
//! [`data`](mod@crate::kind::data).

mod check;
mod expand;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Path, Token};

use super::args::PluginArgs;
use super::{fallback, read_block, write};
use crate::ctxt::Ctxt;
use crate::kind::data::{self, HookData, KindData};

use check::mentions;
pub(crate) use check::{check, params};
pub(crate) use expand::{arm_of_hidden, expand, kind_output, native};

/// The kind of a plugin.
#[derive(Clone, Copy)]
pub(crate) struct OfKind<'a> {
    /// The trait, as the plugin's author wrote it.
    pub(crate) path: &'a Path,
    pub(crate) data: &'a KindData,
}

impl<'a> OfKind<'a> {
    /// The hook of that name, and its place in the kind.
    pub(crate) fn hook(&self, name: &str) -> Option<(usize, &'a HookData)> {
        self.data
            .hooks
            .iter()
            .enumerate()
            .find(|(_, hook)| hook.name == name)
    }

    /// Where to point for what the kind misses.
    pub(crate) fn span(&self) -> Span {
        self.path
            .segments
            .last()
            .map_or_else(|| self.path.span(), |last| last.ident.span())
    }

    /// `dyn Trait`.
    pub(crate) fn object(&self) -> TokenStream {
        let path = self.path;
        quote!((dyn #path + 'static))
    }
}

/// The call of the kind's macro, which comes back to [`expand_of_kind`].
pub(crate) fn hand_over(
    path: &Path,
    args: &PluginArgs,
    tokens: &TokenStream,
    item: &TokenStream,
) -> TokenStream {
    let krate = &args.krate;
    quote!(#path! { [#krate] { #tokens } { #item } })
}

/// What the kind's macro passes on.
struct Input {
    kind: TokenStream,
    args: TokenStream,
    item: TokenStream,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let group = |input: ParseStream<'_>| input.parse::<Group>().map(|group| group.stream());
        let kind = group(input)?;
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
    let Ok(data) = data::parse(input.kind) else {
        return misused();
    };
    let cx = Ctxt::default();
    let path = kind_path(input.args.clone());
    let home = path.as_ref().map_or_else(Span::call_site, Path::span);
    let args = PluginArgs::parse(input.args, home, &cx);
    let Ok(block) = read_block(input.item, &args) else {
        return misused();
    };
    match (&data, &path) {
        (Some(data), Some(path)) => write(&args, &block, Some(OfKind { path, data }), cx),
        // The kind's own mistakes are reported where it stands.
        _ => {
            let errors = cx.finish();
            let stubs = fallback::stubs(&block, &args.krate);
            quote!(#errors #stubs)
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
                let more = input.is_empty() || input.peek(Token![,]);
                input.parse::<TokenStream>()?;
                Ok(more.then_some(path))
            },
            rest,
        )
        .ok()
        .flatten();
    }
    None
}
