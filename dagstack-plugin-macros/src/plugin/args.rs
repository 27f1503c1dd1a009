//! The arguments of `#[plugin(…)]`.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use crate::ctxt::Ctxt;
use crate::entries::{self, Entry, Spanned, Value};
use crate::externs::Externs;
use crate::hook::args::Model;
use crate::names::is_snake_case;
use crate::path::CratePath;
use crate::words::{plain_name, shown};

/// What `#[plugin(…)]` says, with the places it says it.
pub(crate) struct PluginArgs {
    pub(crate) krate: CratePath,
    pub(crate) kind: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) kind_api_version: Option<LitStr>,
    pub(crate) core_version: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) license: Option<LitStr>,
    pub(crate) maintainer: Option<LitStr>,
    pub(crate) homepage: Option<LitStr>,
    pub(crate) authors: Option<Vec<LitStr>>,
    pub(crate) health_check: Option<LitStr>,
    pub(crate) capabilities: Vec<LitStr>,
    pub(crate) priority: Option<Spanned<u32>>,
    pub(crate) depends_on: Vec<LitStr>,
    pub(crate) tryfirst: Option<Spanned<bool>>,
    pub(crate) trylast: Option<Spanned<bool>>,
    pub(crate) startup_timeout_sec: Option<Spanned<u32>>,
    pub(crate) teardown_timeout_sec: Option<Spanned<u32>>,
    pub(crate) supports_languages: Vec<LitStr>,
    pub(crate) supports_extensions: Vec<LitStr>,
    pub(crate) supports_mime_types: Vec<LitStr>,
    pub(crate) fallback: Option<Spanned<bool>>,
    pub(crate) execution_model: Option<Spanned<Model>>,
    pub(crate) in_process_only: Option<Spanned<bool>>,
    pub(crate) resources: Option<Resources>,
    pub(crate) unit_of_work: Option<UnitOfWork>,
    pub(crate) metadata: Vec<(LitStr, LitStr)>,
    pub(crate) chain_wrap: Option<ChainWrap>,
}

/// `resources(required = […], optional = […])`.
#[derive(Default)]
pub(crate) struct Resources {
    pub(crate) required: Vec<LitStr>,
    pub(crate) optional: Vec<LitStr>,
}

/// `unit_of_work(…)`.
#[derive(Default)]
pub(crate) struct UnitOfWork {
    pub(crate) partition_key: Option<LitStr>,
    pub(crate) estimated_duration_sec: Option<Spanned<u32>>,
    pub(crate) idempotency_mode: Option<LitStr>,
    pub(crate) checkpointable: Option<Spanned<bool>>,
    pub(crate) content_hash: Vec<LitStr>,
}

/// `chain_wrap(kinds = […], hooks = […])`.
pub(crate) struct ChainWrap {
    pub(crate) span: Span,
    pub(crate) kinds: Vec<LitStr>,
    pub(crate) hooks: Vec<LitStr>,
}

/// The values `idempotency_mode` may have.
pub(crate) const IDEMPOTENCY_MODES: &[&str] = &["input_hash", "output_hash", "none"];

const KEYS: &[&str] = &[
    "kind",
    "name",
    "description",
    "version",
    "priority",
    "capabilities",
    "depends_on",
    "tryfirst",
    "trylast",
    "startup_timeout_sec",
    "teardown_timeout_sec",
    "supports_languages",
    "supports_extensions",
    "supports_mime_types",
    "fallback",
    "execution_model",
    "in_process_only",
    "resources",
    "unit_of_work",
    "metadata",
    "chain_wrap",
    "health_check",
    "license",
    "maintainer",
    "homepage",
    "authors",
    "kind_api_version",
    "core_version",
    "crate",
];

/// Manifest fields that the source cannot know, each with who fills it in.
const OF_THE_BUILD: &[(&str, &str)] = &[
    (
        "schema_version",
        "it is the version of the manifest format, which the SDK writes",
    ),
    (
        "runtime",
        "one source is linked into hosts and built as an executable; the executable's `manifest` command writes it",
    ),
    (
        "entry_point",
        "it is the path of the type, which the SDK writes",
    ),
    (
        "command",
        "it depends on where the executable lies; its `manifest` command writes it",
    ),
    (
        "env",
        "it depends on the machine; write it into the manifest file",
    ),
    (
        "url",
        "it depends on where the executable serves; write it into the manifest file",
    ),
    (
        "endpoint",
        "it depends on where the executable serves; write it into the manifest file",
    ),
    (
        "auth",
        "it depends on where the executable serves; write it into the manifest file",
    ),
    (
        "mcp_stdio",
        "it depends on where the executable lies; its `manifest` command writes it",
    ),
    (
        "mcp_http",
        "it depends on where the executable serves; write it into the manifest file",
    ),
];

