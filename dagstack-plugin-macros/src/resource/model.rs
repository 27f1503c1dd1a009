//! The trait under `#[resource]`, read and checked: what cannot cross to another process is refused
//! here, as far as its tokens say; the compiler judges the types.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};
use syn::{FnArg, ItemTrait, Pat, PatType, ReturnType, TraitItem, TraitItemFn, Type};

use super::args::ResourceArgs;
use crate::cfg;
use crate::ctxt::Ctxt;
use crate::hook::signature;
use crate::lifetimes;
use crate::path::CratePath;
use crate::traits::{self, Place, Role};
use crate::words::{has_punct, has_word, plain_name, shown};

/// What a resource's trait is.
pub(crate) const ROLE: Role = Role {
    name: "resource",
    goes_on: "the `trait` that plugins call the resource by",
    on_impl: "an implementation takes `#[dagstack_plugin::async_trait]`",
    method: OWNER,
    not_generic: "host and plugin are built apart and must mean the same types\nhelp: write one trait for each type",
    is_empty: "has no methods",
    no_bounds: "a plugin in another process has only the methods written here",
};

/// How messages call a method.
const OWNER: &str = "a resource's method";

/// A resource's trait, read.
pub(crate) struct Resource<'a> {
    pub(crate) args: &'a ResourceArgs,
    pub(crate) item: &'a ItemTrait,
    pub(crate) methods: Vec<Method<'a>>,
}

/// One method, read.
pub(crate) struct Method<'a> {
    pub(crate) item: &'a TraitItemFn,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) params: Vec<Param>,
    /// What it returns; `()` if it says nothing.
    pub(crate) output: TokenStream,
    /// Its place.
    pub(crate) index: usize,
    /// Whether it can stand in the trait in spite of its mistakes.
    pub(crate) is_sound: bool,
}

/// One parameter, read.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// Reads the methods.
pub(crate) fn methods<'a>(item: &'a ItemTrait, krate: &CratePath, cx: &Ctxt) -> Vec<Method<'a>> {
    let mut methods: Vec<Method<'a>> = Vec::new();
    for member in &item.items {
        match member {
            TraitItem::Fn(function) => {
                let index = methods.len();
                traits::refuse_marks(&function.attrs, "", &ROLE, krate, cx);
                let method = method(function, &item.ident, index, cx);
                if methods.iter().any(|other| other.name == method.name) {
                    cx.error_at(
                        &function.sig.ident,
                        format!("two methods are called `{}`", method.name),
                    );
                } else {
                    methods.push(method);
                }
            }
            TraitItem::Const(other) => refuse(&other.ident, "constants", cx),
            TraitItem::Type(other) => refuse(&other.ident, "associated types", cx),
            other => cx.error_at(other, "a resource has methods and nothing else"),
        }
    }
    methods
}

fn refuse(ident: &Ident, what: &str, cx: &Ctxt) {
    cx.error_at(
        ident,
        format!(
            "a resource cannot have {what}: plugins use it through `dyn Trait`, and maybe from another process\nhelp: make `{ident}` a method"
        ),
    );
}

fn method<'a>(
    function: &'a TraitItemFn,
    trait_name: &Ident,
    index: usize,
    cx: &Ctxt,
) -> Method<'a> {
    let sig = &function.sig;
    let name = plain_name(&sig.ident);
    let problem =
        "the methods of a resource cannot be conditional: hosts and plugins must agree on them";
    cfg::refuse(
        &function.attrs,
        OWNER,
        &[],
        problem,
        traits::ON_THE_TRAIT,
        cx,
    );
    if !sig.generics.params.is_empty() {
        cx.error_at(
            &sig.generics,
            "a resource's method cannot be generic: the types of its values must be known to both processes\nhelp: name a type, or take `serde_json::Value`",
        );
    } else {
        signature::check_plain(sig, OWNER, cx);
    }
    signature::check_receiver(sig, OWNER, cx);
    let is_otherwise = sig.constness.is_some() || sig.abi.is_some();
    if sig.asyncness.is_none() && !is_otherwise && !traits::returns_future(sig) {
        cx.error_at(
            sig.fn_token,
            format!(
                "the method `{name}` may be answered by another process, so it is an `async fn`\nhelp: write `async fn {name}`"
            ),
        );
    }
    if let Some(body) = &function.default {
        cx.error_at(
            body,
            format!("the method `{name}` cannot have a body: in another process it would not be the resource's own\nhelp: end it with `;`"),
        );
    }
    let place = Place {
        item: trait_name,
        role: &ROLE,
        sig,
        is_exposed: true,
    };
    let has_receiver = matches!(
        sig.receiver(),
        Some(receiver) if matches!(receiver.kind, syn::ReceiverKind::Reference(..))
    );
    Method {
        item: function,
        is_sound: has_receiver && sig.generics.params.is_empty(),
        params: params(function, &place, cx),
        output: output(function, &place, cx),
        name,
        index,
    }
}

