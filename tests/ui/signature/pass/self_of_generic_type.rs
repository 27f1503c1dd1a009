//! `Self` in a hook's types, where it is not one name.

#![deny(warnings)]

use dagstack_plugin::prelude::*;

pub(crate) struct Generic<T, const N: usize>(T);

impl<T, const N: usize> Generic<T, N> {
    const TWICE: usize = 2 * N;
}

#[plugin(kind = "tool", name = "self-of-generic")]
impl Generic<u8, 1> {
    #[setup]
    fn setup() -> Self {
        Self(1)
    }

    #[hook]
    fn array(&self, x: [u8; Self::TWICE]) -> [u8; Self::TWICE] {
        x
    }

    #[hook]
    fn nested(&self, x: Vec<Option<[u8; 1 + Self::TWICE]>>) -> [usize; size_of::<Self>()] {
        [x.len() + usize::from(self.0)]
    }
}

pub(crate) struct By<F>(F);

#[plugin(kind = "tool", name = "by-function")]
impl By<for<'a> fn(&'a str, &u8) -> &'a str> {
    #[setup]
    fn setup() -> Self {
        Self(|text, _| text)
    }

    #[hook]
    fn cut(&self, text: String) -> String {
        (self.0)(&text, &0).to_owned()
    }
}
