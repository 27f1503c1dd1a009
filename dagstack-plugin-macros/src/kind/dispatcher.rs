//! The dispatcher of a kind: one method per hook, typed by its dispatch class.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, LitStr};

use super::args::Dispatch;
use super::model::{Kind, KindHook};
use crate::words::plain_name;

/// `ChunkerDispatcher`.
pub(crate) fn name(kind: &Kind<'_>) -> Ident {
    format_ident!("{}Dispatcher", kind.item.ident.unraw())
}

/// The struct, and its conversion.
pub(crate) fn item(kind: &Kind<'_>, private: &TokenStream) -> TokenStream {
    let (vis, ident, name) = (&kind.item.vis, &kind.item.ident, name(kind));
    let docs = format!(
        " Calls the plugins of the kind [`{ident}`], each hook by its dispatch class.\n\n A host's registry makes it."
    );
    quote! {
        #[doc = #docs]
        #[allow(deprecated)]
        #[derive(#private::Clone, #private::Debug)]
        #vis struct #name(#private::Dispatching<dyn #ident>);

        #[automatically_derived]
        #[allow(deprecated)]
        impl #private::From<#private::Dispatching<dyn #ident>> for #name {
            fn from(__dagstack: #private::Dispatching<dyn #ident>) -> Self {
                Self(__dagstack)
            }
        }
    }
}

