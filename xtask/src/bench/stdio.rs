//! The echo tool over stdio: our executable beside the peers.
//!
//! First every command must answer a few calls with the very same bytes. Then come the rounds: in
//! each of them every figure is taken of all commands in turn, so that a figure of ours and the
//! peer's figure that it is divided by are neighbours in time. The tables give the median over the
//! rounds and the least and the most. The figures, per command and round:
//!
//! * *spawn → first answer*, ms: starting the process, `initialize` and its answer,
//!   `notifications/initialized`, and one answered 50 B call; the median of several.
//! * *p50* and *p99*, µs or ms: a lone call, from before its write to the last byte of its reply,
//!   with 50 B, 64 KiB and 1 MiB of plain text. *Same core*: client and server kept to one core.
//! * *CPU per call*, µs: the server's user and system time over the lone 50 B calls.
//! * *calls/s*: lone 50 B calls after another, and with 16 and 64 of them in flight.
//! * *peak memory*, MiB: resident at most, after all 50 B calls and after the 1 MiB ones.

use std::path::Path;
use std::time::{Duration, Instant};

use super::client::{Request, Server};
use super::process::{OneCore, cpu_seconds, peak_memory};
use super::report::{self, Figure, Samples, median, percentile};
use super::{Command, HELP, cargo, count, target_dir, value};

const OURS: &str = "echo";
const README_PEER: &str = "peer-rmcp-readme";
const LABELS: [&str; 4] = [OURS, "peer-rmcp-best", README_PEER, "peer-serde-echo"];

const SMALL: usize = 50;
const MEDIUM: usize = 64 * 1024;
const LARGE: usize = 1024 * 1024;

const fn falling(name: &'static str) -> Figure {
    let rising = false;
    Figure { name, rising }
}

const fn rising(name: &'static str) -> Figure {
    let rising = true;
    Figure { name, rising }
}

const FIRST_ANSWER: usize = 0;
const SMALL_P50: usize = 1;
const SMALL_P99: usize = 2;
const SAME_CORE: usize = 3;
const CPU: usize = 4;
const ALONE: usize = 5;
const SIXTEEN: usize = 6;
const SIXTY_FOUR: usize = 7;
const MEDIUM_P50: usize = 8;
const MEDIUM_P99: usize = 9;
const LARGE_P50: usize = 10;
const LARGE_P99: usize = 11;
const SMALL_MEMORY: usize = 12;
const LARGE_MEMORY: usize = 13;

/// The rows, at the places named above.
const FIGURES: [Figure; 14] = [
    falling("spawn → first answer, ms"),
    falling("50 B p50, µs"),
    falling("50 B p99, µs"),
    falling("50 B p50, same core, µs"),
    falling("50 B CPU per call, µs"),
    rising("50 B calls/s, 1 in flight"),
    rising("50 B calls/s, 16 in flight"),
    rising("50 B calls/s, 64 in flight"),
    falling("64 KiB p50, ms"),
    falling("64 KiB p99, ms"),
    falling("1 MiB p50, ms"),
    falling("1 MiB p99, ms"),
    falling("peak memory after 50 B, MiB"),
    falling("peak memory after 1 MiB, MiB"),
];

/// How much of everything is in a round.
struct Load {
    spawns: usize,
    small: usize,
    medium: usize,
    large: usize,
    in_flight: Duration,
}

struct Options {
    rounds: usize,
    load: Load,
    pin: bool,
    commands: Vec<Command>,
}

pub(super) fn run(args: &[String]) -> Result<(), String> {
    let options = options(args)?;
    build(&options.commands)?;
    check(&options.commands)?;
    let mut rows: Vec<(Figure, Samples)> = FIGURES
        .iter()
        .map(|figure| (*figure, vec![Vec::new(); options.commands.len()]))
        .collect();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        let taken = Round::run(&options)?;
        for ((_, all), of_round) in rows.iter_mut().zip(&taken.samples) {
            for (samples, sample) in all.iter_mut().zip(of_round) {
                samples.push(*sample);
            }
        }
    }
    let labels: Vec<&str> = options.commands.iter().map(|c| &*c.label).collect();
    let rounds = options.rounds;
    println!("Median of {rounds} rounds (least–most).\n");
    println!("{}", report::figures(&labels, &rows));
    if labels.first() == Some(&OURS) && labels.len() > 1 {
        println!("Ratios, pair by pair: median of {rounds} (least–most).\n");
        println!("{}", report::ratios(&labels, &rows));
    }
    Ok(())
}

