//! What a function returns: where to point at it, and what cannot be returned whatever the compiler
//! thinks.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use super::signature::{contains, last_word, shown};
use super::types;
use crate::ctxt::Ctxt;
use crate::spans;

/// The type a function returns, `()` if it says nothing.
pub(crate) fn output(sig: &Signature) -> TokenStream {
    match &sig.output {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => quote_spanned!(spans::at(sig.ident.span())=> ()),
    }
}

/// Where to point for the value (0) or the error (1) of a return type, or the function's name if it
/// has none.
pub(crate) fn output_place(sig: &Signature, argument: usize) -> Span {
    match &sig.output {
        ReturnType::Type(_, ty) => place(ty, argument),
        ReturnType::Default => sig.ident.span(),
    }
}

/// The most telling token of a type: that of its generic argument `argument`, if it has so many,
/// else its own name. This only chooses where an error points, never what a type means.
pub(crate) fn place(ty: &Type, argument: usize) -> Span {
    let Type::Path(path) = ty else {
        return ty.span();
    };
    let Some(last) = path.path.segments.last() else {
        return ty.span();
    };
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .nth(argument),
        _ => None,
    };
    inner.map_or_else(|| last.ident.span(), |ty| place(ty, 0))
}

/// Reports `-> impl Trait`, `-> !`, and what else cannot be returned whatever the compiler thinks.
pub(crate) fn check_output(sig: &Signature, owner: &str, cx: &Ctxt) {
    let ReturnType::Type(_, ty) = &sig.output else {
        return;
    };
    if matches!(&**ty, Type::Never(_)) {
        cx.error_at(ty, format!("{owner} must return: `!` never does"));
    } else if contains(
        &ty.to_token_stream(),
        &|tree| matches!(tree, TokenTree::Ident(word) if word == "impl"),
    ) {
        cx.error_at(
            ty,
            format!("{owner} cannot return `impl Trait`\nhelp: name the type"),
        );
    } else {
        if let Some(problem) = mistaken_output(ty) {
            let (at, message) = problem;
            cx.error(at, message);
        } else {
            types::check(ty, None, cx);
        }
    }
}

/// What is often meant by a return type that cannot be, with the mend; and where to point.
fn mistaken_output(ty: &Type) -> Option<(Span, String)> {
    let has = |ty: &Type, name: &str| {
        contains(
            &ty.to_token_stream(),
            &|tree| matches!(tree, TokenTree::Ident(word) if word == name),
        )
    };
    let (ident, arguments) = generic(ty)?;
    let span = ident.span();
    match (&*ident.to_string(), &arguments[..]) {
        ("Pin" | "Box", [inner]) if has(inner, "Future") => Some((
            span,
            "what is awaited cannot be returned\nhelp: write `async fn`, and return what the future gives".to_owned(),
        )),
        ("BoxFuture" | "LocalBoxFuture", _) => Some((
            span,
            "what is awaited cannot be returned\nhelp: write `async fn`, and return what the future gives".to_owned(),
        )),
        ("Option", [inner]) => match generic(inner) {
            Some((name, of)) if name == "Result" => {
                let (value, error) = (of.first()?, of.get(1)?);
                // A `Result` of two values has a JSON form of its own.
                last_word(error).is_some_and(|word| word.ends_with("Error") || word == "Box").then(|| (
                    span,
                    format!(
                        "an error inside `Option` would be a value\nhelp: write `Result<Option<{}>, {}>`",
                        shown(value),
                        shown(error)
                    ),
                ))
            }
            _ => None,
        },
        ("Result", [_, error]) => {
            let (name, of) = generic(error)?;
            let is_error = name == "Box" && of.len() == 1 && has(error, "dyn") && has(error, "Error");
            (is_error && !(has(error, "Send") && has(error, "Sync"))).then(|| (
                name.span(),
                format!("`{}` is an error that cannot change threads\nhelp: write `HookError`, or `Box<dyn Error + Send + Sync>`", shown(error)),
            ))
        }
        _ => None,
    }
}

/// The last name of a path, and its type arguments.
pub(crate) fn generic(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((&last.ident, arguments))
}
