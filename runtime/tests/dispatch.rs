//! The five dispatch classes, typed and by JSON, and who takes part in them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;
#[path = "common/server.rs"]
mod server;
#[path = "common/workers.rs"]
mod workers;

use std::time::Duration;

use common::{ALPHA, BETA, CALC, Fake};
use dagstack_plugin::kind::Capability;
use dagstack_runtime::{
    DispatchError, HookContext, MemoryConfig, Metadata, PluginName, PluginRegistryError, Registry,
    RegistryBuilder, State, code,
};
use serde_json::{Value, json};
use workers::{
    ALSO_PDF, FIRST, HIGH, Hand, LAST, LOOSE_A, LOOSE_B, LOOSE_C, LOW, MID, OLD, PDF, REST, REST2,
    TIE, WORKAR, Worker, heard,
};

#[test]
fn fake_server() {
    server::serve_if_asked();
}

/// Nothing of the environment the tests run in.
fn builder() -> RegistryBuilder {
    Registry::builder().environment(|_| None)
}

fn active(variable: &'static str, name: &'static str) -> RegistryBuilder {
    Registry::builder().environment(move |asked| (asked == variable).then(|| name.to_owned()))
}

async fn ready(builder: RegistryBuilder) -> Registry {
    let registry = builder.build().unwrap();
    let report = registry.setup_all().await;
    assert!(report.all_ready(), "{report}");
    registry
}

fn five() -> RegistryBuilder {
    builder()
        .plugin::<Hand<LOW>>()
        .plugin::<Hand<MID>>()
        .plugin::<Hand<HIGH>>()
        .plugin::<Hand<FIRST>>()
        .plugin::<Hand<LAST>>()
}

const IN_ORDER: [&str; 5] = ["first", "high", "mid", "low", "last"];

fn names<T>(collected: &[(PluginName, T)]) -> Vec<&str> {
    collected.iter().map(|(name, _)| name.name()).collect()
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

fn build_error(builder: RegistryBuilder) -> PluginRegistryError {
    match builder.build() {
        Ok(registry) => panic!("built: {registry:?}"),
        Err(error) => error,
    }
}

// ---- who answers a singleton ----

#[tokio::test]
async fn the_highest_priority_answers_and_order_words_do_not_count() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    assert_eq!(typed.one(&ctx, "x".into()).await.unwrap(), "last");
    let erased = registry.dispatcher("worker");
    assert_eq!(
        erased.singleton("one", &ctx, text("x")).await.unwrap(),
        "last"
    );
    assert_eq!(typed.hidden(&ctx, "x").await.unwrap(), "last");
}

#[tokio::test]
async fn the_policy_goes_before_the_host_before_the_environment_before_the_priority() {
    let ctx = HookContext::new();
    let acme = HookContext::new().with_metadata(Metadata::new().with("tenant_id", "acme"));
    let three = |builder: RegistryBuilder| {
        builder
            .plugin::<Hand<LOW>>()
            .plugin::<Hand<MID>>()
            .plugin::<Hand<HIGH>>()
            .plugin::<Hand<LAST>>()
    };
    let by_environment = ready(three(active("DAGSTACK_ACTIVE_WORKER", "low"))).await;
    let worker = by_environment.dispatch::<dyn Worker>();
    assert_eq!(worker.one(&ctx, "x".into()).await.unwrap(), "low");

    let builder = active("DAGSTACK_ACTIVE_WORKER", "low")
        .route_to("worker", "mid")
        .route("worker", |call| {
            assert_eq!((call.kind, call.hook), ("worker", "one"));
            let tenant = call.ctx.metadata().get("tenant_id")?;
            (tenant == "acme").then(|| "high".to_owned())
        });
    let registry = ready(three(builder)).await;
    let worker = registry.dispatch::<dyn Worker>();
    assert_eq!(worker.one(&ctx, "x".into()).await.unwrap(), "mid");
    assert_eq!(worker.one(&acme, "x".into()).await.unwrap(), "high");
}

