//! The same plugin source, linked and as an executable, gives the same answers byte for byte.

use dagstack_plugin::testing::{self, TestPlugin};
use dagstack_plugin::{HookError, Plugin, canonical_json};
use dagstack_tests::built;
use serde_json::{Value, json};

/// One plugin in both forms, with the same config.
fn both<T: Plugin>(executable: &str, config: &Value) -> [TestPlugin; 2] {
    [
        testing::in_process::<T>().config(config.clone()),
        testing::executable(built(executable)).config(config.clone()),
    ]
}

/// Calls both and returns what they agree on.
fn agreed(plugins: &[TestPlugin; 2], hook: &str, arguments: Value) -> Result<Value, HookError> {
    let [linked, executable] = plugins
        .each_ref()
        .map(|plugin| plugin.call(hook, arguments.clone()));
    match (&linked, &executable) {
        (Ok(a), Ok(b)) => assert_eq!(
            canonical_json::to_string(a).expect("it came as JSON"),
            canonical_json::to_string(b).expect("it came as JSON"),
        ),
        (a, b) => assert_eq!(a, b, "code, message and details are the same"),
    }
    linked
}

#[test]
fn echo() {
    let plugins = both::<echo::Echo>("echo", &Value::Null);
    for text in ["", "hi", "ünï\u{0}\u{7f}\u{2028}\"\\\n", "\u{1f980}"] {
        assert_eq!(
            agreed(&plugins, "echo", json!({ "text": text })),
            Ok(json!(text))
        );
    }
    let long = "0123456789".repeat(500_000);
    assert_eq!(
        agreed(&plugins, "echo", json!({ "text": long })),
        Ok(json!(long))
    );
}

#[test]
fn mistakes_in_arguments() {
    let plugins = both::<echo::Echo>("echo", &Value::Null);
    for arguments in [
        json!({}),
        json!({ "text": 7 }),
        json!({ "text": "a", "extra": true }),
        json!({ "txet": "a" }),
        json!([1]),
        json!("text"),
        json!(null),
    ] {
        let error = agreed(&plugins, "echo", arguments.clone()).expect_err("it does not fit");
        assert_eq!(error.code(), "invalid_arguments", "{arguments}: {error}");
    }
    let error = agreed(&plugins, "ehco", json!({})).expect_err("there is no such hook");
    assert_eq!(error.code(), "unknown_hook");
    assert!(error.message().contains("did you mean `echo`"), "{error}");
}

#[test]
fn config_results_and_errors_of_the_authors() {
    let config = json!({ "max_size": 4, "max_pieces": 3, "id_key": "0123456789" });
    let plugins = both::<fixed_chunker::FixedChunker>("fixed-chunker", &config);
    let chunks = agreed(&plugins, "chunk", json!({ "text": "äöüß and" })).expect("two pieces");
    assert_eq!(chunks[1]["text"], " and");
    assert_eq!(chunks[1]["start"], 4);

    let zero = agreed(&plugins, "chunk", json!({ "text": "a", "max_size": 0 }));
    assert_eq!(zero.expect_err("no length").code(), "zero_size");
    let many = agreed(&plugins, "chunk", json!({ "text": "a".repeat(100) }));
    let many = many.expect_err("too long");
    assert_eq!(many.code(), "too_many_pieces");
    assert_eq!(
        many.get_details(),
        Some(&json!({ "pieces": 25, "limit": 3 }))
    );
}

#[test]
fn mistakes_in_a_config() {
    for config in [
        json!({ "max_size": 0 }),
        json!({ "max_size": "ten", "max_pieces": -1 }),
        json!({ "max_sise": 10 }),
        json!({ "id_key": "short" }),
        json!([]),
    ] {
        let [linked, executable] =
            both::<fixed_chunker::FixedChunker>("fixed-chunker", &config).map(|p| p.setup());
        let linked = linked.expect_err("it does not fit");
        let executable = executable.expect_err("it does not fit");
        assert_eq!(linked.code(), executable.code(), "{config}");
        assert_eq!(linked.message(), executable.message(), "{config}");
        assert!(linked.message().contains("chunker.fixed"), "{linked}");
        assert!(!linked.message().contains("short\""), "{linked}");
    }
}