/// The dispatcher.
pub(crate) fn expand(kind: &Kind<'_>, krate: &TokenStream) -> TokenStream {
    let item = item(kind, krate);
    let name = name(kind);
    let private = quote!(__dagstack);
    let methods = kind.hooks.iter().map(|hook| method(kind, hook, &private));
    // The trait is where the author hears about it.
    let many = kind.hooks.iter().any(|hook| hook.params.len() >= 6);
    let allow = many.then(|| quote!(#[allow(clippy::too_many_arguments)]));
    // As in `expand::aliases`.
    let impl_token = quote_spanned!(kind.item.ident.span()=> impl);
    quote! {
        #item
        const _: () = {
            #[allow(unused_imports)]
            use #krate::{self as #private, ask::*};

            #[automatically_derived]
            #[allow(dead_code, deprecated, non_snake_case)]
            #allow
            #impl_token #name { #(#methods)* }
        };
    }
}

fn method(kind: &Kind<'_>, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let (vis, ident) = (&kind.item.vis, &kind.item.ident);
    let method = &hook.item.sig.ident;
    let name = &hook.name;
    let docs = docs(hook);
    let attrs = hook.item.attrs.iter();
    let deprecated = attrs.filter(|attr| attr.path().is_ident("deprecated"));
    let params: Vec<&Ident> = hook.params.iter().map(|param| &param.ident).collect();
    let types = hook.params.iter().map(|param| &param.ty);
    let value = &hook.output;
    let output = match (hook.dispatch(), is_best_effort(hook)) {
        (Dispatch::BroadcastNotify, _) => quote!(()),
        (Dispatch::BroadcastCollect, false) => {
            quote!(#private::Vec<(#private::PluginName, #value)>)
        }
        (Dispatch::BroadcastCollect, true) => quote! {
            #private::Vec<(#private::PluginName, #private::Result<#value, #private::HookError>)>
        },
        _ => quote!(#value),
    };
    let dot_await = hook.is_async().then(|| quote!(.await));
    let ctx = Ident::new("ctx", Span::call_site());
    let call = quote! {
        async move { #ident::#method(&*__dagstack_plugin, #ctx, #(#params),*) #dot_await }
    };
    let plugin = quote!(__dagstack_plugin: #private::Arc<dyn #ident>);
    let again =
        |params: &[&Ident]| quote!(#(let #params = #private::Asked(&#params).__dagstack_again();)*);
    let body = match hook.dispatch() {
        Dispatch::Singleton => quote!(self.0.singleton(#name, #ctx, |#plugin| #call).await),
        Dispatch::Capability => capability(hook, &quote!(|#plugin| #call), private),
        Dispatch::BroadcastCollect | Dispatch::BroadcastNotify => {
            let class = match (hook.dispatch(), is_best_effort(hook)) {
                (Dispatch::BroadcastNotify, _) => quote!(notify),
                (_, false) => quote!(collect),
                (_, true) => quote!(collect_best_effort),
            };
            let again = again(&params);
            quote!(self.0.#class(#name, #ctx, |#plugin| { #again #call }).await)
        }
        Dispatch::Chain => match params.split_first() {
            Some((first, rest)) => {
                let again = again(rest);
                let (handed, back) = handed(hook, first, private);
                quote! {
                    self.0
                        .chain_until(
                            #name,
                            #ctx,
                            #handed,
                            |#plugin, #first: #value| { #back #again #call },
                            #private::Probe::<#value>::ASK.__dagstack_stopped(),
                        )
                        .await
                }
            }
            // Reported while parsing; nothing is expanded then.
            None => TokenStream::new(),
        },
    };
    quote! {
        #docs
        #(#deprecated)*
        #vis async fn #method(
            &self,
            #ctx: &#private::HookContext,
            #(#params: #types),*
        ) -> #private::Result<#output, #private::DispatchError> {
            #body
        }
    }
}

/// The value of a chain as what the hook returns, and that as its parameter again: whether two types
/// that are written differently are one, the compiler knows.
fn handed(
    hook: &KindHook<'_>,
    first: &Ident,
    private: &TokenStream,
) -> (TokenStream, Option<TokenStream>) {
    let Some(param) = hook.first_of_chain() else {
        return (quote!(#first), None);
    };
    let (ty, value) = (&param.ty, &hook.output);
    (
        quote!(#private::Handed::<#ty, #value>::of(#first).__dagstack_same()),
        Some(quote!(let #first = #private::Handed::<#value, #ty>::of(#first).__dagstack_same();)),
    )
}

fn capability(hook: &KindHook<'_>, call: &TokenStream, private: &TokenStream) -> TokenStream {
    let Some((variant, key)) = &hook.args.capability else {
        return TokenStream::new();
    };
    let (variant, key) = (Ident::new(variant, Span::call_site()), key.value());
    let name = &hook.name;
    let param = hook
        .params
        .iter()
        .map(|param| &param.ident)
        .filter(|ident| plain_name(ident) == key);
    quote! {
        // The plugin gets the argument itself.
        let __dagstack_key = #private::String::from(
            #(#private::Asked(&#param).__dagstack_key())*
        );
        let __dagstack_capability = #private::Capability::#variant;
        self.0.capability(#name, ctx, __dagstack_capability, &__dagstack_key, #call).await
    }
}

fn is_best_effort(hook: &KindHook<'_>) -> bool {
    hook.args
        .error_policy
        .as_ref()
        .map(LitStr::value)
        .as_deref()
        == Some("best_effort")
}

/// The author's words, and what can go wrong.
fn docs(hook: &KindHook<'_>) -> TokenStream {
    let given: Vec<&Attribute> = hook
        .item
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .collect();
    let summary = given
        .is_empty()
        .then(|| format!(" Calls the hook `{}`.", hook.name));
    let errors = match (hook.dispatch(), is_best_effort(hook)) {
        (Dispatch::Singleton, _) => {
            "When there is no plugin to call, when several fit equally well, and when the plugin fails."
        }
        (Dispatch::Capability, _) => {
            "When no plugin supports what is asked for and none is the fallback, and when the plugin fails."
        }
        (Dispatch::BroadcastCollect, false) => {
            "When a plugin fails; the others are cancelled then."
        }
        (Dispatch::BroadcastCollect, true) | (Dispatch::BroadcastNotify, _) => {
            "When the host refuses the dispatch; the failure of a plugin is not one of the whole."
        }
        (Dispatch::Chain, _) => "When a plugin fails; the chain ends there.",
    };
    let errors = format!("\n # Errors\n\n {errors}");
    let summary = summary.map(|text| quote!(#[doc = #text]));
    quote!(#(#given)* #summary #[doc = #errors])
}
