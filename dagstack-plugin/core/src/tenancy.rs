//! Tenants: whose call it is, and what it may reach (dagstack tenancy specification).
//!
//! Only `metadata["tenant_id"]` crosses a process boundary. A host says what a tenant may do by a
//! [`TenantResolver`]; plugins in its process ask that. A plugin in a process of its own knows the
//! tenant's id, and its [`TenantContext`] there allows everything: it holds no rules it could check by.
//! What such a plugin reaches of its host (resources, other plugins) is checked by the host, where the
//! rules are.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use crate::context::metadata::Metadata;
use crate::error::{HookError, code};

pub use crate::error::TenantAccessDenied;

/// The reserved metadata key of the tenant.
pub const TENANT_ID: &str = "tenant_id";

/// The action of a check that names none.
pub const READ: &str = "read";

/// The tenant a call is made for: [`HookContext::tenant`](crate::HookContext::tenant).
///
/// ```
/// use dagstack_plugin::tenancy::{READ, TenantAccessDenied};
/// use dagstack_plugin::HookContext;
///
/// fn open(ctx: &HookContext, document: &str) -> Result<(), TenantAccessDenied> {
///     ctx.tenant().check_access("document", document, READ)
/// }
/// # open(&HookContext::default(), "7").unwrap();
/// ```
pub trait TenantContext: Send + Sync {
    /// The tenant's id; `None` for a call without one.
    fn tenant_id(&self) -> Option<&str>;

    /// Asks whether the tenant may do `action` (by convention [`READ`], `"write"`, `"delete"`) to a
    /// resource. It decides by what it knows and waits for nothing.
    ///
    /// # Errors
    ///
    /// If the tenant may not.
    fn check_access(
        &self,
        resource_kind: &str,
        resource_id: &str,
        action: &str,
    ) -> Result<(), TenantAccessDenied>;

    /// [`check_access`](Self::check_access) for [`READ`].
    ///
    /// # Errors
    ///
    /// If the tenant may not.
    fn check_read(&self, resource_kind: &str, resource_id: &str) -> Result<(), TenantAccessDenied> {
        self.check_access(resource_kind, resource_id, READ)
    }

    /// The error of a check that fails.
    fn denied(&self, resource_kind: &str, resource_id: &str, action: &str) -> TenantAccessDenied {
        TenantAccessDenied {
            tenant_id: self.tenant_id().map(str::to_owned),
            resource_kind: resource_kind.to_owned(),
            resource_id: resource_id.to_owned(),
            action: action.to_owned(),
        }
    }
}

impl fmt::Debug for dyn TenantContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant {:?}", self.tenant_id())
    }
}

/// Knows the tenant's id and allows everything: what a call has without a [`TenantResolver`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoOpTenantContext(Option<Arc<str>>);

impl NoOpTenantContext {
    /// For the tenant that the metadata name, if any.
    pub fn of(metadata: &Metadata) -> Self {
        let id = metadata.get(TENANT_ID).and_then(serde_json::Value::as_str);
        Self(id.map(Arc::from))
    }
}

impl TenantContext for NoOpTenantContext {
    fn tenant_id(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn check_access(&self, _: &str, _: &str, _: &str) -> Result<(), TenantAccessDenied> {
        Ok(())
    }
}

/// Says who the tenant of a call is and what it may do. A host has one at most.
///
/// A closure is one too:
///
/// ```
/// use std::sync::Arc;
/// use dagstack_plugin::Metadata;
/// use dagstack_plugin::tenancy::{NoOpTenantContext, TenantContext, TenantResolver};
///
/// fn host(tenancy: impl TenantResolver) {}
///
/// host(|metadata: &Metadata| Arc::new(NoOpTenantContext::of(metadata)) as Arc<dyn TenantContext>);
/// ```
pub trait TenantResolver: Send + Sync + 'static {
    /// The tenant of a call with these metadata. Called when a hook first asks for its tenant, which
    /// most never do.
    fn resolve(&self, metadata: &Metadata) -> Arc<dyn TenantContext>;
}

impl<F> TenantResolver for F
where
    F: Fn(&Metadata) -> Arc<dyn TenantContext> + Send + Sync + 'static,
{
    fn resolve(&self, metadata: &Metadata) -> Arc<dyn TenantContext> {
        self(metadata)
    }
}

impl TenantAccessDenied {
    /// Reads it from the error of a call; `None` if that is another error.
    pub fn from_hook_error(error: &HookError) -> Option<Self> {
        if error.code() != code::TENANT_ACCESS_DENIED {
            return None;
        }
        Self::deserialize(error.get_details()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied() -> TenantAccessDenied {
        NoOpTenantContext::of(&Metadata::new().with(TENANT_ID, "acme"))
            .denied("document", "7", READ)
    }

    #[test]
    fn it_keeps_its_fields_however_a_hook_returns_it() {
        #[derive(Debug)]
        struct Wrapped(TenantAccessDenied);
        impl fmt::Display for Wrapped {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the document cannot be read")
            }
        }
        impl std::error::Error for Wrapped {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        for error in [
            HookError::from(denied()),
            HookError::from_error(denied()),
            HookError::from_error(Wrapped(denied())),
        ] {
            assert_eq!(TenantAccessDenied::from_hook_error(&error), Some(denied()));
            // And over a process boundary.
            let again = HookError::from_value(&error.to_value()).unwrap();
            assert_eq!(TenantAccessDenied::from_hook_error(&again), Some(denied()));
        }
        assert_eq!(
            denied().to_string(),
            "tenant `acme` may not read document `7`"
        );
        let other = HookError::new("other", "no").details(denied().details());
        assert_eq!(TenantAccessDenied::from_hook_error(&other), None);
    }
}
