//! The hashes of programs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use dagstack_plugin::sync::lock;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What stands before the digits.
pub(super) const PREFIX: &str = "sha256:";

/// The hexadecimal digits of a hash as manifests write it.
pub(super) fn expected_hash(value: &Value) -> Option<String> {
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

pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
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
