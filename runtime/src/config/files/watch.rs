//! Watching files: their folders are watched, because editors and deployments replace files.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecursiveMode, Watcher as _};

use super::super::{Changed, ConfigSourceError, Watch};
use super::STEM;
use dagstack_config::EXTENSIONS;

/// A file is taken for written when nothing has happened for so long …
const QUIET: Duration = Duration::from_millis(50);
/// … or so long after it began, whatever happens in its folder.
const AT_MOST: Duration = Duration::from_millis(500);

/// What is watched.
pub(super) enum Wanted {
    File(PathBuf),
    /// Every `app-config` file in it, also those that are not there yet.
    Folder(PathBuf),
}

impl Wanted {
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::new();
        let folder = match self {
            Self::File(path) => path.parent(),
            Self::Folder(folder) => Some(folder.as_path()),
        };
        folders.extend(folder.map(Path::to_owned));
        // A file that is a link elsewhere is edited there.
        for path in self.files() {
            let real = path.canonicalize().ok();
            folders.extend(real.as_deref().and_then(Path::parent).map(Path::to_owned));
        }
        folders
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = match self {
            Self::File(path) => return vec![path.clone()],
            Self::Folder(folder) => folder,
        };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().and_then(|name| name.to_str());
                let extension = path.extension().and_then(|it| it.to_str());
                name.is_some_and(|name| name.starts_with(STEM))
                    && extension.is_some_and(|it| EXTENSIONS.contains(&it))
            })
            .collect();
        files.sort();
        files
    }

    /// Differs when any of the files does.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for path in self.files() {
            path.hash(&mut hasher);
            std::fs::read(&path).ok().hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Watches until the result is dropped.
pub(super) fn start(wanted: Wanted, changed: Changed) -> Result<Watch, ConfigSourceError> {
    let (tell, events) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading the files must not look like a change of them. What went wrong may have been one.
        if event.map_or(true, |event| is_change(&event.kind)) {
            let _ = tell.send(());
        }
    })
    .map_err(ConfigSourceError::new)?;
    for folder in wanted.folders() {
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .map_err(|error| ConfigSourceError::new(format!("{}: {error}", folder.display())))?;
    }
    let before = wanted.fingerprint();
    std::thread::Builder::new()
        .name("dagstack-config-watch".to_owned())
        .spawn(move || follow(&wanted, before, &events, &changed))
        .map_err(ConfigSourceError::new)?;
    // Dropping the watcher drops the sender, which ends the thread.
    Ok(Watch::new(watcher))
}

fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => *kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Reports when the files' content differs, once for a burst of events.
fn follow(wanted: &Wanted, mut before: u64, events: &Receiver<()>, changed: &Changed) {
    while events.recv().is_ok() {
        let latest = Instant::now() + AT_MOST;
        loop {
            let left = latest.saturating_duration_since(Instant::now());
            match events.recv_timeout(QUIET.min(left)) {
                Ok(()) if !left.is_zero() => {}
                Ok(()) | Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        // Others write into the folder too, a log for instance.
        let now = wanted.fingerprint();
        if std::mem::replace(&mut before, now) != now {
            changed.notify();
        }
    }
}
