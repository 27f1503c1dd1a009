//! The trait under `#[kind]`, read and checked.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, FnArg, GenericArgument, ItemTrait, Meta, Pat, PathArguments, ReturnType, TraitItem,
    TraitItemFn, Type, TypeParamBound,
};

use super::args::{Dispatch, HookArgs, KindArgs};
use crate::cfg;
use crate::ctxt::Ctxt;
use crate::hook::signature::{self, last_word, plain_name, shown};
use crate::lifetimes;
use crate::names::{help_name, is_snake_case, snake_case_of};

/// A kind, read.
pub(crate) struct Kind<'a> {
    pub(crate) args: &'a KindArgs,
    pub(crate) item: &'a ItemTrait,
    pub(crate) hooks: Vec<KindHook<'a>>,
}

/// A hook of a kind, read.
pub(crate) struct KindHook<'a> {
    pub(crate) item: &'a TraitItemFn,
    pub(crate) args: HookArgs,
    pub(crate) name: String,
    pub(crate) params: Vec<KindParam>,
    /// What it returns; `()` if it says nothing.
    pub(crate) output: TokenStream,
    /// Where to point for the output.
    pub(crate) output_span: Span,
    /// Its place.
    pub(crate) index: usize,
}

/// A parameter of a kind's hook.
pub(crate) struct KindParam {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Its `doc` and `schemars` attributes.
    pub(crate) attrs: Vec<Attribute>,
}

impl KindParam {
    /// How often it borrows, as far as its tokens say.
    pub(crate) fn borrows(&self) -> usize {
        lifetimes::count(self.ty.to_token_stream())
    }

    pub(crate) fn is_borrowed(&self) -> bool {
        self.borrows() > 0
    }

    /// Whether it is or holds a reference, if only a `'static` one.
    fn refers(&self) -> bool {
        lifetimes::any(self.ty.to_token_stream())
    }
}

impl KindHook<'_> {
    pub(crate) fn is_async(&self) -> bool {
        self.item.sig.asyncness.is_some()
    }

    pub(crate) fn is_exposed(&self) -> bool {
        self.args.mcp_exposed.as_ref().is_none_or(|flag| flag.value)
    }

    pub(crate) fn dispatch(&self) -> Dispatch {
        self.args
            .dispatch
            .as_ref()
            .map_or(Dispatch::Singleton, |class| class.value)
    }

    /// Whether its arguments cannot be read from JSON, because they refer to something.
    pub(crate) fn is_borrowing(&self) -> bool {
        self.params.iter().any(KindParam::refers)
    }

    /// The same of what it returns.
    pub(crate) fn output_refers(&self) -> bool {
        lifetimes::any(self.output.clone())
    }

    /// An allowance of the lint that counts parameters, where only our `ctx` is one too many.
    pub(crate) fn allow_many(&self) -> Option<TokenStream> {
        (self.params.len() == 6).then(|| quote::quote!(#[allow(clippy::too_many_arguments)]))
    }

    /// The signature as its author wrote it, for messages.
    pub(crate) fn signature(&self) -> String {
        let mut text = String::new();
        if self.is_async() {
            text.push_str("async ");
        }
        text.push_str(&format!("fn {}(&self", self.item.sig.ident));
        for param in &self.params {
            text.push_str(&format!(", {}: {}", param.ident, shown(&param.ty)));
        }
        text.push(')');
        if let ReturnType::Type(..) = self.item.sig.output {
            text.push_str(&format!(" -> {}", shown(&self.output)));
        }
        text
    }
}

/// Checks the trait itself; whether it can be a kind at all.
pub(crate) fn check_trait(item: &ItemTrait, cx: &Ctxt) {
    if let Some(unsafety) = &item.unsafety {
        cx.error_at(unsafety, "a kind cannot be an `unsafe trait`");
    }
    if !item.generics.params.is_empty() {
        cx.error_at(
            &item.generics,
            "a kind cannot be generic: its plugins and its hosts are built apart and must mean the same types",
        );
    } else if let Some(clause) = &item.generics.where_clause {
        cx.error_at(clause, "a kind cannot have a `where` clause");
    }
    for bound in &item.supertraits {
        if !is_plain_bound(bound) {
            cx.error_at(
                bound,
                format!(
                    "a kind cannot require `{}`: plugins are called through `dyn {}`\nnote: `Send`, `Sync` and `'static` are there without being written",
                    shown(bound),
                    item.ident
                ),
            );
        }
    }
}

fn is_plain_bound(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == "static",
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Send" || last.ident == "Sync"),
        _ => false,
    }
}

