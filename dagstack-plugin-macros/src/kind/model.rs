//! The trait under `#[kind]`, read and checked.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{
    Attribute, FnArg, ItemTrait, Meta, Pat, PatIdent, PatType, ReturnType, TraitItem, TraitItemFn,
    Type, TypeReference,
};

use super::args::{Dispatch, HookArgs, KindArgs};
use crate::asserted::OF_EVERYBODY;
use crate::cfg;
use crate::ctxt::Ctxt;
use crate::hook::attrs::Crossing;
use crate::hook::called;
use crate::hook::output;
use crate::hook::signature;
use crate::lifetimes;
use crate::names::{MARKS, check_length, help_name, is_snake_case, snake_case_of};
use crate::spans;
use crate::traits::{self, Place, Role};
use crate::words::{did_you_mean, has_word, is_nearly, plain_name, shown, suggest};

/// What a kind's trait is.
pub(crate) const ROLE: Role = Role {
    name: "kind",
    goes_on: "the `trait` that holds the hooks",
    on_impl: "write `impl` without the trait, and `#[plugin(kind = …, name = \"…\")]` on it",
    method: "a hook of a kind",
    not_generic: "its plugins and its hosts are built apart and must mean the same types",
    is_empty: "has no hooks\nhelp: write methods with `#[hook(dispatch = \"…\")]`",
    no_bounds: "a host sees of its plugins only what is written here",
};

/// A kind, read.
pub(crate) struct Kind<'a> {
    pub(crate) args: &'a KindArgs,
    pub(crate) item: &'a ItemTrait,
    pub(crate) hooks: Vec<KindHook<'a>>,
}

impl Kind<'_> {
    /// Where the first type that may be the author's own, of those in `types`, is first named.
    pub(crate) fn place_of_own(&self, types: TokenStream) -> Span {
        let Some(own) = first_own(types, None) else {
            return spans::at(self.item.ident.span());
        };
        let all = self.hooks.iter().flat_map(|hook| {
            let params = hook.params.iter().map(|param| param.ty.to_token_stream());
            params.chain([hook.output.clone()])
        });
        let first = first_own(all.collect(), Some(&own));
        spans::at(first.unwrap_or(own).span())
    }
}

/// The first name that is not one of everybody's, or that is `wanted`.
fn first_own(types: TokenStream, wanted: Option<&Ident>) -> Option<Ident> {
    types.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            let fits = match wanted {
                Some(wanted) => ident == *wanted,
                None => name.starts_with(char::is_uppercase) && !OF_EVERYBODY.contains(&&*name),
            };
            fits.then_some(ident)
        }
        TokenTree::Group(group) => first_own(group.stream(), wanted),
        _ => None,
    })
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
    pub(crate) output_place: (Span, Span),
    /// Its place.
    pub(crate) index: usize,
}

/// A parameter of a kind's hook.
pub(crate) struct KindParam {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Its `doc` and `schemars` attributes.
    pub(crate) attrs: Vec<Attribute>,
    /// What they say about its schema.
    pub(crate) crossing: Crossing,
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

