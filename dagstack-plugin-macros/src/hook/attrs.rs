//! What `#[serde(…)]` and `#[schemars(…)]` on a parameter or a field say about how it crosses.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Token, Type};

use super::types::{self, Form};
use crate::ctxt::Ctxt;
use crate::words::{last_word, shown};

/// How a parameter or a field is read, written and described.
#[derive(Clone)]
pub(crate) struct Crossing {
    /// Whether it is read, and by the type's own `Deserialize`.
    pub(crate) is_read: bool,
    /// The same of `Serialize`.
    pub(crate) is_written: bool,
    /// Whether its schema is the type's own.
    pub(crate) is_described: bool,
    /// Whether the type's own `Default` stands in where it is missing.
    pub(crate) needs_default: bool,
    /// Whether that is because it is skipped.
    pub(crate) is_skipped: bool,
    /// Whether its fields stand among the others.
    pub(crate) is_flattened: bool,
    /// Another name, and further ones.
    pub(crate) rename: Option<(String, Span)>,
    /// Whether it has one name where it is read and another where it is written.
    pub(crate) renames_by_direction: bool,
    pub(crate) aliases: Vec<(String, Span)>,
    /// The function in `default = "path"`.
    pub(crate) default: Option<LitStr>,
    /// The module in `with = "module"`: schemars knows no schema for what it reads.
    module: Option<LitStr>,
    has_schema: bool,
    /// The type in `#[schemars(with = "Type")]`.
    pub(crate) schema_of: Option<LitStr>,
    /// Whether some of it cannot be read, which the derives report.
    is_broken: bool,
    /// The names of all entries.
    entries: Vec<String>,
    /// Whether they say nothing but what a slot can do, and a schema of one property.
    pub(crate) fits_slot: bool,
    /// `range(…)` and the like, and whether nothing lies within.
    limits: Vec<(Ident, bool)>,
    /// What only schemars is told about how it is read, with the text of `rename`.
    told_schemars: Vec<(Ident, Option<String>)>,
    /// The name that serde is told.
    read_as: Option<String>,
}

/// The entries about how something is read that schemars takes too.
const OF_READING: &[&str] = &["default", "flatten", "rename", "skip", "skip_deserializing"];

