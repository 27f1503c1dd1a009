//! `link!`: keeps plugin packages in the program.

/// Links plugin packages into the program, by crate name, so that
/// [`linked`](crate::RegistryBuilder::linked) finds their plugins.
///
/// Rust drops a dependency that nobody names: its plugins would not be there. Write it once,
/// outside any function.
///
/// ```
/// dagstack_runtime::link!(serde_json);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! link {
    ($($package:ident),+ $(,)?) => {
        $(use $package as _;)+
    };
    ($package:ident :: $($plugin:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`link!` takes packages, not what is in them: `dagstack_runtime::link!(",
            ::core::stringify!($package),
            ");`",
        ));
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`link!` takes packages, by their names in Rust: `dagstack_runtime::link!(echo, fixed_chunker);`"
        );
    };
}