#[tokio::test]
async fn a_policy_that_names_nobody_fails_the_call() {
    let registry = ready(five().route("worker", |_| Some("hihg".to_owned()))).await;
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker
        .one(&HookContext::new(), "x".into())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no_plugin");
    let message = error.to_string();
    assert!(message.contains("did you mean `high`?"), "{message}");
}

#[tokio::test]
async fn nobody_else_answers_for_the_one_that_is_named() {
    let config = || MemoryConfig::new(json!({ "worker": { "low": { "setup": "fail" } } }));
    let two = |builder: RegistryBuilder| {
        builder
            .plugin::<Hand<LOW>>()
            .plugin::<Hand<MID>>()
            .config(config())
    };
    let ctx = HookContext::new();
    for builder in [
        active("DAGSTACK_ACTIVE_WORKER", "low"),
        builder().route_to("worker", "low"),
        builder().route("worker", |_| Some("low".to_owned())),
    ] {
        let registry = two(builder).build().unwrap();
        let _ = registry.setup_all().await;
        let worker = registry.dispatch::<dyn Worker>();
        let error = worker.one(&ctx, "x".into()).await.unwrap_err();
        assert_eq!(error.code(), "no_plugin");
        assert!(error.to_string().contains("`worker.low` is unavailable"));
        // Broadcasts go without it.
        let all = worker.every(&ctx, "x".into()).await.unwrap();
        assert_eq!(names(&all), ["mid"]);
    }
    // Not named, it is merely no candidate.
    let config = MemoryConfig::new(json!({ "worker": { "high": { "setup": "fail" } } }));
    let registry = two(builder()).plugin::<Hand<HIGH>>().config(config);
    let registry = registry.build().unwrap();
    let _ = registry.setup_all().await;
    let error = registry.dispatch::<dyn Worker>();
    let answer = error.one(&ctx, "x".into()).await;
    assert_eq!(answer.unwrap(), "mid");
}

