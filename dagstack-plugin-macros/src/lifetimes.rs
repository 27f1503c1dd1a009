//! Lifetimes in the tokens of types: what they mean is the compiler's business.
//!
//! A function in a type elides by itself: what is elided in `Fn(&T) -> &T` and `fn(&T) -> &T`, and what
//! `for<'a>` declares, are not the type's own.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Generics, Type};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// A lifetime of the type's own.
struct Life {
    /// `None` where `&` elides it; `_` is a name.
    name: Option<String>,
    span: Span,
    /// Whether it stands in what a function takes or returns.
    is_in_fn: bool,
}

impl Life {
    fn is_elided(&self) -> bool {
        self.name.as_deref().is_none_or(|name| name == "_")
    }
}

/// Goes through the tokens of a type.
struct Walk<'a> {
    /// The names that `for<…>` declares. No other lifetime may have one of them.
    declared: HashSet<String>,
    /// Whether a function has any of its own.
    has_functions: bool,
    /// What to write for a lifetime, if not what stands there.
    change: &'a mut dyn FnMut(Life) -> Option<TokenStream>,
}

impl<'a> Walk<'a> {
    fn new(tokens: &TokenStream, change: &'a mut dyn FnMut(Life) -> Option<TokenStream>) -> Self {
        let mut declared = HashSet::new();
        declare(tokens.clone(), &mut declared);
        Self {
            declared,
            has_functions: false,
            change,
        }
    }

    fn through(
        tokens: TokenStream,
        change: &mut dyn FnMut(Life) -> Option<TokenStream>,
    ) -> TokenStream {
        Walk::new(&tokens, change).walk(tokens, false)
    }

    fn walk(&mut self, tokens: TokenStream, is_in_fn: bool) -> TokenStream {
        let mut out = TokenStream::new();
        let mut trees = tokens.into_iter().peekable();
        let mut returned = Returned::default();
        let mut takes = false;
        while let Some(tree) = trees.next() {
            let takes_before = std::mem::replace(&mut takes, is_fn(&tree));
            returned.pass(&tree, takes_before);
            let is_in_fn = is_in_fn || returned.is_open();
            match tree {
                TokenTree::Punct(punct) if punct.as_char() == '&' => {
                    let is_named = matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                    let span = punct.span();
                    out.extend([TokenTree::Punct(punct)]);
                    if !is_named {
                        out.extend(self.life(None, span, is_in_fn));
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                    let name = trees.next();
                    let (text, span) = match &name {
                        Some(name) => (Some(name.to_string()), name.span()),
                        None => (None, punct.span()),
                    };
                    match self.life(text, span, is_in_fn) {
                        Some(new) => out.extend(new),
                        None => {
                            out.extend([Some(TokenTree::Punct(punct)), name].into_iter().flatten())
                        }
                    }
                }
                // What follows is the length of an array, and what stands in braces a constant, too: in
                // expressions, `&` is no reference.
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    out.extend([TokenTree::Punct(punct)]);
                    out.extend(trees.by_ref());
                }
                TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                    let is_in_fn = is_in_fn || (takes_before && is_list(&group));
                    let mut new =
                        Group::new(group.delimiter(), self.walk(group.stream(), is_in_fn));
                    new.set_span(group.span());
                    out.extend([TokenTree::Group(new)]);
                }
                other => out.extend([other]),
            }
        }
        out
    }

    fn life(&mut self, name: Option<String>, span: Span, is_in_fn: bool) -> Option<TokenStream> {
        let life = Life {
            name,
            span,
            is_in_fn,
        };
        let is_functions = match &life.name {
            Some(name) if name != "_" => self.declared.contains(name),
            _ => is_in_fn,
        };
        self.has_functions |= is_functions;
        (!is_functions).then(|| (self.change)(life)).flatten()
    }
}

/// Where the type that a function returns begins and ends.
#[derive(Default)]
enum Returned {
    #[default]
    Closed,
    /// What the function takes is read.
    Taken,
    /// `->`, or half of it, is read; how many `<` are open.
    Open(usize, char),
}

impl Returned {
    fn is_open(&self) -> bool {
        matches!(self, Self::Open(..))
    }

    fn pass(&mut self, tree: &TokenTree, takes_before: bool) {
        let sign = match tree {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        *self = match (&self, sign) {
            (Self::Taken, '-') => Self::Open(0, '-'),
            (Self::Open(depth, before), _) => match (sign, depth) {
                ('>', _) if *before == '-' => Self::Open(*depth, sign),
                ('<', _) => Self::Open(depth + 1, sign),
                ('>', 1..) => Self::Open(depth - 1, sign),
                ('>' | '+' | ',' | ';' | '=', 0) => Self::Closed,
                _ => Self::Open(*depth, sign),
            },
            // What takes nothing has nothing to elide from, which is an error wherever it stands.
            _ if takes_before
                && matches!(tree, TokenTree::Group(group) if is_list(group) && !group.stream().is_empty()) =>
            {
                Self::Taken
            }
            _ => Self::Closed,
        };
    }
}

/// The names after `for`.
fn declare(tokens: TokenStream, declared: &mut HashSet<String>) {
    let mut is_for = false;
    let mut is_open = false;
    let mut is_name = false;
    for tree in tokens {
        let was_for = std::mem::replace(
            &mut is_for,
            matches!(&tree, TokenTree::Ident(word) if word == "for"),
        );
        let was_name = std::mem::take(&mut is_name);
        match tree {
            TokenTree::Punct(punct) => match punct.as_char() {
                '<' if was_for => is_open = true,
                '>' => is_open = false,
                '\'' => is_name = is_open,
                _ => {}
            },
            TokenTree::Ident(name) if was_name => drop(declared.insert(name.to_string())),
            TokenTree::Group(group) => declare(group.stream(), declared),
            _ => {}
        }
    }
}

/// Whether what a function takes may follow: `fn`, `Fn`, `AsyncFn`, no other word but a trait's.
fn is_fn(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Ident(word)
        if word == "fn" || word.to_string().starts_with(char::is_uppercase))
}

fn is_list(group: &Group) -> bool {
    group.delimiter() == Delimiter::Parenthesis
}

/// The type with every elided lifetime that can be seen, in `&T` and `'_`, written as the name that
/// `next` gives.
pub(crate) fn name_elided(tokens: TokenStream, next: &mut dyn FnMut() -> String) -> TokenStream {
    Walk::through(tokens, &mut |life| {
        life.is_elided()
            .then(|| lifetime(&next(), Span::call_site()))
    })
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
    let mut found = false;
    Walk::through(tokens, &mut |life| {
        found |= !life.is_in_fn;
        None
    });
    found
}

/// Whether a function in the type has lifetimes of its own.
pub(crate) fn of_functions(tokens: TokenStream) -> bool {
    let mut change = |_: Life| None;
    let mut walk = Walk::new(&tokens, &mut change);
    walk.walk(tokens, false);
    walk.has_functions
}

/// Where the first lifetime other than `'static` stands.
pub(crate) fn first_not_static(tokens: TokenStream) -> Option<Span> {
    let mut first = None;
    Walk::through(tokens, &mut |life| {
        if life.name.is_some_and(|name| name != "static") {
            first.get_or_insert(life.span);
        }
        None
    });
    first
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
    Walk::through(tokens, &mut |life| {
        life.name.map(|_| lifetime("static", life.span))
    })
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
