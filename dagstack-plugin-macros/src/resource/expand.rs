//! What a resource's trait becomes.
//!
//! ```text
//! pub trait Ledger: Send + Sync + 'static { … }  // boxed futures of Result<T, HookError>
//! const _: () = {
//!     impl Resource for dyn Ledger { … }     // how it crosses, how it arrives
//!     struct Served(Arc<dyn Ledger>);        // the host's end: JSON → methods
//!     impl ResourceServer for Served { … }
//!     struct There(Remote);                  // the plugin's end: methods → JSON
//!     impl Ledger for There { … }
//! };
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::model::{Method, Param, Resource};
use crate::asserted::{Asserted, Scope, Value};
use crate::boxed;
use crate::spans;
use crate::traits::{same, without_marks};

/// Everything, the trait included.
pub(crate) fn expand(resource: &Resource<'_>) -> TokenStream {
    let krate = private(resource);
    let item = trait_item(resource, &krate, &|_| true);
    let private = quote!(__dagstack);
    let home = resource.item.ident.span();
    let aliases = resource
        .methods
        .iter()
        .map(|method| aliases(method, home, &private));
    let bounds = bounds(resource, &private);
    let ident = &resource.item.ident;
    let interface = &resource.args.name;
    let server = server(resource, &bounds, &private);
    let proxy = proxy(resource, &bounds, &private);
    let checks = checks(resource, &private);
    let hidden = resource.args.krate.hidden(&quote! {
        use #krate as #private;

        #(#aliases)*

        #[automatically_derived]
        impl #private::Resource for dyn #ident #bounds {
            const INTERFACE: &'static str = #interface;

            fn cross(
                __dagstack_resource: &#private::Arc<Self>,
            ) -> #private::Crossing {
                #private::Crossing::ByRequests(#private::Arc::new(
                    __dagstack_Served(#private::Clone::clone(__dagstack_resource)),
                ))
            }

            fn arrive(
                __dagstack_arrival: #private::Arrival,
            ) -> #private::Option<#private::Arc<Self>> {
                match __dagstack_arrival {
                    #private::Arrival::ByRequests(__dagstack_remote) => {
                        #private::Some(#private::Arc::new(__dagstack_There(__dagstack_remote)))
                    }
                    _ => #private::None,
                }
            }
        }

        #server
        #proxy
        #checks
    });
    resource.args.krate.items(&quote! {
        #item
        #hidden
    })
}

/// What stands in the place of a resource with mistakes: the trait, and as much as keeps the code
/// around it compiling.
pub(crate) fn stubs(resource: &Resource<'_>) -> TokenStream {
    let private = private(resource);
    let item = resource.item;
    let ident = &item.ident;
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        return item.to_token_stream();
    }
    let item = trait_item(resource, &private, &|method| method.is_sound);
    resource.args.krate.items(&quote! {
        #item
        #[doc(hidden)]
        const _: () = {
            impl #private::Resource for dyn #ident {
                const INTERFACE: &'static str = "";
                fn cross(_: &#private::Arc<Self>) -> #private::Crossing {
                    #private::not_compiled()
                }
                fn arrive(_: #private::Arrival) -> #private::Option<#private::Arc<Self>> {
                    #private::not_compiled()
                }
            }
        };
    })
}

