//! A plugin that is set up, in either form.

use std::sync::Arc;
use std::time::Duration;

use dagstack_client::McpStdio;
use dagstack_engine::{Adapter, RemoteAdapter, check_section};
use serde_json::Value;

use super::linked::Linked;
use super::logs::Logs;
use super::runtime::TestRuntime;
use super::{Source, executable, setup_failed};

use crate::args;
use crate::error::{HookError, PluginError, code};
use crate::future::BoxFuture;
use crate::giving_up::{given_up, until_given_up};
use crate::kind::{Caller, Host, Kind, Lease};
use crate::resources::ResourceSet;
use crate::tool;
use crate::{Health, HookContext, PluginName, PluginScope, Released};

/// How long a teardown waits for calls that are on their way.
const CALLS_END: Duration = Duration::from_secs(5);

/// The lease of a plugin under test.
pub(super) fn lease(plugin: PluginName, runtime: &Arc<TestRuntime>) -> Lease {
    let host: Arc<dyn Host> = Arc::clone(runtime) as _;
    let refusal = || HookError::new(code::UNAVAILABLE, "the plugin was torn down");
    Lease::new(plugin, host, refusal)
}

/// A plugin that is set up, and what is around it.
pub(super) struct Running {
    runtime: Arc<TestRuntime>,
    lease: Arc<Lease>,
    form: Form,
}

enum Form {
    Linked(Linked),
    Executable(Box<McpStdio>),
}

impl Running {
    /// Sets the plugin up.
    pub(super) fn start(
        source: &Source,
        section: &Value,
        resources: &ResourceSet,
        logs: &Logs,
    ) -> Result<Self, HookError> {
        let (runtime, lease, form) = match source {
            Source::Linked(registration) => {
                let declaration = registration.declaration();
                let subscriber = logs.of_linked(declaration);
                let scope = PluginScope::of(declaration).with_subscriber(subscriber.clone());
                let runtime = TestRuntime::new(subscriber)?;
                let linked = Linked::start(registration, section, resources, &runtime, scope)?;
                (runtime, Arc::clone(linked.lease()), Form::Linked(linked))
            }
            Source::Executable(path, args) => {
                let runtime = TestRuntime::new(logs.of_executable())?;
                let child = executable::start(path, args, section, resources, &runtime)?;
                let lease = lease(child.plugin().clone(), &runtime);
                (runtime, Arc::new(lease), Form::Executable(Box::new(child)))
            }
        };
        Ok(Self {
            runtime,
            lease,
            form,
        })
    }

    fn name(&self) -> &PluginName {
        self.lease.plugin()
    }

    /// Calls a hook and waits for its result.
    pub(super) fn call(
        &self,
        hook: &str,
        ctx: &HookContext,
        arguments: Value,
    ) -> Result<Value, HookError> {
        self.runtime.block_on(self.called(hook, ctx, arguments))
    }

    async fn called(
        &self,
        hook: &str,
        ctx: &HookContext,
        arguments: Value,
    ) -> Result<Value, HookError> {
        let name = self.name();
        let args = Value::Object(args::by_name(&name.to_string(), hook, arguments)?);
        let _in_flight = self.lease.enter()?;
        given_up(ctx)?;
        let mut call: BoxFuture<'_, _> = match &self.form {
            Form::Linked(linked) => Box::pin(linked.call(hook, ctx, args)),
            Form::Executable(child) if hook == tool::EXECUTE && name.kind() == tool::KIND => {
                Box::pin(async move { child.execute(ctx, &args).await })
            }
            Form::Executable(child) => RemoteAdapter::call(&**child, hook, ctx, args),
        };
        until_given_up(ctx, &*self.runtime, call.as_mut(), || false).await
    }

    /// Asks the plugin how it is.
    pub(super) fn health(&self) -> Result<Health, HookError> {
        match &self.form {
            Form::Linked(linked) => self
                .runtime
                .block_beside(async { Ok(linked.health().await) }),
            Form::Executable(child) => self.runtime.block_on(async { Ok(child.health().await) }),
        }
    }

    /// Tells the plugin of another config section.
    pub(super) fn change_config(&self, section: Value) -> Result<(), HookError> {
        let schema = match &self.form {
            Form::Linked(linked) => (linked.declaration().config_schema)(),
            Form::Executable(child) => child.config_schema().unwrap_or_default(),
        };
        let failed = |error: PluginError| setup_failed(&error);
        check_section(self.name(), &schema, &section)
            .map_err(|invalid| failed(PluginError::ConfigInvalid(invalid)))?;
        match &self.form {
            Form::Linked(linked) => self.runtime.block_beside(async {
                let changed = linked.change_config(section);
                changed.map_err(|invalid| failed(PluginError::ConfigInvalid(invalid)))
            }),
            Form::Executable(child) => self
                .runtime
                .block_on(async { child.change_config(section).await.map_err(failed) }),
        }
    }

    /// Waits until what was logged so far has come.
    pub(super) fn catch_up_with_log(&self) {
        if let Form::Executable(child) = &self.form {
            let caught_up = self.runtime.block_on(async {
                child.catch_up_with_log().await;
                Ok(())
            });
            debug_assert!(caught_up.is_ok());
        }
    }

    /// Has the plugin give everything back, and ends its process.
    pub(super) fn teardown(&self) -> Result<Released, HookError> {
        // What holds a call up longer is left to itself.
        let calls_end = async {
            let _ = tokio::time::timeout(CALLS_END, self.lease.drained()).await;
            Ok(())
        };
        self.runtime.block_on(calls_end)?;
        let outcome = match &self.form {
            Form::Linked(linked) => {
                let torn_down = async { Ok(linked.teardown().await) };
                self.runtime.block_beside(torn_down)?.map(Some)
            }
            Form::Executable(child) => self.runtime.block_on(async {
                let released = child.release().await;
                child.catch_up_with_log().await;
                child.end().await;
                Ok(released)
            })?,
        };
        match outcome {
            Ok(Some(released)) => Ok(released),
            Ok(None) => Err(HookError::new(
                code::TRANSPORT,
                format!("`{}` ended before it was torn down", self.name()),
            )),
            Err(error) => Err(HookError::new(
                match error {
                    PluginError::Panicked => code::PANICKED,
                    _ => "teardown_failed",
                },
                error.to_string(),
            )),
        }
    }

    /// The plugin as its kind's trait.
    pub(super) fn typed<K: Kind + ?Sized>(self: &Arc<Self>) -> Result<Arc<K>, HookError> {
        let name = self.name();
        if name.kind() != K::SPEC.name {
            let (found, asked) = (name.kind(), K::SPEC.name);
            return Err(HookError::new(
                code::UNAVAILABLE,
                format!("`{name}` is of the kind `{found}`, not `{asked}`"),
            ));
        }
        let native = match &self.form {
            Form::Linked(linked) => linked.native(),
            Form::Executable(_) => None,
        };
        let native = native.as_deref().and_then(|it| it.downcast_ref::<Arc<K>>());
        Ok(match native {
            Some(native) => Arc::clone(native),
            None => K::proxy(Arc::new(ByJson(Arc::clone(self)))),
        })
    }
}

/// What the proxy of a kind calls.
struct ByJson(Arc<Running>);

impl Caller for ByJson {
    fn plugin(&self) -> &PluginName {
        self.0.name()
    }

    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        Box::pin(self.0.called(hook, ctx, args))
    }
}
