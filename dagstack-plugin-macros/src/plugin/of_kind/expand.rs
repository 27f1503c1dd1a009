//! What a plugin of a trait kind becomes beside what every plugin does: the shell that implements
//! the trait, and what the shell runs.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Type;

use super::check::mentions;
use super::kind::OfKind;
use crate::asserted::Scope;
use crate::boxed::Method;
use crate::hook::args::Model;
use crate::hook::model::{Hook, own};
use crate::hook::output;
use crate::hook::signature::Param;
use crate::kind::data::HookData;
use crate::lifetimes::{self, lifetime};
use crate::plugin::checked::Plugin;
use crate::spans;
use crate::words::has_word;

/// `impl Run` for every `async` hook of the kind, and names for the kind's types.
pub(crate) fn expand(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let Some(kind) = plugin.kind else {
        return TokenStream::new();
    };
    let object = kind.object();
    let hooks = plugin.hooks.iter().filter_map(|hook| {
        let (place, data) = hook.of_kind?;
        let run = data.is_async.then(|| run(hook, place, data, kind, scope));
        let names = names(hook, place, data, scope);
        Some(quote!(#names #run))
    });
    let shell = shell(plugin, kind, scope);
    quote! {
        type __dagstack_Kind = #object;
        #(#hooks)*
        #shell
    }
}

/// `__dagstack_Value0`: what the kind says the hook returns; for an `async` one `__dagstack_Given0`, what
/// it is given, and `__dagstack_Taken0`, the same in the author's types.
fn names(hook: &Hook<'_>, place: usize, data: &HookData, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let cfgs = hook.cfgs();
    let value = hook.value_name();
    let arguments = data.is_async.then(|| {
        let (given, taken) = (hook.given_name(), taken_name(hook));
        let types = hook
            .values()
            .map(|(number, value)| hook.alias_of(number, value, "__dagstack_a"));
        let lifetime = borrowed(hook, "__dagstack_a");
        quote! {
            #(#cfgs)*
            type #given<'__dagstack_a> =
                <__dagstack_Kind as #private::HookSpec<#place>>::Args<'__dagstack_a>;
            #(#cfgs)*
            type #taken #lifetime = (#(#types,)*);
        }
    });
    quote! {
        #(#cfgs)*
        type #value = <__dagstack_Kind as #private::HookSpec<#place>>::Output;
        #arguments
    }
}

fn taken_name(hook: &Hook<'_>) -> Ident {
    format_ident!("__dagstack_Taken{}", hook.index)
}

/// `<'name>` for a hook that borrows.
fn borrowed(hook: &Hook<'_>, name: &str) -> TokenStream {
    if hook.values().any(|(_, value)| value.is_borrowed()) {
        let name = lifetime(name, Span::call_site());
        quote!(<#name>)
    } else {
        TokenStream::new()
    }
}

/// The call of the author's method, given `__dagstack_args` and the plugin.
fn call(
    hook: &Hook<'_>,
    plugin: &TokenStream,
    ctx: &TokenStream,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let self_ty = scope.self_ty;
    let method = spans::located(&hook.function.sig.ident);
    let mut number = 0;
    let args = hook
        .params
        .iter()
        .enumerate()
        .map(|(place, param)| match param {
            Param::Value(_) => {
                let index = syn::Index::from(number);
                number += 1;
                quote!(__dagstack_args.#index)
            }
            Param::Context(_) => {
                let alias = hook.alias(place);
                quote!(#private::Probe::<#alias>::ASK.__dagstack_context(#ctx))
            }
        });
    quote!(<#self_ty>::#method(#plugin, #(#args),*))
}

/// The value, or the error, of what the author's method returned.
fn finish(hook: &Hook<'_>, call: &TokenStream, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let (returned, value) = (hook.output_alias(), hook.value_name());
    let call = if hook.is_async() {
        quote! {
            let __dagstack_future = #private::MaySend(#call).__dagstack_send();
            let __dagstack_returned = __dagstack_future.await;
        }
    } else {
        quote!(let __dagstack_returned = #call;)
    };
    quote! {
        let __dagstack_failure =
            #private::Probe::<#returned>::ASK.__dagstack_split().1.__dagstack_failure();
        #call
        #private::Ended::<_, #value>::new(__dagstack_returned)
            .__dagstack_end(__dagstack_failure)
    }
}

/// The arguments in the author's types. They are the kind's, or the compiler has said so.
fn convert(hook: &Hook<'_>, from: &TokenStream, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let taken = taken_name(hook);
    let lifetime = borrowed(hook, "_");
    quote! {
        let __dagstack_args = #private::Fitting::<_, #taken #lifetime>::new(#from).__dagstack_fit();
    }
}

fn run(
    hook: &Hook<'_>,
    place: usize,
    data: &HookData,
    kind: OfKind<'_>,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let cfgs = hook.cfgs();
    let self_ty = scope.self_ty;
    let object = kind.object();
    let (given, value) = (hook.given_name(), hook.value_name());
    let constant = hook.place();
    let (shared, sendable) = (shared(&quote!(Self), scope), sendable(hook, scope));
    let converted = convert(hook, &quote!(__dagstack_given), scope);
    let body = match hook.model() {
        Model::ProcessCpuBound if data.is_exposed => quote! {
            __dagstack_native.in_worker::<#object, #place>(__dagstack_ctx, __dagstack_given)
        },
        Model::ThreadCpuBound | Model::ProcessCpuBound => {
            let call = call(
                hook,
                &quote!(&*__dagstack_plugin),
                &quote!(&__dagstack_ctx),
                scope,
            );
            let finish = finish(hook, &call, scope);
            quote! {
                #converted
                __dagstack_native.off_thread::<#object, #place>(
                    __dagstack_ctx,
                    move |__dagstack_plugin, __dagstack_ctx| {
                        #private::Box::pin(async move { #finish })
                    },
                )
            }
        }
        Model::Async | Model::Sync => {
            let bound = hook
                .takes_context()
                .then(|| quote!(let __dagstack_ctx = __dagstack_native.bind(__dagstack_ctx);));
            let plugin = quote!(__dagstack_native.plugin());
            let call = call(hook, &plugin, &quote!(&__dagstack_ctx), scope);
            let finish = finish(hook, &call, scope);
            quote! {
                #converted
                async move { #bound #finish }
            }
        }
    };
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #private::Run<#object, #place> for #self_ty #shared #sendable {
            const PLACE: usize = #constant;

            fn run<'__dagstack_x, '__dagstack_a: '__dagstack_x>(
                __dagstack_native: &'__dagstack_x #private::Native<Self>,
                __dagstack_ctx: &'__dagstack_x #private::HookContext,
                __dagstack_given: #given<'__dagstack_a>,
            ) -> impl #private::Future<
                Output = #private::Result<#value, #private::HookError>,
            > + #private::Send + '__dagstack_x {
                #body
            }
        }
    }
}

/// The shell: it implements the kind's trait with the author's parameter types at their places, so
/// that a wrong one is the compiler's own error there.
fn shell(plugin: &Plugin<'_>, kind: OfKind<'_>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let self_ty = scope.self_ty;
    let path = kind.path;
    let impl_token = &plugin.block.impl_token;
    let name = shell_name(plugin);
    let shared = shared(self_ty, scope);
    let sendable: TokenStream = plugin
        .hooks
        .iter()
        .filter(|hook| hook.of_kind.is_some())
        .map(|hook| sendable(hook, scope))
        .collect();
    let methods = plugin.hooks.iter().filter_map(|hook| {
        let (place, data) = hook.of_kind?;
        Some(shell_method(hook, place, data, kind, scope))
    });
    quote! {
        struct #name(#private::Native<#self_ty>);

        #[automatically_derived]
        #impl_token #path for #name #shared #sendable { #(#methods)* }

        #[automatically_derived]
        impl #private::Shell<#self_ty> for #name #shared #sendable {
            fn wrap(
                __dagstack_native: #private::Native<#self_ty>,
            ) -> #private::Arc<dyn #private::Any + #private::Send + #private::Sync> {
                let __dagstack_shell: #private::Arc<__dagstack_Kind> =
                    #private::Arc::new(#name(__dagstack_native));
                #private::Arc::new(__dagstack_shell)
            }
        }
    }
}

/// The compiler shows the shell's name when a type does not fit, so it is like the plugin's.
fn shell_name(plugin: &Plugin<'_>) -> Ident {
    let name = format!("{}Shell", plugin.block.type_ident());
    let ident = format_ident!("{}", name, span = Span::call_site());
    if mentions(plugin, &name) {
        return format_ident!("__dagstack_{}", ident);
    }
    ident
}

/// `Plugin::native`.
pub(crate) fn native(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    if plugin.kind.is_none() {
        return TokenStream::new();
    }
    let private = &scope.private;
    let name = shell_name(plugin);
    quote! {
        fn native(
            self: #private::Arc<Self>,
            __dagstack_lease: #private::Arc<#private::Lease>,
        ) -> #private::Option<#private::Arc<dyn #private::Any + #private::Send + #private::Sync>> {
            #private::Probe::<#name>::ASK
                .__dagstack_native(#private::Native::new(self, __dagstack_lease))
        }
    }
}

/// That what a hook takes and returns may move between threads, as a condition that is not checked
/// here: the kind has the assertion. Of a reference it is said without the reference, and of types in
/// which functions have lifetimes not at all: of two such conditions with lifetimes the compiler could
/// not choose one.
fn sendable(hook: &Hook<'_>, scope: &Scope<'_>) -> TokenStream {
    // A condition cannot have one of its own.
    if !hook.cfgs().is_empty() {
        return TokenStream::new();
    }
    let private = &scope.private;
    let value = hook.value_name();
    let returned = output::output(&hook.function.sig);
    let value = (!lifetimes::of_functions(returned))
        .then(|| quote!(for<'__dagstack> #value: #private::Send,));
    let types = hook.values().filter_map(|(number, value)| match &value.ty {
        ty if lifetimes::of_functions(ty.to_token_stream()) => None,
        _ if !value.is_borrowed() => {
            let alias = hook.alias(number);
            Some(quote!(for<'__dagstack> #alias: #private::Send,))
        }
        Type::Reference(reference) if is_without_lifetimes(&reference.elem) => {
            let elem = spans::without_self(reference.elem.to_token_stream(), &own());
            Some(quote!(for<'__dagstack> #elem: #private::Sync,))
        }
        _ => None,
    });
    quote!(#value #(#types)*)
}

/// Whether a type has no lifetime, not even that of what is behind a `dyn`.
fn is_without_lifetimes(ty: &Type) -> bool {
    let tokens = ty.to_token_stream();
    !has_word(&tokens, "dyn") && !lifetimes::any(tokens)
}

/// That the plugin is shared between threads, as a condition that is not checked here: it has its
/// own assertion.
fn shared(plugin: &TokenStream, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    quote! {
        where
            for<'__dagstack> #plugin: #private::Send + #private::Sync + 'static,
    }
}

fn shell_method(
    hook: &Hook<'_>,
    place: usize,
    data: &HookData,
    kind: OfKind<'_>,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let cfgs = hook.cfgs();
    let object = kind.object();
    let value = hook.value_name().into_token_stream();
    let names: Vec<Ident> = (0..hook.values().count())
        .map(|number| format_ident!("__dagstack_{}", number))
        .collect();
    let params = hook
        .values()
        .zip(&names)
        .map(|((_, param), name)| {
            let ty = spans::without_self(param.ty.to_token_stream(), &own());
            (quote!(#name), ty)
        })
        .collect();
    let mut method = data.ident.clone();
    method.set_span(spans::at(hook.function.sig.ident.span()));
    let signature = Method {
        fn_token: &syn::token::Fn::default(),
        name: &method,
        is_async: data.is_async,
        ctx: Some(quote!(__dagstack_ctx)),
        params,
        output: &value,
    }
    .signature(private);
    let body = if data.is_async {
        let given = hook.given_name();
        quote! {
            let __dagstack_args =
                #private::Fitting::<_, #given<'_>>::new((#(#names,)*)).__dagstack_fit();
            self.0.call::<#object, #place>(__dagstack_ctx, __dagstack_args)
        }
    } else {
        let constant = hook.place();
        let bound = hook
            .takes_context()
            .then(|| quote!(let __dagstack_ctx = self.0.bind(__dagstack_ctx);));
        let call = call(
            hook,
            &quote!(__dagstack_plugin),
            &quote!(&__dagstack_ctx),
            scope,
        );
        let finish = finish(hook, &call, scope);
        quote! {
            self.0.call_now(#constant, __dagstack_ctx, move |__dagstack_plugin, __dagstack_ctx| {
                #bound
                let __dagstack_args = (#(#names,)*);
                #finish
            })
        }
    };
    quote!(#(#cfgs)* #signature { #body })
}