fn private(resource: &Resource<'_>) -> TokenStream {
    let private = resource.args.krate.private();
    quote!(#private::resource)
}

/// The author's trait with `Result`, dyn-compatible.
fn trait_item(
    resource: &Resource<'_>,
    private: &TokenStream,
    keep: &dyn Fn(&Method<'_>) -> bool,
) -> TokenStream {
    let item = resource.item;
    let (attrs, vis, token, ident) = (&item.attrs, &item.vis, &item.trait_token, &item.ident);
    let methods = resource
        .methods
        .iter()
        .filter(|method| keep(method))
        .map(|method| {
            let attrs = without_marks(&method.item.attrs, &resource.args.krate)
                .filter(|attr| !attr.path().is_ident("cfg"));
            let params = method
                .params
                .iter()
                .map(|Param { ident, ty }| (quote!(#ident), quote!(#ty)));
            let signature = boxed::Method {
                fn_token: &method.item.sig.fn_token,
                name: &method.item.sig.ident,
                is_async: true,
                ctx: None,
                params: params.collect(),
                output: &method.output,
            }
            .signature(private);
            quote!(#(#attrs)* #signature;)
        });
    quote! {
        #(#attrs)*
        #vis #token #ident: #private::Send + #private::Sync + 'static {
            #(#methods)*
        }
    }
}

fn alias(method: &Method<'_>, number: usize) -> Ident {
    format_ident!("__dagstack_Type{}_{}", method.index, number)
}

fn output_alias(method: &Method<'_>) -> Ident {
    format_ident!("__dagstack_Output{}", method.index)
}

/// Names for the author's types. They claim to be the trait's own, and a value is an argument as it
/// is there: so the error about a type that does not exist is the one that the trait gets.
fn aliases(method: &Method<'_>, home: Span, private: &TokenStream) -> TokenStream {
    let named = |mut name: Ident| {
        name.set_span(home);
        name
    };
    let params = method.params.iter().enumerate().map(|(number, param)| {
        let (name, ty) = (named(alias(method, number)), &param.ty);
        quote!(type #name = #ty;)
    });
    let (name, output) = (named(output_alias(method)), same(&method.output, private));
    quote!(#(#params)* type #name = #output;)
}

/// That every type can cross. Written as a condition that the compiler does not check here, so that
/// the assertion beside it is the one error about a type that cannot.
fn bounds(resource: &Resource<'_>, private: &TokenStream) -> TokenStream {
    let bounds = resource.methods.iter().flat_map(|method| {
        let params = (0..method.params.len()).map(|number| alias(method, number));
        params.chain([output_alias(method)]).map(|alias| {
            quote! {
                for<'__dagstack> #alias:
                    #private::Serialize + #private::DeserializeOwned + #private::Send + 'static,
            }
        })
    });
    quote!(where #(#bounds)*)
}

fn locals(method: &Method<'_>) -> Vec<Ident> {
    (0..method.params.len())
        .map(|number| format_ident!("__dagstack_{}", number))
        .collect()
}

fn names(method: &Method<'_>) -> Vec<String> {
    method
        .params
        .iter()
        .map(|param| crate::words::plain_name(&param.ident))
        .collect()
}

/// The host's end.
fn server(resource: &Resource<'_>, bounds: &TokenStream, private: &TokenStream) -> TokenStream {
    let ident = &resource.item.ident;
    let known = resource.methods.iter().map(|method| &method.name);
    let interface = &resource.args.name;
    let arms = resource.methods.iter().map(|method| {
        let (name, locals, names) = (&method.name, locals(method), names(method));
        let call = spans::located(&method.item.sig.ident);
        let types = (0..locals.len()).map(|number| alias(method, number));
        quote! {
            #name => {
                let mut __dagstack_arguments =
                    #private::Arguments::read(__dagstack_method, __dagstack_params)?;
                #(let #locals: #types = __dagstack_arguments.take(#names)?;)*
                __dagstack_arguments.finish()?;
                let __dagstack_value = #ident::#call(&*self.0, #(#locals),*).await?;
                #private::answer(__dagstack_method, &__dagstack_value)
            }
        }
    });
    quote! {
        struct __dagstack_Served(#private::Arc<dyn #ident>);

        #[automatically_derived]
        impl #private::ResourceServer for __dagstack_Served #bounds {
            fn interface(&self) -> &'static str {
                #interface
            }

            fn call<'a>(
                &'a self,
                __dagstack_method: &'a str,
                __dagstack_params: &'a str,
            ) -> #private::BoxFuture<'a, #private::Result<#private::String, #private::HookError>> {
                #private::Box::pin(async move {
                    match __dagstack_method {
                        #(#arms)*
                        _ => #private::Err(#private::unknown_method(
                            #interface,
                            &[#(#known),*],
                            __dagstack_method,
                        )),
                    }
                })
            }
        }
    }
}

/// The plugin's end.
fn proxy(resource: &Resource<'_>, bounds: &TokenStream, private: &TokenStream) -> TokenStream {
    let ident = &resource.item.ident;
    let methods = resource.methods.iter().map(|method| {
        let (name, locals, names) = (&method.name, locals(method), names(method));
        let types = (0..locals.len()).map(|number| alias(method, number));
        let signature = boxed::Method {
            fn_token: &syn::token::Fn::default(),
            name: &spans::of_any_edition(&method.item.sig.ident),
            is_async: true,
            ctx: None,
            params: locals
                .iter()
                .zip(types)
                .map(|(name, ty)| (quote!(#name), quote!(#ty)))
                .collect(),
            output: &output_alias(method).into_token_stream(),
        }
        .signature(private);
        quote! {
            #signature {
                #private::Box::pin(async move {
                    let __dagstack_parameters = #private::Ok(#private::Parameters::of(#name))
                        #(.and_then(|it: #private::Parameters| it.with(#names, &#locals)))*;
                    self.0.call(#name, __dagstack_parameters).await
                })
            }
        }
    });
    quote! {
        struct __dagstack_There(#private::Remote);

        #[automatically_derived]
        impl #ident for __dagstack_There #bounds {
            #(#methods)*
        }
    }
}

/// Asks whether a type can cross.
const IF_CROSSES: &str = "__dagstack_if_crosses";

/// The one error about each type that cannot cross.
fn checks(resource: &Resource<'_>, private: &TokenStream) -> TokenStream {
    let nothing = TokenStream::new();
    let scope = Scope {
        private: private.clone(),
        self_ty: &nothing,
    };
    let mut checks = TokenStream::new();
    let mut asserted = Asserted::default();
    for method in &resource.methods {
        for (number, param) in method.params.iter().enumerate() {
            let ty = &param.ty.to_token_stream();
            let param = Value {
                ty,
                alias: alias(method, number).into_token_stream(),
                bound: "ResourceParam",
                written: ty,
            };
            checks.extend(param.check_crossing(IF_CROSSES, &mut asserted, &scope));
        }
        let output = Value {
            ty: &method.output,
            alias: output_alias(method).into_token_stream(),
            bound: "ResourceReturn",
            written: &same(&method.output, private),
        };
        checks.extend(output.check_crossing(IF_CROSSES, &mut asserted, &scope));
    }
    // See `aliases`.
    let name = Ident::new("__dagstack_check_types", resource.item.ident.span());
    quote! {
        fn #name() {
            use #private::{Held as _, IfCrosses as _, IfSecret as _};
            #checks
        }
    }
}
