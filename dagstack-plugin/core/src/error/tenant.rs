//! [`TenantAccessDenied`]: a tenant may not reach a resource.

use std::fmt;

#[cfg(doc)]
use super::code;
use serde::{Deserialize, Serialize};

/// A tenant may not reach a resource.
///
/// A hook returns it by `?`; its caller, in any runtime, gets a [`HookError`](crate::HookError) with
/// [`code::TENANT_ACCESS_DENIED`] and these fields as its details, and reads them again by
/// [`from_hook_error`](Self::from_hook_error).
///
/// ```
/// use dagstack_plugin::{HookError, code};
/// use dagstack_plugin::tenancy::TenantAccessDenied;
///
/// let denied = TenantAccessDenied {
///     tenant_id: Some("acme".to_owned()),
///     resource_kind: "document".to_owned(),
///     resource_id: "7".to_owned(),
///     action: "read".to_owned(),
/// };
/// let error = HookError::from(denied.clone());
/// assert_eq!(error.code(), code::TENANT_ACCESS_DENIED);
/// assert_eq!(TenantAccessDenied::from_hook_error(&error), Some(denied));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TenantAccessDenied {
    /// Who asked; `None` for a call without a tenant.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// What was asked for, e.g. `document`.
    pub resource_kind: String,
    /// Which one.
    pub resource_id: String,
    /// What was to be done to it.
    pub action: String,
}

impl TenantAccessDenied {
    /// The details of the [`HookError`](crate::HookError).
    pub(crate) fn details(&self) -> serde_json::Value {
        serde_json::json!({
            "tenant_id": self.tenant_id,
            "resource_kind": self.resource_kind,
            "resource_id": self.resource_id,
            "action": self.action,
        })
    }
}

impl fmt::Display for TenantAccessDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tenant_id,
            resource_kind,
            resource_id,
            action,
        } = self;
        match tenant_id {
            Some(tenant) => write!(
                f,
                "tenant `{tenant}` may not {action} {resource_kind} `{resource_id}`"
            ),
            None => write!(
                f,
                "a call without a tenant may not {action} {resource_kind} `{resource_id}`"
            ),
        }
    }
}

impl std::error::Error for TenantAccessDenied {}
