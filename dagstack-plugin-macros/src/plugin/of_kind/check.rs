//! What a kind asks of its plugins, as far as names tell. Types are the compiler's business.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{FnArg, PatType, Type};

use super::kind::OfKind;
use crate::cfg;
use crate::ctxt::Ctxt;
use crate::hook::args::Model;
use crate::hook::model::Hook;
use crate::hook::signature::{self, Param, ValueParam};
use crate::hook::types;
use crate::kind::data::HookData;
use crate::lifetimes;
use crate::plugin::checked::Plugin;
use crate::plugin::model::{MemberFn, is_bare_default, is_of_schema};
use crate::words::{did_you_mean, has_word, last_word, listed, plain_name, suggest};

/// Checks a plugin against its kind.
pub(crate) fn check(plugin: &Plugin<'_>, cx: &Ctxt) {
    let Some(kind) = plugin.kind else { return };
    version(plugin, kind, cx);
    let guessed = extra_hooks(plugin, kind, cx);
    missing_hooks(plugin, kind, &guessed, cx);
    for hook in &plugin.hooks {
        if let Some((_, data)) = hook.of_kind {
            exposure(hook, kind, cx);
            let (own, given) = (&hook.args.annotations, &data.annotations);
            own.check_against(given, &kind.data.name, cx);
            form(hook, data, kind, cx);
        }
    }
}

/// Hosts refuse a plugin of another major version (specification §2).
fn version(plugin: &Plugin<'_>, kind: OfKind<'_>, cx: &Ctxt) {
    let Some(given) = &plugin.args.kind_api_version else {
        return;
    };
    let text = given.value();
    let major = |text: &str| text.split('.').next().map(str::to_owned);
    if major(&text) != major(&kind.data.version) {
        cx.error(
            given.span(),
            format!(
                "the plugin says version `{text}` of its kind, and `{}` has version `{}`\nhelp: leave `kind_api_version` out",
                kind.data.name, kind.data.version
            ),
        );
    }
}

/// Reports the hooks the kind does not have; the names that were probably meant.
fn extra_hooks(plugin: &Plugin<'_>, kind: OfKind<'_>, cx: &Ctxt) -> Vec<String> {
    let known: Vec<&str> = kind.data.hooks.iter().map(|hook| &*hook.name).collect();
    let missing: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| plugin.hooks.iter().all(|hook| hook.name != *name))
        .collect();
    let mut guessed = Vec::new();
    for hook in plugin.hooks.iter().filter(|hook| hook.of_kind.is_none()) {
        let guess = suggest(&hook.name, &missing).or_else(|| match &missing[..] {
            // One hook too many and one too few: the one is the other.
            [only] if plugin.hooks.len() == known.len() => Some(only),
            _ => None,
        });
        guessed.extend(guess.map(str::to_owned));
        let guess = did_you_mean(guess);
        cx.error(
            hook.name_span,
            format!(
                "the kind `{}` has no hook `{}`{guess}\nnote: it has {}\nhelp: take `#[hook]` off if this is a method of the plugin's own",
                kind.data.name,
                hook.name,
                listed(&known)
            ),
        );
    }
    guessed
}

/// Reports the hooks that are not there, with what to paste.
fn missing_hooks(plugin: &Plugin<'_>, kind: OfKind<'_>, guessed: &[String], cx: &Ctxt) {
    // A hook under a mark that is reported elsewhere is not missing too.
    let is_there = |name: &str| {
        guessed.iter().any(|guess| guess == name)
            || plugin.hooks.iter().any(|hook| hook.name == name)
            || plugin.block.functions().any(|function| {
                let marked = !function.hidden_marks.is_empty() || function.marks.len() > 1;
                marked && plain_name(&function.sig.ident) == name
            })
    };
    let missing: Vec<&HookData> = kind
        .data
        .hooks
        .iter()
        .filter(|hook| !is_there(&hook.name))
        .collect();
    let block = plugin.block;
    if missing.is_empty() || block.is_broken() || block.of_trait.is_some() {
        return;
    }
    if block.has_misspelt("hook") {
        cx.leave_to_compiler();
        return;
    }
    let names = listed(missing.iter().map(|hook| &hook.name));
    let mut help = String::new();
    for hook in &missing {
        help.push_str(&format!("\n    #[hook]\n    {} {{ … }}", hook.signature));
    }
    // Functions that were meant to be hooks are the likeliest mistake.
    let unmarked: Vec<&String> = missing
        .iter()
        .filter(|hook| {
            plugin.block.functions().any(|function| {
                function.marks.is_empty() && plain_name(&function.sig.ident) == hook.name
            })
        })
        .map(|hook| &hook.name)
        .collect();
    let help = if unmarked.is_empty() {
        format!("write{help}")
    } else {
        format!("put `#[hook]` on {}", listed(unmarked))
    };
    cx.error(
        kind.span(),
        format!(
            "`{}` lacks {} of the kind `{}`: {}\nhelp: {help}",
            plugin.type_name(),
            if missing.len() == 1 {
                "a hook"
            } else {
                "hooks"
            },
            kind.data.name,
            names
        ),
    );
}

