//! Clean builds, in seconds of wall clock: `cargo build` into an empty target directory, with all
//! sources fetched before, no network and no compiler cache. Each round builds everything once, so
//! that a build and the one it is divided by are neighbours in time.
//!
//! * `echo, library`: the echo plugin as a library, beside `baseline-lib`, the same by hand on serde,
//!   schemars, inventory, async-trait and tracing.
//! * `echo, executable`: the plugin's executable, beside `peer-rmcp-best`, a server by hand on rmcp.

use std::fs;
use std::time::Instant;

use super::report::{self, Figure, Samples};
use super::{HELP, cargo, count, target_dir};

/// What is built; the first of each two is ours.
const BUILDS: [(&str, &[&str]); 4] = [
    (
        "echo, library",
        &["--package", "echo", "--no-default-features", "--lib"],
    ),
    ("baseline-lib", &["--package", "baseline-lib"]),
    ("echo, executable", &["--package", "echo", "--bin", "echo"]),
    (
        "peer-rmcp-best",
        &["--package", "peers", "--bin", "peer-rmcp-best"],
    ),
];

const PROFILES: [(&str, &str); 2] = [("dev, s", "dev"), ("release, s", "release")];

pub(super) fn run(args: &[String]) -> Result<(), String> {
    let mut rounds = 1;
    let mut rest = args.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--rounds" => rounds = count(option, &mut rest)?,
            _ => return Err(format!("unknown option {option}\n\n{HELP}")),
        }
    }
    cargo(&["fetch", "--locked"])?;
    let mut rows: Vec<(Figure, Samples)> = PROFILES
        .iter()
        .map(|&(name, _)| {
            let rising = false;
            (Figure { name, rising }, vec![Vec::new(); BUILDS.len()])
        })
        .collect();
    for _ in 0..rounds {
        for ((_, samples), (_, profile)) in rows.iter_mut().zip(PROFILES) {
            for ((label, package), samples) in BUILDS.iter().zip(samples) {
                let seconds = build(package, profile)?;
                eprintln!("{label}, {profile}: {seconds:.1} s");
                samples.push(seconds);
            }
        }
    }
    println!("Clean builds: median of {rounds} rounds (least–most).\n");
    println!(
        "{}",
        report::figures(&BUILDS.map(|(label, _)| label), &rows)
    );
    for pair in [0, 2] {
        let labels: Vec<&str> = BUILDS.iter().skip(pair).take(2).map(|b| b.0).collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|(figure, samples)| {
                let samples: Samples = samples.iter().skip(pair).take(2).cloned().collect();
                (*figure, samples)
            })
            .collect();
        println!("{}", report::ratios(&labels, &rows));
    }
    Ok(())
}

/// One clean build's seconds.
fn build(package: &[&str], profile: &str) -> Result<f64, String> {
    let directory = target_dir()?.join("bench-build-times");
    let remove = || match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    };
    remove()?;
    let target = directory.display().to_string();
    let mut args = vec!["build", "--locked", "--offline", "--quiet"];
    args.extend(["--target-dir", &target, "--profile", profile]);
    args.extend(package);
    let start = Instant::now();
    cargo(&args)?;
    let seconds = start.elapsed().as_secs_f64();
    remove()?;
    Ok(seconds)
}
