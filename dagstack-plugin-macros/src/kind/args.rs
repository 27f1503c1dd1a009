//! The arguments of `#[kind(…)]`, and of `#[hook(…)]` in a kind.

use proc_macro2::{Ident, Span, TokenStream};
use syn::LitStr;

use crate::ctxt::Ctxt;
use crate::entries::{self, Entry, Spanned};
use crate::hook::annotations::Annotations;
use crate::names::{help_name, is_snake_case, is_version, snake_case_of};
use crate::path::CratePath;
use crate::words::listed;

/// What `#[kind(…)]` says.
pub(crate) struct KindArgs {
    pub(crate) krate: CratePath,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) constraints: Vec<LitStr>,
}

const KEYS: &[&str] = &["name", "version", "description", "constraints", "crate"];

/// What `#[hook(…)]` in a kind says.
#[derive(Default)]
pub(crate) struct HookArgs {
    pub(crate) dispatch: Option<Spanned<Dispatch>>,
    pub(crate) error_policy: Option<LitStr>,
    pub(crate) mcp_exposed: Option<Spanned<bool>>,
    pub(crate) mcp_tool_name_template: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) annotations: Annotations,
    /// The variant of the library's `Capability`, and the parameter.
    pub(crate) capability: Option<(&'static str, LitStr)>,
    /// A schema in the place of the derived one; for `include_kind!`.
    pub(crate) input_schema: Option<LitStr>,
    pub(crate) output_schema: Option<LitStr>,
    /// The parameters that are not written where they are `None`, because such a schema has no
    /// `null` for them; for `include_kind!`.
    pub(crate) left_out: Vec<LitStr>,
}

const HOOK_KEYS: &[&str] = &[
    "dispatch",
    "error_policy",
    "mcp_exposed",
    "mcp_tool_name_template",
    "description",
    "title",
    "read_only",
    "destructive",
    "idempotent",
    "open_world",
    "extension",
    "language",
    "mime_type",
];

/// For the macro that writes kinds; not for authors.
const HIDDEN_KEYS: &[&str] = &["input_schema", "output_schema", "left_out"];

/// Arguments of a plugin's hook, each with what to do about it in a kind.
const OF_PLUGINS: &[(&str, &str)] = &[
    (
        "name",
        "a hook of a kind is called what its function is called",
    ),
    (
        "execution_model",
        "each plugin of the kind chooses how its hooks are run",
    ),
];

/// A dispatch class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispatch {
    Singleton,
    BroadcastCollect,
    BroadcastNotify,
    Chain,
    Capability,
}

/// What is done about the failures of a broadcast.
pub(crate) const ERROR_POLICIES: &[&str] = &["fail_fast", "best_effort"];

/// The keys of capability dispatch, with the library's variants.
pub(crate) const CAPABILITIES: [(&str, &str); 3] = [
    ("extension", "Extension"),
    ("language", "Language"),
    ("mime_type", "MimeType"),
];

impl Dispatch {
    const ALL: [(&'static str, &'static str, Self); 5] = [
        ("singleton", "Singleton", Self::Singleton),
        (
            "broadcast_collect",
            "BroadcastCollect",
            Self::BroadcastCollect,
        ),
        ("broadcast_notify", "BroadcastNotify", Self::BroadcastNotify),
        ("chain", "Chain", Self::Chain),
        ("capability", "Capability", Self::Capability),
    ];

    pub(crate) const NAMES: [&'static str; 5] = {
        let [(a, ..), (b, ..), (c, ..), (d, ..), (e, ..)] = Self::ALL;
        [a, b, c, d, e]
    };

    fn parse(entry: &Entry, cx: &Ctxt) -> Option<Spanned<Self>> {
        let text = entries::one_of(entry, &Self::NAMES, cx)?;
        let value = text.value();
        Self::ALL
            .iter()
            .find(|(name, ..)| *name == value)
            .map(|(_, _, class)| Spanned {
                value: *class,
                span: text.span(),
            })
    }

