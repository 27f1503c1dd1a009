//! What `#[kind]` and `#[resource]` have in common: the trait is called through `dyn`, is read member
//! by member, and each of its methods gets `Result` from the macro.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, GenericArgument, GenericParam, ItemTrait, PathArguments, TraitItem, Type,
    TypeParamBound,
};

use crate::ctxt::Ctxt;
use crate::fragments;
use crate::hook::signature::shown;
use crate::hook::types::{self, Why};
use crate::path::CratePath;
use crate::plugin::fallback::strip;
use crate::plugin::model::rest_of_member;

/// How messages speak of the trait.
pub(crate) struct Role {
    /// The attribute, and the noun.
    pub(crate) name: &'static str,
    /// What the attribute goes on.
    pub(crate) goes_on: &'static str,
    /// One of the methods.
    pub(crate) method: &'static str,
    /// Why it cannot be generic, and what to do instead.
    pub(crate) not_generic: &'static str,
    /// Why nothing can be asked of its implementations.
    pub(crate) no_bounds: &'static str,
}

/// Reads the trait. A member that cannot be read costs only itself: the compiler has reported it
/// before the macro was called. What is no trait is passed on, with the mistake.
pub(crate) fn read(
    role: &Role,
    krate: &CratePath,
    item: TokenStream,
    cx: Ctxt,
) -> Result<(ItemTrait, Ctxt), TokenStream> {
    let mut read = match parse(item.clone(), &cx) {
        Ok(read) => read,
        Err(error) => return Err(no_trait(role, &error, item, cx)),
    };
    take_attributes(&mut read, role, krate, &cx);
    for member in &mut read.items {
        if let TraitItem::Fn(function) = member {
            fragments::open_types(&mut function.sig);
        }
    }
    check(&read, role, &cx);
    Ok((read, cx))
}

fn parse(item: TokenStream, cx: &Ctxt) -> syn::Result<ItemTrait> {
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    let body = match trees.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        other => {
            trees.extend(other);
            return syn::parse2(trees.into_iter().collect());
        }
    };
    let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
    empty.set_span(body.span());
    trees.push(empty.into());
    let mut read: ItemTrait = syn::parse2(trees.into_iter().collect())?;
    let members = |input: ParseStream<'_>| {
        read.attrs.extend(input.call(Attribute::parse_inner)?);
        while !input.is_empty() {
            match input.fork().parse::<TraitItem>() {
                // The fork showed that it parses.
                Ok(_) => read.items.push(input.parse()?),
                Err(_) => match types::bare_fn(&rest_of_member(input)?) {
                    Some(unfit) => cx.error_at(&unfit.tokens, unfit.message()),
                    None => cx.leave_to_compiler(),
                },
            }
        }
        Ok(())
    };
    members.parse2(body.stream())?;
    Ok(read)
}

fn no_trait(role: &Role, error: &syn::Error, item: TokenStream, cx: Ctxt) -> TokenStream {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) if !matches!(other, syn::Item::Trait(_)) => cx.error(
            Span::call_site(),
            format!("`#[{}]` goes on {}", role.name, role.goes_on),
        ),
        _ => cx.push(error.clone()),
    }
    let errors = cx.finish();
    let item = strip(item);
    quote!(#item #errors)
}

/// Takes off, and reports, the attributes that would do again what this one does.
fn take_attributes(item: &mut ItemTrait, role: &Role, krate: &CratePath, cx: &Ctxt) {
    let name = role.name;
    item.attrs.retain(|attr| {
        let path = attr.path();
        let message = if krate.owns(attr, name) {
            format!("`#[{name}]` stands twice on this trait\nhelp: keep one")
        } else if krate.owns(attr, "kind") || krate.owns(attr, "resource") {
            "a trait is a kind or a resource, not both\nhelp: keep one, or write two traits"
                .to_owned()
        } else if path
            .segments
            .last()
            .is_some_and(|last| last.ident == "async_trait")
        {
            format!("`#[{name}]` makes the trait async itself\nhelp: take `#[async_trait]` off")
        } else {
            return true;
        };
        cx.error_at(path, message);
        false
    });
}