    /// The first parameter of a chain, if its type is not written as what the hook returns.
    pub(crate) fn first_of_chain(&self) -> Option<&KindParam> {
        let first = self.params.first();
        first.filter(|first| {
            self.dispatch() == Dispatch::Chain && shown(&first.ty) != shown(&self.output)
        })
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

/// Reads the hooks, and reports what is none.
pub(crate) fn hooks<'a>(item: &'a ItemTrait, args: &KindArgs, cx: &Ctxt) -> Vec<KindHook<'a>> {
    let mut hooks: Vec<KindHook<'a>> = Vec::new();
    for member in &item.items {
        match member {
            TraitItem::Fn(function) => {
                if let Some(hook) = hook(hooks.len(), function, item, args, cx) {
                    if hooks.iter().any(|other| other.name == hook.name) {
                        cx.error_at(
                            &function.sig.ident,
                            format!("two hooks are called `{}`", hook.name),
                        );
                    } else {
                        hooks.push(hook);
                    }
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
    hooks
}

fn hook<'a>(
    index: usize,
    function: &'a TraitItemFn,
    item: &ItemTrait,
    kind: &KindArgs,
    cx: &Ctxt,
) -> Option<KindHook<'a>> {
    let ident = &function.sig.ident;
    let mark = mark(function, kind, cx)?;
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
    traits::refuse_marks(&function.attrs, "hook", &ROLE, &kind.krate, cx);
    let before = cx.count();
    let problem = "the hooks of a kind cannot be conditional: plugins and hosts must agree on them";
    cfg::refuse(
        &function.attrs,
        owner,
        &["hook"],
        problem,
        traits::ON_THE_TRAIT,
        cx,
    );
    signature::check_plain(&function.sig, owner, cx);
    let is_plain = cx.count() == before;
    signature::check_receiver(&function.sig, owner, cx);
    let name = plain_name(ident);
    let is_exposed = args.mcp_exposed.as_ref().is_none_or(|flag| flag.value);
    check_name(&name, ident, is_exposed, cx);
    if let Some(body) = &function.default {
        cx.error_at(
            body,
            format!("the hook `{name}` cannot have a body: every plugin of the kind has its own\nhelp: end it with `;`"),
        );
    }
    let before = cx.count();
    let place = Place {
        item: &item.ident,
        role: &ROLE,
        sig: &function.sig,
        is_exposed,
    };
    let params = params(function, &place, cx);
    let after_params = cx.count();
    let output = output(function, &place, cx);
    let (has_params, has_output) = (after_params == before, cx.count() == after_params);
    let hook = KindHook {
        params,
        output,
        output_place: output::output_place(&function.sig, 0),
        item: function,
        args,
        name,
        index,
    };
    // What is reported by itself is not judged again with the rest.
    if is_plain {
        check_exposed(&hook, has_params, has_output, cx);
    }
    if has_params && has_output {
        check_dispatch(&hook, cx);
    }
    Some(hook)
}

/// The name is what callers call, MCP clients among them.
fn check_name(name: &str, ident: &Ident, is_exposed: bool, cx: &Ctxt) {
    if !is_snake_case(name) {
        cx.error_at(
            ident,
            format!(
                "the hook name `{name}` must be in snake_case{}",
                help_name(&snake_case_of(name))
            ),
        );
    }
    if is_exposed {
        check_length("the hook name", name, ident.span(), "", cx);
    }
}

/// The one `#[hook]` of the function.
fn mark<'a>(function: &'a TraitItemFn, kind: &KindArgs, cx: &Ctxt) -> Option<&'a Attribute> {
    let ident = &function.sig.ident;
    let marks: Vec<&Attribute> = function
        .attrs
        .iter()
        .filter(|attr| kind.krate.owns(attr, "hook"))
        .collect();
    match &marks[..] {
        [] if function
            .attrs
            .iter()
            .any(|attr| refuse_attribute(attr, kind, cx)) =>
        {
            None
        }
        [] => {
            cx.error_at(
                ident,
                format!(
                    "`{ident}` is no hook, and a kind has hooks only\nhelp: put `#[hook(dispatch = \"singleton\")]` on it, or move it to an extension trait"
                ),
            );
            None
        }
        [mark] => Some(*mark),
        [_, second, ..] => {
            cx.error_at(second.path(), format!("`{ident}` has `#[hook]` twice"));
            None
        }
    }
}

/// Reports an attribute that explains why the function is no hook; whether it does.
fn refuse_attribute(attr: &Attribute, kind: &KindArgs, cx: &Ctxt) -> bool {
    let message = if let Some(mark) = MARKS.iter().find(|mark| kind.krate.owns(attr, mark)) {
        format!(
            "a kind has hooks only, and `#[{mark}]` is each plugin's own\nhelp: take the function out"
        )
    } else if let Some(name) = attr.path().get_ident()
        && is_nearly(&name.to_string(), "hook")
    {
        format!("there is no `#[{name}]`\nhelp: write `hook`")
    } else {
        return false;
    };
    cx.error_at(attr.path(), message);
    true
}

/// The parameters, each with a name and a type that can stand in a trait.
fn params(function: &TraitItemFn, place: &Place<'_>, cx: &Ctxt) -> Vec<KindParam> {
    let mut params: Vec<KindParam> = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        if signature::meant_as_context(&input.ty) {
            let problem = if has_word(&input.ty, "HookContext") {
                "every hook of a kind has `ctx: &HookContext`; `#[kind]` adds it"
            } else {
                "a `PluginContext` is that of `#[setup]`; a hook has `ctx: &HookContext`, which `#[kind]` adds"
            };
            cx.error_at(
                input_without_attrs(input),
                format!("{problem}\nhelp: leave it out"),
            );
            continue;
        }
        let attrs = attributes(input, cx);
        let ident = name(input, &params, cx)
            .unwrap_or_else(|| format_ident!("__dagstack_{}", params.len()));
        let ty = place.checked(&input.ty, "take", cx);
        if let Type::Reference(TypeReference {
            mutability: Some(mutability),
            ..
        }) = &ty
        {
            cx.error_at(
                mutability,
                "a hook cannot change its arguments: they may come from another process\nhelp: return what changed",
            );
        }
        let crossing = Crossing::of(&attrs);
        crossing.check_param(&ident, &ty, true, cx);
        params.push(KindParam {
            ident,
            ty,
            attrs,
            crossing,
        });
    }
    params
}

/// What the compiler takes on a parameter.
const OF_COMPILER: &[&str] = &[
    "allow", "cfg", "cfg_attr", "deny", "expect", "forbid", "warn",
];

