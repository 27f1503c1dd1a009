//! A plugin with a hook for every kind of type that is another crate's: each gives back what it is
//! given.

use std::collections::HashSet;

use arrayvec::{ArrayString, ArrayVec};
use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, Local, TimeDelta, Utc, Weekday};
use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::Bytes;
use either::Either;
use indexmap::{IndexMap, IndexSet};
use jiff::civil;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use rust_decimal::Decimal;
use semver::Version;
use serde_json::{Value, json};
use smallvec::SmallVec;
use url::Url;
use uuid::Uuid;

/// Gives back what it is given.
#[derive(Debug, Default)]
pub struct Others;

/// Bytes in a struct, an enum and a map.
#[data]
#[derive(Debug)]
pub struct Packed {
    /// Maybe none.
    pub maybe: Option<Bytes>,
    /// Several.
    pub list: Vec<Bytes>,
    /// One of two.
    pub form: Form,
}

/// Bytes or a place.
#[data]
#[derive(Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Form {
    /// Bytes.
    Inline {
        /// They.
        data: Bytes,
    },
    /// A place.
    At {
        /// It.
        url: Url,
    },
}

hooks! {
    Others "others"
    plain {
        of_base64: Bytes = ["aGk=", ""];
        of_packed: Packed = [
            { "maybe": "aGk=", "list": ["", "/+8="], "form": { "type": "inline", "data": "aGk=" } },
            { "list": [], "form": { "type": "at", "url": "https://example.com/" } },
        ];
        of_array_vec: ArrayVec<u8, 4> = [[1, 2]];
        of_array_string: ArrayString<8> = ["text"];
        of_big_decimal: BigDecimal = ["1.50", 2];
        of_bytes: bytes::Bytes = [[104, 105]];
        of_bytes_mut: bytes::BytesMut = [[104, 105]];
        of_utc: DateTime<Utc> = ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789Z"];
        of_local: DateTime<Local> = ["2026-01-31T12:00:00Z"];
        of_fixed: DateTime<FixedOffset> = ["2026-01-31T12:00:00+05:30"];
        of_delta: TimeDelta = [[5, 500]];
        of_weekday: Weekday = ["Mon"];
        of_times: Vec<Option<DateTime<Utc>>> = [["2026-01-31T12:00:00Z", null]];
        of_left_or_right: Either<u8, String> = [{ "Left": 1 }, { "Right": "a" }];
        of_index_map: IndexMap<String, (u8, bool)> = [{ "z": [1, true], "a": [2, false] }];
        of_index_set: IndexSet<String> = [["z", "a"]];
        of_timestamp: Timestamp = ["2026-01-31T12:00:00Z"];
        of_zoned: Zoned = ["2026-01-31T12:00:00+01:00[Europe/Berlin]"];
        of_span: Span = ["P1DT2H"];
        of_signed_duration: SignedDuration = ["PT36H"];
        of_civil: (civil::Date, civil::Time, civil::DateTime) = [["2026-01-31", "12:00:00", "2026-01-31T12:00:00"]];
        of_decimal: Decimal = ["1.50"];
        of_version: Version = ["1.2.3-rc.1+build"];
        of_small_vec: SmallVec<[u8; 4]> = [[1, 2]];
        of_smol_02: smol_str02::SmolStr = ["text"];
        of_smol_03: smol_str03::SmolStr = ["text"];
        of_url: Url = ["https://example.com/a?b=c"];
        of_uuid: Uuid = ["123e4567-e89b-12d3-a456-426614174000"];
        of_uuids: HashSet<Uuid> = [["123e4567-e89b-12d3-a456-426614174000"]];
        of_fraction: SignedDurations = [{ "minus": "-PT1.5S", "span": "PT0.5S" }];
    }
    whole {
        with_defaults(at: Option<DateTime<Utc>>, #[serde(default)] data: Bytes) = [{}, { "at": "2026-01-31T12:00:00Z", "data": "aGk=" }];
    }
}

/// What no duration of RFC 3339 is.
#[data]
#[derive(Debug)]
pub struct SignedDurations {
    /// Before zero.
    pub minus: SignedDuration,
    /// With a fraction.
    pub span: Span,
}
