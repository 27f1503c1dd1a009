//! Kinds that are traits, and plugins of them: what the macros write, called.

// Clippy knows only `#[test]` functions as tests, not the helpers beside them.
#![allow(clippy::panic, clippy::unwrap_used, unreachable_pub)]
#![forbid(unsafe_code)]

#[path = "../ui/kinds/pass/borrows_several_times.rs"]
mod borrows_several_times;
#[path = "../ui/kinds/pass/cfg_on_hooks.rs"]
mod cfg_on_hooks;
#[path = "../ui/kinds/pass/clippy_pedantic.rs"]
mod clippy_pedantic;
#[path = "../ui/kinds/pass/deprecated.rs"]
mod deprecated;
#[path = "../ui/kinds/pass/every_shape.rs"]
mod every_shape;
#[path = "../ui/kinds/pass/from_a_macro.rs"]
mod from_a_macro;
#[path = "../ui/kinds/pass/inside_a_function.rs"]
mod inside_a_function;
#[path = "../ui/kinds/pass/lints_denied.rs"]
mod lints_denied;
#[path = "../ui/kinds/pass/no_prelude_and_decoys.rs"]
mod no_prelude_and_decoys;
#[path = "../ui/kinds/pass/of_generic_type.rs"]
mod of_generic_type;
#[path = "../ui/kinds/pass/same_name_twice.rs"]
mod same_name_twice;

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use dagstack_plugin::call::call;
use dagstack_plugin::kind::{
    Caller, Candidate, Capability, Dispatch, Dispatching, ErrorPolicy, Host, Lease, Selector,
};
use dagstack_plugin::manifest::{ExecutionModel, Manifest, Runtime};
use dagstack_plugin::prelude::*;
use dagstack_plugin::{
    Args, BoxFuture, DispatchError, Kind, Plugin, PluginName, async_trait, code,
};
use every_shape::plugins::{Fixed, Worker};
use every_shape::{Chunk, Chunker, Opaque, Rewriter};
use serde_json::{Value, json};

/// A host that counts the work it is given.
#[derive(Default)]
struct Counting(Mutex<usize>);

impl Host for Counting {
    fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        *self.0.lock().unwrap() += 1;
        work
    }
}

fn native<K: Kind + ?Sized, P: Plugin + Default>(host: Arc<Counting>) -> Arc<K> {
    let declaration = P::declaration();
    let name = PluginName::new(declaration.kind, declaration.name);
    let torn_down = || HookError::new(code::UNAVAILABLE, "torn down");
    let lease = Lease::new(name, host, torn_down);
    let native = Arc::new(P::default()).native(Arc::new(lease)).unwrap();
    native.downcast_ref::<Arc<K>>().unwrap().clone()
}

fn fixed() -> Arc<dyn Chunker> {
    native::<dyn Chunker, Fixed>(Arc::default())
}

#[tokio::test]
async fn a_plugin_is_called_through_the_trait() {
    let (fixed, ctx) = (fixed(), HookContext::default());
    let chunks = fixed.chunk(&ctx, "ab".to_owned(), Some(1)).await.unwrap();
    assert_eq!(chunks, [Chunk::of("a"), Chunk::of("b")]);
    // Borrowed parameters, and a hook that is no future.
    assert!(fixed.looks_good(&ctx, "ab", Opaque(2)).unwrap());
    let read = fixed.read(&ctx, "abc", Some(&Opaque(1))).await.unwrap();
    assert_eq!(read, Opaque(4));
    assert_eq!(fixed.r#match(&ctx, 1).await.unwrap(), 2);
}

#[tokio::test]
async fn a_hook_sees_the_plugin_it_belongs_to() {
    let ctx = HookContext::default();
    assert_eq!(fixed().who(&ctx).await.unwrap(), "chunker.fixed");
    assert!(ctx.plugin().is_none());
}

#[tokio::test]
async fn errors_become_hook_errors() {
    let (fixed, ctx) = (fixed(), HookContext::default());
    let error = fixed.parse(&ctx, "x".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::HOOK_FAILED);
    let error = fixed.parse(&ctx, "own".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), "own_code");
    let error = fixed.parse(&ctx, "panic".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::PANICKED);
    assert_eq!(fixed.parse(&ctx, "7".to_owned()).await.unwrap(), 7);
}

