//! [`Ctxt`]: the one place where the mistakes of an invocation are collected.

use std::cell::{Cell, RefCell};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Collects every mistake, so that one build reports them all.
///
/// Parsing and validation go on after a mistake with whatever makes sense; [`Ctxt::finish`] says
/// at the end whether the result may be used.
#[derive(Default)]
#[must_use]
pub(crate) struct Ctxt {
    errors: RefCell<Vec<Error>>,
    left: Cell<usize>,
}

impl Ctxt {
    /// Records a mistake at `span`.
    pub(crate) fn error(&self, span: Span, message: impl std::fmt::Display) {
        self.push(Error::new(span, message));
    }

    /// Records a mistake that covers all of `tokens`.
    pub(crate) fn error_at(&self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// Records a mistake that is made in several places at once, at the first.
    pub(crate) fn error_once(&self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        let message = message.to_string();
        let is_known = |error: &Error| error.to_string() == message;
        if !self.errors.borrow().iter().any(is_known) {
            self.error_at(tokens, message);
        }
    }

    /// Records an error made elsewhere.
    pub(crate) fn push(&self, error: Error) {
        self.errors.borrow_mut().push(error);
    }

    /// Records a mistake that the compiler reports at the author's own tokens, which are passed on.
    pub(crate) fn leave_to_compiler(&self) {
        self.left.set(self.left.get() + 1);
    }

    /// How many mistakes there are so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().len() + self.left.get()
    }

    /// Whether all that is known is that the compiler reports something.
    pub(crate) fn is_left_to_compiler(&self) -> bool {
        self.left.get() > 0 && self.errors.borrow().is_empty()
    }

    /// The mistakes, as `compile_error!`s; `None` if there are none.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        let errors = self.errors.into_inner();
        if errors.is_empty() && self.left.get() == 0 {
            return None;
        }
        Some(errors.iter().map(Error::to_compile_error).collect())
    }
}
