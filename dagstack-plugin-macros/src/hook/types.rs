//! Types that the compiler cannot be asked about, found by their tokens at any depth.
//!
//! An expansion repeats the types of a signature, and about each of these the compiler would say
//! something at every place it meets it, some of it about our own code.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Expr, ExprLit, GenericArgument, Lifetime, Lit, PathArguments, ReturnType, Signature, Type,
    TypeArray, TypePath,
};

use crate::ctxt::Ctxt;
use crate::spans;
use crate::words::{generic, last_word, shown};

/// A part of a type that cannot stand where it stands.
pub(crate) struct Unfit {
    pub(crate) tokens: TokenStream,
    pub(crate) why: Why,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// `_`.
    Placeholder,
    /// `[T; _]`.
    Length,
    /// `impl Trait`.
    Impl,
    /// `!`.
    Never,
    /// `'a`, and `Cow` without any.
    Lifetime,
    /// `Self`, where that is refused.
    SelfType,
    /// A trait where a type should be: `Display`, `Fn(u8)`.
    Trait,
    /// `str`, `[T]`, `dyn Trait`, and what to write in its place.
    Unsized(Option<String>),
}

/// Generic types whose arguments have a size.
const OF_SIZED: &[&str] = &[
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "HashMap",
    "HashSet",
    "LinkedList",
    "Option",
    "PluginContext",
    "Result",
    "Secret",
    "Vec",
    "VecDeque",
];

/// Pointers whose form is that of what they point to.
const POINTERS: &[&str] = &["Arc", "Box", "Rc"];

/// Names that are traits wherever nobody has given them to a type.
const TRAITS: &[&str] = &[
    "AsMut",
    "AsRef",
    "Clone",
    "Copy",
    "Debug",
    "Deserialize",
    "DeserializeOwned",
    "Display",
    "DoubleEndedIterator",
    "Eq",
    "ExactSizeIterator",
    "Fn",
    "FnMut",
    "FnOnce",
    "Future",
    "Into",
    "IntoIterator",
    "Iterator",
    "JsonSchema",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Send",
    "Serialize",
    "Sized",
    "Sync",
    "ToOwned",
    "ToString",
    "TryInto",
];

/// The first part of `ty` that cannot be there. `Self` is refused only on request: where a type is
/// plain, `Self` is one of its names.
pub(crate) fn unfit(ty: &Type, refuse_self: bool) -> Option<Unfit> {
    Search { refuse_self }.of(ty, true)
}

/// The same of a signature, apart from what it returns at the top: `-> !` and `-> impl Trait` are
/// sound functions.
pub(crate) fn unfit_in(sig: &Signature) -> Option<Unfit> {
    let params = sig.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(param) => Some(&*param.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let output = match &sig.output {
        ReturnType::Type(_, ty) if !matches!(**ty, Type::Never(_) | Type::ImplTrait(_)) => {
            Some(&**ty)
        }
        _ => None,
    };
    params.chain(output).find_map(|ty| unfit(ty, false))
}

/// Reports a type that cannot be there; whether it can. `param` is the parameter it is the type of.
pub(crate) fn check(ty: &Type, param: Option<&Ident>, cx: &Ctxt) -> bool {
    let Some(unfit) = unfit(ty, false) else {
        return true;
    };
    if unfit.why == Why::Placeholder {
        // Who leaves one type open leaves others open too, of the same function or the next.
        cx.error_once(&unfit.tokens, unfit.message());
        return false;
    }
    let is_whole = unfit.tokens.to_string() == ty.to_token_stream().to_string();
    let message = match (&unfit.why, param) {
        (Why::Unsized(mend), Some(param)) if is_whole => {
            let help = match mend {
                Some(owned) => unfit.mend(&format!("write `{param}: {owned}`")),
                None => "name a type of yours".to_owned(),
            };
            format!("the parameter `{param}` has no size; a hook owns its arguments\nhelp: {help}")
        }
        _ => unfit.message(),
    };
    cx.error_at(&unfit.tokens, message);
    false
}

/// Reports an array that serde cannot read, where nothing of the author's reads it; whether there is
/// none.
pub(crate) fn check_arrays(ty: &Type, cx: &Ctxt) -> bool {
    let Some(array) = long_array(ty) else {
        return true;
    };
    cx.error_at(
        array,
        format!(
            "`{}` has no JSON form: an array has at most 32 items\nhelp: write `Vec<{}>`",
            shown(array),
            shown(&array.elem)
        ),
    );
    false
}

/// The first array of more than 32 items, in types whose form is that of what they hold.
fn long_array(ty: &Type) -> Option<&TypeArray> {
    match ty {
        Type::Array(array) => long_array(&array.elem).or_else(|| match &array.len {
            Expr::Lit(ExprLit {
                lit: Lit::Int(len), ..
            }) if len.base10_parse::<u64>().is_ok_and(|len| len > 32) => Some(array),
            _ => None,
        }),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(long_array),
        Type::Paren(paren) => long_array(&paren.elem),
        Type::Group(group) => long_array(&group.elem),
        Type::Path(_) => {
            let (name, arguments) = generic(ty)?;
            let holds = |names: &[&str]| names.iter().any(|known| name == known);
            let mut arguments = arguments.into_iter();
            (holds(OF_SIZED) || holds(POINTERS))
                .then(|| arguments.find_map(long_array))
                .flatten()
        }
        _ => None,
    }
}

/// What values of a type are, as far as its tokens say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Number,
    Text,
    List,
}

