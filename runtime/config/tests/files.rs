//! The three formats: the same values, the lines of each, and what is refused.

#![allow(clippy::unwrap_used)]

use dagstack_config::{Format, Node, Step, parse, render};
use serde_json::{Value, json};

const ALL: [Format; 3] = [Format::Toml, Format::Json, Format::Yaml];

fn read(text: &str, format: Format) -> Result<Node, String> {
    parse(text, Some(format), "f").map_err(|error| error.to_string())
}

fn json_of(text: &str, format: Format) -> Value {
    read(text, format).unwrap().to_json()
}

/// `path=line` of every value.
fn lines(node: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    node.visit(&mut |steps, node| {
        if !steps.is_empty() {
            lines.push(format!("{} {}", render("", steps), node.origin));
        }
    });
    lines
}

#[test]
fn the_formats_say_the_same_with_their_lines() {
    let texts = [
        (
            Format::Toml,
            "[a]\nb = 1\nc = [\n  true,\n  \"x\",\n]\n[a.d]\ne = -0.5\n",
        ),
        (
            Format::Json,
            "{\"a\": {\n\"b\": 1,\n\"c\": [\n  true,\n  \"x\"],\n\n\"d\": {\n \"e\": -0.5}}}\n",
        ),
        (
            Format::Yaml,
            "a:\n  b: 1\n  c:\n    - true\n    - x\n\n  d:\n    e: -0.5\n",
        ),
    ];
    for (format, text) in texts {
        let node = read(text, format).unwrap();
        assert_eq!(
            node.to_json(),
            json!({ "a": { "b": 1, "c": [true, "x"], "d": { "e": -0.5 } } })
        );
        let lines = lines(&node);
        let line = |path: &str| {
            lines
                .iter()
                .find(|line| line.starts_with(path))
                .unwrap()
                .clone()
        };
        assert_eq!(line("a.b "), "a.b f:2", "{format:?}");
        assert_eq!(line("a.c[1] "), "a.c[1] f:5", "{format:?}");
        assert_eq!(line("a.d.e "), "a.d.e f:8", "{format:?}");
    }
}

#[test]
fn yaml_is_read_by_its_core_schema() {
    let text = "
plain: [~, null, true, False, 1, +2, 0x1f, 0o17, 1.5, .5, 1e3, -0, yes, on, 1.2.3, 2024-01-01, 08x, '', \"1\"]
big: 18446744073709551615
tagged: !!str 5
text: |
  a
  b
base: &base { x: 1 }
again: *base
empty:
";
    assert_eq!(
        json_of(text, Format::Yaml),
        json!({
            "plain": [null, null, true, false, 1, 2, 31, 15, 1.5, 0.5, 1000.0, 0, "yes", "on", "1.2.3",
                "2024-01-01", "08x", "", "1"],
            "big": u64::MAX, "tagged": "5", "text": "a\nb\n", "base": { "x": 1 }, "again": { "x": 1 },
            "empty": null,
        })
    );
}

#[test]
fn what_has_no_place_in_a_config_is_refused_with_its_line() {
    for (format, text, words) in [
        (
            Format::Yaml,
            "a: 1\na: hunter2\n",
            "a key is there twice, in line 2",
        ),
        (
            Format::Yaml,
            "a: .inf\n",
            "a number that JSON lacks, in line 1",
        ),
        (
            Format::Yaml,
            "a: 1\nb: 123456789012345678901234567890\n",
            "more than 64 bits, in line 2",
        ),
        (Format::Yaml, "? [a]\n: 1\n", "a key that is no text"),
        (Format::Yaml, "a: &a [*a]\n", "alias"),
        (Format::Yaml, "a: 1\n---\nb: 1\n", "several documents"),
        (
            Format::Json,
            "{\"a\": {\"b\": 1,\n\"b\": 2}}",
            "a key is there twice, in line 2",
        ),
        (Format::Json, "{\"a\": 1", "it is no JSON"),
        (Format::Toml, "a = 1\na = 2\n", "it is no TOML"),
        (
            Format::Toml,
            "x.a = [1, inf]\n",
            "line 1: `x.a[1]`: found a number that JSON lacks",
        ),
        (
            Format::Toml,
            "\na = 99999999999999999999\n",
            "line 2: `a`: the number needs more than 64 bits",
        ),
    ] {
        let error = read(text, format).unwrap_err();
        assert!(error.contains(words), "{text:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    for format in ALL {
        for text in ["\"hunter2", "[hunter2", "- hunter2\n- :"] {
            let error = read(text, format).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn no_file_takes_all_memory_or_the_stack() {
    let deep = "[".repeat(100_000);
    assert!(read(&format!("a: {deep}"), Format::Yaml).is_err());
    assert!(read(&format!("a = {deep}"), Format::Toml).is_err());
    assert!(read(&format!("{{\"a\": {deep}"), Format::Json).is_err());
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        laughs += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert!(
        read(&laughs, Format::Yaml)
            .unwrap_err()
            .contains("more than 100000 values")
    );
}

#[test]
fn a_format_is_known_by_its_content() {
    for (text, key) in [
        ("{\"a\": 1}", "a"),
        ("# first\na = 1\n", "a"),
        ("# first\n\n[a]\nb = ': '\n", "a"),
        ("a: 1\n", "a"),
        ("a:\n  b: x = 1\n", "a"),
        ("---\na: 1\n", "a"),
        ("a.b = \"x: y\"\n", "a"),
    ] {
        let node = parse(text, None, "f").map_err(|error| error.to_string());
        assert!(
            node.as_ref().is_ok_and(|node| node.get(key).is_some()),
            "{text:?}: {node:?}"
        );
    }
}

#[test]
fn values_are_put_and_laid_over() {
    let mut tree = read("a = { b = 1, c = [1, 2] }\n", Format::Toml).unwrap();
    let above = read("a: { c: [3], d: { e: 1 } }\n", Format::Yaml).unwrap();
    let value = above.get("a").and_then(|a| a.get("d")).unwrap().clone();
    tree.lay_over(above);
    assert_eq!(
        tree.to_json(),
        json!({ "a": { "b": 1, "c": [3], "d": { "e": 1 } } })
    );
    let key = |key: &str| Step::Key(key.to_owned());
    tree.put(&[key("a"), key("c"), Step::Item(1)], value.clone())
        .unwrap();
    tree.put(&[key("x"), Step::Item(0), key("y")], value.clone())
        .unwrap();
    assert_eq!(tree.to_json()["a"]["c"], json!([3, { "e": 1 }]));
    assert_eq!(tree.to_json()["x"], json!([{ "y": { "e": 1 } }]));
    let gap = tree
        .put(&[key("a"), key("c"), Step::Item(5)], value)
        .unwrap_err();
    assert_eq!((gap.depth, gap.length), (2, 2));
}
