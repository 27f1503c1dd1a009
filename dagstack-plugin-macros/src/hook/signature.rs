//! The signature of a hook: what may stand there, and what it means.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Pat, PatType, ReceiverKind, Safety, Signature, Type, TypeReference};

use super::attrs::{Crossing, check_keys};
use super::types;
use crate::cfg;
use crate::ctxt::Ctxt;
use crate::lifetimes;
use crate::plugin::model::{MemberFn, is_bare_default, is_of_schema};
use crate::words::{has_punct, has_word, last_word, plain_name, shown};

/// A parameter of a hook, without `&self`.
pub(crate) enum Param {
    /// `ctx: &HookContext`; the type behind the `&`.
    Context(Type),
    /// An argument of the call.
    Value(ValueParam),
}

/// A parameter that is read from the arguments of the call.
#[derive(Clone)]
pub(crate) struct ValueParam {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// `doc`, `serde` and `schemars` attributes.
    pub(crate) attrs: Vec<Attribute>,
    /// What they say about how it is read.
    pub(crate) crossing: Box<Crossing>,
}

impl ValueParam {
    pub(crate) fn new(ident: Ident, ty: Type, attrs: Vec<Attribute>) -> Self {
        let mut crossing = Crossing::of(&attrs);
        // A caller is not told of what cannot be passed.
        crossing.is_described &= !crossing.is_skipped;
        Self {
            ident,
            ty,
            attrs,
            crossing: Box::new(crossing),
        }
    }

    /// Whether it borrows, which it may only where its kind says so.
    pub(crate) fn is_borrowed(&self) -> bool {
        lifetimes::count(self.ty.to_token_stream()) > 0
    }
}

/// What a method that is called from outside must not be, whatever it is.
pub(crate) fn check_plain(sig: &Signature, owner: &str, cx: &Ctxt) {
    if let Some(constness) = &sig.constness {
        cx.error_at(constness, format!("{owner} cannot be `const`"));
    }
    match &sig.safety {
        Safety::Unsafe(token) => cx.error_at(
            token,
            format!("{owner} cannot be `unsafe`: it is called from outside"),
        ),
        Safety::Safe(token) => cx.error_at(token, format!("{owner} cannot be `safe`")),
        Safety::Default => {}
    }
    if let Some(abi) = &sig.abi {
        cx.error_at(abi, format!("{owner} cannot be `extern`"));
    }
    if let Some(variadic) = &sig.variadic {
        cx.error_at(variadic, format!("{owner} cannot be variadic"));
    }
    if !sig.generics.params.is_empty() {
        cx.error_at(
            &sig.generics,
            format!("{owner} cannot be generic: its types must be known to the host"),
        );
    } else if let Some(clause) = &sig.generics.where_clause {
        cx.error_at(clause, format!("{owner} cannot have a `where` clause"));
    }
}

/// Reports anything but `&self`.
pub(crate) fn check_receiver(sig: &Signature, owner: &str, cx: &Ctxt) {
    let Some(receiver) = sig.receiver() else {
        cx.error_at(
            &sig.ident,
            format!("{owner} takes `&self` first: `fn {}(&self, …)`", sig.ident),
        );
        return;
    };
    match &receiver.kind {
        ReceiverKind::Reference(_, None, None) => {}
        ReceiverKind::Reference(_, _, Some(_)) => cx.error_at(
            receiver,
            format!(
                "{owner} takes `&self`, not `&mut self`: calls run at the same time\nhelp: keep what changes behind a `Mutex` or an atomic"
            ),
        ),
        // One that is declared is reported with its declaration.
        ReceiverKind::Reference(_, Some(lifetime), None)
            if sig
                .generics
                .lifetimes()
                .any(|declared| declared.lifetime == *lifetime) => {}
        ReceiverKind::Reference(_, Some(_), None) => cx.error_at(
            receiver,
            format!("{owner} takes plain `&self`, without a lifetime"),
        ),
        _ => cx.error_at(
            receiver,
            format!("{owner} takes `&self`, found `{}`", shown(receiver)),
        ),
    }
}

/// What to do instead of a condition on a parameter.
pub(crate) const TWO_HOOKS: &str = "\nhelp: write two hooks, each with its own `#[cfg(…)]`";

