//! What a kind becomes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Index, LitStr};

use super::args::Dispatch;
use super::model::{Kind, KindHook, KindParam};
use super::{data, dispatcher};
use crate::asserted::{Asserted, Scope, Value, check_type};
use crate::boxed::{self, Method};
use crate::docs;
use crate::hook::expand::description;
use crate::lifetimes::{lifetime, name_elided};
use crate::plugin::fallback::strip;
use crate::{spans, traits};

/// The lifetime of borrowed arguments in generated code.
const BORROWED: &str = "__dagstack_a";

/// Asks whether a type can be one of an exposed hook.
const IF_EXPOSED: &str = "__dagstack_if_exposed";

/// Everything, the trait included.
pub(crate) fn expand(kind: &Kind<'_>, unique: &str) -> TokenStream {
    let krate = kind.args.krate.private();
    let item = trait_item(kind, &krate);
    let dispatcher = dispatcher::expand(kind, &krate);
    let rules = data::rules(kind, &data::of(kind), unique);
    let private = quote!(__dagstack);
    let aliases = kind.hooks.iter().map(|hook| aliases(kind, hook, &private));
    let params = kind.hooks.iter().map(|hook| params(hook, &krate, &private));
    let spec = spec(kind, &private);
    let impls = impls(kind, &private);
    let specs = kind
        .hooks
        .iter()
        .map(|hook| hook_spec(kind, hook, &private));
    let checks = checks(kind, &private);
    let hidden = kind.args.krate.hidden(&quote! {
        use #krate::{self as #private, ask::*};

        #(#aliases)*
        #(#params)*
        #spec
        #impls
        #(#specs)*
        #checks
    });
    kind.args.krate.items(&quote! {
        #item
        #dispatcher
        #rules
        #hidden
    })
}

/// What stands in the place of a kind with mistakes: the trait, and as much as keeps the code around
/// it compiling.
pub(crate) fn stubs(kind: &Kind<'_>, unique: &str) -> TokenStream {
    let private = kind.args.krate.private();
    let item = kind.item;
    let ident = &item.ident;
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        return as_written(kind, unique);
    }
    let rules = data::rules(kind, &data::broken(), unique);
    let (attrs, vis) = (
        traits::without_marks(&item.attrs, &kind.args.krate),
        &item.vis,
    );
    let methods = kind.hooks.iter().filter(|hook| is_sound(hook));
    let methods = methods.map(|hook| method(kind, hook, &private));
    let dispatcher = dispatcher::item(kind, &private);
    let dispatcher_name = dispatcher::name(kind);
    kind.args.krate.items(&quote! {
        #(#attrs)*
        #vis trait #ident: #private::Send + #private::Sync + 'static { #(#methods)* }
        #dispatcher
        #rules
        #[doc(hidden)]
        const _: () = {
            impl #private::Kind for dyn #ident {
                const SPEC: &'static #private::KindSpec = &#private::KindSpec {
                    name: "",
                    version: "",
                    description: #private::None,
                    constraints: &[],
                    hooks: &[],
                };
                type Dispatcher = #dispatcher_name;
                fn proxy(_: #private::Arc<dyn #private::Caller>) -> #private::Arc<Self> {
                    #private::not_compiled()
                }
            }
        };
    })
}

/// The trait as it is, where there is no way to make it what it was meant to be.
pub(crate) fn as_written(kind: &Kind<'_>, unique: &str) -> TokenStream {
    let rules = data::rules(kind, &data::broken(), unique);
    let item = strip(kind.item.to_token_stream());
    quote!(#item #rules)
}

/// Whether the method can stand in the trait in spite of its mistakes.
fn is_sound(hook: &KindHook<'_>) -> bool {
    let sig = &hook.item.sig;
    sig.generics.params.is_empty() && sig.receiver().is_some()
}

/// The author's trait with the context and `Result`.
fn trait_item(kind: &Kind<'_>, private: &TokenStream) -> TokenStream {
    let item = kind.item;
    let (vis, ident) = (&item.vis, &item.ident);
    let attrs = &item.attrs;
    let methods = kind.hooks.iter().map(|hook| method(kind, hook, private));
    quote! {
        #(#attrs)*
        // A package that has plugins only calls no hook.
        #[allow(dead_code)]
        #vis trait #ident: #private::Send + #private::Sync + 'static {
            #(#methods)*
        }
    }
}