/// Reads the hooks, and reports what is none.
pub(crate) fn hooks<'a>(item: &'a ItemTrait, args: &KindArgs, cx: &Ctxt) -> Vec<KindHook<'a>> {
    let mut hooks: Vec<KindHook<'a>> = Vec::new();
    for member in &item.items {
        match member {
            TraitItem::Fn(function) => {
                if let Some(hook) = hook(hooks.len(), function, args, cx) {
                    if hooks.iter().any(|other| other.name == hook.name) {
                        cx.error_at(
                            &function.sig.ident,
                            format!("two hooks are called `{}`", hook.name),
                        );
                    }
                    hooks.push(hook);
                }
            }
            TraitItem::Const(other) => cx.error_at(
                other,
                "a kind has hooks only, no constants\nhelp: move it out of the trait",
            ),
            TraitItem::Type(other) => cx.error_at(
                other,
                "a kind has hooks only, no associated types: its plugins and its hosts must mean the same types\nhelp: move it out of the trait",
            ),
            TraitItem::Macro(other) => cx.error_at(
                other,
                "a macro call inside a kind could hide hooks\nhelp: write them out",
            ),
            other => cx.error_at(other, "a kind has hooks only: `fn` or `async fn` with `#[hook(…)]`"),
        }
    }
    if item.items.is_empty() {
        cx.error_at(
            &item.ident,
            format!(
                "the kind `{}` has no hooks\nhelp: write methods with `#[hook(dispatch = \"…\")]`",
                item.ident
            ),
        );
    }
    hooks
}

fn hook<'a>(
    index: usize,
    function: &'a TraitItemFn,
    kind: &KindArgs,
    cx: &Ctxt,
) -> Option<KindHook<'a>> {
    let ident = &function.sig.ident;
    let marks: Vec<&Attribute> = function
        .attrs
        .iter()
        .filter(|attr| kind.krate.owns(attr, "hook"))
        .collect();
    let mark = match &marks[..] {
        [] => {
            cx.error_at(
                ident,
                format!(
                    "`{ident}` is no hook, and a kind has hooks only\nhelp: put `#[hook(dispatch = \"singleton\")]` on it, or move it to an extension trait"
                ),
            );
            return None;
        }
        [mark] => *mark,
        [_, second, ..] => {
            cx.error_at(second.path(), format!("`{ident}` has `#[hook]` twice"));
            return None;
        }
    };
    let tokens = match &mark.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) => TokenStream::new(),
        Meta::NameValue(other) => {
            cx.error_at(
                other,
                "arguments of `#[hook]` go in parentheses: `#[hook(dispatch = \"…\")]`",
            );
            return None;
        }
    };
    let span = mark
        .path()
        .segments
        .last()
        .map_or_else(Span::call_site, |last| last.ident.span());
    let args = HookArgs::parse(tokens, ident, span, cx);
    let owner = "a hook";
    for attr in &function.attrs {
        if attr.path().is_ident("cfg") {
            cx.error_at(
                &attr.meta,
                "the hooks of a kind cannot be conditional: plugins and hosts must agree on them\nhelp: put the condition on the trait",
            );
        }
    }
    cfg::refuse_cfg_attr(&function.attrs, owner, &["hook"], cx);
    signature::check_plain(&function.sig, owner, cx);
    signature::check_receiver(&function.sig, owner, cx);
    signature::check_output(&function.sig, owner, cx);
    let name = plain_name(ident);
    if !is_snake_case(&name) {
        cx.error_at(
            ident,
            format!(
                "the hook name `{name}` must be in snake_case{}",
                help_name(&snake_case_of(&name))
            ),
        );
    }
    if let Some(body) = &function.default {
        cx.error_at(
            body,
            format!("the hook `{name}` cannot have a body: every plugin of the kind has its own\nhelp: end it with `;`"),
        );
    }
    let hook = KindHook {
        params: params(function, cx),
        output: output(function, cx),
        output_span: signature::output_place(&function.sig, 0),
        item: function,
        args,
        name,
        index,
    };
    check_hook(&hook, cx);
    Some(hook)
}

