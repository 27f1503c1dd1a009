//! The one writer of the protocol's stream: whole lines, combined into few writes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::unix::{self, OwnedFd};
use dagstack_engine::wire::is_one_line;
use dagstack_plugin_core::sync::lock;

/// Replies collected before they are written although more work waits.
const COMBINE: usize = 64 * 1024;
/// Unwritten replies after which a sender waits for the reader at the other end.
const LIMIT: usize = 4 * 1024 * 1024;
/// What is written at a time; a pipe takes as much. While the reader is behind, less shows whether it
/// reads at all.
const WRITE: usize = 64 * 1024;
const SLOW_WRITE: usize = 4096;
/// The buffer kept for the next replies.
const KEEP: usize = 256 * 1024;

/// A message, one whole line, that is made piece by piece.
pub(super) trait Pieces {
    /// Gives each piece to `sink`, until that says `false`. Whether all were given.
    fn each(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool;
}

/// The real stdout. Any thread may send; at most one writes, the others leave their lines with it.
#[derive(Debug)]
pub(super) struct LineWriter {
    fd: OwnedFd,
    state: Mutex<State>,
    drained: Condvar,
    /// Who sends now waits for the reader at the other end; known without the lock.
    full: AtomicBool,
    /// How many writes the reader has taken.
    taken: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    spare: Vec<u8>,
    writing: bool,
    /// The other end is gone; what is sent from now on is dropped.
    dead: bool,
}

impl LineWriter {
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self {
            fd,
            state: Mutex::default(),
            drained: Condvar::new(),
            full: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Sends a message, one whole line. With `more`, the caller promises to send or to
    /// [`flush`](Self::flush) again within microseconds, and the line may wait for that.
    pub(super) fn send(&self, line: Vec<u8>, more: bool) {
        debug_assert!(is_one_line(&line), "a message must be one line");
        let Some(mut state) = self.admitted() else {
            return;
        };
        let collected = state.pending.len() + line.len();
        if state.writing || (more && collected < COMBINE) {
            state.pending.extend_from_slice(&line);
            self.note(&state);
            return;
        }
        state.writing = true;
        if state.pending.is_empty() {
            drop(state);
            let written = self.write(&line);
            // Before anything else is written: large lines are not kept beside the next ones.
            drop(line);
            self.finish(self.lock(), written);
        } else if collected < COMBINE {
            state.pending.extend_from_slice(&line);
            self.finish(state, true);
        } else {
            let first = std::mem::take(&mut state.pending);
            drop(state);
            let written = self.write(&first) && self.write(&line);
            drop(line);
            self.finish(self.lock(), written);
        }
    }

    /// Sends a large message. Unless another thread is writing, it is written as it is made.
    pub(super) fn send_pieces(&self, message: &impl Pieces) {
        #[cfg(debug_assertions)]
        {
            let mut whole = Vec::new();
            message.each(&mut |piece| {
                whole.extend_from_slice(piece);
                true
            });
            assert!(is_one_line(&whole), "a message must be one line");
        }
        let Some(mut state) = self.admitted() else {
            return;
        };
        if state.writing {
            message.each(&mut |piece| {
                state.pending.extend_from_slice(piece);
                true
            });
            self.note(&state);
            return;
        }
        state.writing = true;
        let first = std::mem::take(&mut state.pending);
        drop(state);
        let written = self.write(&first) && message.each(&mut |piece| self.write(piece));
        self.finish(self.lock(), written);
    }

    /// Leaves a line for others to write, without waiting for anything. `true` if the caller must see
    /// to it that somebody [`flush`](Self::flush)es; `None` if too much waits already, and the line is
    /// dropped.
    pub(super) fn offer(&self, line: Vec<u8>) -> Option<bool> {
        debug_assert!(is_one_line(&line), "a message must be one line");
        let mut state = self.lock();
        if state.dead || state.pending.len() + line.len() > LIMIT {
            return None;
        }
        let unwatched = !state.writing && state.pending.is_empty();
        state.pending.extend_from_slice(&line);
        Some(unwatched)
    }

    /// Whether the peer leaves so much unread that more would only wait.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// What changes while somebody reads.
    pub(super) fn progress(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    fn note(&self, state: &State) {
        let is_full = state.writing && state.pending.len() > LIMIT;
        self.full.store(is_full, Ordering::Relaxed);
    }

    /// Waits while too much is unwritten. `None` if nobody reads any more.
    fn admitted(&self) -> Option<MutexGuard<'_, State>> {
        let is_full =
            |state: &mut State| state.writing && state.pending.len() > LIMIT && !state.dead;
        let state = self
            .drained
            .wait_while(self.lock(), is_full)
            .unwrap_or_else(PoisonError::into_inner);
        (!state.dead).then_some(state)
    }

    /// Writes what [`send`](Self::send) kept back.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        if !state.writing && !state.pending.is_empty() {
            state.writing = true;
            self.finish(state, true);
        }
    }

    /// Whether lines wait and nobody writes them.
    pub(super) fn is_waiting(&self) -> bool {
        let state = self.lock();
        !state.writing && !state.pending.is_empty()
    }