/// The parameters, each with a name and a type that can stand in a trait.
fn params(function: &TraitItemFn, place: &Place<'_>, cx: &Ctxt) -> Vec<Param> {
    let mut params: Vec<Param> = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        for attr in &input.attrs {
            cx.error_at(
                attr,
                "the parameters of a resource's method have no attributes\nhelp: write what there is to say on the method",
            );
        }
        let ident = name_of(input, &params, cx)
            .unwrap_or_else(|| format_ident!("__dagstack_{}", params.len()));
        let before = cx.count();
        let ty = place.checked(&input.ty, "take", cx);
        // A lifetime that is declared is reported there.
        if cx.count() == before
            && function.sig.generics.params.is_empty()
            && let Some(problem) = not_owned(&ident, &input.ty)
        {
            cx.error_at(&input.ty, problem);
        }
        params.push(Param { ident, ty });
    }
    params
}

fn name_of(input: &PatType, others: &[Param], cx: &Ctxt) -> Option<Ident> {
    match &*input.pat {
        Pat::Ident(pat)
            if pat.by_ref.is_none() && pat.subpat.is_none() && pat.mutability.is_none() =>
        {
            let ident = pat.ident.clone();
            if others.iter().any(|other| other.ident == ident) {
                cx.error_at(&ident, format!("two parameters are called `{ident}`"));
                return None;
            }
            Some(ident)
        }
        Pat::Wild(wild) => {
            cx.error_at(
                wild,
                "a parameter of a resource's method needs a name: it crosses by name",
            );
            None
        }
        other => {
            cx.error_at(
                other,
                "a parameter of a resource's method is a plain name\nhelp: write `name: Type`",
            );
            None
        }
    }
}

/// Why a type cannot be sent to another process, as far as its tokens say.
fn not_owned(ident: &Ident, ty: &Type) -> Option<String> {
    if signature::meant_as_context(ty) {
        return Some(
            "the context of a call does not go to its resources\nhelp: take what the method needs of it, for example `tenant: String`".to_owned(),
        );
    }
    if let Type::Reference(reference) = ty {
        if reference.mutability.is_some() {
            return Some(format!(
                "the parameter `{ident}` is changed in place, which another process cannot do\nhelp: take it owned and return what changed"
            ));
        }
        let owned =
            signature::owned(&reference.elem).unwrap_or_else(|| "a type of yours".to_owned());
        return Some(format!(
            "the parameter `{ident}` borrows, and a borrow cannot cross to another process\nhelp: write `{ident}: {owned}`"
        ));
    }
    let tokens = ty.to_token_stream();
    if has_word(ty, "impl") {
        return Some(
            "`impl Trait` cannot be read by another process\nhelp: name a type".to_owned(),
        );
    }
    if has_word(ty, "dyn") {
        return Some(format!(
            "`{}` has no form in another process\nhelp: take data; a resource is called back by nobody",
            shown(ty)
        ));
    }
    borrows(&tokens).then(|| {
        format!(
            "`{}` borrows, and a borrow cannot cross to another process\nhelp: use an owned type, for example `String` for `&str`",
            shown(ty)
        )
    })
}

/// What the method returns. `Result` is what `#[resource]` makes of it.
fn output(function: &TraitItemFn, place: &Place<'_>, cx: &Ctxt) -> TokenStream {
    const ADDS: &str =
        "every method of a resource may fail; `#[resource]` adds `Result<…, HookError>` itself";
    let ReturnType::Type(_, ty) = &function.sig.output else {
        return quote::quote!(());
    };
    if let Some(value) = traits::without_result(ty, ADDS, cx) {
        return value;
    }
    if matches!(**ty, Type::Never(_)) {
        cx.error_at(ty, "a resource's method must return: `!` never does");
        return quote::quote!(());
    }
    if has_word(ty, "dyn") {
        cx.error_at(
            ty,
            format!(
                "`{}` has no form in another process\nhelp: return data",
                shown(ty)
            ),
        );
        return quote::quote!(());
    }
    let before = cx.count();
    let output = place.checked(ty, "return", cx).into_token_stream();
    if cx.count() == before && borrows(&output) {
        cx.error_at(
            ty,
            format!(
                "`{}` borrows; what a resource returns is owned, it may come from another process\nhelp: use an owned type, for example `String` for `&str`",
                shown(ty)
            ),
        );
    }
    output
}

/// Whether there is a `&`, or a lifetime other than `'static`.
fn borrows(tokens: &TokenStream) -> bool {
    has_punct(tokens, '&') || lifetimes::first_not_static(tokens.clone()).is_some()
}
