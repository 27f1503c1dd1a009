//! What an expansion that did not compile is given in the place of a value.

/// Stands for a value in an expansion that did not compile.
pub fn not_compiled<T>() -> T {
    unreachable!("the compiler has refused this plugin")
}
