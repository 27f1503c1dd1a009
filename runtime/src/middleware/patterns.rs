//! [`Patterns`]: the kinds and hooks that a middleware is narrowed to.

/// Kinds and hooks; `"*"` is any. By default all fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(Option<Vec<(String, String)>>);

impl Patterns {
    /// Every pairing of these kinds and hooks.
    pub(crate) fn pairs(kinds: &[String], hooks: &[String]) -> Self {
        let pairs = kinds
            .iter()
            .flat_map(|kind| hooks.iter().map(|hook| (kind.clone(), hook.clone())));
        Self(Some(pairs.collect()))
    }

    pub(crate) fn add(&mut self, kind: impl Into<String>, hook: impl Into<String>) {
        let pairs = self.0.get_or_insert_default();
        pairs.push((kind.into(), hook.into()));
    }

    /// Whether one of them fits.
    pub(crate) fn fit(&self, kind: &str, hook: &str) -> bool {
        let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        self.0.as_ref().is_none_or(|pairs| {
            let mut pairs = pairs.iter();
            pairs.any(|(k, h)| fits(k, kind) && fits(h, hook))
        })
    }
}
