//! `include_kind!`: a kind's trait and types, made from its hookspec.

mod args;
mod expand;
mod fit;
mod problem;
mod schema;
mod spec;
mod types;
mod yaml;

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;

use crate::ctxt::Ctxt;

use args::Args;
use spec::Spec;

/// Expands `include_kind!(input)`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    match syn::parse2::<Args>(input) {
        Ok(mut args) => {
            let cx = Ctxt::default();
            args.krate = args.krate.leading_somewhere(&cx);
            let expanded = expand_in(&manifest_dir(), &args);
            let errors = cx.finish();
            quote!(#errors #expanded)
        }
        Err(error) => error.into_compile_error(),
    }
}

/// The folder of the invoking crate's `Cargo.toml`.
fn manifest_dir() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default()
}

fn expand_in(root: &Path, args: &Args) -> TokenStream {
    let expanded = Spec::read(root, &args.path.value())
        .and_then(|spec| types::generate(&spec, args).map(|types| (spec, types)))
        .and_then(|(spec, types)| expand::kind(&spec, args, &types));
    // One mistake at a time: those of a file that cannot be read as it stands would be guesses.
    expanded.unwrap_or_else(|problem| syn::Error::new(args.path.span(), problem).to_compile_error())
}

/// `LlmClient` of `llm_client`.
fn upper_camel(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric())
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
        })
        .collect()
}
