//! What stands for processes where the feature `mcp-stdio` is off: types that have no values, so that
//! what is written for them elsewhere can never run.

use std::sync::Arc;

use dagstack_engine::RemoteAdapter;
use dagstack_engine::feed::SectionFeed;
use dagstack_plugin::BoxFuture;

use crate::error::PluginRegistryError;
use crate::host::TokioHost;
use crate::registry::Registry;

impl Registry {
    pub(crate) fn start_process(
        &self,
        _: usize,
        program: &Arc<program::Program>,
        _: &SectionFeed,
    ) -> BoxFuture<'static, Result<Box<dyn RemoteAdapter>, PluginRegistryError>> {
        match **program {}
    }

    pub(crate) fn workers_of(
        &self,
        _: usize,
        _: &SectionFeed,
        _: &TokioHost,
    ) -> Option<Arc<workers::WorkerPool>> {
        None
    }
}

pub(crate) mod options {
    use crate::descriptor::Descriptor;

    #[derive(Clone, Debug, Default)]
    pub(crate) struct Processes {}

    impl Processes {
        pub(crate) fn take_executables(&mut self) -> Vec<Descriptor> {
            Vec::new()
        }

        pub(crate) fn hand_out_workers(&mut self, _: &mut [Descriptor]) {}
    }
}

pub(crate) mod program {
    use std::fmt;
    use std::path::Path;

    use dagstack_plugin::Manifest;

    #[derive(Debug)]
    pub(crate) enum Program {}

    impl Program {
        pub(crate) fn of_manifest(_: &Manifest, _: &Path) -> Option<Self> {
            None
        }

        pub(crate) fn content_hash(&self) -> Option<String> {
            match *self {}
        }
    }

    impl fmt::Display for Program {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }
}

pub(crate) mod workers {
    use std::time::Duration;

    use dagstack_plugin::kind::Caller;
    use dagstack_plugin::{BoxFuture, HookContext, HookError, PluginName};
    use serde_json::Value;

    #[derive(Debug)]
    pub(crate) enum WorkerPool {}

    impl WorkerPool {
        pub(crate) async fn run(
            &self,
            _: &str,
            _: &HookContext,
            _: Value,
        ) -> Result<Value, HookError> {
            match *self {}
        }

        pub(crate) async fn close(&self, _: Duration) {
            match *self {}
        }
    }

    impl Caller for WorkerPool {
        fn plugin(&self) -> &PluginName {
            match *self {}
        }

        fn call<'a>(
            &'a self,
            _: &'a str,
            _: &'a HookContext,
            _: Value,
        ) -> BoxFuture<'a, Result<Value, HookError>> {
            match *self {}
        }
    }
}
