//! `cargo xtask compile-bench`: what our crates cost who compiles them, beside the same by hand.
//!
//! Seconds are wall clock, with all sources fetched before, no network and no compiler cache. In each
//! round ours and the one by hand are built one after the other, so that their ratio is of
//! neighbours in time; tables give the median over the rounds and the least and the most.

mod counts;
mod hooks;
mod packages;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime};

use super::report::{self, Figure, Samples};
use super::{HELP, count, value};
use crate::shell;

/// A part of the bench: its name, whether `--quick` runs it, and what returns its tables.
type Part = (&'static str, bool, fn(usize) -> Result<String, String>);

const PARTS: [Part; 6] = [
    ("library", false, packages::library),
    ("executable", false, packages::executable),
    ("hooks", true, hooks::times),
    ("expansion", true, hooks::expansion),
    ("crates", true, counts::crates),
    ("lines", true, counts::lines),
];

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (mut rounds, mut only, mut quick) = (3, None, false);
    let mut rest = args.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--rounds" => rounds = count(option, &mut rest)?,
            "--only" => only = Some(named(value(option, &mut rest)?)?),
            "--quick" => (quick, rounds) = (true, 1),
            "--help" => {
                println!("{HELP}");
                return Ok(());
            }
            _ => return Err(format!("unknown option {option}\n\n{HELP}")),
        }
    }
    quietly(&mut cargo(&["fetch", "--locked"]))?;
    let all = PARTS.into_iter().filter(|part| part.1 || !quick);
    for (name, _, part) in only.unwrap_or_else(|| all.collect()) {
        println!("## {name}\n\n{}", part(rounds)?);
    }
    Ok(())
}

/// The parts of a list like `library,hooks`.
fn named(list: &str) -> Result<Vec<Part>, String> {
    let part = |name| {
        let part = PARTS.into_iter().find(|part| part.0 == name);
        part.ok_or_else(|| format!("no part {name:?}\n\n{HELP}"))
    };
    list.split(',').map(part).collect()
}

/// A cargo command in which nothing of the caller's surroundings changes what a build takes.
fn cargo(args: &[&str]) -> Command {
    let mut command = shell::cargo(args);
    command
        .env_remove("CARGO_INCREMENTAL")
        .env_remove("RUSTC_WRAPPER");
    command
}

/// Runs a command that writes nothing but errors.
fn quietly(command: &mut Command) -> Result<(), String> {
    shell::output(command).map(drop)
}

/// The seconds that a command takes.
fn seconds(command: &mut Command) -> Result<f64, String> {
    let start = Instant::now();
    quietly(command)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Makes a source as new as if it had just been written.
fn touch(source: &Path) -> Result<(), String> {
    File::options()
        .append(true)
        .open(source)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .map_err(|error| of_path(source, &error))
}

/// A file's size in MB.
fn megabytes(file: &Path) -> Result<f64, String> {
    let metadata = fs::metadata(file).map_err(|error| of_path(file, &error))?;
    Ok(metadata.len() as f64 / 1e6)
}

fn of_path(path: &Path, error: &io::Error) -> String {
    format!("`{}`: {error}", path.display())
}

/// Takes the figures of both in turn, step by step, as often as there are rounds. `steps` names the
/// figures of each; `take` gets the place of the step and of the label.
fn compare(
    rounds: usize,
    labels: [&str; 2],
    steps: &[&[&'static str]],
    take: impl Fn(usize, usize) -> Result<Vec<f64>, String>,
) -> Result<String, String> {
    let row = |&name| {
        let rising = false;
        (Figure { name, rising }, vec![Vec::new(); labels.len()])
    };
    let mut rows: Vec<Vec<(Figure, Samples)>> = steps
        .iter()
        .map(|figures| figures.iter().map(row).collect())
        .collect();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for (step, rows) in rows.iter_mut().enumerate() {
            for label in 0..labels.len() {
                for ((_, samples), taken) in rows.iter_mut().zip(take(step, label)?) {
                    if let Some(samples) = samples.get_mut(label) {
                        samples.push(taken);
                    }
                }
            }
        }
    }
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let figures = report::figures(&labels, &rows);
    Ok(format!("{figures}\n{}", report::ratios(&labels, &rows)))
}
