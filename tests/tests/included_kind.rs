//! A kind that goes out as a hookspec and comes back by `include_kind!` is the same kind: a plugin
//! of it differs only in its `use` line.

use std::fs;

use dagstack_plugin::HookContext;
use dagstack_plugin::kind::Hookspec;
use dagstack_plugin::serde_json::{self, Value, json};
use dagstack_runtime::Registry;
use dagstack_tests::workspace;

/// The plugin on the trait of the kind's own package.
pub mod of_package {
    use chunker_kind::{Chunk, Chunker};
    include!("../hookspecs/example/plugin.rs");
}

/// What `include_kind!` makes of the hookspec.
pub mod included {
    dagstack_plugin::include_kind!("hookspecs/example/kinds/chunker/v1.yaml");
}

/// The same plugin on that.
pub mod of_hookspec {
    use super::included::{Chunk, Chunker};
    include!("../hookspecs/example/plugin.rs");
}

const TEXT: &str = "one line\nänd another, longer one\n\nthe last";

#[test]
fn the_hookspec_is_the_one_the_example_writes_and_the_one_the_included_kind_writes() {
    let written = Hookspec::of::<dyn chunker_kind::Chunker>().to_files();
    let folder = workspace().join("tests/hookspecs/example");
    if std::env::var_os("DAGSTACK_BLESS").is_some() {
        let hookspec = Hookspec::of::<dyn chunker_kind::Chunker>();
        hookspec
            .write_to(&folder)
            .expect("the files can be written");
        // The included kind was made of the files as they were before.
        return;
    }
    let again = Hookspec::of::<dyn included::Chunker>().to_files();
    assert_eq!(written, again);
    for (path, text) in written {
        let found = fs::read_to_string(folder.join(&path)).expect("a file");
        assert_eq!(found, text, "{}", path.display());
    }
}

#[tokio::test]
async fn a_plugin_of_either_gives_the_same_results() {
    let package = ready(Registry::builder().plugin::<of_package::Lines>()).await;
    let hookspec = ready(Registry::builder().plugin::<of_hookspec::Lines>()).await;
    let ctx = HookContext::default();
    let native = package
        .get::<dyn chunker_kind::Chunker>("lines")
        .expect("ready");
    let other = hookspec
        .get::<dyn included::Chunker>("lines")
        .expect("ready");
    for max_size in [None, Some(5), Some(0)] {
        let one = native.chunk(&ctx, TEXT.to_owned(), max_size).await;
        let two = other.chunk(&ctx, TEXT.to_owned(), max_size).await;
        match (one, two) {
            (Ok(one), Ok(two)) => assert_eq!(value(&one), value(&two)),
            (one, two) => {
                let error = one.expect_err("both fail");
                assert_eq!(error, two.expect_err("both fail"));
                assert_eq!(error.code(), "zero_size");
            }
        }
    }
    for arguments in [json!({ "text": TEXT, "max_size": 7 }), json!({ "text": 7 })] {
        let mut answers = Vec::new();
        for registry in [&package, &hookspec] {
            let plugin = registry.plugin("chunker", "lines").expect("registered");
            answers.push(plugin.call("chunk", &ctx, arguments.clone()).await);
        }
        assert_eq!(answers[0], answers[1]);
    }
}

async fn ready(builder: dagstack_runtime::RegistryBuilder) -> Registry {
    let registry = builder.build().expect("one plugin");
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

fn value<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("a value")
}
