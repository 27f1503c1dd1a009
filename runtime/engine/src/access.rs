//! Which hooks a caller may call by name.

use dagstack_plugin_core::declaration::Hook;
use dagstack_plugin_core::error::not_exposed;
use dagstack_plugin_core::{Declaration, HookError, code, did_you_mean, suggest, tool};
use serde_json::json;

/// Which hooks a caller may call by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Those that are exposed: the caller speaks for somebody outside the program.
    Exposed,
    /// All of them: the caller is a plugin or a middleware of the same program.
    All,
}

impl Access {
    /// The hook of that name, if there is one.
    ///
    /// # Errors
    ///
    /// [`NOT_EXPOSED`](code::NOT_EXPOSED).
    #[inline]
    pub fn find(
        self,
        declaration: &Declaration,
        name: &str,
    ) -> Result<Option<(usize, &'static Hook)>, HookError> {
        match declaration.hook(name) {
            Some((_, hook)) if !hook.mcp_exposed && self == Self::Exposed => {
                Err(not_exposed(&declaration.key(), hook.name))
            }
            found => Ok(found),
        }
    }

    /// The error for a hook that is not there.
    pub fn unknown(self, declaration: &Declaration, name: &str) -> HookError {
        let hooks = declaration.hooks.iter();
        let known = hooks
            .filter(|hook| hook.mcp_exposed || self == Self::All)
            .map(|hook| hook.name);
        unknown_hook(declaration.kind, declaration.name, known, name)
    }
}

/// The error for a hook the plugin does not have: it lists those it has and guesses the one meant.
/// The same in every runtime.
pub fn unknown_hook<'a>(
    kind: &str,
    plugin: &str,
    hooks: impl IntoIterator<Item = &'a str>,
    name: &str,
) -> HookError {
    let mut known: Vec<&str> = hooks.into_iter().collect();
    if kind == tool::KIND {
        known.extend([tool::GET_SCHEMA, tool::EXECUTE]);
    }
    let guess = did_you_mean(suggest(name, known.iter().copied()));
    HookError::new(
        code::UNKNOWN_HOOK,
        format!(
            "`{kind}.{plugin}` has no hook `{name}`{guess}; it has {}",
            known.join(", ")
        ),
    )
    .details(json!({ "hook": name, "known": known }))
    .as_clean()
}
