//! The arguments of an attribute: `key`, `key = value` and `key(…)`, separated by commas.

use proc_macro2::{Delimiter, Group, Ident, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Lit, LitBool, LitStr};

use crate::ctxt::Ctxt;
use crate::words::{did_you_mean, listed, shown, suggest};

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
    /// Something that is reported already.
    Broken,
}

/// The key of an argument that has none.
const UNREADABLE: &str = "_";

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
    let mut entries: Vec<Entry> = Vec::new();
    for chunk in chunks(tokens, false, cx) {
        if let Some(entry) = entry(chunk, owner, &entries, cx) {
            entries.push(entry);
        }
    }
    entries
}

/// The chunks between commas, of an attribute that is another's to judge.
pub(crate) fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let cx = Ctxt::default();
    let chunks = chunks(tokens, false, &cx);
    cx.leave();
    chunks
}

/// Splits at commas and, with a report, where one should be. Literals side by side are `texts` of a
/// list, or one value.
fn chunks(tokens: TokenStream, texts: bool, cx: &Ctxt) -> Vec<Vec<TokenTree>> {
    let mut chunks = vec![Vec::new()];
    for tree in tokens {
        let before = chunks
            .last()
            .and_then(|chunk: &Vec<TokenTree>| chunk.last());
        let is_missing = match (before, &tree) {
            (None | Some(TokenTree::Punct(_)), _) => false,
            (Some(TokenTree::Ident(word)), _) if word == "dyn" || word == "impl" => false,
            (Some(_), TokenTree::Ident(_)) => true,
            (Some(TokenTree::Literal(_)), TokenTree::Literal(_)) => texts,
            _ => false,
        };
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => chunks.push(Vec::new()),
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                cx.error(punct.span(), "expected `,`, found `;`");
                chunks.push(Vec::new());
            }
            _ if is_missing => {
                cx.error_at(&tree, format!("expected `,` before `{tree}`"));
                chunks.push(vec![tree]);
            }
            _ => {
                if let Some(last) = chunks.last_mut() {
                    last.push(tree);
                }
            }
        }
    }
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

