//! What `#[kind]` and `#[plugin(kind = …)]` expand to, written by hand: the shells, the proxy and
//! the dispatcher without the macros.

#![allow(clippy::manual_async_fn, clippy::panic, clippy::unwrap_used)]

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use dagstack_plugin::kind::{
    Caller, Candidate, Capability, Dispatch, Dispatching, HookSpec, Host, KindHook, KindSpec,
    Lease, Native, Proxy, Run, Selector,
};
use dagstack_plugin::middleware::{Call, Middleware, Next};
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::{Value, json};
use dagstack_plugin::{
    BoxFuture, CancelToken, DispatchError, Kind, PluginName, async_trait, code, schema,
};

// ---- the kind: `#[kind(name = "rewriter", version = "1.0.0")]` ----

#[async_trait]
trait Rewriter: Send + Sync + 'static {
    async fn rewrite(&self, ctx: &HookContext, text: String) -> Result<String, HookError>;
    /// Not exposed: borrows, and is no future.
    fn looks_good(&self, ctx: &HookContext, text: &str) -> Result<bool, HookError>;
}

static HOOKS: [KindHook; 2] = [
    KindHook {
        params: &["text"],
        input_schema: || Some(schema::input::<(String,)>()),
        output_schema: || Some(schema::output::<String>()),
        ..KindHook::new("rewrite", Dispatch::Chain)
    },
    KindHook {
        mcp_exposed: false,
        params: &["text"],
        ..KindHook::new("looks_good", Dispatch::BroadcastCollect)
    },
];

static SPEC: KindSpec = KindSpec {
    name: "rewriter",
    version: "1.0.0",
    description: None,
    constraints: &[],
    hooks: &HOOKS,
};

impl Kind for dyn Rewriter {
    const SPEC: &'static KindSpec = &SPEC;
    type Dispatcher = RewriterDispatcher;

    fn proxy(caller: Arc<dyn Caller>) -> Arc<Self> {
        Arc::new(Proxy::new(caller))
    }
}

impl HookSpec<0> for dyn Rewriter {
    type Args<'a> = (String,);
    type Output = String;

    fn args_to_json(args: &(String,)) -> Result<Value, HookError> {
        Ok(json!({ "text": args.0 }))
    }
    fn args_from_json<'a>(args: Value) -> Result<Self::Args<'a>, HookError> {
        Ok((args["text"].as_str().unwrap_or_default().to_owned(),))
    }
    fn output_to_json(output: &String) -> Result<Value, HookError> {
        Ok(json!(output))
    }
    fn output_from_json(output: Value) -> Result<String, HookError> {
        match output {
            Value::String(text) => Ok(text),
            other => Err(HookError::new(
                code::INVALID_RESULT,
                format!("`{other}` is no text"),
            )),
        }
    }
}

#[async_trait]
impl Rewriter for Proxy {
    fn rewrite<'life0, 'life1, 'async_trait>(
        &'life0 self,
        ctx: &'life1 HookContext,
        text: String,
    ) -> BoxFuture<'async_trait, Result<String, HookError>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        self.call::<dyn Rewriter + 'static, 0>(ctx, (text,))
    }
    fn looks_good(&self, _: &HookContext, _: &str) -> Result<bool, HookError> {
        Err(self.not_exposed::<dyn Rewriter + 'static>(1))
    }
}

struct RewriterDispatcher(Dispatching<dyn Rewriter>);

impl From<Dispatching<dyn Rewriter>> for RewriterDispatcher {
    fn from(dispatching: Dispatching<dyn Rewriter>) -> Self {
        Self(dispatching)
    }
}

impl RewriterDispatcher {
    async fn rewrite(&self, ctx: &HookContext, text: String) -> Result<String, DispatchError> {
        let call = |plugin: Arc<dyn Rewriter>, text| async move { plugin.rewrite(ctx, text).await };
        self.0.chain("rewrite", ctx, text, call).await
    }

    async fn looks_good(
        &self,
        ctx: &HookContext,
        text: &str,
    ) -> Result<Vec<(PluginName, bool)>, DispatchError> {
        let call = |plugin: Arc<dyn Rewriter>| async move { plugin.looks_good(ctx, text) };
        self.0.collect("looks_good", ctx, call).await
    }
}

// ---- a plugin: `#[plugin(kind = Rewriter, name = "upper")]` ----

#[derive(Default)]
struct Upper;

#[plugin(kind = "rewriter", name = "upper")]
impl Upper {
    #[hook]
    async fn rewrite(&self, text: String) -> String {
        match text.as_str() {
            "panic" => panic!("by request"),
            "wait" => std::future::pending().await,
            _ => text.to_uppercase(),
        }
    }

    #[hook(mcp_exposed = false)]
    fn looks_good(&self, text: String) -> bool {
        !text.is_empty()
    }
}

impl Run<dyn Rewriter, 0> for Upper {
    const PLACE: usize = 0;

    fn run<'x, 'a: 'x>(
        native: &'x Native<Self>,
        _: &'x HookContext,
        args: (String,),
    ) -> impl Future<Output = Result<String, HookError>> + Send + 'x {
        async move { Ok(Self::rewrite(native.plugin(), args.0).await) }
    }
}

