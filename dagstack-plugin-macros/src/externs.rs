//! The crates that the compiler was told of. Only for words: where they cannot be learnt, an error
//! about a crate's path is the compiler's own.

use std::env;
use std::path::Path;
use std::sync::OnceLock;

/// The name of our library's file, whatever the package calls the crate.
const OURS: &str = "libdagstack_plugin";

/// The crates given to the compiler by `--extern`.
pub(crate) struct Externs {
    /// Names, and whether they mean this library.
    crates: Vec<(String, bool)>,
    /// The text of the crate's root, which may give more names to them.
    root: String,
}

impl Externs {
    /// Those of this compilation, read once; `None` where nothing is known of them.
    pub(crate) fn of_compiler() -> Option<&'static Self> {
        static EXTERNS: OnceLock<Option<Externs>> = OnceLock::new();
        EXTERNS.get_or_init(Self::read).as_ref()
    }

    fn read() -> Option<Self> {
        let mut args = env::args().skip(1).peekable();
        let mut crates = Vec::new();
        let mut root = None;
        while let Some(arg) = args.next() {
            let given = match arg.strip_prefix("--extern") {
                Some("") => args.next(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None if !arg.starts_with('-') && arg.ends_with(".rs") => {
                    root = Some(arg);
                    None
                }
                None => None,
            };
            crates.extend(given.map(|given| named(&given)));
        }
        // Another way to name a crate is `extern crate x as y`, and only the root can have it.
        let root = std::fs::read_to_string(root?).ok()?;
        (!crates.is_empty()).then_some(Self { crates, root })
    }

    /// Whether there is a crate of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        const OF_RUST: &[&str] = &["std", "core", "alloc"];
        OF_RUST.contains(&name)
            || self.crates.iter().any(|(known, _)| known == name)
            || self.root.contains(&format!("as {name}"))
    }

    /// The name of this library.
    pub(crate) fn ours(&self) -> Option<&str> {
        let ours = self.crates.iter().find(|(_, is_ours)| *is_ours);
        ours.map(|(name, _)| &**name)
    }
}

/// `priv,noprelude:name=path/libname-hash.rlib`.
fn named(given: &str) -> (String, bool) {
    let (name, path) = given.split_once('=').unwrap_or((given, ""));
    let name = name.rsplit(':').next().unwrap_or(name);
    let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str());
    let library = stem.map(|stem| stem.split('-').next().unwrap_or(stem));
    (name.to_owned(), library == Some(OURS))
}
