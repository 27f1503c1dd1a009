//! Every argument of `#[plugin]` and `#[hook]`.

use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Everything;

#[plugin(
    kind = "middleware",
    name = "every-argument",
    kind_api_version = "1.2.0",
    core_version = ">=0.2.0,<1.0.0",
    version = "9.8.7",
    description = "Says everything",
    license = "MIT",
    maintainer = "somebody@example.org",
    homepage = "https://example.org",
    authors = ["One", "Two"],
    health_check = "ping",
    capabilities = ["pii_handling", "audit"],
    priority = 1000,
    depends_on = ["clock", "chunker.fixed"],
    tryfirst,
    trylast = false,
    startup_timeout_sec = 5,
    teardown_timeout_sec = 6,
    supports_languages = ["en"],
    supports_extensions = [".md"],
    supports_mime_types = ["text/markdown"],
    fallback = true,
    execution_model = "async",
    in_process_only,
    resources(required = ["clock"], optional = ["rng", "http_client"]),
    unit_of_work(
        partition_key = "tenant",
        estimated_duration_sec = 2,
        idempotency_mode = "input_hash",
        checkpointable,
        content_hash = ["text"],
    ),
    metadata(team = "search", "cost-center" = "7"),
    chain_wrap(kinds = ["*"], hooks = ["chunk"]),
)]
impl Everything {
    #[hook(
        name = "before",
        description = "Wraps",
        title = "Wrap it",
        read_only,
        destructive = false,
        idempotent,
        open_world = false,
        execution_model = "thread_cpu_bound",
        mcp_exposed = false
    )]
    fn wrap_it(&self) {}
}

#[test]
fn all_arrive() {
    use dagstack_plugin::manifest::{ExecutionModel, IdempotencyMode};

    let declared = <Everything as dagstack_plugin::Plugin>::declaration();
    assert_eq!(declared.kind, "middleware");
    assert_eq!(declared.name, "every-argument");
    assert!(declared.type_path.ends_with("::Everything"));
    assert_eq!(declared.kind_api_version, "1.2.0");
    assert_eq!(declared.core_version, ">=0.2.0,<1.0.0");
    assert_eq!(declared.version, Some("9.8.7"));
    assert_eq!(declared.description, Some("Says everything"));
    assert_eq!(declared.license, Some("MIT"));
    assert_eq!(declared.maintainer, Some("somebody@example.org"));
    assert_eq!(declared.homepage, Some("https://example.org"));
    assert_eq!(declared.authors, ["One", "Two"]);
    assert_eq!(declared.health_check, Some("ping"));
    assert_eq!(declared.capabilities, ["pii_handling", "audit"]);
    assert_eq!(declared.priority, 1000);
    assert_eq!(declared.depends_on.len(), 2);
    assert_eq!(declared.depends_on[0].kind, None);
    assert_eq!(declared.depends_on[1].kind, Some("chunker"));
    assert_eq!(declared.depends_on[1].name, "fixed");
    assert!(declared.tryfirst);
    assert!(!declared.trylast);
    assert_eq!(declared.startup_timeout_sec, Some(5));
    assert_eq!(declared.teardown_timeout_sec, Some(6));
    assert_eq!(declared.supports_languages, ["en"]);
    assert_eq!(declared.supports_extensions, [".md"]);
    assert_eq!(declared.supports_mime_types, ["text/markdown"]);
    assert!(declared.fallback);
    assert_eq!(declared.execution_model, ExecutionModel::Async);
    assert!(declared.in_process_only);
    assert_eq!(declared.resources_required, ["clock"]);
    assert_eq!(declared.resources_optional, ["rng", "http_client"]);
    let unit = declared.unit_of_work.unwrap();
    assert_eq!(unit.partition_key, Some("tenant"));
    assert_eq!(unit.estimated_duration_sec, Some(2));
    assert_eq!(unit.idempotency_mode, IdempotencyMode::InputHash);
    assert!(unit.checkpointable);
    assert_eq!(unit.content_hash, ["text"]);
    assert_eq!(
        declared.metadata,
        [("team", "search"), ("cost-center", "7")]
    );
    let wrap = declared.chain_wrap.unwrap();
    assert_eq!(wrap.kinds, ["*"]);
    assert_eq!(wrap.hooks, ["chunk"]);
    let hook = &declared.hooks[0];
    assert_eq!(hook.name, "before");
    assert_eq!(hook.description, Some("Wraps"));
    assert_eq!(hook.execution_model, ExecutionModel::ThreadCpuBound);
    assert!(!hook.mcp_exposed);
    assert_eq!(hook.annotations.title, Some("Wrap it"));
    let hints: Vec<_> = hook.annotations.hints().collect();
    assert_eq!(
        hints,
        [
            ("readOnlyHint", true),
            ("destructiveHint", false),
            ("idempotentHint", true),
            ("openWorldHint", false),
        ]
    );
}