/// What is exposed is the kind's decision: hosts rely on it.
fn exposure(hook: &Hook<'_>, kind: OfKind<'_>, cx: &Ctxt) {
    if let Some(flag) = &hook.args.mcp_exposed {
        cx.error(
            flag.span,
            format!(
                "the kind `{}` says which hooks are exposed\nhelp: leave `mcp_exposed` out",
                kind.data.name
            ),
        );
    }
}

/// How the hook may be written and run.
fn form(hook: &Hook<'_>, data: &HookData, kind: OfKind<'_>, cx: &Ctxt) {
    let (name, kind) = (&hook.name, &kind.data.name);
    if let Some(asyncness) = &hook.function.sig.asyncness
        && !data.is_async
    {
        cx.error_at(
            asyncness,
            format!(
                "the hook `{name}` of the kind `{kind}` is a plain `fn`: it returns at once and cannot wait\nhelp: leave `async` out"
            ),
        );
    }
    let Some(model) = &hook.args.execution_model else {
        return;
    };
    let word = match model.value {
        Model::ThreadCpuBound => "thread_cpu_bound",
        Model::ProcessCpuBound => "process_cpu_bound",
        _ => return,
    };
    let borrows = data.params.iter().any(|param| param.is_borrowed);
    let problem = if !data.is_async {
        "is a plain `fn`, which runs on its caller's thread"
    } else if borrows {
        "borrows its arguments, so it runs on its caller's thread"
    } else if model.value == Model::ProcessCpuBound && !data.is_exposed {
        "is not exposed, so no other process can run it"
    } else {
        return;
    };
    cx.error(
        model.span,
        format!(
            "the hook `{name}` of the kind `{kind}` {problem}; it cannot be `{word}`\nhelp: leave `execution_model` out"
        ),
    );
}

/// Reads the parameters of a hook by what its kind says, and reports those that differ.
pub(crate) fn params(
    function: &MemberFn,
    data: &HookData,
    kind: OfKind<'_>,
    cx: &Ctxt,
) -> Vec<Param> {
    let mut params = Vec::new();
    let mut values: Vec<(Ident, &PatType)> = Vec::new();
    let mut unreadable = false;
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        attributes(input, kind, cx);
        let Some(ident) = signature::name_of(input, cx) else {
            unreadable = true;
            continue;
        };
        if let Type::Reference(reference) = &*input.ty
            && is_context(&ident, reference, data)
        {
            let is_second = params
                .iter()
                .any(|param| matches!(param, Param::Context(_)));
            if is_second && reference.mutability.is_none() {
                cx.error_at(
                    reference,
                    format!(
                        "a call has one context, so `{ident}` would be the same\nhelp: leave it out"
                    ),
                );
            } else if signature::check_context(&ident, reference, cx) {
                params.push(Param::Context((*reference.elem).clone()));
            }
            continue;
        }
        let is_of_kind = data
            .params
            .iter()
            .any(|param| same_name(&ident, &param.name));
        if !is_of_kind && signature::meant_as_context(&input.ty) {
            cx.error_at(&input.ty, signature::lent(&ident, &input.ty));
            continue;
        }
        if !types::check(&input.ty, Some(&ident), cx) {
            unreadable = true;
            continue;
        }
        if let Some(param) = data.params.get(values.len())
            && same_name(&ident, &param.name)
        {
            ownership(&ident, input, param, data, kind, cx);
        }
        let key = data.params.get(values.len()).map(|param| &param.name);
        params.push(Param::Value(value(&ident, input, key)));
        values.push((ident, input));
    }
    if !signature::names_are_repeated(function, cx) && !unreadable {
        names(function, &values, data, kind, cx);
    }
    params
}