    /// The variant of the library's enum.
    pub(crate) fn variant(self) -> Ident {
        let name = Self::ALL
            .iter()
            .find(|(.., class)| *class == self)
            .map_or("Singleton", |(_, variant, _)| variant);
        Ident::new(name, Span::call_site())
    }

    /// Whether several plugins are called.
    pub(crate) fn calls_several(self) -> bool {
        matches!(
            self,
            Self::BroadcastCollect | Self::BroadcastNotify | Self::Chain
        )
    }
}

impl KindArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    pub(crate) fn parse(tokens: TokenStream, cx: &Ctxt) -> Self {
        let entries = entries::parse(tokens, "kind", cx);
        entries::check_keys(&entries, KEYS, "kind", cx);
        let mut args = Self {
            krate: CratePath::of(&entries, cx),
            name: None,
            version: None,
            description: None,
            constraints: Vec::new(),
        };
        for entry in &entries {
            match entry.name().as_str() {
                "name" => args.name = entry.required_text("name = \"chunker\"", cx),
                "version" => args.version = entry.required_text("version = \"1.0.0\"", cx),
                "description" => args.description = entry.text(cx),
                "constraints" => args.constraints = entry.texts(cx),
                // Read above, or reported by `check_keys`.
                _ => {}
            }
        }
        let missing = |key: &str| !entries::is_given(&entries, key, KEYS);
        let missing = match (missing("name"), missing("version")) {
            (true, true) => Some(
                "a `name` and a `version`, for example `name = \"chunker\", version = \"1.0.0\"`",
            ),
            (true, false) => Some("a `name`, for example `name = \"chunker\"`"),
            (false, true) => Some("a `version`, for example `version = \"1.0.0\"`"),
            (false, false) => None,
        };
        if let Some(missing) = missing {
            cx.error(Span::call_site(), format!("`#[kind]` needs {missing}"));
        }
        args.check(cx);
        args
    }

    fn check(&self, cx: &Ctxt) {
        // The name is a part of MCP tool names and of environment variables (specification §2).
        if let Some(name) = &self.name
            && !is_snake_case(&name.value())
        {
            cx.error(
                name.span(),
                format!(
                    "the kind `{}` must be in snake_case: `a-z`, `0-9` and `_`, starting with a letter{}",
                    name.value(),
                    help_name(&snake_case_of(&name.value()))
                ),
            );
        }
        if let Some(version) = &self.version
            && !is_version(&version.value())
        {
            cx.error(
                version.span(),
                format!(
                    "the version of a kind is three numbers, `1.0.0`, found `{}`\nnote: plugins of another first number are refused",
                    version.value()
                ),
            );
        }
    }
}

impl HookArgs {
    /// Parses the arguments. Whatever is wrong is reported and left out.
    pub(crate) fn parse(tokens: TokenStream, hook: &Ident, mark: Span, cx: &Ctxt) -> Self {
        let mut entries = entries::parse(tokens, "hook", cx);
        entries.retain(|entry| !refuse_of_plugins(entry, cx));
        entries::name_values(&mut entries, "dispatch", &Dispatch::NAMES, cx);
        let hidden = |entry: &&Entry| HIDDEN_KEYS.contains(&&*entry.name());
        let mut args = Self::default();
        for entry in entries.iter().filter(hidden) {
            match entry.name().as_str() {
                "input_schema" => args.input_schema = entry.text(cx),
                "left_out" => args.left_out = entry.texts(cx),
                _ => args.output_schema = entry.text(cx),
            }
        }
        entries.retain(|entry| !hidden(&entry));
        entries::check_keys(&entries, HOOK_KEYS, "hook", cx);
        let mut capabilities = Vec::new();
        for entry in &entries {
            match entry.name().as_str() {
                "dispatch" => args.dispatch = Dispatch::parse(entry, cx),
                "error_policy" => {
                    args.error_policy = entries::one_of(entry, ERROR_POLICIES, cx);
                }
                "mcp_exposed" => args.mcp_exposed = entry.flag(cx),
                "mcp_tool_name_template" => {
                    args.mcp_tool_name_template = entry.text(cx);
                }
                "description" => args.description = entry.text(cx),
                key => {
                    if let Some((_, variant)) = CAPABILITIES.iter().find(|(name, _)| *name == key) {
                        capabilities.push((*variant, entry));
                    } else {
                        args.annotations.set(entry, cx);
                    }
                }
            }
        }
        if !entries::is_given(&entries, "dispatch", HOOK_KEYS) {
            cx.error(
                mark,
                format!(
                    "the hook `{hook}` needs a `dispatch`, for example `#[hook(dispatch = \"singleton\")]`\nnote: it is one of {}",
                    listed(Dispatch::NAMES.map(|name| format!("\"{name}\"")))
                ),
            );
        }
        args.annotations.check(cx);
        args.check(&entries, &capabilities, cx);
        if let [(variant, entry), ..] = &capabilities[..] {
            args.capability = entry.text(cx).map(|param| (*variant, param));
        }
        args
    }

