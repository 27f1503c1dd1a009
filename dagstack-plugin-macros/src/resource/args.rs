//! The arguments of `#[resource(…)]`.

use proc_macro2::TokenStream;
use syn::LitStr;

use crate::ctxt::Ctxt;
use crate::entries;
use crate::path::CratePath;

/// What `#[resource(…)]` says.
pub(crate) struct ResourceArgs {
    pub(crate) krate: CratePath,
    /// What both ends know the trait by; without it, its path.
    pub(crate) name: Option<LitStr>,
}

impl ResourceArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    pub(crate) fn parse(tokens: TokenStream, cx: &Ctxt) -> Self {
        let entries = entries::parse(tokens, "resource", cx);
        entries::check_keys(&entries, &["name", "crate"], "resource", cx);
        let name = entries.iter().rfind(|entry| entry.key == "name");
        Self {
            krate: CratePath::of(&entries, cx),
            name: name.and_then(|entry| entry.text(cx)),
        }
    }
}
