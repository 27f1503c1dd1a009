//! `#[data]`: the derives of a type that crosses the boundary.

mod expand;
mod model;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Field, Item, Meta, Path, Token};

use crate::ctxt::Ctxt;
use crate::entries;
use crate::path::CratePath;
use model::Data;

const DERIVES: &[&str] = &["Serialize", "Deserialize", "JsonSchema"];

/// Where they come from.
const FROM: &[&str] = &["serde", "serde_derive", "schemars", "dagstack_plugin"];

/// Expands `#[data(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Ctxt::default();
    let entries = entries::parse(args, "data", &cx);
    entries::check_keys(&entries, &["crate"], "data", &cx);
    let krate = CratePath::of(&entries, &cx);
    let mut item = match syn::parse2::<Item>(item.clone()) {
        Ok(item) => item,
        Err(_) => return left_to_compiler(&with_end(item), &krate, cx),
    };
    if model::has_doubles(&item) {
        return left_to_compiler(&item.into_token_stream(), &krate, cx);
    }
    let attrs = match &mut item {
        Item::Struct(data) => &mut data.attrs,
        Item::Enum(data) => &mut data.attrs,
        other => {
            cx.error(
                Span::call_site(),
                "`#[data]` goes on a `struct` or an `enum`",
            );
            let errors = cx.finish();
            return quote!(#errors #other);
        }
    };
    for double in attrs.extract_if(.., |attr| krate.owns(attr, "data")) {
        cx.error_at(
            double.path(),
            "`#[data]` stands twice on this type\nhelp: keep one",
        );
    }
    check_derives(attrs, &cx);
    model::check_borrows(&item, &cx);
    model::check_keys(&item, &cx);
    let data = Data::of(&item);
    if let Some(data) = &data {
        data.check(&cx);
    }
    if let Some(errors) = cx.finish() {
        remove_derives(&mut item);
        model::stand_in(&mut item);
        let stubs = plain_name_of(item.to_token_stream()).map(|name| expand::stubs(&name, &krate));
        let private = krate.private();
        return quote!(#errors #[derive(#private::Attributes)] #item #stubs);
    }
    match data {
        Some(data) => expand::expand(&data, &krate),
        None => expand::derives(&item, &krate),
    }
}

/// A type with a mistake that the compiler reports.
fn left_to_compiler(item: &TokenStream, krate: &CratePath, cx: Ctxt) -> TokenStream {
    let stubs = plain_name_of(item.clone()).map(|ident| expand::stubs(&ident, krate));
    let private = krate.private();
    let errors = cx.finish();
    quote!(#errors #[derive(#private::Attributes)] #item #stubs)
}

/// The type with an end to a last field that breaks off: the compiler has reported it, and would again,
/// at another place.
fn with_end(item: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = trees.last_mut()
        && let Ok(Some(end)) = missing_end.parse2(body.stream())
    {
        let fields = body.stream();
        *body = Group::new(body.delimiter(), quote!(#fields #end));
    }
    trees.into_iter().collect()
}

/// What the last of some fields lacks.
fn missing_end(input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
    while Field::parse_named(&input.fork()).is_ok() {
        Field::parse_named(input)?;
        input.parse::<Option<Token![,]>>()?;
    }
    let rest: TokenStream = input.parse()?;
    let ends = [quote!(: ()), quote!(())];
    let mut ends = ends.into_iter();
    Ok(ends.find(|end| Field::parse_named.parse2(quote!(#rest #end)).is_ok()))
}

/// The name of a type that cannot be read, unless it is generic.
fn plain_name_of(item: TokenStream) -> Option<Ident> {
    let mut trees = item.into_iter();
    trees.find(
        |tree| matches!(tree, TokenTree::Ident(word) if word == "struct" || word == "enum"),
    )?;
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(_))) => Some(name),
        (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(end))) if end.as_char() == ';' => {
            Some(name)
        }
        _ => None,
    }
}

/// A derive of the author's beside ours would be a conflict that names neither.
fn check_derives(attrs: &[Attribute], cx: &Ctxt) {
    for word in attrs
        .iter()
        .flat_map(derives_of)
        .filter_map(|derive| ours(&derive))
    {
        cx.error_at(
            &word,
            format!("`#[data]` derives `{word}` already\nhelp: leave it out here"),
        );
    }
}

/// What a `#[derive(…)]` derives.
fn derives_of(attr: &Attribute) -> Vec<TokenStream> {
    match &attr.meta {
        Meta::List(list) if attr.path().is_ident("derive") => {
            let derives = entries::split(list.tokens.clone());
            derives
                .into_iter()
                .map(|derive| derive.into_iter().collect())
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The name of one of ours, if it is that: `Serialize`, `serde::Serialize`, but not that of another
/// crate.
fn ours(derive: &TokenStream) -> Option<Ident> {
    let path = syn::parse2::<Path>(derive.clone()).ok()?;
    let is_from = |name: &Ident| FROM.iter().any(|from| name == from);
    let from = path.segments.first().map(|first| &first.ident)?;
    let last = path.segments.last().map(|last| &last.ident)?;
    let is_ours = DERIVES.iter().any(|derive| last == derive);
    (is_ours && (path.segments.len() == 1 || is_from(from))).then(|| last.clone())
}

/// Takes off the derives of ours: stubs stand for what they would make.
fn remove_derives(item: &mut Item) {
    let (Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. })) =
        item
    else {
        return;
    };
    for attr in attrs {
        let others = derives_of(attr);
        if let Meta::List(list) = &mut attr.meta
            && !others.is_empty()
        {
            let others = others.iter().filter(|derive| ours(derive).is_none());
            list.tokens = quote!(#(#others),*);
        }
    }
}

/// The path of a module of ours, as serde's and schemars' attributes want it.
fn text(path: impl ToTokens) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