#[test]
fn a_tie_that_nothing_decides_is_no_registry() {
    let tied = |builder: RegistryBuilder| builder.plugin::<Hand<HIGH>>().plugin::<Hand<TIE>>();
    let error = build_error(tied(builder()));
    assert_eq!(error.code(), "ambiguous_plugin");
    let message = error.to_string();
    for part in [
        "`worker.one`",
        "`worker.high`, `worker.tie`",
        "DAGSTACK_ACTIVE_WORKER",
        "priority 9",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(tied(builder().route("worker", |_| None)).build().is_ok());
    assert!(tied(builder().route_to("worker", "tie")).build().is_ok());
    assert!(
        tied(active("DAGSTACK_ACTIVE_WORKER", "tie"))
            .build()
            .is_ok()
    );
    // A tie below the highest priority decides nothing.
    assert!(tied(builder()).plugin::<Hand<LAST>>().build().is_ok());
}

#[tokio::test]
async fn a_tie_of_a_kind_without_hookspec_fails_the_call() {
    let registry = ready(
        builder()
            .plugin::<Hand<LOOSE_A>>()
            .plugin::<Hand<LOOSE_B>>(),
    )
    .await;
    let loose = registry.dispatcher("loose");
    let ctx = HookContext::new();
    let error = loose.singleton("one", &ctx, text("x")).await.unwrap_err();
    assert_eq!(error.code(), "ambiguous_plugin");

    let routed = active("DAGSTACK_ACTIVE_LOOSE", "b");
    let registry = ready(routed.plugin::<Hand<LOOSE_A>>().plugin::<Hand<LOOSE_B>>()).await;
    let loose = registry.dispatcher("loose");
    assert_eq!(loose.singleton("one", &ctx, text("x")).await.unwrap(), "b");
}

#[tokio::test]
async fn a_tie_that_a_policy_leaves_open_fails_the_call() {
    let builder = builder().route("worker", |_| None);
    let registry = ready(builder.plugin::<Hand<HIGH>>().plugin::<Hand<TIE>>()).await;
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker
        .one(&HookContext::new(), "x".into())
        .await
        .unwrap_err();
    assert!(
        matches!(error, DispatchError::AmbiguousPlugin { .. }),
        "{error}"
    );
}

#[test]
fn a_name_that_fits_no_plugin_is_no_registry() {
    for (builder, by) in [
        (
            active("DAGSTACK_ACTIVE_WORKER", "hihg"),
            "DAGSTACK_ACTIVE_WORKER",
        ),
        (builder().route_to("worker", "hihg"), ".route_to"),
    ] {
        let error = build_error(builder.plugin::<Hand<HIGH>>());
        assert_eq!(error.code(), "plugin_not_found");
        let message = error.to_string();
        assert!(message.contains("did you mean `high`?"), "{message}");
        assert!(message.contains(by), "{message}");
    }
}

#[test]
fn two_fallbacks_are_no_registry() {
    let error = build_error(builder().plugin::<Hand<REST>>().plugin::<Hand<REST2>>());
    assert_eq!(error.code(), "ambiguous_plugin");
    assert!(
        error.to_string().contains("`worker.rest2`, `worker.rest`"),
        "{error}"
    );
}

// ---- kinds and their versions ----

#[tokio::test]
async fn a_kind_the_host_does_not_have_is_unknown() {
    let unknown = || builder().plugin::<Hand<WORKAR>>();
    assert!(unknown().build().unwrap().setup_all().await.all_ready());
    let registry = unknown()
        .kind::<dyn Worker>()
        .plugin::<Fake<CALC>>()
        .build()
        .unwrap();
    let _ = registry.setup_all().await;
    let reason = registry.plugin("workar", "x").unwrap().reason().unwrap();
    assert_eq!(reason.code, "kind_unknown");
    assert!(
        reason.message.contains("did you mean `worker`?"),
        "{}",
        reason.message
    );
    assert!(reason.message.contains("orchestrator, tool, worker"));
    // Built-in kinds need no declaration.
    assert_eq!(
        registry.plugin("tool", "calc").unwrap().state(),
        State::Ready
    );
}

#[tokio::test]
async fn another_version_of_a_kind_is_incompatible() {
    let registry = builder().plugin::<Hand<OLD>>().build().unwrap();
    let _ = registry.setup_all().await;
    let reason = registry.plugin("worker", "old").unwrap().reason().unwrap();
    assert_eq!(reason.code, "version_incompatible");
    assert!(reason.message.contains("version 2"), "{}", reason.message);
}

// ---- broadcasts ----

#[tokio::test]
async fn broadcasts_go_to_all_in_order() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    // Whoever is done first.
    let all = typed.every(&ctx, "first=yield".into()).await.unwrap();
    assert_eq!(names(&all), IN_ORDER);
    assert_eq!(all[1].1, "high");
    let erased = registry.dispatcher("worker");
    let all = erased.broadcast_collect("every", &ctx, text("high=yield"));
    let all = all.await.unwrap();
    assert_eq!(names(&all), IN_ORDER);
    assert!(
        all.iter()
            .all(|(name, value)| *value == Ok(json!(name.name())))
    );
}

#[tokio::test]
async fn the_first_failure_ends_a_broadcast_that_fails_fast() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    for order in ["low=fail high=wait", "low=panic high=wait"] {
        let typed = typed.every(&ctx, order.into()).await.unwrap_err();
        let erased = registry.dispatcher("worker");
        let erased = erased.broadcast_collect("every", &ctx, text(order)).await;
        for error in [typed, erased.unwrap_err()] {
            let DispatchError::BroadcastErrors { errors, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(names(errors), ["low"]);
            assert_eq!(error.code(), "broadcast_errors");
        }
    }
}

#[tokio::test]
async fn failures_stand_among_the_results_of_a_best_effort_broadcast() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let order = "high=fail mid=panic";
    let typed = registry.dispatch::<dyn Worker>();
    let all = typed.some(&ctx, order.into()).await.unwrap();
    assert_eq!(names(&all), IN_ORDER);
    let failed = |place: usize| all[place].1.as_ref().unwrap_err().code();
    assert_eq!((failed(1), failed(2)), ("no_luck", code::PANICKED));
    assert_eq!(all[4].1.as_ref().unwrap(), "last");

    let erased = registry.dispatcher("worker");
    let all = erased.broadcast_collect("some", &ctx, text(order)).await;
    let all = all.unwrap();
    assert_eq!(names(&all), IN_ORDER);
    assert_eq!(all[1].1.as_ref().unwrap_err().code(), "no_luck");
}

