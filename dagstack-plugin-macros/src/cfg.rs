//! `#[cfg]` and `#[cfg_attr]`. A macro sees them as written: on an item they can be made to come
//! first, on its members and their parameters not.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Ident, Meta};

use crate::ctxt::Ctxt;
use crate::path::CratePath;

/// The `#[cfg]`s among `attrs`. Everything generated for the member carries them too.
pub(crate) fn of(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// The item with `#[name(args)]` behind its conditions instead of before them: so the compiler
/// decides them first, and they go for everything that the macro writes. `None` if there are none.
pub(crate) fn first(name: &str, args: &TokenStream, item: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = item.clone().into_iter().collect();
    let attributes = trees.chunks_exact(2).map_while(|pair| match pair {
        [TokenTree::Punct(hash), TokenTree::Group(group)]
            if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group.stream().into_iter().next())
        }
        _ => None,
    });
    let conditions = attributes
        .enumerate()
        .filter(|(_, word)| {
            matches!(word, Some(TokenTree::Ident(word)) if word == "cfg" || word == "cfg_attr")
        })
        .map(|(index, _)| index);
    let (before, after) = trees.split_at((conditions.last()? + 1) * 2);
    let krate = CratePath::given(args);
    let name = Ident::new(name, Span::call_site());
    Some(quote!(#(#before)* #[#krate::#name(#args)] #(#after)*))
}

/// Refuses a `#[cfg_attr]` that adds something the macro has to know: an attribute of ours, a
/// condition, a description.
pub(crate) fn refuse_cfg_attr(attrs: &[Attribute], owner: &str, marks: &[&str], cx: &Ctxt) {
    for attr in attrs {
        let added = added(attr).into_iter().find(|added| {
            added.is_condition() || added.is_doc || marks.iter().any(|mark| added.name == mark)
        });
        if let Some(Added { name, .. }) = added {
            cx.error_at(
                &attr.meta,
                format!(
                    "`cfg_attr` cannot add `{name}` to {owner}: the condition is not known yet when the macro reads it\nhelp: write two functions, each with its own `#[cfg(…)]`, or move the condition into the body"
                ),
            );
        }
    }
}

/// Whether a `#[cfg_attr(…)]` adds one of our attributes.
pub(crate) fn adds_one_of(attr: &Attribute, names: &[&str]) -> bool {
    added(attr)
        .iter()
        .any(|added| names.iter().any(|name| added.name == name))
}

/// Refuses conditions on a parameter, and on what is read from its attributes.
pub(crate) fn refuse_on_parameter(attrs: &[Attribute], help: &str, cx: &Ctxt) {
    for attr in attrs {
        let conditional = attr.path().is_ident("cfg")
            || added(attr).iter().any(|added| {
                added.is_condition()
                    || added.is_doc
                    || ["serde", "schemars"].iter().any(|name| added.name == name)
            });
        if conditional {
            cx.error_at(
                &attr.meta,
                format!("the parameters of a hook cannot be conditional{help}"),
            );
            return;
        }
    }
}

/// An attribute that a `#[cfg_attr(…)]` adds.
struct Added {
    /// The last word of its path.
    name: Ident,
    /// `doc = …`, a description.
    is_doc: bool,
}

impl Added {
    fn is_condition(&self) -> bool {
        self.name == "cfg"
    }
}

/// What an attribute adds, if it is a `#[cfg_attr(condition, …)]`.
fn added(attr: &Attribute) -> Vec<Added> {
    match &attr.meta {
        Meta::List(list) if attr.path().is_ident("cfg_attr") => added_by(list.tokens.clone()),
        _ => Vec::new(),
    }
}

fn added_by(tokens: TokenStream) -> Vec<Added> {
    let mut added = Vec::new();
    for attribute in crate::entries::split(tokens).into_iter().skip(1) {
        let mut name = None;
        let mut trees = attribute.into_iter();
        let end = trees.find(|tree| match tree {
            TokenTree::Ident(word) => {
                name = Some(word.clone());
                false
            }
            TokenTree::Punct(punct) => punct.as_char() == '=',
            _ => true,
        });
        let Some(name) = name else { continue };
        match end {
            Some(TokenTree::Group(group)) if name == "cfg_attr" => {
                added.extend(added_by(group.stream()));
            }
            end => added.push(Added {
                is_doc: name == "doc" && matches!(end, Some(TokenTree::Punct(_))),
                name,
            }),
        }
    }
    added
}
