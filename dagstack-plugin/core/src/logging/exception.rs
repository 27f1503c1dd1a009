//! The attributes of a record that is about an error.

use std::error::Error;
use std::fmt::Write as _;

use serde_json::Value;

/// What lies behind an error, a line for each.
pub fn causes<E: Error + ?Sized>(error: &E) -> String {
    let mut trace = String::new();
    for cause in error.source().into_iter().flat_map(crate::error::chain) {
        // Writing to a text cannot fail.
        let _ = writeln!(trace, "caused by: {cause}");
    }
    trace
}

/// `exception.type`, `exception.message` and `exception.stacktrace`; `trace` are the lines behind the
/// first.
pub fn attributes(name: &str, message: &str, trace: &str) -> [(String, Value); 3] {
    let first = match message {
        "" => format!("{name}\n"),
        _ => format!("{name}: {message}\n"),
    };
    [
        ("exception.type", name.to_owned()),
        ("exception.message", message.to_owned()),
        ("exception.stacktrace", first + trace),
    ]
    .map(|(key, value)| (key.to_owned(), Value::from(value)))
}
