//! `#[cfg]` and `#[cfg_attr]`. The compiler decides those of an item before it calls a macro; those of
//! its members and their parameters the macro sees as written.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Ident, Meta};

use crate::ctxt::Ctxt;

/// The `#[cfg]`s among `attrs`. Everything generated for the member carries them too.
pub(crate) fn of(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// What to do instead of a `cfg_attr` on a function that may have a `cfg`.
pub(crate) const TWO_FUNCTIONS: &str =
    "write two functions, each with its own `#[cfg(…)]`, or move the condition into the body";

/// Refuses every condition on a member that cannot have any, as `problem` says.
pub(crate) fn refuse(
    attrs: &[Attribute],
    owner: &str,
    marks: &[&str],
    problem: &str,
    help: &str,
    cx: &Ctxt,
) {
    for attr in of(attrs) {
        cx.error_at(&attr.meta, format!("{problem}\nhelp: {help}"));
    }
    refuse_cfg_attr(attrs, owner, marks, help, cx);
}

/// Refuses a `#[cfg_attr]` that adds something the macro has to know: an attribute of ours, a
/// condition, a description.
pub(crate) fn refuse_cfg_attr(
    attrs: &[Attribute],
    owner: &str,
    marks: &[&str],
    help: &str,
    cx: &Ctxt,
) {
    for attr in attrs {
        let added = added(attr).into_iter().find(|added| {
            added.is_condition() || added.is_doc || marks.iter().any(|mark| added.name == mark)
        });
        if let Some(Added { name, .. }) = added {
            cx.error_at(
                &attr.meta,
                format!(
                    "`cfg_attr` cannot add `{name}` to {owner}: the condition is not known yet when the macro reads it\nhelp: {help}"
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
