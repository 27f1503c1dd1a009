//! What a `#[plugin]` declares, as a manifest. No other place makes one of a declaration.

use dagstack_plugin_core::declaration::Declaration;

use super::{ChainWrap, Dependency, Manifest, Resources, Runtime, UnitOfWork};

impl Manifest {
    /// The manifest of the plugin under `runtime`. In process it says where the type is; the
    /// address of a subprocess or a service depends on the build and is the caller's to add.
    pub fn of(declaration: &Declaration, runtime: Runtime) -> Self {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let mut manifest = Self::new(declaration.kind, declaration.name);
        manifest.kind_api_version = declaration.kind_api_version.to_owned();
        manifest.core_version = declaration.core_version.to_owned();
        manifest.runtimes = vec![runtime];
        manifest.entry_point =
            (runtime == Runtime::InProcess).then(|| declaration.type_path.to_owned());
        manifest.health_check = given(declaration.health_check);
        manifest.license = given(declaration.license);
        manifest.maintainer = given(declaration.maintainer);
        manifest.homepage = given(declaration.homepage);
        manifest.version = given(declaration.version);
        manifest.description = given(declaration.description);
        manifest.authors = owned(declaration.authors);
        manifest.capabilities = owned(declaration.capabilities);
        manifest.priority = declaration.priority;
        manifest.depends_on = declaration
            .depends_on
            .iter()
            .map(|dependency| Dependency {
                kind: dependency.kind.map(str::to_owned),
                name: dependency.name.to_owned(),
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
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect();
        manifest.chain_wrap = declaration.chain_wrap.map(|wrap| ChainWrap {
            kinds: owned(wrap.kinds),
            hooks: owned(wrap.hooks),
        });
        manifest
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
