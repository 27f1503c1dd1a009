//! Fragments of a `macro_rules!` macro, such as `$m:meta`, arrive in invisible groups. Syn looks
//! through those around types and names; the others are opened here.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{FnArg, ReturnType, Signature, Type};

/// An item without the groups in its attributes, nor those around the bodies of its members.
pub(crate) fn open(item: TokenStream) -> TokenStream {
    open_at(item, true)
}

fn open_at(tokens: TokenStream, is_outside: bool) -> TokenStream {
    let mut out = TokenStream::new();
    let mut after_hash = false;
    for tree in tokens {
        let is_hash = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '#');
        out.extend([match tree {
            TokenTree::Group(group) => open_group(group, after_hash, is_outside).into(),
            other => other,
        }]);
        after_hash = is_hash;
    }
    out
}

fn open_group(group: Group, after_hash: bool, is_outside: bool) -> Group {
    match group.delimiter() {
        Delimiter::Bracket if after_hash => with(&group, flat(group.stream())),
        // What is inside the braces of a member is its own business.
        Delimiter::Brace if is_outside => with(&group, open_at(group.stream(), false)),
        Delimiter::Parenthesis => with(&group, open_at(group.stream(), false)),
        Delimiter::None => match body(&group) {
            Some(body) => open_group(body, false, is_outside),
            None => group,
        },
        _ => group,
    }
}

/// The braces, if the group holds nothing else.
fn body(group: &Group) -> Option<Group> {
    let mut trees = group.stream().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(inner)), None) if inner.delimiter() == Delimiter::Brace => {
            Some(inner)
        }
        _ => None,
    }
}

/// The signature without the groups around whole types: what stands between `:` and `,` needs none.
pub(crate) fn open_types(sig: &mut Signature) {
    for input in &mut sig.inputs {
        if let FnArg::Typed(input) = input {
            open_type(&mut input.ty);
        }
    }
    if let ReturnType::Type(_, ty) = &mut sig.output {
        open_type(ty);
    }
}

fn open_type(ty: &mut Box<Type>) {
    while let Type::Group(group) = &**ty {
        *ty = group.elem.clone();
    }
}

/// The tokens without any such group: arguments have names, texts and lists, which need none.
pub(crate) fn flat(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => flat(group.stream()),
            TokenTree::Group(group) => TokenTree::from(with(&group, flat(group.stream()))).into(),
            other => TokenStream::from(other),
        })
        .collect()
}

fn with(group: &Group, tokens: TokenStream) -> Group {
    let mut new = Group::new(group.delimiter(), tokens);
    new.set_span(group.span());
    new
}
