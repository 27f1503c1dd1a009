//! What `#[kind]` and `#[resource]` have in common: the trait is called through `dyn`, is read member
//! by member, and each of its methods gets `Result` from the macro.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, GenericParam, ItemTrait, PathArguments, ReturnType, Signature,
    Token, TraitItem, TraitItemFn, Type, TypeParamBound, Visibility,
};

use crate::ctxt::Ctxt;
use crate::fragments;
use crate::hook::types::{self, Why};
use crate::names::MARKS;
use crate::path::CratePath;
use crate::plugin::fallback::strip;
use crate::plugin::model::{is_async_trait, rest_of_member};
use crate::spans;
use crate::words::{generic, shown};

/// How messages speak of the trait.
pub(crate) struct Role {
    /// The attribute, and the noun.
    pub(crate) name: &'static str,
    /// What the attribute goes on.
    pub(crate) goes_on: &'static str,
    /// What to write on an implementation instead.
    pub(crate) on_impl: &'static str,
    /// One of the methods.
    pub(crate) method: &'static str,
    /// Why it cannot be generic, and what to do instead.
    pub(crate) not_generic: &'static str,
    /// What to say of one without methods.
    pub(crate) is_empty: &'static str,
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
    let (mut read, is_empty) = match parse(item.clone(), &cx) {
        Ok(read) => read,
        Err(error) => return Err(no_trait(role, krate, &error, item, cx)),
    };
    take_attributes(&mut read, role, krate, &cx);
    for member in &mut read.items {
        take_visibility(member, role, &cx);
        if let TraitItem::Fn(function) = member {
            fragments::open_types(&mut function.sig);
        }
    }
    check(&read, role, &cx);
    if is_empty {
        cx.error_at(
            &read.ident,
            format!("the {} `{}` {}", role.name, read.ident, role.is_empty),
        );
    }
    Ok((read, cx))
}

/// The trait, and whether there is nothing in it.
fn parse(item: TokenStream, cx: &Ctxt) -> syn::Result<(ItemTrait, bool)> {
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    let body = match trees.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        other => {
            trees.extend(other);
            let read = syn::parse2(trees.into_iter().collect())?;
            return Ok((read, true));
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
    Ok((read, body.stream().is_empty()))
}

/// Takes off, and reports, the `pub` of a method: with it, the member is left as tokens.
fn take_visibility(member: &mut TraitItem, role: &Role, cx: &Ctxt) {
    let TraitItem::Verbatim(tokens) = member else {
        return;
    };
    let parse = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        let mut function: TraitItemFn = input.parse()?;
        function.attrs = attrs;
        Ok((vis, function))
    };
    if let Ok((vis, function)) = parse.parse2(tokens.clone()) {
        cx.error_at(
            &vis,
            format!(
                "{} is as public as the trait\nhelp: leave `{}` out",
                role.method,
                shown(&vis)
            ),
        );
        *member = TraitItem::Fn(function);
    }
}

fn no_trait(
    role: &Role,
    krate: &CratePath,
    error: &syn::Error,
    item: TokenStream,
    cx: Ctxt,
) -> TokenStream {
    let mut item = strip(item);
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Impl(other))
            if other.trait_.is_some() && !other.attrs.iter().any(is_async_trait) =>
        {
            cx.error(
                Span::call_site(),
                format!(
                    "`#[{}]` goes on {}\nhelp: {}",
                    role.name, role.goes_on, role.on_impl
                ),
            );
            // As it stands, the trait would judge it.
            item = match role.name {
                "resource" => quote!(#[#krate::async_trait] #item),
                _ => TokenStream::new(),
            };
        }
        Ok(other) if !matches!(other, syn::Item::Trait(_)) => cx.error(
            Span::call_site(),
            format!("`#[{}]` goes on {}", role.name, role.goes_on),
        ),
        _ => cx.push(error.clone()),
    }
    let errors = cx.finish();
    quote!(#item #errors)
}

/// What to do instead of a condition on a method.
pub(crate) const ON_THE_TRAIT: &str = "put the condition on the trait";

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
        } else if is_async_trait(attr) {
            format!("`#[{name}]` makes the trait async itself\nhelp: take `#[async_trait]` off")
        } else {
            return true;
        };
        cx.error_at(path, message);
        false
    });
}

/// Reports the attributes of a plugin's functions, on a method. `except` is the one it may have.
pub(crate) fn refuse_marks(
    attrs: &[Attribute],
    except: &str,
    role: &Role,
    krate: &CratePath,
    cx: &Ctxt,
) {
    for attr in attrs {
        let mark = MARKS.iter().find(|mark| krate.owns(attr, mark));
        if let Some(mark) = mark.filter(|mark| **mark != except) {
            cx.error_at(
                attr.path(),
                format!(
                    "`#[{mark}]` is for the functions of a plugin, not for {}\nhelp: take it off",
                    role.method
                ),
            );
        }
    }
}