struct UpperShell(Native<Upper>);

#[async_trait]
impl Rewriter for UpperShell {
    fn rewrite<'life0, 'life1, 'async_trait>(
        &'life0 self,
        ctx: &'life1 HookContext,
        text: String,
    ) -> BoxFuture<'async_trait, Result<String, HookError>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        self.0.call::<dyn Rewriter + 'static, 0>(ctx, (text,))
    }
    fn looks_good(&self, ctx: &HookContext, text: &str) -> Result<bool, HookError> {
        self.0
            .call_now(1, ctx, |plugin, _| Ok(plugin.looks_good(text.to_owned())))
    }
}

// ---- a host ----

struct Timers;

impl Host for Timers {
    /// Every deadline passes at once.
    fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
    fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        work
    }
}

fn lease() -> Lease {
    Lease::new(
        PluginName::new("rewriter", "upper"),
        Arc::new(Timers),
        || HookError::new(code::UNAVAILABLE, "torn down"),
    )
}

fn shell(lease: Lease) -> (Arc<dyn Rewriter>, Arc<Lease>) {
    let lease = Arc::new(lease);
    let native = Native::new(Arc::new(Upper), Arc::clone(&lease));
    (Arc::new(UpperShell(native)), lease)
}

/// Puts the arguments and the result in brackets, and counts.
#[derive(Default)]
struct Brackets(AtomicUsize);

