//! The arguments of `#[hook(…)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;

use super::annotations::Annotations;
use crate::ctxt::Ctxt;
use crate::entries::{self, Entry, Spanned};

/// What `#[hook(…)]` says.
#[derive(Default)]
pub(crate) struct HookArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) execution_model: Option<Spanned<Model>>,
    pub(crate) mcp_exposed: Option<Spanned<bool>>,
    pub(crate) annotations: Annotations,
}

/// An execution model of the manifest, the most demanding last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Model {
    Async,
    Sync,
    ThreadCpuBound,
    ProcessCpuBound,
}

const KEYS: &[&str] = &[
    "name",
    "description",
    "title",
    "read_only",
    "destructive",
    "idempotent",
    "open_world",
    "execution_model",
    "mcp_exposed",
];

impl HookArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    pub(crate) fn parse(tokens: TokenStream, cx: &Ctxt) -> Self {
        let mut entries = entries::parse(tokens, "hook", cx);
        let models = Model::ALL.map(|(name, _)| name);
        entries::name_values(&mut entries, "execution_model", &models, cx);
        entries::check_keys(&entries, KEYS, "hook", cx);
        let mut args = Self::default();
        for entry in &entries {
            match entry.name().as_str() {
                "name" => args.name = entry.text(cx),
                "description" => args.description = entry.text(cx),
                "execution_model" => args.execution_model = Model::parse(entry, cx),
                "mcp_exposed" => args.mcp_exposed = entry.flag(cx),
                // What is none of these either is reported by `check_keys`.
                _ => args.annotations.set(entry, cx),
            }
        }
        args.annotations.check(cx);
        args
    }
}

impl Model {
    const ALL: [(&'static str, Self); 4] = [
        ("async", Self::Async),
        ("sync", Self::Sync),
        ("thread_cpu_bound", Self::ThreadCpuBound),
        ("process_cpu_bound", Self::ProcessCpuBound),
    ];

    pub(crate) fn parse(entry: &Entry, cx: &Ctxt) -> Option<Spanned<Self>> {
        let text = entries::one_of(entry, &Self::ALL.map(|(name, _)| name), cx)?;
        let value = text.value();
        Self::ALL
            .iter()
            .find(|(name, _)| *name == value)
            .map(|(_, model)| Spanned {
                value: *model,
                span: text.span(),
            })
    }

    /// The variant of the library's enum.
    pub(crate) fn tokens(self, private: &TokenStream) -> TokenStream {
        let variant = Ident::new(
            match self {
                Self::Async => "Async",
                Self::Sync => "Sync",
                Self::ThreadCpuBound => "ThreadCpuBound",
                Self::ProcessCpuBound => "ProcessCpuBound",
            },
            Span::call_site(),
        );
        quote!(#private::ExecutionModel::#variant)
    }
}