#[tokio::test]
async fn a_kind_without_hookspec_fails_fast_unless_it_is_asked_not_to() {
    let registry = ready(
        builder()
            .plugin::<Hand<LOOSE_A>>()
            .plugin::<Hand<LOOSE_B>>(),
    )
    .await;
    let (loose, ctx) = (registry.dispatcher("loose"), HookContext::new());
    let error = loose.broadcast_collect("every", &ctx, text("a=fail")).await;
    assert_eq!(error.unwrap_err().code(), "broadcast_errors");
    let all = loose.broadcast_collect_best_effort("every", &ctx, text("a=fail"));
    let all = all.await.unwrap();
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(all[0].1.as_ref().unwrap_err().code(), "no_luck");
}

#[tokio::test]
async fn notified_plugins_keep_their_failures() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let order = "high=fail mid=panic notified";
    registry
        .dispatch::<dyn Worker>()
        .told(&ctx, order.into())
        .await
        .unwrap();
    assert_eq!(heard(order).len(), 5);
    let erased = registry.dispatcher("worker");
    erased
        .broadcast_notify("told", &ctx, text(order))
        .await
        .unwrap();
    assert_eq!(heard(order).len(), 10);
    // A kind without plugins has nobody to tell.
    let nobody = registry.dispatcher("nothing");
    nobody
        .broadcast_notify("told", &ctx, text("x"))
        .await
        .unwrap();
}

#[tokio::test]
async fn plugins_are_notified_at_the_same_time() {
    let registry = ready(five()).await;
    let ctx = HookContext::new().with_timeout(Duration::from_millis(50));
    let started = std::time::Instant::now();
    let told = registry.dispatcher("worker");
    told.broadcast_notify("told", &ctx, text("*=wait"))
        .await
        .unwrap();
    assert!(started.elapsed() < Duration::from_millis(50 * 4));
}

#[tokio::test]
async fn a_plugin_that_fails_in_a_broadcast_is_degraded_until_it_answers() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    let high = registry.plugin("worker", "high").unwrap();
    let erased = registry.dispatcher("worker");
    for round in 0..2 {
        if round == 0 {
            typed.some(&ctx, "high=fail".into()).await.unwrap();
        } else {
            let _ = erased
                .broadcast_notify("told", &ctx, text("high=fail"))
                .await;
        }
        let reason = high.reason().unwrap();
        assert_eq!(
            (high.state().as_str(), &*reason.code),
            ("degraded", "no_luck")
        );
        assert!(reason.message.contains("`some`") || reason.message.contains("`told`"));
        // It still takes part, and is well again when it answers.
        let all = typed.every(&ctx, "x".into()).await.unwrap();
        assert_eq!(all.len(), 5);
        assert_eq!(high.state(), State::Ready);
    }
}

#[tokio::test]
async fn a_callers_mistake_and_a_refusal_degrade_nobody() {
    let registry = ready(five()).await;
    let erased = registry.dispatcher("worker");
    let ctx = HookContext::new();
    let late = HookContext::new().with_timeout(Duration::from_millis(1));
    let all = erased
        .broadcast_collect("some", &ctx, json!({}))
        .await
        .unwrap();
    assert_eq!(
        all[0].1.as_ref().unwrap_err().code(),
        code::INVALID_ARGUMENTS
    );
    let all = erased
        .broadcast_collect("some", &late, text("*=wait"))
        .await;
    let all = all.unwrap();
    assert_eq!(
        all[0].1.as_ref().unwrap_err().code(),
        code::DEADLINE_EXCEEDED
    );
    let all = erased.broadcast_collect("some", &ctx, text("*=deny")).await;
    let all = all.unwrap();
    assert_eq!(
        all[0].1.as_ref().unwrap_err().code(),
        code::PERMISSION_DENIED
    );
    assert!(registry.status().iter().all(|it| it.state == State::Ready));
}

