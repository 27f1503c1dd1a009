//! Doc comments as descriptions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments: one leading space of each line is dropped, lines are joined by a
/// newline, `#[doc = include_str!(…)]` stays a macro call. `None` if there is no text.
///
/// The tokens are an expression of type `&'static str`.
pub(crate) fn text(attrs: &[Attribute]) -> Option<TokenStream> {
    let mut parts: Vec<Part> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        // `#[doc(hidden)]` and `#[doc(alias = …)]` are no text.
        let Meta::NameValue(meta) = &attr.meta else {
            continue;
        };
        match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) => {
                let line = line.value();
                let line = line.strip_prefix(' ').unwrap_or(&line).to_owned();
                match parts.last_mut() {
                    Some(Part::Text(text)) => {
                        text.push('\n');
                        text.push_str(&line);
                    }
                    _ => parts.push(Part::Text(line)),
                }
            }
            other => parts.push(Part::Macro(quote!(#other))),
        }
    }
    match parts.as_slice() {
        [] => None,
        [Part::Text(text)] => {
            let text = text.trim_matches(['\n', ' ']);
            (!text.is_empty()).then(|| quote!(#text))
        }
        parts => {
            let pieces = parts.iter().enumerate().map(|(index, part)| {
                let newline = (index > 0).then(|| quote!("\n",));
                match part {
                    Part::Text(text) => quote!(#newline #text),
                    Part::Macro(call) => quote!(#newline #call),
                }
            });
            Some(quote!(::core::concat!(#(#pieces),*)))
        }
    }
}

enum Part {
    Text(String),
    Macro(TokenStream),
}
