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
//!   with 50 B, 64 KiB and 1 MiB of plain text. Where the system places the two processes makes a
//!   difference of several times, so the p50 is also taken with client and server kept to the *same
//!   core* (the steadiest figure, and the fairest for small calls) and, of 50 B, to *two cores*.
//! * *CPU per call*, µs: the server's user and system time over the lone 50 B calls.
//! * *calls/s*: lone 50 B calls after another, and with 16 and 64 of them in flight.
//! * *peak memory*, MiB: resident at most, after all 50 B calls and after the 1 MiB ones.

use std::path::Path;
use std::time::{Duration, Instant};

use super::client::{Request, Server};
use super::process::{Core, OneCore, cpu_seconds, peak_memory};
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
const SAME_CORE_P50: usize = 3;
const TWO_CORES_P50: usize = 4;
const CPU: usize = 5;
const SAME_CORE_CPU: usize = 6;
const ALONE: usize = 7;
const SIXTEEN: usize = 8;
const SIXTY_FOUR: usize = 9;
const MEDIUM_P50: usize = 10;
const MEDIUM_P99: usize = 11;
const MEDIUM_SAME_CORE: usize = 12;
const LARGE_P50: usize = 13;
const LARGE_P99: usize = 14;
const LARGE_SAME_CORE: usize = 15;
const SMALL_MEMORY: usize = 16;
const LARGE_MEMORY: usize = 17;

/// The rows, at the places named above.
const FIGURES: [Figure; 18] = [
    falling("spawn → first answer, ms"),
    falling("50 B p50, µs"),
    falling("50 B p99, µs"),
    falling("50 B p50, same core, µs"),
    falling("50 B p50, two cores, µs"),
    falling("50 B CPU per call, µs"),
    falling("50 B CPU per call, same core, µs"),
    rising("50 B calls/s, 1 in flight"),
    rising("50 B calls/s, 16 in flight"),
    rising("50 B calls/s, 64 in flight"),
    falling("64 KiB p50, ms"),
    falling("64 KiB p99, ms"),
    falling("64 KiB p50, same core, ms"),
    falling("1 MiB p50, ms"),
    falling("1 MiB p99, ms"),
    falling("1 MiB p50, same core, ms"),
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

impl Load {
    /// Lone calls of this size.
    fn calls(&self, size: usize) -> usize {
        match size {
            LARGE => self.large,
            MEDIUM => self.medium,
            _ => self.small,
        }
    }
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
        let mut servers = start_all(&options.commands)?;
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
        round.pinned()?;
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
            let mut lone = Lone::run(server, &mut request, load.small)?;
            self.set(CPU, index, lone.cpu_per_call * 1e6);
            self.set(ALONE, index, lone.calls_per_second);
            self.set(SMALL_P50, index, lone.percentile(0.5) * 1e6);
            self.set(SMALL_P99, index, lone.percentile(0.99) * 1e6);
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
        let calls = self.options.load.calls(size);
        let mut request = Request::of_size(size);
        for (index, server) in servers.iter_mut().enumerate() {
            let mut lone = Lone::run(server, &mut request, calls)?;
            self.set(p50, index, lone.percentile(0.5) * 1e3);
            self.set(p99, index, lone.percentile(0.99) * 1e3);
        }
        Ok(())
    }

    fn pinned(&mut self) -> Result<(), String> {
        let commands = &self.options.commands;
        let calls = self.options.load.small;
        let mut request = Request::of_size(SMALL);
        let Some(server_core) = self.options.pin.then(|| OneCore::pin(Core::Last)).flatten() else {
            return Ok(());
        };
        let mut servers = start_all(commands)?;
        for (index, server) in servers.iter_mut().enumerate() {
            let mut lone = Lone::run(server, &mut request, calls)?;
            self.set(SAME_CORE_P50, index, lone.percentile(0.5) * 1e6);
            self.set(SAME_CORE_CPU, index, lone.cpu_per_call * 1e6);
        }
        for (figure, size) in [(MEDIUM_SAME_CORE, MEDIUM), (LARGE_SAME_CORE, LARGE)] {
            let mut request = Request::of_size(size);
            for (index, server) in servers.iter_mut().enumerate() {
                let mut lone = Lone::run(server, &mut request, self.options.load.calls(size))?;
                self.set(figure, index, lone.percentile(0.5) * 1e3);
            }
        }
        drop(server_core);
        let Some(_client_core) = OneCore::pin(Core::First) else {
            return Ok(());
        };
        for (index, server) in servers.iter_mut().enumerate() {
            let mut lone = Lone::run(server, &mut request, calls)?;
            self.set(TWO_CORES_P50, index, lone.percentile(0.5) * 1e6);
        }
        Ok(())
    }
}

fn start_all(commands: &[Command]) -> Result<Vec<Server>, String> {
    commands.iter().map(Server::start).collect()
}

/// A run of calls, one after another.
struct Lone {
    /// In seconds.
    latencies: Vec<f64>,
    /// Of the server, in seconds; `NaN` where it cannot be known.
    cpu_per_call: f64,
    calls_per_second: f64,
}

impl Lone {
    fn run(server: &mut Server, request: &mut Request, calls: usize) -> Result<Self, String> {
        for _warm_up in 0..calls.div_ceil(10) {
            server.call(request)?;
        }
        let mut latencies = Vec::with_capacity(calls);
        let cpu = cpu_seconds(server.pid());
        let start = Instant::now();
        for _ in 0..calls {
            latencies.push(server.call(request)?.as_secs_f64());
        }
        let elapsed = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds(server.pid()).zip(cpu);
        let cpu = cpu.map_or(f64::NAN, |(after, before)| after - before);
        Ok(Self {
            latencies,
            cpu_per_call: cpu / calls as f64,
            calls_per_second: calls as f64 / elapsed,
        })
    }

    fn percentile(&mut self, share: f64) -> f64 {
        percentile(&mut self.latencies, share)
    }
}
