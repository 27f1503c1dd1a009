//! Where generated tokens claim to be.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// A span that points at `span` but belongs to the macro.
///
/// An error on such a token is shown at the author's own code, and a lint on it is not reported:
/// the compiler knows that the author did not write it.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Where the tokens begin and where they end, but belonging to the macro (see [`at`]): an error on
/// tokens at both is shown along all between them.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let first = tokens.clone().into_iter().next();
    let last = tokens.clone().into_iter().last();
    let place = |tree: Option<TokenTree>| at(tree.map_or_else(Span::call_site, |tree| tree.span()));
    (place(first), place(last))
}

/// The same tokens, each at its own place, but belonging to the macro (see [`at`]).
pub(crate) fn located(tokens: impl ToTokens) -> TokenStream {
    map(tokens.to_token_stream(), &|tree| match tree {
        TokenTree::Group(group) => group_with(&group, located).into(),
        TokenTree::Ident(ident) => of_any_edition(&ident).into(),
        mut other => {
            other.set_span(at(other.span()));
            other
        }
    })
}

/// The name at its own place, but belonging to the macro (see [`at`]), and so to the macro's edition:
/// there a name may be a keyword that is none in the author's.
pub(crate) fn of_any_edition(ident: &Ident) -> Ident {
    let span = at(ident.span());
    if ident == "gen" {
        return Ident::new_raw("gen", span);
    }
    let mut ident = ident.clone();
    ident.set_span(span);
    ident
}

/// The tokens with `Self` written as `name`, for use outside the impl block.
pub(crate) fn without_self(tokens: TokenStream, name: &Ident) -> TokenStream {
    map(tokens, &|tree| match tree {
        TokenTree::Ident(ident) if ident == "Self" => {
            let mut name = name.clone();
            name.set_span(ident.span());
            TokenTree::Ident(name)
        }
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), without_self(group.stream(), name));
            new.set_span(group.span());
            TokenTree::Group(new)
        }
        other => other,
    })
}

/// The tokens with others in the place of each `word`.
pub(crate) fn replace(tokens: TokenStream, word: &str, with: &TokenStream) -> TokenStream {
    let of_tree = |tree| match tree {
        TokenTree::Ident(ident) if ident == word => with.clone(),
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), replace(group.stream(), word, with));
            new.set_span(group.span());
            TokenTree::Group(new).into()
        }
        other => other.into(),
    };
    tokens.into_iter().flat_map(of_tree).collect()
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