fn options(args: &[String]) -> Result<Options, String> {
    let binaries = target_dir()?.join("release");
    let mut commands: Vec<Command> = LABELS.map(|label| built(&binaries, label)).into();
    let (mut rounds, mut quick, mut pin) = (None, false, true);
    let mut only: Vec<&str> = Vec::new();
    let mut rest = args.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--rounds" => rounds = Some(count(option, &mut rest)?),
            "--quick" => quick = true,
            "--no-pin" => pin = false,
            "--only" => only.push(value(option, &mut rest)?),
            "--also" => {
                let also = value(option, &mut rest)?;
                let (label, line) = also.split_once('=').ok_or("--also needs LABEL=COMMAND")?;
                commands.push(Command {
                    label: label.to_owned(),
                    argv: line.split_whitespace().map(str::to_owned).collect(),
                });
            }
            _ => return Err(format!("unknown option {option}\n\n{HELP}")),
        }
    }
    if let Some(label) = only
        .iter()
        .find(|o| commands.iter().all(|c| c.label != **o))
    {
        return Err(format!("--only {label}: there is no such command"));
    }
    commands.retain(|command| only.is_empty() || only.contains(&&*command.label));
    let short = Load {
        spawns: 3,
        small: 300,
        medium: 30,
        large: 5,
        in_flight: Duration::from_millis(50),
    };
    let full = Load {
        spawns: 20,
        small: 3000,
        medium: 300,
        large: 40,
        in_flight: Duration::from_millis(300),
    };
    Ok(Options {
        rounds: rounds.unwrap_or(if quick { 2 } else { 10 }),
        load: if quick { short } else { full },
        pin,
        commands,
    })
}

fn built(binaries: &Path, label: &str) -> Command {
    Command {
        label: label.to_owned(),
        argv: vec![binaries.join(label).display().to_string()],
    }
}

/// Builds the commands that are ours to build. Each apart: in one build cargo would give all of them
/// the features of each.
fn build(commands: &[Command]) -> Result<(), String> {
    let has = |label: &str| commands.iter().any(|command| command.label == label);
    let release = ["build", "--release", "--package"];
    if has(OURS) {
        cargo(&[&release[..], &["echo"]].concat())?;
    }
    if LABELS[1..].iter().any(|label| has(label)) {
        cargo(&[&release[..], &["peers"]].concat())?;
    }
    if has(README_PEER) {
        let readme = ["peers", "--features", "readme", "--bin", README_PEER];
        cargo(&[&release[..], &readme].concat())?;
    }
    Ok(())
}

/// The same calls to all commands must give the same bytes.
fn check(commands: &[Command]) -> Result<(), String> {
    let awkward =
        r#"é ü 😀 \"quoted\" back\\slash a\/b \u0001\u001f\u007f\u2028 \t\r\n\ud83d\ude00"#;
    let mut requests = vec![Request::new("hi"), Request::new(""), Request::new(awkward)];
    requests.extend([SMALL, MEDIUM, LARGE].map(Request::of_size));
    let mut expected: Vec<Vec<u8>> = Vec::new();
    for command in commands {
        let mut server = Server::start(command)?;
        for (index, request) in requests.iter_mut().enumerate() {
            let reply = server.reply(request, index as u64)?;
            match expected.get(index) {
                None => expected.push(reply),
                Some(expected) if *expected == reply => {}
                Some(expected) => {
                    let first = commands.first().map(|command| &*command.label);
                    return Err(format!(
                        "{} and {} answer differently:\n{}\n{}",
                        first.unwrap_or_default(),
                        command.label,
                        beginning(expected),
                        beginning(&reply),
                    ));
                }
            }
        }
    }
    Ok(())
}

fn beginning(reply: &[u8]) -> String {
    let shown = reply.get(..400).unwrap_or(reply);
    String::from_utf8_lossy(shown).trim_end().to_owned()
}

/// One round's samples: by figure, then by command.
struct Round<'a> {
    options: &'a Options,
    samples: Vec<Vec<f64>>,
}

