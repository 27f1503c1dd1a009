//! Behaviour 20: no answer tells whether a guess equals a secret of the config, and an author's own
//! error shows none, however the hook is called.

use dagstack_plugin::{HookError, code};
use dagstack_runtime::{HookContext, MemoryConfig, PluginHandle, Registry, StdioCommand};
use dagstack_tests::guarded::{Guarded, Quotes, Tool};
use serde_json::{Value, json};

const LONG: &str = "open-sesame-open";
/// Of the same length, and no secret.
const GUESS: &str = "open-sesame-shut";
const SHORT: &str = "hunter2";

fn config() -> MemoryConfig {
    let section = json!({ "pin": LONG, "password": SHORT });
    MemoryConfig::new(json!({ "guarded": { "quotes": section }, "tool": { "quoting": section } }))
}

/// Both plugins in both builds.
async fn registries() -> [Registry; 2] {
    let linked = Registry::builder().plugin::<Quotes>().plugin::<Tool>();
    let command = |path| StdioCommand::new([path]);
    let executables = Registry::builder()
        .executable("guarded", "quotes", command(env!("CARGO_BIN_EXE_guarded")))
        .executable(
            "tool",
            "quoting",
            command(env!("CARGO_BIN_EXE_guarded-tool")),
        );
    let mut up = Vec::new();
    for builder in [linked, executables] {
        let registry = builder.kind::<dyn Guarded>().config(config()).build();
        let registry = registry.expect("a registry");
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
        up.push(registry);
    }
    up.try_into().expect("two")
}

fn text(error: &HookError) -> String {
    error.to_value().to_string()
}

async fn refused(plugin: &PluginHandle, hook: &str, args: Value) -> String {
    let called = plugin.call(hook, &HookContext::default(), args).await;
    let error = called.expect_err(hook);
    assert!(
        [code::INVALID_ARGUMENTS, code::UNKNOWN_HOOK].contains(&error.code()),
        "{error}"
    );
    text(&error)
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_a_right_guess_reads_like_a_wrong_one() {
    for registry in registries().await {
        let plugin = registry.plugin("guarded", "quotes").expect("it is there");
        let tool = registry.plugin("tool", "quoting").expect("it is there");
        for secret in [LONG, SHORT] {
            let mut answers = [secret, GUESS].map(|_| Vec::new());
            for (guess, answers) in [secret, GUESS].into_iter().zip(&mut answers) {
                for (plugin, hook, args) in [
                    (&plugin, "count", json!({ "number": guess })),
                    (&plugin, "count", json!({ "number": [guess] })),
                    (&plugin, "count", json!({ "number": 1, (guess): 1 })),
                    (&plugin, guess, json!({})),
                    (&tool, "count", json!({ "number": guess })),
                    (
                        &tool,
                        "execute",
                        json!({ "function": "count", "args": { "number": guess } }),
                    ),
                    (&tool, "execute", json!({ "function": guess, "args": {} })),
                    (&tool, "execute", json!({ "function": [guess] })),
                ] {
                    let answer = refused(plugin, hook, args).await;
                    answers.push(answer.replace(guess, "GUESS"));
                }
            }
            let [right, wrong] = answers;
            assert_eq!(right, wrong);
            assert!(
                right.iter().any(|answer| answer.contains("GUESS")),
                "{right:?}"
            );
        }
    }
}

/// The error of each hook of the trait that tells, in that order.
async fn told(registry: &Registry, given: &str, secrets: bool) -> Vec<HookError> {
    let native = registry.get::<dyn Guarded>("quotes").expect("it is there");
    let plugin = registry.plugin("guarded", "quotes").expect("it is there");
    let ctx = HookContext::default();
    let mut errors = vec![
        native
            .tell(&ctx, given.into(), secrets)
            .await
            .expect_err("it fails"),
        native
            .tell_later(&ctx, given.into(), secrets)
            .await
            .expect_err("it fails"),
        native
            .tell_computed(&ctx, given.into(), secrets)
            .await
            .expect_err("it fails"),
    ];
    for hook in ["tell", "tell_later", "tell_computed"] {
        let args = json!({ "given": given, "secrets": secrets });
        errors.push(plugin.call(hook, &ctx, args).await.expect_err(hook));
    }
    if plugin.pid().is_none() {
        errors.push(native.tell_now(&ctx, given, secrets).expect_err("it fails"));
    }
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_an_authors_error_shows_no_long_secret_typed_or_by_json() {
    for registry in registries().await {
        for error in told(&registry, "", true).await {
            assert_eq!(error.code(), "told");
            assert!(!text(&error).contains(LONG), "{error}");
            assert_eq!(error.message().matches("[MASKED]").count(), 2, "{error}");
        }
        // One that the SDK made, once an author returns it.
        let native = registry.get::<dyn Guarded>("quotes").expect("it is there");
        let plugin = registry.plugin("guarded", "quotes").expect("it is there");
        let ctx = HookContext::default();
        let typed = native.pass_on(&ctx).await.expect_err("it fails");
        let erased = plugin
            .call("pass_on", &ctx, json!({}))
            .await
            .expect_err("it fails");
        assert_eq!(typed, erased);
        assert!(
            !text(&typed).contains(LONG) && typed.message().contains("[MASKED]"),
            "{typed}"
        );
        // A tool's own error is an answer of `execute`.
        let tool = registry.plugin("tool", "quoting").expect("it is there");
        let args = json!({ "function": "tell", "args": {} });
        let answer = tool
            .call("execute", &ctx, args)
            .await
            .expect("an answer")
            .to_string();
        assert!(
            !answer.contains(LONG) && answer.contains("[MASKED]"),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_a_short_secret_cannot_be_guessed_by_what_an_author_quotes() {
    for registry in registries().await {
        for error in told(&registry, SHORT, false).await {
            assert_eq!(error.message(), format!("no `{SHORT}`"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_secrets_of_the_callers_own_stay_hidden() {
    let [registry, _] = registries().await;
    let plugin = registry.plugin("guarded", "quotes").expect("it is there");
    let args = json!({ "number": { "api_key": "the-callers-own" } });
    let answer = refused(&plugin, "count", args).await;
    assert!(!answer.contains("the-callers-own"), "{answer}");
}