#[async_trait]
impl Middleware for Brackets {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        if call.hook() == "rewrite" {
            let args = call.args_json()?;
            call.set_args_json(json!({ "text": format!("[{}", args["text"].as_str().unwrap()) }))?;
        }
        next.run(call).await?;
        if let Ok(Some(result)) = call.result_json() {
            call.set_result_json(json!(format!("{}]", result.as_str().unwrap())))?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_shell_catches_panics_and_gives_up() {
    let (shell, lease) = shell(lease());
    let ctx = HookContext::default();
    let call = |text: &str| shell.rewrite(&ctx, text.to_owned());
    assert_eq!(call("ada").await.unwrap(), "ADA");
    assert_eq!(call("panic").await.unwrap_err().code(), code::PANICKED);
    assert!(shell.looks_good(&ctx, "x").unwrap());

    let late = HookContext::default().with_timeout(Duration::from_secs(5));
    let error = shell.rewrite(&late, "wait".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::DEADLINE_EXCEEDED);

    let token = CancelToken::new();
    let cancelled = HookContext::default().with_cancellation(token.clone());
    let (outcome, ()) = tokio::join!(shell.rewrite(&cancelled, "wait".to_owned()), async {
        token.cancel();
    });
    assert_eq!(outcome.unwrap_err().code(), code::CANCELLED);
    assert_eq!(lease.in_flight(), 0);
}

#[tokio::test]
async fn a_closed_lease_waits_for_the_calls_on_their_way_and_refuses_new_ones() {
    let (shell, lease) = shell(lease());
    let token = CancelToken::new();
    let ctx = HookContext::default().with_cancellation(token.clone());
    let mut call = shell.rewrite(&ctx, "wait".to_owned());
    std::future::poll_fn(|cx| {
        assert!(call.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    assert_eq!(lease.in_flight(), 1);
    let drained = lease.drained();
    let ended = async {
        let ctx = HookContext::default();
        let refused = shell.rewrite(&ctx, "late".to_owned()).await.unwrap_err();
        assert_eq!(refused.code(), code::UNAVAILABLE);
        token.cancel();
        call.await
    };
    let ((), ended) = tokio::join!(drained, ended);
    assert_eq!(ended.unwrap_err().code(), code::CANCELLED);
}

#[tokio::test]
async fn middleware_reads_and_changes_typed_calls() {
    let brackets = Arc::new(Brackets::default());
    let layers = || -> Box<[Arc<dyn Middleware>]> { Box::new([brackets.clone()]) };
    let (shell, _) = shell(lease().with_layers(Box::new([layers(), layers()])));
    let ctx = HookContext::default();
    assert_eq!(
        shell.rewrite(&ctx, "ada".to_owned()).await.unwrap(),
        "[ADA]"
    );
    assert!(shell.looks_good(&ctx, "x").unwrap());
    assert_eq!(brackets.0.load(Ordering::SeqCst), 2);
}

/// A middleware that panics before, or after, what it stands around.
struct Panics {
    first: bool,
}

#[async_trait]
impl Middleware for Panics {
    async fn call(&self, call: &mut Call<'_>, next: Next<'_>) -> Result<(), HookError> {
        assert!(!self.first, "by request");
        next.run(call).await?;
        panic!("by request")
    }
}

#[tokio::test]
async fn a_panic_of_a_middleware_is_not_the_hooks() {
    for first in [true, false] {
        let layers = || -> Box<[Arc<dyn Middleware>]> { Box::new([Arc::new(Panics { first })]) };
        let (shell, _) = shell(lease().with_layers(Box::new([layers(), layers()])));
        let ctx = HookContext::default();
        let error = shell.rewrite(&ctx, "ada".to_owned()).await.unwrap_err();
        assert_eq!(error.code(), code::PANICKED);
        assert_eq!(error.message(), "a middleware around `rewrite` panicked");
        let error = shell.looks_good(&ctx, "x").unwrap_err();
        assert_eq!(error.message(), "a middleware around `looks_good` panicked");
    }
    // The hook's is, whatever stands around it.
    let layers: Box<[Arc<dyn Middleware>]> = Box::new([Arc::new(Panics { first: false })]);
    let (shell, _) = shell(lease().with_layers(Box::new([layers])));
    let ctx = HookContext::default();
    let error = shell.rewrite(&ctx, "panic".to_owned()).await.unwrap_err();
    assert!(
        error.message().starts_with("hook `rewrite` panicked"),
        "{error}"
    );
}

struct Json(PluginName);

impl Caller for Json {
    fn plugin(&self) -> &PluginName {
        &self.0
    }
    fn call<'a>(
        &'a self,
        hook: &'a str,
        _: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        Box::pin(ready(Ok(match args["text"].as_str() {
            Some("number") => json!(7),
            _ => json!(format!("{hook} {args}")),
        })))
    }
}

fn json_plugin() -> Arc<dyn Rewriter> {
    <dyn Rewriter>::proxy(Arc::new(Json(PluginName::new("rewriter", "far"))))
}

#[tokio::test]
async fn a_proxy_speaks_json() {
    let (proxy, ctx) = (json_plugin(), HookContext::default());
    let answer = proxy.rewrite(&ctx, "ada".to_owned()).await.unwrap();
    assert_eq!(answer, r#"rewrite {"text":"ada"}"#);
    let error = proxy.rewrite(&ctx, "number".to_owned()).await.unwrap_err();
    assert_eq!(error.code(), code::INVALID_RESULT);
    assert!(error.message().starts_with("`rewriter.far`: "));
    assert_eq!(
        proxy.looks_good(&ctx, "x").unwrap_err().code(),
        code::NOT_EXPOSED
    );
}

struct Two(Vec<Candidate<dyn Rewriter>>);

impl Selector<dyn Rewriter> for Two {
    fn kind(&self) -> &str {
        "rewriter"
    }
    fn singleton(
        &self,
        _: &str,
        _: &HookContext,
    ) -> Result<Candidate<dyn Rewriter>, DispatchError> {
        Ok(self.0[0].clone())
    }
    fn capability(
        &self,
        hook: &str,
        ctx: &HookContext,
        _: Capability,
        _: &str,
    ) -> Result<Candidate<dyn Rewriter>, DispatchError> {
        self.singleton(hook, ctx)
    }
    fn all(&self, _: &str, _: &HookContext) -> Result<Vec<Candidate<dyn Rewriter>>, DispatchError> {
        Ok(self.0.clone())
    }
    fn failed(&self, _: &PluginName, _: &str, _: &HookError) {}
}

fn dispatching() -> Dispatching<dyn Rewriter> {
    let candidate = |name: &str, plugin| Candidate {
        name: PluginName::new("rewriter", name),
        plugin,
    };
    let (upper, _) = shell(lease());
    let two = Two(vec![
        candidate("upper", upper),
        candidate("far", json_plugin()),
    ]);
    Dispatching::new(Arc::new(two))
}

/// A call that panics when it is dropped.
struct DropsBadly(Poll<u8>);

impl Future for DropsBadly {
    type Output = Result<u8, HookError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.map(Ok)
    }
}

impl Drop for DropsBadly {
    fn drop(&mut self) {
        panic!("by request");
    }
}

#[tokio::test]
async fn a_call_that_panics_when_it_is_dropped_costs_no_answer() {
    let (all, ctx) = (dispatching(), HookContext::default());
    let answers = all.collect("count", &ctx, |_| DropsBadly(Poll::Ready(7)));
    let answers: Vec<u8> = answers.await.unwrap().into_iter().map(|it| it.1).collect();
    assert_eq!(answers, [7, 7]);
    // Nor does one that nobody waits for.
    let mut waiting = Box::pin(all.collect("count", &ctx, |_| DropsBadly(Poll::Pending)));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    drop(waiting);
}

#[tokio::test]
async fn a_dispatcher_has_a_method_per_hook() {
    let dispatcher: <dyn Rewriter as Kind>::Dispatcher = dispatching().into();
    let ctx = HookContext::default();
    let dispatch: BoxFuture<'_, _> = Box::pin(dispatcher.rewrite(&ctx, "ada".to_owned()));
    let rewritten = dispatch.await.unwrap();
    assert_eq!(rewritten, r#"rewrite {"text":"ADA"}"#);
    match dispatcher.looks_good(&ctx, "x").await.unwrap_err() {
        DispatchError::BroadcastErrors { errors, .. } => {
            assert_eq!(errors[0].1.code(), code::NOT_EXPOSED);
        }
        other => panic!("{other}"),
    }
}
