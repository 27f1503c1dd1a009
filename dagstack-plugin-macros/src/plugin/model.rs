//! The impl block under `#[plugin]`: parsed as far as needed, bodies left as they are.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, GenericArgument, Generics, Ident, ImplItem, Path, PathArguments, Signature,
    Token, Type, TypePath, Visibility, WhereClause,
};

use crate::ctxt::Ctxt;
use crate::hook::types;
use crate::names::MARKS;
use crate::path::CratePath;
use crate::{cfg, fragments, lifetimes, lints};

/// Types that are nobody's own.
const OF_STD: &[&str] = &[
    "Arc", "Box", "HashMap", "Option", "Rc", "Result", "Self", "String", "Vec", "bool", "char",
    "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64",
    "u8", "usize",
];

/// An impl block. Method bodies stay tokens, so that a half-typed one does no harm.
pub(crate) struct ImplBlock {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    /// `Trait for`, in a trait impl.
    pub(crate) of_trait: Option<TokenStream>,
    pub(crate) self_ty: Type,
    pub(crate) where_clause: Option<WhereClause>,
    pub(crate) members: Vec<Member>,
    /// Further `#[plugin]`s, and `#[derive]` and `#[async_trait]` on an inherent block.
    pub(crate) misplaced: Vec<Attribute>,
}

/// One item of the impl block.
pub(crate) enum Member {
    /// A method or an associated function.
    Fn(Box<MemberFn>),
    /// `name!(…)`: may hide a hook.
    Macro(TokenStream),
    /// Anything else.
    Other(TokenStream),
    /// What cannot be read. The compiler has reported it, before it came here.
    Broken(TokenStream),
}

/// A function of the impl block.
pub(crate) struct MemberFn {
    /// Its attributes, without ours.
    pub(crate) attrs: Vec<Attribute>,
    /// Ours.
    pub(crate) marks: Vec<Mark>,
    /// `#[cfg_attr]`s that would add one of ours.
    pub(crate) hidden_marks: Vec<Attribute>,
    /// `#[serde]`, `#[schemars]` and `#[async_trait]` on a marked function.
    pub(crate) misplaced: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    /// Its signature, with all attributes of the parameters.
    pub(crate) sig: Signature,
    /// The block, or the semicolon where it should be.
    pub(crate) body: TokenStream,
}

/// One of our attributes on a function.
pub(crate) struct Mark {
    /// Which one of [`MARKS`].
    pub(crate) name: &'static str,
    /// As written.
    pub(crate) attr: Attribute,
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let generics: Generics = if input.peek(Token![<]) {
            input.parse()?
        } else {
            Generics::default()
        };
        let negative: Option<Token![!]> = input.parse()?;
        let mut self_ty: Type = input.parse()?;
        let mut of_trait = None;
        if input.peek(Token![for]) {
            let for_token: Token![for] = input.parse()?;
            of_trait = Some(quote!(#negative #self_ty #for_token));
            self_ty = input.parse()?;
        }
        let where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.parse()?);
        }
        Ok(Self {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            where_clause,
            members,
            misplaced: Vec::new(),
        })
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if let Ok(function) = input.fork().parse::<MemberFn>() {
            // The fork showed that it parses; this moves on behind it.
            input.parse::<MemberFn>()?;
            return Ok(Self::Fn(Box::new(function)));
        }
        match input.fork().parse::<ImplItem>() {
            Ok(item) => {
                input.parse::<ImplItem>()?;
                Ok(match item {
                    ImplItem::Macro(call) => Self::Macro(call.to_token_stream()),
                    other => Self::Other(other.to_token_stream()),
                })
            }
            // Half-typed: everything up to the end of something.
            Err(_) => Ok(Self::Broken(rest_of_member(input)?)),
        }
    }
}