impl Crossing {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut crossing = Self {
            is_read: true,
            is_written: true,
            is_described: true,
            needs_default: false,
            is_skipped: false,
            is_flattened: false,
            rename: None,
            renames_by_direction: false,
            aliases: Vec::new(),
            default: None,
            module: None,
            has_schema: false,
            schema_of: None,
            is_broken: false,
            entries: Vec::new(),
            fits_slot: true,
            limits: Vec::new(),
            told_schemars: Vec::new(),
            read_as: None,
        };
        for attr in attrs {
            let of_serde = attr.path().is_ident("serde");
            if of_serde || attr.path().is_ident("schemars") {
                // What cannot be read here, the derives report.
                let read = attr.parse_nested_meta(|meta| crossing.entry(&meta, of_serde));
                crossing.is_broken |= read.is_err();
            }
        }
        crossing.fits_slot &= !crossing.is_broken;
        crossing.needs_default &= crossing.default.is_none();
        crossing
    }

    /// Whether there is an entry of one of these names.
    pub(crate) fn has_entry(&self, names: &[&str]) -> bool {
        self.entries.iter().any(|entry| names.contains(&&**entry))
    }

    /// Whether its schema says more than a name and the type's own.
    pub(crate) fn is_described_apart(&self) -> bool {
        let is_name = |entry: &String| matches!(&**entry, "alias" | "rename");
        self.is_broken || !self.entries.iter().all(is_name)
    }

    /// Whether a caller passes it under a key of its own.
    pub(crate) fn is_passed(&self) -> bool {
        !self.is_skipped && !self.is_flattened
    }

    /// Reports what cannot be described, and what has no keys that could stand among others, as far as
    /// tokens say.
    pub(crate) fn check(&self, ty: &Type, cx: &Ctxt) {
        self.check_limits(ty, cx);
        // Functions of the author's may make keys of anything.
        let is_its_own = self.is_read && self.is_written;
        if self.is_flattened && is_its_own && types::has_no_keys(ty) {
            cx.error_at(
                ty,
                format!(
                    "`{}` cannot be flattened: it has no keys\nhelp: leave `flatten` out, or name a struct or a map",
                    shown(ty)
                ),
            );
        }
        if let Some(module) = &self.module
            && !self.has_schema
        {
            cx.error(
                module.span(),
                format!(
                    "what `{}` reads has no JSON Schema\nhelp: say what it is written as, for example `#[schemars(with = \"String\")]`",
                    module.value()
                ),
            );
        }
    }

    /// The same of a parameter, which callers pass as its schema says. In a kind nothing says how it is
    /// read: that is the same for all plugins.
    pub(crate) fn check_param(&self, ident: &Ident, ty: &Type, of_kind: bool, cx: &Ctxt) {
        self.check(ty, cx);
        let has_default = self.needs_default || self.default.is_some();
        for (key, name) in &self.told_schemars {
            let name = name.as_deref();
            let (entry, instead) = match (&*key.to_string(), name) {
                ("rename", Some(name)) => (
                    format!("rename = \"{name}\""),
                    format!("call the parameter `{name}`"),
                ),
                ("skip" | "skip_deserializing", _) => {
                    ("default".to_owned(), "leave it out".to_owned())
                }
                ("default", _) => ("default".to_owned(), "take an `Option`".to_owned()),
                (key, _) => (key.to_owned(), "leave it out".to_owned()),
            };
            let is_so = match &*key.to_string() {
                "rename" => name == self.read_as.as_deref(),
                "flatten" => self.is_flattened,
                "default" => has_default,
                _ => has_default || last_word(ty).is_some_and(|word| word == "Option"),
            };
            if of_kind || !is_so {
                let help = if of_kind {
                    instead
                } else {
                    format!("write `#[serde({entry})]`")
                };
                cx.error_at(
                    key,
                    format!("`{key}` of schemars changes the schema alone, and `{ident}` is read as before\nhelp: {help}"),
                );
            }
        }
    }

    /// Reports limits that say nothing about a type, or that nothing keeps.
    fn check_limits(&self, ty: &Type, cx: &Ctxt) {
        let form = self.is_described.then(|| types::form_of(ty)).flatten();
        for (limit, is_empty) in &self.limits {
            let (of, instead) = match (&*limit.to_string(), form) {
                ("range", Some(Form::Text | Form::List)) => ("numbers", "length(min = …, max = …)"),
                ("length", Some(Form::Number)) => ("texts and lists", "range(min = …, max = …)"),
                ("regex" | "email" | "url", Some(Form::Number)) => {
                    ("texts", "range(min = …, max = …)")
                }
                ("regex" | "email" | "url", Some(Form::List)) => ("texts", "inner(…)"),
                _ if *is_empty => {
                    cx.error(
                        limit.span(),
                        format!("nothing is in this `{limit}`: its `min` is more than its `max`"),
                    );
                    continue;
                }
                _ => continue,
            };
            cx.error(
                limit.span(),
                format!(
                    "`{limit}` is about {of}, not about `{}`\nhelp: write `{instead}`",
                    shown(ty)
                ),
            );
        }
    }

    /// What the type must be to be read and described so; `whole` stands for both by its own derives.
    pub(crate) fn bounds(&self, whole: &'static str) -> Vec<&'static str> {
        let mut bounds = match (self.is_read, self.is_described) {
            (true, true) => vec![whole],
            (true, false) => vec!["Readable"],
            (false, true) => vec!["Described"],
            (false, false) => Vec::new(),
        };
        if self.needs_default {
            bounds.push(if self.is_skipped {
                "SkippedDefault"
            } else {
                "ParamDefault"
            });
        }
        bounds
    }

    fn entry(&mut self, meta: &ParseNestedMeta<'_>, of_serde: bool) -> syn::Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string);
        let key = key.as_deref().unwrap_or_default();
        let is_value = meta.input.peek(Token![=]);
        let is_bare = !is_value && !meta.input.peek(syn::token::Paren);
        self.fits_slot &= match (key, of_serde) {
            ("alias", true) => is_value,
            // What stands there twice, the derives report.
            ("default" | "rename", true) => !self.has_entry(&[key]),
            (_, true) => false,
            (key, false) => OF_A_PROPERTY.contains(&key),
        };
        self.entries.push(key.to_owned());
        if !of_serde && OF_READING.contains(&key) {
            let ident = meta.path.get_ident().cloned();
            self.told_schemars.extend(ident.map(|ident| (ident, None)));
        }
        match (key, of_serde) {
            ("rename", _) => {
                self.renames_by_direction |= meta.input.peek(syn::token::Paren);
                if let Some(name) = name(meta, "deserialize")? {
                    let told = match of_serde {
                        true => Some(&mut self.read_as),
                        false => self.told_schemars.last_mut().map(|(_, told)| told),
                    };
                    told.into_iter()
                        .for_each(|told| *told = Some(name.0.clone()));
                    self.rename = Some(name);
                }
                return Ok(());
            }
            ("alias", true) => {
                self.aliases.extend(name(meta, "deserialize")?);
                return Ok(());
            }
            ("skip", true) => {
                (self.is_read, self.is_written, self.is_described) = (false, false, false);
                (self.is_skipped, self.needs_default) = (true, true);
            }
            ("skip_deserializing", true) => {
                self.is_read = false;
                (self.is_skipped, self.needs_default) = (true, true);
            }
            ("skip_serializing", true) | ("serialize_with", true) => self.is_written = false,
            ("deserialize_with", true) => self.is_read = false,
            // schemars takes what `with` names for a type.
            ("with", true) => {
                (self.is_read, self.is_written, self.is_described) = (false, false, false);
                let path: LitStr = meta.value()?.parse()?;
                let is_module = path
                    .value()
                    .rsplit("::")
                    .next()
                    .is_some_and(|name| name.starts_with(|ch: char| ch.is_lowercase()));
                self.module = is_module.then_some(path);
                return Ok(());
            }
            ("with", false) => {
                (self.is_described, self.has_schema) = (false, true);
                let ty: LitStr = meta.value()?.parse()?;
                // What is no type, schemars reports.
                self.schema_of = ty.parse::<Type>().is_ok().then_some(ty);
                return Ok(());
            }
            ("bound", true) => {
                (self.is_read, self.is_written, self.is_described) = (false, false, false);
            }
            ("schema_with" | "skip" | "bound", false) => {
                (self.is_described, self.has_schema) = (false, true);
            }
            ("range" | "length" | "regex" | "email" | "url", false) => {
                let limit = meta.path.get_ident().cloned();
                let is_empty = !is_bare && is_empty(meta)?;
                self.limits.extend(limit.map(|limit| (limit, is_empty)));
                return Ok(());
            }
            ("default", true) if is_bare => self.needs_default = true,
            ("default", true) => {
                let path: LitStr = meta.value()?.parse()?;
                self.fits_slot &= path.parse::<syn::ExprPath>().is_ok();
                self.default = Some(path);
                return Ok(());
            }
            ("flatten", true) => self.is_flattened = true,
            _ => {}
        }
        rest(meta)
    }
}

