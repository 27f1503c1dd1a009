//! How long expansions are.

use super::snapshots::written;

/// A plugin in a file, of which the test says the lines: `cargo xtask compile-bench` asks.
const FILE: &str = "DAGSTACK_EXPAND";

/// The lines that each hook and all of the rest may expand to: what they have now.
const HOOK: usize = 36;
const FIXED: usize = 135;

#[test]
fn expansions_grow_by_few_lines_a_hook() {
    if let Ok(path) = std::env::var(FILE) {
        println!("lines: {}", lines(&std::fs::read_to_string(path).unwrap()));
        return;
    }
    let [few, many] = [10, 20].map(|hooks| lines(&plugin(hooks)));
    let hook = (many - few) / 10;
    let fixed = few - 10 * hook;
    assert!(
        hook <= HOOK && fixed <= FIXED,
        "{fixed} lines, {hook} a hook"
    );
}

/// A plugin, whose hooks have three parameters each.
fn plugin(hooks: usize) -> String {
    let hook = |number| {
        format!(
            "/// Does.\n#[hook]\nfn do{number}(&self, a: String, b: u32, c: Option<bool>) -> String {{ a }}\n"
        )
    };
    let hooks: String = (0..hooks).map(hook).collect();
    format!("/// Many.\n#[plugin(kind = \"tool\", name = \"many\")]\nimpl Many {{ {hooks} }}")
}

/// The lines of the expansion of the plugin in a source.
fn lines(source: &str) -> usize {
    let file = syn::parse_file(source).unwrap();
    let plugin = |item| match item {
        syn::Item::Impl(item) => Some(item),
        _ => None,
    };
    let mut item = file.items.into_iter().find_map(plugin).unwrap();
    let is_plugin = |attr: &syn::Attribute| attr.path().is_ident("plugin");
    let index = item.attrs.iter().position(is_plugin).unwrap();
    let args = item.attrs.remove(index).parse_args().unwrap();
    let tokens = crate::plugin::expand(args, quote::quote!(#item));
    written(tokens).lines().count()
}