fn method(kind: &Kind<'_>, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let attrs = traits::without_marks(&hook.item.attrs, &kind.args.krate);
    let params = hook
        .params
        .iter()
        .map(|param| (param.ident.to_token_stream(), param.ty.to_token_stream()))
        .collect();
    let signature = Method {
        fn_token: &hook.item.sig.fn_token,
        name: &hook.item.sig.ident,
        is_async: hook.is_async(),
        ctx: Some(boxed::ctx()),
        params,
        output: &hook.output,
    }
    .signature(private);
    let allow = hook.allow_many();
    quote!(#(#attrs)* #allow #signature;)
}

fn alias(hook: &KindHook<'_>, number: usize) -> Ident {
    format_ident!("__dagstack_Type{}_{}", hook.index, number)
}

fn output_alias(hook: &KindHook<'_>) -> Ident {
    format_ident!("__dagstack_Output{}", hook.index)
}

fn params_name(hook: &KindHook<'_>) -> Ident {
    format_ident!("__DAGSTACK_PARAMS{}", hook.index)
}

/// Names for the author's types, with the lifetime of what they borrow.
///
/// The names claim to be the trait's own: so the error about a type that does not exist is, hint for
/// hint, the one that the trait gets, and rustc shows equal errors once.
fn aliases(kind: &Kind<'_>, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let home = kind.item.ident.span();
    let params = hook.params.iter().enumerate().map(|(number, param)| {
        let mut name = alias(hook, number);
        name.set_span(home);
        // One for each borrow: where the trait has several, its methods have as many.
        let mut lives = Vec::new();
        let ty = name_elided(param.ty.to_token_stream(), &mut || {
            let life = format!("{BORROWED}{}", lives.len());
            lives.push(lifetime(&life, Span::call_site()));
            life
        });
        let generics = (!lives.is_empty()).then(|| quote!(<#(#lives),*>));
        quote!(type #name #generics = #ty;)
    });
    let (mut name, output) = (output_alias(hook), &hook.output);
    name.set_span(home);
    let output = traits::same(output, private);
    quote!(#(#params)* type #name = #output;)
}

/// `<'name, 'name>` for a parameter that borrows twice.
fn generics(param: &KindParam, name: &str) -> TokenStream {
    let lives = vec![lifetime(name, Span::call_site()); param.borrows()];
    if lives.is_empty() {
        return TokenStream::new();
    }
    quote!(<#(#lives),*>)
}

/// The parameters of a hook that owns them, as data. What schemars' attributes say of one is the schema
/// of a struct with that one field.
fn params(hook: &KindHook<'_>, krate: &TokenStream, private: &TokenStream) -> Option<TokenStream> {
    if hook.is_borrowing() {
        return None;
    }
    let mut items = TokenStream::new();
    let mut params = Vec::new();
    for (number, param) in hook.params.iter().enumerate() {
        let name = crate::words::plain_name(&param.ident);
        let alias = alias(hook, number);
        let input = quote!(#private::Probe::<#alias>::INPUT);
        if !param.crossing.is_described_apart() {
            let doc = docs::text(&param.attrs).unwrap_or_else(|| quote!(""));
            params.push(quote!(#input.param(#name, #doc)));
            continue;
        }
        let described = format_ident!("__dagstack_Param{}_{}", hook.index, number);
        let schemars = format!("{krate}::schemars").replace(' ', "");
        let bound = format!("for<'__dagstack> {alias}: {schemars}::JsonSchema");
        let attrs = &param.attrs;
        let field = spans::located(&param.ident);
        items.extend(quote! {
            #[derive(#krate::schemars::JsonSchema)]
            #[schemars(crate = #schemars, bound = #bound)]
            struct #described<const __DAGSTACK: bool> { #(#attrs)* #field: #alias }
        });
        params.push(quote! {
            #input.param(#name, "").with_property(|__dagstack_generator| {
                #private::Probe::<#described<true>>::ASK.__dagstack_schema(__dagstack_generator)
            })
        });
    }
    let (name, count) = (params_name(hook), params.len());
    Some(quote! {
        #items
        static #name: [#private::Param; #count] = [#(#params),*];
    })
}

fn spec(kind: &Kind<'_>, private: &TokenStream) -> TokenStream {
    let args = kind.args;
    let name = args.name.as_ref().map(LitStr::value);
    let version = args.version.as_ref().map(LitStr::value);
    let description = description(args.description.as_ref(), &kind.item.attrs, private);
    let constraints = &args.constraints;
    let hooks = kind.hooks.iter().map(|hook| kind_hook(hook, private));
    let count = kind.hooks.len();
    quote! {
        static __DAGSTACK_HOOKS: [#private::KindHook; #count] = [#(#hooks),*];
        static __DAGSTACK_SPEC: #private::KindSpec = #private::KindSpec {
            name: #name,
            version: #version,
            description: #description,
            constraints: &[#(#constraints),*],
            hooks: &__DAGSTACK_HOOKS,
        };
    }
}

fn kind_hook(hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let name = &hook.name;
    let args = &hook.args;
    let description = description(args.description.as_ref(), &hook.item.attrs, private);
    let dispatch = hook.dispatch().variant();
    let policy = args.error_policy.as_ref().map(LitStr::value);
    let policy = (policy.as_deref() == Some("best_effort"))
        .then(|| quote!(error_policy: #private::ErrorPolicy::BestEffort,));
    let hidden = (!hook.is_exposed()).then(|| quote!(mcp_exposed: false,));
    let template = args.mcp_tool_name_template.as_ref();
    let template = template.map(|template| quote!(mcp_tool_name_template: #template,));
    let annotations = args.annotations.tokens(private);
    let annotations = annotations.map(|given| quote!(annotations: #given,));
    let params = hook
        .params
        .iter()
        .map(|param| crate::words::plain_name(&param.ident));
    let capability = args.capability.as_ref().map(|(variant, param)| {
        let variant = Ident::new(variant, Span::call_site());
        quote!(capability: #private::Some((#private::Capability::#variant, #param)),)
    });
    let input = match &args.input_schema {
        Some(json) => quote!(#private::literal_schema(#json)),
        None if hook.is_borrowing() => quote!(#private::None),
        None => {
            let params = params_name(hook);
            quote!(#private::parameters(&#params))
        }
    };
    let output = match &args.output_schema {
        Some(json) => quote!(#private::literal_schema(#json)),
        None => {
            let output = output_alias(hook);
            quote!(#private::Probe::<#output>::ASK.__dagstack_kind_output())
        }
    };
    quote! {
        #private::KindHook {
            description: #description,
            #policy
            #hidden
            #template
            #annotations
            params: &[#(#params),*],
            #capability
            input_schema: || #input,
            output_schema: || #output,
            ..#private::KindHook::new(#name, #private::Dispatch::#dispatch)
        }
    }
}

fn impls(kind: &Kind<'_>, private: &TokenStream) -> TokenStream {
    let ident = &kind.item.ident;
    let dispatcher = dispatcher::name(kind);
    let methods = kind.hooks.iter().map(|hook| proxy(kind, hook, private));
    quote! {
        #[automatically_derived]
        impl #private::Kind for dyn #ident {
            const SPEC: &'static #private::KindSpec = &__DAGSTACK_SPEC;
            type Dispatcher = #dispatcher;

            fn proxy(
                __dagstack_caller: #private::Arc<dyn #private::Caller>,
            ) -> #private::Arc<Self> {
                #private::Arc::new(#private::Proxy::new(__dagstack_caller))
            }
        }

        #[automatically_derived]
        impl #ident for #private::Proxy { #(#methods)* }
    }
}

fn proxy(kind: &Kind<'_>, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let ident = &kind.item.ident;
    let names: Vec<Ident> = (0..hook.params.len())
        .map(|number| format_ident!("__dagstack_{}", number))
        .collect();
    let params = hook
        .params
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(number, (param, name))| {
            let alias = alias(hook, number);
            let generics = generics(param, "_");
            (quote!(#name), quote!(#alias #generics))
        })
        .collect();
    let signature = Method {
        fn_token: &syn::token::Fn::default(),
        name: &spans::of_any_edition(&hook.item.sig.ident),
        is_async: hook.is_async(),
        ctx: Some(quote!(__dagstack_ctx)),
        params,
        output: &output_alias(hook).into_token_stream(),
    }
    .signature(private);
    let index = hook.index;
    // Without `'static` rustc finds the method "not general enough".
    let body = if hook.is_async() {
        quote!(self.call::<dyn #ident + 'static, #index>(__dagstack_ctx, (#(#names,)*)))
    } else {
        quote!(#private::Err(self.not_exposed::<dyn #ident + 'static>(#index)))
    };
    quote!(#signature { #body })
}

fn hook_spec(kind: &Kind<'_>, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let ident = &kind.item.ident;
    let index = hook.index;
    let types = hook.params.iter().enumerate().map(|(number, param)| {
        let alias = alias(hook, number);
        let generics = generics(param, BORROWED);
        quote!(#alias #generics,)
    });
    let output = output_alias(hook);
    // A private type in a public kind is an error about these.
    let taken = hook.params.iter().map(|param| param.ty.to_token_stream());
    let place = kind.place_of_own(taken.collect());
    let args_type = quote_spanned!(place=> type Args<'__dagstack_a>);
    let place = kind.place_of_own(hook.output.clone());
    let output_type = quote_spanned!(place=> type Output);
    let written = hook.params.iter().enumerate().map(|(number, param)| {
        let name = crate::words::plain_name(&param.ident);
        let place = Index::from(number);
        quote! {
            (
                #name,
                #private::Asked(&__dagstack_args.#place)
                    .__dagstack_arg(&__DAGSTACK_SPEC, #index, #number)?,
            )
        }
    });
    let written = match &hook.args.left_out[..] {
        [] => quote!(#private::by_name([#(#written),*])),
        left_out => quote!(#private::by_name_without([#(#written),*], &[#(#left_out),*])),
    };
    let read = if hook.is_borrowing() {
        quote!(#private::Err(#private::not_exposed(&__DAGSTACK_SPEC, #index)))
    } else {
        let params = params_name(hook);
        let slots: Vec<Ident> = (0..hook.params.len())
            .map(|number| format_ident!("__dagstack_{}", number))
            .collect();
        let aliases = (0..hook.params.len()).map(|number| alias(hook, number));
        quote! {
            #(let mut #slots = #private::Probe::<#aliases>::INPUT.__dagstack_slot();)*
            #private::read_args(
                &__DAGSTACK_SPEC,
                #index,
                &#params,
                __dagstack_json,
                &mut [#(&mut #slots),*],
            )?;
            #private::Ok((#(#slots.__dagstack_take(),)*))
        }
    };
    // Whatever a notified plugin answers, nobody looks at it.
    let read_output = if hook.dispatch() == Dispatch::BroadcastNotify {
        quote!(#private::Ok(()))
    } else if hook.output_refers() {
        quote!(#private::Err(#private::not_exposed(&__DAGSTACK_SPEC, #index)))
    } else {
        quote! {
            #private::Probe::<#output>::ASK
                .__dagstack_from_json(&__DAGSTACK_SPEC, #index, __dagstack_json)
        }
    };
    quote! {
        #[automatically_derived]
        impl #private::HookSpec<#index> for dyn #ident {
            #args_type = (#(#types)*);
            #output_type = #output;

            fn args_to_json(
                __dagstack_args: &Self::Args<'_>,
            ) -> #private::Result<#private::Value, #private::HookError> {
                #private::Ok(#written)
            }
            fn args_from_json<'__dagstack_a>(
                __dagstack_json: #private::Value,
            ) -> #private::Result<Self::Args<'__dagstack_a>, #private::HookError> {
                #read
            }
            fn output_to_json(
                __dagstack_output: &#output,
            ) -> #private::Result<#private::Value, #private::HookError> {
                #private::Asked(__dagstack_output).__dagstack_to_json(&__DAGSTACK_SPEC, #index)
            }
            fn output_from_json(
                __dagstack_json: #private::Value,
            ) -> #private::Result<#output, #private::HookError> {
                #read_output
            }
        }
    }
}

/// One assertion per type, each an error at the author's own tokens. Compiled, but never run.
fn checks(kind: &Kind<'_>, private: &TokenStream) -> TokenStream {
    let nothing = TokenStream::new();
    let scope = Scope {
        private: private.clone(),
        self_ty: &nothing,
    };
    let mut checks = TokenStream::new();
    let mut asserted = Asserted::default();
    for hook in &kind.hooks {
        let is_chain = hook.dispatch() == Dispatch::Chain;
        for (number, param) in hook.params.iter().enumerate() {
            let alias = alias(hook, number);
            let generics = generics(param, "_");
            let span = param.ty.span();
            checks.extend(send(quote!(#alias #generics), span, hook, private));
            if param.is_borrowed() {
                continue;
            }
            if hook.is_exposed() {
                let ty = &param.ty.to_token_stream();
                let param = Value {
                    ty,
                    alias: alias.into_token_stream(),
                    bound: "ExposedParam",
                    written: ty,
                };
                checks.extend(param.check_crossing(IF_EXPOSED, &mut asserted, &scope));
            }
            let mut check = |bound| checks.extend(check_type(&param.ty, bound, None, &scope));
            let handed_on = is_chain && number == 0;
            if hook.dispatch().calls_several() && !handed_on {
                check("BroadcastParam");
            }
            let key = hook.args.capability.as_ref().map(|(_, key)| key.value());
            if key == Some(crate::words::plain_name(&param.ident)) {
                check("CapabilityParam");
            }
        }
        // A chain's value is also what the next plugin is called by.
        if hook.first_of_chain().is_some() {
            let first = alias(hook, 0).into_token_stream();
            checks.extend(check_type(&hook.output, "ChainOutput", Some(first), &scope));
        }
        if is_chain {
            continue;
        }
        let output = output_alias(hook).into_token_stream();
        checks.extend(send(output, hook.output_place.0, hook, private));
        if hook.is_exposed() {
            let output = Value {
                ty: &hook.output,
                alias: output_alias(hook).into_token_stream(),
                bound: "ExposedOutput",
                written: &traits::same(&hook.output, private),
            };
            checks.extend(output.check_crossing(IF_EXPOSED, &mut asserted, &scope));
        }
    }
    // See `aliases`.
    let name = Ident::new("__dagstack_check_types", kind.item.ident.span());
    quote! {
        fn #name() { #checks }
    }
}

/// That a type may move between threads. A cast says so without naming anything of ours. Of an
/// exposed hook's it is asked only where it has a JSON form: `Rc` has neither, and that is one
/// mistake.
fn send(ty: TokenStream, span: Span, hook: &KindHook<'_>, private: &TokenStream) -> TokenStream {
    let value = spans::respan(quote!(__dagstack_value), spans::at(span));
    let if_exposed = hook
        .is_exposed()
        .then(|| quote!(let #value = &#private::Asked(#value).__dagstack_if_json();));
    quote! {
        let _ = |#value: &#ty| {
            #if_exposed
            let _: &dyn #private::Send = #value;
        };
    }
}