impl PluginArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    /// What is missing is reported at `home`.
    pub(crate) fn parse(tokens: TokenStream, home: Span, cx: &Ctxt) -> Self {
        let mut entries = entries::parse(tokens, "plugin", cx);
        entries.retain(|entry| !refuse_of_the_build(entry, cx));
        entries::check_keys(&entries, KEYS, "plugin", cx);
        let mut args = Self::empty(CratePath::of(&entries, cx));
        // The last of a repeated key counts; the repetition is reported anyway.
        for entry in &entries {
            args.set(entry, cx);
        }
        let lacks = |key| !entries::is_given(&entries, key, KEYS);
        let needs = match (lacks("kind"), lacks("name")) {
            (true, true) => "a `kind` and a `name`, for example `kind = \"tool\", name = \"echo\"`",
            (true, false) => "a `kind`, for example `kind = \"tool\"`",
            (false, true) => "a `name`, for example `name = \"echo\"`",
            (false, false) => return args,
        };
        cx.error(home, format!("`#[plugin]` needs {needs}"));
        args
    }

    fn set(&mut self, entry: &Entry, cx: &Ctxt) {
        match entry.name().as_str() {
            "kind" => self.kind = kind(entry, cx),
            "name" => self.name = entry.required_text("name = \"echo\"", cx),
            "kind_api_version" => self.kind_api_version = entry.text(cx),
            "core_version" => self.core_version = entry.text(cx),
            "version" => self.version = entry.text(cx),
            "description" => self.description = entry.text(cx),
            "license" => self.license = entry.text(cx),
            "maintainer" => self.maintainer = entry.text(cx),
            "homepage" => self.homepage = entry.text(cx),
            "authors" => self.authors = Some(entry.texts(cx)),
            "health_check" => self.health_check = entry.text(cx),
            "capabilities" => self.capabilities = entry.texts(cx),
            "priority" => self.priority = entry.integer(cx),
            "depends_on" => self.depends_on = entry.texts(cx),
            "tryfirst" => self.tryfirst = entry.flag(cx),
            "trylast" => self.trylast = entry.flag(cx),
            "startup_timeout_sec" => self.startup_timeout_sec = seconds(entry, cx),
            "teardown_timeout_sec" => self.teardown_timeout_sec = seconds(entry, cx),
            "supports_languages" => self.supports_languages = entry.texts(cx),
            "supports_extensions" => self.supports_extensions = entry.texts(cx),
            "supports_mime_types" => self.supports_mime_types = entry.texts(cx),
            "fallback" => self.fallback = entry.flag(cx),
            "execution_model" => self.execution_model = Model::parse(entry, cx),
            "in_process_only" => self.in_process_only = entry.flag(cx),
            "resources" => self.resources = Resources::parse(entry, cx),
            "unit_of_work" => self.unit_of_work = UnitOfWork::parse(entry, cx),
            "metadata" => {
                if let Some(list) = entry.list("metadata(team = \"search\")", cx) {
                    self.metadata = entries::pairs(list, cx);
                }
            }
            "chain_wrap" => self.chain_wrap = ChainWrap::parse(entry, cx),
            // Read before, or reported by `check_keys`.
            _ => {}
        }
    }

    fn empty(krate: CratePath) -> Self {
        Self {
            krate,
            kind: None,
            name: None,
            kind_api_version: None,
            core_version: None,
            version: None,
            description: None,
            license: None,
            maintainer: None,
            homepage: None,
            authors: None,
            health_check: None,
            capabilities: Vec::new(),
            priority: None,
            depends_on: Vec::new(),
            tryfirst: None,
            trylast: None,
            startup_timeout_sec: None,
            teardown_timeout_sec: None,
            supports_languages: Vec::new(),
            supports_extensions: Vec::new(),
            supports_mime_types: Vec::new(),
            fallback: None,
            execution_model: None,
            in_process_only: None,
            resources: None,
            unit_of_work: None,
            metadata: Vec::new(),
            chain_wrap: None,
        }
    }
}

