//! `cargo xtask bench`: our speed beside that of others, in ratios from paired runs.
//!
//! * `stdio` (the default): the echo plugin's executable and the peers of `tests/peers`, driven by
//!   one raw client; see [`stdio`] for what is measured, how, and in what unit.
//! * `in-process`: the Criterion benches of `dagstack-tests`.
//! * [`compile`]: `cargo xtask compile-bench`.

mod client;
pub(crate) mod compile;
mod process;
mod report;
mod stdio;

use std::path::{Path, PathBuf};
use std::process::Command as Process;

const HELP: &str = "\
cargo xtask bench [stdio] [--rounds N] [--quick] [--no-pin] [--only LABEL]… [--also LABEL=COMMAND]…
    The echo plugin over stdio beside the peers.
      --rounds N             rounds, each of all commands in turn (default 10)
      --quick                two short rounds, to see that it works
      --no-pin               without the figures that keep to given cores
      --only LABEL           only this command
      --also LABEL=COMMAND   one more server of the same tool and the same replies
cargo xtask bench in-process [ARGS]…
    The Criterion benches; ARGS go to `cargo bench`.
cargo xtask compile-bench [--rounds N] [--quick] [--only PART,…]
    What our crates cost who compiles them, beside the same by hand, as tables in Markdown.
      --rounds N      rounds, each of ours and of the one by hand in turn (default 3)
      --only PART,…   only these parts:
          library     the echo plugin as a library: a clean build, and one after a touch
          executable  its executable: the same, dev and release, and its size
          hooks       crates of 10 and of 200 hooks: check, build, size
          expansion   lines that #[plugin] expands to
          crates      how many crates are compiled
          lines       how many lines of ours are compiled
      --quick         one round of the last four, which take a minute or two";

/// A server to measure.
pub(crate) struct Command {
    /// Its name in the tables.
    pub(crate) label: String,
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
}

/// Runs what `args` ask for.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args.split_first() {
        Some((name, rest)) if name == "in-process" => in_process(rest),
        Some((name, _)) if name == "--help" || name == "help" => {
            println!("{HELP}");
            Ok(())
        }
        Some((name, rest)) if name == "stdio" => optimised_stdio(rest),
        _ => optimised_stdio(args),
    }
}

/// Over stdio the client's own speed matters: a debug build of it runs the release build.
fn optimised_stdio(args: &[String]) -> Result<(), String> {
    if !cfg!(debug_assertions) {
        return stdio::run(args);
    }
    let release = ["run", "--quiet", "--release", "--package", "xtask", "--"];
    let mut all = release.to_vec();
    all.extend(["bench", "stdio"]);
    all.extend(args.iter().map(String::as_str));
    cargo(&all)
}

/// The Criterion benches: typed and erased calls, the registry.
pub(crate) fn in_process(args: &[String]) -> Result<(), String> {
    let mut all = vec!["bench", "--package", "dagstack-tests"];
    all.extend(args.iter().map(String::as_str));
    cargo(&all)
}

/// Runs cargo on this workspace, with what it says going to the terminal.
fn cargo(args: &[&str]) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Process::new(program)
        .args(args)
        .current_dir(workspace())
        // A compiler cache would falsify build times, and changes nothing elsewhere.
        .env_remove("RUSTC_WRAPPER")
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {}: {status}", args.join(" ")))
    }
}

fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The target directory that this very program was built into.
fn target_dir() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let directory = program.ancestors().nth(2);
    Ok(directory.ok_or("no target directory")?.to_owned())
}

/// The value that must follow an option.
fn value<'a>(option: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<&'a str, String> {
    let value = rest.next().map(String::as_str);
    value.ok_or_else(|| format!("{option} needs a value\n\n{HELP}"))
}

/// The number, above zero, that must follow an option.
fn count<'a>(option: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<usize, String> {
    let text = value(option, rest)?;
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("{option} needs a number above zero, not {text:?}"))
}