/// Behaviour 11, for what goes in.
#[test]
fn b11_arguments_and_configs_nest_so_deep_and_no_deeper_in_both_builds() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    let plugins = both::<sweep::Sweep>("sweep", &Value::Null);
    assert!(agreed(&plugins, "of_value", json!({ "value": nested(119) })).is_ok());
    for depth in [120, 126, 127, 128, 1000] {
        for (hook, args) in [
            ("of_value", json!({ "value": nested(depth) })),
            ("of_u8", json!({ "value": nested(depth) })),
            ("of_point", json!({ "value": 1, "extra": nested(depth) })),
            ("flat_rest", json!({ "a": 1, "more": nested(depth) })),
        ] {
            let error = agreed(&plugins, hook, args).expect_err("too deep");
            assert_eq!(error.code(), "invalid_arguments");
            assert!(
                error.message().contains("deeper than 120 levels"),
                "{error}"
            );
        }
        let config = json!({ "max_size": nested(depth) });
        for plugin in both::<fixed_chunker::FixedChunker>("fixed-chunker", &config) {
            let error = plugin.setup().expect_err("too deep");
            assert_eq!(error.code(), "config_invalid");
            assert!(
                error.message().contains("deeper than 120 levels"),
                "{error}"
            );
        }
    }
}

#[test]
fn results_of_every_shape() {
    let plugins = both::<text_stats::TextStats>("text-stats", &Value::Null);
    let text = "the quick brown fox and the lazy dog";
    for (hook, arguments) in [
        ("count", json!({ "text": text })),
        ("mean_word_length", json!({ "text": text })),
        ("mean_word_length", json!({ "text": "" })),
        ("longest_word", json!({ "text": text })),
        ("longest_word", json!({ "text": "" })),
        ("length", json!({ "text": "" })),
        ("length", json!({ "text": text })),
        ("length", json!({ "text": text.repeat(100) })),
        ("ranking", json!({ "text": text })),
        ("ranking", json!({ "text": text, "top": 101 })),
        ("ranking", json!({ "text": text, "top": 300 })),
        ("ranking", json!({ "text": "" })),
        ("capacity", json!({})),
        ("get_schema", json!({})),
        (
            "execute",
            json!({ "function": "count", "args": { "text": text } }),
        ),
        (
            "execute",
            json!({ "function": "mean_word_length", "args": { "text": "" } }),
        ),
        (
            "execute",
            json!({ "function": "mean_word_length", "args": { "txt": "" } }),
        ),
        ("execute", json!({ "function": "nothing" })),
    ] {
        // Whatever it is, both say the same; the shapes themselves:
        let _ = agreed(&plugins, hook, arguments);
    }
    assert_eq!(agreed(&plugins, "capacity", json!({})), Ok(json!(u64::MAX)));
    assert_eq!(
        agreed(&plugins, "longest_word", json!({ "text": "" })),
        Ok(Value::Null)
    );
    assert_eq!(
        agreed(
            &plugins,
            "mean_word_length",
            json!({ "text": "one two three" })
        ),
        Ok(json!(3.6666667))
    );
}

/// Manifests are the same but for the fields that depend on the build.
#[test]
fn manifests() {
    use dagstack_plugin::manifest::Runtime;
    let output = std::process::Command::new(built("fixed-chunker"))
        .arg("manifest")
        .output()
        .expect("it starts");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let mut linked = dagstack_plugin::Manifest::of(
        fixed_chunker::FixedChunker::declaration(),
        Runtime::McpStdio,
    );
    linked.mcp_stdio.get_or_insert_default().command =
        vec![built("fixed-chunker").display().to_string()];
    assert_eq!(printed, linked.to_toml());
    assert!(
        !printed.contains("\nversion"),
        "the published core refuses it:\n{printed}"
    );
}
