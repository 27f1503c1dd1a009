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
//! # A host for the plugin
//!
//! A test gives what a host would: a [`config`](TestPlugin::config), [resources](TestPlugin::resource),
//! and with each call a [`HookContext`] of metadata, a deadline, a token to cancel by, a sink for
//! progress. It sees what a host sees: results and errors, progress, [log records](TestPlugin::logs),
//! health, how the teardown went.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//!
//! use dagstack_plugin::prelude::*;
//! use dagstack_plugin::progress::{self, ProgressReport};
//! use dagstack_plugin::resources::{HttpClient, HttpRequest, HttpResponse};
//! use dagstack_plugin::serde_json::json;
//! use dagstack_plugin::testing::{self, HttpDouble, TestPlugin};
//! use dagstack_plugin::{CancelToken, Metadata, Released};
//!
//! #[data]
//! struct Config {
//!     /// Where the pages are.
//!     site: String,
//! }
//!
//! struct Pages {
//!     site: Arc<Mutex<String>>,
//!     http: Arc<dyn HttpClient>,
//! }
//!
//! /// Reads pages.
//! #[plugin(kind = "tool", name = "pages", resources(required = ["http_client"]))]
//! impl Pages {
//!     #[setup]
//!     fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
//!         ctx.logger().info("ready");
//!         let site = Arc::new(Mutex::new(ctx.config().site.clone()));
//!         let current = Arc::clone(&site);
//!         ctx.on_section_change(move |_: &Config, new: &Config| {
//!             *current.lock().unwrap() = new.site.clone();
//!         });
//!         let http = ctx.resources().get::<dyn HttpClient>("http_client")?;
//!         Ok(Self { site, http })
//!     }
//!
//!     /// Reads one page.
//!     #[hook]
//!     async fn read(&self, ctx: &HookContext, page: String) -> Result<String, HookError> {
//!         ctx.progress().update(50.0, "asked");
//!         let url = format!("{}/{page}", self.site.lock().unwrap());
//!         let answer = self.http.send(HttpRequest::get(url)).await?;
//!         ctx.logger().bind("status", answer.status).info("read");
//!         Ok(answer.text())
//!     }
//!
//!     /// Waits for ever.
//!     #[hook]
//!     async fn wait(&self, ctx: &HookContext) {
//!         ctx.progress().update(0.0, "waits");
//!         std::future::pending().await
//!     }
//! }
//!
//! fn reads_pages(plugin: TestPlugin) -> Result<(), Box<dyn std::error::Error>> {
//!     // Config and resources.
//!     let http = HttpDouble::new()
//!         .on("GET", "https://a.example/x", HttpResponse::new(200, "hello"))
//!         .on("GET", "https://b.example/x", HttpResponse::new(404, "gone"));
//!     let http = Arc::new(http);
//!     let plugin = plugin
//!         .config(json!({ "site": "https://a.example" }))
//!         .resource::<dyn HttpClient>("http_client", http.clone());
//!     assert_eq!(plugin.call("read", json!({ "page": "x" }))?, "hello");
//!     assert_eq!(http.requests().len(), 1);
//!
//!     // Metadata: whose call it is, and which trace it belongs to.
//!     let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
//!     let metadata = Metadata::new()
//!         .with("tenant_id", "acme")
//!         .with("trace_context", json!({ "traceparent": parent }));
//!     // Progress.
//!     let (sink, reports) = progress::queue(16);
//!     let ctx = HookContext::new().with_metadata(metadata).with_progress(Arc::new(sink));
//!     plugin.call_with("read", &ctx, json!({ "page": "x" }))?;
//!     let reports: Vec<_> = reports.try_iter().collect();
//!     assert!(matches!(&reports[..], [ProgressReport::Update { percent: 50.0, .. }]));
//!
//!     // The log, since the setup.
//!     let logs = plugin.logs();
//!     assert_eq!(logs[0].body, "ready");
//!     let last = logs.last().ok_or("nothing is logged")?;
//!     assert_eq!((&last.body, &last.attributes["status"]), (&json!("read"), &json!(200)));
//!     assert_eq!(last.attributes["tenant_id"], "acme");
//!     assert_eq!(last.trace_id.ok_or("no trace")?.to_string(), &parent[3..35]);
//!
//!     // Another config.
//!     plugin.change_config(json!({ "site": "https://b.example" }))?;
//!     assert_eq!(plugin.call("read", json!({ "page": "x" }))?, "gone");
//!     let refused = plugin.change_config(json!({ "site": 5 })).unwrap_err();
//!     assert_eq!(refused.code(), "config_invalid");
//!
//!     // A deadline, and a caller who gives up once the hook is at work.
//!     let ctx = HookContext::new().with_timeout(Duration::from_millis(20));
//!     let late = plugin.call_with("wait", &ctx, json!({})).unwrap_err();
//!     assert_eq!(late.code(), "deadline_exceeded");
//!     let token = CancelToken::new();
//!     let ctx = HookContext::new().with_cancellation(token.clone());
//!     let ctx = ctx.with_progress(Arc::new(move |_| token.cancel()));
//!     let cancelled = plugin.call_with("wait", &ctx, json!({})).unwrap_err();
//!     assert_eq!(cancelled.code(), "cancelled");
//!
//!     // How it is, and the end.
//!     assert_eq!(plugin.health()?, Health::Healthy);
//!     assert_eq!(plugin.teardown()?, Released::All);
//!     Ok(())
//! }
//!
//! reads_pages(testing::in_process::<Pages>()).unwrap();
//! ```
//!
//! # Doubles
//!
//! | resource | double | what a test asks it |
//! |---|---|---|
//! | `clock` | [`FrozenClock`] | [`advance`](FrozenClock::advance); an executable keeps the time of its setup |
//! | `rng` | [`SeededRng`] | |
//! | `tmpdir` | [`ScratchDir`] | what is in its folder; it removes itself |
//! | `http_client` | [`HttpDouble`] | [`requests`](HttpDouble::requests) |
//! | `blob_store` | [`MemoryBlobs`] | [`contents`](MemoryBlobs::contents) |
//! | `tenant_registry` | [`MemoryTenants`] | [`contents`](MemoryTenants::contents) |
//!
//! The event bus is no resource: each process has its own, and so has each plugin under test.
//!
//! # A plugin of a kind
//!
//! [`TestPlugin::get`] gives the plugin as its kind's trait, whose `async` methods are awaited in an async
//! test or by [`block_on`].
//!
//! # Linked and executable
//!
//! Linked, a hook runs as on most hosts, on a thread that a tokio runtime drives; see
//! [`#[hook]`](crate::hook) for what that means for one that blocks. What it logs by its context's logger
//! is in [`logs`](TestPlugin::logs) from whatever thread, and so is what it logs by `tracing` while it
//! is called and in what it spawns on that runtime. An executable has all it logs there, by the `log` crate and in threads of its own
//! too; its other output goes to the test's.

