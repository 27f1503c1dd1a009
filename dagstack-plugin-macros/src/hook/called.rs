//! What `#[serde(…)]` and `#[schemars(…)]` name by a text: functions and types.
//!
//! Several derives read each of these attributes, and each would report a mistake in it. So the
//! expansion gives every text a name of its own, where the compiler looks at it once, at the text.

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, LitStr, Meta, Type};

use crate::lifetimes::{all_static, name_elided};
use crate::spans;
use crate::words::has_word;

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

/// Puts names in the place of the texts of `attrs`, and the author's type in that of `Self`; the items
/// of these names.
pub(crate) fn named(attrs: &mut [Attribute], place: &Place<'_>) -> TokenStream {
    let mut items = TokenStream::new();
    let mut count = 0_usize;
    for attr in attrs {
        let of_serde = attr.path().is_ident("serde");
        let Some(tokens) = tokens_of(attr) else {
            continue;
        };
        let changed = change_texts(tokens.clone(), &mut |key, text| {
            let name = format_ident!("{}_{}", place.prefix, count);
            if let Some(item) = item(key, of_serde, text, &name, place) {
                let cfgs = place.cfgs;
                items.extend(quote!(#(#cfgs)* #item));
                count += 1;
                return Some(name.to_string());
            }
            let path = says_self(text)?;
            Some(spans::without_self(path, place.own).to_string())
        });
        *tokens = spans::without_self(changed, place.own);
    }
    items
}

/// Puts the author's type in the place of `Self` in attributes, conditional ones too, that stand again
/// on a type of another name.
pub(crate) fn without_self(attrs: &mut [Attribute], own: &Ident) {
    for attr in attrs {
        let names = ["serde", "schemars", "cfg_attr"];
        if let Meta::List(list) = &mut attr.meta
            && names.iter().any(|name| list.path.is_ident(name))
        {
            let changed = change_texts(list.tokens.clone(), &mut |_, text| {
                Some(spans::without_self(says_self(text)?, own).to_string())
            });
            list.tokens = spans::without_self(changed, own);
        }
    }
}

/// Whether an attribute names something of the author's type by `Self`.
pub(crate) fn names_self(attr: &Attribute) -> bool {
    let mut attr = attr.clone();
    let Some(tokens) = tokens_of(&mut attr) else {
        return false;
    };
    let mut found = has_word(&*tokens, "Self");
    change_texts(tokens.clone(), &mut |_, text| {
        found |= says_self(text).is_some();
        None
    });
    found
}

/// What `#[serde(…)]` and `#[schemars(…)]` say.
fn tokens_of(attr: &mut Attribute) -> Option<&mut TokenStream> {
    let is_theirs = attr.path().is_ident("serde") || attr.path().is_ident("schemars");
    match &mut attr.meta {
        Meta::List(list) if is_theirs => Some(&mut list.tokens),
        _ => None,
    }
}

/// The entries whose texts are paths or types.
const NAMED: &[&str] = &[
    "default",
    "deserialize_with",
    "schema_with",
    "serialize_with",
    "skip_serializing_if",
    "with",
];

/// The tokens with what `change` puts in the place of the text of a key, at any depth.
fn change_texts(
    tokens: TokenStream,
    change: &mut dyn FnMut(&str, &Literal) -> Option<String>,
) -> TokenStream {
    let inside = |tree| match tree {
        TokenTree::Group(group) => {
            let mut new = Group::new(group.delimiter(), change_texts(group.stream(), change));
            new.set_span(group.span());
            TokenTree::Group(new)
        }
        other => other,
    };
    let mut trees: Vec<TokenTree> = tokens.into_iter().map(inside).collect();
    for at in 0..trees.len() {
        if let Some(
            [
                TokenTree::Ident(key),
                TokenTree::Punct(equals),
                TokenTree::Literal(text),
            ],
        ) = trees.get_mut(at..at + 3)
            && equals.as_char() == '='
            && NAMED.iter().any(|named| key == named)
            && let Some(new) = change(&key.to_string(), text)
        {
            let mut new = Literal::string(&new);
            new.set_span(text.span());
            *text = new;
        }
    }
    trees.into_iter().collect()
}

/// The path or type in a text, if it says `Self`.
fn says_self(text: &Literal) -> Option<TokenStream> {
    let text: LitStr = syn::parse2(quote!(#text)).ok()?;
    let path: TokenStream = text.parse().ok()?;
    has_word(&path, "Self").then_some(path)
}

/// A name for a type parameter that the author's path does not have.
fn parameter(name: &str, path: &TokenStream, span: Span) -> Ident {
    let mut name = name.to_owned();
    while has_word(path, &name) {
        name.insert(0, '_');
    }
    Ident::new(&name, span)
}

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
        // What is no type, schemars reports.
        let ty: Type = text.parse().ok()?;
        let path = spans::without_self(ty.into_token_stream(), place.own);
        // An alias borrows from nobody.
        let path = name_elided(all_static(path), &mut || "static".to_owned());
        let path = spans::located(path);
        return Some(quote!(type #named = #path;));
    }
    let path: syn::ExprPath = text.parse().ok()?;
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
            let of = parameter("D", &path, span);
            quote_spanned! {span=>
                fn #named<'de, #of: #private::serde::Deserializer<'de>>(
                    __dagstack_from: #of,
                ) -> #private::Result<#ty, #of::Error> {
                    let __dagstack_read: fn(#of) -> #private::Result<#ty, #of::Error> = #path;
                    __dagstack_read(__dagstack_from)
                }
            }
        }
        "serialize_with" if of_serde => {
            let call = quote_spanned!(span=> #path(__dagstack_value, __dagstack_to));
            let to = parameter("S", &path, span);
            quote_spanned! {span=>
                fn #named<#to: #private::serde::Serializer>(
                    __dagstack_value: &#ty,
                    __dagstack_to: #to,
                ) -> #private::Result<#to::Ok, #to::Error> {
                    #call
                }
            }
        }
        _ => return None,
    };
    Some(item)
}
