//! How long expansions are: run by `cargo xtask compile-bench`.

use super::snapshots::written;

/// Says how many lines the expansion of the plugin in a file has.
#[test]
#[ignore = "says a figure of a file of the bench's"]
fn of_a_file() {
    let path = std::env::var("DAGSTACK_EXPAND").expect("the file");
    let file = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
    let plugin = |item| match item {
        syn::Item::Impl(item) => Some(item),
        _ => None,
    };
    let mut item = file.items.into_iter().find_map(plugin).unwrap();
    let is_plugin = |attr: &syn::Attribute| attr.path().is_ident("plugin");
    let index = item.attrs.iter().position(is_plugin).unwrap();
    let args = item.attrs.remove(index).parse_args().unwrap();
    let tokens = crate::plugin::expand(args, quote::quote!(#item));
    println!("lines: {}", written(tokens).lines().count());
}
