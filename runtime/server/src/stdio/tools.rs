//! The MCP tools of a plugin: one per exposed hook; a `tool` plugin's functions are its hooks.
//!
//! Every tool has two names, and both can always be called. Which are listed depends on who asks:
//! big clients refuse the dots of the specification's names, dagstack hosts find hooks by them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rmcp::ErrorData;
use rmcp::model::Tool;

use super::envelope::shown;
use super::reply::protocol_error;
use super::session::Peer;
use dagstack_engine::plain_schema;
use dagstack_plugin_core::declaration::{Declaration, Hook};
use dagstack_plugin_core::error;
use dagstack_plugin_core::kind::TOOL_NAME_TEMPLATE;
use dagstack_plugin_core::schema::Schema;

/// One of a tool's two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameStyle {
    /// As the kind says, else `{kind}.{plugin}.{hook}`; `tool.<plugin>.execute.<function>`.
    Full,
    /// The hook's or function's own name.
    Short,
}

/// How input schemas are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaStyle {
    /// As they are.
    Full,
    /// In few keywords, for clients that know no others; and no output schemas, in which `null` could
    /// not be told.
    Plain,
}

const STYLES: [NameStyle; 2] = [NameStyle::Full, NameStyle::Short];

impl NameStyle {
    fn name(self, declaration: &Declaration, hook: &Hook) -> String {
        let (kind, plugin, name) = (declaration.kind, declaration.name, hook.name);
        match self {
            Self::Short => name.to_owned(),
            Self::Full if declaration.is_tool() => format!("tool.{plugin}.execute.{name}"),
            Self::Full => template(declaration, hook)
                .replace("{kind}", kind)
                .replace("{plugin}", plugin)
                .replace("{hook}", name)
                .replace("{function}", name),
        }
    }
}

/// How the kind names the hook's tools.
fn template(declaration: &Declaration, hook: &Hook) -> &'static str {
    declaration
        .kind_spec
        .and_then(|kind| kind.hook(hook.name))
        .map_or(TOOL_NAME_TEMPLATE, |hook| hook.mcp_tool_name_template)
}

/// The tools under one of their names. Schemas are made when a client asks for them.
#[derive(Debug)]
pub(super) struct Listing {
    declaration: &'static Declaration,
    style: NameStyle,
    by_name: HashMap<String, usize>,
    full: OnceLock<Vec<Tool>>,
    plain: OnceLock<Vec<Tool>>,
}

impl Listing {
    fn new(declaration: &'static Declaration, style: NameStyle) -> Self {
        let by_name = declaration
            .exposed()
            .map(|(index, hook)| (style.name(declaration, hook), index));
        Self {
            declaration,
            style,
            by_name: by_name.collect(),
            full: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// The tool that calls `hook`.
    pub(super) fn name(&self, hook: &Hook) -> String {
        self.style.name(self.declaration, hook)
    }

    /// What `tools/list` answers, as a whole.
    fn list(&self, schemas: SchemaStyle) -> &[Tool] {
        let list = match schemas {
            SchemaStyle::Full => &self.full,
            SchemaStyle::Plain => &self.plain,
        };
        list.get_or_init(|| {
            let exposed = self.declaration.exposed();
            exposed.map(|(_, hook)| self.tool(hook, schemas)).collect()
        })
    }

    fn tool(&self, hook: &Hook, style: SchemaStyle) -> Tool {
        let schemas = hook.schemas();
        let tool = |input: Schema| {
            let description = hook.description.unwrap_or_default();
            Tool::new(self.name(hook), description, Arc::new(input))
        };
        match style {
            SchemaStyle::Full => {
                tool(schemas.input.clone()).with_raw_output_schema(Arc::new(schemas.output.clone()))
            }
            SchemaStyle::Plain => tool(plain_schema(&schemas.input)),
        }
    }
}

/// The tools under both their names.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) declaration: &'static Declaration,
    /// What `--tool-names` says: how everybody is listed them.
    style: Option<NameStyle>,
    /// What `--schemas` says.
    schemas: Option<SchemaStyle>,
    full: Listing,
    short: Listing,
}

impl Tools {
    pub(super) fn new(
        declaration: &'static Declaration,
        style: Option<NameStyle>,
        schemas: Option<SchemaStyle>,
    ) -> Self {
        Self {
            declaration,
            style,
            schemas,
            full: Listing::new(declaration, NameStyle::Full),
            short: Listing::new(declaration, NameStyle::Short),
        }
    }

    /// As `peer` is listed them, and under the other names.
    fn listings(&self, peer: Peer) -> [&Listing; 2] {
        let by_peer = match peer.is_dagstack {
            true => NameStyle::Full,
            false => NameStyle::Short,
        };
        match self.style.unwrap_or(by_peer) {
            NameStyle::Full => [&self.full, &self.short],
            NameStyle::Short => [&self.short, &self.full],
        }
    }

    /// The tools as `peer` is listed them.
    pub(super) fn listing(&self, peer: Peer) -> &Listing {
        self.listings(peer)[0]
    }

