//! Fits what typify writes to where it goes: a crate that depends on dagstack-plugin and nothing
//! else, beside the author's own items.

use proc_macro2::{Group, Ident, Literal, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Expr, ExprLit, File, Item, Lit, LitStr, Meta, parse_quote};

use crate::path::CratePath;

/// The items of typify's `items`, for the kind called `kind`.
pub(super) fn fit(items: TokenStream, kind: &str, krate: &CratePath) -> syn::Result<TokenStream> {
    let names = Names {
        defaults: format!("__{kind}_defaults"),
        error: format!("__{kind}_error"),
    };
    let items = names.rename(paths(items, krate));
    let mut file: File = syn::parse2(items)?;
    let private = krate.private();
    let serde = quote!(#private::serde).to_string().replace(' ', "");
    let schemars = quote!(#private::schemars).to_string().replace(' ', "");
    for item in &mut file.items {
        let attrs = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) => &mut item.attrs,
            Item::Impl(item) => &mut item.attrs,
            Item::Mod(item) => {
                item.attrs = vec![parse_quote!(#[doc(hidden)])];
                &mut item.attrs
            }
            _ => continue,
        };
        *attrs = std::mem::take(attrs).into_iter().filter_map(doc).collect();
        // It is not the author's code, and no lint of theirs is about it.
        attrs.push(parse_quote!(#[allow(
            missing_docs,
            unreachable_pub,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            clippy::unwrap_used,
        )]));
        if matches!(item, Item::Struct(_) | Item::Enum(_)) {
            let crates = [
                parse_quote!(#[serde(crate = #serde)]),
                parse_quote!(#[schemars(crate = #schemars)]),
            ];
            match item {
                Item::Struct(item) => item.attrs.extend(crates),
                Item::Enum(item) => item.attrs.extend(crates),
                _ => {}
            }
        }
    }
    Ok(file.into_token_stream())
}

/// A doc comment without the schema that typify shows in it: it would become part of the
/// description that schemars makes of it.
fn doc(attr: Attribute) -> Option<Attribute> {
    let Meta::NameValue(meta) = &attr.meta else {
        return Some(attr);
    };
    let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = &meta.value
    else {
        return Some(attr);
    };
    if !attr.path().is_ident("doc") {
        return Some(attr);
    }
    let text = text.value();
    let text = text.split("<details>").next().unwrap_or(&text).trim();
    // `Name` of a type without description.
    let is_name = text.starts_with('`') && text.ends_with('`') && !text.contains(' ');
    (!text.is_empty() && !is_name).then(|| {
        let text = format!(" {text}");
        parse_quote!(#[doc = #text])
    })
}

/// `::serde` and `::serde_json`, which the crate may not have, by our way to them.
pub(super) fn paths(tokens: TokenStream, krate: &CratePath) -> TokenStream {
    let private = krate.private();
    let mut out: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => out.push(regroup(&group, paths(group.stream(), krate))),
            TokenTree::Ident(ident) if ident == "serde" && is_absolute(&out) => {
                out.truncate(out.len().saturating_sub(2));
                out.extend(quote!(#private::serde));
            }
            TokenTree::Ident(ident) if ident == "serde_json" && is_absolute(&out) => {
                out.truncate(out.len().saturating_sub(2));
                out.extend(quote!(#krate::serde_json));
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Whether the tokens end with the `::` that begins an absolute path.
fn is_absolute(before: &[TokenTree]) -> bool {
    let colon =
        |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':');
    let [.., first, second] = before else {
        return false;
    };
    // Of what ends with `>`, typify writes no part called so: it is `impl<'de> ::serde::…` or `-> ::serde::…`.
    let follows_a_name = match before {
        [.., TokenTree::Ident(name), _, _] => syn::parse2::<Ident>(name.to_token_stream()).is_ok(),
        _ => false,
    };
    colon(first) && colon(second) && !follows_a_name
}

/// typify's modules `defaults` and `error` would meet the author's, or those of another kind.
struct Names {
    defaults: String,
    error: String,
}

impl Names {
    fn rename(&self, tokens: TokenStream) -> TokenStream {
        let mut out: Vec<TokenTree> = Vec::new();
        let mut rest = tokens.into_iter().peekable();
        while let Some(tree) = rest.next() {
            // A path begins with it: `defaults::…`, but no field does, `defaults: …`.
            let begins_path = |next: Option<&TokenTree>| {
                matches!(next, Some(TokenTree::Punct(punct))
                    if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
            };
            let new = match &tree {
                TokenTree::Group(group) => regroup(group, self.rename(group.stream())),
                TokenTree::Ident(ident) if ident == "error" && names_module(&out) => {
                    self.ident(&self.error, ident)
                }
                TokenTree::Ident(ident)
                    if ident == "defaults" && (names_module(&out) || begins_path(rest.peek())) =>
                {
                    self.ident(&self.defaults, ident)
                }
                TokenTree::Literal(literal) => self.literal(literal, &out).unwrap_or(tree),
                _ => tree,
            };
            out.push(new);
        }
        out.into_iter().collect()
    }

    fn ident(&self, name: &str, old: &Ident) -> TokenTree {
        format_ident!("{name}", span = old.span()).into()
    }

    /// `default = "defaults::…"` of serde.
    fn literal(&self, literal: &Literal, before: &[TokenTree]) -> Option<TokenTree> {
        let [.., TokenTree::Ident(key), TokenTree::Punct(_)] = before else {
            return None;
        };
        if key != "default" {
            return None;
        }
        let text: LitStr = syn::parse2(literal.to_token_stream()).ok()?;
        let text = text.value();
        let rest = text.strip_prefix("defaults::")?;
        Some(Literal::string(&format!("{}::{rest}", self.defaults)).into())
    }
}

/// Whether the tokens end with `mod`, `self::` or `super::`.
fn names_module(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] if word == "mod" => true,
        [
            ..,
            TokenTree::Ident(word),
            TokenTree::Punct(a),
            TokenTree::Punct(b),
        ] => (word == "self" || word == "super") && a.as_char() == ':' && b.as_char() == ':',
        _ => false,
    }
}

fn regroup(old: &Group, tokens: TokenStream) -> TokenTree {
    let mut new = Group::new(old.delimiter(), tokens);
    new.set_span(old.span());
    new.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_found_wherever_a_path_may_stand() {
        let krate = CratePath::DEFAULT;
        let private = krate.private();
        let given = quote! {
            impl<'de> ::serde::Deserialize<'de> for X {
                fn f<D: ::serde::Deserializer<'de>>(d: D) -> ::serde_json::Value {
                    <D::Error as ::serde::de::Error>::custom(own::serde::text())
                }
            }
        };
        let expected = quote! {
            impl<'de> #private::serde::Deserialize<'de> for X {
                fn f<D: #private::serde::Deserializer<'de>>(d: D) -> #krate::serde_json::Value {
                    <D::Error as #private::serde::de::Error>::custom(own::serde::text())
                }
            }
        };
        assert_eq!(paths(given, &krate).to_string(), expected.to_string());
    }
}