/// What the values are, which may be missing.
pub(crate) fn form_of(ty: &Type) -> Option<Form> {
    const NUMBERS: &[&str] = &[
        "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16", "u32", "u64",
        "u8", "usize",
    ];
    const LISTS: &[&str] = &["BTreeSet", "HashSet", "Vec", "VecDeque"];
    let (name, of) = generic(ty).filter(|_| is_of_std(ty))?;
    let is = |names: &[&str]| names.iter().any(|it| name == it);
    if is(&["Option", "Box"]) {
        return of.first().and_then(|ty| form_of(ty));
    }
    if is(NUMBERS) {
        Some(Form::Number)
    } else if is(&["String", "str", "char"]) {
        Some(Form::Text)
    } else {
        is(LISTS).then_some(Form::List)
    }
}

/// Whether a path may be that of a type of the standard library: another's says where it is.
pub(crate) fn is_of_std(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let segments = &path.path.segments;
    let first = segments.first().map(|first| first.ident.to_string());
    segments.len() == 1 || first.is_some_and(|it| matches!(&*it, "std" | "core" | "alloc"))
}

/// Whether values of the type are no objects, as far as its tokens say.
pub(crate) fn has_no_keys(ty: &Type) -> bool {
    match ty {
        // The empty one stands for no keys.
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        Type::Array(_) | Type::Slice(_) => true,
        Type::Group(group) => has_no_keys(&group.elem),
        Type::Paren(paren) => has_no_keys(&paren.elem),
        _ => {
            let is_bool = || last_word(ty).is_some_and(|name| name == "bool");
            form_of(ty).is_some() || (is_of_std(ty) && is_bool())
        }
    }
}

/// The parts of a type that are called `Secret`, each with what it holds. Whether they are ours, the
/// compiler knows.
pub(crate) fn secrets(ty: impl ToTokens) -> Vec<(Type, Type)> {
    let mut found = Vec::new();
    if let Ok(ty) = syn::parse2(ty.to_token_stream()) {
        find_secrets(&ty, &mut found);
    }
    found
}

fn find_secrets(ty: &Type, found: &mut Vec<(Type, Type)>) {
    match ty {
        Type::Array(array) => find_secrets(&array.elem, found),
        Type::Group(group) => find_secrets(&group.elem, found),
        Type::Paren(paren) => find_secrets(&paren.elem, found),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| find_secrets(ty, found)),
        Type::Path(_) => {
            let Some((name, arguments)) = generic(ty) else {
                return;
            };
            if name == "Secret"
                && let [held] = arguments[..]
            {
                found.push((ty.clone(), held.clone()));
            }
            arguments.iter().for_each(|ty| find_secrets(ty, found));
        }
        _ => {}
    }
}

/// The first part of a type that borrows, but for ever.
pub(crate) fn borrows(ty: &Type) -> Option<TokenStream> {
    let is_short = |lifetime: &Lifetime| lifetime.ident != "static";
    match ty {
        Type::Reference(reference) => match &reference.lifetime {
            Some(lifetime) if !is_short(lifetime) => borrows(&reference.elem),
            _ => Some(ty.to_token_stream()),
        },
        Type::Slice(slice) => borrows(&slice.elem),
        Type::Array(array) => borrows(&array.elem),
        Type::Paren(paren) => borrows(&paren.elem),
        Type::Group(group) => borrows(&group.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrows),
        Type::Path(path) => path.path.segments.iter().find_map(|segment| {
            let PathArguments::AngleBracketed(list) = &segment.arguments else {
                return None;
            };
            list.args.iter().find_map(|argument| match argument {
                GenericArgument::Lifetime(lifetime) if is_short(lifetime) => {
                    Some(ty.to_token_stream())
                }
                GenericArgument::Type(inner) => borrows(inner),
                _ => None,
            })
        }),
        _ => None,
    }
}

