//! What a plugin becomes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::LitStr;

use super::args::{PluginArgs, UnitOfWork};
use super::checked::Plugin;
use super::{of_kind, warn};
use crate::asserted::{Asserted, Scope};
use crate::hook::args::Model;
use crate::hook::expand::{self as hook, description};
use crate::hook::model::{Hook, NamedType, own};
use crate::words::has_word;
use crate::{lifecycle, spans};

/// Everything but the impl block itself.
pub(crate) fn expand(plugin: &Plugin<'_>) -> TokenStream {
    // The author's own tokens, in headers of implementations and in expressions: if the type is
    // wrong, the error there is, hint for hint, that of the block, and the compiler shows equal
    // errors once.
    let self_ty = plugin.block.self_ty.to_token_stream();
    let krate = plugin.args.krate.private();
    let private = quote!(__dagstack);
    let scope = Scope {
        private: private.clone(),
        self_ty: &self_ty,
    };
    let hooks = &plugin.hooks;
    let derived = hooks.iter().map(|hook| hook.derived(&krate, &scope));
    let shared = hook::shared(hooks, &scope);
    let (places, count) = hook::places(hooks);
    let elements = hooks.iter().map(|hook| hook.declaration(&scope));
    let declaration = declaration(plugin, &scope);
    let impls = impls(plugin, &scope);
    let types = types(plugin, &scope);
    let checks = checks(plugin, &scope);
    let kind = of_kind::expand(plugin, &scope);
    let warnings = warn::warnings(plugin);
    let items = plugin.args.krate.hidden(&quote! {
        use #krate::{self as #private, ask::*};

        #places
        #types
        #checks
        #shared
        #(#derived)*
        static __DAGSTACK_HOOKS: [#private::Hook; #count] = [#(#elements)*];
        #declaration
        #kind
        #impls
        #private::inventory::submit! { #private::Probe::<#self_ty>::REGISTRATION }
    });
    quote!(#items #warnings)
}

fn impls(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let self_ty = scope.self_ty;
    // Two plugins of one type are an error about these headers; this puts it at the type.
    let span = spans::at(syn::spanned::Spanned::span(&plugin.block.self_ty));
    let header = quote::quote_spanned!(span=> impl #private::Plugin for);
    let arms = plugin.hooks.iter().map(|hook| hook.arm(scope));
    let health = lifecycle::method(
        plugin.health.as_ref(),
        &quote!(fn health(&self) -> #private::BoxFuture<'_, #private::Health>),
        ("HealthOutcome", "into_health"),
        scope,
    );
    let released = quote!(#private::Result<#private::Released, #private::PluginError>);
    let teardown = lifecycle::method(
        plugin.teardown.as_ref(),
        &quote!(fn teardown(&self) -> #private::BoxFuture<'_, #released>),
        ("TeardownOutcome", "into_released"),
        scope,
    );
    let setup = lifecycle::setup_body(plugin.setup.as_ref(), scope);
    let native = of_kind::native(plugin, scope);
    quote! {
        #[automatically_derived]
        #header #self_ty
        where
            for<'__dagstack> Self: #private::Send + #private::Sync + 'static,
        {
            fn declaration() -> &'static #private::Declaration {
                &__DAGSTACK_DECLARATION
            }

            fn setup(__dagstack_ctx: #private::SetupContext) -> #private::SetUp<Self> {
                #setup
            }

            fn call<'__dagstack_a>(
                &'__dagstack_a self,
                __dagstack_hook: usize,
                __dagstack_ctx: &'__dagstack_a #private::HookContext,
                __dagstack_arguments: #private::Arguments<'_>,
            ) -> #private::Called<'__dagstack_a> {
                match __dagstack_hook {
                    #(#arms)*
                    _ => #private::no_such_hook(),
                }
            }

            #health
            #teardown
            #native
        }
    }
}

/// Names for the author's types.
///
/// They and the assertions mention the types in the author's own tokens, and in an `impl` that claims
/// to be the author's. So the error about a type that does not exist is, hint for hint, the one that
/// the method itself gets, and rustc shows equal errors once.
fn types(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let self_ty = scope.self_ty;
    let impl_token = &plugin.block.impl_token;
    let context = lifecycle::setup_type(plugin.setup.as_ref());
    let types: Vec<&NamedType> = plugin.types.iter().chain(&context).collect();
    let own = own();
    let own_name = own.to_string();
    let is_named = types.iter().any(|named| has_word(&named.ty, &own_name))
        || plugin.hooks.iter().any(Hook::calls_self);
    let named = is_named.then(|| quote!(type #own = #self_ty;));
    let declared = types.iter().map(
        |NamedType {
             cfgs,
             name,
             generics,
             ..
         }| { quote!(#(#cfgs)* type #name #generics: ?#private::Sized;) },
    );
    let defined = types.iter().map(
        |NamedType {
             cfgs,
             name,
             generics,
             ty,
         }| { quote!(#(#cfgs)* type #name #generics = #ty;) },
    );
    let aliases = types.iter().map(
        |NamedType {
             cfgs,
             name,
             generics,
             ..
         }| {
            quote! {
                #(#cfgs)*
                type #name #generics = <() as __dagstack_Types>::#name #generics;
            }
        },
    );
    quote! {
        #named
        trait __dagstack_Types { #(#declared)* }
        #impl_token __dagstack_Types for () { #(#defined)* }
        #(#aliases)*
    }
}

/// The assertions about the types.
fn checks(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let (private, self_ty) = (&scope.private, scope.self_ty);
    let impl_token = &plugin.block.impl_token;
    let mut asserted = Asserted::default();
    if let Some(context) = plugin.setup.as_ref().and_then(|setup| setup.context) {
        let config = quote!(#private::Probe::<__dagstack_Context>::ASK.__dagstack_config());
        asserted.ask("ConfigType", context, quote!(#config.__dagstack_if_input));
    }
    for hook in &plugin.hooks {
        hook.ask_inputs(scope, &mut asserted);
    }
    for hook in &plugin.hooks {
        hook.ask_output(scope, &mut asserted);
    }
    let hooks: Vec<_> = plugin
        .hooks
        .iter()
        .map(|hook| hook.assertions(scope, &mut asserted))
        .collect();
    let setup = lifecycle::setup_assertions(plugin.setup.as_ref(), &plugin.block.self_ty, scope);
    let teardown = lifecycle::method_assertions(plugin.teardown.as_ref(), scope);
    let health = lifecycle::method_assertions(plugin.health.as_ref(), scope);
    let shared = shared(plugin, scope);
    quote! {
        trait __dagstack_Checks {
            fn __dagstack_check();
        }
        #impl_token __dagstack_Checks for #self_ty
        where
            for<'__dagstack> Self: #private::Send + #private::Sync + 'static,
        {
            // Compiled, but never run.
            fn __dagstack_check() {
                #setup
                #teardown
                #health
                #(#hooks)*
            }
        }
        #shared
    }
}

/// The assertion that a plugin can be shared between threads.
fn shared(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let (private, self_ty) = (&scope.private, scope.self_ty);
    let span = spans::at(syn::spanned::Spanned::span(&plugin.block.self_ty));
    let shared = quote::quote_spanned!(span=> __dagstack_self);
    let borrowed = quote::quote_spanned!(span=> &#shared);
    // Whether the type is `Send` is asked only if it is `Sync`: `Rc` is neither, and that is one
    // mistake.
    quote! {
        const _: fn(&#self_ty) = |#shared| {
            let _: &dyn #private::Sync = #shared;
            let #shared = #private::Probe::<#self_ty>::ASK.__dagstack_if_sync();
            let _: &dyn #private::Send = #borrowed;
        };
    }
}

fn declaration(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let type_name = plugin.type_name();
    let config_schema = lifecycle::config_schema(plugin.setup.as_ref(), scope);
    // Reported while parsing if they are missing; nothing is expanded then.
    let kind = plugin.kind_name().unwrap_or_default();
    let name = plugin.args.name.as_ref().map(LitStr::value);
    let name = name.unwrap_or_default();
    let fields = fields(plugin, scope);
    quote! {
        static __DAGSTACK_DECLARATION: #private::Declaration = #private::Declaration {
            #fields
            ..#private::declaration(
                #kind,
                #name,
                ::core::concat!(::core::module_path!(), "::", #type_name),
                &__DAGSTACK_HOOKS,
                #config_schema,
            )
            .of_package(#private::package!())
        };
    }
}

/// The fields of the declaration that are not their default.
fn fields(plugin: &Plugin<'_>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let args = plugin.args;
    let mut fields = Fields::default();

    for (name, text) in [
        ("version", &args.version),
        ("license", &args.license),
        ("homepage", &args.homepage),
        ("maintainer", &args.maintainer),
    ] {
        if let Some(text) = text {
            fields.set(name, quote!(#private::Some(#text)));
        }
    }
    if let Some(authors) = &args.authors {
        fields.set("authors", quote!(&[#(#authors),*]));
    }
    fields.set(
        "description",
        description(args.description.as_ref(), &plugin.block.attrs, private),
    );
    let is_conditional = plugin.hooks.iter().any(|hook| !hook.cfgs().is_empty());
    let most = plugin.hooks.iter().map(Hook::model).max();
    let model = args.execution_model.as_ref().map(|model| model.value);
    match model.or(most.filter(|_| !is_conditional)) {
        Some(Model::Sync) => {}
        Some(model) => fields.set("execution_model", model.tokens(private)),
        None => {
            let models = plugin.hooks.iter().map(|hook| hook.model_element(scope));
            let most = quote!(#private::most_demanding(&[#(#models)*]));
            fields.set("execution_model", most);
        }
    }
    if let Some(kind) = plugin.kind {
        fields.set(
            "kind_spec",
            quote!(#private::Some(<__dagstack_Kind as #private::Kind>::SPEC)),
        );
        if args.kind_api_version.is_none() {
            // What every published host can read.
            let major = kind.data.version.split('.').next();
            fields.set("kind_api_version", quote!(#major));
        }
    }
    given(&mut fields, args, private);
    fields.0
}

/// The fields that are there only if the author gave them.
fn given(fields: &mut Fields, args: &PluginArgs, private: &TokenStream) {
    for (name, text) in [
        ("kind_api_version", &args.kind_api_version),
        ("core_version", &args.core_version),
    ] {
        if let Some(text) = text {
            fields.set(name, quote!(#text));
        }
    }
    if let Some(text) = &args.health_check {
        fields.set("health_check", quote!(#private::Some(#text)));
    }
    for (name, texts) in [
        ("capabilities", &args.capabilities),
        ("supports_languages", &args.supports_languages),
        ("supports_extensions", &args.supports_extensions),
        ("supports_mime_types", &args.supports_mime_types),
    ] {
        fields.texts(name, texts);
    }
    for (name, flag) in [
        ("tryfirst", &args.tryfirst),
        ("trylast", &args.trylast),
        ("fallback", &args.fallback),
        ("in_process_only", &args.in_process_only),
    ] {
        if let Some(flag) = flag {
            let flag = flag.value;
            fields.set(name, quote!(#flag));
        }
    }
    if let Some(priority) = &args.priority {
        let priority = priority.value;
        fields.set("priority", quote!(#priority));
    }
    for (name, seconds) in [
        ("startup_timeout_sec", &args.startup_timeout_sec),
        ("teardown_timeout_sec", &args.teardown_timeout_sec),
    ] {
        if let Some(seconds) = seconds {
            let seconds = seconds.value;
            fields.set(name, quote!(#private::Some(#seconds)));
        }
    }
    if let Some(resources) = &args.resources {
        fields.texts("resources_required", &resources.required);
        fields.texts("resources_optional", &resources.optional);
    }
    if let Some(unit) = &args.unit_of_work {
        let unit = unit_of_work(unit, private);
        fields.set("unit_of_work", quote!(#private::Some(#unit)));
    }
    if let Some(wrap) = &args.chain_wrap {
        let (kinds, hooks) = (&wrap.kinds, &wrap.hooks);
        fields.set(
            "chain_wrap",
            quote!(#private::Some(#private::ChainWrapDecl {
                kinds: &[#(#kinds),*],
                hooks: &[#(#hooks),*],
            })),
        );
    }
    if !args.metadata.is_empty() {
        let (keys, values): (Vec<_>, Vec<_>) = args
            .metadata
            .iter()
            .map(|(key, value)| (key, value))
            .unzip();
        fields.set("metadata", quote!(&[#((#keys, #values)),*]));
    }
    if !args.depends_on.is_empty() {
        let plugins = args.depends_on.iter().map(|text| {
            let (kind, name) = dependency(&text.value());
            let kind = match kind {
                Some(kind) => quote!(#private::Some(#kind)),
                None => quote!(#private::None),
            };
            quote!(#private::DependsOn { kind: #kind, name: #name })
        });
        fields.set("depends_on", quote!(&[#(#plugins),*]));
    }
}

/// `kind.name` or `name`.
pub(super) fn dependency(text: &str) -> (Option<String>, String) {
    match text.split_once('.') {
        Some((kind, name)) => (Some(kind.to_owned()), name.to_owned()),
        None => (None, text.to_owned()),
    }
}

fn unit_of_work(unit: &UnitOfWork, private: &TokenStream) -> TokenStream {
    let partition_key = option(unit.partition_key.as_ref(), private);
    let duration = option(
        unit.estimated_duration_sec.as_ref().map(|number| {
            let number = number.value;
            quote!(#number)
        }),
        private,
    );
    let mode = match unit.idempotency_mode.as_ref().map(LitStr::value).as_deref() {
        Some("input_hash") => "InputHash",
        Some("output_hash") => "OutputHash",
        _ => "None",
    };
    let mode = Ident::new(mode, Span::call_site());
    let checkpointable = unit.checkpointable.as_ref().is_some_and(|flag| flag.value);
    let content_hash = &unit.content_hash;
    quote! {
        #private::UnitOfWorkDecl {
            partition_key: #partition_key,
            estimated_duration_sec: #duration,
            idempotency_mode: #private::IdempotencyMode::#mode,
            checkpointable: #checkpointable,
            content_hash: &[#(#content_hash),*],
        }
    }
}

fn option(value: Option<impl quote::ToTokens>, private: &TokenStream) -> TokenStream {
    match value {
        Some(value) => quote!(#private::Some(#value)),
        None => quote!(#private::None),
    }
}

/// `name: value,` again and again.
#[derive(Default)]
struct Fields(TokenStream);

impl Fields {
    fn set(&mut self, name: &str, value: TokenStream) {
        let name = Ident::new(name, Span::call_site());
        self.0.extend(quote!(#name: #value,));
    }

    fn texts(&mut self, name: &str, texts: &[LitStr]) {
        if !texts.is_empty() {
            self.set(name, quote!(&[#(#texts),*]));
        }
    }
}
