//! The path under which an expansion finds dagstack-plugin.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::{Attribute, Path};

use crate::ctxt::Ctxt;
use crate::entries;

/// The path of the crate: `::dagstack_plugin`, or what the author gave as `crate = path`.
#[derive(Clone)]
pub(crate) struct CratePath(Option<Path>);

impl CratePath {
    /// The path everybody has.
    pub(crate) const DEFAULT: Self = Self(None);

    /// What `crate = path` among `args` says, right or wrong.
    pub(crate) fn given(args: &TokenStream) -> Self {
        let cx = Ctxt::default();
        entries::parse(args.clone(), "", &cx)
            .iter()
            .filter(|entry| entry.key == "crate")
            .find_map(|entry| entry.eq("", &cx))
            .map_or(Self::DEFAULT, |value| Self::parse(value, &cx))
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

    /// `<crate>::__private`, the only module expansions name.
    pub(crate) fn private(&self) -> TokenStream {
        quote!(#self::__private)
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
