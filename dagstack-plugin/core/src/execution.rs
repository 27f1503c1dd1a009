//! Where and how a plugin runs, by the names that manifests have for it.

use serde::{Deserialize, Serialize};

use crate::named::named;

named! {
    /// Where a plugin runs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[non_exhaustive]
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
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[non_exhaustive]
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
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[non_exhaustive]
    IdempotencyMode {
        /// When one with the same input has finished.
        InputHash = "input_hash",
        /// Never; but the output is the same, bit for bit.
        OutputHash = "output_hash",
        /// No promise.
        None = "none",
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn check<T: Copy + PartialEq + Serialize + DeserializeOwned>(
        all: &[T],
        name: fn(T) -> &'static str,
    ) {
        for &value in all {
            let json = serde_json::to_value(value).unwrap();
            assert_eq!(json, name(value));
            assert!(serde_json::from_value::<T>(json).unwrap() == value);
        }
    }

    #[test]
    fn names_are_the_same_in_words_and_in_json() {
        check(Runtime::ALL, Runtime::as_str);
        check(ExecutionModel::ALL, ExecutionModel::as_str);
        check(IdempotencyMode::ALL, IdempotencyMode::as_str);
    }
}
