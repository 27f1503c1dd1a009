//! `#[setup]`, `#[teardown]` and `#[health]`: the functions a host calls around the hooks.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, Meta, Type, TypeReference};

use crate::asserted::{Scope, check_inferred, check_send, check_type};
use crate::ctxt::Ctxt;
use crate::hook::model::{NamedType, own};
use crate::hook::output::{check_output, output, place};
use crate::hook::signature::{check_plain, check_receiver};
use crate::hook::types;
use crate::plugin::model::{ImplBlock, Mark, MemberFn};
use crate::words::{self, shown};
use crate::{cfg, lifetimes, spans};

/// A lifecycle function, checked.
pub(crate) struct Lifecycle<'a> {
    pub(crate) function: &'a MemberFn,
    /// `#[setup]`: the type behind the `&` of its parameter.
    pub(crate) context: Option<&'a Type>,
}

/// The function with the mark `name`, if there is a usable one.
pub(crate) fn find<'a>(
    block: &'a ImplBlock,
    name: &'static str,
    cx: &Ctxt,
) -> Option<Lifecycle<'a>> {
    let owner = format!("`#[{name}]`");
    let mut found: Option<Lifecycle<'a>> = None;
    for (function, mark) in block.marked(name) {
        if let Some(first) = &found {
            cx.error_at(
                &function.sig.ident,
                format!(
                    "a plugin has one {owner}, and `{}` is one already",
                    first.function.sig.ident
                ),
            );
            continue;
        }
        check_mark(mark, &owner, cx);
        let help = "put the condition into its body";
        let problem = format!("{owner} cannot be conditional");
        cfg::refuse(&function.attrs, &owner, &[], &problem, help, cx);
        check_plain(&function.sig, &owner, cx);
        if function.sig.generics.params.is_empty() {
            check_output(&function.sig, &owner, false, cx);
        }
        let context = if name == "setup" {
            check_setup(function, cx)
        } else {
            check_method(function, mark, &owner, cx);
            None
        };
        found = Some(Lifecycle { function, context });
    }
    found
}

fn check_mark(mark: &Mark, owner: &str, cx: &Ctxt) {
    match &mark.attr.meta {
        Meta::Path(_) => {}
        other => cx.error_at(other, format!("{owner} takes no arguments")),
    }
}

fn check_method(function: &MemberFn, mark: &Mark, owner: &str, cx: &Ctxt) {
    if function.sig.receiver().is_none() && words::has_word(&function.sig.output, "Self") {
        cx.error_at(
            mark.attr.path(),
            format!("{owner} asks a plugin that is there, and this function makes one\nhelp: write `#[setup]`"),
        );
        return;
    }
    check_receiver(&function.sig, owner, cx);
    for input in &function.sig.inputs {
        if let FnArg::Typed(param) = input {
            cx.error_at(
                param,
                format!("{owner} takes `&self` and nothing else\nhelp: keep what it needs in the plugin's fields"),
            );
        }
    }
}

fn check_setup<'a>(function: &'a MemberFn, cx: &Ctxt) -> Option<&'a Type> {
    let mut context = None;
    let mut params = 0;
    for input in &function.sig.inputs {
        params += usize::from(matches!(input, FnArg::Typed(_)));
        match input {
            FnArg::Receiver(receiver) => cx.error_at(
                receiver,
                "`#[setup]` makes the plugin, so it has no `self` yet\nhelp: write `fn setup(ctx: &PluginContext) -> Self`",
            ),
            FnArg::Typed(param) if params == 1 => match &*param.ty {
                Type::Reference(TypeReference {
                    lifetime: Some(lifetime),
                    ..
                }) if lifetime.ident != "_" => cx.error_at(
                    lifetime,
                    "the context of a setup is lent: write `ctx: &PluginContext<…>`",
                ),
                ty if words::has_word(ty, "HookContext") => cx.error_at(
                    ty,
                    "a `HookContext` is that of a call, and nobody calls yet\nhelp: write `ctx: &PluginContext`",
                ),
                Type::Reference(reference) if reference.mutability.is_none() => {
                    if types::check(&reference.elem, None, cx) {
                        check_config(&reference.elem, cx);
                    }
                    context = Some(&*reference.elem);
                }
                ty => cx.error_at(
                    ty,
                    format!(
                        "`#[setup]` takes `ctx: &PluginContext<…>` or nothing, found `{}`",
                        shown(ty)
                    ),
                ),
            },
            FnArg::Typed(param) => cx.error_at(
                param,
                "`#[setup]` takes one parameter, `ctx: &PluginContext<…>`, or none\nhelp: everything a plugin may know comes through the context",
            ),
        }
    }
    if let (syn::ReturnType::Default, None) = (&function.sig.output, function.sig.receiver()) {
        cx.error_at(
            &function.sig.ident,
            "`#[setup]` returns the plugin: `-> Self` or `-> Result<Self, PluginError>`",
        );
    }
    context
}

/// A section of a configuration is a table, so nothing else can be read from it.
fn check_config(context: &Type, cx: &Ctxt) {
    let Some((name, arguments)) = words::generic(context) else {
        return;
    };
    let [config] = arguments[..] else { return };
    if name != "PluginContext" {
        return;
    }
    if let Some(place) = lifetimes::first_not_static(config.to_token_stream()) {
        cx.error(
            place,
            "a config cannot borrow: it is read for the plugin, which keeps it\nhelp: let it own what it borrows, for example `String` for `&str`, and leave its lifetime out",
        );
        return;
    }
    if let Type::Reference(reference) = config
        && is_table(&reference.elem)
    {
        cx.error_at(
            config,
            format!(
                "the context owns the config\nhelp: write `PluginContext<{}>`",
                shown(&reference.elem)
            ),
        );
    } else if !is_table(config) {
        cx.error_at(
            config,
            format!(
                "a config is a table of keys and values, and `{}` can never be read from one\nhelp: write a `#[data]` struct with a field of this type",
                shown(config)
            ),
        );
    }
}