/// Everything up to the end of something.
pub(crate) fn rest_of_member(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !input.is_empty() {
        let tree: TokenTree = input.parse()?;
        let ends = match &tree {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        rest.append(tree);
        if ends {
            break;
        }
    }
    Ok(rest)
}

impl Parse for MemberFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let defaultness = if input.peek(Token![default]) && !input.peek2(Token![!]) {
            Some(input.parse()?)
        } else {
            None
        };
        let mut sig = input.parse()?;
        fragments::open_types(&mut sig);
        let body = if input.peek(Token![;]) {
            input.parse::<Token![;]>()?.to_token_stream()
        } else {
            let group: Group = input.parse()?;
            if group.delimiter() != Delimiter::Brace {
                return Err(syn::Error::new(group.span(), "expected a block"));
            }
            group.to_token_stream()
        };
        Ok(Self {
            attrs,
            marks: Vec::new(),
            hidden_marks: Vec::new(),
            misplaced: Vec::new(),
            vis,
            defaultness,
            sig,
            body,
        })
    }
}

/// The path that a type is.
fn path_of(ty: &Type) -> Option<&TypePath> {
    match ty {
        Type::Path(path) => Some(path),
        Type::Group(group) => path_of(&group.elem),
        Type::Paren(paren) => path_of(&paren.elem),
        _ => None,
    }
}

impl ImplBlock {
    /// Takes our attributes off the functions and keeps them as [`MemberFn::marks`].
    pub(crate) fn take_marks(&mut self, krate: &CratePath) {
        let is_inherent = self.of_trait.is_none();
        self.misplaced = self
            .attrs
            .extract_if(.., |attr| {
                krate.owns(attr, "plugin")
                    || (is_inherent && (attr.path().is_ident("derive") || is_async_trait(attr)))
            })
            .collect();
        for member in &mut self.members {
            let Member::Fn(function) = member else {
                continue;
            };
            let attrs = std::mem::take(&mut function.attrs);
            for attr in attrs {
                match MARKS.iter().find(|name| krate.owns(&attr, name)) {
                    Some(name) => function.marks.push(Mark { name, attr }),
                    None if cfg::adds_one_of(&attr, MARKS) => function.hidden_marks.push(attr),
                    None => function.attrs.push(attr),
                }
            }
            if !function.marks.is_empty() {
                function.misplaced = function
                    .attrs
                    .extract_if(.., |attr| {
                        (is_of_schema(attr) && !attr.path().is_ident("doc")) || is_async_trait(attr)
                    })
                    .collect();
            }
        }
    }