/// What can stand in the place of `ty` in a function that is passed on beside the error: as much like
/// it as can be, because the author's code uses it.
pub(crate) fn stand_in(ty: &Type) -> Type {
    let mended = match unfit(ty, false) {
        None => return ty.clone(),
        Some(unfit) => match &unfit.why {
            Why::Placeholder => {
                let tokens = spans::replace(ty.to_token_stream(), "_", &quote!(()));
                syn::parse2(tokens).ok()
            }
            Why::Unsized(Some(mend))
                if unfit.tokens.to_string() == ty.to_token_stream().to_string() =>
            {
                syn::parse_str(mend).ok()
            }
            _ => None,
        },
    };
    let mended = mended.filter(|ty| self::unfit(ty, false).is_none());
    mended.unwrap_or_else(|| syn::parse_quote!(()))
}

impl Unfit {
    /// `write`, and what to write where the name is one of the author's.
    fn mend(&self, write: &str) -> String {
        match syn::parse2::<Ident>(self.tokens.clone()) {
            Ok(name) if name != "str" => {
                format!("{write}; if it is a type of yours, `self::{name}`")
            }
            _ => write.to_owned(),
        }
    }

    /// What is wrong, and how to mend it, wherever the type stands.
    pub(crate) fn message(&self) -> String {
        let shown = shown(&self.tokens);
        match &self.why {
            Why::Placeholder => {
                "`_` stands for no type in a signature\nhelp: name the type".to_owned()
            }
            Why::Length => {
                "`_` stands for no length in a signature\nhelp: write the number of items"
                    .to_owned()
            }
            Why::Impl => "`impl Trait` cannot be read from arguments\nhelp: name a type".to_owned(),
            Why::Never => "`!` has no values\nhelp: name a type that has some".to_owned(),
            Why::Lifetime => format!(
                "`{shown}` borrows; a hook owns what it takes and returns\nhelp: use an owned type, for example `String` for `&str` and for `Cow<str>`"
            ),
            Why::SelfType => "`Self` is no type here\nhelp: name a type".to_owned(),
            Why::Trait => format!(
                "`{shown}` is a trait, and only a type can be read or written\nhelp: {}",
                self.mend("name a type, for example `String`")
            ),
            Why::Unsized(Some(mend)) => {
                format!(
                    "`{shown}` has no size\nhelp: {}",
                    self.mend(&format!("write `{mend}`"))
                )
            }
            Why::Unsized(None) => format!("`{shown}` has no size\nhelp: name a type of yours"),
        }
    }
}

struct Search {
    refuse_self: bool,
}

impl Search {
    /// `sized`: whether a type without a size cannot be there.
    fn of(&self, ty: &Type, sized: bool) -> Option<Unfit> {
        let found = |why| {
            Some(Unfit {
                tokens: ty.to_token_stream(),
                why,
            })
        };
        match ty {
            Type::Infer(_) => found(Why::Placeholder),
            Type::ImplTrait(_) => found(Why::Impl),
            Type::Never(_) => found(Why::Never),
            Type::TraitObject(object) if object.dyn_token.is_none() => found(Why::Trait),
            Type::TraitObject(_) if sized => found(Why::Unsized(None)),
            Type::Slice(slice) => self.of(&slice.elem, true).or_else(|| {
                let mend = format!("Vec<{}>", shown(&slice.elem));
                sized.then(|| found(Why::Unsized(Some(mend)))).flatten()
            }),
            Type::Array(array) => self.of(&array.elem, true).or_else(|| {
                matches!(array.len, Expr::Infer(_)).then(|| Unfit {
                    tokens: array.len.to_token_stream(),
                    why: Why::Length,
                })
            }),
            Type::Tuple(tuple) => tuple.elems.iter().find_map(|elem| self.of(elem, true)),
            Type::Reference(reference) => match &reference.lifetime {
                Some(lifetime) if is_named(lifetime) => found(Why::Lifetime),
                _ => self.of(&reference.elem, false),
            },
            Type::Ptr(pointer) => self.of(&pointer.elem, false),
            Type::Paren(paren) => self.of(&paren.elem, sized),
            Type::Group(group) => self.of(&group.elem, sized),
            Type::Path(path) => self.of_path(path, sized),
            _ => None,
        }
    }

