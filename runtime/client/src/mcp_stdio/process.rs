//! A child process that is always reaped and never outlives its [`Process`].

use std::fmt;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dagstack_plugin_core::sync::lock;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{oneshot, watch};

/// How long a child may take to end by itself once its standard input is closed.
const GRACE: Duration = Duration::from_millis(2500);
/// How long it may take after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(5);

/// How long the end of a process and the end of its streams may lag behind each other on a busy machine.
/// All of it passes only where a grandchild keeps a stream open.
pub(super) const EXIT_LAG: Duration = Duration::from_secs(1);

/// How a process ended; `None` while it runs.
pub(super) type Exit = Option<Ended>;

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended(Option<ExitStatus>);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(status) = self.0 else {
            return f.write_str("its process ended");
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => write!(f, "its process ended with exit code {code}"),
            (None, Some(signal)) => {
                write!(f, "its process was ended by signal {signal}")?;
                let name = match signal {
                    4 => "SIGILL",
                    6 => "SIGABRT",
                    8 => "SIGFPE",
                    9 => "SIGKILL",
                    11 => "SIGSEGV",
                    15 => "SIGTERM",
                    _ => return Ok(()),
                };
                write!(f, " ({name})")
            }
            (None, None) => f.write_str("its process ended"),
        }
    }
}

/// The process group of a child, to send signals to.
#[derive(Clone, Debug)]
pub(super) struct Group {
    leader: Pid,
    /// Set under the lock before the leader is reaped: its id may then be somebody else's.
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Exit>,
}

impl Group {
    fn signal(&self, signal: Signal) {
        let reaped = lock(&self.reaped);
        if !*reaped {
            // It fails where the group is gone, which is what was wanted.
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// How the leader ended, if it has.
    pub(super) fn exit(&self) -> Exit {
        *self.exit.borrow()
    }

    /// Waits for the end, but not for ever.
    pub(super) async fn ended_within(&self, limit: Duration) -> Exit {
        let mut exit = self.exit.clone();
        let _ = tokio::time::timeout(limit, exit.wait_for(Option::is_some)).await;
        self.exit()
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) {
        let mut exit = self.exit.clone();
        let _ = exit.wait_for(Option::is_some).await;
    }

    /// Ends a process whose standard input is closed: patiently, then with SIGTERM, then SIGKILL.
    pub(super) async fn see_out(&self) {
        for (patience, signal) in [(GRACE, Signal::TERM), (TERM_GRACE, Signal::KILL)] {
            if self.ended_within(patience).await.is_some() {
                return;
            }
            self.signal(signal);
        }
        self.ended().await;
    }
}

/// A child process. Dropping it kills its whole group.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) group: Group,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.signal(Signal::KILL);
    }
}

/// The three streams of a child.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Process {
    pub(super) fn pid(&self) -> u32 {
        self.group.leader.as_raw_nonzero().get().unsigned_abs()
    }

    /// Starts the command, with its streams piped, in a process group of its own.
    ///
    /// A thread of its own waits for each child: it is reaped at once, whatever happens to the
    /// host's async runtime, and what it left behind in its group goes with it.
    pub(super) async fn spawn(mut command: Command, name: &str) -> io::Result<(Self, Streams)> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let (answer, started) = oneshot::channel();
        std::thread::Builder::new()
            .name(format!("wait {name}"))
            .spawn(move || {
                let (tell, exit) = watch::channel(None);
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        return;
                    }
                };
                let reaped = Arc::new(Mutex::new(false));
                let process = Self {
                    group: Group {
                        leader: Pid::from_child(&child),
                        reaped: Arc::clone(&reaped),
                        exit,
                    },
                };
                let streams = match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
                    (Some(stdin), Some(stdout), Some(stderr)) => Ok((
                        process,
                        Streams {
                            stdin,
                            stdout,
                            stderr,
                        },
                    )),
                    _ => Err(io::Error::other("its standard streams are no pipes")),
                };
                // Where nobody waits for the answer any more, dropping it kills the child.
                let _ = answer.send(streams);
                let ended = reap(child, &reaped);
                let _ = tell.send(Some(ended));
            })?;
        started
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it panicked")))
    }
}

/// Waits for a child, ends the rest of its group, and reaps it.
fn reap(mut child: Child, reaped: &Mutex<bool>) -> Ended {
    let leader = Pid::from_child(&child);
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(leader), ended) {}
    let mut reaped = lock(reaped);
    // Unreaped, the leader keeps the group's id from being given to others.
    let _ = kill_process_group(leader, Signal::KILL);
    let status = child.wait().ok();
    *reaped = true;
    Ended(status)
}
