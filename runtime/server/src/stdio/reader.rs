//! Bytes into lines: one growing buffer, every byte looked at once.

use std::ops::Range;
use std::sync::Mutex;

use super::unix::{self, OwnedFd};
use dagstack_plugin_core::sync::lock;

/// What one read asks for at least.
const CHUNK: usize = 64 * 1024;
/// Lines from here on are handed over with their buffer instead of being copied out of it.
pub(super) const LARGE: usize = 32 * 1024;
/// The largest buffer that is kept for the next large line.
const KEEP: usize = 4 * 1024 * 1024;

/// The buffer of a large line that is done with. The next one takes it, and need not have a fresh one
/// grow page by page.
#[derive(Debug, Default)]
pub(super) struct Spare(Mutex<Vec<u8>>);

impl Spare {
    /// Keeps a buffer.
    pub(super) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= KEEP {
            buffer.clear();
            let other = std::mem::replace(&mut *lock(&self.0), buffer);
            drop(other);
        }
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *lock(&self.0))
    }

    /// Gives the memory back.
    pub(super) fn forget(&self) {
        drop(self.take());
    }
}

/// The lines of the protocol's input.
#[derive(Debug)]
pub(super) struct LineReader {
    fd: OwnedFd,
    /// The longest line; longer ones are skipped and answered with an error.
    max_line: usize,
    buffer: Vec<u8>,
    /// The buffer for small lines, while a large one has taken another.
    small: Vec<u8>,
    /// Where the first unfinished line starts.
    start: usize,
    /// Up to where no line end was found.
    scanned: usize,
    /// The current line is too long; its bytes are dropped as they come.
    skipping: bool,
    /// How the line that is being skipped began.
    head: Vec<u8>,
    ended: bool,
}

/// One line, without its end.
#[derive(Debug)]
pub(super) enum Line {
    /// It lies in [`LineReader::bytes`].
    Here(Range<usize>),
    /// It was large and comes with its own buffer.
    Own(Vec<u8>),
    /// It was longer than [`LineReader::max_line`]; this is how it began.
    TooLong(Vec<u8>),
}

impl LineReader {
    pub(super) fn new(fd: OwnedFd, max_line: usize) -> Self {
        Self {
            fd,
            max_line,
            buffer: Vec::new(),
            small: Vec::new(),
            start: 0,
            scanned: 0,
            skipping: false,
            head: Vec::new(),
            ended: false,
        }
    }

    /// How long a line may be, in bytes.
    pub(super) fn max_line(&self) -> usize {
        self.max_line
    }

    /// Reads once, waiting until there is something. `false` at the end of the input.
    pub(super) fn fill(&mut self, spare: &Spare) -> bool {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 4 * CHUNK {
            self.buffer = Vec::new();
        }
        if self.buffer.capacity() - self.buffer.len() < CHUNK / 4 {
            self.grow(spare);
        }
        // An error is as good as an end.
        self.ended = !unix::read(&self.fd, &mut self.buffer).unwrap_or(false);
        !self.ended
    }

    fn grow(&mut self, spare: &Spare) {
        let length = self.buffer.len();
        if length >= LARGE && self.small.capacity() == 0 {
            let mut large = spare.take();
            if large.capacity() >= 2 * length {
                large.extend_from_slice(&self.buffer);
                self.small = std::mem::replace(&mut self.buffer, large);
                self.small.clear();
                return;
            }
        }
        self.buffer.reserve(CHUNK.max(length));
    }

    /// Whether [`fill`](Self::fill) would find something without waiting, be it the end.
    pub(super) fn has_something(&self) -> bool {
        unix::is_readable(&self.fd)
    }

    /// Whether nobody writes any more, be there unread lines or not.
    pub(super) fn is_hung_up(&self) -> bool {
        unix::is_hung_up(&self.fd)
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
                if self.skipping || self.scanned - self.start > self.max_line {
                    if !std::mem::replace(&mut self.skipping, true) {
                        self.head = head(&self.buffer, self.start);
                    }
                    self.forget();
                }
                return None;
            }
        };
        let line = self.start..end;
        self.start = (end + 1).min(self.buffer.len());
        self.scanned = self.start;
        if std::mem::take(&mut self.skipping) {
            return Some(Line::TooLong(std::mem::take(&mut self.head)));
        }
        if line.len() > self.max_line {
            return Some(Line::TooLong(head(&self.buffer, line.start)));
        }
        if line.len() < LARGE {
            return Some(Line::Here(line));
        }
        let mut rest = std::mem::take(&mut self.small);
        rest.extend_from_slice(self.buffer.get(self.start..).unwrap_or_default());
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