fn params(function: &TraitItemFn, cx: &Ctxt) -> Vec<KindParam> {
    let mut params: Vec<KindParam> = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        cfg::refuse_on_parameter(&input.attrs, "", cx);
        let mut attrs = Vec::new();
        for attr in &input.attrs {
            if attr.path().is_ident("serde") {
                cx.error_at(
                    &attr.meta,
                    "`#[serde(…)]` does not work on the parameters of a kind: their names are the keys for all plugins\nhelp: put it on the fields of a `#[data]` type",
                );
            } else if attr.path().is_ident("doc") || attr.path().is_ident("schemars") {
                attrs.push(attr.clone());
            }
        }
        if let Type::Reference(reference) = &*input.ty {
            if last_word(&reference.elem).is_some_and(|word| word == "HookContext") {
                cx.error_at(
                    input_without_attrs(input),
                    "every hook of a kind has `ctx: &HookContext`; `#[kind]` adds it\nhelp: leave it out",
                );
                continue;
            }
            if let Some(mutability) = &reference.mutability {
                cx.error_at(
                    mutability,
                    "a hook cannot change its arguments: they may come from another process\nhelp: return what changed",
                );
                continue;
            }
        }
        if let Type::ImplTrait(_) = &*input.ty {
            cx.error_at(
                &input.ty,
                "a hook cannot take `impl Trait`: plugins are called through `dyn Trait`\nhelp: name a type",
            );
            continue;
        }
        if let Pat::Wild(wild) = &*input.pat {
            cx.error_at(
                wild,
                "a hook's parameter needs a name: callers pass it by name",
            );
            continue;
        }
        let Some(ident) = signature::name_of(input, cx) else {
            continue;
        };
        if params.iter().any(|other| other.ident == ident) {
            cx.error_at(&ident, format!("two parameters are called `{ident}`"));
            continue;
        }
        if ident == "ctx" {
            cx.error_at(
                &ident,
                "`ctx` is the name of the context that `#[kind]` adds\nhelp: give the parameter another name",
            );
            continue;
        }
        params.push(KindParam {
            ident,
            ty: (*input.ty).clone(),
            attrs,
        });
    }
    params
}

fn input_without_attrs(input: &syn::PatType) -> TokenStream {
    let (pat, colon, ty) = (&input.pat, &input.colon_token, &input.ty);
    quote::quote!(#pat #colon #ty)
}

/// What the hook returns. `Result` is what `#[kind]` makes of it.
fn output(function: &TraitItemFn, cx: &Ctxt) -> TokenStream {
    let ReturnType::Type(_, ty) = &function.sig.output else {
        return quote::quote!(());
    };
    if let Some(value) = value_of_result(ty) {
        let help = match &value {
            Some(value) => format!("write `-> {}`", shown(value)),
            None => "name the value".to_owned(),
        };
        cx.error_at(
            ty,
            format!("every hook of a kind may fail; `#[kind]` adds `Result` itself\nhelp: {help}"),
        );
        return value.map_or_else(|| quote::quote!(()), ToTokens::into_token_stream);
    }
    if lifetimes::count(ty.to_token_stream()) > 0 {
        cx.error_at(
            ty,
            format!(
                "`{}` borrows; what a hook returns is owned, it may come from another process\nhelp: use an owned type, for example `String` for `&str`",
                shown(ty)
            ),
        );
        return quote::quote!(());
    }
    ty.to_token_stream()
}

/// `T` of `Result<T, …>`.
fn value_of_result(ty: &Type) -> Option<Option<&Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != "Result" {
        return None;
    }
    let PathArguments::AngleBracketed(list) = &last.arguments else {
        return Some(None);
    };
    Some(list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }))
}

