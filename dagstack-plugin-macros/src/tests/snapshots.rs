//! Whole expansions. `UPDATE_EXPECT=1 cargo test` writes them anew.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;

fn check(args: &str, item: &str, expected: &ExpectFile) {
    expected.assert_eq(&written(super::plugin(args, item)));
}

/// The expansion as a person would write it, without the macros of the crate that all of it goes
/// through.
pub(super) fn written(tokens: TokenStream) -> String {
    let mut file: syn::File = syn::parse2(tokens).unwrap();
    file.items = file.items.into_iter().flat_map(opened).collect();
    prettyplease::unparse(&file)
}

fn opened(item: syn::Item) -> Vec<syn::Item> {
    let syn::Item::Macro(call) = item else {
        return vec![item];
    };
    let tokens = &call.mac.tokens;
    match call
        .mac
        .path
        .segments
        .last()
        .unwrap()
        .ident
        .to_string()
        .as_str()
    {
        "items" => {
            let items = syn::parse2::<syn::File>(tokens.clone()).unwrap().items;
            items.into_iter().flat_map(opened).collect()
        }
        "hidden" => vec![syn::parse_quote!(const _: () = { #tokens };)],
        _ => vec![syn::Item::Macro(call)],
    }
}

macro_rules! snapshot {
    ($name:ident, $args:expr, $item:expr) => {
        #[test]
        fn $name() {
            check(
                $args,
                $item,
                &expect_file![concat!("snapshots/", stringify!($name), ".rs")],
            );
        }
    };
}

/// A file with the expansion of a kind.
#[test]
fn kind() {
    let item = "/// Splits text.
        pub trait Chunker {
            /// Splits `text`.
            #[hook(dispatch = \"singleton\")]
            async fn chunk(&self, /** The text. */ text: String) -> Vec<Chunk>;
            #[hook(dispatch = \"broadcast_collect\", mcp_exposed = false)]
            fn looks_good(&self, text: &str) -> bool;
        }";
    let args = "name = \"chunker\", version = \"1.0.0\"";
    let tokens = crate::kind::expand(args.parse().unwrap(), item.parse().unwrap(), "here");
    expect_file!["snapshots/kind.rs"].assert_eq(&written(tokens));
}

/// What the kind's macro calls for a plugin of it.
#[test]
fn plugin_of_kind() {
    let input = "{ \"chunker\" \"1.0.0\"
            { chunk \"chunk\" true true \"async fn chunk(&self, text: String) -> Vec<Chunk>\"
                { \"text\" false \"String\" } }
            { looks_good \"looks_good\" false false \"fn looks_good(&self, text: &str) -> bool\"
                { \"text\" true \"&str\" } }
        }
        [::dagstack_plugin]
        { kind = Chunker, name = \"fixed\" }
        { /** Fixed. */ impl Fixed {
            #[hook] fn chunk(&self, ctx: &HookContext, text: String) -> Vec<Chunk> { Vec::new() }
            #[hook] fn looks_good(&self, text: &str) -> bool { true }
        } }";
    let tokens = crate::plugin::of_kind::expand_of_kind(input.parse().unwrap());
    expect_file!["snapshots/plugin_of_kind.rs"].assert_eq(&written(tokens));
}

/// A type that crosses.
#[test]
fn data() {
    let item = "/// A page.
        #[serde(rename_all = \"camelCase\")]
        pub struct Page {
            /// The text.
            pub text: String,
            #[serde(default)] next: Option<Box<Self>>,
        }";
    let tokens = crate::data::expand("".parse().unwrap(), item.parse().unwrap());
    let file = syn::parse2(tokens).unwrap();
    expect_file!["snapshots/data.rs"].assert_eq(&prettyplease::unparse(&file));
}

const ARGS: &str = "kind = \"tool\", name = \"echo\"";

snapshot!(
    minimal,
    ARGS,
    "/** Echoes. */ impl Echo { /** Echoes. */ #[hook] fn echo(&self, text: String) -> String { text } }"
);
snapshot!(
    asynchronous,
    ARGS,
    "/** Echoes. */ impl Echo {
        /** Echoes. */
        #[hook] async fn echo(&self, ctx: &HookContext, a: u8) -> Result<u8, Error> { Ok(a) }
    }"
);
snapshot!(
    lifecycle,
    ARGS,
    "/** Echoes. */ impl Echo {
        #[setup] async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> { Ok(Self) }
        /** Nothing. */ #[hook] fn nothing(&self) {}
        #[health] fn health(&self) -> Health { Health::Healthy }
        #[teardown] async fn teardown(&self) -> Released { Released::All }
    }"
);
snapshot!(
    docs,
    ARGS,
    "/// Echoes.\nimpl Echo {
        /// Says it back.
        #[doc = include_str!(\"more.md\")]
        #[hook]
        fn echo(&self, /** The text. */ #[serde(default)] text: String) {}
    }"
);
snapshot!(
    cfg_on_hooks,
    ARGS,
    "impl Echo {
        #[cfg(unix)] #[hook] fn a(&self) {}
        /** Bs. */ #[hook] fn b(&self, c: Self) -> &str { \"\" }
    }"
);
snapshot!(
    errors,
    ARGS,
    "impl Echo { #[hook] fn echo(&mut self, text: &str) {} #[setup] fn setup() {} }"
);
