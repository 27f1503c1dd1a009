//! The project's own commands; `cargo xtask help` lists them.

#![allow(clippy::print_stdout)]

mod bench;
mod checks;
mod demo;
mod peers;
mod shell;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask demo [FILE]          builds the plugins and the host, calls every hook both ways on FILE
                                 (default: README.md) and compares; ends with 1 on any difference
cargo xtask demo --self-test     the same with a plugin that differs: proves that the demo can fail
cargo xtask test [--require-peers] [ARGS]
                                 all tests, the Python and TypeScript clients included; they are
                                 installed under target/peers. --require-peers: a missing peer fails
cargo xtask bless                rewrites the snapshots of compiler output and expansions
cargo xtask bench [ARGS]         the benches; `cargo xtask bench --help` lists them
cargo xtask compile-bench [ARGS] what compiling costs; `cargo xtask compile-bench --help` has more
cargo xtask fmt | lint | doc     the other checks of CI
cargo xtask ci                   fmt, lint, doc, then test --require-peers
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match command {
        "demo" => demo::run_demo(rest),
        "test" => test::run(rest),
        "bless" => test::bless(),
        "bench" => bench::run(rest),
        "compile-bench" => bench::compile::run(rest),
        "fmt" => checks::fmt(),
        "lint" => checks::lint(),
        "doc" => checks::doc(),
        "ci" => checks::fmt()
            .and_then(|()| checks::lint())
            .and_then(|()| checks::doc())
            .and_then(|()| test::run(&["--require-peers".to_owned()])),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("no command `{other}`\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
