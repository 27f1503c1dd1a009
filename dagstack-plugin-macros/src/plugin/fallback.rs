//! What is written where there were mistakes: as much as keeps everything else compiling.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::model::{ImplBlock, MARKS};
use crate::path::CratePath;
use crate::spans;

/// Implementations that never run, so that a use of the type is not a second error.
pub(crate) fn stubs(block: &ImplBlock, krate: &CratePath) -> TokenStream {
    if !block.generics.params.is_empty() || block.of_trait.is_some() {
        return TokenStream::new();
    }
    let private = krate.private();
    let self_ty = spans::located(&block.self_ty);
    krate.items(&quote! {
        #[doc(hidden)]
        const _: () = {
            #[automatically_derived]
            impl #private::Plugin for #self_ty
            where
                for<'__dagstack> #self_ty: #private::Send + #private::Sync + 'static,
            {
                fn declaration() -> &'static #private::Declaration {
                    #private::not_compiled()
                }
                fn setup(
                    _: #private::SetupContext,
                ) -> #private::BoxFuture<'static, #private::Result<Self, #private::PluginError>> {
                    #private::not_compiled()
                }
                fn call<'a>(
                    &'a self,
                    _: usize,
                    _: &'a #private::HookContext,
                    _: #private::Args<'a>,
                ) -> #private::BoxFuture<'a, #private::Result<#private::Output, #private::HookError>> {
                    #private::not_compiled()
                }
                fn health(&self) -> #private::BoxFuture<'_, #private::Health> {
                    #private::not_compiled()
                }
                fn teardown(
                    &self,
                ) -> #private::BoxFuture<'_, #private::Result<#private::Released, #private::PluginError>> {
                    #private::not_compiled()
                }
            }
        };
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
