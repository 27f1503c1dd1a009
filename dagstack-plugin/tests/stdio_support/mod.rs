//! A plugin executable over pipes, one line at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Long enough for a loaded machine; nothing waits for it where all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The fixture's executable, built if this test was built alone.
pub fn fixture() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| example("stdio_fixture"))
}

/// The executable of an example.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let path = profile.join("examples").join(name);
    if !path.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "-q",
            "-p",
            "dagstack-plugin",
            "--features",
            "stdio",
        ]);
        build.args(["--example", name, "--target-dir"]);
        build.arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    path
}

pub struct Peer {
    pub process: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    unread: Option<ChildStdout>,
}

impl Peer {
    pub fn start(arguments: &[&str]) -> Self {
        Self::with_stderr(arguments, Stdio::null())
    }

    pub fn with_stderr(arguments: &[&str], stderr: Stdio) -> Self {
        Self::of(Command::new(fixture()).args(arguments), stderr)
    }

    pub fn of(program: &mut Command, stderr: Stdio) -> Self {
        let mut peer = Self::deaf(program, stderr);
        peer.listen();
        peer
    }

    /// Reads nothing until it [listens](Self::listen).
    pub fn deaf(program: &mut Command, stderr: Stdio) -> Self {
        let mut process = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .env("RUST_BACKTRACE", "0")
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        let unread = process.stdout.take();
        Self {
            process,
            stdin,
            lines: channel().1,
            unread,
        }
    }

    pub fn listen(&mut self) {
        self.lines = lines_of(self.unread.take().unwrap());
    }

    /// What it writes, until it [listens](Self::listen).
    pub fn unread(&mut self) -> Option<ChildStdout> {
        self.unread.take()
    }

    pub fn stdin(&self) -> &ChildStdin {
        self.stdin.as_ref().unwrap()
    }

    /// After `initialize`.
    pub fn session(arguments: &[&str]) -> Self {
        let mut peer = Self::start(arguments);
        let answer = peer.ask("init", "initialize", initialize());
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
        peer
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    pub fn send(&mut self, message: &Value) {
        self.raw(format!("{message}\n").as_bytes());
    }

    /// Several messages at once.
    pub fn send_all(&mut self, messages: &[Value]) {
        let lines = messages.iter().map(|message| format!("{message}\n"));
        self.raw(lines.collect::<String>().as_bytes());
    }

    pub fn request(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        self.send(&request(id, method, params));
    }

    pub fn call(&mut self, id: impl Into<Value>, hook: &str, arguments: Value) {
        let name = format!("sample.fixture.{hook}");
        self.request(
            id,
            "tools/call",
            json!({"name": name, "arguments": arguments}),
        );
    }

    /// The next line, which must be JSON.
    pub fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("an answer")
    }

    pub fn answer(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    pub fn ask(&mut self, id: impl Into<Value>, method: &str, params: Value) -> Value {
        let id = id.into();
        self.request(id.clone(), method, params);
        let answer = self.answer();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    pub fn hook(&mut self, hook: &str, arguments: Value) -> Value {
        self.call(77, hook, arguments);
        let answer = self.answer();
        assert_eq!(answer["id"], 77, "{answer}");
        answer["result"].clone()
    }

    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Lines that came after everything else, and how the process ended.
    pub fn end(mut self) -> (Vec<String>, ExitStatus, Duration) {
        self.close();
        let began = Instant::now();
        let rest: Vec<String> = self.lines.iter().collect();
        let status = self.process.wait().unwrap();
        (rest, status, began.elapsed())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a stream as they come.
pub fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (lines, received) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    received
}

pub fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

pub fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    })
}

/// Runs a command of the executable: exit code, stdout, stderr.
pub fn run(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut process = Command::new(fixture())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    process
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    (process.wait().unwrap().code().unwrap_or(-1), out, err)
}
