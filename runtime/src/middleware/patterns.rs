//! [`Patterns`]: the kinds and hooks that a middleware is narrowed to.

/// Kinds and hooks; `"*"` is any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(Vec<(String, String)>);

impl Patterns {
    /// Every pairing of these kinds and hooks.
    pub(crate) fn pairs(kinds: &[String], hooks: &[String]) -> Self {
        let pairs = kinds
            .iter()
            .flat_map(|kind| hooks.iter().map(|hook| (kind.clone(), hook.clone())));
        Self(pairs.collect())
    }

    pub(crate) fn add(&mut self, kind: impl Into<String>, hook: impl Into<String>) {
        self.0.push((kind.into(), hook.into()));
    }

    /// Whether one of them fits.
    pub(crate) fn match_any(&self, kind: &str, hook: &str) -> bool {
        let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        self.0.iter().any(|(k, h)| fits(k, kind) && fits(h, hook))
    }

    /// Whether one of them fits, or there are none.
    pub(crate) fn match_or_all(&self, kind: &str, hook: &str) -> bool {
        self.0.is_empty() || self.match_any(kind, hook)
    }
}