impl<'a> Round<'a> {
    fn run(options: &'a Options) -> Result<Self, String> {
        let mut round = Self {
            options,
            samples: vec![vec![f64::NAN; options.commands.len()]; FIGURES.len()],
        };
        round.first_answer()?;
        let commands = &options.commands;
        let mut servers = commands
            .iter()
            .map(Server::start)
            .collect::<Result<Vec<_>, _>>()?;
        round.small(&mut servers)?;
        for (index, server) in servers.iter().enumerate() {
            round.set(SMALL_MEMORY, index, peak_memory(server.pid()));
        }
        round.lone(&mut servers, MEDIUM, [MEDIUM_P50, MEDIUM_P99])?;
        round.lone(&mut servers, LARGE, [LARGE_P50, LARGE_P99])?;
        for (index, server) in servers.iter().enumerate() {
            round.set(LARGE_MEMORY, index, peak_memory(server.pid()));
        }
        drop(servers);
        round.same_core()?;
        Ok(round)
    }

    fn set(&mut self, figure: usize, command: usize, sample: impl Into<Option<f64>>) {
        let slot = self
            .samples
            .get_mut(figure)
            .and_then(|s| s.get_mut(command));
        if let (Some(slot), Some(sample)) = (slot, sample.into()) {
            *slot = sample;
        }
    }

    fn first_answer(&mut self) -> Result<(), String> {
        let commands = &self.options.commands;
        let mut request = Request::of_size(SMALL);
        let mut samples = vec![Vec::new(); commands.len()];
        for _ in 0..self.options.load.spawns {
            for (command, samples) in commands.iter().zip(&mut samples) {
                let start = Instant::now();
                let mut server = Server::spawn(command)?;
                server.initialize()?;
                server.call(&mut request)?;
                samples.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        for (index, samples) in samples.iter_mut().enumerate() {
            self.set(FIRST_ANSWER, index, median(samples));
        }
        Ok(())
    }

    fn small(&mut self, servers: &mut [Server]) -> Result<(), String> {
        let load = &self.options.load;
        let mut request = Request::of_size(SMALL);
        for (index, server) in servers.iter_mut().enumerate() {
            warm_up(server, &mut request, load.small / 10)?;
            let cpu = cpu_seconds(server.pid());
            let start = Instant::now();
            let mut samples = latencies(server, &mut request, load.small)?;
            let elapsed = start.elapsed().as_secs_f64();
            let cpu = cpu_seconds(server.pid()).zip(cpu).map(|(a, b)| a - b);
            let calls = load.small as f64;
            self.set(CPU, index, cpu.map(|seconds| seconds / calls * 1e6));
            self.set(ALONE, index, calls / elapsed);
            self.set(SMALL_P50, index, percentile(&mut samples, 0.5) * 1e6);
            self.set(SMALL_P99, index, percentile(&mut samples, 0.99) * 1e6);
        }
        for (figure, depth) in [(SIXTEEN, 16), (SIXTY_FOUR, 64)] {
            for (index, server) in servers.iter_mut().enumerate() {
                let rate = server.throughput(&mut request, depth, load.in_flight)?;
                self.set(figure, index, rate);
            }
        }
        Ok(())
    }

    fn lone(
        &mut self,
        servers: &mut [Server],
        size: usize,
        [p50, p99]: [usize; 2],
    ) -> Result<(), String> {
        let load = &self.options.load;
        let calls = if size == LARGE {
            load.large
        } else {
            load.medium
        };
        let mut request = Request::of_size(size);
        for (index, server) in servers.iter_mut().enumerate() {
            warm_up(server, &mut request, calls / 10)?;
            let mut samples = latencies(server, &mut request, calls)?;
            self.set(p50, index, percentile(&mut samples, 0.5) * 1e3);
            self.set(p99, index, percentile(&mut samples, 0.99) * 1e3);
        }
        Ok(())
    }

    fn same_core(&mut self) -> Result<(), String> {
        let Some(_pinned) = self.options.pin.then(OneCore::pin).flatten() else {
            return Ok(());
        };
        let load = &self.options.load;
        let mut request = Request::of_size(SMALL);
        for (index, command) in self.options.commands.iter().enumerate() {
            let mut server = Server::start(command)?;
            warm_up(&mut server, &mut request, load.small / 10)?;
            let mut samples = latencies(&mut server, &mut request, load.small)?;
            self.set(SAME_CORE, index, percentile(&mut samples, 0.5) * 1e6);
        }
        Ok(())
    }
}

fn warm_up(server: &mut Server, request: &mut Request, calls: usize) -> Result<(), String> {
    (0..calls.max(1)).try_for_each(|_| server.call(request).map(drop))
}

/// Of lone calls, in seconds.
fn latencies(server: &mut Server, request: &mut Request, calls: usize) -> Result<Vec<f64>, String> {
    (0..calls)
        .map(|_| server.call(request).map(|latency| latency.as_secs_f64()))
        .collect()
}
