//! A kind and a plugin whose every function tries what the tokio runtime around it allows.

use std::sync::Mutex;
use std::time::Duration;

use dagstack_plugin::prelude::*;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Notify, watch};
use tokio::task::block_in_place;

/// What a function can try without waiting.
pub const TRIES: [&str; 5] = ["handle", "spawn", "in_place", "own_runtime", "block"];

/// Tries one of [`TRIES`]; it panics where that is not allowed.
fn attempt(what: &str) -> String {
    match what {
        "handle" => drop(Handle::current()),
        "spawn" => drop(tokio::spawn(async {})),
        "in_place" => block_in_place(|| ()),
        // What blocking clients do.
        "own_runtime" => Runtime::new()
            .expect("a runtime")
            .block_on(async { tokio::time::sleep(Duration::from_millis(1)).await }),
        "block" => std::thread::sleep(Duration::from_millis(1)),
        other => return format!("cannot try {other}"),
    }
    "ok".to_owned()
}

/// The same for code that can wait, after it has waited for time and for a task.
async fn attempt_later(what: &str) -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    tokio::spawn(async {}).await.expect("a task");
    attempt(what)
}

/// All of them, where all must be allowed. Empty if they are.
fn all() -> String {
    let tried = TRIES.map(|what| std::panic::catch_unwind(|| attempt(what)));
    let failed = TRIES.iter().zip(tried).filter(|(_, it)| it.is_err());
    failed
        .map(|(what, _)| format!("{what} is not allowed; "))
        .collect()
}

/// Tries things.
#[kind(name = "around", version = "1.0.0")]
pub trait Around {
    /// In a `fn`.
    #[hook(dispatch = "singleton")]
    async fn plain(&self, what: String) -> String;
    /// In an `async fn`.
    #[hook(dispatch = "singleton")]
    async fn waiting(&self, what: String) -> String;
    /// In a `fn` that is `thread_cpu_bound`.
    #[hook(dispatch = "singleton")]
    async fn computing(&self, what: String) -> String;
    /// In an `async fn` that is.
    #[hook(dispatch = "singleton")]
    async fn computing_later(&self, what: String) -> String;
    /// In a `fn` of the kind.
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    fn at_once(&self, what: &str) -> String;
    /// What was not allowed in the setup and, once the config has changed, in its subscriber.
    #[hook(dispatch = "singleton")]
    async fn others(&self, changed: bool) -> String;
    /// Blocks behind an await until `release` is called.
    #[hook(dispatch = "singleton")]
    async fn hold(&self) -> bool;
    /// How many are held, once they are that many.
    #[hook(dispatch = "singleton")]
    async fn held(&self, at_least: usize) -> usize;
    /// Ends one `hold`.
    #[hook(dispatch = "singleton")]
    async fn release(&self) -> bool;
    /// Panics in a long computation.
    #[hook(dispatch = "singleton")]
    async fn overflow(&self) -> u8;
}

/// Nothing that matters.
#[data]
#[derive(Clone, Default, PartialEq)]
pub struct Config {
    /// A number.
    #[serde(default)]
    pub number: u32,
}

/// Tries things.
#[derive(Debug)]
pub struct Here {
    number: u32,
    setup: String,
    changed: watch::Receiver<Option<String>>,
    held: watch::Sender<usize>,
    release: (
        std::sync::mpsc::Sender<()>,
        Mutex<std::sync::mpsc::Receiver<()>>,
    ),
    spawned: std::sync::Arc<Notify>,
}

/// Tries things.
#[plugin(kind = Around, name = "here")]
impl Here {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Self {
        let before = all();
        let later = attempt_later("own_runtime").await;
        let (tell, changed) = watch::channel(None);
        ctx.on_section_change(move |_: &Config, _: &Config| {
            tell.send_replace(Some(all()));
        });
        let (send, receive) = std::sync::mpsc::channel();
        Self {
            number: ctx.config().number,
            setup: format!("{before}{}{later}", all()),
            changed,
            held: watch::channel(0).0,
            release: (send, Mutex::new(receive)),
            spawned: Default::default(),
        }
    }

    #[hook]
    fn plain(&self, what: String) -> String {
        if what == "spawned" {
            // It runs, whoever called this.
            let spawned = std::sync::Arc::clone(&self.spawned);
            tokio::spawn(async move { spawned.notify_one() });
        }
        attempt(&what)
    }

    #[hook]
    async fn waiting(&self, what: String) -> String {
        if what == "spawned" {
            self.spawned.notified().await;
            return "ok".to_owned();
        }
        attempt_later(&what).await
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn computing(&self, what: String) -> String {
        attempt(&what)
    }

    #[hook(execution_model = "thread_cpu_bound")]
    async fn computing_later(&self, what: String) -> String {
        attempt_later(&what).await
    }

    #[hook]
    fn at_once(&self, what: &str) -> String {
        attempt(what)
    }

    #[hook]
    async fn others(&self, changed: bool) -> String {
        if !changed {
            return self.setup.clone();
        }
        let mut changed = self.changed.clone();
        let told = changed.wait_for(Option::is_some).await;
        told.ok().and_then(|told| told.clone()).unwrap_or_default()
    }

    #[hook]
    async fn hold(&self) -> bool {
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.held.send_modify(|held| *held += 1);
        let released = self.release.1.lock().expect("a lock").recv();
        released.is_ok()
    }

    #[hook]
    async fn held(&self, at_least: usize) -> usize {
        let mut held = self.held.subscribe();
        let enough = held.wait_for(|held| *held >= at_least).await;
        enough.map_or(0, |held| *held)
    }

    #[hook]
    async fn release(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.release.0.send(()).is_ok()
    }

    #[hook(execution_model = "thread_cpu_bound")]
    fn overflow(&self) -> u8 {
        panic!("too much")
    }

    #[health]
    fn health(&self) -> Result<Health, String> {
        match all() {
            none if none.is_empty() => Ok(Health::Healthy),
            some => Err(some),
        }
    }

    #[teardown]
    async fn teardown(&self) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        match all() {
            none if none.is_empty() => Ok(()),
            some => Err(some),
        }
    }
}

/// What was not allowed in each `drop` so far, with the number of the plugin's config.
pub static DROPPED: Mutex<Vec<(u32, String)>> = Mutex::new(Vec::new());

impl Drop for Here {
    fn drop(&mut self) {
        // Where tests look for it: a panic of a `drop` reaches nobody.
        DROPPED.lock().expect("a lock").push((self.number, all()));
        if let Ok(file) = std::env::var("AROUND_DROPPED") {
            let _ = std::fs::write(file, format!("dropped; {}", all()));
        }
    }
}