/// The `doc` and `schemars` attributes of a parameter.
fn attributes(input: &PatType, cx: &Ctxt) -> Vec<Attribute> {
    cfg::refuse_on_parameter(&input.attrs, "", cx);
    let mut attrs = Vec::new();
    for attr in &input.attrs {
        if attr.path().is_ident("serde") {
            cx.error_at(
                &attr.meta,
                "`#[serde(…)]` does not work on the parameters of a kind: their names are the keys for all plugins\nhelp: put it on the fields of a `#[data]` type",
            );
        } else if called::names_self(attr) {
            cx.error_at(&attr.meta, "`Self` is no type here\nhelp: name a type");
        } else if attr.path().is_ident("doc") || attr.path().is_ident("schemars") {
            attrs.push(attr.clone());
        } else if !OF_COMPILER.iter().any(|name| attr.path().is_ident(name)) {
            cx.error_at(
                &attr.meta,
                "the attribute says nothing on a parameter of a kind\nhelp: leave it out",
            );
        }
    }
    attrs
}

/// The name of a parameter, if it has one that can be its key.
fn name(input: &PatType, others: &[KindParam], cx: &Ctxt) -> Option<Ident> {
    if let Pat::Wild(wild) = &*input.pat {
        cx.error_at(wild, signature::NAMELESS);
        return None;
    }
    if let Pat::Ident(PatIdent {
        mutability: Some(mutability),
        ..
    }) = &*input.pat
    {
        cx.error_at(
            mutability,
            "`mut` says nothing here: a hook of a kind has no body\nhelp: leave it out",
        );
        return None;
    }
    let ident = signature::name_of(input, cx)?;
    if others.iter().any(|other| other.ident == ident) {
        cx.error_at(&ident, format!("two parameters are called `{ident}`"));
        return None;
    }
    if ident == "ctx" {
        cx.error_at(
            &ident,
            "`ctx` is the name of the context that `#[kind]` adds\nhelp: give the parameter another name",
        );
        return None;
    }
    Some(ident)
}

fn input_without_attrs(input: &PatType) -> TokenStream {
    let (pat, colon, ty) = (&input.pat, &input.colon_token, &input.ty);
    quote::quote!(#pat #colon #ty)
}

/// What the hook returns. `Result` is what `#[kind]` makes of it.
fn output(function: &TraitItemFn, place: &Place<'_>, cx: &Ctxt) -> TokenStream {
    const ADDS: &str = "every hook of a kind may fail; `#[kind]` adds `Result` itself";
    let ReturnType::Type(_, ty) = &function.sig.output else {
        return quote::quote!(());
    };
    if let Some(value) = traits::without_result(ty, ADDS, cx) {
        return value;
    }
    if matches!(**ty, Type::Never(_)) {
        cx.error_at(ty, "a hook must return: `!` never does");
        return quote::quote!(());
    }
    let before = cx.count();
    let output = place.checked(ty, "return", cx).into_token_stream();
    if cx.count() == before && lifetimes::count(output.clone()) > 0 {
        cx.error_at(
            ty,
            format!(
                "`{}` borrows; what a hook returns is owned, it may come from another process\nhelp: use an owned type, for example `String` for `&str`",
                shown(ty)
            ),
        );
    }
    output
}

/// What is exposed may be answered by another process.
fn check_exposed(hook: &KindHook<'_>, has_params: bool, has_output: bool, cx: &Ctxt) {
    let sig = &hook.item.sig;
    if !hook.is_exposed() {
        return;
    }
    if !hook.is_async() && !traits::returns_future(sig) {
        cx.error_at(
            sig.fn_token,
            format!(
                "the hook `{}` is exposed, so it may be answered by another process and is an `async fn`\nhelp: write `async fn`, or `mcp_exposed = false` if only plugins linked into the host answer it",
                hook.name
            ),
        );
    }
    let params = hook.params.iter().filter(|_| has_params);
    for param in params.filter(|param| param.refers()) {
        cx.error_at(
            &param.ty,
            format!(
                "the hook `{}` is exposed, so it owns its arguments, and `{}` borrows\nhelp: use an owned type, or write `mcp_exposed = false` if only plugins linked into the host answer it",
                hook.name, param.ident
            ),
        );
    }
    if has_output
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
}

/// Rules about the types of a hook that its dispatch class has.
fn check_dispatch(hook: &KindHook<'_>, cx: &Ctxt) {
    let sig = &hook.item.sig;
    if let Some((_, param)) = &hook.args.capability {
        let given = param.value();
        let names: Vec<String> = hook
            .params
            .iter()
            .map(|param| plain_name(&param.ident))
            .collect();
        if !names.contains(&given) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let guess = did_you_mean(suggest(&given, &names));
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
    } else if matches!(hook.item.sig.output, ReturnType::Default) {
        cx.error_at(
            &hook.item.sig.ident,
            format!(
                "the chain hook `{}` must return the type of its first parameter, `{}`\nnote: each plugin gets what the one before returned",
                hook.name,
                shown(&first.ty),
            ),
        );
    }
}