    /// A page of what `peer` is listed, and the cursor of the next one. `None` where `cursor` is none
    /// of ours.
    pub(super) fn page(
        &self,
        peer: Peer,
        cursor: Option<&str>,
    ) -> Option<(&[Tool], Option<String>)> {
        // A host of ours takes everything.
        let by_peer = match peer.is_picky && !peer.is_dagstack {
            true => SchemaStyle::Plain,
            false => SchemaStyle::Full,
        };
        let schemas = match peer.has_extension {
            true => SchemaStyle::Full,
            false => self.schemas.unwrap_or(by_peer),
        };
        page(self.listing(peer).list(schemas), cursor)
    }

    /// The hook of a tool by either of its names.
    pub(super) fn hook(&self, tool: &str) -> Option<&'static Hook> {
        let mut listings = [&self.full, &self.short].into_iter();
        let index = listings.find_map(|listing| listing.by_name.get(tool))?;
        self.declaration.hooks.get(*index)
    }

    /// The hook a tool calls, by its place in the declaration. Where one tool's name is another's
    /// other name, it is the one that `peer` was listed.
    pub(super) fn find(&self, peer: Peer, tool: &str) -> Result<usize, ErrorData> {
        let mut listings = self.listings(peer).into_iter();
        listings
            .find_map(|listing| listing.by_name.get(tool).copied())
            .ok_or_else(|| self.missing(peer, tool))
    }

    /// The error for a tool that is not there.
    #[cold]
    fn missing(&self, peer: Peer, tool: &str) -> ErrorData {
        let tool = &*shown(tool);
        let names = |hook: &Hook| STYLES.map(|style| style.name(self.declaration, hook));
        let mut hidden = self.declaration.hooks.iter().filter(|it| !it.mcp_exposed);
        if let Some(hook) = hidden.find(|hook| names(hook).iter().any(|name| name == tool)) {
            let error = error::not_exposed(&self.declaration.key(), hook.name);
            return protocol_error(&error);
        }
        let listing = self.listing(peer);
        let exposed: Vec<([String; 2], String)> = self
            .declaration
            .exposed()
            .map(|(_, hook)| (names(hook), listing.name(hook)))
            .collect();
        // A slip in either name is answered with the one this peer knows.
        let known = exposed.iter().flat_map(|(names, _)| names);
        let guess =
            dagstack_plugin_core::suggest(tool, known.map(String::as_str)).and_then(|guess| {
                exposed
                    .iter()
                    .find(|(names, _)| names.iter().any(|it| it == guess))
            });
        let guess = dagstack_plugin_core::did_you_mean(guess.map(|(_, listed)| listed));
        let listed: Vec<&str> = exposed.iter().map(|(_, listed)| &**listed).collect();
        let list = match &listed[..] {
            [] => "there are none".to_owned(),
            listed => format!("there are: {}", listed.join(", ")),
        };
        ErrorData::invalid_params(format!("unknown tool `{tool}`{guess}; {list}"), None)
    }
}

/// Tools on one page. Many clients read no other page than the first, so all tools of any plugin but
/// the largest are on it.
const PAGE: usize = 250;

/// What stands before the number of tools behind which a page begins.
const CURSOR: &str = "tools-";

