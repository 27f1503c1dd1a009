//! Reading, writing and waking by descriptors, which whoever has their other ends may have made
//! non-blocking.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::pipe::{PipeFlags, pipe_with};

/// Reads once into the room that `buffer` has, waiting until there is something. `false` at the end.
pub(in super::super) fn read(fd: impl AsFd, buffer: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        match rustix::io::read(&fd, spare_capacity(buffer)) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(&fd, PollFlags::IN),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads to the end of the input.
pub(in super::super) fn read_to_end(fd: impl AsFd) -> io::Result<Vec<u8>> {
    let mut all = Vec::with_capacity(4096);
    while read(&fd, &mut all)? {
        all.reserve(4096);
    }
    Ok(all)
}

/// Writes all of it, waiting for the reader.
pub(in super::super) fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&fd, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(&fd, PollFlags::OUT),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait(fd: &impl AsFd, what: PollFlags) {
    // An error comes again with the next read or write.
    let _ = poll(&mut [PollFd::new(fd, what)], None);
}

/// Whether [`read`] would find something without waiting, be it the end.
pub(in super::super) fn is_readable(fd: &OwnedFd) -> bool {
    let now = Timespec::default();
    !matches!(
        poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)),
        Ok(0)
    )
}

/// Whether nobody can write any more to what is read here. A file does not say so.
pub(in super::super) fn is_hung_up(fd: &OwnedFd) -> bool {
    // A hang-up comes unasked for; the half of a socket that was closed does not.
    let asked = if cfg!(target_os = "linux") {
        PollFlags::RDHUP
    } else {
        PollFlags::empty()
    };
    let now = Timespec::default();
    let mut fds = [PollFd::new(fd, asked)];
    let _ = poll(&mut fds, Some(&now));
    fds.iter().any(|fd| !fd.revents().is_empty())
}

/// How many columns a terminal has, where it says so.
pub(in super::super) fn columns(terminal: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    (size.ws_col > 0).then(|| size.ws_col.into())
}

/// A pipe by which one thread wakes another: the end that is readable then, and the one to [`wake`]
/// by.
pub(in super::super) fn wake_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (woken, waker) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&woken, true)?;
    ioctl_fionbio(&waker, true)?;
    Ok((woken, waker))
}

/// Makes the other end of a [`wake_pipe`] readable.
pub(in super::super) fn wake(waker: &OwnedFd) {
    // A full pipe wakes as well.
    let _ = rustix::io::write(waker, &[1]);
}

/// Takes in the wake-ups so far.
pub(super) fn drain(woken: &OwnedFd) {
    let mut bytes = [0; 64];
    while matches!(rustix::io::read(woken, &mut bytes), Ok(count) if count == bytes.len()) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_blocking_ends_are_waited_for() {
        let (from, to) = wake_pipe().unwrap();
        let all = vec![7; 1024 * 1024];
        let seen = std::thread::scope(|scope| {
            let written = scope.spawn(|| write_all(to, &all));
            let seen = read_to_end(&from).unwrap();
            written.join().unwrap().unwrap();
            seen
        });
        assert!(seen == all && is_readable(&from));
    }

    #[test]
    fn an_end_is_seen_behind_what_is_unread() {
        let (from, to) = wake_pipe().unwrap();
        let (socket, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let socket = OwnedFd::from(socket);
        write_all(&to, b"text").unwrap();
        write_all(&other, b"text").unwrap();
        assert!(!is_hung_up(&from) && !is_hung_up(&socket));
        drop(to);
        other.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(is_hung_up(&from) && is_hung_up(&socket));
    }

    #[test]
    fn wake_ups_are_taken_in_together() {
        let (woken, waker) = wake_pipe().unwrap();
        assert!(!is_readable(&woken));
        for _ in 0..200_000 {
            wake(&waker);
        }
        assert!(is_readable(&woken));
        drain(&woken);
        assert!(!is_readable(&woken));
    }
}
