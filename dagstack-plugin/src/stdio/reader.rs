//! Bytes into lines: one growing buffer, every byte looked at once.

use std::ops::Range;
use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// The longest line; longer ones are skipped and answered with an error.
pub(super) const MAX_LINE: usize = 64 * 1024 * 1024;

/// What one read asks for at least.
const CHUNK: usize = 64 * 1024;
/// Lines from here on are handed over with their buffer instead of being copied out of it.
const LARGE: usize = 32 * 1024;

/// The lines of the protocol's input.
#[derive(Debug)]
pub(super) struct LineReader {
    fd: OwnedFd,
    buffer: Vec<u8>,
    /// Where the first unfinished line starts.
    start: usize,
    /// Up to where no line end was found.
    scanned: usize,
    /// The current line is too long; its bytes are dropped as they come.
    skipping: bool,
    ended: bool,
}

/// One line, without its end.
#[derive(Debug)]
pub(super) enum Line {
    /// It lies in [`LineReader::bytes`].
    Here(Range<usize>),
    /// It was large and comes with its own buffer.
    Own(Vec<u8>),
    /// It was longer than [`MAX_LINE`].
    TooLong,
}

impl LineReader {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self {
            fd,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Reads once, waiting until there is something. `false` at the end of the input.
    pub(super) fn fill(&mut self) -> bool {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 4 * CHUNK {
            self.buffer = Vec::new();
        }
        if self.buffer.capacity() - self.buffer.len() < CHUNK / 4 {
            self.buffer.reserve(CHUNK.max(self.buffer.len()));
        }
        loop {
            match rustix::io::read(&self.fd, spare_capacity(&mut self.buffer)) {
                Ok(0) => break,
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                // The host made the stream non-blocking.
                Err(Errno::AGAIN) => {
                    let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
                    let _ = poll(&mut fds, None);
                }
                // Nothing more can come: as good as an end.
                Err(_) => break,
            }
        }
        self.ended = true;
        false
    }

    /// Whether [`fill`](Self::fill) would find something without waiting, be it the end.
    pub(super) fn has_something(&self) -> bool {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        let now = Timespec::default();
        !matches!(poll(&mut fds, Some(&now)), Ok(0))
    }

    /// The next whole line that was read. After the end, the rest counts as a line.
    pub(super) fn next_line(&mut self) -> Option<Line> {
        let unseen = self.buffer.get(self.scanned..).unwrap_or_default();
        let end = match memchr::memchr(b'\n', unseen) {
            Some(at) => self.scanned + at,
            None if self.ended && (self.skipping || self.start < self.buffer.len()) => {
                self.buffer.len()
            }
            None => {
                self.scanned = self.buffer.len();
                if self.skipping || self.scanned - self.start > MAX_LINE {
                    self.skipping = true;
                    self.forget();
                }
                return None;
            }
        };
        let line = self.start..end;
        self.start = (end + 1).min(self.buffer.len());
        self.scanned = self.start;
        if std::mem::take(&mut self.skipping) || line.len() > MAX_LINE {
            return Some(Line::TooLong);
        }
        if line.len() < LARGE {
            return Some(Line::Here(line));
        }
        let rest = self.buffer.get(self.start..).unwrap_or_default().to_vec();
        let mut own = std::mem::replace(&mut self.buffer, rest);
        (self.start, self.scanned) = (0, 0);
        own.truncate(line.end);
        own.drain(..line.start);
        Some(Line::Own(own))
    }

    /// The bytes of a [`Line::Here`].
    pub(super) fn bytes(&self, line: Range<usize>) -> &[u8] {
        self.buffer.get(line).unwrap_or_default()
    }

    fn forget(&mut self) {
        self.buffer.clear();
        if self.buffer.capacity() > 4 * CHUNK {
            self.buffer = Vec::new();
        }
        (self.start, self.scanned) = (0, 0);
    }
}
