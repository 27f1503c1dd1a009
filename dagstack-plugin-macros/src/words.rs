//! Tokens as words: for messages, and where an expansion looks for a name. What they mean is the
//! compiler's business. And words about words: what there is, and what was meant.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{GenericArgument, PathArguments, Type};

/// The name as callers write it, without `r#`.
pub(crate) fn plain_name(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The last name of a type's path.
pub(crate) fn last_word(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Type::Group(group) => last_word(&group.elem),
        Type::Paren(paren) => last_word(&paren.elem),
        _ => None,
    }
}

/// Whether one of the tokens, at any depth, is wanted.
fn contains(tokens: &TokenStream, wanted: &dyn Fn(&TokenTree) -> bool) -> bool {
    tokens.clone().into_iter().any(|tree| {
        wanted(&tree)
            || matches!(&tree, TokenTree::Group(group) if contains(&group.stream(), wanted))
    })
}

/// Whether one of the tokens, at any depth, is this word.
pub(crate) fn has_word(tokens: impl ToTokens, wanted: &str) -> bool {
    contains(
        &tokens.to_token_stream(),
        &|tree| matches!(tree, TokenTree::Ident(word) if word == wanted),
    )
}

/// Whether one of the tokens, at any depth, is this sign.
pub(crate) fn has_punct(tokens: &TokenStream, wanted: char) -> bool {
    contains(
        tokens,
        &|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted),
    )
}

/// Tokens as a person would write them.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let mut pieces = Vec::new();
    take_pieces(tokens.to_token_stream(), &mut pieces);
    let mut out = String::new();
    for piece in pieces {
        let before = out.chars().next_back();
        let is_word =
            |ch: Option<char>| ch.is_some_and(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '"'));
        let is_apart = |piece: &str| matches!(piece, "->" | "=>" | "=" | "+");
        let parts = matches!(before, Some(',' | ';'))
            || (out.ends_with(':') && !out.ends_with("::"))
            || ["->", "=>", "=", "+"].iter().any(|end| out.ends_with(end));
        if parts
            || (is_apart(&piece) && before.is_some())
            || (is_word(before) && is_word(piece.chars().next()))
        {
            out.push(' ');
        }
        out.push_str(&piece);
    }
    out
}

/// The tokens that are never parted: words, literals, operators, brackets.
fn take_pieces(tokens: TokenStream, pieces: &mut Vec<String>) {
    let mut operator = String::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(punct) => {
                operator.push(punct.as_char());
                if punct.spacing() == Spacing::Joint {
                    continue;
                }
                pieces.push(std::mem::take(&mut operator));
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                pieces.extend((!open.is_empty()).then(|| open.to_owned()));
                take_pieces(group.stream(), pieces);
                pieces.extend((!close.is_empty()).then(|| close.to_owned()));
            }
            word => {
                // The quote of a lifetime, which is joined to its name.
                let quote = std::mem::take(&mut operator);
                pieces.push(format!("{quote}{word}"));
            }
        }
    }
    if !operator.is_empty() {
        pieces.push(operator);
    }
}

/// The last name of a path, and its type arguments.
pub(crate) fn generic(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((&last.ident, arguments))
}

/// Names in back quotes, with commas.
pub(crate) fn listed(names: impl IntoIterator<Item = impl Display>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The end of a message about a name that nobody knows.
pub(crate) fn did_you_mean(guess: Option<impl Display>) -> String {
    guess.map_or_else(String::new, |guess| format!("; did you mean `{guess}`?"))
}

/// Whether one letter is wrong.
pub(crate) fn is_nearly(given: &str, known: &str) -> bool {
    strsim::damerau_levenshtein(given, known) == 1
}

/// The one of `known` that `given` was probably meant to be.
pub(crate) fn suggest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(&given, &word.to_lowercase()),
                *word,
            )
        })
        .filter(|(distance, word)| {
            // Not a single letter in common is no resemblance.
            *distance <= word.len().max(given.len()).div_ceil(3) && *distance < given.len()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
