//! [`Rng`] and the generator whose stream is the same everywhere.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::{Arrival, Crossing, Resource};

use crate::sync::lock;

/// Random numbers, as a resource.
///
/// An implementation gives [`next_u64`](Self::next_u64); everything else is defined by it, so that
/// the same 64-bit words give the same values in every language:
///
/// | method | from the words |
/// |---|---|
/// | `next_float` | the upper 53 bits of one word, divided by 2⁵³ |
/// | `next_int` | the upper half of the 128-bit product of one word and the width of the range, plus `low`; a word whose product has a lower half below 2⁶⁴ mod width is skipped; for all 2⁶⁴ values, one word as it is |
/// | `choice` | `next_int` from 0 to the last index |
/// | `uuid4` | two words, big-endian, with the version and variant bits set |
///
/// ```
/// use dagstack_plugin::resources::{Rng, SeededRng};
///
/// let rng: &dyn Rng = &SeededRng::new(7);
/// assert!((1..=6).contains(&rng.next_int(1, 6)));
/// assert!(rng.choice(&["a", "b"]).is_some());
/// assert_eq!(SeededRng::new(7).uuid4(), SeededRng::new(7).uuid4());
/// ```
pub trait Rng: Send + Sync + 'static {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;

    /// How a plugin in another process gets numbers like these; `None` if it cannot.
    fn setting(&self) -> Option<RngSetting> {
        None
    }

    /// A number from 0 up to, but not including, 1.
    fn next_float(&self) -> f64 {
        // 53 bits are what an `f64` holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let bits = (self.next_u64() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// A whole number from `low` to `high`, both included. Where `high` is less, it is `low`.
    fn next_int(&self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        // From 2 to 2⁶⁴; the last is 0 here.
        let width = high.abs_diff(low).wrapping_add(1);
        let offset = if width == 0 {
            self.next_u64()
        } else {
            // Lemire's method: every value is equally likely.
            let threshold = width.wrapping_neg() % width;
            loop {
                let product = u128::from(self.next_u64()) * u128::from(width);
                #[allow(clippy::cast_possible_truncation)]
                let (upper, lower) = ((product >> 64) as u64, product as u64);
                if lower >= threshold {
                    break upper;
                }
            }
        };
        low.wrapping_add_unsigned(offset)
    }

    /// A random UUID, version 4, in its usual form.
    fn uuid4(&self) -> String {
        let bits = (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64());
        let bits = (bits & !(0xf << 76) | (4 << 76)) & !(0x3 << 62) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let part = |from, to| hex.get(from..to).unwrap_or_default();
        format!(
            "{}-{}-{}-{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32)
        )
    }
}

impl dyn Rng + '_ {
    /// One of `items`; `None` if there are none.
    pub fn choice<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(items.len().checked_sub(1)?).ok()?;
        items.get(usize::try_from(self.next_int(0, last)).ok()?)
    }
}

/// A source of random numbers in words, as it crosses a process boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RngSetting {
    /// The randomness of the system.
    System,
    /// A [`SeededRng`].
    Seed(u64),
}

/// A generator for tests and for work that must come out the same again: the same seed gives the
/// same stream. Not for secrets.
///
/// The algorithm, for other languages: **xoshiro256++** (Blackman and Vigna, 2019), its four words
/// of state the first four numbers of **SplitMix64** started at the seed, as the authors advise.
///
/// ```text
/// splitmix64(x): x += 0x9e3779b97f4a7c15
///                z = (x ^ x >> 30) * 0xbf58476d1ce4e5b9
///                z = (z ^ z >> 27) * 0x94d049bb133111eb
///                return z ^ z >> 31
/// next():        result = rotl(s0 + s3, 23) + s0;  t = s1 << 17
///                s2 ^= s0;  s3 ^= s1;  s1 ^= s2;  s0 ^= s3;  s2 ^= t;  s3 = rotl(s3, 45)
///                return result                       (all of it modulo 2^64)
/// ```
///
/// A plugin in another process is given the seed and starts at its beginning.
#[derive(Debug)]
pub struct SeededRng {
    seed: u64,
    state: Mutex<[u64; 4]>,
}

impl SeededRng {
    /// A generator at the beginning of the stream of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        Self {
            seed,
            state: Mutex::new(std::array::from_fn(|_| split_mix(&mut x))),
        }
    }
}