    fn check(&self, entries: &[Entry], capabilities: &[(&str, &Entry)], cx: &Ctxt) {
        let Some(dispatch) = &self.dispatch else {
            return;
        };
        match (dispatch.value, capabilities) {
            (Dispatch::Capability, []) => cx.error(
                dispatch.span,
                "capability dispatch needs to know what it looks at: `extension`, `language` or `mime_type`, and the parameter that holds it, for example `extension = \"path\"`",
            ),
            (Dispatch::Capability, [_]) => {}
            (Dispatch::Capability, [_, (_, second), ..]) => cx.error_at(
                &second.key,
                "capability dispatch looks at one thing\nhelp: keep one of `extension`, `language` and `mime_type`",
            ),
            (_, [(_, entry), ..]) => cx.error_at(
                &entry.key,
                format!(
                    "`{}` is for capability dispatch\nhelp: write `dispatch = \"capability\"`, or leave it out",
                    entry.key
                ),
            ),
            (_, []) => {}
        }
        if let Some(entry) = entries.iter().find(|entry| entry.key == "error_policy")
            && dispatch.value != Dispatch::BroadcastCollect
        {
            cx.error_at(
                &entry.key,
                "`error_policy` is for `broadcast_collect`: only there one failure can stand among results\nhelp: leave it out",
            );
        }
        if let Some(template) = &self.mcp_tool_name_template {
            check_template(template, cx);
        }
    }
}

/// A template that does not tell plugins or hooks apart would give two tools one name.
fn check_template(template: &LitStr, cx: &Ctxt) {
    const PLACES: &[&str] = &["kind", "plugin", "hook", "function"];
    let text = template.value();
    for place in text.split('{').skip(1) {
        let name = place.split('}').next().unwrap_or_default();
        if !place.contains('}') || !PLACES.contains(&name) {
            cx.error(
                template.span(),
                format!(
                    "`mcp_tool_name_template` has no place `{{{name}}}`\nnote: there are `{{kind}}`, `{{plugin}}`, `{{hook}}` and `{{function}}`"
                ),
            );
            return;
        }
    }
    for place in ["{plugin}", "{hook}"] {
        if !text.contains(place) {
            cx.error(
                template.span(),
                format!(
                    "`mcp_tool_name_template` needs `{place}`, or two tools could have one name"
                ),
            );
            return;
        }
    }
}

fn refuse_of_plugins(entry: &Entry, cx: &Ctxt) -> bool {
    let name = entry.name();
    let Some((_, why)) = OF_PLUGINS.iter().find(|(key, _)| *key == name) else {
        return false;
    };
    cx.error_at(
        &entry.key,
        format!("`{name}` is for the hooks of a plugin: {why}\nhelp: leave it out"),
    );
    true
}