/// Rules about more than one part of a hook.
fn check_hook(hook: &KindHook<'_>, cx: &Ctxt) {
    let sig = &hook.item.sig;
    if hook.is_exposed() {
        if !hook.is_async() {
            cx.error_at(
                sig.fn_token,
                format!(
                    "the hook `{}` is exposed, so it may be answered by another process and is an `async fn`\nhelp: write `async fn`, or `mcp_exposed = false` if only plugins linked into the host answer it",
                    hook.name
                ),
            );
        }
        for param in hook.params.iter().filter(|param| param.refers()) {
            cx.error_at(
                &param.ty,
                format!(
                    "the hook `{}` is exposed, so it owns its arguments, and `{}` borrows\nhelp: use an owned type, or write `mcp_exposed = false` if only plugins linked into the host answer it",
                    hook.name, param.ident
                ),
            );
        }
    }
    if hook.is_exposed()
        && hook.output_refers()
        && let ReturnType::Type(_, ty) = &sig.output
    {
        cx.error_at(
            ty,
            format!(
                "the hook `{}` is exposed, so it returns what can be read from JSON, and `{}` refers to something\nhelp: use an owned type, for example `String` for `&str`",
                hook.name,
                shown(&hook.output)
            ),
        );
    }
    if let Some((_, param)) = &hook.args.capability {
        let given = param.value();
        let names: Vec<String> = hook
            .params
            .iter()
            .map(|param| plain_name(&param.ident))
            .collect();
        if !names.contains(&given) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let guess = crate::entries::suggest(&given, &names)
                .map(|guess| format!("; did you mean `{guess}`?"))
                .unwrap_or_default();
            cx.error(
                param.span(),
                format!("the hook `{}` has no parameter `{given}`{guess}", hook.name),
            );
        }
    }
    match hook.dispatch() {
        Dispatch::Chain => check_chain(hook, cx),
        Dispatch::BroadcastNotify => {
            if let ReturnType::Type(_, ty) = &sig.output
                && shown(&hook.output) != "()"
            {
                cx.error_at(
                    ty,
                    "nobody sees what a notified plugin returns\nhelp: return nothing, or use `broadcast_collect`",
                );
            }
        }
        _ => {}
    }
}

/// The output of one stage is the first argument of the next (specification §2).
fn check_chain(hook: &KindHook<'_>, cx: &Ctxt) {
    let Some(first) = hook.params.first() else {
        cx.error_at(
            &hook.item.sig.ident,
            format!(
                "the chain hook `{}` needs a parameter: each plugin gets what the one before returned",
                hook.name
            ),
        );
        return;
    };
    if first.is_borrowed() {
        if !hook.is_exposed() {
            cx.error_at(
                &first.ty,
                format!(
                    "the first parameter of the chain hook `{}` is owned: each plugin gets what the one before returned",
                    hook.name
                ),
            );
        }
    } else if shown(&first.ty) != shown(&hook.output) {
        let message = format!(
            "the chain hook `{}` must return the type of its first parameter, `{}`, found `{}`\nnote: each plugin gets what the one before returned",
            hook.name,
            shown(&first.ty),
            shown(&hook.output)
        );
        match &hook.item.sig.output {
            ReturnType::Type(_, ty) => cx.error_at(ty, message),
            ReturnType::Default => cx.error_at(&hook.item.sig.ident, message),
        }
    }
}
