//! What an expansion asserts about types: one that does not fit is one error, however often it stands
//! there.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

use crate::hook::expand::{Scope, check_inferred, check_type};

/// Names that two types may share without having anything to do with each other.
const OF_EVERYBODY: &[&str] = &[
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "Box",
    "HashMap",
    "HashSet",
    "HookError",
    "Option",
    "Result",
    "String",
    "Value",
    "Vec",
    "VecDeque",
];

/// How many of those before are asked about one: each costs the compiler time.
const QUESTIONS: usize = 8;

/// The assertions of an expansion.
#[derive(Default)]
pub(crate) struct Asserted {
    /// The bounds and types so far.
    seen: HashSet<(String, String)>,
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
    /// Whether this is asserted for the first time.
    pub(crate) fn is_new(&mut self, bound: &str, ty: impl ToTokens) -> bool {
        let ty = ty.to_token_stream().to_string();
        self.seen.insert((bound.to_owned(), ty))
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

/// A type of an interface, which crosses in both directions wherever it stands.
pub(crate) struct Crossing<'a> {
    pub(crate) ty: &'a TokenStream,
    /// What the expansion calls it.
    pub(crate) alias: Ident,
    /// Where it begins and ends.
    pub(crate) place: (Span, Span),
    pub(crate) bound: &'static str,
    /// How the type is written in an assertion of its own.
    pub(crate) written: TokenStream,
}

impl Crossing<'_> {
    /// The assertion, if it is new. `question` asks the same of all types of the interface.
    pub(crate) fn check(
        self,
        question: &'static str,
        asserted: &mut Asserted,
        scope: &Scope<'_>,
    ) -> TokenStream {
        if !asserted.is_new(question, self.ty) {
            return TokenStream::new();
        }
        let (private, alias) = (&scope.private, &self.alias);
        let probe = quote!(#private::Probe::<#alias>::ASK);
        let check = match asserted.after_others(question, self.ty, probe.clone()) {
            Some(probe) => {
                let bound = Ident::new(self.bound, Span::call_site());
                check_inferred(bound.into_token_stream(), probe, self.place, scope)
            }
            None => check_type(&self.written, self.bound, None, scope),
        };
        let method = format_ident!("{}", question);
        asserted.ask(question, self.ty, quote!(#probe.#method));
        check
    }
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
