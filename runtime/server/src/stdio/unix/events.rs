//! What the supervisor waits for: signals, the pool, and what is printed.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::low_level::pipe::register;

use super::descriptors::{drain, wake_pipe};
use super::streams::Forwarder;

/// What is readable once a signal has come that ends the process.
pub(in super::super) fn signals() -> io::Result<OwnedFd> {
    let (signals, signalled) = wake_pipe()?;
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        register(signal, signalled.try_clone()?)?;
    }
    Ok(signals)
}

/// What the supervisor waits for.
pub(in super::super) struct Events {
    pub(in super::super) printed: Forwarder,
    /// Readable after a signal.
    pub(in super::super) signals: OwnedFd,
    /// Readable after a wake-up by the pool.
    pub(in super::super) woken: OwnedFd,
}

impl Events {
    /// Waits for anything to happen, and forwards what was printed. Whether a signal came.
    pub(in super::super) fn wait(&mut self, timeout: Option<Duration>) -> bool {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let (readable, writable, is_signalled, is_woken) = {
            let (from, to) = self.printed.interests();
            let mut fds = vec![
                PollFd::new(&self.signals, PollFlags::IN),
                PollFd::new(&self.woken, PollFlags::IN),
                from,
            ];
            fds.extend(to);
            // An interruption counts as nothing seen.
            let _ = poll(&mut fds, timeout.as_ref());
            let is = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
            (is(2), is(3), is(0), is(1))
        };
        // Else the next wait would end at once.
        for (is_readable, pipe) in [(is_signalled, &self.signals), (is_woken, &self.woken)] {
            if is_readable {
                drain(pipe);
            }
        }
        if readable {
            self.printed.take();
        }
        if readable || writable {
            self.printed.give();
        }
        is_signalled
    }

    /// Forwards what was printed so far, as far as somebody reads it. Whether that was all.
    pub(in super::super) fn forward(&mut self) -> bool {
        self.printed.take();
        self.printed.give();
        !self.printed.has_backlog()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{is_readable, wake};
    use super::*;

    /// The supervisor still waits after a signal, for what ends then.
    #[test]
    fn a_signal_and_a_wake_up_are_seen_once() {
        let (signals, signalled) = wake_pipe().unwrap();
        let (woken, waker) = wake_pipe().unwrap();
        let (_stderr, to) = wake_pipe().unwrap();
        let mut events = Events {
            printed: Forwarder::new(to).unwrap(),
            signals,
            woken,
        };
        wake(&waker);
        assert!(!events.wait(None));
        wake(&signalled);
        assert!(events.wait(None));
        assert!(!events.wait(Some(Duration::ZERO)));
        assert!(!is_readable(&events.signals) && !is_readable(&events.woken));
    }
}
