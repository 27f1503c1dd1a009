//! The standard streams, kept apart: the protocol gets the real stdin and stdout under private
//! descriptors; whatever hooks, their libraries and child processes print goes through a pipe of ours
//! to the real stderr, without ever making them wait for whoever should read it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stderr, stdin, stdout};

/// Text kept for a slow reader of stderr; what comes on top is dropped.
const BACKLOG: usize = 256 * 1024;
/// A pipe that takes anything takes this much without blocking (`PIPE_BUF`; macOS: 512).
const PIECE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// The real streams.
#[derive(Debug)]
pub(in super::super) struct Streams {
    pub(in super::super) input: OwnedFd,
    pub(in super::super) output: OwnedFd,
    pub(in super::super) printed: Forwarder,
}

/// Moves the real streams away and puts harmless ones in their places.
pub(in super::super) fn protect() -> io::Result<Streams> {
    let null = || rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    let or_null = |fd: rustix::io::Result<OwnedFd>| match fd {
        // Started with the stream closed.
        Err(Errno::BADF) => null(),
        fd => fd,
    };
    let input = or_null(fcntl_dupfd_cloexec(stdin(), 3))?;
    let output = or_null(fcntl_dupfd_cloexec(stdout(), 3))?;
    let real = or_null(fcntl_dupfd_cloexec(stderr(), 3))?;
    let printed = Forwarder::new(non_blocking(real))?;
    dup2_stdin(null()?)?;
    dup2_stdout(&printed.into)?;
    dup2_stderr(&printed.into)?;
    Ok(Streams {
        input,
        output,
        printed,
    })
}

/// The real stdout; what is printed from now on goes to stderr.
pub(in super::super) fn take_stdout() -> io::Result<OwnedFd> {
    let real = fcntl_dupfd_cloexec(stdout(), 3)?;
    dup2_stdout(stderr())?;
    Ok(real)
}

/// The file that stdout was redirected to, where the system says it.
pub(in super::super) fn stdout_file() -> Option<PathBuf> {
    let stat = rustix::fs::fstat(stdout()).ok()?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return None;
    }
    std::fs::read_link("/proc/self/fd/1").ok()
}

/// A pipe or terminal opened anew does not block, without changing it for those who share it.
fn non_blocking(real: OwnedFd) -> OwnedFd {
    use std::os::fd::AsRawFd;
    let kind = rustix::fs::fstat(&real).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if !matches!(kind, Ok(FileType::Fifo | FileType::CharacterDevice)) {
        return real;
    }
    let path = format!("/proc/self/fd/{}", real.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).unwrap_or(real)
}

/// Takes what was printed to the real stderr; run by the supervisor.
#[derive(Debug)]
pub(in super::super) struct Forwarder {
    from: OwnedFd,
    /// Kept, so that `from` does not end where a hook closes its streams: an end is readable for ever,
    /// and the supervisor would not sleep any more.
    into: OwnedFd,
    to: OwnedFd,
    backlog: Vec<u8>,
    dropped: usize,
    dead: bool,
}

impl Forwarder {
    pub(super) fn new(to: OwnedFd) -> io::Result<Self> {
        let (from, into) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&from, true)?;
        Ok(Self {
            from,
            into,
            to,
            backlog: Vec::new(),
            dropped: 0,
            dead: false,
        })
    }

    /// What to wait for.
    pub(super) fn interests(&self) -> (PollFd<'_>, Option<PollFd<'_>>) {
        (
            PollFd::new(&self.from, PollFlags::IN),
            (!self.backlog.is_empty()).then(|| PollFd::new(&self.to, PollFlags::OUT)),
        )
    }

    /// Takes in what was printed.
    pub(super) fn take(&mut self) {
        // Bounded, so that a flood does not keep the supervisor from its other duties.
        for _ in 0..16 {
            let room = BACKLOG.saturating_sub(self.backlog.len());
            if room > 0 {
                self.backlog.reserve(room.min(PIECE));
                match rustix::io::read(&self.from, spare_capacity(&mut self.backlog)) {
                    Ok(count) if count > 0 => {}
                    _ => return,
                }
            } else {
                let mut piece = [0; PIECE];
                match rustix::io::read(&self.from, &mut piece) {
                    Ok(count) if count > 0 => self.dropped += count,
                    _ => return,
                }
            }
        }
    }

    /// Passes on what fits.
    pub(super) fn give(&mut self) {
        let mut given = 0;
        while let Some(rest) = self.backlog.get(given..)
            && !rest.is_empty()
            && !self.dead
        {
            let mut ready = [PollFd::new(&self.to, PollFlags::OUT)];
            let now = rustix::event::Timespec::default();
            if !matches!(rustix::event::poll(&mut ready, Some(&now)), Ok(1)) {
                break;
            }
            match rustix::io::write(&self.to, rest.get(..PIECE).unwrap_or(rest)) {
                Ok(count) => given += count,
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(_) => self.dead = true,
            }
        }
        if self.dead {
            self.backlog = Vec::new();
            return;
        }
        self.backlog.drain(..given);
        if self.dropped > 0 && self.backlog.len() < BACKLOG / 2 {
            let note = format!(
                "\n[{} bytes of output dropped: nobody read stderr]\n",
                std::mem::take(&mut self.dropped)
            );
            self.backlog.extend_from_slice(note.as_bytes());
        }
        if self.backlog.is_empty() && self.backlog.capacity() > 4 * PIECE {
            self.backlog = Vec::new();
        }
    }

    /// Whether there is something left to pass on.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, wake_pipe, write_all};
    use super::*;

    fn read_once(from: &OwnedFd) -> Vec<u8> {
        let mut text = Vec::with_capacity(2 * BACKLOG);
        assert!(read(from, &mut text).unwrap());
        text
    }

    #[test]
    fn what_nobody_reads_is_dropped_and_counted() {
        let (from, to) = wake_pipe().unwrap();
        let mut printed = Forwarder::new(to).unwrap();
        let piece = vec![b'x'; 16 * PIECE];
        let mut all = 0;
        while printed.dropped == 0 {
            write_all(&printed.into, &piece).unwrap();
            all += piece.len();
            printed.take();
            printed.give();
        }
        let mut text = Vec::new();
        while printed.dropped > 0 || printed.has_backlog() {
            text.extend(read_once(&from));
            printed.give();
        }
        text.extend(read_once(&from));
        let text = String::from_utf8(text).unwrap();
        let forwarded = text.matches('x').count();
        let note = format!("[{} bytes of output dropped", all - forwarded);
        assert!(text.contains(&note), "{note}");
    }

    #[test]
    fn a_reader_that_is_gone_costs_nothing() {
        let (from, to) = wake_pipe().unwrap();
        let mut printed = Forwarder::new(to).unwrap();
        drop(from);
        write_all(&printed.into, b"text").unwrap();
        printed.take();
        assert!(printed.has_backlog());
        printed.give();
        assert!(!printed.has_backlog());
    }
}
