//! Hooks of every shape, and plugins of them in another module.

use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::Value;

#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    pub text: String,
}

impl Chunk {
    pub fn of(text: &str) -> Self {
        let text = text.to_owned();
        Self { text }
    }
}

/// Without any JSON form.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque(pub usize);

/// By another name.
pub(crate) type Rewritten = String;

/// Splits text into pieces.
#[kind(name = "chunker", version = "1.2.0", constraints = ["in_process_only"])]
pub trait Chunker {
    /// Splits `text` into pieces.
    #[hook(dispatch = "singleton")]
    async fn chunk(
        &self,
        /// The text to split.
        text: String,
        /// Overrides the bound.
        max_size: Option<usize>,
    ) -> Vec<Chunk>;

    #[hook(
        dispatch = "broadcast_collect",
        error_policy = "best_effort",
        mcp_exposed = false
    )]
    fn looks_good(&self, text: &str, opaque: Opaque) -> bool;

    #[hook(dispatch = "capability", extension = "path", mcp_exposed = false)]
    async fn read(&self, path: &str, more: Option<&Opaque>) -> Opaque;

    /// Says who answers.
    #[hook(dispatch = "singleton")]
    async fn who(&self) -> String;

    #[hook(dispatch = "singleton")]
    async fn r#match(&self, r#type: u8) -> u8;

    #[hook(dispatch = "singleton")]
    async fn parse(&self, text: String) -> u8;

    #[hook(dispatch = "broadcast_collect", mcp_exposed = false)]
    async fn names(&self, count: usize) -> Vec<String>;

    #[hook(dispatch = "broadcast_notify")]
    async fn done(&self, at: f64);

    #[hook(
        dispatch = "singleton",
        mcp_tool_name_template = "{plugin}/{hook}/{kind}",
        input_schema = r#"{ "title": "literal", "type": "object" }"#
    )]
    async fn literal(&self, value: Value) -> Value;

    #[hook(dispatch = "chain")]
    async fn join(&self, text: String, by: String) -> Rewritten;
}

#[kind(name = "rewriter", version = "2.3.1")]
pub(crate) trait Rewriter: Send + Sync + 'static {
    #[hook(dispatch = "chain")]
    async fn rewrite(&self, text: String, times: usize) -> String;

    #[hook(dispatch = "singleton")]
    async fn hash(&self, text: String) -> u64;
}

pub mod plugins {
    use super::{Chunk, Chunker, Opaque, Value};
    use dagstack_plugin::prelude::*;

    #[derive(Default)]
    pub struct Fixed;

    type Parsed<T> = Result<T, Failure>;

    #[derive(Debug)]
    pub struct Failure(String);

    impl std::fmt::Display for Failure {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::error::Error for Failure {}

    impl From<Failure> for HookError {
        fn from(Failure(text): Failure) -> Self {
            match &*text {
                "own" => Self::new("own_code", text),
                _ => Self::from_error(text),
            }
        }
    }

    #[plugin(kind = Chunker, name = "fixed")]
    impl Fixed {
        /// Splits at a fixed size.
        #[hook]
        fn chunk(
            &self,
            /// What to split.
            text: String,
            _max_size: Option<usize>,
        ) -> Vec<Chunk> {
            text.chars().map(|ch| Chunk::of(&ch.to_string())).collect()
        }

        #[hook]
        fn looks_good(&self, text: &str, opaque: Opaque, ctx: &HookContext) -> bool {
            text.len() == opaque.0 && ctx.plugin().is_some()
        }

        #[hook]
        async fn read(&self, path: &str, more: Option<&Opaque>) -> Opaque {
            std::future::ready(()).await;
            Opaque(path.len() + more.map_or(0, |more| more.0))
        }

        #[hook]
        async fn who(&self, ctx: &HookContext) -> Result<String, HookError> {
            Ok(ctx.plugin().map(ToString::to_string).unwrap_or_default())
        }

        #[hook(name = "match")]
        fn matches(&self, r#type: u8) -> u8 {
            r#type + 1
        }

        #[hook]
        fn parse(&self, text: String) -> Parsed<u8> {
            assert_ne!(text, "panic");
            text.parse().map_err(|_| Failure(text))
        }

        #[hook]
        async fn names(&self, count: usize) -> Result<Vec<String>, std::fmt::Error> {
            Ok(vec!["fixed".to_owned(); count])
        }

        #[hook]
        async fn done(&self, _at: f64) {}

        #[hook]
        fn literal(&self, value: Value) -> Value {
            value
        }

        #[hook]
        fn join(&self, text: String, by: String) -> String {
            text + &by + "fixed"
        }
    }

    #[derive(Default)]
    pub struct Worker;

    #[plugin(kind = super::Rewriter, name = "worker", kind_api_version = "2.1.0")]
    impl Worker {
        #[hook(execution_model = "thread_cpu_bound")]
        fn rewrite(&self, ctx: &HookContext, text: String, times: usize) -> String {
            let name = ctx.plugin().map(ToString::to_string).unwrap_or_default();
            format!("{} {name}", text.repeat(times))
        }

        #[hook(execution_model = "process_cpu_bound")]
        fn hash(&self, text: String) -> u64 {
            text.len() as u64
        }
    }
}
