//! The path under which an expansion finds dagstack-plugin.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::{Attribute, Path};

use crate::ctxt::Ctxt;
use crate::entries::Entry;
use crate::externs::Externs;
use crate::names::MARKS;
use crate::words::plain_name;

/// The module that expansions name, of this version: nobody else can rely on it.
const PRIVATE: &str = concat!(
    "__private",
    env!("CARGO_PKG_VERSION_MAJOR"),
    "_",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// The path of the crate: `::dagstack_plugin`, or what the author gave as `crate = path`.
#[derive(Clone)]
pub(crate) struct CratePath(Option<Path>);

impl CratePath {
    /// The path everybody has.
    pub(crate) const DEFAULT: Self = Self(None);

    /// What `crate = path` says, or the path that everybody has. Reports a path that leads nowhere.
    pub(crate) fn of(entries: &[Entry], cx: &Ctxt) -> Self {
        let path = entries
            .iter()
            .filter(|entry| entry.key == "crate")
            .find_map(|entry| entry.eq("crate = ::dagstack_plugin", cx))
            .map_or(Self::DEFAULT, |value| Self::parse(value, cx));
        path.leading_somewhere(cx)
    }

    /// The path, or the one that was meant.
    pub(crate) fn leading_somewhere(self, cx: &Ctxt) -> Self {
        let Some(externs) = Externs::of_compiler() else {
            return self;
        };
        let ours = externs
            .ours()
            .and_then(|ours| syn::parse_str::<Ident>(ours).ok());
        match (&self.0, ours) {
            (None, Some(ours)) if !externs.has("dagstack_plugin") => {
                cx.error(
                    Span::call_site(),
                    format!(
                        "cannot find `dagstack_plugin`: the package has it under another name\nhelp: write `crate = ::{ours}` among the arguments"
                    ),
                );
                Self(Some(syn::parse_quote!(::#ours)))
            }
            (Some(path), ours) if path.leading_colon.is_some() => {
                let first = path.segments.first().map(|first| &first.ident);
                let Some(first) = first.filter(|first| !externs.has(&plain_name(first))) else {
                    return self;
                };
                let help = ours
                    .as_ref()
                    .map(|ours| format!("\nhelp: write `crate = ::{ours}`"))
                    .unwrap_or_default();
                cx.error_at(first, format!("the package has no crate `{first}`{help}"));
                ours.map_or(Self::DEFAULT, |ours| Self(Some(syn::parse_quote!(::#ours))))
            }
            _ => self,
        }
    }

    /// Reads the value of `crate = path`. The path must be absolute: a relative one would depend on
    /// what happens to be in scope.
    pub(crate) fn parse(value: TokenStream, cx: &Ctxt) -> Self {
        match Path::parse_mod_style.parse2(value.clone()) {
            Ok(path) if is_absolute(&path) => Self(Some(path)),
            Ok(path) => {
                let shown = path.to_token_stream().to_string().replace(' ', "");
                cx.error_at(
                    path,
                    format!("`crate` must be an absolute path: write `crate = ::{shown}`"),
                );
                Self::DEFAULT
            }
            Err(_) => {
                cx.error_at(
                    value,
                    "expected a path, for example `crate = ::dagstack_plugin`",
                );
                Self::DEFAULT
            }
        }
    }

    /// Whether `attribute` is one of ours called `name`: `#[name]`, `#[dagstack_plugin::name]`, or
    /// under the author's own path of the crate.
    pub(crate) fn owns(&self, attribute: &Attribute, name: &str) -> bool {
        let segments = &attribute.path().segments;
        if segments.last().is_none_or(|last| last.ident != name) {
            return false;
        }
        match segments.len() {
            1 => true,
            // Inside a block of ours, whatever module they are called through.
            _ if MARKS.contains(&name) => true,
            2 => segments.first().is_some_and(|first| {
                first.ident == "dagstack_plugin"
                    || first.ident == "dagstack_plugin_macros"
                    || self
                        .0
                        .as_ref()
                        .and_then(|path| path.segments.last())
                        .is_some_and(|own| own.ident == first.ident)
            }),
            _ => self.0.as_ref().is_some_and(|own| {
                own.segments.len() + 1 == segments.len()
                    && own
                        .segments
                        .iter()
                        .zip(segments)
                        .all(|(own, given)| own.ident == given.ident)
            }),
        }
    }

    /// Items that name the crate. They go through one macro of it, so that a path that leads nowhere
    /// is one error.
    pub(crate) fn items(&self, items: &TokenStream) -> TokenStream {
        let private = self.private();
        quote!(#private::items! { #items })
    }

    /// The same of items out of sight, about which nobody is warned.
    pub(crate) fn hidden(&self, items: &TokenStream) -> TokenStream {
        let private = self.private();
        quote!(#private::hidden! { #items })
    }

    /// `<crate>::__private…`, the only module expansions name.
    pub(crate) fn private(&self) -> TokenStream {
        let private = Ident::new(PRIVATE, Span::call_site());
        quote!(#self::#private)
    }
}

impl ToTokens for CratePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote!(::dagstack_plugin)),
        }
    }
}

fn is_absolute(path: &Path) -> bool {
    path.leading_colon.is_some()
        || path
            .segments
            .first()
            .is_some_and(|first| first.ident == "crate")
}
