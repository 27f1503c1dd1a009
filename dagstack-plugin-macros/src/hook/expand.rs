//! What a hook becomes: an args struct, an entry of the declaration, an arm of the call, and the
//! assertions about its types.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Index, LitStr};

use super::args::{HookArgs, Model};
use super::called;
use super::output;
use super::signature::{Param, ValueParam};
use crate::asserted::{Asserted, Scope, Value, check_inferred, check_type};
use crate::kind::data::HookData;
use crate::lifetimes::{lifetime, name_elided};
use crate::plugin::model::MemberFn;
use crate::plugin::of_kind;
use crate::spans;
use crate::{cfg, docs};

/// The lifetime of borrowed parameters in generated code.
const BORROWED: &str = "__dagstack_a";

/// What a parameter must be of which its attributes say nothing else.
const INPUT: &str = "HookInput";
/// What a result must be.
const OUTPUT: &str = "HookOutput";

/// A hook, checked.
pub(crate) struct Hook<'a> {
    pub(crate) function: &'a MemberFn,
    pub(crate) args: HookArgs,
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) params: Vec<Param>,
    /// Its place among the hooks as written.
    pub(crate) index: usize,
    /// What the kind says about it, if the kind is a trait, and its place there.
    pub(crate) of_kind: Option<(usize, &'a HookData)>,
    /// The trait of the kind.
    pub(crate) kind_path: Option<&'a syn::Path>,
}

/// A type of the author's and the name the expansion has for it.
pub(crate) struct NamedType {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) name: Ident,
    /// The lifetime of what it borrows.
    pub(crate) generics: TokenStream,
    pub(crate) ty: TokenStream,
}

