//! [`ToolAnnotations`]: what a hook tells MCP clients of itself.

/// What a hook tells MCP clients of itself: how it is shown, and what its calls do. Hints, which no
/// client may rely on; `None` is what MCP takes for granted then.
///
/// ```
/// use dagstack_plugin::ToolAnnotations;
///
/// let kind = ToolAnnotations { destructive: Some(false), ..ToolAnnotations::NONE };
/// let plugin = ToolAnnotations { title: Some("Search"), ..ToolAnnotations::NONE };
/// let both = plugin.over(kind);
/// assert_eq!((both.title, both.destructive), (Some("Search"), Some(false)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolAnnotations {
    /// A title for people.
    pub title: Option<&'static str>,
    /// Whether a call changes nothing. By default it may.
    pub read_only: Option<bool>,
    /// Whether a call may destroy something, and not only add to it. By default it may.
    pub destructive: Option<bool>,
    /// Whether the same call again changes nothing more. By default it may.
    pub idempotent: Option<bool>,
    /// Whether a call deals with an open world, such as the web. By default it does.
    pub open_world: Option<bool>,
}

impl ToolAnnotations {
    /// None of them.
    pub const NONE: Self = Self {
        title: None,
        read_only: None,
        destructive: None,
        idempotent: None,
        open_world: None,
    };

    /// These, and what they leave open as `kind` has it. What changes nothing neither destroys nor
    /// repeats anything, so a hook that is read-only takes no word about that from its kind.
    #[must_use]
    pub fn over(self, kind: Self) -> Self {
        let of_changes = match self.read_only {
            Some(true) => Self::NONE,
            _ => kind,
        };
        Self {
            title: self.title.or(kind.title),
            read_only: self.read_only.or(kind.read_only),
            destructive: self.destructive.or(of_changes.destructive),
            idempotent: self.idempotent.or(of_changes.idempotent),
            open_world: self.open_world.or(kind.open_world),
        }
    }

    /// The hints that are given, by the names that MCP has for them.
    pub fn hints(self) -> impl Iterator<Item = (&'static str, bool)> {
        [
            ("readOnlyHint", self.read_only),
            ("destructiveHint", self.destructive),
            ("idempotentHint", self.idempotent),
            ("openWorldHint", self.open_world),
        ]
        .into_iter()
        .filter_map(|(name, hint)| Some((name, hint?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_is_read_only_takes_no_word_about_changes_from_its_kind() {
        let kind = ToolAnnotations {
            title: Some("Of the kind"),
            destructive: Some(true),
            idempotent: Some(false),
            open_world: Some(false),
            ..ToolAnnotations::NONE
        };
        assert_eq!(ToolAnnotations::NONE.over(kind), kind);
        let own = ToolAnnotations {
            read_only: Some(true),
            ..ToolAnnotations::NONE
        };
        let hints: Vec<_> = own.over(kind).hints().collect();
        assert_eq!(hints, [("readOnlyHint", true), ("openWorldHint", false)]);
    }
}