fn page<'a, T>(all: &'a [T], cursor: Option<&str>) -> Option<(&'a [T], Option<String>)> {
    let start = match cursor {
        None => 0,
        Some(cursor) => {
            let start = cursor.strip_prefix(CURSOR)?.parse::<usize>().ok()?;
            // Only what was told leads anywhere.
            (start > 0 && start < all.len() && start.is_multiple_of(PAGE)).then_some(start)?
        }
    };
    let rest = all.get(start..)?;
    let next = (rest.len() > PAGE).then(|| format!("{CURSOR}{}", start + PAGE));
    Some((rest.get(..PAGE).unwrap_or(rest), next))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::OnceLock;

    use super::*;
    use dagstack_manifest::ExecutionModel;
    use dagstack_plugin_core::kind::{Dispatch, ErrorPolicy, KindHook, KindSpec};
    use dagstack_plugin_core::schema::Schema;

    const fn hook(name: &'static str, mcp_exposed: bool) -> Hook {
        Hook {
            name,
            description: None,
            execution_model: ExecutionModel::Sync,
            mcp_exposed,
            takes_context: true,
            params: &[],
            input_schema: |_| Schema::new(),
            output_schema: Schema::new,
            schemas: OnceLock::new(),
        }
    }

    static HOOKS: [Hook; 3] = [
        hook("split", true),
        hook("fixed_split", true),
        hook("own", false),
    ];

    const fn of_kind(name: &'static str, mcp_tool_name_template: &'static str) -> KindHook {
        KindHook {
            mcp_tool_name_template,
            name,
            description: None,
            dispatch: Dispatch::Singleton,
            capability: None,
            error_policy: ErrorPolicy::FailFast,
            mcp_exposed: true,
            params: &[],
            input_schema: || None,
            output_schema: || None,
        }
    }

    static KIND: KindSpec = KindSpec {
        name: "chunker",
        version: "1.0.0",
        description: None,
        constraints: &[],
        hooks: &[
            of_kind("split", "{plugin}_{hook}"),
            of_kind("fixed_split", "{kind}/{plugin}/{hook}"),
        ],
    };

    static CHUNKER: Declaration = Declaration {
        kind_spec: Some(&KIND),
        ..Declaration::new("chunker", "fixed", "Fixed", &HOOKS, Schema::new)
    };
    pub(crate) static TOOL: Declaration =
        Declaration::new("tool", "fixed", "Fixed", &HOOKS, Schema::new);

    const CLIENT: Peer = Peer {
        has_extension: false,
        is_dagstack: false,
        is_picky: false,
    };
    const HOST: Peer = Peer {
        has_extension: false,
        is_dagstack: true,
        is_picky: false,
    };

    fn listed(tools: &Tools, peer: Peer) -> Vec<&str> {
        let (list, _) = tools.page(peer, None).unwrap();
        list.iter().map(|tool| &*tool.name).collect()
    }

    #[test]
    fn b04_names_are_short_unless_a_dagstack_host_asks() {
        let full = ["tool.fixed.execute.split", "tool.fixed.execute.fixed_split"];
        let short = ["split", "fixed_split"];
        let by_peer = Tools::new(&TOOL, None, None);
        assert_eq!(listed(&by_peer, CLIENT), short);
        assert_eq!(listed(&by_peer, HOST), full);
        assert_eq!(
            listed(&Tools::new(&TOOL, Some(NameStyle::Full), None), CLIENT),
            full
        );
        assert_eq!(
            listed(&Tools::new(&TOOL, Some(NameStyle::Short), None), HOST),
            short
        );
        for name in full.iter().chain(&short) {
            for peer in [CLIENT, HOST] {
                assert!(by_peer.find(peer, name).is_ok(), "{name}");
            }
        }
    }

    /// The template makes `fixed_split` of the hook `split`, and there is a hook `fixed_split`.
    #[test]
    fn b04_of_two_tools_with_one_name_it_is_the_one_that_was_listed() {
        let tools = Tools::new(&CHUNKER, None, None);
        assert_eq!(listed(&tools, CLIENT), ["split", "fixed_split"]);
        assert_eq!(
            listed(&tools, HOST),
            ["fixed_split", "chunker/fixed/fixed_split"]
        );
        assert_eq!(tools.find(CLIENT, "fixed_split").unwrap(), 1);
        assert_eq!(tools.find(HOST, "fixed_split").unwrap(), 0);
        assert_eq!(tools.find(HOST, "split").unwrap(), 0);
    }

    #[test]
    fn b04_mistakes_are_answered_in_the_names_that_were_listed() {
        let tools = Tools::new(&TOOL, None, None);
        for slip in ["splid", "tool.fixed.execute.splid"] {
            let said = tools.find(CLIENT, slip).unwrap_err().message;
            assert!(said.contains("did you mean `split`?"), "{said}");
            assert!(said.ends_with("there are: split, fixed_split"), "{said}");
            let said = tools.find(HOST, slip).unwrap_err().message;
            assert!(
                said.contains("did you mean `tool.fixed.execute.split`?"),
                "{said}"
            );
        }
        let hidden = tools.find(CLIENT, "own").unwrap_err();
        assert_eq!(hidden.data.unwrap()["code"], "not_exposed");
    }

    #[test]
    fn long_lists_have_pages() {
        let all: Vec<usize> = (0..2 * PAGE + 1).collect();
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let (items, next) = page(&all, cursor.as_deref()).unwrap();
            seen.extend_from_slice(items);
            pages += 1;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (all.clone(), 3));
        assert_eq!(page(&all[..PAGE], None), Some((&all[..PAGE], None)));
        assert_eq!(page::<u8>(&[], None), Some((&[][..], None)));
        for cursor in [
            "",
            "1",
            "tools-0",
            "tools-1",
            "tools-750",
            "tools--250",
            "tools-250 ",
            "250",
        ] {
            assert_eq!(page(&all, Some(cursor)), None, "{cursor}");
        }
    }

    #[test]
    fn plain_schemas_are_for_who_needs_them() {
        let plain = |schemas, peer| {
            let tools = Tools::new(&TOOL, None, schemas);
            let (listed, _) = tools.page(peer, None).unwrap();
            listed.iter().all(|tool| tool.output_schema.is_none())
        };
        let picky = Peer {
            is_picky: true,
            ..CLIENT
        };
        let ours = Peer {
            has_extension: true,
            ..HOST
        };
        assert!(plain(None, picky) && !plain(None, CLIENT));
        assert!(plain(Some(SchemaStyle::Plain), CLIENT));
        assert!(!plain(Some(SchemaStyle::Full), picky));
        assert!(!plain(Some(SchemaStyle::Plain), ours));
    }
}
