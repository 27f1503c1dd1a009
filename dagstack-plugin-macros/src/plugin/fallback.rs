//! What is written where there were mistakes: as much as keeps everything else compiling.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::model::ImplBlock;
use crate::ctxt::Ctxt;
use crate::lifetimes::declared_or_static;
use crate::names::MARKS;
use crate::path::CratePath;

/// Implementations that never run, so that a use of the type is not a second error.
pub(crate) fn stubs(block: &ImplBlock, krate: &CratePath) -> TokenStream {
    // Beside the implementation of a trait there may be the block of the plugin.
    let is_beside = block.of_trait.is_some() && !block.is_meant_as_block();
    let is_of_type = block.is_of_named_type() && block.undeclared().is_none();
    if !block.generics.params.is_empty() || !is_of_type || is_beside {
        return TokenStream::new();
    }
    let private = krate.private();
    let self_ty = declared_or_static(&block.self_ty, &block.generics);
    krate.items(&quote! {
        #[doc(hidden)]
        const _: () = {
            #[automatically_derived]
            impl #private::Plugin for #self_ty
            where
                for<'__dagstack> Self: #private::Send + #private::Sync + 'static,
            {
                fn declaration() -> &'static #private::Declaration {
                    #private::not_compiled()
                }
                fn setup(_: #private::SetupContext) -> #private::SetUp<Self> {
                    #private::not_compiled()
                }
                fn call<'a>(
                    &'a self,
                    _: usize,
                    _: &'a #private::HookContext,
                    _: #private::Arguments<'_>,
                ) -> #private::Called<'a> {
                    #private::not_compiled()
                }
            }
        };
    })
}

/// What says something where the compiler, against all expectation, says nothing: it looks at unused
/// results last, and only if there was no error. `span` is one of the author's own: a lint is silent
/// about what an author has not written.
pub(crate) fn net(span: Span, krate: &CratePath, cx: &Ctxt) -> Option<TokenStream> {
    let private = krate.private();
    cx.is_left_to_compiler().then(|| {
        quote_spanned! {span=>
            #[allow(dead_code)]
            #[deny(unused_must_use)]
            const _: () = {
                fn __dagstack_net() {
                    #private::left_to_compiler();
                }
            };
        }
    })
}

/// An item that could not be read, without our attributes: `#[hook]` and the like.
pub(crate) fn strip(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '#' => match trees.peek() {
                Some(TokenTree::Group(group)) if is_ours(group) => {
                    trees.next();
                }
                _ => out.extend([TokenTree::Punct(punct)]),
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut new = Group::new(group.delimiter(), strip(group.stream()));
                new.set_span(group.span());
                out.extend([TokenTree::Group(new)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

/// Whether `[…]` holds one of our attributes, as far as its last word before the arguments says.
fn is_ours(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && group
            .stream()
            .into_iter()
            .take_while(|tree| !matches!(tree, TokenTree::Group(_)))
            .filter_map(|tree| match tree {
                TokenTree::Ident(word) => Some(word),
                _ => None,
            })
            .last()
            .is_some_and(|word| MARKS.iter().any(|mark| word == mark))
}
