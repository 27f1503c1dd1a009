//! The arguments of an attribute: `key`, `key = value` and `key(…)`, separated by commas.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Lit, LitBool, LitStr};

use crate::ctxt::Ctxt;
use crate::hook::signature::shown;

/// One argument.
pub(crate) struct Entry {
    /// The key, as written.
    pub(crate) key: Ident,
    /// What follows the key.
    pub(crate) value: Value,
}

/// What follows the key of an argument.
pub(crate) enum Value {
    /// Nothing: `fallback`.
    Flag,
    /// `= …`.
    Eq(TokenStream),
    /// `(…)`.
    List(Group),
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Span,
}

/// Splits arguments at their commas. A mistake in one costs only that one.
pub(crate) fn parse(tokens: TokenStream, owner: &str, cx: &Ctxt) -> Vec<Entry> {
    split(tokens)
        .into_iter()
        .filter_map(|chunk| entry(chunk, owner, cx))
        .collect()
}

/// The chunks between commas.
pub(crate) fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut chunks = vec![Vec::new()];
    for tree in tokens {
        match (&tree, chunks.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => chunks.push(Vec::new()),
            (_, Some(last)) => last.push(tree),
            (_, None) => {}
        }
    }
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

fn entry(chunk: Vec<TokenTree>, owner: &str, cx: &Ctxt) -> Option<Entry> {
    let mut rest = chunk.into_iter();
    let key = match rest.next()? {
        TokenTree::Ident(key) => key,
        other => {
            cx.error_at(
                &other,
                format!("expected an argument of `{owner}`, `key = value`, found `{other}`"),
            );
            return None;
        }
    };
    let value = match rest.next() {
        None => Value::Flag,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
            let value: TokenStream = rest.collect();
            if value.is_empty() {
                cx.error(punct.span(), format!("`{key} =` has no value"));
                return None;
            }
            return Some(Entry {
                key,
                value: Value::Eq(value),
            });
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            Value::List(group)
        }
        Some(other) => {
            cx.error_at(
                &other,
                format!("expected `=`, `(` or `,` after `{key}`, found `{other}`"),
            );
            return None;
        }
    };
    if let Some(extra) = rest.next() {
        cx.error_at(&extra, format!("expected `,` before `{extra}`"));
    }
    Some(Entry { key, value })
}

impl Entry {
    /// The key as text.
    pub(crate) fn name(&self) -> String {
        self.key.to_string()
    }

    /// `key = "text"`, not empty.
    pub(crate) fn text(&self, cx: &Ctxt) -> Option<LitStr> {
        let example = format!("{} = \"…\"", self.key);
        let text = one_text(self.eq(&example, cx)?, &example, cx)?;
        if text.value().trim().is_empty() {
            cx.error(
                text.span(),
                format!("`{}` is empty\nhelp: leave it out", self.key),
            );
            return None;
        }
        Some(text)
    }

    /// `key` or `key = true`.
    pub(crate) fn flag(&self, cx: &Ctxt) -> Option<Spanned<bool>> {
        match &self.value {
            Value::Flag => Some(Spanned {
                value: true,
                span: self.key.span(),
            }),
            _ => {
                let example = format!("{} = true", self.key);
                let value = self.eq(&example, cx)?;
                match syn::parse2::<LitBool>(value.clone()) {
                    Ok(value) => Some(Spanned {
                        value: value.value,
                        span: self.key.span(),
                    }),
                    Err(_) => {
                        expected("`true` or `false`", &example, &value, cx);
                        None
                    }
                }
            }
        }
    }

    /// `key = 7`.
    pub(crate) fn integer(&self, cx: &Ctxt) -> Option<Spanned<u32>> {
        let example = format!("{} = 10", self.key);
        let value = self.eq(&example, cx)?;
        let number = match syn::parse2::<Lit>(value.clone()) {
            Ok(Lit::Int(number)) => number.base10_parse::<u32>().ok(),
            _ => None,
        };
        if number.is_none() {
            expected("a whole number, 0 or more", &example, &value, cx);
        }
        number.map(|number| Spanned {
            value: number,
            span: span_of(&value),
        })
    }

    /// `key = ["a", "b"]`, none of them empty, none twice.
    pub(crate) fn texts(&self, cx: &Ctxt) -> Vec<LitStr> {
        let example = format!("{} = [\"…\"]", self.key);
        let Some(value) = self.eq(&example, cx) else {
            return Vec::new();
        };
        let mut trees = value.clone().into_iter();
        let list = match (trees.next(), trees.next()) {
            (Some(TokenTree::Group(list)), None) if list.delimiter() == Delimiter::Bracket => list,
            _ => {
                expected("a list of texts", &example, &value, cx);
                return Vec::new();
            }
        };
        let mut texts: Vec<LitStr> = Vec::new();
        for item in split(list.stream()) {
            let item: TokenStream = item.into_iter().collect();
            let Some(text) = one_text(item, &example, cx) else {
                continue;
            };
            let value = text.value();
            if value.trim().is_empty() {
                cx.error(text.span(), format!("an empty text in `{}`", self.key));
            } else if texts.iter().any(|other| other.value() == value) {
                cx.error(
                    text.span(),
                    format!("`{value}` stands twice in `{}`", self.key),
                );
            } else {
                texts.push(text);
            }
        }
        texts
    }

