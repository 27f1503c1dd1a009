//! `#[cfg]` on the members of an impl block.

use quote::ToTokens;
use syn::Attribute;

use crate::ctxt::Ctxt;

/// The `#[cfg]`s among `attrs`. Everything generated for the member carries them too.
pub(crate) fn of(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// Refuses `#[cfg_attr]`: what it adds is not known when the macro runs, and an attribute of ours
/// inside it would be lost without a word.
pub(crate) fn refuse_cfg_attr(attrs: &[Attribute], owner: &str, cx: &Ctxt) {
    for attr in attrs {
        if attr.path().is_ident("cfg_attr") {
            cx.error_at(
                &attr.meta,
                format!(
                    "`cfg_attr` on {owner} is not supported\nhelp: write two functions, each with its own `#[cfg(…)]`, or move the condition into the body"
                ),
            );
        }
    }
}

/// Whether a `#[cfg_attr(…)]` adds one of our attributes.
pub(crate) fn adds_one_of(attr: &Attribute, names: &[&str]) -> bool {
    attr.path().is_ident("cfg_attr")
        && attr.meta.to_token_stream().into_iter().any(|tree| {
            matches!(tree, proc_macro2::TokenTree::Group(group)
            if group.stream().into_iter().any(|inner| {
                matches!(inner, proc_macro2::TokenTree::Ident(ident)
                    if names.iter().any(|name| ident == name))
            }))
        })
}
