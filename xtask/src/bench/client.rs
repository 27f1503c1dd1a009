//! One raw client for every server: newline-delimited JSON-RPC over plain pipes, on one thread, so
//! that what is measured is the server.
//!
//! Requests have ten-digit ids, written into a ready line; a reply is known by the id at its start,
//! and nothing else of it is parsed. A lone call is one blocking write and as many blocking reads as
//! the reply takes (a server that begins its answer before it has the whole line would lock up there,
//! and be killed for it). With several calls in flight the writing end does not block: while it is full
//! the client waits for either end, so that full pipes on both sides cannot lock it and the server
//! up at any size; while it is not, a blocking read and a write are all it costs.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};

/// A server that answers no more is killed after this long, which ends the call that waits for it.
const LIFETIME: Duration = Duration::from_secs(120);

const REPLY: &[u8] = br#"{"jsonrpc":"2.0","id":"#;
const ID_DIGITS: usize = 10;
const FIRST_ID: u64 = 1_000_000_000;
/// How much of a reply is kept: what comes before its id, the id, and the comma.
const HEAD: usize = REPLY.len() + ID_DIGITS + 1;

const INITIALIZE: &[u8] = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#,
    "\n"
)
.as_bytes();
const INITIALIZED: &[u8] = concat!(
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n"
)
.as_bytes();

/// A line that calls the echo tool, its id to be set.
pub(super) struct Request {
    line: Vec<u8>,
}

impl Request {
    /// With `text` as it stands between the quotes of a JSON string.
    pub(super) fn new(text: &str) -> Self {
        let mut line = Vec::with_capacity(text.len() + 128);
        line.extend_from_slice(REPLY);
        line.extend_from_slice(FIRST_ID.to_string().as_bytes());
        line.extend_from_slice(
            br#","method":"tools/call","params":{"name":"tool.echo.execute.echo","#,
        );
        line.extend_from_slice(br#""arguments":{"text":""#);
        line.extend_from_slice(text.as_bytes());
        line.extend_from_slice(b"\"}}}\n");
        Self { line }
    }

    /// With a plain text of `bytes` bytes.
    pub(super) fn of_size(bytes: usize) -> Self {
        let words = "the quick brown fox jumps over the lazy dog, ";
        Self::new(&words.chars().cycle().take(bytes).collect::<String>())
    }

    fn set_id(&mut self, mut id: u64) {
        let digits = self.line.iter_mut().skip(REPLY.len()).take(ID_DIGITS);
        for digit in digits.rev() {
            *digit = b'0' + u8::try_from(id % 10).unwrap_or_default();
            id /= 10;
        }
    }
}

/// The id of a reply by its first bytes.
fn reply_id(head: &[u8]) -> Result<u64, String> {
    let digits = head
        .strip_prefix(REPLY)
        .and_then(|rest| rest.strip_suffix(b","));
    let id = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    id.ok_or_else(|| {
        let head = String::from_utf8_lossy(head);
        format!("the reply does not begin with an id: {head}")
    })
}

/// Finds the replies in a stream that is read piece by piece.
#[derive(Default)]
struct Replies {
    head: Vec<u8>,
    count: u64,
    /// Of all ids, to see that each call was answered once.
    id_sum: u64,
}

impl Replies {
    fn feed(&mut self, mut chunk: &[u8]) -> Result<(), String> {
        while !chunk.is_empty() {
            let end = memchr::memchr(b'\n', chunk);
            let (line, rest) = chunk.split_at(end.unwrap_or(chunk.len()));
            let missing = HEAD - self.head.len();
            self.head.extend(line.iter().take(missing));
            let Some((_newline, rest)) = rest.split_first() else {
                break;
            };
            self.id_sum += reply_id(&self.head)?;
            self.count += 1;
            self.head.clear();
            chunk = rest;
        }
        Ok(())
    }
}

/// Kills a server at the end of its lifetime, unless dropped before.
struct Watchdog {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    fn new(pid: Pid) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            if stopped.recv_timeout(LIFETIME) == Err(RecvTimeoutError::Timeout) {
                let _already_dead = kill_process(pid, Signal::KILL);
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// A running server. Dropping it kills it.
pub(super) struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    label: String,
    next_id: u64,
    buffer: Vec<u8>,
    watchdog: Option<Watchdog>,
}

impl Server {
    /// Starts it, no more: it is neither watched nor initialised.
    pub(super) fn spawn(command: &super::Command) -> Result<Self, String> {
        let (program, arguments) = command.argv.split_first().ok_or("an empty command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {program}: {error}", command.label))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{}: no pipes", command.label));
        };
        Ok(Self {
            child,
            stdin,
            stdout,
            label: command.label.clone(),
            next_id: FIRST_ID,
            buffer: vec![0; 256 * 1024],
            watchdog: None,
        })
    }

