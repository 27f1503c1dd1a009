//! A hook as the macros know it once it is checked, and the names that an expansion has for it.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Attribute;

use super::args::{HookArgs, Model};
use super::called;
use super::output;
use super::signature::{Param, ValueParam};
use crate::cfg;
use crate::kind::data::HookData;
use crate::lifetimes::{self, lifetime, name_elided};
use crate::plugin::model::MemberFn;
use crate::spans;

/// The lifetime of borrowed parameters in generated code.
const BORROWED: &str = "__dagstack_a";

/// A hook, checked.
pub(crate) struct Hook<'a> {
    pub(crate) function: &'a MemberFn,
    pub(crate) args: HookArgs,
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) params: Vec<Param>,
    /// Its place among the hooks as written.
    pub(crate) index: usize,
    /// What the kind says about it, if the kind is a trait, and its place there.
    pub(crate) of_kind: Option<(usize, &'a HookData)>,
    /// The trait of the kind.
    pub(crate) kind_path: Option<&'a syn::Path>,
    /// The numbers that the types of its parameters and of its result have in the expansion.
    pub(crate) types: Vec<usize>,
    /// Whether a hook of the plugin is conditional, so that only the compiler can count them.
    pub(crate) is_counted_later: bool,
}

/// A type of the author's and the name the expansion has for it.
pub(crate) struct NamedType {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) name: Ident,
    /// The lifetime of what it borrows.
    pub(crate) generics: TokenStream,
    pub(crate) ty: TokenStream,
}

