//! The kind of a plugin, where it is a trait.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Path;
use syn::spanned::Spanned as _;

use crate::kind::data::{HookData, KindData};

/// The kind of a plugin.
#[derive(Clone, Copy)]
pub(crate) struct OfKind<'a> {
    /// The trait, as the plugin's author wrote it.
    pub(crate) path: &'a Path,
    pub(crate) data: &'a KindData,
}

impl<'a> OfKind<'a> {
    /// The hook of that name, and its place in the kind.
    pub(crate) fn hook(&self, name: &str) -> Option<(usize, &'a HookData)> {
        self.data
            .hooks
            .iter()
            .enumerate()
            .find(|(_, hook)| hook.name == name)
    }

    /// Where to point for what the kind misses.
    pub(crate) fn span(&self) -> Span {
        last(self.path)
    }

    /// `dyn Trait`.
    pub(crate) fn object(&self) -> TokenStream {
        let path = self.path;
        quote!((dyn #path + 'static))
    }
}

/// The place of the trait's own name.
pub(super) fn last(path: &Path) -> Span {
    path.segments
        .last()
        .map_or_else(|| path.span(), |last| last.ident.span())
}