/// The first bytes of a line, enough to tell what it was about.
fn head(buffer: &[u8], start: usize) -> Vec<u8> {
    const LENGTH: usize = 256;
    let end = buffer.len().min(start + LENGTH);
    buffer.get(start..end).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_LINE: usize = 8 * 1024 * 1024;

    fn input() -> (OwnedFd, LineReader) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        (write, LineReader::new(read, MAX_LINE))
    }

    fn write(fd: &OwnedFd, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = rustix::io::write(fd, bytes).unwrap();
            bytes = &bytes[count..];
        }
    }

    /// The lines of one read.
    fn read(reader: &mut LineReader, spare: &Spare) -> (bool, Vec<String>) {
        let goes_on = reader.fill(spare);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line() {
            let bytes = match line {
                Line::Here(range) => reader.bytes(range).to_vec(),
                Line::Own(bytes) => bytes,
                Line::TooLong(head) => panic!("{head:?} is too long"),
            };
            lines.push(String::from_utf8(bytes).unwrap());
        }
        (goes_on, lines)
    }

    #[test]
    fn a_half_line_waits_for_its_rest() {
        let (fd, mut reader) = input();
        let spare = Spare::default();
        write(&fd, b"one\n\ntw");
        assert_eq!(
            read(&mut reader, &spare),
            (true, vec!["one".into(), String::new()])
        );
        assert!(!reader.has_something());
        write(&fd, b"o");
        assert!(reader.has_something());
        assert_eq!(read(&mut reader, &spare), (true, vec![]));
        write(&fd, b"\nthree\nfo");
        assert_eq!(
            read(&mut reader, &spare),
            (true, vec!["two".into(), "three".into()])
        );
    }

    #[test]
    fn the_rest_counts_as_a_line_at_the_end_of_the_input() {
        let (fd, mut reader) = input();
        let spare = Spare::default();
        write(&fd, b"one\ntwo");
        drop(fd);
        assert_eq!(read(&mut reader, &spare), (true, vec!["one".into()]));
        assert!(reader.has_something());
        assert_eq!(read(&mut reader, &spare), (false, vec!["two".into()]));
        assert_eq!(read(&mut reader, &spare), (false, vec![]));
    }

    /// Behind it, small lines go on where they were; its buffer comes back for the next one.
    #[test]
    fn a_large_line_takes_its_buffer_with_it() {
        let (fd, mut reader) = input();
        let spare = Spare::default();
        for round in ["x", "y"] {
            let large = round.repeat(20 * LARGE);
            let text = format!("before\n{large}\nafter\nha");
            let lines = std::thread::scope(|scope| {
                scope.spawn(|| write(&fd, text.as_bytes()));
                let mut lines = Vec::new();
                while lines.len() < 3 {
                    lines.extend(read(&mut reader, &spare).1);
                }
                lines
            });
            assert_eq!(lines, ["before", &large, "after"]);
            spare.give(large.into_bytes());
            write(&fd, b"lf\n");
            assert_eq!(read(&mut reader, &spare), (true, vec!["half".into()]));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_to_its_end() {
        let (fd, mut reader) = input();
        let spare = Spare::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let piece = vec![b'x'; 1024 * 1024];
                write(&fd, b"{\"id\":7,");
                for _ in 0..=MAX_LINE / piece.len() {
                    write(&fd, &piece);
                }
                write(&fd, b"\nnext\n");
            });
            let mut next = || loop {
                match reader.next_line() {
                    None => assert!(reader.fill(&spare) && reader.buffer.len() <= 2 * MAX_LINE),
                    Some(Line::TooLong(head)) => break head,
                    Some(Line::Here(line)) => break reader.bytes(line).to_vec(),
                    Some(Line::Own(line)) => panic!("a line of {} bytes", line.len()),
                }
            };
            assert!(next().starts_with(b"{\"id\":7,xxx"));
            assert_eq!(next(), b"next");
        });
    }
}
