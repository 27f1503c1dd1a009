//! Lints that are not the author's business: those whose mend the macros refuse.

use proc_macro2::TokenStream;
use quote::quote;

/// For functions that the host calls: they must take `&self` and owned values, their documentation is a
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