    /// Starts it, watches it and initialises it.
    pub(super) fn start(command: &super::Command) -> Result<Self, String> {
        let mut server = Self::spawn(command)?;
        let pid = i32::try_from(server.pid()).ok().and_then(Pid::from_raw);
        server.watchdog = pid.map(Watchdog::new);
        server.initialize()?;
        Ok(server)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// MCP's handshake: `initialize`, its reply, `notifications/initialized`.
    pub(super) fn initialize(&mut self) -> Result<(), String> {
        let mut reply = Vec::new();
        self.stdin
            .write_all(INITIALIZE)
            .map_err(|error| self.failed(&error))?;
        self.read_reply(|chunk| reply.extend_from_slice(chunk))?;
        let reply = String::from_utf8_lossy(&reply);
        if !reply.contains(r#""protocolVersion":"2025-11-25""#) {
            return Err(format!("{}: initialize answered {reply}", self.label));
        }
        self.stdin
            .write_all(INITIALIZED)
            .map_err(|error| self.failed(&error))
    }

    /// One call with none beside it, and how long it took from before the write to the last byte.
    pub(super) fn call(&mut self, request: &mut Request) -> Result<Duration, String> {
        let id = self.take_id();
        request.set_id(id);
        let mut head = [0; HEAD];
        let mut filled = 0;
        let start = Instant::now();
        self.stdin
            .write_all(&request.line)
            .map_err(|error| self.failed(&error))?;
        self.read_reply(|chunk| {
            for (slot, byte) in head.iter_mut().skip(filled).zip(chunk) {
                *slot = *byte;
                filled += 1;
            }
        })?;
        let elapsed = start.elapsed();
        match reply_id(&head)? {
            answered if answered == id => Ok(elapsed),
            answered => Err(format!("{}: {id} answered as {answered}", self.label)),
        }
    }

    /// One call of the given id, and its whole reply.
    pub(super) fn reply(&mut self, request: &mut Request, id: u64) -> Result<Vec<u8>, String> {
        request.set_id(FIRST_ID + id);
        let mut reply = Vec::new();
        self.stdin
            .write_all(&request.line)
            .map_err(|error| self.failed(&error))?;
        self.read_reply(|chunk| reply.extend_from_slice(chunk))?;
        Ok(reply)
    }

    /// Calls per second over `duration`, with `depth` calls in flight.
    pub(super) fn throughput(
        &mut self,
        request: &mut Request,
        depth: u64,
        duration: Duration,
    ) -> Result<f64, String> {
        self.set_nonblocking(true)?;
        let rate = self.drive(request, depth, duration);
        self.set_nonblocking(false)?;
        rate
    }

    fn drive(
        &mut self,
        request: &mut Request,
        depth: u64,
        duration: Duration,
    ) -> Result<f64, String> {
        let mut replies = Replies::default();
        let (mut pending, mut written) = (Vec::new(), 0);
        let (mut wanted, mut sent, mut id_sum) = (depth, 0, 0);
        let start = Instant::now();
        loop {
            for _ in 0..wanted {
                let id = self.take_id();
                request.set_id(id);
                pending.extend_from_slice(&request.line);
                sent += 1;
                id_sum += id;
            }
            written += self.write_some(pending.get(written..).unwrap_or_default())?;
            if written == pending.len() {
                pending.clear();
                written = 0;
            } else if !self.wait_readable()? {
                wanted = 0;
                continue;
            }
            let before = replies.count;
            let count = self.read_some()?;
            replies
                .feed(self.buffer.get(..count).unwrap_or_default())
                .map_err(|error| format!("{}: {error}", self.label))?;
            let elapsed = start.elapsed();
            if elapsed < duration {
                wanted = replies.count - before;
            } else if replies.count < sent {
                wanted = 0;
            } else if replies.count == sent && replies.id_sum == id_sum {
                return Ok(sent as f64 / elapsed.as_secs_f64());
            } else {
                return Err(format!("{}: replies to calls never made", self.label));
            }
        }
    }

    /// Writes what fits into the pipe.
    fn write_some(&mut self, bytes: &[u8]) -> Result<usize, String> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.stdin.write(bytes) {
            Ok(written) => Ok(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Waits for room to write or something to read, and tells if it is the latter.
    fn wait_readable(&self) -> Result<bool, String> {
        let mut ends = [
            PollFd::new(&self.stdout, PollFlags::IN),
            PollFd::new(&self.stdin, PollFlags::OUT),
        ];
        poll(&mut ends, None).map_err(|error| self.failed(&error.into()))?;
        let [readable, _writable] = ends;
        Ok(!readable.revents().is_empty())
    }

    fn read_some(&mut self) -> Result<usize, String> {
        match self.stdout.read(&mut self.buffer) {
            Ok(0) => Err(format!("{}: ended in the middle", self.label)),
            Ok(count) => Ok(count),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Reads the one reply that is due, so that its newline can only be the last byte of a read.
    fn read_reply(&mut self, mut piece: impl FnMut(&[u8])) -> Result<(), String> {
        loop {
            let count = self.read_some()?;
            let chunk = self.buffer.get(..count).unwrap_or_default();
            piece(chunk);
            if chunk.ends_with(b"\n") {
                return Ok(());
            }
        }
    }

    fn set_nonblocking(&self, nonblocking: bool) -> Result<(), String> {
        let set = || {
            let mut flags = fcntl_getfl(&self.stdin)?;
            flags.set(OFlags::NONBLOCK, nonblocking);
            fcntl_setfl(&self.stdin, flags)
        };
        set().map_err(|error: rustix::io::Errno| self.failed(&error.into()))
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn failed(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.label)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // First the watchdog: after the wait the id could be another process's.
        drop(self.watchdog.take());
        let _already_dead = self.child.kill();
        let _status = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_found_however_they_are_cut() {
        let stream = b"{\"jsonrpc\":\"2.0\",\"id\":1000000007,\"result\":{}}\n\
                       {\"jsonrpc\":\"2.0\",\"id\":1000000002,\"result\":1}\n";
        for size in 1..=stream.len() {
            let mut replies = Replies::default();
            for chunk in stream.chunks(size) {
                replies.feed(chunk).unwrap();
            }
            assert_eq!((replies.count, replies.id_sum), (2, 2_000_000_009));
        }
        assert!(Replies::default().feed(b"{\"id\":1000000007}\n").is_err());
    }

    #[test]
    fn an_id_is_written_in_place() {
        let mut request = Request::of_size(3);
        request.set_id(1_234_567_890);
        assert_eq!(reply_id(&request.line[..HEAD]), Ok(1_234_567_890));
        assert!(request.line.ends_with(b"{\"text\":\"the\"}}}\n"));
    }
}
