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

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dagstack_engine::call::call_as;
use dagstack_engine::secrets::Scrubber;
use serde_json::Value;
use tokio::runtime::Runtime;

pub use self::resources::{HttpDouble, MemoryBlobs, MemoryTenants};
pub use crate::resources::{FrozenClock, SeededRng};

use crate::args;
use crate::declaration::Access;
use crate::error::{HookError, PluginError, code};
use crate::execution::ExecutionModel;
use crate::panics::CatchPanic;
use crate::resources::ResourceSet;
use crate::sync::lock;
use crate::{Args, ErasedPlugin, HookContext, Plugin, PluginScope, Registration, SetupContext};
use dagstack_engine::task;

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
        /// `None` only while it is dropped.
        runtime: Option<Runtime>,
        plugin: Box<dyn ErasedPlugin>,
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
                secrets,
            } => {
                let declaration = plugin.erased_declaration();
                let arguments = args::by_name(&declaration.key(), hook, arguments)?;
                let mut arguments = Value::Object(arguments);
                let model = declaration.execution_model_of(hook, &arguments);
                let called = async {
                    let ctx =
                        HookContext::default().with_scope(Arc::new(PluginScope::of(declaration)));
                    let arguments = Args::Value(&mut arguments);
                    let called =
                        call_as(Access::Exposed, plugin.as_ref(), hook, &ctx, arguments).await;
                    called.map_err(|error| secrets.scrub_error(error))
                };
                match model {
                    Some(ExecutionModel::ThreadCpuBound) => aside(runtime.as_ref(), called),
                    _ => on_runtime(runtime.as_ref(), called),
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
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .map_err(|error| HookError::new(code::UNAVAILABLE, error.to_string()))?;
                let schema = (registration.declaration().config_schema)();
                let context =
                    SetupContext::new(self.config.clone()).with_resources(self.resources.clone());
                let setup = dagstack_engine::setup(registration, context);
                let plugin = aside(Some(&runtime), async {
                    setup.await.map_err(|error| setup_failed(&error))
                })?;
                Ok(Running::Linked {
                    runtime: Some(runtime),
                    plugin,
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

/// Blocks on a thread that the runtime drives, as most hosts call a hook.
fn on_runtime<T: Send>(
    runtime: Option<&Runtime>,
    future: impl Future<Output = Result<T, HookError>> + Send,
) -> Result<T, HookError> {
    on_thread(runtime, |runtime| runtime.block_on(future))
}

/// Blocks on a thread that is inside the runtime, but may block, as hosts run everything else.
fn aside<T: Send>(
    runtime: Option<&Runtime>,
    future: impl Future<Output = Result<T, HookError>> + Send,
) -> Result<T, HookError> {
    on_thread(runtime, |runtime| {
        let _inside = runtime.enter();
        task::block_on(future)
    })
}

/// On a thread of its own: the caller may be inside a runtime.
fn on_thread<T: Send>(
    runtime: Option<&Runtime>,
    run: impl FnOnce(&Runtime) -> Result<T, HookError> + Send,
) -> Result<T, HookError> {
    let Some(runtime) = runtime else {
        return Err(HookError::new(code::UNAVAILABLE, "the test plugin is gone"));
    };
    std::thread::scope(|scope| scope.spawn(|| run(runtime)).join())
        .unwrap_or_else(|_| Err(HookError::new(code::PANICKED, "the call panicked")))
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Linked {
            runtime, plugin, ..
        } = self
        {
            // A failed teardown cannot be reported from here.
            let _ = aside(runtime.as_ref(), async {
                let _ = CatchPanic::new(plugin.erased_teardown()).await;
                Ok(())
            });
            // Dropping a runtime inside another one would panic.
            if let Some(runtime) = runtime.take() {
                runtime.shutdown_background();
            }
        }
    }
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
