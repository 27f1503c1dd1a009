//! What a kind tells the plugins of it, at compile time.
//!
//! `#[kind]` writes a `macro_rules!` under the trait's own name, which `use` imports with the
//! trait. `#[plugin(kind = Chunker)]` calls it, and it calls the macro that writes the plugin, with
//! the kind's data in front:
//!
//! ```text
//! Chunker! { [::dagstack_plugin] … }
//! ::dagstack_plugin::kind::plugin! { { "chunker" "1.0.0" … } [::dagstack_plugin] … }
//! ```

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{LitBool, LitStr};

use super::model::{Kind, KindHook};
use crate::hook::annotations::Annotations;

/// A kind, as a plugin of it sees it.
pub(crate) struct KindData {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) hooks: Vec<HookData>,
}

/// A hook of a kind, as a plugin of it sees it.
pub(crate) struct HookData {
    /// The method of the trait.
    pub(crate) ident: Ident,
    /// The name callers use.
    pub(crate) name: String,
    pub(crate) is_async: bool,
    pub(crate) is_exposed: bool,
    /// What callers are told of the hook of every plugin, without the title.
    pub(crate) annotations: Annotations,
    pub(crate) params: Vec<ParamData>,
    /// The signature as the kind's author wrote it.
    pub(crate) signature: String,
}

/// A parameter of a kind's hook.
pub(crate) struct ParamData {
    pub(crate) name: String,
    pub(crate) is_borrowed: bool,
    /// Its type, for messages.
    pub(crate) ty: String,
}

/// The macro, with `data` for the plugins. It is public even if the trait is not: who may use a kind
/// is said of the trait.
pub(crate) fn rules(kind: &Kind<'_>, data: &TokenStream, unique: &str) -> TokenStream {
    let ident = &kind.item.ident;
    let name = format_ident!("__dagstack_kind_{}_{}", ident.unraw(), unique);
    quote! {
        #[doc(hidden)]
        #[allow(non_local_definitions, unused_macros)]
        #[macro_export]
        macro_rules! #name {
            ([$($krate:tt)*] $($plugin:tt)*) => {
                $($krate)*::kind::plugin! { { #data } [$($krate)*] $($plugin)* }
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        pub use #name as #ident;
    }
}

/// The data of a kind whose author has mistakes to mend: its plugins are not checked.
pub(crate) fn broken() -> TokenStream {
    quote!(broken)
}

/// The data.
pub(crate) fn of(kind: &Kind<'_>) -> TokenStream {
    let name = kind.args.name.as_ref().map(LitStr::value);
    let version = kind.args.version.as_ref().map(LitStr::value);
    let hooks = kind.hooks.iter().map(of_hook);
    quote!(#name #version #(#hooks)*)
}

fn of_hook(hook: &KindHook<'_>) -> TokenStream {
    // Without the place in the kind's source: an error in a plugin must not point there.
    let mut ident = crate::spans::of_any_edition(&hook.item.sig.ident);
    ident.set_span(Span::call_site());
    let name = &hook.name;
    let (is_async, is_exposed) = (hook.is_async(), hook.is_exposed());
    let signature = hook.signature();
    let annotations = hook.args.annotations.data();
    let params = hook.params.iter().map(|param| {
        let name = param.ident.unraw().to_string();
        let is_borrowed = param.is_borrowed();
        let ty = crate::words::shown(&param.ty);
        quote!({ #name #is_borrowed #ty })
    });
    quote!({ #ident #name #is_async #is_exposed #annotations #signature #(#params)* })
}

/// `None` for the data of a broken kind.
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Option<KindData>> {
    if tokens.to_string() == "broken" {
        return Ok(None);
    }
    syn::parse2(tokens).map(Some)
}

impl Parse for KindData {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            name: input.parse::<LitStr>()?.value(),
            version: input.parse::<LitStr>()?.value(),
            hooks: groups(input)?,
        })
    }
}

impl Parse for HookData {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            ident: input.call(Ident::parse_any)?,
            name: input.parse::<LitStr>()?.value(),
            is_async: input.parse::<LitBool>()?.value,
            is_exposed: input.parse::<LitBool>()?.value,
            annotations: match input.peek(syn::token::Bracket) {
                true => syn::parse2(input.parse::<Group>()?.stream())?,
                false => Annotations::default(),
            },
            signature: input.parse::<LitStr>()?.value(),
            params: groups(input)?,
        })
    }
}

impl Parse for ParamData {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            name: input.parse::<LitStr>()?.value(),
            is_borrowed: input.parse::<LitBool>()?.value,
            ty: input.parse::<LitStr>()?.value(),
        })
    }
}

fn groups<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let mut parsed = Vec::new();
    while !input.is_empty() {
        parsed.push(syn::parse2(input.parse::<Group>()?.stream())?);
    }
    Ok(parsed)
}

/// A part of the macro's name that no other kind has: exported macros of a crate share one
/// namespace, whatever module they stand in. It is the same in every build.
pub(crate) fn unique(item: &TokenStream, place: &str) -> String {
    let text = item.to_token_stream().to_string();
    // FNV-1a.
    let hash = text
        .bytes()
        .chain([0])
        .chain(place.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}
