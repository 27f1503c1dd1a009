//! Calls through the kinds' traits: no hook name, no JSON, the same code for either registry.

use std::sync::Arc;

use chunker_kind::Chunker;
use dagstack_runtime::{HookContext, HookError, Metadata, Registry};
use extractors::Extractor;
use rewriters::Rewriter;
use serde::Serialize;
use serde_json::Value;

use crate::{Call, How, Typed};

/// Every dispatch class on `text`, a chain that is stopped, a file that cannot be read, and a tenant
/// that may not call.
pub(crate) fn calls(text: &str) -> Vec<Call> {
    let text: Arc<str> = text.into();
    let call = |kind, plugin, hook, make: Typed| Call {
        kind,
        plugin,
        hook,
        how: How::Typed(make, Arc::clone(&text)),
    };
    vec![
        call("chunker", "fixed", "chunk", |registry, text| {
            Box::pin(async move {
                let chunker = registry.get::<dyn Chunker>("fixed")?;
                json(chunker.chunk(&ctx(), text.to_owned(), Some(500)).await)
            })
        }),
        call("chunker", "sentences", "chunk", |registry, text| {
            Box::pin(async move {
                let chunker = registry.get::<dyn Chunker>("sentences")?;
                json(chunker.chunk(&ctx(), text.to_owned(), None).await)
            })
        }),
        call("chunker", "fixed", "chunk", |registry, text| {
            Box::pin(async move {
                let chunker = registry.get::<dyn Chunker>("fixed")?;
                json(chunker.chunk(&guest(), text.to_owned(), None).await)
            })
        }),
        call("chunker", "(singleton)", "chunk", |registry, text| {
            Box::pin(async move {
                let chunker = registry.dispatch::<dyn Chunker>();
                json(chunker.chunk(&ctx(), text.to_owned(), None).await)
            })
        }),
        call("rewriter", "(chain)", "rewrite", |registry, text| {
            Box::pin(async move {
                let rewriters = registry.dispatch::<dyn Rewriter>();
                json(rewriters.rewrite(&ctx(), text.to_owned()).await)
            })
        }),
        call("rewriter", "(chain)", "rewrite", |registry, _| {
            Box::pin(async move {
                let rewriters = registry.dispatch::<dyn Rewriter>();
                json(rewriters.rewrite(&ctx(), " \n ".to_owned()).await)
            })
        }),
        call("rewriter", "(collect)", "describe", |registry, _| {
            Box::pin(async move {
                let rewriters = registry.dispatch::<dyn Rewriter>();
                let described = rewriters.describe(&ctx()).await?;
                let described = described
                    .into_iter()
                    .map(|(plugin, description)| Ok((plugin, description?)));
                json(described.collect::<Result<Vec<_>, HookError>>())
            })
        }),
        call("rewriter", "(notify)", "done", |registry, text| {
            Box::pin(async move {
                let rewriters = registry.dispatch::<dyn Rewriter>();
                json(rewriters.done(&ctx(), text.chars().count()).await)
            })
        }),
        call("extractor", "(capability)", "extract", |registry, text| {
            extract(registry, "README.md", text)
        }),
        call("extractor", "(capability)", "extract", |registry, _| {
            extract(registry, "cells.csv", "a,b\n1,2\n3\n")
        }),
        call("extractor", "(fallback)", "extract", |registry, text| {
            extract(registry, "notes", text)
        }),
    ]
}

fn extract<'a>(
    registry: &'a Registry,
    file: &'a str,
    content: &'a str,
) -> dagstack_runtime::BoxFuture<'a, Result<Value, HookError>> {
    Box::pin(async move {
        let extractors = registry.dispatch::<dyn Extractor>();
        let (file, content) = (file.to_owned(), content.to_owned());
        json(extractors.extract(&ctx(), file, content).await)
    })
}

fn ctx() -> HookContext {
    HookContext::default()
}

/// The tenant that the policy keeps from chunkers.
fn guest() -> HookContext {
    HookContext::default().with_metadata(Metadata::new().with("tenant_id", "guest"))
}

fn json<T: Serialize, E: Into<HookError>>(outcome: Result<T, E>) -> Result<Value, HookError> {
    serde_json::to_value(outcome.map_err(Into::into)?).map_err(HookError::from_error)
}