/// The entries of schemars that say something about the schema of a field, and nothing of the struct
/// around it.
const OF_A_PROPERTY: &[&str] = &[
    "contains",
    "deprecated",
    "description",
    "email",
    "example",
    "extend",
    "inner",
    "ip",
    "ipv4",
    "ipv6",
    "length",
    "pattern",
    "range",
    "regex",
    "title",
    "transform",
    "url",
];

/// Reports two `things` that are read from one key: the second would always be missing. Each comes with
/// its own name, if that is known.
pub(crate) fn check_keys(
    things: &str,
    named: impl IntoIterator<Item = (Option<(String, Span)>, Crossing)>,
    cx: &Ctxt,
) {
    let mut seen: Vec<String> = Vec::new();
    for (name, crossing) in named {
        if !crossing.is_passed() {
            continue;
        }
        let name = crossing.rename.or(name);
        let keys: Vec<_> = name.into_iter().chain(crossing.aliases).collect();
        if let Some((key, span)) = keys.iter().find(|(key, _)| seen.contains(key)) {
            cx.error(
                *span,
                format!("two {things} are read from `{key}`\nhelp: give one another name"),
            );
        }
        // One may name its own key again.
        seen.extend(keys.into_iter().map(|(key, _)| key));
    }
}

/// `key = "name"`, or `direction = "name"` in `key(…)`.
fn name(meta: &ParseNestedMeta<'_>, direction: &str) -> syn::Result<Option<(String, Span)>> {
    let literal = |text: &LitStr| (text.value(), text.span());
    if meta.input.peek(Token![=]) {
        let text: LitStr = meta.value()?.parse()?;
        return Ok(Some(literal(&text)));
    }
    let mut found = None;
    meta.parse_nested_meta(|inner| {
        let text: LitStr = inner.value()?.parse()?;
        if inner.path.is_ident(direction) {
            found = Some(literal(&text));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether `min` is more than `max`, where both are numbers in writing.
fn is_empty(meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
    if !meta.input.peek(syn::token::Paren) {
        rest(meta)?;
        return Ok(false);
    }
    let (mut min, mut max) = (None, None);
    meta.parse_nested_meta(|inner| {
        let value: Expr = inner.value()?.parse()?;
        let number = value
            .to_token_stream()
            .to_string()
            .replace(' ', "")
            .parse::<f64>()
            .ok();
        if inner.path.is_ident("min") {
            min = number;
        } else if inner.path.is_ident("max") {
            max = number;
        }
        Ok(())
    })?;
    Ok(min.zip(max).is_some_and(|(min, max)| min > max))
}

/// Moves on behind the value.
pub(crate) fn rest(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
