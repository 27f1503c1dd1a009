//! Where and how a plugin runs, by the names that manifests have for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An enum whose variants have a fixed name in manifests.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in manifests.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The value of that name in manifests, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// Where a plugin runs.
    Runtime {
        /// Linked into the host.
        InProcess = "in_process",
        /// As a subprocess that speaks MCP on its standard streams.
        McpStdio = "mcp_stdio",
        /// As a service that speaks MCP over HTTP.
        McpHttp = "mcp_http",
    }
}

named! {
    /// How a plugin's hooks run; `#[hook]` says how to choose.
    ExecutionModel {
        /// Futures that do not block, on the caller's task.
        Async = "async",
        /// Short functions, on the caller's task; it waits for them.
        Sync = "sync",
        /// Functions that keep a thread busy or block it, on a bounded pool.
        ThreadCpuBound = "thread_cpu_bound",
        /// Functions that keep a process busy, in subprocesses.
        ProcessCpuBound = "process_cpu_bound",
    }
}

named! {
    /// When a unit of work need not run again.
    IdempotencyMode {
        /// When one with the same input has finished.
        InputHash = "input_hash",
        /// Never; but the output is the same, bit for bit.
        OutputHash = "output_hash",
        /// No promise.
        None = "none",
    }
}
