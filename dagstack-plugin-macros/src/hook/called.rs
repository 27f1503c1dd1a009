//! What `#[serde(…)]` and `#[schemars(…)]` name by a text: functions and types.
//!
//! Several derives read each of these attributes, and each would report a mistake in it. So the
//! expansion gives every text a name of its own, where the compiler looks at it once, at the text.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, LitStr, Meta};

use crate::lifetimes::{all_static, name_elided};
use crate::{entries, spans};

/// The field or parameter whose attributes they are.
pub(crate) struct Place<'a> {
    pub(crate) private: &'a TokenStream,
    /// What the expansion calls its type.
    pub(crate) ty: TokenStream,
    /// What the names begin with.
    pub(crate) prefix: String,
    /// What `Self` is called where the names stand.
    pub(crate) own: &'a Ident,
    /// Where they claim to stand.
    pub(crate) home: Span,
    /// Under which conditions.
    pub(crate) cfgs: &'a [Attribute],
}

/// Puts names in the place of the texts of `attrs`; the items of these names.
pub(crate) fn named(attrs: &mut [Attribute], place: &Place<'_>) -> TokenStream {
    let mut items = TokenStream::new();
    let mut count = 0_usize;
    for attr in attrs {
        let of_serde = attr.path().is_ident("serde");
        if !of_serde && !attr.path().is_ident("schemars") {
            continue;
        }
        let Meta::List(list) = &mut attr.meta else {
            continue;
        };
        let mut trees: Vec<TokenTree> = list.tokens.clone().into_iter().collect();
        for at in 0..trees.len() {
            let Some([key, equals, value]) = trees.get_mut(at..at + 3) else {
                break;
            };
            let name = format_ident!("{}_{}", place.prefix, count);
            if let (TokenTree::Ident(key), TokenTree::Punct(equals), TokenTree::Literal(text)) =
                (key, equals, value)
                && equals.as_char() == '='
                && let Some(item) = item(&key.to_string(), of_serde, text, &name, place)
            {
                let cfgs = place.cfgs;
                items.extend(quote!(#(#cfgs)* #item));
                count += 1;
                let mut new = Literal::string(&name.to_string());
                new.set_span(text.span());
                *text = new;
            }
        }
        list.tokens = trees.into_iter().collect();
    }
    items
}

/// Whether an attribute names something by a path that begins with `Self`.
pub(crate) fn names_self(attr: &Attribute) -> bool {
    entries_of(attr).iter().any(|entry| says_self(entry))
}

/// The same, where nothing here makes that the author's type.
pub(crate) fn leaves_self(attr: &Attribute) -> bool {
    entries_of(attr).iter().any(|entry| {
        let is_named =
            matches!(&entry[..], [TokenTree::Ident(key), ..] if NAMED.iter().any(|it| key == it));
        says_self(entry) && !is_named
    })
}

fn entries_of(attr: &Attribute) -> Vec<Vec<TokenTree>> {
    let is_theirs = attr.path().is_ident("serde") || attr.path().is_ident("schemars");
    match &attr.meta {
        Meta::List(list) if is_theirs => entries::split(list.tokens.clone()),
        _ => Vec::new(),
    }
}

fn says_self(entry: &[TokenTree]) -> bool {
    entry
        .iter()
        .any(|tree| tree.to_string().contains("\"Self::"))
}

/// The entries whose texts get names.
const NAMED: &[&str] = &[
    "default",
    "deserialize_with",
    "serialize_with",
    "skip_serializing_if",
];

fn item(
    key: &str,
    of_serde: bool,
    text: &Literal,
    name: &Ident,
    place: &Place<'_>,
) -> Option<TokenStream> {
    let text: LitStr = syn::parse2(quote!(#text)).ok()?;
    let span = spans::at(text.span());
    let mut named = name.clone();
    named.set_span(place.home);
    let (private, ty) = (place.private, &place.ty);
    if key == "with" && !of_serde {
        let path = spans::without_self(text.parse().ok()?, place.own);
        // An alias borrows from nobody.
        let path = name_elided(all_static(path), &mut || "static".to_owned());
        let path = spans::located(path);
        return Some(quote!(type #named = #path;));
    }
    let path: syn::Path = text.parse().ok()?;
    let path = spans::located(spans::without_self(quote!(#path), place.own));
    let item = match key {
        "default" => {
            let call = quote_spanned!(span=> #path());
            quote_spanned!(span=> fn #named() -> #ty { #call })
        }
        "skip_serializing_if" => {
            let call = quote_spanned!(span=> #path(__dagstack_value));
            quote_spanned!(span=> fn #named(__dagstack_value: &#ty) -> bool { #call })
        }
        "deserialize_with" if of_serde => {
            quote_spanned! {span=>
                fn #named<'de, D: #private::serde::Deserializer<'de>>(
                    __dagstack_from: D,
                ) -> #private::Result<#ty, D::Error> {
                    let __dagstack_read: fn(D) -> #private::Result<#ty, D::Error> = #path;
                    __dagstack_read(__dagstack_from)
                }
            }
        }
        "serialize_with" if of_serde => {
            let call = quote_spanned!(span=> #path(__dagstack_value, __dagstack_to));
            quote_spanned! {span=>
                fn #named<S: #private::serde::Serializer>(
                    __dagstack_value: &#ty,
                    __dagstack_to: S,
                ) -> #private::Result<S::Ok, S::Error> {
                    #call
                }
            }
        }
        _ => return None,
    };
    Some(item)
}