    /// `key(…)`.
    pub(crate) fn list(&self, example: &str, cx: &Ctxt) -> Option<TokenStream> {
        match &self.value {
            Value::List(group) => Some(group.stream()),
            _ => {
                cx.error_at(
                    &self.key,
                    format!(
                        "`{}` takes its values in parentheses: `{example}`",
                        self.key
                    ),
                );
                None
            }
        }
    }

    /// The tokens after `=`.
    pub(crate) fn eq(&self, example: &str, cx: &Ctxt) -> Option<TokenStream> {
        match &self.value {
            Value::Eq(value) => Some(value.clone()),
            _ => {
                cx.error_at(
                    &self.key,
                    format!("`{}` needs a value: `{example}`", self.key),
                );
                None
            }
        }
    }
}

fn one_text(value: TokenStream, example: &str, cx: &Ctxt) -> Option<LitStr> {
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(text) => Some(text),
        Err(_) => {
            expected("text in quotes", example, &value, cx);
            None
        }
    }
}

fn expected(what: &str, example: &str, found: &TokenStream, cx: &Ctxt) {
    cx.error_at(
        found,
        format!(
            "expected {what}, for example `{example}`, found `{}`",
            shown(found)
        ),
    );
}

fn span_of(tokens: &TokenStream) -> Span {
    tokens
        .clone()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span())
}

/// Reports the keys given twice, and those that are not `known`.
pub(crate) fn check_keys(entries: &[Entry], known: &[&str], owner: &str, cx: &Ctxt) {
    for (index, entry) in entries.iter().enumerate() {
        let name = entry.name();
        if entries
            .iter()
            .take(index)
            .any(|earlier| earlier.key == entry.key)
        {
            cx.error_at(&entry.key, format!("`{name}` is given twice"));
        } else if !known.contains(&name.as_str()) {
            unknown(&entry.key, known, owner, cx);
        }
    }
}

/// Whether `key` is given, if only misspelt: then it is not reported as missing too.
pub(crate) fn is_given(entries: &[Entry], key: &str, known: &[&str]) -> bool {
    entries.iter().any(|entry| {
        let name = entry.name();
        name == key || (!known.contains(&name.as_str()) && suggest(&name, known) == Some(key))
    })
}

/// Reports a key nobody knows, with the one that was probably meant and the list of all.
pub(crate) fn unknown(key: &Ident, known: &[&str], owner: &str, cx: &Ctxt) {
    let list = known
        .iter()
        .map(|key| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let guess = suggest(&key.to_string(), known)
        .map(|guess| format!("; did you mean `{guess}`?"))
        .unwrap_or_default();
    cx.error_at(
        key,
        format!("`{owner}` has no argument `{key}`{guess}\nnote: it takes {list}"),
    );
}

/// The one of `known` that `given` was probably meant to be.
pub(crate) fn suggest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(given, word), *word))
        .filter(|(distance, word)| *distance <= word.len().max(given.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The pairs of `metadata(key = "value", "other key" = "value")`.
pub(crate) fn pairs(tokens: TokenStream, cx: &Ctxt) -> Vec<(LitStr, LitStr)> {
    const EXAMPLE: &str = "metadata(team = \"search\")";
    let mut pairs: Vec<(LitStr, LitStr)> = Vec::new();
    for chunk in split(tokens) {
        let mut rest = chunk.into_iter();
        let key = match rest.next() {
            Some(TokenTree::Ident(key)) => LitStr::new(&key.to_string(), key.span()),
            Some(TokenTree::Literal(key)) => match text_literal(key, cx) {
                Some(key) => key,
                None => continue,
            },
            Some(other) => {
                expected("a key and its text", EXAMPLE, &other.into(), cx);
                continue;
            }
            None => continue,
        };
        match rest.next() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {}
            _ => {
                cx.error(
                    key.span(),
                    format!("`{}` needs a value: `{EXAMPLE}`", key.value()),
                );
                continue;
            }
        }
        let Some(value) = one_text(rest.collect(), EXAMPLE, cx) else {
            continue;
        };
        if pairs.iter().any(|(other, _)| other.value() == key.value()) {
            cx.error(key.span(), format!("`{}` is given twice", key.value()));
            continue;
        }
        pairs.push((key, value));
    }
    pairs
}

fn text_literal(literal: Literal, cx: &Ctxt) -> Option<LitStr> {
    one_text(
        literal.to_token_stream(),
        "metadata(\"a key\" = \"value\")",
        cx,
    )
}
