//! What an expansion asserts about types: one that does not fit is one error, however often it stands
//! there.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Attribute;

use crate::hook::types;
use crate::plugin::model::MemberFn;
use crate::spans;

/// What all assertions of an expansion share.
pub(crate) struct Scope<'a> {
    /// `<crate>::__private…`, or what the expansion calls that.
    pub(crate) private: TokenStream,
    /// The plugin's type, with tokens that belong to the macro.
    pub(crate) self_ty: &'a TokenStream,
}

/// Names that two types may share without having anything to do with each other.
pub(crate) const OF_EVERYBODY: &[&str] = &[
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "Box",
    "Cow",
    "HashMap",
    "HashSet",
    "HookError",
    "Option",
    "PluginContext",
    "Rc",
    "Result",
    "Secret",
    "String",
    "Value",
    "Vec",
    "VecDeque",
];

/// How many of those before are asked about one: each costs the compiler time.
const QUESTIONS: usize = 4;

/// The assertions of an expansion.
#[derive(Default)]
pub(crate) struct Asserted {
    /// The bounds and types so far, each with its conditions.
    seen: HashSet<(String, String, String)>,
    /// The conditions of what is asserted now.
    cfgs: String,
    asked: Vec<Asked>,
}

/// A type, and the question whether it fits.
struct Asked {
    bound: &'static str,
    ty: String,
    names: HashSet<String>,
    question: TokenStream,
}

