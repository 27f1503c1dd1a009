//! Questions that keep one mistake from being told twice: what comes later is asserted only where what
//! came before fits (see the parent module).

use super::probe::Probe;
use crate::secrets::Secret;
use crate::types::{ExposedParam, HookInput, HookOutput, ResourceParam, SecretValue};

/// `Probe::<Before>::ASK.method(later)` is `later` where `Before` does what `$bound` says, and else a
/// question about a type that fits everywhere.
macro_rules! questions {
    ($($(#[$doc:meta])* $question:ident, $method:ident: $bound:ident;)*) => {$(
        $(#[$doc])*
        pub trait $question<T> {
            /// The later type, or one that fits.
            type Type;
            /// The question about it.
            fn $method(self, later: Probe<T>) -> Probe<Self::Type>;
        }
        impl<B: $bound, T> $question<T> for Probe<B> {
            type Type = T;
            fn $method(self, later: Probe<T>) -> Probe<T> {
                later
            }
        }
        impl<B, T> $question<T> for &Probe<B> {
            type Type = ();
            fn $method(self, _: Probe<T>) -> Probe<()> {
                Probe::ASK
            }
        }
    )*};
}

questions! {
    /// After a parameter.
    IfInput, __dagstack_if_input: HookInput;
    /// After a result.
    IfOutput, __dagstack_if_output: HookOutput;
    /// After a type of an exposed hook of a kind.
    IfExposed, __dagstack_if_exposed: ExposedParam;
    /// After a type of a resource.
    IfCrosses, __dagstack_if_crosses: ResourceParam;
    /// After what a secret holds.
    IfSecret, __dagstack_if_secret: SecretValue;
}

/// What a type called `Secret` holds, if it is ours.
pub trait Held {
    /// It, or something that every secret can hold.
    type Type;
    /// The question about it.
    fn __dagstack_held(self) -> Probe<Self::Type>;
}
impl<T> Held for Probe<Secret<T>> {
    type Type = T;
    fn __dagstack_held(self) -> Probe<T> {
        Probe::ASK
    }
}
impl<T> Held for &Probe<T> {
    type Type = String;
    fn __dagstack_held(self) -> Probe<String> {
        Probe::ASK
    }
}
