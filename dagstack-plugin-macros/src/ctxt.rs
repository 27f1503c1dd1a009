//! [`Ctxt`]: the one place where the mistakes of an invocation are collected.

use std::cell::{Cell, RefCell};
use std::thread;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Collects every mistake, so that one build reports them all.
///
/// Parsing and validation go on after a mistake with whatever makes sense; [`Ctxt::finish`] says
/// at the end whether the result may be used.
#[derive(Default)]
#[must_use = "its mistakes must be reported: call `finish`"]
pub(crate) struct Ctxt {
    errors: RefCell<Vec<Error>>,
    left: Cell<usize>,
    is_finished: Cell<bool>,
}

impl Drop for Ctxt {
    /// A mistake that nobody reports would leave the author without the item and without a word.
    fn drop(&mut self) {
        debug_assert!(
            self.is_finished.get() || thread::panicking(),
            "mistakes that nobody has looked for"
        );
    }
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
        self.is_finished.set(true);
        let errors = self.errors.borrow();
        if errors.is_empty() && self.left.get() == 0 {
            return None;
        }
        Some(errors.iter().map(Error::to_compile_error).collect())
    }

    /// Leaves the mistakes to whoever reads the same again.
    pub(crate) fn leave(self) {
        self.is_finished.set(true);
    }
}
