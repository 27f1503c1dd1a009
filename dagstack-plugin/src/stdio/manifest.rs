//! The manifest of the running executable, from what its plugin declares.

use serde_json::Value;

use crate::declaration::Declaration;
use crate::manifest::{ChainWrap, Dependency, Manifest, McpStdio, Resources, Runtime, UnitOfWork};

/// The manifest of a plugin that is started by `command`.
pub(super) fn of(declaration: &Declaration, command: Vec<String>) -> Manifest {
    let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let mut manifest = Manifest::new(declaration.kind, declaration.name);
    manifest.kind_api_version = declaration.kind_api_version.to_owned();
    manifest.core_version = declaration.core_version.to_owned();
    manifest.runtimes = vec![Runtime::McpStdio];
    manifest.mcp_stdio = Some(McpStdio {
        command,
        ..McpStdio::default()
    });
    manifest.version = given(declaration.version);
    manifest.description = given(declaration.description);
    manifest.license = given(declaration.license);
    manifest.maintainer = given(declaration.maintainer);
    manifest.homepage = given(declaration.homepage);
    manifest.health_check = given(declaration.health_check);
    manifest.authors = owned(declaration.authors);
    manifest.capabilities = owned(declaration.capabilities);
    manifest.priority = declaration.priority;
    manifest.depends_on = declaration
        .depends_on
        .iter()
        .map(|needed| Dependency {
            kind: needed.kind.map(str::to_owned),
            name: needed.name.to_owned(),
        })
        .collect();
    manifest.tryfirst = declaration.tryfirst;
    manifest.trylast = declaration.trylast;
    if let Some(seconds) = declaration.startup_timeout_sec {
        manifest.startup_timeout_sec = seconds;
    }
    if let Some(seconds) = declaration.teardown_timeout_sec {
        manifest.teardown_timeout_sec = seconds;
    }
    manifest.supports_languages = owned(declaration.supports_languages);
    manifest.supports_extensions = owned(declaration.supports_extensions);
    manifest.supports_mime_types = owned(declaration.supports_mime_types);
    manifest.fallback = declaration.fallback;
    manifest.execution_model = declaration.execution_model;
    manifest.in_process_only = declaration.in_process_only;
    manifest.resources = Resources {
        required: owned(declaration.resources_required),
        optional: owned(declaration.resources_optional),
    };
    if let Some(unit) = declaration.unit_of_work {
        manifest.unit_of_work = UnitOfWork {
            declared: true,
            partition_key: given(unit.partition_key),
            estimated_duration_sec: unit.estimated_duration_sec,
            idempotency_mode: unit.idempotency_mode,
            checkpointable: unit.checkpointable,
            content_hash: owned(unit.content_hash),
        };
    }
    manifest.metadata = declaration
        .metadata
        .iter()
        .map(|&(key, value)| (key.to_owned(), Value::from(value)))
        .collect();
    manifest.chain_wrap = declaration.chain_wrap.map(|wrap| ChainWrap {
        kinds: owned(wrap.kinds),
        hooks: owned(wrap.hooks),
    });
    manifest
}

/// The command that starts this executable again.
pub(super) fn own_command() -> Vec<String> {
    let path = std::env::current_exe()
        .map(|path| path.to_string_lossy().into_owned())
        .or_else(|_| std::env::args().next().ok_or(()))
        .unwrap_or_default();
    vec![path]
}
