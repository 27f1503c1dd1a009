//! Elided lifetimes, given names. Only tokens: what they mean is the compiler's business.

use quote::ToTokens;
use syn::{Generics, Type};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// The type with every elided lifetime that can be seen, in `&T` and `'_`, written as the name that
/// `next` gives. Those in `Fn(&T)` and `fn(&T)` are not the parameter's own and stay.
pub(crate) fn name_elided(tokens: TokenStream, next: &mut dyn FnMut() -> String) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    let mut after_fn = false;
    while let Some(tree) = trees.next() {
        let is_fn = is_fn(&tree);
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let named =
                    matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                out.extend([TokenTree::Punct(punct)]);
                if !named {
                    out.extend(lifetime(&next(), Span::call_site()));
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.next() {
                Some(TokenTree::Ident(name)) if name == "_" => {
                    out.extend(lifetime(&next(), Span::call_site()));
                }
                other => {
                    out.extend([TokenTree::Punct(punct)]);
                    out.extend(other);
                }
            },
            TokenTree::Group(group) if after_fn && group.delimiter() == Delimiter::Parenthesis => {
                out.extend([TokenTree::Group(group)]);
            }
            TokenTree::Group(group) => {
                let mut new = Group::new(group.delimiter(), name_elided(group.stream(), next));
                new.set_span(group.span());
                out.extend([TokenTree::Group(new)]);
            }
            other => out.extend([other]),
        }
        after_fn = is_fn;
    }
    out
}

/// `'name`.
pub(crate) fn lifetime(name: &str, span: Span) -> TokenStream {
    let mut quote = Punct::new('\'', Spacing::Joint);
    quote.set_span(span);
    [
        TokenTree::Punct(quote),
        TokenTree::Ident(Ident::new(name, span)),
    ]
    .into_iter()
    .collect()
}

/// Whether there is any reference or lifetime, elided or not, apart from those in `Fn(&T)`.
pub(crate) fn any(tokens: TokenStream) -> bool {
    let mut after_fn = false;
    tokens.into_iter().any(|tree| {
        let is_fn = is_fn(&tree);
        let found = match tree {
            TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
            TokenTree::Group(group) => !after_fn && any(group.stream()),
            _ => false,
        };
        after_fn = is_fn;
        found
    })
}

/// Whether what follows in parentheses are the parameters of a function.
fn is_fn(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Ident(word)
        if ["Fn", "FnMut", "FnOnce", "fn"].iter().any(|name| word == name))
}

/// Where the first lifetime other than `'static` stands.
pub(crate) fn first_not_static(tokens: TokenStream) -> Option<Span> {
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.next() {
                Some(TokenTree::Ident(name)) if name == "static" => {}
                name => return Some(name.map_or(punct.span(), |name| name.span())),
            },
            TokenTree::Group(group) => {
                if let Some(span) = first_not_static(group.stream()) {
                    return Some(span);
                }
            }
            _ => {}
        }
    }
    None
}

/// The type of an impl block, its lifetimes `'static` unless the block declares some: what is wrong
/// with them is reported.
pub(crate) fn declared_or_static(ty: &Type, generics: &Generics) -> TokenStream {
    if generics.lifetimes().next().is_some() {
        return ty.to_token_stream();
    }
    all_static(ty.to_token_stream())
}

/// The type with `'static` for every lifetime that is written.
pub(crate) fn all_static(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let span = trees.next().map_or(punct.span(), |name| name.span());
                out.extend(lifetime("static", span));
            }
            TokenTree::Group(group) => {
                let mut new = Group::new(group.delimiter(), all_static(group.stream()));
                new.set_span(group.span());
                out.extend([TokenTree::Group(new)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

/// How many elided lifetimes can be seen.
pub(crate) fn count(tokens: TokenStream) -> usize {
    let mut found = 0;
    name_elided(tokens, &mut || {
        found += 1;
        "_".to_owned()
    });
    found
}