/// Whether the type may be read from a table, as far as its tokens say.
fn is_table(config: &Type) -> bool {
    const NO_TABLES: &[&str] = &[
        "String", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str",
        "u128", "u16", "u32", "u64", "u8", "usize", "BTreeSet", "HashSet", "Path", "PathBuf",
        "Vec", "VecDeque",
    ];
    match config {
        Type::Path(_) if !types::is_of_std(config) => true,
        Type::Path(_) => !words::last_word(config).is_some_and(|word| NO_TABLES.contains(&&*word)),
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Array(_) | Type::Reference(_) | Type::Slice(_) => false,
        _ => true,
    }
}

impl Lifecycle<'_> {
    fn call(&self, args: &TokenStream, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let method = spans::located(&self.function.sig.ident);
        let call = quote!(<Self>::#method(#args));
        if self.function.sig.asyncness.is_some() {
            quote!(#private::MaySend(#call).__dagstack_send().await)
        } else {
            call
        }
    }

    /// The assertion that its future is `Send`.
    fn assert_send(
        &self,
        params: TokenStream,
        args: TokenStream,
        scope: &Scope<'_>,
    ) -> TokenStream {
        let sig = &self.function.sig;
        if sig.asyncness.is_none() {
            return TokenStream::new();
        }
        let method = spans::located(&sig.ident);
        let call = quote!(<Self>::#method(#args));
        check_send(call, params, self.function, scope)
    }
}

/// The body of `Plugin::setup`.
pub(crate) fn setup_body(setup: Option<&Lifecycle<'_>>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    let Some(setup) = setup else {
        return quote! {
            let __dagstack_new = || #private::Probe::<Self>::ASK.__dagstack_default();
            #private::set_up_default(__dagstack_ctx, __dagstack_new)
        };
    };
    let (question, args) = match setup.context {
        Some(_) => (
            quote!(#private::Probe::<__dagstack_Context>::ASK.__dagstack_setup),
            quote!(&__dagstack_context),
        ),
        None => (quote!(#private::no_config), TokenStream::new()),
    };
    let call = setup.call(&args, scope);
    quote! {
        #private::Box::pin(async move {
            let __dagstack_context = #question(__dagstack_ctx, &__DAGSTACK_DECLARATION)?;
            #private::SetupReturned(#call, #private::Probe::<Self>::ASK).__dagstack_set_up()
        })
    }
}

/// The context's type, with the name the expansion has for it.
pub(crate) fn setup_type(setup: Option<&Lifecycle<'_>>) -> Option<NamedType> {
    let ty = setup?.context?;
    Some(NamedType {
        cfgs: Vec::new(),
        generics: TokenStream::new(),
        name: format_ident!("__dagstack_Context"),
        ty: spans::without_self(ty.to_token_stream(), &own()),
    })
}

/// The function that makes the config schema.
pub(crate) fn config_schema(setup: Option<&Lifecycle<'_>>, scope: &Scope<'_>) -> TokenStream {
    let private = &scope.private;
    match setup.and_then(|setup| setup.context) {
        Some(_) => quote! {
            || #private::Probe::<__dagstack_Context>::ASK
                .__dagstack_config()
                .__dagstack_config_schema()
        },
        None => quote!(#private::no_config_schema),
    }
}

/// The assertions about `#[setup]`, or about the type where there is none.
pub(crate) fn setup_assertions(
    setup: Option<&Lifecycle<'_>>,
    self_ty: &Type,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let Some(setup) = setup else {
        return check_type(self_ty, "WithDefault", None, scope);
    };
    let mut checks = TokenStream::new();
    let mut params = TokenStream::new();
    let mut args = TokenStream::new();
    if let Some(context) = setup.context {
        checks.extend(check_type(context, "SetupParam", None, scope));
        checks.extend(check_inferred(
            quote!(ConfigType),
            quote!(#private::Probe::<__dagstack_Context>::ASK.__dagstack_config()),
            place(context, 0),
            scope,
        ));
        params = quote!(__dagstack_context: &__dagstack_Context);
        args = quote!(__dagstack_context);
    }
    let returned = output(&setup.function.sig);
    checks.extend(check_type(
        returned,
        "SetupOutcome",
        Some(quote!(Self)),
        scope,
    ));
    checks.extend(setup.assert_send(params, args, scope));
    checks
}

/// The method of `Plugin` that calls `#[teardown]` or `#[health]`, if there is one. What the function
/// returns is asserted where it is used.
pub(crate) fn method(
    lifecycle: Option<&Lifecycle<'_>>,
    header: &TokenStream,
    (outcome, into): (&str, &str),
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let Some(lifecycle) = lifecycle else {
        return TokenStream::new();
    };
    let call = lifecycle.call(&quote!(self), scope);
    let returned = output(&lifecycle.function.sig);
    let (outcome, into) = (format_ident!("{}", outcome), format_ident!("{}", into));
    quote! {
        #header {
            #private::Box::pin(async move {
                <#returned as #private::#outcome>::#into(#call)
            })
        }
    }
}

/// The assertion about the future of `#[teardown]` or `#[health]`.
pub(crate) fn method_assertions(
    lifecycle: Option<&Lifecycle<'_>>,
    scope: &Scope<'_>,
) -> TokenStream {
    lifecycle.map_or_else(TokenStream::new, |lifecycle| {
        let (param, argument) = (quote!(__dagstack_self: &Self), quote!(__dagstack_self));
        lifecycle.assert_send(param, argument, scope)
    })
}
