//! Plugins, kinds, resources and data written by `macro_rules!` macros that pass fragments on.

#![deny(warnings)]
// The tests are a program, and nobody imports its items.
#![allow(dead_code, unreachable_pub)]

use dagstack_plugin::prelude::*;
use dagstack_plugin::{async_trait, resource};

macro_rules! plugin_of {
    (
        $(#[$outer:meta])* $vis:vis struct $name:ident: $kind:literal, $plugin:expr;
        $($(#[$attr:meta])* $v:vis fn $hook:ident($($(#[$p:meta])* $param:ident: $ty:ty),* $(,)?) -> $out:ty $body:block)*
    ) => {
        $(#[$outer])*
        $vis struct $name;

        #[plugin(kind = $kind, name = $plugin)]
        $(#[$outer])*
        impl $name {
            $($(#[$attr])* $v fn $hook(&self, $($(#[$p])* $param: $ty),*) -> $out $body)*
        }
    };
}

plugin_of! {
    /// A plugin.
    #[allow(dead_code)]
    pub(crate) struct Fragments: "tool", "fragments";

    /// Repeats.
    #[hook(execution_model = "thread_cpu_bound", description = "Repeats it.")]
    pub fn go(
        /// What to repeat.
        #[serde(default)]
        text: String,
        ctx: &HookContext,
        times: Option<usize>,
    ) -> Result<String, HookError> {
        let _ = ctx;
        Ok(text.repeat(times.unwrap_or(1)))
    }
    #[hook]
    fn nothing() -> () {}
    /// Is well.
    #[health]
    fn health() -> Health { Health::Healthy }
}

impl Default for Fragments {
    fn default() -> Self {
        Self
    }
}

macro_rules! kind_of {
    ($(#[$outer:meta])* $vis:vis trait $name:ident = $kind:literal $version:expr;
     $($(#[$attr:meta])* async fn $hook:ident($($(#[$p:meta])* $param:ident: $ty:ty),*) -> $out:ty;)*) => {
        $(#[$outer])*
        #[kind(name = $kind, version = $version)]
        $vis trait $name {
            $($(#[$attr])* async fn $hook(&self, $($(#[$p])* $param: $ty),*) -> $out;)*
        }
    };
}

kind_of! {
    /// A kind.
    #[allow(dead_code)]
    pub(crate) trait Repeater = "repeater" "1.0.0";
    /// Repeats.
    #[hook(dispatch = "chain")]
    async fn go(#[schemars(length(min = 1))] text: String, times: Option<usize>) -> String;
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn borrows(texts: &[&str]) -> usize;
}

macro_rules! of_kind {
    ($name:ident, $kind:path, $($ty:ty),*) => {
        #[derive(Default)]
        struct $name;

        #[plugin(kind = $kind, name = "fragments-of-kind")]
        impl $name {
            #[hook]
            fn go(&self, text: $crate::fragments::Text, times: Option<usize>) -> String {
                text.repeat(times.unwrap_or(1))
            }
            #[hook]
            fn borrows(&self, $(texts: $ty),*) -> usize {
                0 $(+ { let texts: $ty = texts; texts.len() })*
            }
        }
    };
}

pub(crate) type Text = String;

of_kind!(Repeats, self::Repeater, &[&str]);

macro_rules! resource_of {
    ($(#[$outer:meta])* $vis:vis trait $name:ident; $(#[$attr:meta])* async fn $m:ident($($param:ident: $ty:ty),*) -> $out:ty;) => {
        #[resource(name = "acme.of")]
        $(#[$outer])*
        $vis trait $name {
            $(#[$attr])* async fn $m(&self, $($param: $ty),*) -> $out;
        }

        struct Of;

        #[async_trait]
        impl $name for Of {
            async fn $m(&self, $($param: $ty),*) -> Result<$out, HookError> {
                Ok(($($param),*))
            }
        }
    };
}

resource_of! {
    /// A resource.
    pub(crate) trait Pairs;
    /// Pairs.
    #[doc(alias = "both")]
    async fn pair(a: Vec<u8>, b: Option<String>) -> (Vec<u8>, Option<String>);
}

macro_rules! data_of {
    ($(#[$outer:meta])* struct $name:ident { $($(#[$attr:meta])* $v:vis $field:ident: $ty:ty),* }) => {
        $(#[$outer])*
        struct $name { $($(#[$attr])* $v $field: $ty),* }
    };
}

data_of! {
    /// Data.
    #[data]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Page {
        /// A field.
        #[serde(default)]
        pub(crate) off_set: Option<u8>
    }
}

pub(crate) fn page_schema() -> dagstack_plugin::schema::Schema {
    dagstack_plugin::schema::input::<Page>()
}
