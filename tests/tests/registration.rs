//! Which plugins a program has: Rust leaves out a dependency that nobody names.

use dagstack_runtime::Registry;

// `echo` and `text-stats` are named; `fixed-chunker` is a dependency of this package too, but this
// test program never mentions it.
dagstack_runtime::link!(echo, text_stats);

#[test]
fn named_plugins_are_listed_in_order() {
    let names: Vec<_> = dagstack_plugin::registered()
        .iter()
        .map(|registration| registration.declaration())
        .map(|declaration| (declaration.kind, declaration.name))
        .collect();
    assert!(names.is_sorted(), "{names:?}");
    assert!(names.contains(&("tool", "echo")), "{names:?}");
    assert!(names.contains(&("tool", "text-stats")), "{names:?}");
    // Why `link!` exists: a dependency that nobody names is not in the program.
    assert!(!names.contains(&("chunker", "fixed")), "{names:?}");
}

#[tokio::test]
async fn a_manifest_of_a_plugin_that_is_not_linked_says_how_to_link_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest = String::from("[plugin]\nschema_version = \"1\"\nname = \"absent\"\n");
    manifest.push_str("kind = \"chunker\"\ncore_version = \">=0.1.0\"\n");
    manifest.push_str("runtime = \"in_process\"\nentry_point = \"absent_crate::Absent\"\n");
    std::fs::write(folder.path().join("dagstack.toml"), manifest).expect("a file");

    let registry = Registry::builder()
        .linked()
        .discover(folder.path())
        .build()
        .expect("one broken plugin does not stop the others");
    let report = registry.setup_all().await;
    let text = report.to_string();
    assert!(text.contains("link!(absent_crate)"), "{text}");
    let echo = registry.plugin("tool", "echo").expect("echo is linked");
    echo.call(
        "echo",
        &Default::default(),
        serde_json::json!({ "text": "still here" }),
    )
    .await
    .expect("the others go on");
}

#[test]
fn a_plugin_that_is_not_linked_while_others_are_says_how_to_link_it() {
    let registry = Registry::builder().linked().build().expect("a registry");
    let missing = |kind, name| {
        registry
            .plugin(kind, name)
            .expect_err("not there")
            .to_string()
    };
    let mist = missing("weather", "mist");
    assert!(
        mist.contains("add the crate to `dagstack_runtime::link!"),
        "{mist}"
    );
    // Not where it is misspelt.
    let misspelt = missing("tool", "eco");
    assert!(
        misspelt.contains("did you mean") && !misspelt.contains("link!"),
        "{misspelt}"
    );
}
