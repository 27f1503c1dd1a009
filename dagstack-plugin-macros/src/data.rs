//! `#[data]`: the derives of a type that crosses the boundary.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Item, Meta};

use crate::ctxt::Ctxt;
use crate::entries;
use crate::path::CratePath;

const DERIVES: &[&str] = &["Serialize", "Deserialize", "JsonSchema"];

/// Expands `#[data(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Ctxt::default();
    let entries = entries::parse(args, "data", &cx);
    entries::check_keys(&entries, &["crate"], "data", &cx);
    let krate = CratePath::of(&entries, &cx);
    let attrs: &[Attribute] = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(ref data)) => &data.attrs.clone(),
        Ok(Item::Enum(ref data)) => &data.attrs.clone(),
        Ok(_) => {
            cx.error(
                Span::call_site(),
                "`#[data]` goes on a `struct` or an `enum`",
            );
            &[]
        }
        // rustc says what is wrong with it.
        Err(_) => return item,
    };
    check_derives(attrs, &cx);
    if let Some(errors) = cx.finish() {
        return quote!(#errors #item);
    }
    let private = krate.private();
    let serde = format!("{private}::serde").replace(' ', "");
    let schemars = format!("{private}::schemars").replace(' ', "");
    quote! {
        #[derive(
            #private::serde::Serialize,
            #private::serde::Deserialize,
            #private::schemars::JsonSchema,
        )]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars)]
        #item
    }
}

/// A derive of the author's beside ours would be a conflict that names neither.
fn check_derives(attrs: &[Attribute], cx: &Ctxt) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        let Meta::List(list) = &attr.meta else {
            continue;
        };
        for tree in list.tokens.clone() {
            if let TokenTree::Ident(word) = &tree
                && DERIVES.iter().any(|derive| word == derive)
            {
                cx.error_at(
                    word,
                    format!("`#[data]` derives `{word}` already\nhelp: leave it out here"),
                );
            }
        }
    }
}
