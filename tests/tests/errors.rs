//! Behaviour 19: an error of ours keeps code and details through the crates and wrappers in which
//! errors are passed on, in both builds and on both roads; and no message says a thing twice.

use std::error::Error as _;

use dagstack_plugin::{Health, HookError, TenantAccessDenied, code};
use dagstack_runtime::{
    HookContext, MemoryConfig, PluginHandle, Reason, Registry, RegistryBuilder, StdioCommand,
};
use dagstack_tests::failing::{Failing, Fails};
use serde_json::{Value, json};

/// The plugin in both builds.
fn builders() -> [RegistryBuilder; 2] {
    let command = StdioCommand::new([env!("CARGO_BIN_EXE_failing")]);
    [
        Registry::builder().plugin::<Fails>(),
        Registry::builder().executable("failing", "fails", command),
    ]
}

fn acting(builder: RegistryBuilder, act: &str) -> Registry {
    let config = MemoryConfig::new(json!({ "failing": { "fails": { "act": act } } }));
    let builder = builder.kind::<dyn Failing>().config(config);
    builder.build().expect("a registry")
}

async fn ready(builder: RegistryBuilder) -> (Registry, PluginHandle) {
    let registry = acting(builder, "Well");
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    let plugin = registry.plugin("failing", "fails").expect("it is there");
    (registry, plugin)
}

/// Calls each hook through the trait and by JSON, and checks that both fail alike.
macro_rules! each {
    ($registry:ident, $plugin:ident, [$($hook:ident),* $(,)?], $check:expr) => {
        let native = $registry.get::<dyn Failing>("fails").expect("it is there");
        let ctx = HookContext::default();
        $({
            let name = stringify!($hook);
            let typed = native.$hook(&ctx).await.expect_err(name);
            let erased = $plugin.call(name, &ctx, Value::Null).await.expect_err(name);
            assert_eq!(typed, erased, "{name}");
            let check: fn(&str, &HookError) = $check;
            check(name, &typed);
        })*
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_a_hook_error_keeps_code_and_details_however_it_is_passed_on() {
    for builder in builders() {
        let (registry, plugin) = ready(builder).await;
        each!(
            registry,
            plugin,
            [
                plain,
                any,
                any_later,
                any_computed,
                any_context,
                eyre,
                eyre_context,
                transparent,
                transparent_twice,
                transparent_any,
                quoted,
                arc,
                boxed,
                boxed_any,
                arc_any,
                io,
                nested,
            ],
            |name, error| {
                assert_eq!(error.code(), "deep", "{name}: {error}");
                assert_eq!(error.get_details(), Some(&json!({ "x": 1 })), "{name}");
                let expected = match name {
                    "any_context" | "eyre_context" => "outer: inner: deep down",
                    "quoted" => "quoted: deep down",
                    "nested" => "while doing it: deep down",
                    _ => "deep down",
                };
                assert_eq!(error.message(), expected, "{name}");
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_an_authors_own_code_is_kept_where_its_type_is_known() {
    for builder in builders() {
        let (registry, plugin) = ready(builder).await;
        each!(
            registry,
            plugin,
            [own, own_boxed, own_arc],
            |name, error| {
                assert_eq!(error.code(), "own", "{name}: {error}");
                assert_eq!(error.get_details(), Some(&json!({ "n": 3 })), "{name}");
            }
        );
        each!(registry, plugin, [bailed], |_, error| {
            assert_eq!(error.code(), code::HOOK_FAILED);
            assert_eq!(error.message(), "outer: root");
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_other_errors_of_ours_are_found_in_wrappers_too() {
    for builder in builders() {
        let (registry, plugin) = ready(builder).await;
        each!(registry, plugin, [denied, denied_boxed], |name, error| {
            let denied = TenantAccessDenied::from_hook_error(error).expect(name);
            assert_eq!(denied.resource_id, "7", "{name}");
            assert_eq!(error.message(), denied.to_string(), "{name}");
        });
        each!(registry, plugin, [resource], |name, error| {
            assert_eq!(error.code(), code::RESOURCE_MISSING, "{name}");
            assert_eq!(error.get_details(), Some(&json!({ "resource": "moon" })));
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_a_stop_that_anyhow_passes_on_stops_the_chain() {
    for builder in builders() {
        let (registry, _) = ready(builder).await;
        let chain = registry.dispatch::<dyn Failing>();
        let ctx = HookContext::default();
        assert_eq!(chain.stop(&ctx, 0).await.expect("it goes on"), 0);
        assert_eq!(chain.stop(&ctx, 6).await.expect("it stops"), 7);
    }
}

async fn reason_of(builder: RegistryBuilder, act: &str) -> Reason {
    let registry = acting(builder, act);
    let report = registry.setup_all().await;
    let status = report.get("failing", "fails").expect("it is there");
    status.state.reason().expect("it failed").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_a_setup_that_returns_anyhow_keeps_what_is_wrong() {
    for builder in builders() {
        let again = builders;
        let runtime = builder
            .build()
            .expect("a registry")
            .plugin("failing", "fails");
        let place = usize::from(runtime.expect("it is there").runtime().as_str() == "mcp_stdio");
        let new = || again().into_iter().nth(place).expect("two");
        for act in ["Resource", "ResourceContext"] {
            let reason = reason_of(new(), act).await;
            let cause = reason.details.as_ref().and_then(|it| it.get("cause"));
            assert_eq!(cause, Some(&json!(code::UNDECLARED_RESOURCE)), "{reason:?}");
            assert_eq!(
                reason.message.matches("does not declare").count(),
                1,
                "{reason}"
            );
            let words = reason.message.contains("no time: ");
            assert_eq!(words, act == "ResourceContext", "{reason}");
        }
        let reason = reason_of(new(), "Config").await;
        assert_eq!(reason.code, "config_invalid", "{reason:?}");
        assert!(reason.message.contains("Sideways"), "{reason}");
        let reason = reason_of(new(), "Other").await;
        let cause = reason.details.as_ref().and_then(|it| it.get("cause"));
        assert_eq!(cause, Some(&json!("setup_failed")), "{reason:?}");
        assert!(reason.message.contains("no reason"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_what_health_and_teardown_say_is_said_once() {
    for builder in builders() {
        let registry = acting(builder, "Later");
        let report = registry.setup_all().await;
        assert!(report.all_ready(), "{report}");
        let plugin = registry.plugin("failing", "fails").expect("it is there");
        assert_eq!(
            plugin.health().await,
            Health::unhealthy("unwell: deep down")
        );
        let error = registry
            .teardown_all()
            .await
            .expect_err("it fails")
            .to_string();
        assert!(error.contains("stuck: deep down"), "{error}");
        assert_eq!(error.matches("deep down").count(), 1, "{error}");
        assert!(!error.contains("error code"), "{error}");
    }
}

#[test]
fn b19_a_chain_that_is_printed_does_not_say_the_message_twice() {
    let error = HookError::new("deep", "deep down").with_source(std::io::Error::other("fire"));
    let error = anyhow::Error::from(error).context("outer");
    assert_eq!(
        format!("{error:#}"),
        "outer: deep down: error code `deep`: fire"
    );
    // The walk over the sources ends, and meets the error it came from.
    let error: &HookError = error.downcast_ref().expect("it is inside");
    let io = error.source().and_then(|facts| facts.source());
    assert!(io.is_some_and(|it| it.is::<std::io::Error>()));
}