/// Reads the parameters of a hook, and reports those that cannot be.
pub(crate) fn params(function: &MemberFn, cx: &Ctxt) -> Vec<Param> {
    let inputs: Vec<&PatType> = function
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(param) => Some(param),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let context = context_of(&inputs);
    let mut params = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        cfg::refuse_on_parameter(&input.attrs, TWO_HOOKS, cx);
        for attr in input.attrs.iter().filter(|attr| is_bare_default(attr)) {
            cx.error_at(
                &attr.meta,
                "`#[default]` says nothing on a parameter\nhelp: write `#[serde(default)]`, or take an `Option`",
            );
        }
        let Some(ident) = name_of(input, cx) else {
            continue;
        };
        match &*input.ty {
            Type::Reference(reference) if context == Some(index) => {
                if check_context(&ident, reference, cx) {
                    params.push(Param::Context((*reference.elem).clone()));
                }
            }
            Type::Reference(reference)
                if last_word(&reference.elem).is_some_and(|word| word == "HookContext") =>
            {
                cx.error_at(
                    reference,
                    format!(
                        "a call has one context, so `{ident}` would be the same\nhelp: leave it out"
                    ),
                );
            }
            Type::Reference(reference) => borrowed(&ident, reference, cx),
            ty if meant_as_context(ty) => cx.error_at(ty, lent(&ident, ty)),
            ty => {
                if !types::check(ty, Some(&ident), cx) {
                    continue;
                }
                if let Some(problem) = not_owned(ty) {
                    cx.error_at(ty, problem);
                    continue;
                }
                let attrs = input.attrs.iter().filter(|attr| is_of_schema(attr));
                let value = ValueParam::new(ident, ty.clone(), attrs.cloned().collect());
                if !value.crossing.is_read || types::check_arrays(ty, cx) {
                    params.push(Param::Value(value));
                }
            }
        }
    }
    if !names_are_repeated(function, cx) {
        check_attrs(&params, cx);
    }
    params
}

/// Whether two parameters have one name, which the compiler reports where the function stands.
pub(crate) fn names_are_repeated(function: &MemberFn, cx: &Ctxt) -> bool {
    let mut seen: Vec<&Ident> = Vec::new();
    for input in &function.sig.inputs {
        if let FnArg::Typed(param) = input
            && let Pat::Ident(pat) = &*param.pat
        {
            if seen.contains(&&pat.ident) {
                cx.leave_to_compiler();
                return true;
            }
            seen.push(&pat.ident);
        }
    }
    false
}

/// Reports what the attributes of the parameters cannot mean.
fn check_attrs(params: &[Param], cx: &Ctxt) {
    let values = params.iter().filter_map(|param| match param {
        Param::Value(value) => Some(value),
        Param::Context(_) => None,
    });
    let named = values.map(|value| {
        let ValueParam {
            ident,
            ty,
            crossing,
            ..
        } = value;
        crossing.check_param(ident, ty, false, cx);
        (
            Some((plain_name(ident), ident.span())),
            Crossing::clone(crossing),
        )
    });
    check_keys("parameters", named, cx);
}

/// What to say of a context that is taken by value.
pub(crate) fn lent(ident: &Ident, ty: &Type) -> String {
    let problem = if has_word(ty, "HookContext") {
        "the context of a call is lent"
    } else {
        "a `PluginContext` is that of `#[setup]`, and a call has another"
    };
    format!("{problem}\nhelp: write `{ident}: &HookContext`")
}

/// `HookContext`, `Arc<HookContext>`, `Option<&HookContext>` and the like, or that of a setup. A path
/// to another's is none.
pub(crate) fn meant_as_context(ty: &Type) -> bool {
    let of_setup = || match ty {
        Type::Path(path) => {
            let segments = &path.path.segments;
            segments.len() == 1 && segments[0].ident == "PluginContext"
        }
        _ => false,
    };
    has_word(ty, "HookContext") || of_setup()
}

/// Reports a context that is more than borrowed; whether it is not.
pub(crate) fn check_context(ident: &Ident, reference: &TypeReference, cx: &Ctxt) -> bool {
    if let Some(mutability) = &reference.mutability {
        cx.error_at(
            mutability,
            format!("`{ident}` is shared: write `{ident}: &HookContext`"),
        );
    } else if let Some(lifetime) = reference.lifetime.as_ref().filter(|it| it.ident != "_") {
        cx.error_at(
            lifetime,
            format!("`{ident}` is lent for the call: write `{ident}: &HookContext`"),
        );
    } else {
        return true;
    }
    false
}

