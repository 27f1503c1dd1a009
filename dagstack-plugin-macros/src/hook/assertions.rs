//! The assertions about a hook's types: each is one error, at the author's own tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Index;

use super::model::Hook;
use super::output;
use super::signature::{Param, ValueParam};
use crate::asserted::{Asserted, Scope, Value, check_inferred, check_send, check_type};
use crate::spans;

/// What a parameter must be of which its attributes say nothing else.
const INPUT: &str = "HookInput";
/// What a result must be.
const OUTPUT: &str = "HookOutput";

impl Hook<'_> {
    /// Whether its types are its own and always there: a kind's author has made sure of the kind's.
    fn is_asserted(&self) -> bool {
        self.of_kind.is_none() && self.cfgs().is_empty()
    }

    /// Has whatever comes later ask whether the parameters fit.
    pub(crate) fn ask_inputs(&self, scope: &Scope<'_>, asserted: &mut Asserted) {
        let private = &scope.private;
        let params = self.params.iter().enumerate();
        for (number, param) in params.filter(|_| self.is_asserted()) {
            if let Param::Value(value) = param
                && value.crossing.bounds(INPUT).contains(&INPUT)
            {
                let alias = self.alias(number);
                let question = quote!(#private::Probe::<#alias>::ASK.__dagstack_if_input);
                asserted.ask(INPUT, &value.ty, question);
            }
        }
    }

    /// The same of the result.
    pub(crate) fn ask_output(&self, scope: &Scope<'_>, asserted: &mut Asserted) {
        if self.is_asserted() {
            let (private, alias) = (&scope.private, self.output_alias());
            let question =
                quote!(#private::Probe::<#alias>::ASK.__dagstack_split().0.__dagstack_if_output);
            asserted.ask(OUTPUT, output::output(&self.function.sig), question);
        }
    }

    /// One assertion per type.
    pub(crate) fn assertions(&self, scope: &Scope<'_>, asserted: &mut Asserted) -> TokenStream {
        let cfgs = self.cfgs();
        let mut checks = TokenStream::new();
        asserted.under(&cfgs);
        for (number, param) in self.params.iter().enumerate() {
            checks.extend(match param {
                // The kind's author has made sure of the kind's types.
                Param::Value(_) if self.of_kind.is_some() => continue,
                Param::Value(value) => self.value_assertions(number, value, scope, asserted),
                Param::Context(ty) => check_type(ty, "ContextParam", None, scope),
            });
        }
        checks.extend(self.output_assertions(scope, asserted));
        if self.is_async() {
            checks.extend(self.send_assertion(scope));
        }
        if checks.is_empty() || cfgs.is_empty() {
            return checks;
        }
        quote!(#(#cfgs)* { #checks })
    }

    /// What a parameter must be.
    fn value_assertions(
        &self,
        number: usize,
        value: &ValueParam,
        scope: &Scope<'_>,
        asserted: &mut Asserted,
    ) -> TokenStream {
        let private = &scope.private;
        let mut checks = TokenStream::new();
        let crossing = self.called(number, value, scope).0.crossing;
        let ty = value.ty.to_token_stream();
        for bound in crossing.bounds(INPUT) {
            if !asserted.is_new(bound, &ty) {
                continue;
            }
            checks.extend(if bound == INPUT {
                let value = Value {
                    ty: &ty,
                    alias: self.alias(number).into_token_stream(),
                    bound,
                    written: &ty,
                };
                value.check(bound, asserted, scope)
            } else {
                check_type(&ty, bound, None, scope)
            });
        }
        if !self.is_async() && asserted.is_new("Movable", &ty) {
            let alias = self.alias(number);
            let mut probe = quote!(#private::Probe::<#alias>::ASK);
            // A type that cannot be read is one mistake, whether it is `Send` or not.
            if crossing.bounds(INPUT).contains(&INPUT) {
                probe = quote!(#probe.__dagstack_if_input(#probe));
            }
            let place = spans::ends(&ty);
            checks.extend(check_inferred(quote!(Movable), probe, place, scope));
        }
        if let Some(Ok(ty)) = crossing.schema_of.map(|ty| ty.parse::<syn::Type>()) {
            checks.extend(check_type(ty, "Described", None, scope));
        }
        checks
    }

    /// What the result must be.
    fn output_assertions(&self, scope: &Scope<'_>, asserted: &mut Asserted) -> TokenStream {
        let private = &scope.private;
        let mut checks = TokenStream::new();
        let output = self.output_alias();
        let split = quote!(#private::Probe::<#output>::ASK.__dagstack_split());
        let value = match self.of_kind {
            Some(_) => {
                let kind = self.value_name();
                quote!(HookReturn<#kind>)
            }
            None => Ident::new(OUTPUT, Span::call_site()).into_token_stream(),
        };
        let returned = output::output(&self.function.sig);
        for (index, bound) in [value, quote!(HookFailure)].into_iter().enumerate() {
            if !asserted.is_new(&bound.to_string(), &returned) {
                continue;
            }
            let part = Index::from(index);
            let probe = quote!(#split.#part);
            let after_others = (index == 0 && self.of_kind.is_none())
                .then(|| asserted.after_others(OUTPUT, &returned, probe.clone()))
                .flatten();
            let probe = after_others.unwrap_or(probe);
            let place = output::output_place(&self.function.sig, index);
            checks.extend(check_inferred(bound, probe, place, scope));
        }
        checks
    }

    /// That the future of an `async` hook may move between threads.
    fn send_assertion(&self, scope: &Scope<'_>) -> TokenStream {
        let private = &scope.private;
        let method = spans::located(&self.function.sig.ident);
        let has_values = self.values().next().is_some();
        let (names, types): (Vec<Ident>, Vec<TokenStream>) = self
            .params
            .iter()
            .enumerate()
            .map(|(number, param)| {
                let alias = self.alias(number);
                (
                    format_ident!("__dagstack_{}", number),
                    match param {
                        Param::Value(value) => self.alias_of(number, value, "_"),
                        Param::Context(_) => quote!(&#alias),
                    },
                )
            })
            .unzip();
        let mut call = quote!(<Self>::#method(__dagstack_self, #(#names),*));
        if self.of_kind.is_some() {
            // Types that cannot move between threads are the kind's mistake.
            let given = self.given_name();
            call = quote!(#private::Probe::<#given<'_>>::ASK.__dagstack_if_send(#call));
        } else if has_values {
            // A type that cannot be read is one mistake, whether it is `Send` or not.
            let read = if self.is_read_by_slots() {
                tuple(
                    self.values()
                        .map(|(number, _)| self.alias(number).into_token_stream()),
                )
            } else {
                let args = self.struct_name();
                quote!(#args<true>)
            };
            call = quote!(#private::Probe::<#read>::ASK.__dagstack_if_read(#call));
        }
        check_send(
            call,
            quote!(__dagstack_self: &Self, #(#names: #types),*),
            self.function,
            scope,
        )
    }
}

/// One type that can do what all of `types` can; tuples of more than a dozen can do little.
fn tuple(types: impl Iterator<Item = TokenStream>) -> TokenStream {
    types
        .reduce(|all, ty| quote!((#all, #ty)))
        .unwrap_or_else(|| quote!(()))
}
