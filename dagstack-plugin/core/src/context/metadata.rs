//! [`Metadata`]: what travels with a call.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::encode::nesting::{make_shallow, shallow};
use crate::trace;

/// The horizontal concerns that travel with a call: an immutable map from text to JSON.
///
/// The core never interprets it and never requires a key, but carries it unchanged through all
/// runtimes (plugin specification, §4). Reserved keys: `tenant_id`, `actor`, `quota_budget`,
/// `trace_context`, `request_id`.
#[derive(Clone, Default)]
pub struct Metadata(Option<Arc<Map<String, Value>>>);

impl Metadata {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_deref()?.get(key)
    }

    /// The same map with one entry added or replaced. The original stays as it was. In the place of a
    /// value that nests deeper than [`MAX_NESTING`](crate::encode::nesting::MAX_NESTING) levels stands a text that
    /// says so, however metadata are made: they would not cross.
    #[must_use]
    pub fn with(&self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut map = self.0.as_deref().cloned().unwrap_or_default();
        map.insert(key.into(), shallow(value.into()));
        Self(Some(Arc::new(map)))
    }

    /// [`with`](Self::with) for any value that serialises.
    ///
    /// # Errors
    ///
    /// When the value has no JSON form: NaN, an infinity, an integer beyond 64 bits, a map key that is
    /// no text, or its own `Serialize` fails.
    ///
    /// ```
    /// use dagstack_plugin::Metadata;
    ///
    /// let metadata = Metadata::new().try_with("quota_budget", &[1, 2])?;
    /// assert_eq!(metadata.get("quota_budget").unwrap()[1], 2);
    /// let error = metadata.try_with("quota_budget", &f64::NAN).unwrap_err();
    /// assert!(error.to_string().starts_with("metadata `quota_budget` has no JSON form"));
    /// # Ok::<(), dagstack_plugin::MetadataError>(())
    /// ```
    pub fn try_with<T: Serialize + ?Sized>(
        &self,
        key: impl Into<String>,
        value: &T,
    ) -> Result<Self, MetadataError> {
        let key = key.into();
        match crate::encode::to_value(value) {
            Ok(value) => Ok(self.with(key, value)),
            Err(error) => Err(MetadataError {
                problem: error.to_string(),
                key,
            }),
        }
    }

    /// The entries, if there are any.
    pub(crate) fn map(&self) -> Option<&Map<String, Value>> {
        self.0.as_deref()
    }

    /// The same without a trace context that is malformed; a warning says so.
    pub(super) fn with_clean_trace(self) -> Self {
        if self.map().is_none_or(trace::is_clean) {
            return self;
        }
        let mut entries = Map::from(&self);
        trace::clean(&mut entries);
        Self::from(entries)
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.as_deref().is_none_or(Map::is_empty)
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.as_deref().into_iter().flatten()
    }
}

/// A value that cannot be metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataError {
    /// The key it was to stand under.
    pub key: String,
    /// Why not.
    pub problem: String,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, problem } = self;
        write!(f, "metadata `{key}` has no JSON form: {problem}")
    }
}

impl std::error::Error for MetadataError {}

impl From<Map<String, Value>> for Metadata {
    fn from(mut map: Map<String, Value>) -> Self {
        map.values_mut().for_each(make_shallow);
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }
}

impl From<&Metadata> for Map<String, Value> {
    fn from(metadata: &Metadata) -> Self {
        metadata.0.as_deref().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| {
                let shown = if crate::secrets::is_secret_name(key) {
                    Value::from(crate::secrets::MASKED)
                } else {
                    crate::secrets::mask(value)
                };
                (key, shown)
            }))
            .finish()
    }
}
