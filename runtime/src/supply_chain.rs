//! Whom a host trusts.

use crate::descriptor::Descriptor;

/// The comma-separated allow-list of maintainers.
const TRUSTED_PUBLISHERS: &str = "DAGSTACK_PLUGIN_TRUSTED_PUBLISHERS";

/// The maintainers whose plugins are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publishers(Vec<String>);

impl Publishers {
    /// Of a list of names and addresses.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.trim().to_owned());
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// Those the environment names, if it names any.
    pub(crate) fn from_env() -> Option<Self> {
        let list = std::env::var_os(TRUSTED_PUBLISHERS)?;
        let list = list.to_string_lossy();
        let publishers = Self::new(list.split(',').map(str::to_owned));
        (!publishers.0.is_empty()).then_some(publishers)
    }

    /// Whether a maintainer is one of them: by the whole text, `Ada <ada@example.org>`, or by the
    /// address in it.
    pub(crate) fn trust(&self, maintainer: Option<&str>) -> bool {
        let Some(maintainer) = maintainer.map(str::trim) else {
            return false;
        };
        let address = maintainer
            .split_once('<')
            .and_then(|(_, rest)| Some(rest.split_once('>')?.0.trim()));
        let listed = |text: &str| self.0.iter().any(|known| known == text);
        listed(maintainer) || address.is_some_and(listed)
    }
}

/// Says of a plugin whether it is trusted, and warns if not. It runs either way.
pub(crate) fn judge(mut descriptor: Descriptor, publishers: Option<&Publishers>) -> Descriptor {
    let Some(publishers) = publishers else {
        return descriptor;
    };
    let trusted = publishers.trust(descriptor.maintainer());
    if !trusted {
        tracing::warn!(
            plugin.kind = descriptor.name.kind(),
            plugin.name = descriptor.name.name(),
            maintainer = descriptor.maintainer(),
            capabilities = ?descriptor.capabilities,
            "the maintainer of the plugin is not among the trusted publishers"
        );
    }
    descriptor.trusted = Some(trusted);
    descriptor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_are_trusted_by_name_or_address() {
        let list = " Ada <ada@example.org>, bob@example.org ,, ACME ";
        let publishers = Publishers::new(list.split(',').map(str::to_owned));
        for (maintainer, trusted) in [
            (Some("Ada <ada@example.org>"), true),
            (Some("Bob <bob@example.org>"), true),
            (Some("bob@example.org"), true),
            (Some("ACME"), true),
            (Some("acme"), false),
            (Some("Ada"), false),
            (Some("Mallory <mallory@example.org>"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(publishers.trust(maintainer), trusted, "{maintainer:?}");
        }
        assert!(!Publishers::new(Vec::new()).trust(Some("ACME")));
    }
}