mod executable;
mod linked;
mod logs;
mod resources;
mod running;
mod runtime;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;

pub use self::resources::{HttpDouble, MemoryBlobs};
pub use crate::resources::{FrozenClock, SeededRng};
pub use dagstack_resources::{MemoryTenants, ScratchDir};

use self::logs::Logs;
use self::running::Running;

use crate::error::{HookError, PluginError, ResourceError, code};
use crate::kind::Kind;
use crate::logging::LogRecord;
use crate::resources::{Resource, ResourceSet};
use crate::sync::lock;
use crate::{
    Health, HookContext, Plugin, PluginName, Registration, Released, did_you_mean, suggest,
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
    TestPlugin::new(Source::Executable(path.as_ref().to_owned(), Vec::new()))
}

/// Awaits a future on this thread, in a test that is not async: a call by a kind's trait, say.
///
/// ```
/// assert_eq!(dagstack_plugin::testing::block_on(async { 7 }), 7);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    dagstack_engine::task::block_on(future)
}

/// A plugin under test, in either form. It is set up at the first call and torn down when dropped.
///
/// Threads may share it; their calls run at the same time. Where a test fails, what the plugin has logged
/// is printed.
pub struct TestPlugin {
    source: Source,
    resources: ResourceSet,
    logs: Logs,
    state: Mutex<State>,
}