fn entry(chunk: Vec<TokenTree>, owner: &str, before: &[Entry], cx: &Ctxt) -> Option<Entry> {
    let mut rest = chunk.into_iter();
    let key = match rest.next()? {
        TokenTree::Ident(key) => key,
        other => {
            // Who leaves one key out leaves them all out.
            if before.iter().all(|entry| entry.key != UNREADABLE) {
                cx.error_at(
                    &other,
                    format!("expected an argument of `{owner}`, `key = value`, found `{other}`"),
                );
            }
            return Some(Entry {
                key: Ident::new(UNREADABLE, other.span()),
                value: Value::Broken,
            });
        }
    };
    let value = match rest.next() {
        None => Value::Flag,
        Some(TokenTree::Punct(punct)) => {
            let is_equals = punct.as_char() == '=' && punct.spacing() == Spacing::Alone;
            let value: TokenStream = rest
                .by_ref()
                .skip_while(|tree| !is_equals && matches!(tree, TokenTree::Punct(_)))
                .collect();
            if value.is_empty() {
                cx.error(punct.span(), format!("`{key} {punct}` has no value"));
                Value::Broken
            } else if is_equals {
                Value::Eq(value)
            } else {
                cx.error(punct.span(), format!("write `{key} = {}`", shown(&value)));
                Value::Broken
            }
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            Value::List(group)
        }
        Some(other) => {
            cx.error_at(&other, format!("write `{key} = {other}`"));
            Value::Broken
        }
    };
    if let Some(extra) = rest.next()
        && !matches!(value, Value::Broken)
    {
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
        self.text_or("leave it out", cx)
    }

    /// The same of a key that cannot be left out.
    pub(crate) fn required_text(&self, example: &str, cx: &Ctxt) -> Option<LitStr> {
        self.text_or(&format!("write one, for example `{example}`"), cx)
    }

    fn text_or(&self, help: &str, cx: &Ctxt) -> Option<LitStr> {
        let example = format!("{} = \"…\"", self.key);
        let text = one_text(self.eq(&example, cx)?, &example, cx)?;
        if text.value().trim().is_empty() {
            cx.error(
                text.span(),
                format!("`{}` is empty\nhelp: {help}", self.key),
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
        let digits = match syn::parse2::<Lit>(value.clone()) {
            Ok(Lit::Int(number))
                if number.suffix().is_empty() && !number.base10_digits().starts_with('-') =>
            {
                Some(number.base10_digits().to_owned())
            }
            _ => None,
        };
        let number = digits
            .as_ref()
            .and_then(|digits| digits.parse::<u32>().ok());
        if digits.is_none() {
            expected("a whole number, 0 or more", &example, &value, cx);
        } else if number.is_none() {
            cx.error_at(&value, format!("`{}` is at most {}", self.key, u32::MAX));
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
        for item in chunks(list.stream(), true, cx) {
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
            Value::Broken => None,
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
            Value::Broken => None,
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
        if name == UNREADABLE {
            continue;
        }
        if entries
            .iter()
            .take(index)
            .any(|earlier| earlier.key == entry.key)
        {
            cx.error_at(&entry.key, format!("`{name}` is given twice"));
        } else if !known.contains(&name.as_str()) && !matches!(entry.value, Value::Broken) {
            match owner {
                "data" if suggest(&name, known).is_none() => not_of_data(entry, entries, cx),
                _ => unknown(&entry.key, known, owner, cx),
            }
        }
    }
}

/// Reports what goes on a `#[data]` type in an attribute of its own: derives, together, and what serde
/// is told.
fn not_of_data(entry: &Entry, entries: &[Entry], cx: &Ctxt) {
    const OURS: &[&str] = &["Serialize", "Deserialize", "JsonSchema"];
    let is_derive = |entry: &Entry| {
        matches!(entry.value, Value::Flag) && entry.name().starts_with(char::is_uppercase)
    };
    let help = if is_derive(entry) {
        let names = entries
            .iter()
            .filter(|entry| is_derive(entry))
            .map(Entry::name);
        let others: Vec<String> = names.filter(|name| !OURS.contains(&&**name)).collect();
        if others.is_empty() {
            "leave it out: `#[data]` derives serde's and schemars' traits".to_owned()
        } else {
            format!("write `#[derive({})]` below it", others.join(", "))
        }
    } else {
        let value = match &entry.value {
            Value::Eq(value) => format!(" = {}", shown(value)),
            Value::List(list) => shown(list),
            Value::Flag | Value::Broken => String::new(),
        };
        format!(
            "if it is for serde, write `#[serde({}{value})]` below it",
            entry.key
        )
    };
    let what = if is_derive(entry) {
        "derives"
    } else {
        "arguments but `crate`"
    };
    cx.error_once(
        &entry.key,
        format!("`#[data]` takes no {what}\nhelp: {help}"),
    );
}

/// Reports a value without its key: `thread_cpu_bound` for `execution_model = "thread_cpu_bound"`.
pub(crate) fn name_values(entries: &mut [Entry], key: &str, values: &[&str], cx: &Ctxt) {
    for entry in entries {
        let name = entry.name();
        if matches!(entry.value, Value::Flag) && values.contains(&&*name) {
            cx.error_at(
                &entry.key,
                format!("`{name}` is a value of `{key}`\nhelp: write `{key} = \"{name}\"`"),
            );
            entry.key = Ident::new(key, entry.key.span());
            entry.value = Value::Broken;
        }
    }
}

/// Whether `key` is given, if only misspelt: then it is not reported as missing too.
pub(crate) fn is_given(entries: &[Entry], key: &str, known: &[&str]) -> bool {
    entries.iter().any(|entry| {
        let name = entry.name();
        if name == key || name == UNREADABLE {
            return true;
        }
        // A text under a name nobody knows is probably what is missing.
        !known.contains(&name.as_str())
            && match suggest(&name, known) {
                Some(guess) => guess == key,
                None => match &entry.value {
                    Value::Eq(value) => syn::parse2::<LitStr>(value.clone()).is_ok(),
                    Value::Flag => true,
                    Value::List(_) | Value::Broken => false,
                },
            }
    })
}

/// Reports a key nobody knows, with the one that was probably meant and the list of all.
pub(crate) fn unknown(key: &Ident, known: &[&str], owner: &str, cx: &Ctxt) {
    let given = key.to_string();
    // As MCP has it: `readOnlyHint`.
    let given = given.strip_suffix("Hint").unwrap_or(&given);
    let guess = did_you_mean(suggest(given, known));
    let list = listed(known);
    cx.error_at(
        key,
        format!("`{owner}` has no argument `{key}`{guess}\nnote: it takes {list}"),
    );
}

/// The pairs of `metadata(key = "value", "other key" = "value")`.
pub(crate) fn pairs(tokens: TokenStream, cx: &Ctxt) -> Vec<(LitStr, LitStr)> {
    const EXAMPLE: &str = "metadata(team = \"search\")";
    let mut pairs: Vec<(LitStr, LitStr)> = Vec::new();
    for chunk in chunks(tokens, true, cx) {
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

/// Text that is one of `allowed`.
pub(crate) fn one_of(entry: &Entry, allowed: &[&str], cx: &Ctxt) -> Option<LitStr> {
    let text = entry.text(cx)?;
    let value = text.value();
    if allowed.contains(&value.as_str()) {
        return Some(text);
    }
    let quoted = |word: &str| format!("\"{word}\"");
    let guess = did_you_mean(suggest(&value, allowed).map(quoted));
    let list = listed(allowed.iter().copied().map(quoted));
    cx.error(
        text.span(),
        format!(
            "`{}` cannot be `\"{value}\"`{guess}\nnote: it is one of {list}",
            entry.key
        ),
    );
    None
}
