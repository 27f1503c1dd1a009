//! Lints that are not the author's business: those about generated code, and those whose mend the
//! macros refuse.

use proc_macro2::TokenStream;
use quote::quote;

/// Generated items, out of sight. They hold the author's types in the author's own tokens, so that
/// errors point there; what there is to warn about stands in the author's code too.
pub(crate) fn hidden(items: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            deprecated,
            elided_lifetimes_in_paths,
            mismatched_lifetime_syntaxes,
            non_camel_case_types,
            non_snake_case,
            non_upper_case_globals,
            single_use_lifetimes,
            unused_braces,
            unused_imports,
            unused_lifetimes,
            unused_mut,
            unused_parens,
            unused_qualifications,
            unused_variables,
        )]
        const _: () = { #items };
    }
}

/// For a function that the host calls: it must take `&self` and owned values, its documentation is a
/// description for callers, who pass arguments by name and get errors whatever it returns. Goes in
/// front of the author's attributes, which may say otherwise.
pub(crate) fn of_called() -> TokenStream {
    quote! {
        #[allow(
            clippy::fn_params_excessive_bools,
            clippy::missing_errors_doc,
            clippy::missing_panics_doc,
            clippy::must_use_candidate,
            clippy::needless_pass_by_value,
            clippy::too_many_arguments,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self,
        )]
    }
}