impl Resources {
    fn parse(entry: &Entry, cx: &Ctxt) -> Option<Self> {
        let list = entry.list("resources(required = [\"clock\"])", cx)?;
        let mut resources = Self::default();
        for entry in sub_entries(list, &["required", "optional"], "resources", cx) {
            match entry.name().as_str() {
                "required" => resources.required = entry.texts(cx),
                "optional" => resources.optional = entry.texts(cx),
                _ => {}
            }
        }
        Some(resources)
    }
}

impl UnitOfWork {
    fn parse(entry: &Entry, cx: &Ctxt) -> Option<Self> {
        const KEYS: &[&str] = &[
            "partition_key",
            "estimated_duration_sec",
            "idempotency_mode",
            "checkpointable",
            "content_hash",
        ];
        let mut unit = Self::default();
        // `unit_of_work` alone declares one with every default.
        if matches!(entry.value, Value::Flag) {
            return Some(unit);
        }
        let list = entry.list("unit_of_work(partition_key = \"…\")", cx)?;
        for entry in sub_entries(list, KEYS, "unit_of_work", cx) {
            match entry.name().as_str() {
                "partition_key" => unit.partition_key = entry.text(cx),
                "estimated_duration_sec" => unit.estimated_duration_sec = seconds(&entry, cx),
                "idempotency_mode" => {
                    unit.idempotency_mode = entries::one_of(&entry, IDEMPOTENCY_MODES, cx);
                }
                "checkpointable" => unit.checkpointable = entry.flag(cx),
                "content_hash" => unit.content_hash = entry.texts(cx),
                _ => {}
            }
        }
        Some(unit)
    }
}

impl ChainWrap {
    fn parse(entry: &Entry, cx: &Ctxt) -> Option<Self> {
        let list = entry.list("chain_wrap(kinds = [\"*\"], hooks = [\"*\"])", cx)?;
        let mut wrap = Self {
            span: entry.key.span(),
            kinds: Vec::new(),
            hooks: Vec::new(),
        };
        for entry in sub_entries(list, &["kinds", "hooks"], "chain_wrap", cx) {
            match entry.name().as_str() {
                "kinds" => wrap.kinds = entry.texts(cx),
                "hooks" => wrap.hooks = entry.texts(cx),
                _ => {}
            }
        }
        Some(wrap)
    }
}

fn sub_entries(list: TokenStream, keys: &[&str], owner: &str, cx: &Ctxt) -> Vec<Entry> {
    let entries = entries::parse(list, owner, cx);
    entries::check_keys(&entries, keys, owner, cx);
    entries
}

fn kind(entry: &Entry, cx: &Ctxt) -> Option<LitStr> {
    let value = entry.eq("kind = \"tool\"", cx)?;
    // The trait of a kind, which `of_kind::kind_path` reads.
    if let Ok(path) = syn::parse::Parser::parse2(syn::Path::parse_mod_style, value.clone()) {
        if let Some(name) = path.get_ident()
            && is_snake_case(&name.to_string())
        {
            let is_crate =
                Externs::of_compiler().is_some_and(|externs| externs.has(&plain_name(name)));
            let help = if is_crate {
                format!("write the trait in it, for example `kind = {name}::Chunker`")
            } else {
                format!("write `kind = \"{name}\"` if it is the name of one")
            };
            cx.error_at(
                name,
                format!("`{name}` is no trait of a kind\nhelp: {help}"),
            );
        }
        return None;
    }
    if syn::parse2::<LitStr>(value.clone()).is_err() {
        cx.error_at(
            &value,
            format!(
                "expected the trait of a kind, or a name in quotes, for example `kind = Chunker` or `kind = \"tool\"`, found `{}`",
                shown(&value)
            ),
        );
        return None;
    }
    entry.required_text("kind = \"tool\"", cx)
}

fn seconds(entry: &Entry, cx: &Ctxt) -> Option<Spanned<u32>> {
    let number = entry.integer(cx)?;
    if number.value == 0 {
        cx.error(
            number.span,
            format!("`{}` must be at least 1 second", entry.key),
        );
        return None;
    }
    Some(number)
}

fn refuse_of_the_build(entry: &Entry, cx: &Ctxt) -> bool {
    let name = entry.name();
    let Some((_, why)) = OF_THE_BUILD.iter().find(|(key, _)| *key == name) else {
        return false;
    };
    cx.error_at(
        &entry.key,
        format!("`{name}` is not known when the plugin is compiled: {why}\nhelp: leave it out"),
    );
    true
}
