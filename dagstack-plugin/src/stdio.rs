//! What [`main!`](crate::main) calls, and the resources that the executable brings by the features.

use dagstack_resources::standalone::{self, Standard};
pub use dagstack_server::{Brought, IntoResources, main};

/// One that a feature switches on.
macro_rules! by_feature {
    ($name:ident, $feature:literal) => {
        Standard {
            name: stringify!($name),
            feature: $feature,
            read: {
                #[cfg(feature = $feature)]
                {
                    Some(standalone::$name)
                }
                #[cfg(not(feature = $feature))]
                {
                    None
                }
            },
        }
    };
}

/// One that every executable has.
macro_rules! always {
    ($name:ident) => {
        Standard {
            name: stringify!($name),
            feature: "",
            read: Some(standalone::$name),
        }
    };
}

/// The standard resources.
pub static STANDARD: [Standard; 6] = [
    always!(clock),
    always!(rng),
    always!(tmpdir),
    by_feature!(http_client, "http-client"),
    by_feature!(blob_store, "blob-store"),
    by_feature!(tenant_registry, "tenant-registry"),
];