#[tokio::test]
async fn plugins_in_any_runtime_take_part() {
    let registry = ready(
        builder()
            .plugin::<Fake<ALPHA>>()
            .plugin::<Fake<BETA>>()
            .executable("fake", "child", server::command("")),
    )
    .await;
    let (fake, ctx) = (registry.dispatcher("fake"), HookContext::new());
    let all = fake
        .broadcast_collect("echo", &ctx, text("hi"))
        .await
        .unwrap();
    assert_eq!(names(&all), ["beta", "alpha", "child"]);
    for (_, value) in &all {
        assert_eq!(value.as_ref().unwrap()["args"], text("hi"));
    }
    let all = fake.broadcast_collect_best_effort("fail", &ctx, text("hi"));
    for (_, outcome) in all.await.unwrap() {
        assert_eq!(outcome.unwrap_err().code(), "no_luck");
    }
    let state = |name: &str| registry.plugin("fake", name).unwrap().state();
    assert_eq!(state("child").as_str(), "degraded");
    let _ = fake
        .broadcast_collect("echo", &ctx, text("hi"))
        .await
        .unwrap();
    assert_eq!(state("child"), State::Ready);

    // A child that dies in the middle of a broadcast fails alone, and is left out afterwards.
    let all = fake.broadcast_collect_best_effort("die", &ctx, text("hi"));
    let all = all.await.unwrap();
    assert_eq!(all[2].1.as_ref().unwrap_err().code(), code::TRANSPORT);
    let all = fake
        .broadcast_collect("echo", &ctx, text("hi"))
        .await
        .unwrap();
    assert_eq!(names(&all), ["beta", "alpha"]);
    registry.teardown_all().await.unwrap();
}

// ---- chains ----

#[tokio::test]
async fn a_chain_hands_on_what_each_returns() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    let expected = "x>first>high>mid>low>last";
    assert_eq!(typed.pass(&ctx, "x".into()).await.unwrap(), expected);
    let erased = registry.dispatcher("worker");
    let value = erased.chain("pass", &ctx, text("x")).await.unwrap();
    assert_eq!(value, expected);
    let nobody = registry.dispatcher("nothing");
    let value = nobody.chain("pass", &ctx, text("x")).await.unwrap();
    assert_eq!(value, "x");
}

