//! What compiles and is probably not meant: warnings.
//!
//! A macro cannot warn on stable. But the compiler warns of a value that nobody uses, with a note of
//! ours, and does so last, only where there is no error. Such a value stands at the author's own
//! token.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;

use super::Plugin;
use crate::docs;

/// The kinds that the specification knows.
const KINDS: &[&str] = &["tool", "orchestrator"];

/// All warnings about a plugin that is sound.
pub(super) fn warnings(plugin: &Plugin<'_>) -> TokenStream {
    let mut all = TokenStream::new();
    let block = &plugin.block.attrs;
    let name = plugin.args.name.as_ref();
    if plugin.args.description.is_none()
        && docs::text(block).is_none()
        && !allows(block, "missing_docs")
    {
        all.extend(warning(
            "APluginWithoutDocComment",
            name.map_or_else(Span::call_site, syn::LitStr::span),
            "hosts and clients show what a plugin is for: write a doc comment on the `impl` block, or `description = \"…\"`; `#[allow(missing_docs)]` on the block leaves it so",
        ));
    }
    for hook in plugin.hooks.iter().filter(|hook| hook.of_kind.is_none()) {
        let attrs = &hook.function.attrs;
        if hook.args.description.is_none()
            && docs::text(attrs).is_none()
            && !allows(attrs, "missing_docs")
            && !allows(block, "missing_docs")
        {
            let warning = warning(
                "AHookWithoutDocComment",
                hook.name_span,
                "callers, models among them, read what a hook does: write a doc comment on it, or `#[hook(description = \"…\")]`; `#[allow(missing_docs)]` leaves it so",
            );
            let cfgs = hook.cfgs();
            all.extend(quote!(#(#cfgs)* #warning));
        }
    }
    if let Some(kind) = &plugin.args.kind
        && let Some(known) = near(&kind.value())
        && !allows(block, "unused_must_use")
    {
        all.extend(warning(
            "AKindOfItsOwn",
            kind.span(),
            &format!(
                "`{}` is a kind by its name alone, which nothing is checked against; did you mean `{known}`? `#[allow(unused_must_use)]` on the block leaves it so",
                kind.value()
            ),
        ));
    }
    all
}

/// The kind of the specification that was probably meant: one letter in four may differ, and there
/// may be several.
fn near(kind: &str) -> Option<&'static str> {
    let one = kind.strip_suffix('s').unwrap_or(kind);
    KINDS.iter().copied().find(|known| {
        *known != kind
            && kind.get(..1) == known.get(..1)
            && strsim::damerau_levenshtein(one, known) <= known.len() / 4
    })
}

/// A warning `note` at `span` about `what`, in UpperCamelCase. Tests have plugins that nobody reads
/// of.
fn warning(what: &str, span: Span, note: &str) -> TokenStream {
    let (name, function) = (format_ident!("{what}"), Ident::new("__dagstack_warn", span));
    let call = quote_spanned!(span=> #function());
    let function = Ident::new("__dagstack_warn", Span::call_site());
    quote! {
        #[cfg(not(test))]
        #[doc(hidden)]
        #[allow(dead_code)]
        const _: () = {
            #[must_use = #note]
            trait #name {}
            impl #name for () {}
            fn #function() -> impl #name {}
            fn __dagstack_use() {
                #call;
            }
        };
    }
}

/// Whether an attribute silences the lint.
fn allows(attrs: &[Attribute], lint: &str) -> bool {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("allow") || attr.path().is_ident("expect"))
        .any(|attr| {
            let mut found = false;
            let _ = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident(lint);
                if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<syn::Expr>()?;
                }
                Ok(())
            });
            found
        })
}