enum Source {
    Linked(Registration),
    Executable(PathBuf, Vec<OsString>),
}

struct State {
    config: Value,
    running: Option<Arc<Running>>,
}

impl TestPlugin {
    fn new(source: Source) -> Self {
        Self {
            source,
            resources: ResourceSet::new(),
            logs: Logs::default(),
            state: Mutex::new(State {
                config: Value::Null,
                running: None,
            }),
        }
    }

    /// Gives the plugin this config section; without it, an empty one.
    #[must_use]
    pub fn config(self, section: Value) -> Self {
        lock(&self.state).config = section;
        self
    }

    /// Starts the executable with these arguments: `["--plugin", "tool.notes"]`, where it holds several
    /// plugins. The linked plugin has none.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        if let Source::Executable(_, all) = &mut self.source {
            all.extend(args.into_iter().map(Into::into));
        }
        self
    }

    /// Gives the plugin a resource that it declares, in either form.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use dagstack_plugin::resources::BlobStore;
    /// use dagstack_plugin::testing::{self, MemoryBlobs, TestPlugin};
    ///
    /// fn with_blobs(plugin: TestPlugin) -> TestPlugin {
    ///     plugin.resource::<dyn BlobStore>("blob_store", Arc::new(MemoryBlobs::new()))
    /// }
    /// ```
    #[must_use]
    pub fn resource<R: Resource + ?Sized>(
        mut self,
        name: impl Into<String>,
        resource: Arc<R>,
    ) -> Self {
        self.resources = std::mem::take(&mut self.resources).with(name, resource);
        self
    }

    /// Gives the plugin these resources, and no others. It must declare them all.
    #[must_use]
    pub fn resources(mut self, resources: ResourceSet) -> Self {
        self.resources = resources;
        self
    }

    /// Sets the plugin up, unless it is.
    ///
    /// # Errors
    ///
    /// When the config does not fit (`config_invalid`), a resource is missing (`resource_missing`) or not
    /// declared (`undeclared_resource`), the plugin's setup failed (`setup_failed`, `panicked`), or the
    /// executable could not be started (`transport`).
    pub fn setup(&self) -> Result<(), HookError> {
        self.running().map(drop)
    }

    /// Calls a hook and waits for its result. May be used inside an async test too; it blocks.
    ///
    /// # Errors
    ///
    /// What the hook returned, what is wrong with the arguments, or as [`setup`](Self::setup).
    pub fn call(&self, hook: &str, arguments: Value) -> Result<Value, HookError> {
        self.call_with(hook, &HookContext::default(), arguments)
    }

    /// [`call`](Self::call) with metadata, a deadline, a token to cancel by, a sink for progress. What is
    /// reported has come by the time it returns.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call); `cancelled` and `deadline_exceeded`.
    pub fn call_with(
        &self,
        hook: &str,
        ctx: &HookContext,
        arguments: Value,
    ) -> Result<Value, HookError> {
        self.running()?.call(hook, ctx, arguments)
    }

    /// The plugin as its kind's trait, set up. After a teardown its calls are `unavailable`.
    ///
    /// ```
    /// # use dagstack_plugin::prelude::*;
    /// # use dagstack_plugin::testing;
    /// /// Counts.
    /// #[kind(name = "counter", version = "1.0.0")]
    /// pub trait Counter {
    ///     /// Counts the words.
    ///     #[hook(dispatch = "singleton")]
    ///     async fn count(&self, text: String) -> usize;
    /// }
    ///
    /// #[derive(Default)]
    /// struct Words;
    ///
    /// /// Counts words.
    /// #[plugin(kind = Counter, name = "words")]
    /// impl Words {
    ///     /// Counts the words.
    ///     #[hook]
    ///     async fn count(&self, text: String) -> usize {
    ///         text.split_whitespace().count()
    ///     }
    /// }
    ///
    /// let plugin = testing::in_process::<Words>();
    /// let counter = plugin.get::<dyn Counter>()?;
    /// let ctx = HookContext::default();
    /// assert_eq!(testing::block_on(counter.count(&ctx, "one two".to_owned()))?, 2);
    /// # Ok::<(), HookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `unavailable` where the plugin is of another kind, or as [`setup`](Self::setup).
    pub fn get<K: Kind + ?Sized>(&self) -> Result<Arc<K>, HookError> {
        self.running()?.typed()
    }

    /// What the plugin has logged so far, setups and teardowns included: all by its contexts' loggers, and
    /// by `tracing` what is `info` and above. Secrets are masked as they are for hosts.
    ///
    /// What a call has logged is there once it has returned.
    pub fn logs(&self) -> Vec<LogRecord> {
        let running = lock(&self.state).running.clone();
        if let Some(running) = running {
            running.catch_up_with_log();
        }
        self.logs.records()
    }

    /// Changes the plugin's config section, and waits until its subscribers
    /// ([`on_section_change`](crate::PluginContext::on_section_change)) have been told.
    ///
    /// # Errors
    ///
    /// `config_invalid` where the section does not fit: the old one stays, and nobody is told. Or as
    /// [`setup`](Self::setup).
    pub fn change_config(&self, section: Value) -> Result<(), HookError> {
        self.running()?.change_config(section.clone())?;
        lock(&self.state).config = section;
        Ok(())
    }

    /// Asks the plugin how it is.
    ///
    /// # Errors
    ///
    /// As [`setup`](Self::setup).
    pub fn health(&self) -> Result<Health, HookError> {
        self.running()?.health()
    }

    /// Tears the plugin down; the next call sets up a new instance of it. One that is not set up has
    /// nothing to give back.
    ///
    /// # Errors
    ///
    /// `teardown_failed` with the author's own words, `panicked`; `transport` where an executable ended
    /// before it could be asked.
    pub fn teardown(&self) -> Result<Released, HookError> {
        let running = lock(&self.state).running.take();
        match running {
            Some(running) => running.teardown(),
            None => Ok(Released::All),
        }
    }

    fn running(&self) -> Result<Arc<Running>, HookError> {
        let mut state = lock(&self.state);
        if let Some(running) = &state.running {
            return Ok(Arc::clone(running));
        }
        let started = Running::start(&self.source, &state.config, &self.resources, &self.logs)?;
        Ok(Arc::clone(state.running.insert(Arc::new(started))))
    }
}

