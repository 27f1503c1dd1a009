//! A plugin that is linked into the test.

use std::any::Any;
use std::sync::{Arc, Mutex};

use dagstack_engine::call::call_as;
use dagstack_engine::feed::{Coverage, SectionFeed};
use dagstack_engine::panics::CatchPanic;
use dagstack_engine::secrets::Scrubber;
use dagstack_engine::{Access, teardown};
use serde_json::Value;

use super::running::lease;
use super::runtime::TestRuntime;
use super::{given, setup_failed};

use crate::error::{HookError, PluginError};
use crate::execution::ExecutionModel;
use crate::future::BoxFuture;
use crate::kind::Lease;
use crate::resources::ResourceSet;
use crate::sync::lock;
use crate::tool;
use crate::{
    Args, ConfigInvalid, Declaration, ErasedPlugin, Health, HookContext, PluginName, PluginScope,
    Registration, Released, SetupContext,
};

/// A linked plugin that is set up.
pub(super) struct Linked {
    plugin: Arc<dyn ErasedPlugin>,
    lease: Arc<Lease>,
    feed: SectionFeed,
    /// Those of its config.
    secrets: Arc<Mutex<Scrubber>>,
}

impl Linked {
    pub(super) fn start(
        registration: &Registration,
        section: &Value,
        resources: &ResourceSet,
        runtime: &Arc<TestRuntime>,
        scope: PluginScope,
    ) -> Result<Self, HookError> {
        let declaration = registration.declaration();
        let name = PluginName::new(declaration.kind, declaration.name);
        let resources = given(
            resources,
            &name,
            declaration.resources_required,
            declaration.resources_optional,
        )?;
        let feed = SectionFeed::new(declaration.key(), section.clone(), Coverage::Covered);
        let scope = Arc::new(scope);
        let context = SetupContext::new(section.clone())
            .with_scope(Arc::clone(&scope))
            .with_resources(resources)
            .with_config_feed(feed.clone());
        let setup = dagstack_engine::setup(registration, context);
        let plugin =
            runtime.block_beside(async { setup.await.map_err(|error| setup_failed(&error)) })?;
        let secrets = Scrubber::of(section, &(declaration.config_schema)());
        let secrets = Arc::new(Mutex::new(secrets));
        let known = Arc::clone(&secrets);
        let lease = lease(name, runtime)
            .with_scope(scope)
            .with_clean(move |error| {
                let known = lock(&known).clone();
                known.scrub_error(error)
            });
        Ok(Self {
            plugin: Arc::from(plugin),
            lease: Arc::new(lease),
            feed,
            secrets,
        })
    }

    pub(super) fn declaration(&self) -> &'static Declaration {
        self.plugin.erased_declaration()
    }

    pub(super) fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    /// The plugin as its kind's trait.
    pub(super) fn native(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Arc::clone(&self.plugin).erased_native(Arc::clone(&self.lease))
    }

    /// Makes a call that has been let in.
    pub(super) async fn call(
        &self,
        hook: &str,
        ctx: &HookContext,
        mut args: Value,
    ) -> Result<Value, HookError> {
        let ctx = self.lease.bind(ctx);
        let plugin = &*self.plugin;
        let outcome = if execution_model(self.declaration(), hook, &args)
            == Some(ExecutionModel::ThreadCpuBound)
        {
            let (plugin, name) = (Arc::clone(&self.plugin), hook.to_owned());
            let job = move |ctx: HookContext| -> BoxFuture<'static, _> {
                Box::pin(async move {
                    let args = Args::Value(&mut args);
                    call_as(Access::Exposed, &*plugin, &name, &ctx, args).await
                })
            };
            let host = self.lease.host();
            host.off_thread(hook.to_owned(), ctx, self.lease.again(), job)
                .await
        } else {
            call_as(Access::Exposed, plugin, hook, &ctx, Args::Value(&mut args)).await
        };
        outcome
            .map_err(|error| self.lease.clean(error))?
            .into_value()
    }

    pub(super) async fn health(&self) -> Health {
        let health = CatchPanic::new(Box::pin(async { self.plugin.erased_health().await }));
        match health.await {
            Ok(health) => lock(&self.secrets).clone().scrub_health(health),
            Err(_) => Health::unhealthy("the health check panicked"),
        }
    }

    /// Tells the subscribers, unless one of them does not take the section.
    pub(super) fn change_config(&self, section: Value) -> Result<(), ConfigInvalid> {
        let schema = (self.declaration().config_schema)();
        lock(&self.secrets).learn(&section, &schema);
        self.feed.change_section(section)
    }

    pub(super) async fn teardown(&self) -> Result<Released, PluginError> {
        self.feed.close();
        teardown(&*self.plugin).await
    }
}

/// How a hook runs, or the function that a tool's `execute` names.
fn execution_model(
    declaration: &Declaration,
    hook: &str,
    arguments: &Value,
) -> Option<ExecutionModel> {
    let function = match declaration.hook(hook) {
        None if declaration.is_tool() && hook == tool::EXECUTE => {
            arguments.get("function").and_then(Value::as_str)?
        }
        _ => hook,
    };
    let (_, hook) = declaration.hook(function)?;
    Some(hook.runs_as())
}
