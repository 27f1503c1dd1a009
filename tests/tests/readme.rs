//! The README's walk from `cargo new` to a plugin called both ways, taken literally.

use std::fs;

use dagstack_tests::scratch::{cargo, output, package};
use dagstack_tests::workspace;

/// The fenced blocks of a section of the README, in order.
fn blocks(readme: &str, title: &str) -> Vec<(String, String)> {
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with(title))
        .expect("the README has the section");
    section
        .split("\n```")
        .skip(1)
        .step_by(2)
        .map(|block| {
            let (language, text) = block.split_once('\n').expect("a block has lines");
            (language.to_owned(), format!("{text}\n"))
        })
        .collect()
}

#[test]
fn the_readme_leads_to_a_plugin_called_both_ways() {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("a README");
    let section = readme.split("\n## ").nth(1).expect("a section");
    assert!(
        section
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count()
            <= 80,
        "the walk grows too long to read"
    );
    let blocks = blocks(&readme, "A plugin, called both ways");
    let languages: Vec<&str> = blocks
        .iter()
        .map(|(language, _)| language.as_str())
        .collect();
    assert_eq!(
        languages,
        [
            "toml",
            "rust",
            "rust,ignore",
            "console",
            "toml",
            "rust,ignore"
        ]
    );
    let root = workspace().display().to_string();
    let folder = tempfile::tempdir().expect("a folder");

    let shout = folder.path().join("shout");
    let manifest = format!(
        "[package]\nname = \"shout\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{}",
        blocks[0].1.replace(
            "../dagstack-plugin/dagstack-plugin",
            &format!("{root}/dagstack-plugin")
        ),
    );
    package(
        &shout,
        &manifest,
        &[("src/lib.rs", &blocks[1].1), ("src/main.rs", &blocks[2].1)],
    );

    let host = folder.path().join("host");
    let manifest = format!(
        "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{}",
        blocks[4]
            .1
            .replace("../dagstack-plugin/runtime", &format!("{root}/runtime")),
    );
    package(&host, &manifest, &[("src/main.rs", &blocks[5].1)]);

    // The console block: each `$` line, and what it prints.
    let mut lines = blocks[3].1.lines();
    let called = lines.next().expect("a command");
    assert_eq!(
        called,
        r#"$ cargo run -q -- call shout '{"text": "hello"}'"#
    );
    let printed =
        output(cargo(&shout).args(["run", "-q", "--", "call", "shout", r#"{"text": "hello"}"#]));
    assert_eq!(printed.trim_end(), lines.next().expect("what it prints"));
    assert_eq!(
        lines.next(),
        Some("$ mkdir -p plugins/shout && cargo run -q -- manifest > plugins/shout/dagstack.toml")
    );
    let manifest = output(cargo(&shout).args(["run", "-q", "--", "manifest"]));
    fs::create_dir_all(shout.join("plugins/shout")).expect("a folder");
    fs::write(shout.join("plugins/shout/dagstack.toml"), manifest).expect("a file");

    let said = output(cargo(&host).args(["run", "-q"]));
    assert!(said.contains("\nin_process: \"HELLO!\"\n"), "{said}");
    assert!(said.ends_with("\nmcp_stdio: \"HELLO!\"\n"), "{said}");
}

#[test]
fn the_readme_leads_to_a_kind_that_plugins_and_hosts_share() {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("a README");
    let blocks = blocks(&readme, "A kind, shared by plugins and hosts");
    let [(_, kind), (_, plugin), (_, host)] = blocks.as_slice() else {
        panic!("the section has three blocks, found {}", blocks.len());
    };
    let root = workspace().display();
    let sdk = format!("dagstack-plugin = {{ path = \"{root}/dagstack-plugin\" }}\n");
    let of_kind = "greeter-kind = { path = \"../greeter-kind\" }\n";
    let manifest = |name: &str, dependencies: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    package(
        &folder.path().join("greeter-kind"),
        &manifest("greeter-kind", &sdk),
        &[("src/lib.rs", kind)],
    );
    package(
        &folder.path().join("hello"),
        &manifest("hello", &format!("{sdk}{of_kind}")),
        &[("src/lib.rs", plugin)],
    );
    let dependencies = format!(
        "dagstack-runtime = {{ path = \"{root}/runtime\" }}\n{of_kind}hello = {{ path = \"../hello\" }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
    );
    let greet = folder.path().join("greet");
    package(
        &greet,
        &manifest("greet", &dependencies),
        &[("src/main.rs", host)],
    );
    let said = output(cargo(&greet).args(["run", "-q"]));
    assert_eq!(said, "Hello, Ada!\nHello, Grace!\n");
}
