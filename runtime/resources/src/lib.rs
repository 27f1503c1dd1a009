//! The standard resources of dagstack plugins: the interfaces of those that are called by requests, and
//! implementations of all, each by a feature. Authors use them through `dagstack_plugin::resources`,
//! hosts through `dagstack_runtime::resources`.

mod blob;
mod bytes;
mod http;
#[cfg(feature = "tenant-registry")]
mod memory_tenants;
#[cfg(feature = "blob-store")]
mod object_blobs;
#[cfg(feature = "http-client")]
mod reqwest_client;
mod scratch_dir;
#[cfg(feature = "standalone")]
pub mod standalone;
mod tenants;

pub use blob::BlobStore;
pub use bytes::Bytes;
pub use http::{HttpClient, HttpRequest, HttpResponse};
#[cfg(feature = "tenant-registry")]
pub use memory_tenants::MemoryTenants;
#[cfg(feature = "blob-store")]
pub use object_blobs::ObjectBlobs;
#[cfg(feature = "http-client")]
pub use reqwest_client::ReqwestClient;
pub use scratch_dir::ScratchDir;
pub use tenants::TenantRegistry;

/// What `#[resource]` expands to.
#[doc(hidden)]
pub mod __private0_1 {
    pub use dagstack_plugin_core::__private::*;
    pub use dagstack_plugin_core::{__dagstack_hidden as hidden, __dagstack_items as items};
}
