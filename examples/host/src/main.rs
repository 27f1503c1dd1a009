//! `host PLUGINS FILE [--self-test]`: calls every plugin both ways on the text in FILE and prints
//! what came back. PLUGINS is a folder of `dagstack.toml` folders. Ends with 1 if any two answers
//! differ, with 2 if it could not compare them.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::ExitCode;

use host::{Call, How};
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<bool, Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let self_test = arguments.iter().any(|argument| argument == "--self-test");
    arguments.retain(|argument| argument != "--self-test");
    let [plugins, file] = arguments.as_slice() else {
        return Err("usage: host PLUGINS FILE [--self-test]".into());
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("`{file}`: {error}"))?;

    let linked = host::linked()?;
    let executables = host::executables(plugins)?;
    for report in [linked.setup_all().await, executables.setup_all().await] {
        println!("{report}");
    }

    let mut calls = host::calls(&text);
    if self_test {
        calls.extend(["process", "fail"].map(|hook| Call {
            kind: "tool",
            plugin: "impostor",
            hook,
            how: How::Json(json!({})),
        }));
    }
    let comparisons = host::compare(&linked, &executables, calls).await;
    println!("{}", host::table(&comparisons));
    let different = comparisons.iter().filter(|row| !row.is_equal()).count();
    println!(
        "{} calls on {} bytes of text, each in process and over stdio: {different} different",
        comparisons.len(),
        text.len(),
    );

    executables.teardown_all().await?;
    linked.teardown_all().await?;
    Ok(different == 0)
}
