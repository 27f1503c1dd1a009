//! [`PluginRef`]: which plugin of a registry is meant.

use std::fmt;

use dagstack_plugin::PluginName;

/// Which plugin is meant: a [`PluginName`], a kind and a name, `"kind.name"`, or a name alone where
/// it fits one plugin only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRef {
    pub(super) kind: Option<String>,
    pub(super) name: String,
}

impl From<&str> for PluginRef {
    fn from(text: &str) -> Self {
        // Neither kinds nor names have a dot in them.
        match text.split_once('.') {
            Some((kind, name)) => Self::from((kind, name)),
            None => Self {
                kind: None,
                name: text.to_owned(),
            },
        }
    }
}

impl From<(&str, &str)> for PluginRef {
    fn from((kind, name): (&str, &str)) -> Self {
        Self {
            kind: Some(kind.to_owned()),
            name: name.to_owned(),
        }
    }
}

impl From<&PluginName> for PluginRef {
    fn from(name: &PluginName) -> Self {
        Self::from((name.kind(), name.name()))
    }
}

impl From<PluginName> for PluginRef {
    fn from(name: PluginName) -> Self {
        Self::from(&name)
    }
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind}.")?;
        }
        f.write_str(&self.name)
    }
}
