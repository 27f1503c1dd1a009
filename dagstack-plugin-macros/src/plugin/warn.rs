//! What compiles and is probably not meant: warnings.
//!
//! A macro cannot warn on stable. But the compiler warns, by lints, of items that stand at the author's
//! own tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, LitStr, Visibility};

use super::checked::Plugin;
use crate::hook::attrs;
use crate::{docs, spans};

/// The kinds that the specification knows.
const KINDS: &[&str] = &["tool", "orchestrator"];

/// All warnings about a plugin that is sound.
pub(super) fn warnings(plugin: &Plugin<'_>) -> TokenStream {
    let (undocumented, kind) = (undocumented(plugin), kind_of_its_own(plugin));
    quote!(#undocumented #kind)
}

/// What has no description, for the lint `missing_docs` of an author who wants it: callers and models
/// read what a plugin and its hooks do, though their functions may be private. The lint speaks of
/// what is exported, so for each there is an exported item of the plugin's type.
fn undocumented(plugin: &Plugin<'_>) -> Option<TokenStream> {
    let is_without = |description: Option<&LitStr>, attrs: &[Attribute]| {
        description.is_none() && docs::text(attrs).is_none() && !allows(attrs, "missing_docs")
    };
    let block = plugin.block;
    if allows(&block.attrs, "missing_docs") {
        return None;
    }
    let mut items = TokenStream::new();
    if is_without(plugin.args.description.as_ref(), &block.attrs) {
        let name = plugin.args.name.as_ref();
        let span = spans::at(name.map_or_else(Span::call_site, LitStr::span));
        // Of two plugins of one type, the hooks have different names at least.
        let hook = plugin.hooks.first().map(|hook| &hook.function.sig.ident);
        let name = format_ident!("__DAGSTACK_UNDOCUMENTED_WITH_{}", hook?, span = span);
        items.extend(quote_spanned!(span=> pub const #name: () = ();));
    }
    for hook in &plugin.hooks {
        let function = hook.function;
        // A kind says what its hooks do, and the lint speaks of public functions itself.
        if hook.of_kind.is_some()
            || !matches!(function.vis, Visibility::Inherited)
            || !is_without(hook.args.description.as_ref(), &function.attrs)
        {
            continue;
        }
        let span = spans::at(hook.name_span);
        let name = &function.sig.ident;
        let name = format_ident!("__DAGSTACK_UNDOCUMENTED_{}", name, span = span);
        let cfgs = hook.cfgs();
        let item = quote_spanned!(span=> pub fn #name(&self) {});
        items.extend(quote!(#(#cfgs)* #item));
    }
    if items.is_empty() {
        return None;
    }
    let (impl_token, self_ty) = (block.impl_token, block.self_ty.to_token_stream());
    Some(quote! {
        #[cfg(not(any(test, doc)))]
        #[allow(clippy::all, clippy::pedantic, dead_code, non_snake_case, non_upper_case_globals, unreachable_pub)]
        const _: () = {
            #impl_token #self_ty { #items }
        };
    })
}

/// A kind that is only a name, and nearly one of the specification's.
fn kind_of_its_own(plugin: &Plugin<'_>) -> Option<TokenStream> {
    let kind = plugin.args.kind.as_ref()?;
    let known = near(&kind.value())?;
    if allows(&plugin.block.attrs, "unused_must_use") {
        return None;
    }
    let note = format!(
        "`{}` is a kind by its name alone, which nothing is checked against; did you mean `{known}`? `#[allow(unused_must_use)]` on the block leaves it so",
        kind.value()
    );
    let span = kind.span();
    let function = Ident::new("__dagstack_warn", span);
    let call = quote_spanned!(span=> #function());
    let function = Ident::new("__dagstack_warn", Span::call_site());
    // The compiler warns of a value that nobody uses, with our note, and does so last, only where
    // there is no error.
    Some(quote! {
        #[cfg(not(test))]
        #[doc(hidden)]
        #[allow(dead_code)]
        const _: () = {
            #[must_use = #note]
            trait AKindOfItsOwn {}
            impl AKindOfItsOwn for () {}
            fn #function() -> impl AKindOfItsOwn {}
            fn __dagstack_use() {
                #call;
            }
        };
    })
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

/// Whether an attribute silences the lint.
fn allows(attrs: &[Attribute], lint: &str) -> bool {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("allow") || attr.path().is_ident("expect"))
        .any(|attr| {
            let mut found = false;
            let _ = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident(lint);
                attrs::rest(&meta)
            });
            found
        })
}
