//! [`OsRng`]: the randomness of the system.

use super::{Rng, RngSetting};

/// The randomness of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl Rng for OsRng {
    fn next_u64(&self) -> u64 {
        // The system cannot run dry once it is up; where it refuses altogether (a sandbox without
        // the call), hashing keys that are random per process is what is left.
        getrandom::u64().unwrap_or_else(|_| {
            use std::hash::{BuildHasher, Hasher, RandomState};
            RandomState::new().build_hasher().finish()
        })
    }

    fn setting(&self) -> Option<RngSetting> {
        Some(RngSetting::System)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ() {
        assert_ne!(OsRng.next_u64(), OsRng.next_u64());
    }
}