    /// Whether everything sent is written.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.dead || (!state.writing && state.pending.is_empty())
    }

    /// Writes what others left meanwhile, then gives the stream up.
    fn finish<'a>(&'a self, mut state: MutexGuard<'a, State>, mut written: bool) {
        while written && !state.pending.is_empty() {
            let spare = std::mem::take(&mut state.spare);
            let mut batch = std::mem::replace(&mut state.pending, spare);
            self.note(&state);
            drop(state);
            written = self.write(&batch);
            state = self.lock();
            self.drained.notify_all();
            if batch.capacity() <= KEEP {
                batch.clear();
                state.spare = batch;
            }
        }
        if !written {
            state.dead = true;
            state.pending = Vec::new();
        }
        state.writing = false;
        self.note(&state);
        drop(state);
        self.drained.notify_all();
    }

    fn write(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let most = if self.is_full() { SLOW_WRITE } else { WRITE };
            let (now, rest) = bytes.split_at(bytes.len().min(most));
            if unix::write_all(&self.fd, now).is_err() {
                return false;
            }
            self.taken.fetch_add(1, Ordering::Relaxed);
            bytes = rest;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::sync::Arc;

    use super::*;

    fn pipe() -> (File, LineWriter) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        (File::from(read), LineWriter::new(write))
    }

    fn line(byte: u8, length: usize) -> Vec<u8> {
        let mut line = vec![byte; length];
        line.push(b'\n');
        line
    }

    struct InPieces(u8);

    impl Pieces for InPieces {
        fn each(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
            let piece = vec![self.0; 40_000];
            (0..5).all(|_| sink(&piece)) && sink(b"\n")
        }
    }

    /// Small, large and piecemeal ones, put off and offered, through a pipe that is mostly full.
    #[test]
    fn no_line_is_interleaved_or_lost() {
        const ROUNDS: usize = 40;
        let (read, output) = pipe();
        let output = &output;
        std::thread::scope(|scope| {
            for byte in b'a'..=b'd' {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        output.send(line(byte, 10), true);
                        output.send(line(byte, 1000 * round), false);
                        output.send_pieces(&InPieces(byte));
                        output.send(line(byte, 70_000), true);
                        while output.offer(line(byte, 5)).is_none() {
                            std::thread::yield_now();
                        }
                        output.flush();
                    }
                });
            }
            let lines = BufReader::new(read).split(b'\n');
            let mut seen = [0; 4];
            for line in lines.take(4 * 5 * ROUNDS) {
                let line = line.unwrap();
                let Some(&first) = line.first() else {
                    continue;
                };
                assert!(line.iter().all(|&byte| byte == first), "{line:?}");
                seen[usize::from(first - b'a')] += line.len();
            }
            let all = ROUNDS * (10 + 200_000 + 70_000 + 5) + 1000 * ROUNDS * (ROUNDS - 1) / 2;
            assert_eq!(seen, [all; 4]);
        });
        assert!(output.is_idle());
    }

    #[test]
    fn a_line_that_is_put_off_waits_for_the_next() {
        let (mut read, output) = pipe();
        output.send(line(b'a', 1), true);
        assert!(output.is_waiting() && !output.is_idle());
        output.send(line(b'b', 1), false);
        assert!(!output.is_waiting() && output.is_idle());
        assert_eq!(output.offer(line(b'c', 1)), Some(true));
        assert_eq!(output.offer(line(b'd', 1)), Some(false));
        output.flush();
        drop(output);
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a\nb\nc\nd\n");
    }

    /// Nothing more is kept than the limit and what senders bring along; who only offers never waits.
    #[test]
    fn senders_wait_for_a_slow_reader() {
        let (mut read, output) = pipe();
        let output = Arc::new(output);
        let send = |lines: Vec<Vec<u8>>| {
            let output = Arc::clone(&output);
            std::thread::spawn(move || {
                for line in lines {
                    output.send(line, false);
                }
            })
        };
        // More than a pipe takes: its sender writes until somebody reads all of it.
        let writer = send(vec![line(b'w', LIMIT)]);
        let mut first = [0];
        read.read_exact(&mut first).unwrap();
        while output.offer(line(b'o', 100_000)) == Some(false) {}
        output.send(line(b'l', 100_000), false);
        let waiting = send(vec![line(b'x', 10), line(b'y', 10)]);
        assert!(output.lock().pending.len() > LIMIT);
        assert_eq!(output.offer(line(b'o', 1)), None);
        let mut lines = BufReader::new(read).split(b'\n').map(Result::unwrap);
        let starts: Vec<u8> = lines
            .by_ref()
            .map(|line| line[0])
            .take_while(|&first| first != b'x')
            .collect();
        assert_eq!((starts.first(), starts.last()), (Some(&b'w'), Some(&b'l')));
        assert_eq!(lines.next().unwrap(), [b'y'; 10]);
        writer.join().unwrap();
        waiting.join().unwrap();
    }

    #[test]
    fn what_nobody_reads_is_dropped() {
        let (read, output) = pipe();
        drop(read);
        output.send(line(b'a', 1), false);
        assert!(output.is_idle());
        output.send(line(b'b', 1), true);
        output.send_pieces(&InPieces(b'c'));
        assert_eq!(output.offer(line(b'd', 1)), None);
        assert!(output.is_idle() && !output.is_waiting());
    }
}
