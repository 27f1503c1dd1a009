//! Kinds as files, and back: what `#[kind]` writes is compared with `hookspecs/`, and what
//! `include_kind!` makes of `hookspecs/` writes the same files again, to the byte.
//!
//! After a change of the form, `DAGSTACK_BLESS=1 cargo test -p dagstack-tests --test hookspec`, and
//! read the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dagstack_plugin::kind::{Caller, HookSpec, Hookspec};
use dagstack_plugin::kinds::{Orchestrator, Tool};
use dagstack_plugin::prelude::*;
use dagstack_plugin::serde_json::{self, Value, json};
use dagstack_plugin::{BoxFuture, Kind, PluginName, async_trait, include_kind};

/// A piece of a text.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Where it starts.
    pub start: usize,
    pub text: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub score: Option<f32>,
    pub parent: Option<Box<Chunk>>,
}

/// Where to cut.
#[data]
#[derive(Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// After a full stop.
    Sentence,
    Paragraph,
    Anywhere,
}

/// What came of it.
#[data]
#[derive(Clone, Debug)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    Cut { pieces: Vec<Chunk> },
    Refused { why: String },
}

#[data]
#[derive(Clone, Debug)]
pub struct Numbers {
    pub tiny: u8,
    pub small: i16,
    pub medium: u32,
    pub signed: i64,
    pub large: u64,
    pub size: isize,
    #[schemars(range(min = 1, max = 10))]
    pub bounded: u32,
    pub ratio: f64,
    pub pair: (u8, String),
    pub three: [i32; 3],
    pub names: BTreeMap<String, Vec<usize>>,
    pub anything: Value,
    pub nested: BTreeMap<String, Boundary>,
    #[serde(default = "seven")]
    pub defaulted: u16,
}

fn seven() -> u16 {
    7
}

/// Splits text into pieces: "quoted", a \ and a # too.
///
/// In two paragraphs.
#[kind(
    name = "chunker",
    version = "1.2.0",
    constraints = ["deterministic", "no: network"]
)]
pub trait Chunker {
    /// Splits `text`.
    ///
    /// | tables | too |
    #[hook(dispatch = "capability", extension = "path")]
    async fn chunk(
        &self,
        /// The text | to split.
        text: String,
        path: String,
        max_size: Option<usize>,
        boundary: Option<Boundary>,
    ) -> Vec<Chunk>;

    #[hook(dispatch = "chain", mcp_tool_name_template = "{plugin}.{hook}.chunker")]
    async fn refine(&self, chunk: Chunk, strength: u8) -> Chunk;

    #[hook(
        dispatch = "broadcast_collect",
        error_policy = "best_effort",
        mcp_exposed = false
    )]
    async fn judge(&self, chunks: Vec<Chunk>, r#type: String) -> Outcome;

    #[hook(dispatch = "broadcast_notify")]
    async fn finished(&self);
}

/// Shows what is not data.
#[kind(name = "browser", version = "1.0.0")]
pub trait Browser {
    /// Shows a page.
    #[hook(
        dispatch = "singleton",
        title = "Show \"a page\"",
        read_only,
        open_world = true
    )]
    async fn show(&self, url: String) -> Content;

    #[hook(dispatch = "singleton", destructive = false, idempotent)]
    async fn save(&self, content: Content) -> Option<Content>;
}

/// Every kind of number.
#[kind(name = "number_cruncher", version = "0.3.1")]
pub trait NumberCruncher {
    #[hook(dispatch = "singleton")]
    async fn crunch(&self, numbers: Numbers, by: i8, zero: u128, a: f32) -> BTreeMap<String, u64>;

    #[hook(dispatch = "broadcast_collect")]
    async fn count(&self, b: bool, a: Option<bool>) -> usize;
}

mod included {
    pub(crate) mod chunker {
        use dagstack_plugin::include_kind;

        include_kind!("hookspecs/kinds/chunker/v1.yaml");
    }

    pub(crate) mod browser {
        dagstack_plugin::include_kind!("hookspecs/kinds/browser/v1.yaml");
    }

    pub(crate) mod number_cruncher {
        use dagstack_plugin::include_kind;

        include_kind!("hookspecs/kinds/number_cruncher/v0.yaml", as = Numeric);
    }

    pub(crate) mod tool {
        dagstack_plugin::include_kind!("hookspecs/kinds/tool/v1.yaml");
    }

    pub(crate) mod llm {
        dagstack_plugin::include_kind!("hookspecs/foreign/llm.yaml");
    }

    pub(crate) mod orchestrator {
        dagstack_plugin::include_kind!("hookspecs/kinds/orchestrator/v1.yaml");
    }
}

mod with_types {
    use super::{Chunk as Piece, include_kind};

