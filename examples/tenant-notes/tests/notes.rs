//! The plugin, linked and as its executable: each test runs on both.

use std::sync::Arc;

use dagstack_plugin::progress::{self, ProgressReport};
use dagstack_plugin::serde_json::json;
use dagstack_plugin::testing::{self, TestPlugin};
use dagstack_plugin::{HookContext, HookError, Metadata};
use tenant_notes::TenantNotes;

/// The same test on both forms of the plugin.
fn on_both(test: impl Fn(&TestPlugin) -> Result<(), HookError>) -> Result<(), HookError> {
    test(&testing::in_process::<TenantNotes>())?;
    test(&testing::executable(env!("CARGO_BIN_EXE_tenant-notes")))
}

/// A call for a tenant.
fn of(tenant: &str) -> HookContext {
    HookContext::new().with_metadata(Metadata::new().with("tenant_id", tenant))
}

#[test]
fn each_tenant_has_its_own_notes() -> Result<(), HookError> {
    on_both(|plugin| {
        plugin.call_with("add", &of("acme"), json!({ "text": "buy milk" }))?;
        plugin.call_with("add", &of("globex"), json!({ "text": "sell milk" }))?;
        let notes = plugin.call_with("list", &of("acme"), json!({}))?;
        assert_eq!(notes, json!(["buy milk"]));
        // There are none without a tenant.
        let error = plugin.call("list", json!({})).unwrap_err();
        assert_eq!(error.code(), "tenant_access_denied");
        Ok(())
    })
}

#[test]
fn an_import_says_how_far_it_is() -> Result<(), HookError> {
    on_both(|plugin| {
        let (sink, reports) = progress::queue(16);
        let ctx = of("acme").with_progress(Arc::new(sink));
        let count = plugin.call_with("import", &ctx, json!({ "texts": ["a", "b"] }))?;
        assert_eq!(count, json!(2));
        let mut percents = Vec::new();
        for report in reports.try_iter() {
            if let ProgressReport::Update { percent, .. } = report {
                percents.push(percent);
            }
        }
        assert_eq!(percents, [50.0, 100.0]);
        Ok(())
    })
}

#[test]
fn a_note_is_logged_with_its_tenant_and_trace() -> Result<(), HookError> {
    on_both(|plugin| {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let metadata = Metadata::new()
            .with("tenant_id", "acme")
            .with("trace_context", json!({ "traceparent": parent }));
        let ctx = HookContext::new().with_metadata(metadata);
        plugin.call_with("add", &ctx, json!({ "text": "buy milk" }))?;
        let logs = plugin.logs();
        assert_eq!(logs.len(), 1);
        assert_eq!(logs[0].body, "note added");
        assert_eq!(logs[0].attributes["note"], "buy milk");
        assert_eq!(logs[0].attributes["tenant_id"], "acme");
        let trace = logs[0].trace_id.map(|id| id.to_string());
        assert_eq!(trace.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        Ok(())
    })
}
