//! What a function returns: where to point at it, and what cannot be returned whatever the compiler
//! thinks.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{ReturnType, Signature, Type};

use super::types;
use crate::ctxt::Ctxt;
use crate::spans;
use crate::words::{generic, has_word, last_word, shown};

/// The type a function returns, `()` if it says nothing.
pub(crate) fn output(sig: &Signature) -> TokenStream {
    match &sig.output {
        ReturnType::Type(_, ty) => ty.to_token_stream(),
        ReturnType::Default => quote_spanned!(spans::at(sig.ident.span())=> ()),
    }
}

/// Where the value (0) or the error (1) of a return type begins and ends, or the function's name if it
/// has none.
pub(crate) fn output_place(sig: &Signature, argument: usize) -> (Span, Span) {
    match &sig.output {
        ReturnType::Type(_, ty) => place(ty, argument),
        ReturnType::Default => spans::ends(&sig.ident.to_token_stream()),
    }
}

/// The same of a type: of `Result<…>` and the like its generic argument `argument`, if it has so many,
/// else all of it. This only chooses where an error points, never what a type means.
pub(crate) fn place(ty: &Type, argument: usize) -> (Span, Span) {
    let part = generic(ty)
        .filter(|(name, _)| *name == "PluginContext" || name.to_string().ends_with("Result"))
        .and_then(|(_, arguments)| arguments.get(argument).copied());
    spans::ends(&part.unwrap_or(ty).to_token_stream())
}

/// Reports `-> impl Trait`, `-> !`, and what else cannot be returned whatever the compiler thinks.
/// Of a hook of a kind, the kind says what is returned.
pub(crate) fn check_output(sig: &Signature, owner: &str, has_kind: bool, cx: &Ctxt) {
    let ReturnType::Type(_, ty) = &sig.output else {
        return;
    };
    if matches!(&**ty, Type::Never(_)) {
        cx.error_at(ty, format!("{owner} must return: `!` never does"));
    } else if has_word(ty, "impl") {
        cx.error_at(
            ty,
            format!("{owner} cannot return `impl Trait`\nhelp: name the type"),
        );
    } else if let Some((at, message)) = mistaken_output(ty) {
        cx.error(at, message);
    } else if types::check(ty, None, cx) && !has_kind {
        types::check_arrays(ty, cx);
    }
}

/// What is often meant by a return type that cannot be, with the mend; and where to point.
fn mistaken_output(ty: &Type) -> Option<(Span, String)> {
    let (ident, arguments) = generic(ty)?;
    let span = ident.span();
    match (&*ident.to_string(), &arguments[..]) {
        (name @ ("Pin" | "Box" | "BoxFuture" | "LocalBoxFuture"), of)
            if name.ends_with("BoxFuture") || has_word(of.first()?, "Future") =>
        {
            Some((
                span,
                "what is awaited cannot be returned\nhelp: write `async fn`, and return what the future gives".to_owned(),
            ))
        }
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
            let is_error = name == "Box" && of.len() == 1 && has_word(error, "dyn") && has_word(error, "Error");
            (is_error && !(has_word(error, "Send") && has_word(error, "Sync"))).then(|| (
                name.span(),
                format!("`{}` is an error that cannot change threads\nhelp: write `HookError`, or `Box<dyn Error + Send + Sync>`", shown(error)),
            ))
        }
        _ => None,
    }
}
