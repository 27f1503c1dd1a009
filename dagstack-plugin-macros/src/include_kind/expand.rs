//! The trait.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::args::Args;
use super::problem::{Problem, Result};
use super::spec::{Hook, Spec};
use super::types::{HookTypes, Types};

/// The `#[kind]` trait of `spec`, and its types.
pub(super) fn kind(spec: &Spec, args: &Args, types: &Types) -> Result<TokenStream> {
    let span = args.span();
    let krate = &args.krate;
    let name = args.trait_name(&spec.name);
    let (kind, version) = (&spec.name, &spec.version);
    let docs = docs(spec.description.as_deref());
    let description = spec
        .description
        .as_ref()
        .map(|text| quote!(description = #text,));
    let constraints = (!spec.constraints.is_empty()).then(|| {
        let rules = &spec.constraints;
        quote!(constraints = [#(#rules),*],)
    });
    let mut hooks = Vec::new();
    for (hook, types) in spec.hooks.iter().zip(&types.hooks) {
        hooks.push(method(hook, types, spec, span)?);
    }
    let files = std::iter::once(&spec.file).chain(spec.schemas().map(|schema| &schema.file));
    let items = &types.items;
    Ok(quote! {
        // Cargo builds again when one of them changes.
        #(const _: &[u8] = ::core::include_bytes!(
            ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #files)
        );)*

        #items

        #docs
        #[#krate::kind(name = #kind, version = #version, #description #constraints crate = #krate)]
        #[allow(non_snake_case, clippy::too_many_arguments)]
        pub trait #name {
            #(#hooks)*
        }
    })
}

fn method(hook: &Hook, types: &HookTypes, spec: &Spec, span: Span) -> Result<TokenStream> {
    let name = ident(&hook.name, span)
        .ok_or_else(|| Problem::new(&spec.file, "hooks", not_a_name(&hook.name)))?;
    let mut params = Vec::new();
    let mut left_out = Vec::new();
    for (param, made) in hook.params.iter().zip(&types.params) {
        let ty = &made.ty;
        if param == "ctx" {
            let what = "`ctx` is the name of the context that every hook has";
            let key = format!("properties.{param}");
            return Err(
                Problem::new(&hook.input.file, key, what).help("give the parameter another name")
            );
        }
        if made.left_out {
            left_out.push(param);
        }
        let name = ident(param, span).ok_or_else(|| {
            Problem::new(
                &hook.input.file,
                format!("properties.{param}"),
                not_a_name(param),
            )
        })?;
        params.push(quote!(#name: #ty));
    }
    let docs = docs(hook.description.as_deref());
    let description = hook
        .description
        .as_ref()
        .map(|text| quote!(description = #text,));
    let dispatch = &hook.dispatch;
    let policy = hook
        .error_policy
        .as_deref()
        .filter(|policy| *policy != "fail_fast");
    let policy = policy.map(|policy| quote!(error_policy = #policy,));
    let exposed = hook.exposed;
    let template = hook.template.as_ref();
    let template = template.map(|template| quote!(mcp_tool_name_template = #template,));
    let capability = hook.capability.as_ref().map(|(what, param)| {
        let what = Ident::new(what, span);
        quote!(#what = #param,)
    });
    // As they stand: what is made of this kind has the schemas it was made of.
    let input = LitStr::new(&hook.input.text, span);
    let output = LitStr::new(&hook.output.text, span);
    let left_out = (!left_out.is_empty()).then(|| quote!(left_out = [#(#left_out),*],));
    let result = &types.output;
    let annotations = &hook.annotations;
    Ok(quote! {
        #docs
        #[hook(
            dispatch = #dispatch,
            #policy
            #description
            mcp_exposed = #exposed,
            #template
            #capability
            #(#annotations)*
            input_schema = #input,
            output_schema = #output,
            #left_out
        )]
        async fn #name(&self, #(#params),*) -> #result;
    })
}

fn docs(text: Option<&str>) -> TokenStream {
    text.into_iter()
        .flat_map(str::lines)
        .map(|line| {
            let line = format!(" {line}");
            quote!(#[doc = #line])
        })
        .collect()
}

/// A name as Rust writes it: `type` is `r#type`.
fn ident(name: &str, span: Span) -> Option<Ident> {
    if let Ok(mut ident) = syn::parse_str::<Ident>(name) {
        ident.set_span(span);
        return Some(ident);
    }
    let mut raw: Ident = syn::parse_str(&format!("r#{name}")).ok()?;
    raw.set_span(span);
    Some(raw)
}

fn not_a_name(name: &str) -> String {
    format!("`{name}` cannot be a name in Rust")
}