impl<'a> Hook<'a> {
    /// The hook that `function` is, with the arguments of its attribute.
    pub(crate) fn new(
        function: &'a MemberFn,
        args: HookArgs,
        (name, name_span): (String, Span),
        index: usize,
    ) -> Self {
        Self {
            function,
            args,
            name,
            name_span,
            params: Vec::new(),
            index,
            of_kind: None,
            kind_path: None,
            types: Vec::new(),
            is_counted_later: false,
        }
    }

    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        cfg::of(&self.function.attrs)
    }

    pub(crate) fn is_async(&self) -> bool {
        self.function.sig.asyncness.is_some()
    }

    /// How the hook wants to be run.
    pub(crate) fn model(&self) -> Model {
        match &self.args.execution_model {
            Some(model) => model.value,
            None if self.is_async() => Model::Async,
            None => Model::Sync,
        }
    }

    /// The struct that the arguments are read into, where they are not read one by one.
    pub(super) fn struct_name(&self) -> Ident {
        format_ident!("__dagstack_Args{}", self.index)
    }

    /// The number of the type of a parameter or, after all parameters, of the result.
    pub(super) fn type_number(&self, place: usize) -> usize {
        self.types.get(place).copied().unwrap_or_default()
    }

    /// The struct whose one field has the schema of a parameter.
    pub(super) fn property_name(&self, number: usize) -> Ident {
        format_ident!("__dagstack_Param{}_{}", self.index, number)
    }

    /// What the expansion calls the type of a parameter.
    pub(crate) fn alias(&self, number: usize) -> Ident {
        type_name(self.type_number(number))
    }

    /// The name of what the kind says it returns.
    pub(crate) fn value_name(&self) -> Ident {
        format_ident!("__dagstack_Value{}", self.index)
    }

    /// The name of what the kind says it is given, with a lifetime.
    pub(crate) fn given_name(&self) -> Ident {
        format_ident!("__dagstack_Given{}", self.index)
    }

    /// The same, as a type, with the lifetime of what it borrows.
    pub(crate) fn alias_of(&self, number: usize, value: &ValueParam, life: &str) -> TokenStream {
        let name = self.alias(number);
        let generics = generics(value, life);
        quote!(#name #generics)
    }

    pub(crate) fn output_alias(&self) -> Ident {
        self.alias(self.params.len())
    }

    /// Its place in the declaration, as an expression and a pattern.
    pub(crate) fn place(&self) -> TokenStream {
        let index = self.index;
        if self.is_counted_later {
            self.constant().into_token_stream()
        } else {
            quote!(#index)
        }
    }

    /// The constant that the compiler counts.
    pub(super) fn constant(&self) -> Ident {
        format_ident!("__DAGSTACK_HOOK{}", self.index)
    }

    /// Whether it asks for the context of its call.
    pub(crate) fn takes_context(&self) -> bool {
        let mut params = self.params.iter();
        params.any(|param| matches!(param, Param::Context(_)))
    }

    /// Whether callers outside this program can call it.
    pub(crate) fn is_exposed(&self) -> bool {
        match self.of_kind {
            Some((_, data)) => data.is_exposed,
            None => self.args.mcp_exposed.as_ref().is_none_or(|flag| flag.value),
        }
    }

    /// Whether a parameter is flattened: then the type of the arguments takes any key, and the schema
    /// says which are known.
    pub(super) fn is_flattened(&self) -> bool {
        self.values().any(|(_, value)| value.crossing.is_flattened)
    }

    /// Whether each argument is read by itself: the attributes of the parameters say nothing that only
    /// a derive can do.
    pub(super) fn is_read_by_slots(&self) -> bool {
        self.values().all(|(_, value)| value.crossing.fits_slot)
    }

    /// Whether what it returns borrows from the plugin.
    pub(super) fn returns_borrowed(&self) -> bool {
        lifetimes::count(output::output(&self.function.sig)) > 0
    }

    /// Whether arguments are read for it at all: not where only the kind's trait calls it.
    pub(super) fn is_read(&self) -> bool {
        self.of_kind.is_none_or(|(_, data)| data.is_exposed)
    }

    /// The parameters that callers pass, with their places among all.
    pub(crate) fn values(&self) -> impl Iterator<Item = (usize, &ValueParam)> {
        let params = self.params.iter().enumerate();
        params.filter_map(|(number, param)| match param {
            Param::Value(value) => Some((number, value)),
            Param::Context(_) => None,
        })
    }

    /// The types of its parameters, and of its result.
    fn types(&self) -> Vec<NamedType> {
        let cfgs = self.cfgs();
        let params = self.params.iter().map(|param| match param {
            Param::Value(value) if value.is_borrowed() => (
                generics(value, BORROWED),
                name_elided(value.ty.to_token_stream(), &mut || BORROWED.to_owned()),
            ),
            Param::Context(ty) | Param::Value(ValueParam { ty, .. }) => {
                (TokenStream::new(), ty.to_token_stream())
            }
        });
        let output = name_elided(output::output(&self.function.sig), &mut || {
            "static".to_owned()
        });
        params
            .chain([(TokenStream::new(), output)])
            .map(|(generics, ty)| NamedType {
                cfgs: cfgs.clone(),
                name: format_ident!("_"),
                generics,
                ty: spans::without_self(ty, &own()),
            })
            .collect()
    }

    /// Whether an attribute of a parameter calls something of the plugin's own.
    pub(crate) fn calls_self(&self) -> bool {
        self.params.iter().any(|param| {
            matches!(param, Param::Value(value) if value.attrs.iter().any(called::names_self))
        })
    }
}

/// Numbers the types of the hooks, and names them. One that is written in the same way again has the
/// same number: in one block it is the same type, whatever it is.
pub(crate) fn name_types(hooks: &mut [Hook<'_>]) -> Vec<NamedType> {
    let mut named: Vec<NamedType> = Vec::new();
    let mut known = HashMap::new();
    let is_conditional = hooks.iter().any(|hook| !hook.cfgs().is_empty());
    for hook in hooks {
        hook.is_counted_later = is_conditional;
        let types = hook.types();
        let numbers = types.into_iter().map(|mut ty| {
            let written = ty.ty.to_string();
            // What is conditional may be there where the first is not; a lifetime is that of one call;
            // and `$crate` is written alike in two crates.
            let is_own =
                !ty.cfgs.is_empty() || !ty.generics.is_empty() || written.contains("$crate");
            let next = named.len();
            if !is_own {
                let number = *known.entry(written).or_insert(next);
                if number < next {
                    return number;
                }
            }
            ty.name = type_name(next);
            named.push(ty);
            next
        });
        hook.types = numbers.collect();
    }
    named
}

fn type_name(number: usize) -> Ident {
    format_ident!("__dagstack_Type{}", number)
}

/// What `Self` is called outside the author's block.
pub(crate) fn own() -> Ident {
    format_ident!("__dagstack_Self")
}

/// `<'life>` for a parameter that borrows.
fn generics(value: &ValueParam, life: &str) -> TokenStream {
    if value.is_borrowed() {
        let life = lifetime(life, Span::call_site());
        quote!(<#life>)
    } else {
        TokenStream::new()
    }
}