fn is_context(ident: &Ident, reference: &syn::TypeReference, data: &HookData) -> bool {
    last_word(&reference.elem).is_some_and(|word| word == "HookContext")
        || ident == "_"
        || ((ident == "ctx" || ident == "_ctx")
            && data
                .params
                .iter()
                .all(|param| !same_name(ident, &param.name)))
}

/// `_name` is `name`, unused.
fn same_name(ident: &Ident, name: &str) -> bool {
    let given = plain_name(ident);
    given == name || given.strip_prefix('_') == Some(name)
}

fn value(ident: &Ident, input: &PatType, key: Option<&String>) -> ValueParam {
    let mut attrs: Vec<syn::Attribute> = input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .cloned()
        .collect();
    if let Some(key) = key
        && plain_name(ident) != *key
    {
        attrs.push(syn::parse_quote!(#[serde(rename = #key)]));
    }
    ValueParam::new(ident.clone(), (*input.ty).clone(), attrs)
}

fn attributes(input: &PatType, kind: OfKind<'_>, cx: &Ctxt) {
    cfg::refuse_on_parameter(&input.attrs, signature::TWO_HOOKS, cx);
    for attr in &input.attrs {
        let path = attr.path();
        if is_bare_default(attr) || (is_of_schema(attr) && !path.is_ident("doc")) {
            cx.error_at(
                &attr.meta,
                format!(
                    "the kind `{}` says how arguments are read\nhelp: leave the attribute out",
                    kind.data.name
                ),
            );
        }
    }
}

fn ownership(
    ident: &Ident,
    input: &PatType,
    param: &crate::kind::data::ParamData,
    data: &HookData,
    kind: OfKind<'_>,
    cx: &Ctxt,
) {
    let borrows = lifetimes::count(input.ty.to_token_stream()) > 0;
    let (kind, hook, ty) = (&kind.data.name, &data.name, &param.ty);
    match (param.is_borrowed, borrows) {
        (false, true) => cx.error_at(
            &input.ty,
            format!(
                "the hook `{hook}` of the kind `{kind}` owns `{}`, this one borrows it\nhelp: write `{ident}: {ty}`",
                param.name
            ),
        ),
        (true, false) => cx.error_at(
            &input.ty,
            format!(
                "the hook `{hook}` of the kind `{kind}` borrows `{}`, this one owns it\nhelp: write `{ident}: {ty}`",
                param.name
            ),
        ),
        _ => {}
    }
}

/// The names are the keys callers use, and the order is the trait's: both are the kind's.
fn names(
    function: &MemberFn,
    values: &[(Ident, &PatType)],
    data: &HookData,
    kind: OfKind<'_>,
    cx: &Ctxt,
) {
    let fits = values.len() == data.params.len()
        && values
            .iter()
            .zip(&data.params)
            .all(|((ident, _), param)| same_name(ident, &param.name));
    if fits {
        return;
    }
    // The first parameter that is another, or the function's name where one is missing.
    let wrong = values.iter().enumerate().find(|(place, (ident, _))| {
        data.params
            .get(*place)
            .is_none_or(|param| !same_name(ident, &param.name))
    });
    let span = wrong.map_or_else(|| function.sig.ident.span(), |(_, (ident, _))| ident.span());
    let list = |names: Vec<String>| match names.len() {
        0 => "nothing".to_owned(),
        _ => listed(names),
    };
    let wanted = list(data.params.iter().map(|param| param.name.clone()).collect());
    let found = list(values.iter().map(|(ident, _)| plain_name(ident)).collect());
    cx.error(
        span,
        format!(
            "the hook `{}` of the kind `{}` takes {wanted}, this one takes {found}\nnote: callers pass arguments by name; `ctx: &HookContext` may stand beside them\nhelp: write `{}`",
            data.name, kind.data.name, data.signature
        ),
    );
}

/// Whether something that the expansion repeats is called `name`.
pub(crate) fn mentions(plugin: &Plugin<'_>, name: &str) -> bool {
    let mut functions = plugin.block.functions();
    functions.any(|function| has_word(&function.sig, name))
        || plugin.kind.is_some_and(|kind| has_word(kind.path, name))
}
