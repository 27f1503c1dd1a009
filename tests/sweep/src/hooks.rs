//! The macro that makes hooks of a table of types.

/// Writes a plugin. `plain` hooks take one `value` and return it; `whole` ones take what stands there, and return a
/// tuple of it.
macro_rules! hooks {
    (
        $plugin:ident $plugin_name:literal
        plain { $($name:ident: $type:ty = [$($sample:tt)*];)* }
        whole { $($hook:ident($($(#$attr:tt)* $param:ident: $of:ty),+ $(,)?) = [$($args:tt)*];)* }
    ) => {
        /// Gives back what it is given.
        #[plugin(kind = "tool", name = $plugin_name)]
        impl $plugin {
            $(
                /// Gives back a value.
                #[hook]
                fn $name(&self, value: $type) -> $type {
                    value
                }
            )*
            $(
                /// Gives back all it is given.
                #[hook]
                fn $hook(&self, $($(#$attr)* $param: $of),+) -> ($($of,)+) {
                    ($($param,)+)
                }
            )*
        }

        /// The names of all hooks, each with arguments that fit.
        pub fn samples() -> Vec<(&'static str, Vec<Value>)> {
            let values = |list: Value| match list {
                Value::Array(values) => values,
                other => vec![other],
            };
            let wrap = |value| json!({ "value": value });
            let mut all = Vec::new();
            $(all.push((
                stringify!($name),
                values(json!([$($sample)*])).into_iter().map(wrap).collect(),
            ));)*
            $(all.push((stringify!($hook), values(json!([$($args)*]))));)*
            all
        }
    };
}