    /// The functions with this mark and no other: those with several are reported already.
    pub(crate) fn marked<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a MemberFn, &'a Mark)> {
        self.functions()
            .filter_map(move |function| match &function.marks[..] {
                [mark] if mark.name == name => Some((function, mark)),
                _ => None,
            })
    }

    /// All functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &MemberFn> {
        self.members.iter().filter_map(|member| match member {
            Member::Fn(function) => Some(&**function),
            _ => None,
        })
    }

    /// The paths under which our attributes are used, each once.
    ///
    /// An expansion uses each on something harmless: so their imports count as used, and one that
    /// is missing is reported like that of any other attribute.
    pub(crate) fn mark_paths(&self) -> Vec<&Path> {
        let mut paths: Vec<&Path> = Vec::new();
        for mark in self.functions().flat_map(|function| &function.marks) {
            let path = mark.attr.path();
            if !paths.iter().any(|other| same_path(other, path)) {
                paths.push(path);
            }
        }
        paths
    }

    /// Whether the type is one name, and may be the author's: the manifest's entry point is the
    /// module's path and this name.
    pub(crate) fn is_of_named_type(&self) -> bool {
        let Some(path) = path_of(&self.self_ty) else {
            return false;
        };
        let mut names = path.path.segments.iter().map(|name| &name.ident);
        let name = names.next().filter(|_| names.next().is_none());
        path.qself.is_none()
            && path.path.leading_colon.is_none()
            && name.is_some_and(|name| !OF_STD.iter().any(|known| name == known))
    }

    /// The name of the type, without what it is generic over.
    pub(crate) fn type_ident(&self) -> Ident {
        let name = path_of(&self.self_ty).and_then(|path| path.path.segments.last());
        name.map_or_else(
            || Ident::new("Plugin", self.impl_token.span),
            |name| name.ident.clone(),
        )
    }

    /// Whether the type is named by its path: it may still have such a block.
    fn is_of_path(&self) -> bool {
        matches!(&self.self_ty, Type::Path(path) if path.path.segments.len() > 1)
            && self.of_variant().is_none()
    }

    /// The type, if what is named is something of it: `Mode` of `Mode::Fast`.
    pub(crate) fn of_variant(&self) -> Option<&Ident> {
        let mut names = path_of(&self.self_ty)?.path.segments.iter().rev();
        let of = names.nth(1).map(|name| &name.ident);
        of.filter(|name| name.to_string().starts_with(char::is_uppercase))
    }

    /// What is probably a parameter of the type that nobody has declared: `T` of `Cache<T>`.
    pub(crate) fn undeclared(&self) -> Option<&Ident> {
        let last = path_of(&self.self_ty)?.path.segments.last()?;
        let PathArguments::AngleBracketed(list) = &last.arguments else {
            return None;
        };
        let mut names = list.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => path_of(ty)?.path.get_ident(),
            _ => None,
        });
        names.find(|name| {
            let name = name.to_string();
            name.len() == 1
                && name.starts_with(char::is_uppercase)
                && self.generics.params.is_empty()
        })
    }

    /// Whether the implementation of a trait was meant to be the block that holds the hooks.
    pub(crate) fn is_meant_as_block(&self) -> bool {
        let mut functions = self.functions();
        functions.any(|function| !function.marks.is_empty())
            && self
                .members
                .iter()
                .all(|member| matches!(member, Member::Fn(_)))
    }

    /// Whether a function has an attribute that is all but `mark`: the compiler reports it.
    pub(crate) fn has_misspelt(&self, mark: &str) -> bool {
        self.functions()
            .filter(|function| function.marks.is_empty())
            .flat_map(|function| &function.attrs)
            .filter_map(|attr| attr.path().get_ident())
            .any(|name| crate::words::is_nearly(&name.to_string(), mark))
    }

    /// Whether a member could not be read.
    pub(crate) fn is_broken(&self) -> bool {
        let mut members = self.members.iter();
        members.any(|member| matches!(member, Member::Broken(_)))
    }

    /// Leaves members that cannot be read to the compiler, apart from the one thing that it can
    /// read and we cannot: `Fn(u8)` as a type.
    pub(crate) fn check_members(&self, cx: &Ctxt) {
        for member in &self.members {
            if let Member::Broken(tokens) = member {
                match types::bare_fn(tokens) {
                    Some(unfit) => cx.error_at(&unfit.tokens, unfit.message()),
                    None => cx.leave_to_compiler(),
                }
            }
        }
    }

    /// Leaves two functions of one name to the compiler, unless no build may have both.
    pub(crate) fn check_names(&self, cx: &Ctxt) {
        let mut seen: Vec<&Ident> = Vec::new();
        for function in self
            .functions()
            .filter(|function| cfg::of(&function.attrs).is_empty())
        {
            if seen.contains(&&function.sig.ident) {
                cx.leave_to_compiler();
            }
            seen.push(&function.sig.ident);
        }
    }

    /// Reports marks that would be lost or make no sense together.
    pub(crate) fn check_marks(&self, cx: &Ctxt) {
        for function in self.functions() {
            let name = &function.sig.ident;
            for (index, mark) in function.marks.iter().enumerate() {
                if let Some(other) = function.marks.iter().take(index).next_back() {
                    cx.error_at(
                        mark.attr.path(),
                        if other.name == mark.name {
                            format!("`{name}` has `#[{}]` twice", mark.name)
                        } else {
                            format!(
                                "`{name}` cannot be `#[{}]` and `#[{}]` at once",
                                other.name, mark.name
                            )
                        },
                    );
                }
            }
            cfg::refuse_cfg_attr(
                &function.hidden_marks,
                "a function",
                MARKS,
                cfg::TWO_FUNCTIONS,
                cx,
            );
        }
        for member in &self.members {
            if let Member::Macro(call) = member {
                cx.error_at(
                    call,
                    "a macro call inside a `#[plugin]` block could hide hooks\nhelp: move it to another `impl` block of the type, or write its methods out",
                );
            }
        }
    }
}

