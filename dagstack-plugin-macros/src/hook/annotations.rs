//! The arguments by which a hook says what MCP clients are told of it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitBool, LitStr};

use crate::ctxt::Ctxt;
use crate::entries::{Entry, Spanned};

/// A hint about what the calls of a hook do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    ReadOnly,
    Destructive,
    Idempotent,
    OpenWorld,
}

impl Hint {
    const ALL: [Self; 4] = [
        Self::ReadOnly,
        Self::Destructive,
        Self::Idempotent,
        Self::OpenWorld,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Destructive => "destructive",
            Self::Idempotent => "idempotent",
            Self::OpenWorld => "open_world",
        }
    }

    /// The value by which a caller is promised more than by the other, which MCP takes for granted.
    const fn promise(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Idempotent)
    }
}

/// `title` and the hints.
#[derive(Default)]
pub(crate) struct Annotations {
    title: Option<LitStr>,
    hints: Vec<(Hint, Spanned<bool>)>,
}

/// The keys of these arguments, with MCP's names for them.
#[cfg(feature = "include-kind")]
pub(crate) const MCP_NAMES: [(&str, &str); 5] = [
    ("title", "title"),
    (Hint::ReadOnly.key(), "readOnlyHint"),
    (Hint::Destructive.key(), "destructiveHint"),
    (Hint::Idempotent.key(), "idempotentHint"),
    (Hint::OpenWorld.key(), "openWorldHint"),
];

impl Annotations {
    /// Reads the argument if it is one of these.
    pub(crate) fn set(&mut self, entry: &Entry, cx: &Ctxt) {
        let name = entry.name();
        if name == "title" {
            self.title = entry.text(cx);
        } else if let Some(hint) = Hint::ALL.into_iter().find(|hint| hint.key() == name)
            && let Some(flag) = entry.flag(cx)
        {
            self.hints.push((hint, flag));
        }
    }

    fn get(&self, hint: Hint) -> Option<&Spanned<bool>> {
        let mut all = self.hints.iter();
        all.find(|(known, _)| *known == hint).map(|(_, flag)| flag)
    }

    /// Reports hints that contradict each other.
    pub(crate) fn check(&self, cx: &Ctxt) {
        if self.get(Hint::ReadOnly).is_some_and(|flag| flag.value) {
            self.check_read_only("", "leave one of the two out", cx);
        }
    }

    /// Reports what contradicts `read_only`; `whose` is who says that, and `help` the mend.
    fn check_read_only(&self, whose: &str, help: &str, cx: &Ctxt) {
        for (hint, why, name) in [
            (
                Hint::Destructive,
                "what changes nothing destroys nothing",
                "destructiveHint",
            ),
            (
                Hint::Idempotent,
                "what changes nothing can be repeated",
                "idempotentHint",
            ),
        ] {
            let Some(flag) = self.get(hint) else { continue };
            if flag.value != hint.promise() {
                let key = said(hint, flag.value);
                cx.error(
                    flag.span,
                    format!(
                        "`{key}` contradicts `read_only`{whose}: {why}\nnote: to MCP clients `{name}` means something only where `readOnlyHint` is false\nhelp: {help}"
                    ),
                );
            }
        }
    }

    /// Reports what says less of a plugin's hook than `kind`, which is called `name`, says of the hook
    /// of every plugin: its callers rely on it.
    pub(crate) fn check_against(&self, kind: &Self, name: &str, cx: &Ctxt) {
        for (hint, flag) in &self.hints {
            let promised = kind.get(*hint).map(|flag| flag.value) == Some(hint.promise());
            if promised && flag.value != hint.promise() {
                let (key, said) = (said(*hint, flag.value), said(*hint, hint.promise()));
                cx.error(
                    flag.span,
                    format!(
                        "the kind `{name}` says that the hook is `{said}`, and `{key}` takes that back\nnote: a plugin may promise more than its kind, not less\nhelp: leave it out"
                    ),
                );
            }
        }
        let of_kind = kind.get(Hint::ReadOnly).is_some_and(|flag| flag.value);
        if of_kind && self.get(Hint::ReadOnly).is_none() {
            self.check_read_only(&format!(" of the kind `{name}`"), "leave it out", cx);
        }
    }

    /// The call that adds them to a hook, or the field of a kind's; nothing where there are none.
    pub(crate) fn tokens(&self, private: &TokenStream) -> Option<TokenStream> {
        let title = self
            .title
            .as_ref()
            .map(|title| quote!(title: #private::Some(#title),));
        let hints = self.hints.iter().map(|(hint, flag)| {
            let (field, value) = (format_ident!("{}", hint.key()), flag.value);
            quote!(#field: #private::Some(#value),)
        });
        (title.is_some() || !self.hints.is_empty()).then(|| {
            quote! {
                #private::ToolAnnotations { #title #(#hints)* ..#private::ToolAnnotations::NONE }
            }
        })
    }

    /// What the plugins of a kind are told: the hints, in brackets; nothing where there are none.
    pub(crate) fn data(&self) -> Option<TokenStream> {
        let hints = self.hints.iter().map(|(hint, flag)| {
            let (key, value) = (Ident::new(hint.key(), Span::call_site()), flag.value);
            quote!(#key #value)
        });
        (!self.hints.is_empty()).then(|| quote!([#(#hints)*]))
    }
}

/// Reads what [`Annotations::data`] wrote in the brackets.
impl Parse for Annotations {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut annotations = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let LitBool { value, span } = input.parse()?;
            let hint = Hint::ALL.into_iter().find(|hint| key == hint.key());
            let hint = hint.ok_or_else(|| input.error("no hint"))?;
            annotations.hints.push((hint, Spanned { value, span }));
        }
        Ok(annotations)
    }
}

/// A hint as an author writes it.
fn said(hint: Hint, value: bool) -> String {
    match value {
        true => hint.key().to_owned(),
        false => format!("{} = false", hint.key()),
    }
}
