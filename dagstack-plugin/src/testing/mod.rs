//! Tests of a plugin, the same for the linked type and for the built executable (feature `testing`).
//!
//! ```
//! use dagstack_plugin::prelude::*;
//! use dagstack_plugin::serde_json::json;
//! use dagstack_plugin::testing::{self, TestPlugin};
//!
//! #[derive(Default)]
//! struct Echo;
//!
//! /// Gives back what it is given.
//! #[plugin(kind = "tool", name = "echo")]
//! impl Echo {
//!     /// Returns `text` as it is.
//!     #[hook]
//!     fn echo(&self, text: String) -> String {
//!         text
//!     }
//! }
//!
//! fn gives_back(plugin: TestPlugin) {
//!     assert_eq!(plugin.call("echo", json!({ "text": "hi" })).unwrap(), json!("hi"));
//!     assert_eq!(plugin.call("echo", json!({})).unwrap_err().code(), "invalid_arguments");
//! }
//!
//! gives_back(testing::in_process::<Echo>());
//! // In an integration test of the plugin's package:
//! // gives_back(testing::executable(env!("CARGO_BIN_EXE_echo")));
//! ```
//!
//! Linked, a hook runs as on most hosts, on a thread that a tokio runtime drives; see
//! [`#[hook]`](crate::hook) for what that means for one that blocks.

mod executable;
mod resources;
mod runtime;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dagstack_engine::Access;
use dagstack_engine::call::call_as;
use dagstack_engine::secrets::Scrubber;
use serde_json::Value;

pub use self::resources::{HttpDouble, MemoryBlobs};
pub use crate::resources::{FrozenClock, SeededRng};
pub use dagstack_resources::MemoryTenants;

use self::runtime::TestRuntime;

use crate::args;
use crate::error::{HookError, PluginError};
use crate::execution::ExecutionModel;
use crate::resources::ResourceSet;
use crate::sync::lock;
use crate::tool;
use crate::{
    Args, Declaration, ErasedPlugin, HookContext, Plugin, PluginScope, Registration, SetupContext,
};

/// The plugin `T`, linked into the test.
pub fn in_process<T: Plugin>() -> TestPlugin {
    TestPlugin::new(Source::Linked(Registration::of::<T>()))
}

/// The plugin executable at `path`, as a subprocess that speaks MCP over stdio.
///
/// In an integration test of the plugin's own package, Cargo builds the executable and gives its
/// path as `env!("CARGO_BIN_EXE_<name>")`.
pub fn executable(path: impl AsRef<Path>) -> TestPlugin {
    TestPlugin::new(Source::Executable(path.as_ref().to_owned()))
}

/// A plugin under test, in either form. It is set up at the first call and torn down when dropped.
pub struct TestPlugin {
    source: Source,
    config: Value,
    resources: ResourceSet,
    running: Mutex<Option<Running>>,
}

enum Source {
    Linked(Registration),
    Executable(PathBuf),
}

enum Running {
    Linked {
        runtime: TestRuntime,
        plugin: Box<dyn ErasedPlugin>,
        scope: Arc<PluginScope>,
        secrets: Scrubber,
    },
    Executable(executable::Child),
}

impl TestPlugin {
    fn new(source: Source) -> Self {
        Self {
            source,
            config: Value::Null,
            resources: ResourceSet::new(),
            running: Mutex::default(),
        }
    }

    /// Gives the plugin this config section; without it, an empty one.
    #[must_use]
    pub fn config(mut self, section: Value) -> Self {
        self.config = section;
        self
    }

    /// Gives the plugin these resources; those it declares can be reached, in either form.
    #[must_use]
    pub fn resources(mut self, resources: ResourceSet) -> Self {
        self.resources = resources;
        self
    }

    /// Sets the plugin up, unless it is.
    ///
    /// # Errors
    ///
    /// When the config does not fit (`config_invalid`), the plugin's setup failed (`setup_failed`,
    /// `panicked`), or the executable could not be started (`transport`).
    pub fn setup(&self) -> Result<(), HookError> {
        self.with_running(|_| Ok(()))
    }

