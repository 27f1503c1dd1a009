//! Where generated tokens claim to be.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// A span that points at `span` but belongs to the macro.
///
/// An error on such a token is shown at the author's own code, and a lint on it is not reported:
/// the compiler knows that the author did not write it.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The same tokens, each at its own place, but belonging to the macro (see [`at`]).
pub(crate) fn located(tokens: impl ToTokens) -> TokenStream {
    map(tokens.to_token_stream(), &|tree| match tree {
        TokenTree::Group(group) => group_with(&group, located).into(),
        mut other => {
            other.set_span(at(other.span()));
            other
        }
    })
}

/// The tokens with `Self` written out, for use outside the impl block.
pub(crate) fn without_self(tokens: TokenStream, self_ty: &TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Ident(ident) if ident == "Self" => respan(self_ty.clone(), ident.span()),
            TokenTree::Group(group) => {
                let mut new = Group::new(group.delimiter(), without_self(group.stream(), self_ty));
                new.set_span(group.span());
                TokenTree::Group(new).into()
            }
            other => TokenStream::from(other),
        })
        .collect()
}

/// All tokens at one place.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    map(tokens, &|tree| match tree {
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), respan(group.stream(), span));
            new.set_span(span);
            new.into()
        }
        mut other => {
            other.set_span(span);
            other
        }
    })
}

fn map(tokens: TokenStream, change: &dyn Fn(TokenTree) -> TokenTree) -> TokenStream {
    tokens.into_iter().map(change).collect()
}

fn group_with(group: &Group, change: impl Fn(TokenStream) -> TokenStream) -> Group {
    let mut new = Group::new(group.delimiter(), change(group.stream()));
    new.set_span(at(group.span()));
    new
}
