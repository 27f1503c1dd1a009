//! A plugin as the macros know it once it is checked.

use quote::ToTokens;
use syn::LitStr;

use super::args::PluginArgs;
use super::model::ImplBlock;
use super::of_kind::kind::OfKind;
use crate::hook::model::{Hook, NamedType};
use crate::lifecycle::Lifecycle;
use crate::words;

/// A plugin, checked.
pub(crate) struct Plugin<'a> {
    pub(crate) args: &'a PluginArgs,
    pub(crate) block: &'a ImplBlock,
    /// The kind, if it is a trait.
    pub(crate) kind: Option<OfKind<'a>>,
    pub(crate) hooks: Vec<Hook<'a>>,
    /// The types of the hooks.
    pub(crate) types: Vec<NamedType>,
    pub(crate) setup: Option<Lifecycle<'a>>,
    pub(crate) teardown: Option<Lifecycle<'a>>,
    pub(crate) health: Option<Lifecycle<'a>>,
}

impl Plugin<'_> {
    /// The kind's name.
    pub(crate) fn kind_name(&self) -> Option<String> {
        match self.kind {
            Some(kind) => Some(kind.data.name.clone()),
            None => self.args.kind.as_ref().map(LitStr::value),
        }
    }

    /// The type, as it stands in the source.
    pub(crate) fn type_name(&self) -> String {
        words::shown(self.block.self_ty.to_token_stream())
    }
}
