//! Whom a host trusts, and what it runs: publishers and content hashes.
//!
//! The hash is that of the file which `command[0]` names, after the look-up in `PATH` and with links
//! followed. For `["python3", "server.py"]` that is the interpreter's: which of its arguments is the
//! program, only the interpreter knows. To pin a script, make it executable and name it first.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use dagstack_plugin::sync::lock;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::descriptor::Descriptor;
use crate::error::PluginRegistryError;
use dagstack_client::StdioCommand;

/// The comma-separated allow-list of maintainers.
const TRUSTED_PUBLISHERS: &str = "DAGSTACK_PLUGIN_TRUSTED_PUBLISHERS";
const PREFIX: &str = "sha256:";

/// The maintainers whose plugins are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publishers(Vec<String>);

impl Publishers {
    /// Of a list of names and addresses.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.trim().to_owned());
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// Those the environment names, if it names any.
    pub(crate) fn from_env() -> Option<Self> {
        let list = std::env::var_os(TRUSTED_PUBLISHERS)?;
        let list = list.to_string_lossy();
        let publishers = Self::new(list.split(',').map(str::to_owned));
        (!publishers.0.is_empty()).then_some(publishers)
    }

    /// Whether a maintainer is one of them: by the whole text, `Ada <ada@example.org>`, or by the
    /// address in it.
    pub(crate) fn trust(&self, maintainer: Option<&str>) -> bool {
        let Some(maintainer) = maintainer.map(str::trim) else {
            return false;
        };
        let address = maintainer
            .split_once('<')
            .and_then(|(_, rest)| Some(rest.split_once('>')?.0.trim()));
        let listed = |text: &str| self.0.iter().any(|known| known == text);
        listed(maintainer) || address.is_some_and(listed)
    }
}

/// Says of a plugin whether it is trusted, and warns if not. It runs either way.
pub(crate) fn judge(mut descriptor: Descriptor, publishers: Option<&Publishers>) -> Descriptor {
    let Some(publishers) = publishers else {
        return descriptor;
    };
    let trusted = publishers.trust(descriptor.maintainer());
    if !trusted {
        tracing::warn!(
            plugin.kind = descriptor.name.kind(),
            plugin.name = descriptor.name.name(),
            maintainer = descriptor.maintainer(),
            capabilities = ?descriptor.capabilities,
            "the maintainer of the plugin is not among the trusted publishers"
        );
    }
    descriptor.trusted = Some(trusted);
    descriptor
}

/// The sha256 of the program that a plugin runs as, once it is known.
#[derive(Debug, Default)]
pub(crate) struct ContentHash(Mutex<Option<String>>);

impl ContentHash {
    pub(crate) fn get(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

/// Sees to it that the hash of a plugin's program is known, and that it is the one expected.
///
/// Where nothing is expected, the hash is computed beside the start and shown once it is there. The
/// program is looked at before it runs; who can replace it in between can as well replace the
/// manifest.
///
/// # Errors
///
/// `ContentHashMismatch`; `PluginLoadError` where a hash is expected and the file cannot be read.
pub(crate) async fn inspect(
    descriptor: &Descriptor,
    command: &StdioCommand,
    known: &Arc<ContentHash>,
) -> Result<(), PluginRegistryError> {
    // What is not there is explained better by the start.
    let Some(program) = command.program_file() else {
        return Ok(());
    };
    let hashing = {
        let (program, known) = (program.clone(), Arc::clone(known));
        tokio::task::spawn_blocking(move || {
            let hash = sha256_of(&program)?;
            *lock(&known.0) = Some(format!("{PREFIX}{hash}"));
            Ok::<_, io::Error>(hash)
        })
    };
    let Some(expected) = descriptor.expected_sha256() else {
        return Ok(());
    };
    let failed = |message: String| PluginRegistryError::PluginLoadError {
        plugin: descriptor.name.clone(),
        cause: "content_hash_unknown".to_owned(),
        message,
    };
    let expected = expected_hash(expected).ok_or_else(|| {
        failed(format!(
            "`metadata.dagstack.sha256` of its manifest is no sha256: expected 64 hexadecimal digits; `sha256sum {}` prints them",
            program.display()
        ))
    })?;
    let found = hashing
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")))
        .map_err(|error| failed(format!("`{}` cannot be read: {error}", program.display())))?;
    if found == expected {
        return Ok(());
    }
    Err(PluginRegistryError::ContentHashMismatch {
        plugin: descriptor.name.clone(),
        path: program,
        expected,
        found,
    })
}

/// The hexadecimal digits of a hash as manifests write it.
fn expected_hash(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim().to_ascii_lowercase();
    let digits = text.strip_prefix(PREFIX).unwrap_or(&text);
    let is_hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| digits.to_owned())
}

/// What makes a file another file: device, inode, size, and both times to the nanosecond.
type Identity = (u64, u64, u64, (i64, i64), (i64, i64));

/// The hashes of files seen so far: a program is read once, however many plugins it runs.
static SEEN: Mutex<Option<HashMap<Identity, String>>> = Mutex::new(None);

/// After how many seconds a file that changes again has another time.
const SETTLED: i64 = 3;

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let facts = file.metadata()?;
    let identity = (
        facts.dev(),
        facts.ino(),
        facts.size(),
        (facts.mtime(), facts.mtime_nsec()),
        (facts.ctime(), facts.ctime_nsec()),
    );
    let seen = || lock(&SEEN);
    if let Some(hash) = seen().as_ref().and_then(|seen| seen.get(&identity)) {
        return Ok(hash.clone());
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.split_at(count).0);
    }
    let mut hash = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    // Of a file that has only just changed, the clock of the file system may not tell the next
    // change from the last.
    let settled = facts.ctime().saturating_add(SETTLED) < now();
    if settled {
        let mut seen = seen();
        seen.get_or_insert_default().insert(identity, hash.clone());
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn publishers_are_trusted_by_name_or_address() {
        let list = " Ada <ada@example.org>, bob@example.org ,, ACME ";
        let publishers = Publishers::new(list.split(',').map(str::to_owned));
        for (maintainer, trusted) in [
            (Some("Ada <ada@example.org>"), true),
            (Some("Bob <bob@example.org>"), true),
            (Some("bob@example.org"), true),
            (Some("ACME"), true),
            (Some("acme"), false),
            (Some("Ada"), false),
            (Some("Mallory <mallory@example.org>"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(publishers.trust(maintainer), trusted, "{maintainer:?}");
        }
        assert!(!Publishers::new(Vec::new()).trust(Some("ACME")));
    }

    #[test]
    fn hashes_are_read_as_people_write_them() {
        let digits = "0123456789abcdef".repeat(4);
        for good in [
            digits.clone(),
            format!("sha256:{digits}"),
            digits.to_uppercase(),
        ] {
            assert_eq!(expected_hash(&json!(good)), Some(digits.clone()));
        }
        for bad in [json!("abc"), json!(1), json!(""), json!("g".repeat(64))] {
            assert_eq!(expected_hash(&bad), None);
        }
    }

    #[test]
    fn a_file_that_changes_has_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        std::fs::write(&file, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(&file).unwrap(), abc);
        assert_eq!(sha256_of(&file).unwrap(), abc);
        std::fs::write(&file, "abd").unwrap();
        assert_ne!(sha256_of(&file).unwrap(), abc);
    }
}