fn split_mix(x: &mut u64) -> u64 {
    *x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*x ^ (*x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn xoshiro([s0, s1, s2, s3]: &mut [u64; 4]) -> u64 {
    let result = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
    let t = *s1 << 17;
    *s2 ^= *s0;
    *s3 ^= *s1;
    *s1 ^= *s2;
    *s0 ^= *s3;
    *s2 ^= t;
    *s3 = s3.rotate_left(45);
    result
}

impl Rng for SeededRng {
    fn next_u64(&self) -> u64 {
        xoshiro(&mut lock(&self.state))
    }

    fn setting(&self) -> Option<RngSetting> {
        Some(RngSetting::Seed(self.seed))
    }
}

impl Resource for dyn Rng {
    const INTERFACE: &'static str = "dagstack_plugin::resources::Rng";

    fn cross(resource: &Arc<Self>) -> Crossing {
        match resource.setting().map(serde_json::to_value) {
            Some(Ok(setting)) => Crossing::ByValue(setting),
            _ => Crossing::Refused(
                "random numbers are not asked for over a connection, and this source says of itself neither that it is the system's nor what its seed is (`Rng::setting`)".to_owned(),
            ),
        }
    }

    fn arrive(arrival: Arrival) -> Option<Arc<Self>> {
        let Arrival::ByValue(setting) = arrival else {
            return None;
        };
        match RngSetting::deserialize(setting).ok()? {
            RngSetting::Seed(seed) => Some(Arc::new(SeededRng::new(seed))),
            #[cfg(feature = "system")]
            RngSetting::System => Some(Arc::new(super::OsRng)),
            #[cfg(not(feature = "system"))]
            RngSetting::System => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithms_are_those_of_their_authors() {
        let mut x = 1_477_776_061_723_855_037;
        assert_eq!(split_mix(&mut x), 1_985_237_415_132_408_290);
        assert_eq!(split_mix(&mut x), 2_979_275_885_539_914_483);
        assert_eq!(split_mix(&mut x), 13_511_426_838_097_143_398);
        let mut state = [1, 2, 3, 4];
        let expected: [u64; 10] = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        assert_eq!(expected.map(|_| xoshiro(&mut state)), expected);
    }

    /// Gives the words it is made of, and then 0.
    struct Words(Mutex<std::collections::VecDeque<u64>>);

    impl Rng for Words {
        fn next_u64(&self) -> u64 {
            self.0.lock().unwrap().pop_front().unwrap_or_default()
        }
    }

    fn words(list: &[u64]) -> Words {
        Words(Mutex::new(list.iter().copied().collect()))
    }

    #[test]
    fn values_stay_in_their_ranges() {
        let rng = SeededRng::new(1);
        for _ in 0..10_000 {
            let float = rng.next_float();
            assert!((0.0..1.0).contains(&float));
            assert!((-3..=3).contains(&rng.next_int(-3, 3)));
        }
        assert!(words(&[u64::MAX]).next_float() < 1.0);
        assert_eq!(words(&[0]).next_float().to_bits(), 0);
        assert_eq!(words(&[0]).next_int(i64::MIN, i64::MAX), i64::MIN);
        assert_eq!(words(&[u64::MAX]).next_int(i64::MIN, i64::MAX), i64::MAX);
        assert_eq!(words(&[u64::MAX]).next_int(1, 6), 6);
        // 2⁶⁴ mod 6 is 4: the word 0 gives a lower half of 0 and is skipped.
        assert_eq!(words(&[0, u64::MAX]).next_int(1, 6), 6);
        assert_eq!(words(&[5]).next_int(4, 4), 4);
        assert_eq!(words(&[5]).next_int(4, 1), 4);
    }

    #[test]
    fn choices_and_uuids() {
        let rng: &dyn Rng = &SeededRng::new(42);
        assert_eq!(rng.choice::<u8>(&[]), None);
        let mut seen = std::collections::BTreeSet::<&str>::new();
        for _ in 0..200 {
            seen.extend(rng.choice(&["a", "b", "c"]));
        }
        assert_eq!(seen.len(), 3);
        assert_eq!(
            words(&[0, 0]).uuid4(),
            "00000000-0000-4000-8000-000000000000"
        );
        assert_eq!(
            words(&[u64::MAX, u64::MAX]).uuid4(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_stream_on_the_other_side() {
        let here: Arc<dyn Rng> = Arc::new(SeededRng::new(9));
        let Crossing::ByValue(value) = <dyn Rng>::cross(&here) else {
            panic!("it crosses by value");
        };
        let there = <dyn Rng>::arrive(Arrival::ByValue(value)).unwrap();
        for _ in 0..100 {
            assert_eq!(here.next_u64(), there.next_u64());
        }
    }
}
