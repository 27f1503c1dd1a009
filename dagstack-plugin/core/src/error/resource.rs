//! [`ResourceError`]: why a plugin is not given a resource.

use std::fmt;

use super::code;

/// Why a plugin is not given a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError {
    /// The plugin does not name it in `resources(…)`.
    Undeclared {
        /// The plugin.
        plugin: String,
        /// The resource.
        resource: String,
        /// The declared one that was perhaps meant.
        suggestion: Option<String>,
    },

    /// The host does not have it.
    Missing {
        /// The resource.
        resource: String,
        /// Those there are.
        known: Vec<String>,
        /// The one that was perhaps meant.
        suggestion: Option<String>,
        /// What to do about it, where that is known.
        hint: &'static str,
    },

    /// The plugin cannot do without it, no dagstack host is there to give it, and the plugin's executable
    /// does not bring it.
    NotBrought {
        /// The plugin.
        plugin: String,
        /// The resource.
        resource: String,
        /// The one that was perhaps meant.
        suggestion: Option<String>,
        /// What to do about it.
        mend: String,
    },

    /// It is of another type.
    WrongType {
        /// The resource.
        resource: String,
        /// The type the plugin asks for.
        asked: String,
        /// The type it has.
        found: String,
    },

    /// It cannot be given to a plugin in another process.
    CannotCross {
        /// The resource.
        resource: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared {
                plugin,
                resource,
                suggestion,
            } => write!(
                f,
                "`{plugin}` does not declare the resource `{resource}`{}; add it: `#[plugin(…, resources(required = [\"{resource}\"]))]`, or to `optional`",
                crate::did_you_mean(suggestion.as_deref())
            ),
            Self::NotBrought {
                plugin,
                resource,
                suggestion,
                mend,
            } => write!(
                f,
                "`{plugin}` needs the resource `{resource}`{}, and no dagstack host is here to give it\nhelp: {mend}",
                crate::did_you_mean(suggestion.as_deref())
            ),
            Self::Missing {
                resource,
                known,
                suggestion,
                hint,
            } => {
                let guess = crate::did_you_mean(suggestion.as_deref());
                match known.as_slice() {
                    _ if !hint.is_empty() => {
                        write!(f, "there is no resource `{resource}`{guess}; {hint}")
                    }
                    [] => write!(
                        f,
                        "the host has no resource `{resource}`{guess}; it has none"
                    ),
                    known => {
                        let known = known.join(", ");
                        write!(
                            f,
                            "the host has no resource `{resource}`{guess}; it has {known}"
                        )
                    }
                }
            }
            Self::WrongType {
                resource,
                asked,
                found,
            } => write!(f, "the resource `{resource}` is `{found}`, not `{asked}`"),
            Self::CannotCross { resource, reason } => write!(
                f,
                "the resource `{resource}` cannot be used from another process: {reason}"
            ),
        }
    }
}

impl std::error::Error for ResourceError {}

impl ResourceError {
    /// The error for a name that is not among `known`.
    pub fn missing<'a>(resource: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::Missing {
            resource: resource.to_owned(),
            suggestion: crate::suggest(resource, known.iter().map(String::as_str))
                .map(str::to_owned),
            known,
            hint: "",
        }
    }

    /// The stable code: `undeclared_resource`, `resource_missing`, `resource_type` or
    /// `resource_cannot_cross`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Undeclared { .. } => code::UNDECLARED_RESOURCE,
            Self::Missing { .. } | Self::NotBrought { .. } => code::RESOURCE_MISSING,
            Self::WrongType { .. } => code::RESOURCE_TYPE,
            Self::CannotCross { .. } => code::RESOURCE_CANNOT_CROSS,
        }
    }

    /// The resource.
    pub fn resource(&self) -> &str {
        match self {
            Self::Undeclared { resource, .. }
            | Self::Missing { resource, .. }
            | Self::NotBrought { resource, .. }
            | Self::WrongType { resource, .. }
            | Self::CannotCross { resource, .. } => resource,
        }
    }
}