/// Whether `#[async_trait]` stood above, and there is no `async fn` left to read. Reports it.
pub(crate) fn is_rewritten(item: &ItemTrait, role: &Role, cx: &Ctxt) -> bool {
    let rewritten = item.items.iter().any(|member| {
        match member {
        TraitItem::Fn(function) => function.sig.generics.params.iter().any(|param| {
            matches!(param, GenericParam::Lifetime(param) if param.lifetime.ident == "async_trait")
        }),
        _ => false,
    }
    });
    if rewritten {
        cx.error(
            Span::call_site(),
            format!(
                "`#[{}]` makes the trait async itself\nhelp: take the `#[async_trait]` above it off",
                role.name
            ),
        );
    }
    rewritten
}

/// Checks the trait itself.
fn check(item: &ItemTrait, role: &Role, cx: &Ctxt) {
    let name = role.name;
    if let Some(unsafety) = &item.unsafety {
        cx.error_at(unsafety, format!("a {name} cannot be an `unsafe trait`"));
    }
    if let Some(auto) = &item.modifiers.auto_token {
        cx.error_at(auto, format!("a {name} cannot be an `auto trait`"));
    }
    if !item.generics.params.is_empty() {
        cx.error_at(
            &item.generics,
            format!("a {name} cannot be generic: {}", role.not_generic),
        );
    } else if let Some(clause) = &item.generics.where_clause {
        cx.error_at(clause, format!("a {name} cannot have a `where` clause"));
    }
    for bound in &item.supertraits {
        if !is_plain_bound(bound) {
            cx.error_at(
                bound,
                format!(
                    "a {name} cannot require `{}`: {}\nnote: `Send`, `Sync` and `'static` are there without being written",
                    shown(bound),
                    role.no_bounds
                ),
            );
        }
    }
}

fn is_plain_bound(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == "static",
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Send" || last.ident == "Sync"),
        _ => false,
    }
}

/// Whether a type can stand in a method that is called through `dyn` the trait. Reports it if not.
/// `does` is what the method does with it, `take` or `return`.
pub(crate) fn check_type(ty: &Type, does: &str, item: &Ident, role: &Role, cx: &Ctxt) -> bool {
    let Some(unfit) = types::unfit(ty, true) else {
        return true;
    };
    let what = match unfit.why {
        Why::Placeholder => {
            cx.leave_to_compiler();
            return false;
        }
        Why::SelfType => "Self",
        Why::Impl => "impl Trait",
        _ => {
            cx.error_at(&unfit.tokens, unfit.message());
            return false;
        }
    };
    cx.error_at(
        &unfit.tokens,
        format!(
            "{} cannot {does} `{what}`: it is called through `dyn {item}`\nhelp: name a type",
            role.method
        ),
    );
    false
}

/// What stands in the place of a type that cannot be there, beside the error.
pub(crate) fn stand_in(ty: &Type) -> Type {
    match types::unfit(ty, true).map(|unfit| unfit.why) {
        None | Some(Why::Placeholder) => ty.clone(),
        Some(Why::SelfType) => syn::parse_quote!(()),
        Some(_) => types::stand_in(ty),
    }
}

/// `T` of `Result<T, …>`.
fn value_of_result(ty: &Type) -> Option<Option<&Type>> {
    let (name, arguments) = named(ty)?;
    (name == "Result").then(|| arguments.into_iter().next())
}

/// The last name of a type, and the types among its arguments.
fn named(ty: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let types = match &last.arguments {
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
    Some((&last.ident, types))
}

/// What a method returns, without the `Result` that the macro adds; reports one that is there.
pub(crate) fn without_result(ty: &Type, adds: &str, cx: &Ctxt) -> Option<TokenStream> {
    let value = match value_of_result(ty) {
        Some(value) => value.map(|value| stand_in(value).into_token_stream()),
        // `Option<Result<T, …>>`.
        None => {
            let (name, arguments) = named(ty)?;
            let value = value_of_result(arguments.first()?)??;
            let value = stand_in(value);
            (name == "Option")
                .then(|| quote!(#name<#value>))
                .map(Some)?
        }
    };
    let help = match &value {
        Some(value) if shown(value) == "()" => "leave it out".to_owned(),
        Some(value) => format!("write `-> {}`", shown(value)),
        None => "name the value".to_owned(),
    };
    cx.error_at(ty, format!("{adds}\nhelp: {help}"));
    Some(value.unwrap_or_else(|| quote!(())))
}
