//! The arguments of `#[resource(…)]`.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use crate::ctxt::Ctxt;
use crate::entries;
use crate::path::CratePath;

/// What `#[resource(…)]` says.
pub(crate) struct ResourceArgs {
    pub(crate) krate: CratePath,
    /// What both ends of a connection know the trait by, wherever it stands.
    pub(crate) name: Option<LitStr>,
}

const KEYS: &[&str] = &["name", "crate"];

const EXAMPLE: &str = "name = \"acme.ledger\"";

impl ResourceArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    pub(crate) fn parse(tokens: TokenStream, cx: &Ctxt) -> Self {
        let entries = entries::parse(tokens, "resource", cx);
        entries::check_keys(&entries, KEYS, "resource", cx);
        let name = entries.iter().rfind(|entry| entry.key == "name");
        if !entries::is_given(&entries, "name", KEYS) {
            cx.error(
                Span::call_site(),
                format!("`#[resource]` needs a `name`, which both ends of a connection know it by, for example `{EXAMPLE}`"),
            );
        }
        Self {
            krate: CratePath::of(&entries, cx),
            name: name.and_then(|entry| entry.required_text(EXAMPLE, cx)),
        }
    }
}