#[tokio::test]
async fn a_chain_ends_with_a_failure_or_a_stop() {
    let registry = ready(five()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    let erased = registry.dispatcher("worker");
    let stopped = "mid=stop >first>high|mid stops";
    let order = || "mid=stop ".to_owned();
    assert_eq!(typed.pass(&ctx, order()).await.unwrap(), stopped);
    let value = erased.chain("pass", &ctx, text(&order())).await.unwrap();
    assert_eq!(value, stopped);
    for (order, expected) in [("mid=fail ", "no_luck"), ("mid=panic ", code::PANICKED)] {
        let typed = typed.pass(&ctx, order.into()).await.unwrap_err();
        let erased = erased.chain("pass", &ctx, text(order)).await.unwrap_err();
        for error in [typed, erased] {
            let DispatchError::Hook { plugin, error } = &error else {
                panic!("{error}");
            };
            assert_eq!((plugin.name(), error.code()), ("mid", expected));
        }
    }
}

#[tokio::test]
async fn a_stage_that_cannot_take_what_it_is_given_says_who_gave_it() {
    let registry = ready(
        builder()
            .plugin::<Hand<LOOSE_A>>()
            .plugin::<Hand<LOOSE_B>>()
            .plugin::<Hand<LOOSE_C>>(),
    )
    .await;
    let (loose, ctx) = (registry.dispatcher("loose"), HookContext::new());
    let error = loose.chain("pass", &ctx, text("a=number ")).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    let message = error.to_string();
    assert!(message.starts_with("`loose.b` failed"), "{message}");
    assert!(message.contains("what `loose.a` returned"), "{message}");

    let error = loose.chain("pass", &ctx, json!({})).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    assert!(
        error.to_string().contains("exactly one argument"),
        "{error}"
    );
    let worker = ready(five()).await.dispatcher("worker");
    let error = worker.chain("pass", &ctx, json!({ "txet": 1 })).await;
    let message = error.unwrap_err().to_string();
    assert!(message.contains("`text` is missing"), "{message}");
}

// ---- capability ----

fn capable() -> RegistryBuilder {
    builder()
        .plugin::<Hand<PDF>>()
        .plugin::<Hand<ALSO_PDF>>()
        .plugin::<Hand<HIGH>>()
}

#[tokio::test]
async fn the_plugin_that_supports_it_is_called_or_the_fallback() {
    let registry = ready(capable().plugin::<Hand<REST>>()).await;
    let ctx = HookContext::new();
    let typed = registry.dispatch::<dyn Worker>();
    let erased = registry.dispatcher("worker");
    for (path, expected) in [
        ("pdf", "also-pdf"),
        (".Pdf", "also-pdf"),
        ("scans/a.b.PDF", "also-pdf"),
        ("a.txt", "rest"),
        ("", "rest"),
    ] {
        let found = typed.read(&ctx, path.into()).await.unwrap();
        assert_eq!(found, expected, "{path}");
        let args = json!({ "path": path });
        let found = erased.capability("read", &ctx, args).await.unwrap();
        assert_eq!(found, expected, "{path}");
    }
    for (capability, key) in [
        (Capability::Language, "rust"),
        (Capability::MimeType, "Text/Markdown; charset=utf-8"),
    ] {
        let args = json!({ "path": "x" });
        let found = erased.capability_of("read", &ctx, capability, key, args);
        assert_eq!(found.await.unwrap(), "pdf", "{key}");
    }
}

#[tokio::test]
async fn what_nobody_supports_is_an_error_that_lists_what_is() {
    let registry = ready(capable()).await;
    let ctx = HookContext::new();
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker.read(&ctx, "a.txt".into()).await.unwrap_err();
    let DispatchError::NoCapabilityMatch { supported, key, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((&supported[..], &**key), (&["pdf".to_owned()][..], "a.txt"));
    assert_eq!(error.code(), "no_capability_match");
    // Without a hookspec, the caller says what is asked for.
    let registry = ready(
        builder()
            .plugin::<Hand<LOOSE_A>>()
            .plugin::<Hand<LOOSE_B>>(),
    )
    .await;
    let loose = registry.dispatcher("loose");
    let args = || json!({ "path": "a.txt" });
    let error = loose.capability("read", &ctx, args()).await.unwrap_err();
    assert!(error.to_string().contains("capability_of"), "{error}");
    let found = loose.capability_of("read", &ctx, Capability::Extension, "a.txt", args());
    assert_eq!(found.await.unwrap(), "b");
}

#[tokio::test]
async fn a_plugin_that_is_not_ready_supports_nothing() {
    let config =
        json!({ "worker": { "also-pdf": { "setup": "fail" }, "pdf": { "setup": "fail" } } });
    let registry = capable().config(MemoryConfig::new(config)).build().unwrap();
    let _ = registry.setup_all().await;
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker.read(&HookContext::new(), "a.pdf".into()).await;
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("not ready: `worker.also-pdf`"),
        "{message}"
    );
}

// ---- filters ----

#[tokio::test]
async fn a_filter_narrows_singletons_and_capabilities_but_no_broadcasts() {
    let pii = || HookContext::new().with_metadata(Metadata::new().with("pii", true));
    let filtered = |builder: RegistryBuilder| {
        builder.candidates(|call, plugin| {
            call.ctx.metadata().get("pii").is_none()
                || (plugin.capabilities.iter().any(|it| it == "pii_handling")
                    && plugin.metadata["region"] == "eu")
        })
    };
    let registry = ready(filtered(five())).await;
    let worker = registry.dispatch::<dyn Worker>();
    assert_eq!(worker.one(&pii(), "x".into()).await.unwrap(), "mid");
    assert_eq!(worker.every(&pii(), "x".into()).await.unwrap().len(), 5);

    let registry = ready(filtered(capable().plugin::<Hand<REST>>())).await;
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker.one(&pii(), "x".into()).await.unwrap_err();
    assert_eq!(error.code(), "no_plugin");
    assert!(
        error.to_string().contains("the candidate filter refuses"),
        "{error}"
    );
    let error = worker.read(&pii(), "a.pdf".into()).await.unwrap_err();
    assert!(
        error.to_string().contains("the candidate filter refuses"),
        "{error}"
    );

    let registry = ready(filtered(five().route_to("worker", "high"))).await;
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker.one(&pii(), "x".into()).await.unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("which the candidate filter refuses"),
        "{message}"
    );
}