impl Asserted {
    /// What comes next stands under these conditions.
    pub(crate) fn under(&mut self, cfgs: &[Attribute]) {
        self.cfgs = quote!(#(#cfgs)*).to_string();
    }

    /// Whether this is asserted for the first time. What is conditional stands for nothing but what is
    /// there under the same conditions.
    pub(crate) fn is_new(&mut self, bound: &str, ty: impl ToTokens) -> bool {
        let ty = ty.to_token_stream().to_string();
        let always = (bound.to_owned(), ty, String::new());
        if self.seen.contains(&always) {
            return false;
        }
        let (bound, ty, _) = always;
        self.seen.insert((bound, ty, self.cfgs.clone()))
    }

    /// Has `question` asked before whatever comes later is asserted. It is called with a probe, which
    /// it hands back where `ty` fits, and otherwise one of a type that fits.
    pub(crate) fn ask(&mut self, bound: &'static str, ty: impl ToTokens, question: TokenStream) {
        let tokens = ty.to_token_stream();
        let ty = tokens.to_string();
        self.asked.push(Asked {
            bound,
            ty,
            names: names_of(tokens),
            question,
        });
    }

    /// What to assert about instead of `probe`, which stands for `ty`: what was asked before may be the
    /// same mistake. Nothing where no name is.
    pub(crate) fn after_others(
        &self,
        bound: &str,
        ty: impl ToTokens,
        probe: TokenStream,
    ) -> Option<TokenStream> {
        let tokens = ty.to_token_stream();
        let ty = tokens.to_string();
        let names = names_of(tokens);
        let mut questions = HashSet::new();
        let mut before = self
            .asked
            .iter()
            .take_while(|it| it.bound != bound || it.ty != ty)
            .filter(|it| !it.names.is_disjoint(&names) && questions.insert((it.bound, &it.ty)))
            .take(QUESTIONS)
            .peekable();
        before.peek()?;
        Some(before.fold(
            probe,
            |probe, Asked { question, .. }| quote!(#question(#probe)),
        ))
    }
}

/// A type whose values are read or written.
pub(crate) struct Value<'a> {
    pub(crate) ty: &'a TokenStream,
    /// What the expansion calls it.
    pub(crate) alias: TokenStream,
    pub(crate) bound: &'static str,
    /// How it is written in an assertion.
    pub(crate) written: &'a TokenStream,
}

impl Value<'_> {
    /// The assertion: of the type where it stands, or of what others leave to be said about it. What was
    /// asked under `class` comes before it.
    pub(crate) fn check(
        &self,
        class: &'static str,
        asserted: &mut Asserted,
        scope: &Scope<'_>,
    ) -> TokenStream {
        let (private, alias) = (&scope.private, &self.alias);
        let probe = quote!(#private::Probe::<#alias>::ASK);
        let mut is_plain = true;
        let mut checks = TokenStream::new();
        let mut probe = match asserted.after_others(class, self.ty, probe.clone()) {
            Some(probe) => {
                is_plain = false;
                probe
            }
            None => probe,
        };
        // What a secret cannot hold is the one mistake.
        for (secret, held) in types::secrets(self.ty) {
            is_plain = false;
            let question = quote!(#private::Probe::<#secret>::ASK.__dagstack_held());
            if asserted.is_new("SecretValue", &held) {
                let place = spans::ends(&held.to_token_stream());
                checks.extend(check_inferred(
                    quote!(SecretValue),
                    question.clone(),
                    place,
                    scope,
                ));
            }
            probe = quote!(#question.__dagstack_if_secret(#probe));
        }
        checks.extend(if is_plain {
            check_type(self.written, self.bound, None, scope)
        } else {
            let bound = Ident::new(self.bound, Span::call_site());
            let place = spans::ends(self.ty);
            check_inferred(bound.into_token_stream(), probe, place, scope)
        });
        checks
    }

    /// The same for a type of an interface, where all must be able to do the same; `question` asks that.
    pub(crate) fn check_crossing(
        &self,
        question: &'static str,
        asserted: &mut Asserted,
        scope: &Scope<'_>,
    ) -> TokenStream {
        if !asserted.is_new(question, self.ty) {
            return TokenStream::new();
        }
        let check = self.check(question, asserted, scope);
        let (private, alias) = (&scope.private, &self.alias);
        let method = format_ident!("{}", question);
        asserted.ask(
            question,
            self.ty,
            quote!(#private::Probe::<#alias>::ASK.#method),
        );
        check
    }
}

/// `<T as Trait>::__dagstack_check();` at the type.
pub(crate) fn check_type(
    ty: impl ToTokens,
    bound: &str,
    arguments: Option<TokenStream>,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let bound = Ident::new(bound, Span::call_site());
    let arguments = arguments.map(|arguments| quote!(<#arguments>));
    quote!(<#ty as #private::#bound #arguments>::__dagstack_check();)
}

/// `<_ as Trait>::__dagstack_check_inferred(probe);` between these places: for a type that only the compiler knows.
pub(crate) fn check_inferred(
    bound: TokenStream,
    probe: TokenStream,
    (first, last): (Span, Span),
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let open = spans::respan(quote!(<#private::Same<_), first);
    let close = spans::respan(quote!(>), last);
    let bound = spans::respan(
        quote!(as #private::#bound>::__dagstack_check_inferred),
        first,
    );
    quote!(#open #close #bound(#probe);)
}

/// The names of types of the author's in a type.
fn names_of(tokens: TokenStream) -> HashSet<String> {
    let of_tree = |tree| match tree {
        TokenTree::Ident(word) => HashSet::from([word.to_string()]),
        TokenTree::Group(group) => names_of(group.stream()),
        _ => HashSet::new(),
    };
    tokens
        .into_iter()
        .flat_map(of_tree)
        .filter(|name| name.starts_with(char::is_uppercase) && !OF_EVERYBODY.contains(&&**name))
        .collect()
}

/// Asserts that the future of a call is `Send`, at the function's name. A cast says so without
/// naming anything of ours.
pub(crate) fn check_send(
    call: TokenStream,
    params: TokenStream,
    function: &MemberFn,
    scope: &Scope<'_>,
) -> TokenStream {
    let private = &scope.private;
    let span = spans::at(function.sig.ident.span());
    let future = quote_spanned!(span=> __dagstack_future);
    let cast = quote_spanned!(span=> &#future);
    // Only an attribute of another macro can take `async` off.
    let is_async = function.attrs.iter().any(is_foreign).then(|| {
        let check = quote_spanned!(span=> <_ as #private::AsyncFn>::__dagstack_check);
        quote!(#check(#cast);)
    });
    quote! {
        let _ = |#params| {
            let #future = #call;
            #is_async
            let _: &dyn #private::Send = #cast;
        };
    }
}

/// Whether an attribute may be a macro.
fn is_foreign(attr: &Attribute) -> bool {
    const BUILT_IN: &[&str] = &[
        "allow",
        "cfg",
        "cfg_attr",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "must_use",
        "track_caller",
        "warn",
    ];
    !BUILT_IN.iter().any(|name| attr.path().is_ident(name))
}