impl Hook<'_> {
    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        cfg::of(&self.function.attrs)
    }

    pub(crate) fn is_async(&self) -> bool {
        self.function.sig.asyncness.is_some()
    }

    /// How the hook wants to be run.
    pub(crate) fn model(&self) -> Model {
        match &self.args.execution_model {
            Some(model) => model.value,
            None if self.is_async() => Model::Async,
            None => Model::Sync,
        }
    }

    /// The variant of the index enum.
    fn variant(&self) -> Ident {
        format_ident!("Hook{}", self.index)
    }

    fn struct_name(&self) -> Ident {
        format_ident!("__dagstack_Args{}", self.index)
    }

    /// What the expansion calls the type of a parameter.
    pub(crate) fn alias(&self, number: usize) -> Ident {
        format_ident!("__dagstack_Type{}_{}", self.index, number)
    }

    /// The same, as a type, with the lifetime of what it borrows.
    pub(crate) fn alias_of(&self, number: usize, value: &ValueParam, life: &str) -> TokenStream {
        let name = self.alias(number);
        let generics = generics(value, life);
        quote!(#name #generics)
    }

    pub(crate) fn output_alias(&self) -> Ident {
        format_ident!("__dagstack_Output{}", self.index)
    }

    /// The constant under which the call finds the hook.
    pub(crate) fn constant(&self) -> Ident {
        format_ident!("__DAGSTACK_HOOK{}", self.index)
    }

    /// Whether it asks for the context of its call.
    pub(crate) fn takes_context(&self) -> bool {
        let mut params = self.params.iter();
        params.any(|param| matches!(param, Param::Context(_)))
    }

    /// Whether callers outside this program can call it.
    pub(crate) fn is_exposed(&self) -> bool {
        match self.of_kind {
            Some((_, data)) => data.is_exposed,
            None => self.args.mcp_exposed.as_ref().is_none_or(|flag| flag.value),
        }
    }

    /// Whether a parameter is flattened: then the type of the arguments takes any key, and the schema
    /// says which are known.
    fn is_flattened(&self) -> bool {
        self.params
            .iter()
            .any(|param| matches!(param, Param::Value(value) if value.is_flattened()))
    }

    /// The element of the index enum.
    pub(crate) fn index_variant(&self) -> TokenStream {
        let cfgs = self.cfgs();
        let variant = self.variant();
        quote!(#(#cfgs)* #variant,)
    }

    /// The element of the list of execution models.
    pub(crate) fn model_element(&self, scope: &Scope<'_>) -> TokenStream {
        let cfgs = self.cfgs();
        let model = self.model().tokens(&scope.private);
        quote!(#(#cfgs)* #model,)
    }

    /// The types of the hook, each with the name the expansion has for it.
    pub(crate) fn types(&self) -> Vec<NamedType> {
        let cfgs = self.cfgs();
        let params = self.params.iter().enumerate().map(|(number, param)| {
            let (Param::Context(ty) | Param::Value(ValueParam { ty, .. })) = param;
            let (generics, ty) = match param {
                Param::Value(value) if value.is_borrowed() => (
                    generics(value, BORROWED),
                    name_elided(ty.to_token_stream(), &mut || BORROWED.to_owned()),
                ),
                _ => (TokenStream::new(), ty.to_token_stream()),
            };
            (self.alias(number), generics, ty)
        });
        let output = name_elided(output::output(&self.function.sig), &mut || {
            "static".to_owned()
        });
        params
            .chain([(self.output_alias(), TokenStream::new(), output)])
            .map(|(name, generics, ty)| NamedType {
                cfgs: cfgs.clone(),
                name,
                generics,
                ty: spans::without_self(ty, &own()),
            })
            .collect()
    }

    /// The struct the arguments are read into.
    ///
    /// ```text
    /// struct __dagstack_Args0<const __DAGSTACK: bool> { text: __dagstack_Type0_0 }
    /// ```
    ///
    /// The constant parameter makes schemars look at `bound`, which it ignores on a type without
    /// parameters.
    pub(crate) fn args_struct(&self, scope: &Scope<'_>) -> TokenStream {
        // Nothing is read for a hook that only the kind's trait calls.
        if self.of_kind.is_some_and(|(_, data)| !data.is_exposed) {
            return TokenStream::new();
        }
        let private = &scope.private;
        let cfgs = self.cfgs();
        let name = self.struct_name();
        let serde = format!("{private}::serde").replace(' ', "");
        let schemars = format!("{private}::schemars").replace(' ', "");
        let mut items = TokenStream::new();
        let mut fields = TokenStream::new();
        let mut de_bounds = Vec::new();
        let mut schema_bounds = Vec::new();
        for (number, param) in self.params.iter().enumerate() {
            let Param::Value(value) = param else {
                continue;
            };
            let alias = self.alias(number);
            let (value, called) = self.called(number, value, scope);
            items.extend(called);
            let attrs = &value.attrs;
            let field = spans::located(&value.ident);
            let crossing = value.crossing();
            let hidden = (crossing.is_skipped
                && !attrs.iter().any(|attr| attr.path().is_ident("schemars")))
            .then(|| quote!(#[schemars(skip)]));
            fields.extend(quote!(#(#attrs)* #hidden #field: #alias,));
            // `for<'a>` keeps rustc from checking the bound here: it is checked where the struct is
            // used, and there by a question that may be answered with no.
            let bound = |of: &str| format!("for<'__dagstack> {alias}: {of}");
            if crossing.is_read {
                de_bounds.push(bound(&format!("{serde}::Deserialize<'de>")));
            }
            if crossing.is_described {
                schema_bounds.push(bound(&format!("{schemars}::JsonSchema")));
            }
            if let Some(ty) = &crossing.schema_of {
                let ty = ty.value();
                schema_bounds.push(format!("for<'__dagstack> {ty}: {schemars}::JsonSchema"));
            }
            if crossing.needs_default {
                de_bounds.push(bound("::core::default::Default"));
                schema_bounds.push(bound("::core::default::Default"));
            }
        }
        let de_bounds = de_bounds.join(", ");
        let schema_bounds = schema_bounds.join(", ");
        let closed = (!self.is_flattened()).then(|| quote!(deny_unknown_fields,));
        quote! {
            #items
            #(#cfgs)*
            #[derive(#private::serde::Deserialize, #private::schemars::JsonSchema)]
            #[serde(crate = #serde, #closed bound(deserialize = #de_bounds))]
            #[schemars(crate = #schemars, bound = #schema_bounds)]
            struct #name<const __DAGSTACK: bool> { #fields }
        }
    }

    /// Whether an attribute of a parameter calls something of the plugin's own.
    pub(crate) fn calls_self(&self) -> bool {
        self.params.iter().any(|param| {
            matches!(param, Param::Value(value) if value.attrs.iter().any(called::names_self))
        })
    }

    /// The parameter with names for what its attributes call, and the items of these names.
    fn called(
        &self,
        number: usize,
        value: &ValueParam,
        scope: &Scope<'_>,
    ) -> (ValueParam, TokenStream) {
        let mut value = value.clone();
        if value.is_borrowed() {
            return (value, TokenStream::new());
        }
        let cfgs = self.cfgs();
        let place = called::Place {
            private: &scope.private,
            ty: self.alias(number).to_token_stream(),
            prefix: format!("__dagstack_of{}_{number}", self.index),
            own: &own(),
            home: value.ident.span(),
            cfgs: &cfgs,
        };
        let items = called::named(&mut value.attrs, &place);
        (value, items)
    }

    /// The element of the declaration's list of hooks.
    pub(crate) fn declaration(&self, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        let name = &self.name;
        let model = self.model().tokens(private);
        let exposed = self.is_exposed();
        let takes_context = self.takes_context();
        let description = description(
            self.args.description.as_ref(),
            &self.function.attrs,
            private,
        );
        let description = match self.of_kind {
            Some((place, _)) => quote! {
                #private::described::<__dagstack_Kind>(#description, #place)
            },
            None => description,
        };
        let (input_schema, output_schema) = self.schemas(private);
        let texts = self
            .params
            .iter()
            .enumerate()
            .filter_map(|(number, param)| {
                let Param::Value(value) = param else {
                    return None;
                };
                // With serde's attributes the name or the reading may be another.
                if value.is_borrowed()
                    || value.attrs.iter().any(|attr| attr.path().is_ident("serde"))
                {
                    return None;
                }
                let name = value.ident.unraw().to_string();
                let alias = self.alias(number);
                Some(quote!((#name, #private::Probe::<#alias>::IS_TEXT)))
            });
        quote! {
            #(#cfgs)*
            #private::Hook {
                name: #name,
                description: #description,
                execution_model: #model,
                mcp_exposed: #exposed,
                takes_context: #takes_context,
                texts: &[#(#texts),*],
                input_schema: #input_schema,
                output_schema: #output_schema,
                schemas: #private::OnceLock::new(),
            },
        }
    }

    /// The functions that make the schemas of the arguments and the result.
    fn schemas(&self, private: &TokenStream) -> (TokenStream, TokenStream) {
        let args = self.struct_name();
        let output = self.output_alias();
        let schema = format_ident!(
            "{}",
            if self.is_flattened() {
                "__dagstack_flattened_schema"
            } else {
                "__dagstack_input_schema"
            }
        );
        let input = quote!(#private::Probe::<#args<true>>::ASK.#schema());
        match self.of_kind {
            None => (
                quote!(|| #input),
                quote!(|| #private::Probe::<#output>::ASK.__dagstack_output_schema()),
            ),
            Some((place, data)) => {
                let own = data.is_exposed.then_some(input);
                let own = own.unwrap_or_else(|| quote!(#private::no_schema()));
                (
                    quote!(|| #private::kind_input::<__dagstack_Kind>(#place, #own)),
                    quote!(|| #private::kind_output::<__dagstack_Kind>(#place)),
                )
            }
        }
    }

    /// The constant under which the call finds the hook.
    pub(crate) fn index_const(&self) -> TokenStream {
        let cfgs = self.cfgs();
        let variant = self.variant();
        let constant = self.constant();
        quote!(#(#cfgs)* const #constant: usize = __dagstack_Index::#variant as usize;)
    }

    /// The arm of the call.
    pub(crate) fn arm(&self, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        if let Some((place, data)) = self.of_kind
            && !data.is_exposed
        {
            return of_kind::arm_of_hidden(self, place, data, scope);
        }
        let constant = self.constant();
        let args = self.struct_name();
        let method = &self.function.sig.ident;
        let method = spans::located(method);
        let mut has_values = false;
        let call_args: Vec<TokenStream> = self
            .params
            .iter()
            .enumerate()
            .map(|(number, param)| match param {
                Param::Value(value) => {
                    has_values = true;
                    let field = spans::located(&value.ident);
                    quote!(__dagstack_args.#field)
                }
                Param::Context(_) => {
                    let alias = self.alias(number);
                    quote!(#private::Probe::<#alias>::ASK.__dagstack_context(__dagstack_ctx))
                }
            })
            .collect();
        // Arguments are decoded also where there are none: unknown ones are refused.
        let pattern = if has_values {
            quote!(__dagstack_args)
        } else {
            quote!(_)
        };
        let decode = format_ident!(
            "{}",
            if self.is_flattened() {
                "__dagstack_decode_flattened"
            } else {
                "__dagstack_decode"
            }
        );
        let returned = self.output_alias();
        let call = quote!(<Self>::#method(self, #(#call_args),*));
        let decode = quote! {
            let #pattern = #private::Probe::<#args<true>>::ASK
                .#decode(&__DAGSTACK_DECLARATION, __dagstack_hook, __dagstack_input)?;
        };
        // `mut`, because an answer for a type that does not fit borrows mutably.
        let output = if self.is_async() {
            // The arguments end before the future is awaited.
            quote! {
                let __dagstack_future = {
                    #decode
                    #private::MaySend(#call).__dagstack_send()
                };
                let mut __dagstack_output = #private::Returned(__dagstack_future.await);
            }
        } else {
            quote! {
                #decode
                let mut __dagstack_output = #private::Returned(#call);
            }
        };
        quote! {
            #(#cfgs)*
            #constant => #private::Box::pin(async move {
                let __dagstack_hook = &__DAGSTACK_HOOKS[#constant];
                let __dagstack_form = __dagstack_input.form();
                let __dagstack_failure =
                    #private::Probe::<#returned>::ASK.__dagstack_split().1.__dagstack_failure();
                #output
                __dagstack_output.__dagstack_encode(__dagstack_hook, __dagstack_form, __dagstack_failure)
            }),
        }
    }

    /// Whether its types are its own and always there: a kind's author has made sure of the kind's.
    fn is_asserted(&self) -> bool {
        self.of_kind.is_none() && self.cfgs().is_empty()
    }

    /// Has whatever comes later ask whether the parameters fit.
    pub(crate) fn ask_inputs(&self, scope: &Scope<'_>, asserted: &mut Asserted) {
        let private = &scope.private;
        let params = self.params.iter().enumerate();
        for (number, param) in params.filter(|_| self.is_asserted()) {
            if let Param::Value(value) = param
                && value.crossing().bounds(INPUT).contains(&INPUT)
            {
                let alias = self.alias(number);
                let question = quote!(#private::Probe::<#alias>::ASK.__dagstack_if_input);
                asserted.ask(INPUT, &value.ty, question);
            }
        }
    }

    /// The same of the result.
    pub(crate) fn ask_output(&self, scope: &Scope<'_>, asserted: &mut Asserted) {
        if self.is_asserted() {
            let (private, alias) = (&scope.private, self.output_alias());
            let question =
                quote!(#private::Probe::<#alias>::ASK.__dagstack_split().0.__dagstack_if_output);
            asserted.ask(OUTPUT, output::output(&self.function.sig), question);
        }
    }

    /// One assertion per type, each an error at the author's own tokens.
    pub(crate) fn assertions(&self, scope: &Scope<'_>, asserted: &mut Asserted) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        let mut checks = TokenStream::new();
        // What is conditional stands for nothing else.
        let is_new = |asserted: &mut Asserted, bound: &str, ty: &TokenStream| {
            !cfgs.is_empty() || asserted.is_new(bound, ty)
        };
        for (number, param) in self.params.iter().enumerate() {
            match param {
                // The kind's author has made sure of the kind's types.
                Param::Value(_) if self.of_kind.is_some() => {}
                Param::Value(value) => {
                    let crossing = self.called(number, value, scope).0.crossing();
                    let ty = value.ty.to_token_stream();
                    for bound in crossing.bounds(INPUT) {
                        if !is_new(asserted, bound, &ty) {
                            continue;
                        }
                        checks.extend(if bound == INPUT {
                            let value = Value {
                                ty: &ty,
                                alias: self.alias(number).into_token_stream(),
                                bound,
                                written: &ty,
                            };
                            value.check(bound, asserted, scope)
                        } else {
                            check_type(&ty, bound, None, scope)
                        });
                    }
                    if let Some(Ok(ty)) = crossing.schema_of.map(|ty| ty.parse::<syn::Type>()) {
                        checks.extend(check_type(ty, "Described", None, scope));
                    }
                }
                Param::Context(ty) => checks.extend(check_type(ty, "ContextParam", None, scope)),
            }
        }
        let output = self.output_alias();
        let split = quote!(#private::Probe::<#output>::ASK.__dagstack_split());
        let value = match self.of_kind {
            Some(_) => {
                let kind = of_kind::value_name(self);
                quote!(HookReturn<#kind>)
            }
            None => Ident::new(OUTPUT, Span::call_site()).into_token_stream(),
        };
        let returned = output::output(&self.function.sig);
        for (index, bound) in [value, quote!(HookFailure)].into_iter().enumerate() {
            if !is_new(asserted, &bound.to_string(), &returned) {
                continue;
            }
            let part = Index::from(index);
            let probe = quote!(#split.#part);
            let after_others = (index == 0 && self.of_kind.is_none())
                .then(|| asserted.after_others(OUTPUT, &returned, probe.clone()))
                .flatten();
            let probe = after_others.unwrap_or(probe);
            let place = output::output_place(&self.function.sig, index);
            checks.extend(check_inferred(bound, probe, place, scope));
        }
        if self.is_async() {
            let method = spans::located(&self.function.sig.ident);
            let values: Vec<_> = self
                .params
                .iter()
                .filter(|param| matches!(param, Param::Value(_)))
                .collect();
            let (names, types): (Vec<Ident>, Vec<TokenStream>) = self
                .params
                .iter()
                .enumerate()
                .map(|(number, param)| {
                    let alias = self.alias(number);
                    (
                        format_ident!("__dagstack_{}", number),
                        match param {
                            Param::Value(value) => self.alias_of(number, value, "_"),
                            Param::Context(_) => quote!(&#alias),
                        },
                    )
                })
                .unzip();
            let mut call = quote!(<Self>::#method(__dagstack_self, #(#names),*));
            if self.of_kind.is_some() {
                // Types that cannot move between threads are the kind's mistake.
                let given = of_kind::given_name(self);
                call = quote!(#private::Probe::<#given<'_>>::ASK.__dagstack_if_send(#call));
            } else if !values.is_empty() {
                // A type that cannot be read is one mistake, whether it is `Send` or not.
                let args = self.struct_name();
                call = quote!(#private::Probe::<#args<true>>::ASK.__dagstack_if_read(#call));
            }
            checks.extend(check_send(
                call,
                quote!(__dagstack_self: &Self, #(#names: #types),*),
                self.function,
                scope,
            ));
        }
        quote!(#(#cfgs)* { #checks })
    }
}

/// What `Self` is called outside the author's block.
pub(crate) fn own() -> Ident {
    format_ident!("__dagstack_Self")
}

/// `<'life>` for a parameter that borrows.
fn generics(value: &ValueParam, life: &str) -> TokenStream {
    if value.is_borrowed() {
        let life = lifetime(life, Span::call_site());
        quote!(<#life>)
    } else {
        TokenStream::new()
    }
}

/// Asserts that the future of a call is `Send`, at the function's name. A cast says so without
/// naming anything of ours.
pub(crate) fn check_send(
    call: TokenStream,
    params: TokenStream,
    function: &MemberFn,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let span = spans::at(function.sig.ident.span());
    let future = quote_spanned!(span=> __dagstack_future);
    let cast = quote_spanned!(span=> &#future);
    // Only an attribute of another macro can take `async` off.
    let is_async = function.attrs.iter().any(is_foreign).then(|| {
        let check = quote_spanned!(span=> <_ as #private::AsyncFn>::__dagstack_check);
        quote!(#check(#cast);)
    });
    quote! {
        let _ = |#params| {
            let #future = #call;
            #is_async
            let _: &dyn #private::Send = #cast;
        };
    }
}

/// Whether an attribute may be a macro.
fn is_foreign(attr: &Attribute) -> bool {
    const BUILT_IN: &[&str] = &[
        "allow",
        "cfg",
        "cfg_attr",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "must_use",
        "track_caller",
        "warn",
    ];
    !BUILT_IN.iter().any(|name| attr.path().is_ident(name))
}

/// A description, of an argument or the doc comments, as an `Option`.
pub(crate) fn description(
    given: Option<&LitStr>,
    attrs: &[Attribute],
    private: &TokenStream,
) -> TokenStream {
    let text = match given {
        Some(text) => Some(text.to_token_stream()),
        None => docs::text(attrs),
    };
    match text {
        Some(text) => quote!(#private::non_empty(#private::Some(#text))),
        None => quote!(#private::None),
    }
}
