//! What the system tells about a process, and keeping to one core. Linux only: elsewhere there are
//! no such figures, and the tables show a dash.

use std::fs;

/// The CPU time of all threads of a process so far, user and system, in seconds, from the
/// scheduler's own count of nanoseconds in `/proc/<pid>/task/*/schedstat` (the ticks of
/// `/proc/<pid>/stat` are too coarse for a short run).
pub(super) fn cpu_seconds(pid: u32) -> Option<f64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let statistics = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        let running = statistics.split_ascii_whitespace().next()?;
        nanoseconds += running.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 / 1e9)
}

/// The most memory a process ever held, in MiB: `VmHWM` of `/proc/<pid>/status`.
pub(super) fn peak_memory(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes = line.split_ascii_whitespace().next()?;
    Some(kibibytes.parse::<f64>().ok()? / 1024.0)
}

/// Of the cores that this thread may run on.
#[derive(Clone, Copy)]
pub(super) enum Core {
    First,
    /// Where there is another than the first; often the quieter of the two.
    Last,
}

/// Keeps this thread, and what it starts, on one core; dropping it lets the thread go again.
#[cfg(target_os = "linux")]
pub(super) struct OneCore(rustix::thread::CpuSet);

#[cfg(target_os = "linux")]
impl OneCore {
    pub(super) fn pin(core: Core) -> Option<Self> {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let before = sched_getaffinity(None).ok()?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| before.is_set(core));
        let first = cores.next()?;
        let core = match core {
            Core::First => first,
            Core::Last => cores.next_back()?,
        };
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).ok()?;
        Some(Self(before))
    }
}

#[cfg(target_os = "linux")]
impl Drop for OneCore {
    fn drop(&mut self) {
        let _stays_pinned = rustix::thread::sched_setaffinity(None, &self.0);
    }
}

/// Not known how here.
#[cfg(not(target_os = "linux"))]
pub(super) struct OneCore;

#[cfg(not(target_os = "linux"))]
impl OneCore {
    pub(super) fn pin(_core: Core) -> Option<Self> {
        None
    }
}
