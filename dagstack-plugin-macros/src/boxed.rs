//! Methods of dyn-compatible traits, as `async_trait` would write them, so that its `#[async_trait]
//! impl`s and ours go together.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Token;

use crate::lifetimes::{lifetime, name_elided};

/// A method of a kind or a resource: it takes `&self`, and may fail.
pub(crate) struct Method<'a> {
    pub(crate) fn_token: &'a Token![fn],
    pub(crate) name: &'a Ident,
    pub(crate) is_async: bool,
    /// The name of the `&HookContext` in front of the parameters, if there is one.
    pub(crate) ctx: Option<TokenStream>,
    /// Names and types.
    pub(crate) params: Vec<(TokenStream, TokenStream)>,
    /// The value.
    pub(crate) output: &'a TokenStream,
}

impl Method<'_> {
    /// The signature, without a body.
    ///
    /// ```text
    /// fn chunk<'life0, 'life1, 'async_trait>(
    ///     &'life0 self, ctx: &'life1 HookContext, text: String,
    /// ) -> BoxFuture<'async_trait, Result<Vec<Chunk>, HookError>>
    /// where 'life0: 'async_trait, 'life1: 'async_trait, Self: 'async_trait
    /// ```
    pub(crate) fn signature(self, private: &TokenStream) -> TokenStream {
        let Self {
            fn_token,
            name,
            is_async,
            ctx,
            params,
            output,
        } = self;
        let context = ctx.map(|ctx| (ctx, quote!(&#private::HookContext)));
        let params = context.into_iter().chain(params);
        let result = quote!(#private::Result<#output, #private::HookError>);
        if !is_async {
            let params = params.map(|(name, ty)| quote!(#name: #ty));
            return quote!(#fn_token #name(&self, #(#params),*) -> #result);
        }
        let mut count = 1;
        let params: Vec<TokenStream> = params
            .map(|(name, ty)| {
                let ty = name_elided(ty, &mut || {
                    count += 1;
                    format!("life{}", count - 1)
                });
                quote!(#name: #ty)
            })
            .collect();
        let lives: Vec<TokenStream> = (0..count)
            .map(|number| lifetime(&format!("life{number}"), Span::call_site()))
            .collect();
        quote! {
            #fn_token #name<#(#lives,)* 'async_trait>(&'life0 self, #(#params),*)
                -> #private::BoxFuture<'async_trait, #result>
            where
                #(#lives: 'async_trait,)*
                Self: 'async_trait
        }
    }
}

/// The name of the context in the traits of kinds.
pub(crate) fn ctx() -> TokenStream {
    Ident::new("ctx", Span::call_site()).into_token_stream()
}