    fn of_path(&self, ty: &TypePath, sized: bool) -> Option<Unfit> {
        let found = |why| {
            Some(Unfit {
                tokens: ty.to_token_stream(),
                why,
            })
        };
        let names: Vec<String> = ty
            .path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.refuse_self && names.first() == Some(&"Self") {
            return found(Why::SelfType);
        }
        let is_std = matches!(names.first(), Some(&("std" | "core" | "alloc")));
        if ty.qself.is_none() {
            if (is_std || names.len() == 1)
                && names.last().is_some_and(|name| TRAITS.contains(name))
            {
                return found(Why::Trait);
            }
            if sized && let Some(owned) = owned_of_unsized(&names) {
                return found(Why::Unsized(Some(owned.to_owned())));
            }
        }
        let holds_sized = names.last().is_some_and(|last| OF_SIZED.contains(last));
        for segment in &ty.path.segments {
            match &segment.arguments {
                PathArguments::None => {}
                // `Fn(u8) -> u8`.
                PathArguments::Parenthesized(_) => return found(Why::Trait),
                PathArguments::AngleBracketed(list) => {
                    // An author's own holds what has a size.
                    if segment.ident == "Cow"
                        && (is_std || names.len() == 1)
                        && let [GenericArgument::Type(held)] =
                            &list.args.iter().collect::<Vec<_>>()[..]
                        && matches!(
                            self.of(held, true),
                            Some(Unfit {
                                why: Why::Unsized(_),
                                ..
                            })
                        )
                    {
                        return found(Why::Lifetime);
                    }
                    for argument in &list.args {
                        match argument {
                            GenericArgument::Type(inner) => {
                                if let Some(unfit) = self.of(inner, holds_sized) {
                                    return Some(unfit);
                                }
                            }
                            GenericArgument::Lifetime(lifetime) if is_named(lifetime) => {
                                return found(Why::Lifetime);
                            }
                            // `Iterator<Item = u8>`.
                            GenericArgument::AssocType(_) | GenericArgument::Constraint(_) => {
                                return found(Why::Trait);
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        None
    }
}

/// Whether it is a name that a signature would have to declare, which none may.
fn is_named(lifetime: &Lifetime) -> bool {
    lifetime.ident != "static" && lifetime.ident != "_"
}

/// The owned form of a type of the standard library without a size.
pub(crate) fn owned_of_unsized(names: &[&str]) -> Option<&'static str> {
    let names = match names {
        ["std" | "core" | "alloc", rest @ ..] => rest,
        names => names,
    };
    Some(match names {
        ["str"] => "String",
        ["Path"] | ["path", "Path"] => "std::path::PathBuf",
        ["OsStr"] | ["ffi", "OsStr"] => "std::ffi::OsString",
        ["CStr"] | ["ffi", "CStr"] => "std::ffi::CString",
        _ => return None,
    })
}

/// `Fn(u8)` as a type of a function's signature that syn cannot read for it.
pub(crate) fn bare_fn(function: &TokenStream) -> Option<Unfit> {
    let mut trees = function.clone().into_iter();
    trees.find(|tree| matches!(tree, TokenTree::Ident(word) if word == "fn"))?;
    let (mut depth, mut before) = (0, ' ');
    let params = trees.find_map(|tree| match tree {
        TokenTree::Group(group) if depth == 0 => Some(group.stream()),
        TokenTree::Punct(punct) => {
            match punct.as_char() {
                '<' => depth += 1,
                '>' if before != '-' => depth -= 1,
                _ => {}
            }
            before = punct.as_char();
            None
        }
        _ => None,
    })?;
    let output = trees.take_while(|tree| match tree {
        TokenTree::Ident(word) => word != "where",
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        _ => true,
    });
    bare_fn_in(params).or_else(|| bare_fn_in(output.collect()))
}

fn bare_fn_in(types: TokenStream) -> Option<Unfit> {
    let mut before: Option<TokenTree> = None;
    let mut trees = types.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match (&tree, trees.peek()) {
            (TokenTree::Ident(word), Some(TokenTree::Group(group)))
                if ["Fn", "FnMut", "FnOnce"].iter().any(|name| word == name)
                    && group.delimiter() == Delimiter::Parenthesis
                    && !matches!(&before, Some(TokenTree::Ident(word)) if word == "dyn" || word == "impl") =>
            {
                return Some(Unfit {
                    tokens: quote!(#tree #group),
                    why: Why::Trait,
                });
            }
            (TokenTree::Group(group), _) => {
                if let Some(unfit) = bare_fn_in(group.stream()) {
                    return Some(unfit);
                }
            }
            _ => {}
        }
        before = Some(tree);
    }
    None
}

/// The signature of a function with a type that cannot be there, as it is passed on: the compiler
/// would say again what is said already.
pub(crate) fn passed_on(sig: &Signature) -> Option<(Signature, TokenStream)> {
    unfit_in(sig)?;
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        if let syn::FnArg::Typed(param) = input {
            *param.ty = stand_in(&param.ty);
        }
    }
    if let ReturnType::Type(_, ty) = &mut sig.output {
        **ty = stand_in(ty);
    }
    Some((sig, quote!({ loop {} })))
}