/// The attributes without ours.
pub(crate) fn without_marks<'a>(
    attrs: &'a [Attribute],
    krate: &CratePath,
) -> impl Iterator<Item = &'a Attribute> {
    attrs
        .iter()
        .filter(|attr| !MARKS.iter().any(|mark| krate.owns(attr, mark)))
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

/// A method, as far as its types depend on it.
pub(crate) struct Place<'a> {
    /// The trait.
    pub(crate) item: &'a Ident,
    pub(crate) role: &'a Role,
    pub(crate) sig: &'a Signature,
    /// Whether it may be answered by another process.
    pub(crate) is_exposed: bool,
}

impl Place<'_> {
    /// The type, if it can stand in a method that is called through `dyn` the trait; or what stands
    /// in its place beside the error. `does` is what the method does with it, `take` or `return`.
    pub(crate) fn checked(&self, ty: &Type, does: &str, cx: &Ctxt) -> Type {
        let Some(unfit) = types::unfit(ty, true) else {
            if self.is_exposed {
                types::check_arrays(ty, cx);
            }
            return ty.clone();
        };
        let what = match unfit.why {
            Why::Placeholder => {
                cx.leave_to_compiler();
                return ty.clone();
            }
            // One that is declared is reported with its declaration.
            Why::Lifetime if !self.sig.generics.params.is_empty() => return stand_in(ty),
            Why::Lifetime if !self.is_exposed => {
                cx.error_at(
                    &unfit.tokens,
                    format!(
                        "{} declares no lifetimes, and `{}` needs one\nhelp: write `'_`",
                        self.role.method,
                        shown(&unfit.tokens)
                    ),
                );
                return stand_in(ty);
            }
            Why::SelfType => "Self",
            Why::Impl => "impl Trait",
            _ => {
                cx.error_at(&unfit.tokens, unfit.message());
                return stand_in(ty);
            }
        };
        cx.error_at(
            &unfit.tokens,
            format!(
                "{} cannot {does} `{what}`: it is called through `dyn {}`\nhelp: name a type",
                self.role.method, self.item
            ),
        );
        stand_in(ty)
    }
}

/// What stands in the place of a type that cannot be there, beside the error.
fn stand_in(ty: &Type) -> Type {
    match types::unfit(ty, true).map(|unfit| unfit.why) {
        Some(Why::SelfType) => syn::parse_quote!(()),
        _ => types::stand_in(ty),
    }
}

/// `T` of `Result<T, …>`.
fn value_of_result(ty: &Type) -> Option<Option<&Type>> {
    let (name, arguments) = generic(ty)?;
    (name == "Result").then(|| arguments.into_iter().next())
}

/// What the future gives that a type is, as far as its tokens say; `None` inside if they do not say
/// what.
fn future(ty: &Type) -> Option<Option<&Type>> {
    match ty {
        Type::ImplTrait(ty) => future_in(&ty.bounds),
        Type::TraitObject(ty) => future_in(&ty.bounds),
        _ => match generic(ty)? {
            (name, of) if name == "Pin" || name == "Box" => future(of.first()?),
            (name, of) if name == "BoxFuture" || name == "LocalBoxFuture" => {
                Some(of.first().copied())
            }
            _ => None,
        },
    }
}

fn future_in(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Option<&Type>> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            let PathArguments::AngleBracketed(list) = &last.arguments else {
                return None;
            };
            let output = list.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(output) => Some(&output.ty),
                _ => None,
            });
            (last.ident == "Future").then_some(output)
        }
        _ => None,
    })
}

/// Whether a future is returned, where `async fn` is meant.
pub(crate) fn returns_future(sig: &Signature) -> bool {
    matches!(&sig.output, ReturnType::Type(_, ty) if future(ty).is_some())
}

/// What a method returns, without the `Result` or the future that the macro adds; reports one that is
/// there.
pub(crate) fn without_result(ty: &Type, adds: &str, cx: &Ctxt) -> Option<TokenStream> {
    if let Some(given) = future(ty) {
        let given = given.and_then(|ty| value_of_result(ty).unwrap_or(Some(ty)));
        let value = given.map_or_else(|| "…".to_owned(), shown);
        cx.error_at(
            ty,
            format!(
                "an `async fn` makes its future itself\nhelp: write `async fn` and `-> {value}`"
            ),
        );
        return Some(given.map_or_else(|| quote!(()), |ty| stand_in(ty).into_token_stream()));
    }
    let value = match value_of_result(ty) {
        Some(value) => value.map(|value| stand_in(value).into_token_stream()),
        // `Option<Result<T, …>>`.
        None => {
            let (name, arguments) = generic(ty)?;
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

/// What a method returns, as an argument of another type. In the trait it is one of `Result`, and the
/// compiler's hints about a type that does not exist depend on that.
pub(crate) fn same(output: &TokenStream, private: &TokenStream) -> TokenStream {
    let (first, last) = spans::ends(output);
    let open = spans::respan(quote!(#private::Same<), first);
    let close = spans::respan(quote!(>), last);
    quote!(#open #output #close)
}