#[tokio::test]
async fn models_choose_where_a_hook_runs() {
    let host = Arc::new(Counting::default());
    let worker = native::<dyn Rewriter, Worker>(Arc::clone(&host));
    let ctx = HookContext::default();
    let text = worker.rewrite(&ctx, "a".to_owned(), 2).await.unwrap();
    assert_eq!(text, "aa rewriter.worker");
    assert_eq!(*host.0.lock().unwrap(), 1);
    // No executable is known.
    let error = worker.hash(&ctx, "a".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::UNAVAILABLE);
}

#[tokio::test]
async fn the_erased_api_knows_exposed_hooks_only() {
    let (plugin, ctx) = (Fixed, HookContext::default());
    let erased = |hook: &'static str, mut args: Value| {
        let (plugin, ctx) = (&plugin, &ctx);
        async move {
            let output = call(plugin, hook, ctx, Args::Value(&mut args)).await?;
            output.into_value()
        }
    };
    // The plugin's `_max_size` is the kind's `max_size`.
    let chunks = erased("chunk", json!({ "text": "a", "max_size": 3 })).await;
    assert_eq!(chunks, Ok(json!([{ "text": "a" }])));
    let error = erased("chunk", json!({ "text": "a", "more": 3 }))
        .await
        .unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    for hook in ["looks_good", "read", "names"] {
        let error = erased(hook, json!({})).await.unwrap_err();
        assert_eq!(error.code(), code::NOT_EXPOSED, "{hook}");
    }
}

#[test]
fn a_declaration_says_what_the_kind_says() {
    let declared = Fixed::declaration();
    assert_eq!((declared.kind, declared.name), ("chunker", "fixed"));
    assert_eq!(declared.kind_api_version, "1");
    assert!(std::ptr::eq(
        declared.kind_spec.unwrap(),
        <dyn Chunker as Kind>::SPEC
    ));
    assert_eq!(
        Manifest::of(declared, Runtime::InProcess).kind_api_version,
        "1"
    );
    let (_, chunk) = declared.hook("chunk").unwrap();
    assert!(chunk.mcp_exposed);
    // The plugin's words come before the kind's.
    assert_eq!(chunk.description, Some("Splits at a fixed size."));
    let properties = &chunk.schemas().input["properties"];
    assert_eq!(properties["text"]["description"], "What to split.");
    assert_eq!(
        properties["max_size"]["description"],
        "Overrides the bound."
    );
    let (_, who) = declared.hook("who").unwrap();
    assert_eq!(who.description, Some("Says who answers."));
    assert!(!declared.hook("names").unwrap().1.mcp_exposed);
    assert_eq!(Worker::declaration().kind_api_version, "2.1.0");
    let model = Worker::declaration().execution_model;
    assert_eq!(model, ExecutionModel::ProcessCpuBound);
}