    /// Calls a hook and waits for its result. May be used inside an async test too; it blocks.
    ///
    /// # Errors
    ///
    /// What the hook returned, what is wrong with the arguments, or as [`setup`](Self::setup).
    pub fn call(&self, hook: &str, arguments: Value) -> Result<Value, HookError> {
        self.with_running(|running| match running {
            Running::Linked {
                runtime,
                plugin,
                scope,
                secrets,
            } => {
                let declaration = plugin.erased_declaration();
                let arguments = args::by_name(&declaration.key(), hook, arguments)?;
                let mut arguments = Value::Object(arguments);
                let model = execution_model(declaration, hook, &arguments);
                let called = async {
                    let ctx = HookContext::default().with_scope(Arc::clone(scope));
                    let arguments = Args::Value(&mut arguments);
                    let called =
                        call_as(Access::Exposed, plugin.as_ref(), hook, &ctx, arguments).await;
                    called.map_err(|error| secrets.scrub_error(error))
                };
                match model {
                    Some(ExecutionModel::ThreadCpuBound) => runtime.block_beside(called),
                    _ => runtime.block_on(called),
                }?
                .into_value()
            }
            Running::Executable(child) => child.call(hook, arguments),
        })
    }

    fn with_running<T>(
        &self,
        act: impl FnOnce(&mut Running) -> Result<T, HookError>,
    ) -> Result<T, HookError> {
        let mut running = lock(&self.running);
        match &mut *running {
            Some(running) => act(running),
            slot => act(slot.insert(self.start()?)),
        }
    }

    fn start(&self) -> Result<Running, HookError> {
        match &self.source {
            Source::Linked(registration) => {
                let runtime = TestRuntime::new()?;
                let declaration = registration.declaration();
                let schema = (declaration.config_schema)();
                let scope = Arc::new(PluginScope::of(declaration));
                let context = SetupContext::new(self.config.clone())
                    .with_scope(Arc::clone(&scope))
                    .with_resources(self.resources.clone());
                let setup = dagstack_engine::setup(registration, context);
                let plugin = runtime
                    .block_beside(async { setup.await.map_err(|error| setup_failed(&error)) })?;
                Ok(Running::Linked {
                    runtime,
                    plugin,
                    scope,
                    secrets: Scrubber::of(&self.config, &schema),
                })
            }
            Source::Executable(path) => {
                executable::Child::start(path, &self.config, &self.resources)
                    .map(Running::Executable)
            }
        }
    }
}

/// The error of a setup, as the extension's `dagstack/setup` reports it too.
fn setup_failed(error: &PluginError) -> HookError {
    HookError::new(error.code(), error.to_string())
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Linked {
            runtime, plugin, ..
        } = self
        {
            // A failed teardown cannot be reported from here.
            let _ = runtime.block_beside(async {
                let _ = dagstack_engine::teardown(&**plugin).await;
                Ok(())
            });
        }
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

impl fmt::Debug for TestPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Linked(registration) => {
                let declaration = registration.declaration();
                write!(f, "TestPlugin({}.{})", declaration.kind, declaration.name)
            }
            Source::Executable(path) => write!(f, "TestPlugin({})", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::prelude::*;

    #[derive(Default)]
    struct Bus;

    /// Publishes to itself.
    #[plugin(kind = "sample", name = "bus")]
    impl Bus {
        /// Subscribes for good.
        #[hook]
        fn subscribe(&self, ctx: &HookContext) {
            ctx.event_bus().subscribe("topic", |_| {}).detach();
        }

        /// Says how many subscribers there are.
        #[hook]
        fn publish(&self, ctx: &HookContext) -> usize {
            ctx.event_bus().publish("topic", 1)
        }
    }

    #[test]
    fn all_calls_of_a_linked_plugin_have_one_event_bus() {
        let plugin = super::in_process::<Bus>();
        plugin.call("subscribe", json!({})).unwrap();
        assert_eq!(plugin.call("publish", json!({})).unwrap(), json!(1));
    }
}