/// Of what the test gives, what the plugin declares: that must be all of it, and all it requires.
fn given(
    set: &ResourceSet,
    plugin: &PluginName,
    required: &[&str],
    optional: &[&str],
) -> Result<ResourceSet, HookError> {
    let declared = || required.iter().chain(optional).copied();
    if let Some(stray) = set.names().find(|name| declared().all(|it| it != *name)) {
        let guess = did_you_mean(suggest(stray, declared()));
        let names: Vec<_> = declared().collect();
        let has = match &*names {
            [] => "no resources".to_owned(),
            names => names.join(", "),
        };
        return Err(HookError::new(
            code::UNDECLARED_RESOURCE,
            format!(
                "the test gives the resource `{stray}`, which `{plugin}` does not declare{guess}; it declares {has}"
            ),
        ));
    }
    if let Some(missing) = required.iter().find(|name| !set.contains(name)) {
        let mut error = ResourceError::missing(missing, set.names());
        if let ResourceError::Missing { hint, .. } = &mut error {
            *hint = "the test gives it by `.resource::<dyn …>(name, Arc::new(…))`";
        }
        return Err(setup_failed(&PluginError::Resource(error)));
    }
    Ok(set.clone())
}

/// The error of a setup, as the extension's `dagstack/setup` reports it too.
fn setup_failed(error: &PluginError) -> HookError {
    HookError::new(error.code(), error.to_string())
}

impl Drop for TestPlugin {
    fn drop(&mut self) {
        // A failed teardown cannot be reported from here.
        let _ = self.teardown();
        if std::thread::panicking() {
            for record in self.logs.records() {
                let facts = Value::Object(record.attributes);
                eprintln!("{} {} {facts}", record.severity, record.body);
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
            Source::Executable(path, _) => write!(f, "TestPlugin({})", path.display()),
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