#[test]
fn a_kind_is_its_hookspec() {
    let spec = <dyn Chunker as Kind>::SPEC;
    assert_eq!((spec.name, spec.version), ("chunker", "1.2.0"));
    assert_eq!(spec.description, Some("Splits text into pieces."));
    assert_eq!(spec.constraints, ["in_process_only"]);
    let chunk = spec.hook("chunk").unwrap();
    assert_eq!(chunk.dispatch, Dispatch::Singleton);
    assert_eq!(chunk.params, ["text", "max_size"]);
    let schema = (chunk.input_schema)().unwrap();
    assert_eq!(schema["required"], json!(["text"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["text"]["description"],
        "The text to split."
    );
    assert_eq!((chunk.output_schema)().unwrap()["type"], "array");
    let looks_good = spec.hook("looks_good").unwrap();
    assert!(!looks_good.mcp_exposed);
    assert_eq!(looks_good.error_policy, ErrorPolicy::BestEffort);
    assert!((looks_good.input_schema)().is_none());
    let read = spec.hook("read").unwrap();
    assert_eq!(read.capability, Some((Capability::Extension, "path")));
    assert!((read.output_schema)().is_none());
    // Not exposed, but with JSON forms all the same.
    let names = spec.hook("names").unwrap();
    assert!((names.input_schema)().is_some());
    let literal = spec.hook("literal").unwrap();
    assert_eq!((literal.input_schema)().unwrap()["title"], "literal");
    assert_eq!(literal.mcp_tool_name_template, "{plugin}/{hook}/{kind}");
    let done = spec.hook("done").unwrap();
    assert_eq!(done.dispatch, Dispatch::BroadcastNotify);
}

/// A plugin elsewhere that gives the answers it was told to.
struct Far(PluginName, BTreeMap<&'static str, Value>, Mutex<Vec<Value>>);

impl Caller for Far {
    fn plugin(&self) -> &PluginName {
        &self.0
    }
    fn call<'a>(
        &'a self,
        hook: &'a str,
        _: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        self.2.lock().unwrap().push(args);
        Box::pin(ready(Ok(self.1[hook].clone())))
    }
}

fn far(hook: &'static str, answer: Value) -> Arc<Far> {
    let name = PluginName::new("chunker", "far");
    Arc::new(Far(name, [(hook, answer)].into(), Mutex::default()))
}

#[tokio::test]
async fn a_proxy_is_the_trait_over_json() {
    let ctx = HookContext::default();
    let plugin = far("chunk", json!([{ "text": "a" }]));
    let proxy = <dyn Chunker>::proxy(plugin.clone());
    let chunks = proxy.chunk(&ctx, "ab".to_owned(), None).await.unwrap();
    assert_eq!(chunks, [Chunk::of("a")]);
    let sent = json!([{ "text": "ab", "max_size": null }]);
    assert_eq!(json!(*plugin.2.lock().unwrap()), sent);

    // Not exposed, but with JSON forms: an adapter may know an answer.
    let proxy = <dyn Chunker>::proxy(far("names", json!(["a"])));
    assert_eq!(proxy.names(&ctx, 1).await.unwrap(), ["a"]);
    // Nobody looks at what a notified plugin answers.
    let proxy = <dyn Chunker>::proxy(far("done", json!("thanks")));
    proxy.done(&ctx, 1.0).await.unwrap();
}

#[tokio::test]
async fn a_proxy_says_what_does_not_fit() {
    let ctx = HookContext::default();
    let proxy = <dyn Chunker>::proxy(far("chunk", json!([{ "text": "a" }, { "text": 1 }])));
    let error = proxy.chunk(&ctx, String::new(), None).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_RESULT);
    assert_eq!(
        error.message(),
        "`chunker.far`: the result of hook `chunk` is not what the kind says: `chunker.chunk[1].text`: invalid type: integer `1`, expected a string"
    );
    let error = proxy.done(&ctx, f64::NAN).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_ARGUMENTS);
    assert!(
        error
            .message()
            .starts_with("the argument `at` of hook `done` has no JSON form")
    );
    let error = proxy.looks_good(&ctx, "", Opaque(0)).unwrap_err();
    assert_eq!(error.code(), code::NOT_EXPOSED);
    let error = proxy.read(&ctx, "", None).await.unwrap_err();
    assert_eq!(error.code(), code::NOT_EXPOSED);
}

