//! The secrets of the configs that this process was given, kept out of what its author's code says:
//! its errors and its panics.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use dagstack_engine::secrets::Scrubber;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::error::HookError;
use dagstack_plugin_core::health::Health;
use dagstack_plugin_core::sync::lock;

/// Never locked while an author's code runs: where that panics, [`report`] locks it.
static KNOWN: Mutex<Option<Arc<Scrubber>>> = Mutex::new(None);

fn known() -> Option<Arc<Scrubber>> {
    lock(&KNOWN).clone()
}

/// Notes the secrets of a config section, before the author's code sees it.
pub(super) fn learn(declaration: &Declaration, section: &Value) {
    if section.as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let schema = (declaration.config_schema)();
    Arc::make_mut(lock(&KNOWN).get_or_insert_default()).learn(section, &schema);
}

/// What an author's code says, without the secrets.
pub(super) fn scrub(text: String) -> String {
    match known() {
        Some(known) => known.scrub_loosely(&text).into_owned(),
        None => text,
    }
}

/// The same for a line of JSON. Most processes have no secrets.
pub(super) fn scrub_line(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(known) = known() else {
        return Cow::Borrowed(line);
    };
    match std::str::from_utf8(line) {
        Ok(text) => match known.scrub_loosely(text) {
            Cow::Borrowed(_) => Cow::Borrowed(line),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        Err(_) => Cow::Borrowed(line),
    }
}

/// The same for an error.
pub(super) fn scrub_error(error: HookError) -> HookError {
    match known() {
        Some(known) => known.scrub_error(error),
        None => error,
    }
}

/// The same for the reasons of a health check.
pub(super) fn scrub_health(health: Health) -> Health {
    match known() {
        Some(known) => known.scrub_health(health),
        None => health,
    }
}

/// Panics are told as Rust tells them, but for the secrets. An author may set another hook.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(report));
}

fn report(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let message = match payload.downcast_ref::<&str>() {
        Some(text) => text,
        None => payload
            .downcast_ref::<String>()
            .map_or("Box<dyn Any>", String::as_str),
    };
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic
        .location()
        .map(|place| format!(" at {place}"))
        .unwrap_or_default();
    let mut text = scrub(format!("\nthread '{name}' panicked{place}:\n{message}\n"));
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => text.push_str(&format!("stack backtrace:\n{backtrace}")),
        _ => text.push_str(
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
        ),
    }
    // Where stderr fails there is nowhere to report it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
