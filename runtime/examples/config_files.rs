//! Watches the config files of a folder and says what has changed at a path:
//!
//! ```console
//! $ cargo run -p dagstack-runtime --features config-watch --example config_files -- . chunker.fixed
//! ```
//!
//! `app-config.yaml` must be there; edit it, add an `app-config.local.toml`, or break it.
#![allow(clippy::print_stdout)]

use dagstack_plugin::secrets::mask;
use dagstack_runtime::{FileConfig, Registry};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Why a change is refused goes to the log.
    tracing_subscriber::fmt().with_ansi(false).init();
    let mut words = std::env::args().skip(1);
    let folder = words.next().unwrap_or_else(|| ".".to_owned());
    let path = words.next().unwrap_or_else(|| "chunker.fixed".to_owned());

    // A host adds its plugins here: `.linked()`, `.discover("plugins/")`.
    let registry = Registry::builder()
        .config(FileConfig::in_folder(folder))
        .build()?;
    println!("{}", registry.setup_all().await);
    registry.reload_config().await?; // says whether the files can be read

    let subscription = registry.on_section_change(&path, |old: &Value, new: &Value| {
        println!("{} -> {}", mask(old), mask(new));
    });
    match subscription.inactive_reason() {
        None => println!("watching `{path}`; end with Ctrl-C"),
        Some(reason) => println!("`{path}` is not watched: {reason}"),
    }
    std::future::pending().await
}