/// A test double, as a host writes it.
struct Fake(&'static str);

#[async_trait]
impl Chunker for Fake {
    async fn chunk(
        &self,
        _: &HookContext,
        text: String,
        _: Option<usize>,
    ) -> Result<Vec<Chunk>, HookError> {
        Ok(vec![Chunk { text }])
    }
    fn looks_good(&self, _: &HookContext, _: &str, _: Opaque) -> Result<bool, HookError> {
        Err(HookError::new("bad", "it does not"))
    }
    async fn read(
        &self,
        _: &HookContext,
        path: &str,
        _: Option<&Opaque>,
    ) -> Result<Opaque, HookError> {
        Ok(Opaque(path.len()))
    }
    async fn who(&self, _: &HookContext) -> Result<String, HookError> {
        Ok(self.0.to_owned())
    }
    async fn r#match(&self, _: &HookContext, r#type: u8) -> Result<u8, HookError> {
        Ok(r#type)
    }
    async fn parse(&self, _: &HookContext, _: String) -> Result<u8, HookError> {
        Ok(0)
    }
    async fn names(&self, _: &HookContext, _: usize) -> Result<Vec<String>, HookError> {
        Ok(vec![self.0.to_owned()])
    }
    async fn done(&self, _: &HookContext, _: f64) -> Result<(), HookError> {
        Err(HookError::new("bad", "nobody hears this"))
    }
    async fn literal(&self, _: &HookContext, value: Value) -> Result<Value, HookError> {
        Ok(value)
    }
    async fn join(&self, _: &HookContext, text: String, by: String) -> Result<String, HookError> {
        if text.len() > 5 {
            return Err(HookError::stop("enough"));
        }
        Ok(format!("{text}{by}{}", self.0))
    }
}

struct Two(Vec<Candidate<dyn Chunker>>, Mutex<Vec<String>>);

impl Selector<dyn Chunker> for Two {
    fn kind(&self) -> &str {
        "chunker"
    }
    fn singleton(&self, _: &str, _: &HookContext) -> Result<Candidate<dyn Chunker>, DispatchError> {
        Ok(self.0[0].clone())
    }
    fn capability(
        &self,
        hook: &str,
        ctx: &HookContext,
        capability: Capability,
        key: &str,
    ) -> Result<Candidate<dyn Chunker>, DispatchError> {
        self.1
            .lock()
            .unwrap()
            .push(format!("{} {key}", capability.as_str()));
        self.singleton(hook, ctx)
    }
    fn all(&self, _: &str, _: &HookContext) -> Result<Vec<Candidate<dyn Chunker>>, DispatchError> {
        Ok(self.0.clone())
    }
    fn failed(&self, _: &PluginName, _: &str, _: &HookError) {}
}

#[tokio::test]
async fn a_dispatcher_has_a_method_per_hook() {
    let candidate = |name: &str, plugin: Arc<dyn Chunker>| Candidate {
        name: PluginName::new("chunker", name),
        plugin,
    };
    let two = Arc::new(Two(
        vec![
            candidate("b", Arc::new(Fake("b"))),
            candidate("fixed", fixed()),
        ],
        Mutex::default(),
    ));
    let dispatcher: <dyn Chunker as Kind>::Dispatcher = Dispatching::new(two.clone()).into();
    let ctx = HookContext::default();
    // A dispatch can move between threads.
    let chunk: BoxFuture<'_, _> = Box::pin(dispatcher.chunk(&ctx, "ab".to_owned(), None));
    assert_eq!(chunk.await.unwrap(), [Chunk::of("ab")]);
    assert_eq!(
        dispatcher.read(&ctx, "a.md", None).await.unwrap(),
        Opaque(4)
    );
    assert_eq!(*two.1.lock().unwrap(), ["extension a.md"]);
    let names: BoxFuture<'_, _> = Box::pin(dispatcher.names(&ctx, 1));
    let names: Vec<(String, Vec<String>)> = names
        .await
        .unwrap()
        .into_iter()
        .map(|(plugin, names)| (plugin.to_string(), names))
        .collect();
    assert_eq!(names[0], ("chunker.b".to_owned(), vec!["b".to_owned()]));
    assert_eq!(names[1].0, "chunker.fixed");
    let verdicts = dispatcher.looks_good(&ctx, "a", Opaque(1)).await.unwrap();
    assert_eq!(verdicts[0].1.as_ref().unwrap_err().code(), "bad");
    assert_eq!(verdicts[1].1, Ok(true));
    dispatcher.done(&ctx, 1.0).await.unwrap();
    let joined = dispatcher.join(&ctx, "x".to_owned(), "-".to_owned()).await;
    assert_eq!(joined.unwrap(), "x-b-fixed");
    let joined = dispatcher
        .join(&ctx, "stopping".to_owned(), "-".to_owned())
        .await;
    assert_eq!(joined.unwrap(), "enough");
    assert_eq!(
        format!("{dispatcher:?}"),
        "ChunkerDispatcher(dispatcher of kind chunker)"
    );
}

#[tokio::test]
async fn kinds_stand_anywhere() {
    let ctx = HookContext::default();
    let mut args = json!({ "value": 3 });
    let called = call(
        &from_a_macro::Doubler,
        "double",
        &ctx,
        Args::Value(&mut args),
    )
    .await;
    assert_eq!(called.unwrap().into_value(), Ok(json!(6)));
    assert_eq!(inside_a_function::declared(), "local");
    let first = same_name_twice::first::A::declaration();
    let second = same_name_twice::second::B::declaration();
    assert_eq!((first.kind, second.kind), ("first", "second"));
    let names: Vec<&str> = cfg_on_hooks::Conditional::declaration()
        .hooks
        .iter()
        .map(|hook| hook.name)
        .collect();
    assert_eq!(names, ["size"]);
    let bare = no_prelude_and_decoys::declaration();
    assert_eq!(bare.kind, "sizer");
    assert_eq!(lints_denied::Linted::declaration().kind, "linter");
}
