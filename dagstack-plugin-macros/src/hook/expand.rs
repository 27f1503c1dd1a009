//! What a hook becomes: an entry of the declaration and an arm of the call; and what all hooks share
//! that take or return the same type.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, LitStr};

use super::args::Model;
use super::called;
use super::model::{Hook, own};
use super::output;
use super::signature::{Param, ValueParam};
use crate::asserted::Scope;
use crate::docs;
use crate::kind::data::HookData;
use crate::spans;

impl Hook<'_> {
    /// The element of the list of execution models.
    pub(crate) fn model_element(&self, scope: &Scope<'_>) -> TokenStream {
        let cfgs = self.cfgs();
        let model = self.model().tokens(&scope.private);
        quote!(#(#cfgs)* #model,)
    }

    /// What the attributes of parameters want derives for: the struct that the arguments are read into
    /// or, where each is read by itself, for each a struct that has its schema.
    pub(crate) fn derived(&self, krate: &TokenStream, scope: &Scope<'_>) -> TokenStream {
        if !self.is_read() {
            return TokenStream::new();
        }
        if !self.is_read_by_slots() {
            let values: Vec<_> = self.values().collect();
            return self.derive(&self.struct_name(), &values, krate, scope);
        }
        self.values()
            .filter(|(_, value)| value.crossing.is_described_apart())
            .map(|value| self.derive(&self.property_name(value.0), &[value], krate, scope))
            .collect()
    }

    /// A struct with a field for each of the parameters.
    ///
    /// ```text
    /// struct __dagstack_Args0<const __DAGSTACK: bool> { text: __dagstack_Type0 }
    /// ```
    ///
    /// The constant parameter makes schemars look at `bound`, which it ignores on a type without
    /// parameters.
    fn derive(
        &self,
        name: &Ident,
        values: &[(usize, &ValueParam)],
        krate: &TokenStream,
        scope: &Scope<'_>,
    ) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        let of_crate = |name| format!("{krate}::{name}").replace(' ', "");
        let (serde, schemars) = (of_crate("serde"), of_crate("schemars"));
        let mut items = TokenStream::new();
        let mut fields = TokenStream::new();
        let mut de_bounds = Vec::new();
        let mut schema_bounds = Vec::new();
        for &(number, value) in values {
            let alias = self.alias(number);
            let (value, called) = self.called(number, value, scope);
            items.extend(called);
            let attrs = &value.attrs;
            let field = spans::located(&value.ident);
            let crossing = &value.crossing;
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
        let read = (!self.is_read_by_slots()).then(|| {
            quote! {
                #[derive(#private::serde::Deserialize)]
                #[serde(crate = #serde, #closed bound(deserialize = #de_bounds))]
            }
        });
        quote! {
            #items
            #(#cfgs)*
            #read
            #[derive(#private::schemars::JsonSchema)]
            #[schemars(crate = #schemars, bound = #schema_bounds)]
            struct #name<const __DAGSTACK: bool> { #fields }
        }
    }

    /// The parameter with names for what its attributes call, and the items of these names.
    pub(super) fn called(
        &self,
        number: usize,
        value: &ValueParam,
        scope: &Scope<'_>,
    ) -> (ValueParam, TokenStream) {
        if value.is_borrowed() {
            return (value.clone(), TokenStream::new());
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
        let mut attrs = value.attrs.clone();
        let items = called::named(&mut attrs, &place);
        (
            ValueParam::new(value.ident.clone(), value.ty.clone(), attrs),
            items,
        )
    }

    /// The element of the declaration's list of hooks.
    pub(crate) fn declaration(&self, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        let name = &self.name;
        let model = match self.model() {
            Model::Sync => None,
            model => {
                let model = model.tokens(private);
                Some(quote!(.with_execution_model(#model)))
            }
        };
        let hidden = (!self.is_exposed()).then(|| quote!(.not_exposed()));
        let context = self.takes_context().then(|| quote!(.with_context()));
        let annotations = self.args.annotations.tokens(private);
        let annotations = annotations.map(|given| quote!(.with_annotations(#given)));
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
        let output_schema = match self.of_kind {
            None => schema_name(self.type_number(self.params.len())).into_token_stream(),
            Some((place, _)) => quote!(|| #private::kind_output::<__dagstack_Kind>(#place)),
        };
        let input_schema = self.input_schema(private);
        let params = self
            .values()
            .map(|(place, value)| self.param(place, value, private));
        quote! {
            #(#cfgs)*
            #private::Hook::new(#name, &[#(#params),*], #output_schema)
                .with_description(#description) #model #hidden #context #annotations #input_schema,
        }
    }

    /// The element of the hook's list of parameters.
    fn param(&self, place: usize, value: &ValueParam, private: &TokenStream) -> TokenStream {
        let crossing = &value.crossing;
        let renamed = crossing.rename.as_ref().map(|(name, _)| name.clone());
        let name = renamed.unwrap_or_else(|| value.ident.unraw().to_string());
        let aliases = crossing.aliases.iter().map(|(alias, _)| alias);
        let aliases =
            (!crossing.aliases.is_empty()).then(|| quote!(.with_aliases(&[#(#aliases),*])));
        if !self.is_read() || !self.is_read_by_slots() {
            let is_flattened = crossing.is_flattened;
            return quote!(#private::Param::of_struct(#name, #is_flattened) #aliases);
        }
        let input = input_name(self.type_number(place));
        let has_default = crossing.needs_default || crossing.default.is_some();
        let default = has_default.then(|| quote!(.with_default()));
        let (doc, property) = if crossing.is_described_apart() {
            let name = self.property_name(place);
            let property = quote!(.with_property(|__dagstack_generator| {
                #private::Probe::<#name<true>>::ASK.__dagstack_schema(__dagstack_generator)
            }));
            (quote!(""), Some(property))
        } else {
            let doc = docs::text(&value.attrs);
            (doc.unwrap_or_else(|| quote!("")), None)
        };
        quote!(#input.param(#name, #doc) #aliases #default #property)
    }

    /// What takes an argument out of its slot.
    fn take(&self, number: usize, value: &ValueParam, scope: &Scope<'_>) -> TokenStream {
        let crossing = self.called(number, value, scope).0.crossing;
        let default = crossing.default.as_ref();
        if let Some(default) = default.and_then(|text| text.parse::<syn::ExprPath>().ok()) {
            let default = spans::located(default);
            return quote!(__dagstack_take_or(#default));
        }
        if crossing.needs_default {
            let (private, ty) = (&scope.private, self.alias(number));
            return quote!(__dagstack_take_or(|| {
                #private::Probe::<#ty>::ASK.__dagstack_default()
            }));
        }
        quote!(__dagstack_take())
    }

    /// How the schema of the arguments is made, if not from those of the parameters.
    fn input_schema(&self, private: &TokenStream) -> Option<TokenStream> {
        let args = self.struct_name();
        let input = match (self.is_read(), self.is_read_by_slots(), self.is_flattened()) {
            (false, ..) => quote!(#private::no_schema),
            (_, true, _) if self.of_kind.is_none() => return None,
            (_, true, _) => quote!(#private::Hook::parameters_schema),
            (.., false) => {
                quote!(|_| #private::Probe::<#args<true>>::ASK.__dagstack_input_schema())
            }
            (.., true) => {
                quote!(|_| #private::Probe::<#args<true>>::ASK.__dagstack_flattened_schema())
            }
        };
        let input = match self.of_kind {
            None => input,
            Some((place, _)) => quote!(|__dagstack_hook| {
                #private::kind_input::<__dagstack_Kind>(#place, __dagstack_hook, #input)
            }),
        };
        Some(quote!(.with_input_schema(#input)))
    }

    /// The arm of a hook that is not exposed.
    fn arm_of_hidden(&self, place: usize, data: &HookData, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        let constant = self.place();
        let self_ty = scope.self_ty;
        let method = spans::located(&self.function.sig.ident);
        let (path, hook_ident) = (self.kind_path, &data.ident);
        quote! {
            #(#cfgs)*
            #constant => {
                // A package that calls no hook of the kind still has a use for its method.
                #private::used((<#self_ty>::#method, <__dagstack_Kind as #path>::#hook_ident));
                #private::Ok(#private::hidden_hook(<__dagstack_Kind as #private::Kind>::SPEC, #place))
            }
        }
    }

    /// The arm of the call.
    pub(crate) fn arm(&self, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let cfgs = self.cfgs();
        if let Some((place, data)) = self.of_kind
            && !data.is_exposed
        {
            return self.arm_of_hidden(place, data, scope);
        }
        let place = self.place();
        let by_slots = self.is_read_by_slots();
        let (mut slots, mut inputs) = (Vec::new(), Vec::new());
        let args = self.struct_name();
        if !by_slots {
            slots.push(format_ident!("__dagstack_args"));
            inputs.push(quote!(#private::Probe::<#args<true>>::INPUT));
        }
        let given: Vec<TokenStream> = self
            .params
            .iter()
            .enumerate()
            .map(|(number, param)| match param {
                Param::Value(value) if by_slots => {
                    let taken = self.take(number, value, scope);
                    let slot = format_ident!("__dagstack_{}", number);
                    inputs.push(input_name(self.type_number(number)).into_token_stream());
                    slots.push(slot.clone());
                    quote!(#slot.#taken)
                }
                Param::Value(value) => {
                    let field = spans::located(&value.ident);
                    quote!(__dagstack_args.#field)
                }
                Param::Context(_) => {
                    let context = context_name(self.type_number(number));
                    quote!(#context(__dagstack_ctx))
                }
            })
            .collect();
        let method = spans::located(&self.function.sig.ident);
        let mut call = quote!(<Self>::#method(self, #(#given),*));
        let read = if by_slots {
            quote!(__dagstack_arguments.read(&mut [#(&mut #slots),*])?)
        } else {
            call = quote!({ let __dagstack_args = __dagstack_args.__dagstack_take(); #call });
            quote!(__dagstack_arguments.read_struct(&mut __dagstack_args)?)
        };
        let output = self.params.len();
        let then = if self.returns_borrowed() {
            let of = output::output(&self.function.sig);
            let ty = self.alias(output);
            quote!(#private::then!(#ty, #of))
        } else {
            then_name(self.type_number(output)).into_token_stream()
        };
        let future = if self.is_async() {
            quote! {
                let __dagstack_call = #private::MaySend(#call).__dagstack_send();
                #private::Awaited::call(__dagstack_call, #then, __dagstack_encoding)
            }
        } else {
            quote!(#private::not_awaited(move || (#then)(#call, __dagstack_encoding)))
        };
        quote! {
            #(#cfgs)*
            #place => {
                #(let mut #slots = #inputs.__dagstack_slot();)*
                let __dagstack_encoding = #read;
                #future
            }
        }
    }
}

/// What the arms share: one constant for each type that is read, returned or lent, which says how.
pub(crate) fn shared(hooks: &[Hook<'_>], scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let mut items = TokenStream::new();
    let mut known = HashSet::new();
    for hook in hooks.iter().filter(|hook| hook.is_read()) {
        let cfgs = hook.cfgs();
        for place in 0..=hook.params.len() {
            let (number, ty) = (hook.type_number(place), hook.alias(place));
            let (name, item) = match hook.params.get(place) {
                Some(Param::Value(_)) if !hook.is_read_by_slots() => continue,
                Some(Param::Value(_)) => {
                    let name = input_name(number);
                    let of = quote!(&'static #private::Input<#ty> = #private::Probe::<#ty>::INPUT);
                    (name, of)
                }
                Some(Param::Context(_)) => (
                    context_name(number),
                    quote! {
                        fn(&#private::HookContext) -> &#ty =
                            |__dagstack_ctx| #private::Probe::<#ty>::ASK.__dagstack_context(__dagstack_ctx)
                    },
                ),
                None => {
                    // What borrows from the plugin is not the type that has a name here.
                    if !hook.returns_borrowed() {
                        let (name, then) = (then_name(number), quote!(#private::then!(#ty, #ty)));
                        if known.insert(name.clone()) {
                            let of = quote!(#private::Then<#ty>);
                            items.extend(quote!(#(#cfgs)* const #name: #of = #then;));
                        }
                    }
                    // A kind says what its hooks return.
                    if hook.of_kind.is_some() {
                        continue;
                    }
                    let schema = quote! {
                        fn() -> #private::Schema =
                            || #private::Probe::<#ty>::ASK.__dagstack_output_schema()
                    };
                    (schema_name(number), schema)
                }
            };
            if known.insert(name.clone()) {
                items.extend(quote!(#(#cfgs)* const #name: #item;));
            }
        }
    }
    items
}

/// How many hooks there are, and the constants under which the call finds them where a hook is
/// conditional and only the compiler can count.
pub(crate) fn places(hooks: &[Hook<'_>]) -> (TokenStream, TokenStream) {
    let count = hooks.len();
    if hooks.iter().all(|hook| hook.cfgs().is_empty()) {
        return (TokenStream::new(), quote!(#count));
    }
    let (cfgs, constants): (Vec<_>, Vec<_>) = hooks
        .iter()
        .map(|hook| (hook.cfgs(), hook.constant()))
        .unzip();
    let places = quote! {
        enum __dagstack_Index { #(#(#cfgs)* #constants,)* Count }
        #(#(#cfgs)* const #constants: usize = __dagstack_Index::#constants as usize;)*
    };
    (places, quote!(__dagstack_Index::Count as usize))
}

/// How a type is read.
fn input_name(number: usize) -> Ident {
    format_ident!("__DAGSTACK_INPUT{}", number)
}

/// What becomes of a result.
fn then_name(number: usize) -> Ident {
    format_ident!("__DAGSTACK_THEN{}", number)
}

/// The schema of a result.
fn schema_name(number: usize) -> Ident {
    format_ident!("__DAGSTACK_SCHEMA{}", number)
}

/// The context as a hook takes it.
fn context_name(number: usize) -> Ident {
    format_ident!("__DAGSTACK_CONTEXT{}", number)
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
        Some(text)
            if syn::parse2::<LitStr>(text.clone()).is_ok_and(|it| !it.value().is_empty()) =>
        {
            quote!(#private::Some(#text))
        }
        Some(text) => quote!(#private::non_empty(#private::Some(#text))),
        None => quote!(#private::None),
    }
}