impl ToTokens for ImplBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            where_clause,
            members,
            misplaced: _,
        } = self;
        // The signatures of a trait's implementation would be judged by the trait.
        let of_trait = of_trait.as_ref().filter(|_| !self.is_meant_as_block());
        // Beside the error about such a block the compiler would say the same in its words.
        if (!self.is_of_named_type() && !self.is_of_path()) || self.undeclared().is_some() {
            return;
        }
        let unsafety = unsafety.as_ref().filter(|_| of_trait.is_some());
        let self_ty = lifetimes::declared_or_static(self_ty, generics);
        // A member that cannot be read is left out: the compiler would stop at it, and lose all that
        // follow it.
        let members = members
            .iter()
            .filter(|member| !matches!(member, Member::Broken(_)));
        // Once for all functions, or before each that the host calls.
        let is_called =
            |member: &&Member| matches!(member, Member::Fn(function) if !function.marks.is_empty());
        let is_all_called = members.clone().all(|member| is_called(&member));
        let lints = lints::of_called();
        let for_all = is_all_called.then_some(&lints);
        let members = members.map(|member| {
            let lints = (!is_all_called && is_called(&member)).then_some(&lints);
            quote!(#lints #member)
        });
        tokens.extend(quote! {
            #for_all
            #(#attrs)*
            #unsafety #impl_token #generics #of_trait #self_ty #where_clause { #(#members)* }
        });
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Fn(function) => function.to_tokens(tokens),
            Self::Macro(inner) | Self::Other(inner) | Self::Broken(inner) => {
                inner.to_tokens(tokens)
            }
        }
    }
}

impl ToTokens for MemberFn {
    /// The function as the compiler shall see it: without our attributes, and without the ones of
    /// the parameters of a marked function, which rustc refuses there.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            defaultness,
            sig,
            body,
            ..
        } = self;
        let mut sig = sig.clone();
        let mut body = body.clone();
        let mut allow = None;
        if !self.marks.is_empty() {
            if let Some(instead) = types::passed_on(&sig) {
                (sig, body) = instead;
                allow = Some(quote!(#[allow(unused)]));
            }
            for input in &mut sig.inputs {
                match input {
                    FnArg::Typed(param) => param
                        .attrs
                        .retain(|attr| !is_of_schema(attr) && !is_bare_default(attr)),
                    FnArg::Receiver(receiver) => {
                        receiver.attrs.retain(|attr| !is_of_schema(attr));
                    }
                }
            }
        }
        tokens.extend(quote!(#(#attrs)* #allow #vis #defaultness #sig #body));
    }
}

fn same_path(one: &Path, other: &Path) -> bool {
    one.leading_colon.is_some() == other.leading_colon.is_some()
        && one.segments.len() == other.segments.len()
        && one
            .segments
            .iter()
            .zip(&other.segments)
            .all(|(one, other)| one.ident == other.ident)
}

/// Whether an attribute of a parameter belongs on the field made from it.
pub(crate) fn is_of_schema(attr: &Attribute) -> bool {
    ["doc", "serde", "schemars"]
        .iter()
        .any(|name| attr.path().is_ident(name))
}

/// `#[default]` on a parameter, which is refused.
pub(crate) fn is_bare_default(attr: &Attribute) -> bool {
    attr.path().is_ident("default")
}

pub(crate) fn is_async_trait(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == "async_trait")
}