    include_kind!(
        "hookspecs/kinds/chunker/v1.yaml",
        as = PieceChunker,
        types(Chunk = Piece, Boundary = super::Boundary),
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hookspecs")
}

fn blesses() -> bool {
    std::env::var_os("DAGSTACK_BLESS").is_some()
}

fn compare<K: Kind + ?Sized>() {
    let files = Hookspec::of::<K>().to_files();
    assert_eq!(files, Hookspec::of::<K>().to_files());
    if blesses() {
        let written = Hookspec::of::<K>().write_to(root()).unwrap();
        assert_eq!(written.len(), files.len());
        return;
    }
    let folder = format!("kinds/{}", K::SPEC.name);
    for (path, text) in &files {
        assert!(path.starts_with(&folder), "{}", path.display());
        let golden = fs::read_to_string(root().join(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(*text == golden, "{} is now:\n{text}", path.display());
    }
    let count = |folder: PathBuf| fs::read_dir(folder).unwrap().count();
    let schemas = root().join(&folder).join("schemas");
    // `schemas` itself is an entry.
    assert_eq!(
        count(root().join(&folder)) - 1 + count(schemas),
        files.len(),
        "files that nothing writes"
    );
}

#[test]
fn kinds_of_traits_have_these_files() {
    compare::<dyn Chunker>();
    compare::<dyn Browser>();
    compare::<dyn NumberCruncher>();
}

#[test]
fn included_kinds_have_the_files_they_were_made_of() {
    if blesses() {
        // They were made of the files as they were before.
        return;
    }
    compare::<dyn included::chunker::Chunker>();
    compare::<dyn included::browser::Browser>();
    compare::<dyn included::number_cruncher::Numeric>();
    compare::<dyn with_types::PieceChunker>();
    compare::<dyn included::tool::Tool>();
    compare::<dyn included::orchestrator::Orchestrator>();
}

#[test]
fn built_in_kinds_have_these_files() {
    compare::<dyn Tool>();
    compare::<dyn Orchestrator>();
}

/// Its signatures are the test: the types came back as they were written.
struct Included;

#[async_trait]
impl included::chunker::Chunker for Included {
    async fn chunk(
        &self,
        _: &HookContext,
        text: String,
        path: String,
        max_size: Option<usize>,
        boundary: Option<included::chunker::Boundary>,
    ) -> Result<Vec<included::chunker::Chunk>, HookError> {
        assert!(matches!(
            boundary,
            Some(included::chunker::Boundary::Sentence)
        ));
        Ok(vec![included::chunker::Chunk {
            start: max_size.unwrap_or_default(),
            text,
            tags: vec![path],
            score: Some(0.5_f32),
            parent: None::<Box<included::chunker::Chunk>>,
        }])
    }

    async fn refine(
        &self,
        _: &HookContext,
        chunk: included::chunker::Chunk,
        _: u8,
    ) -> Result<included::chunker::Chunk, HookError> {
        Ok(chunk)
    }

    async fn judge(
        &self,
        _: &HookContext,
        chunks: Vec<included::chunker::Chunk>,
        _: String,
    ) -> Result<included::chunker::JudgeOutput, HookError> {
        Ok(included::chunker::JudgeOutput::Cut { pieces: chunks })
    }

    async fn finished(&self, _: &HookContext) -> Result<(), HookError> {
        Ok(())
    }
}

/// What is marked as content is that type again; inside another type it is like any other.
struct Shown;

#[async_trait]
impl included::browser::Browser for Shown {
    async fn show(&self, _: &HookContext, url: String) -> Result<Content, HookError> {
        Ok(Content::link(url, "page"))
    }

    async fn save(
        &self,
        _: &HookContext,
        _: included::browser::Content,
    ) -> Result<Option<included::browser::Content>, HookError> {
        Ok(None)
    }
}

struct Replaced;

#[async_trait]
impl with_types::PieceChunker for Replaced {
    async fn chunk(
        &self,
        _: &HookContext,
        _: String,
        _: String,
        _: Option<usize>,
        _: Option<Boundary>,
    ) -> Result<Vec<Chunk>, HookError> {
        Ok(Vec::new())
    }

    async fn refine(&self, _: &HookContext, chunk: Chunk, _: u8) -> Result<Chunk, HookError> {
        Ok(chunk)
    }

    async fn judge(
        &self,
        _: &HookContext,
        pieces: Vec<Chunk>,
        _: String,
    ) -> Result<with_types::JudgeOutput, HookError> {
        Ok(with_types::JudgeOutput::Cut { pieces })
    }

    async fn finished(&self, _: &HookContext) -> Result<(), HookError> {
        Ok(())
    }
}

/// Calls an implementation of a kind by JSON.
struct Json<T>(T, PluginName);

impl Caller for Json<Included> {
    fn plugin(&self) -> &PluginName {
        &self.1
    }

    fn call<'a>(
        &'a self,
        hook: &'a str,
        ctx: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        use included::chunker::Chunker;
        type K = dyn Chunker;
        assert_eq!(hook, "chunk");
        Box::pin(async move {
            let (text, path, max_size, boundary) = <K as HookSpec<0>>::args_from_json(args)?;
            let chunks = self.0.chunk(ctx, text, path, max_size, boundary).await?;
            <K as HookSpec<0>>::output_to_json(&chunks)
        })
    }
}

#[tokio::test]
async fn an_included_kind_has_a_proxy() {
    let caller = Json(Included, PluginName::new("chunker", "far"));
    let proxy = <dyn included::chunker::Chunker>::proxy(Arc::new(caller));
    let chunks = proxy
        .chunk(
            &HookContext::default(),
            "a".to_owned(),
            "b.md".to_owned(),
            Some(7),
            Some(included::chunker::Boundary::Sentence),
        )
        .await
        .unwrap();
    assert_eq!(chunks[0].start, 7_usize);
    assert_eq!(chunks[0].score, Some(0.5));
    let _: Arc<dyn with_types::PieceChunker> = Arc::new(Replaced);
}

#[test]
fn included_types_carry_the_same_values() {
    let text = json!({
        "tiny": 255, "small": -300, "medium": 4_000_000_000_u32, "signed": -1, "large": u64::MAX,
        "size": -5, "bounded": 3, "ratio": 0.25, "pair": [1, "b"], "three": [1, -2, 3],
        "names": { "a": [1, 2] }, "anything": { "x": null }, "nested": { "k": "sentence" },
    });
    let ours: Numbers = serde_json::from_value(text.clone()).unwrap();
    let numbers: included::number_cruncher::Numbers = serde_json::from_value(text).unwrap();
    assert_eq!(
        serde_json::to_value(&numbers).unwrap(),
        serde_json::to_value(&ours).unwrap()
    );
    let included::number_cruncher::Numbers {
        tiny: 255_u8,
        small: -300_i16,
        medium: 4_000_000_000_u32,
        signed: -1_i64,
        large: u64::MAX,
        size: -5_isize,
        bounded: 3_u32,
        defaulted: 7_u16,
        ..
    } = numbers
    else {
        panic!("{numbers:?}");
    };
    let _: BTreeMap<String, Vec<usize>> = numbers.names;
    let _: [i32; 3] = numbers.three;
    let _: (u8, String) = numbers.pair;
}

/// Notes the arguments it is called with.
struct Notes(PluginName, Mutex<Vec<Value>>);

impl Caller for Notes {
    fn plugin(&self) -> &PluginName {
        &self.0
    }

    fn call<'a>(
        &'a self,
        hook: &'a str,
        _: &'a HookContext,
        args: Value,
    ) -> BoxFuture<'a, Result<Value, HookError>> {
        self.1.lock().unwrap().push(args);
        let answer = match hook {
            "complete" => json!({ "text": "x", "usage": { "tokens": 3 }, "bounds": [1, -2] }),
            "embed" => json!([[0.5, 1, 2]]),
            _ => Value::Null,
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

#[tokio::test]
async fn a_hookspec_written_by_hand_is_read() {
    use included::llm::{CompleteOptions, CompleteOutput, Llm, Model};

    let notes = Arc::new(Notes(PluginName::new("llm", "far"), Mutex::default()));
    let llm = <dyn Llm>::proxy(notes.clone());
    let ctx = HookContext::default();
    // Required ones as the schema lists them, the rest by name.
    let least = llm.complete(&ctx, "p".to_owned(), Model::Small, 256, None, None, None);
    let completion: CompleteOutput = least.await.unwrap();
    assert_eq!(
        completion.usage,
        BTreeMap::from([("tokens".to_owned(), 3_u32)])
    );
    assert_eq!(completion.bounds, Some((1_i64, -2_i64)));
    let options = CompleteOptions {
        temperature: 0.7_f64,
        top_k: Some(5_u64),
    };
    let stop = vec!["end".to_owned()];
    llm.complete(
        &ctx,
        "p".to_owned(),
        Model::Large,
        9,
        Some(options),
        Some(-1),
        Some(stop),
    )
    .await
    .unwrap();
    llm.stop(&ctx).await.unwrap();
    let vectors: Vec<[f32; 3]> = llm.embed(&ctx, vec![], json!(null)).await.unwrap();
    assert_eq!(vectors, [[0.5, 1.0, 2.0]]);

    // `seed` may be null; the schema has no null for `options` and `stop`.
    assert_eq!(
        *notes.1.lock().unwrap(),
        [
            json!({ "prompt": "p", "model": "small", "maxTokens": 256, "seed": null }),
            json!({
                "prompt": "p", "model": "large", "maxTokens": 9, "seed": -1, "stop": ["end"],
                "options": { "temperature": 0.7, "top_k": 5 },
            }),
            json!({}),
            json!({ "texts": [], "box": null }),
        ]
    );

    let files = Hookspec::of::<dyn Llm>().to_files();
    let schema = &files[Path::new("kinds/llm/schemas/complete.input.json")];
    let given = fs::read_to_string(root().join("foreign/schemas/complete.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(schema).unwrap(),
        serde_json::from_str::<Value>(&given).unwrap(),
        "the schema is kept as it was written"
    );
    assert!(files[Path::new("kinds/llm/v2.yaml")].contains("description: \"Completes prompts.\""));
}