#[tokio::test]
async fn a_filter_may_decide_a_tie() {
    let builder = builder()
        .candidates(|_, plugin| plugin.name.name() != "a")
        .plugin::<Hand<LOOSE_A>>()
        .plugin::<Hand<LOOSE_B>>();
    let registry = ready(builder).await;
    let loose = registry.dispatcher("loose");
    let answer = loose.singleton("one", &HookContext::new(), text("x")).await;
    assert_eq!(answer.unwrap(), "b");
}

// ---- by name ----

#[tokio::test]
async fn a_hook_is_called_by_its_own_class() {
    let worker = ready(five()).await.dispatcher("worker");
    let ctx = HookContext::new();
    let error = worker.singleton("pass", &ctx, text("x")).await.unwrap_err();
    assert_eq!(error.code(), "dispatch_mismatch");
    assert!(error.to_string().contains("is a chain hook"), "{error}");
    let others = [
        worker.chain("one", &ctx, text("x")).await.unwrap_err(),
        worker.capability("one", &ctx, text("x")).await.unwrap_err(),
        worker
            .broadcast_notify("one", &ctx, text("x"))
            .await
            .unwrap_err(),
        worker
            .broadcast_collect("told", &ctx, text("x"))
            .await
            .unwrap_err(),
    ];
    for error in others {
        assert_eq!(error.code(), "dispatch_mismatch", "{error}");
    }
    let error = worker.singleton("onne", &ctx, text("x")).await.unwrap_err();
    assert_eq!(error.code(), code::UNKNOWN_HOOK);
    assert!(error.to_string().contains("did you mean `one`?"), "{error}");
}

#[tokio::test]
async fn a_kind_without_plugins_has_nobody_to_call() {
    let registry = builder().kind::<dyn Worker>().build().unwrap();
    let ctx = HookContext::new();
    let worker = registry.dispatch::<dyn Worker>();
    let error = worker.one(&ctx, "x".into()).await.unwrap_err();
    assert!(error.to_string().contains("none is registered"), "{error}");
    assert_eq!(worker.pass(&ctx, "x".into()).await.unwrap(), "x");
    let error = registry
        .dispatcher("nothing")
        .singleton("x", &ctx, Value::Null)
        .await;
    assert_eq!(error.unwrap_err().code(), "no_plugin");
}

// ---- tools ----

#[tokio::test]
async fn a_function_finds_its_tool() {
    let registry = ready(builder().plugin::<Fake<CALC>>().executable(
        "tool",
        "child",
        server::command("foreign"),
    ))
    .await;
    let (tools, ctx) = (registry.dispatcher("tool"), HookContext::new());
    let execute = |function: &str| json!({ "function": function, "args": { "x": 1 } });
    // `thread` is calc's alone, `text` the child's, `echo` is both's.
    let value = tools.singleton("execute", &ctx, execute("thread")).await;
    assert!(value.unwrap()["result"].is_string());
    let value = tools.singleton("execute", &ctx, execute("text")).await;
    assert_eq!(value.unwrap()["result"], "plain");
    let error = tools.singleton("execute", &ctx, execute("echo")).await;
    assert_eq!(error.unwrap_err().code(), "ambiguous_plugin");
    let error = tools.singleton("execute", &ctx, execute("thraed")).await;
    let message = error.unwrap_err().to_string();
    assert!(message.contains("did you mean `thread`?"), "{message}");
    let schemas = tools
        .broadcast_collect("get_schema", &ctx, Value::Null)
        .await;
    assert_eq!(names(&schemas.unwrap()), ["calc", "child"]);
    registry.teardown_all().await.unwrap();
}