/// Which parameter is meant to be the context. The compiler checks its type later; this only
/// chooses which of several references gets which message.
pub(crate) fn context_of(inputs: &[&PatType]) -> Option<usize> {
    let references = || {
        inputs
            .iter()
            .enumerate()
            .filter_map(|(index, input)| match &*input.ty {
                Type::Reference(reference) => Some((index, input, reference)),
                _ => None,
            })
    };
    references()
        .find(|(_, _, reference)| last_word(&reference.elem).is_some_and(|w| w == "HookContext"))
        .or_else(|| {
            references().find(
                |(_, input, _)| matches!(&*input.pat, Pat::Ident(pat) if pat.ident == "ctx" || pat.ident == "_ctx"),
            )
        })
        .or_else(|| references().find(|(_, _, reference)| !is_plainly_data(reference)))
        .map(|(index, _, _)| index)
}

/// References that nobody takes for a context.
fn is_plainly_data(reference: &TypeReference) -> bool {
    match &*reference.elem {
        Type::Path(path) => {
            let generic = path
                .path
                .segments
                .last()
                .is_some_and(|last| !last.arguments.is_empty());
            generic
                || last_word(&reference.elem).is_some_and(|word| {
                    matches!(
                        &*word,
                        "str"
                            | "String"
                            | "Path"
                            | "PathBuf"
                            | "Value"
                            | "bool"
                            | "char"
                            | "u8"
                            | "u16"
                            | "u32"
                            | "u64"
                            | "usize"
                            | "i8"
                            | "i16"
                            | "i32"
                            | "i64"
                            | "isize"
                            | "f32"
                            | "f64"
                    )
                })
        }
        _ => true,
    }
}

/// What to say of `_`.
pub(crate) const NAMELESS: &str = "a hook's parameter needs a name: callers pass it by name";

fn borrowed(ident: &Ident, reference: &TypeReference, cx: &Ctxt) {
    if ident == "_" {
        cx.error_at(ident, NAMELESS);
        return;
    }
    let help = match owned(&reference.elem) {
        Some(owned) => format!("write `{ident}: {owned}`"),
        None => "name a type of yours, without `&`".to_owned(),
    };
    cx.error_at(
        reference,
        format!("the parameter `{ident}` borrows; a hook owns its arguments\nhelp: {help}"),
    );
}

/// The owned form of what was borrowed, if it has one.
pub(crate) fn owned(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Slice(slice) => format!("Vec<{}>", shown(&slice.elem)),
        Type::TraitObject(_) | Type::ImplTrait(_) => return None,
        ty => {
            let shown = shown(ty);
            let names: Vec<&str> = shown.split("::").collect();
            types::owned_of_unsized(&names).map_or_else(|| shown.clone(), str::to_owned)
        }
    })
}

/// Why a type cannot be a hook's parameter, as far as its tokens say.
fn not_owned(ty: &Type) -> Option<String> {
    let tokens = ty.to_token_stream();
    if has_punct(&tokens, '&') {
        return Some(format!(
            "`{}` borrows; a hook owns its arguments\nhelp: use an owned type, for example `String` for `&str`",
            shown(ty)
        ));
    }
    if lifetimes::first_not_static(tokens).is_some() {
        return Some(format!(
            "`{}` borrows; a hook owns its arguments\nhelp: {}",
            shown(ty),
            if last_word(ty).is_some_and(|word| word == "Cow") {
                "write `'static`, or an owned type"
            } else {
                "use an owned type"
            }
        ));
    }
    None
}

pub(crate) fn name_of(input: &PatType, cx: &Ctxt) -> Option<Ident> {
    match &*input.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat.ident.clone()),
        // The name only matters to callers, and a context has none for them.
        Pat::Wild(wild) => match &*input.ty {
            Type::Reference(reference) if !is_plainly_data(reference) => {
                Some(Ident::new("_", wild.span()))
            }
            _ => {
                cx.error_at(wild, NAMELESS);
                None
            }
        },
        pat => {
            cx.error_at(
                pat,
                "a hook's parameter is a plain name: callers pass it by name\nhelp: take it apart in the body",
            );
            None
        }
    }
}
