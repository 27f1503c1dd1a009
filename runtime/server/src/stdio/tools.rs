//! The MCP tools: one per exposed hook; a `tool` plugin's functions are its hooks.
//!
//! Every tool has two names, and both can always be called. Which are listed depends on who asks:
//! big clients refuse the dots of the specification's names, dagstack hosts find hooks by them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};

use rmcp::ErrorData;
use rmcp::model::{Tool, ToolAnnotations};

use super::envelope::shown;
use super::reply::protocol_error;
use super::session::Peer;
use dagstack_engine::plain_schema;
use dagstack_plugin_core::declaration::{Declaration, Hook};
use dagstack_plugin_core::error;
use dagstack_plugin_core::kind::TOOL_NAME_TEMPLATE;
use dagstack_plugin_core::schema::Schema;

/// The longest name that big clients take.
const LONGEST: usize = 64;

/// A hook of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HookId {
    /// Its plugin's place among those of the process.
    pub(super) plugin: usize,
    /// Its place in that one's declaration.
    pub(super) hook: usize,
}

impl HookId {
    /// One of the only plugin.
    pub(super) const fn of_single(hook: usize) -> Self {
        Self { plugin: 0, hook }
    }
}

/// The plugins whose hooks are tools.
#[derive(Clone, Debug)]
struct Plugins {
    declarations: Arc<[&'static Declaration]>,
    /// The executable holds several, whether or not all of them are served.
    in_company: bool,
}

impl Plugins {
    /// The exposed hooks.
    fn exposed(&self) -> impl Iterator<Item = (HookId, &'static Declaration, &'static Hook)> {
        let all = self.declarations.iter().enumerate();
        all.flat_map(|(plugin, declaration)| {
            let exposed = declaration.exposed();
            exposed.map(move |(hook, it)| (HookId { plugin, hook }, *declaration, it))
        })
    }
}

/// One of a tool's two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameStyle {
    /// As the kind says, else `{kind}.{plugin}.{hook}`; `tool.<plugin>.execute.<function>`.
    Full,
    /// The hook's or function's own name; `<plugin>_<name>` where the executable holds several
    /// plugins.
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

impl NameStyle {
    /// The name, unless another tool has it.
    fn name(self, declaration: &Declaration, hook: &Hook, in_company: bool) -> String {
        let (kind, plugin, name) = (declaration.kind, declaration.name, hook.name);
        match self {
            Self::Short if in_company => safe(format!("{plugin}_{name}")),
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

/// Without what big clients refuse. A hook's own name is safe, a plugin's need not be.
fn safe(name: String) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let safe = name.chars().map(|c| if is_safe(c) { c } else { '_' });
    safe.collect()
}

/// The tools under one of their names. Schemas are made when a client asks for them.
#[derive(Debug)]
pub(super) struct Listing {
    plugins: Plugins,
    names: Vec<(HookId, String)>,
    by_name: HashMap<String, HookId>,
    full: OnceLock<Vec<Tool>>,
    plain: OnceLock<Vec<Tool>>,
}

impl Listing {
    fn new(plugins: &Plugins, style: NameStyle) -> Self {
        let mut names = Vec::new();
        let mut by_name = HashMap::new();
        for (id, declaration, hook) in plugins.exposed() {
            let mut name = style.name(declaration, hook, plugins.in_company);
            if plugins.in_company && by_name.contains_key(&name) {
                name = safe(format!("{}_{name}", declaration.kind));
            }
            // With one plugin, names clash only where a kind's templates make them.
            by_name.insert(name.clone(), id);
            names.push((id, name));
        }
        Self {
            plugins: plugins.clone(),
            names,
            by_name,
            full: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// The tool that calls a hook.
    pub(super) fn name(&self, id: HookId) -> &str {
        let mut names = self.names.iter();
        names
            .find(|(of, _)| *of == id)
            .map_or("", |(_, name)| &**name)
    }

    /// What `tools/list` answers, as a whole.
    fn list(&self, schemas: SchemaStyle) -> &[Tool] {
        let list = match schemas {
            SchemaStyle::Full => &self.full,
            SchemaStyle::Plain => &self.plain,
        };
        list.get_or_init(|| {
            let named = self.plugins.exposed().zip(&self.names);
            named
                .map(|((_, declaration, hook), (_, name))| tool(name, declaration, hook, schemas))
                .collect()
        })
    }
}

fn tool(name: &str, declaration: &Declaration, hook: &Hook, style: SchemaStyle) -> Tool {
    let schemas = hook.schemas();
    let tool = |input: Schema| {
        let description = hook.description.unwrap_or_default();
        let tool = Tool::new(name.to_owned(), description, Arc::new(input));
        annotated(tool, declaration, hook)
    };
    match style {
        SchemaStyle::Plain => tool(plain_schema(&schemas.input)),
        // Clients ask for structured content where there is an output schema.
        SchemaStyle::Full if schemas.is_content => tool(schemas.input.clone()),
        SchemaStyle::Full => {
            tool(schemas.input.clone()).with_raw_output_schema(Arc::new(schemas.output.clone()))
        }
    }
}

/// The tool with what the hook tells clients of itself. The title is in two places: clients of 2025-03-26
/// look for it among the annotations.
fn annotated(tool: Tool, declaration: &Declaration, hook: &Hook) -> Tool {
    let given = declaration.annotations(hook);
    if given == dagstack_plugin_core::ToolAnnotations::NONE {
        return tool;
    }
    let title = given.title.map(str::to_owned);
    let mut tool = tool.with_annotations(ToolAnnotations::from_raw(
        title.clone(),
        given.read_only,
        given.destructive,
        given.idempotent,
        given.open_world,
    ));
    tool.title = title;
    tool
}

/// The tools under both their names.
#[derive(Debug)]
pub(super) struct Tools {
    plugins: Plugins,
    /// What `--tool-names` says: how everybody is listed them.
    style: Option<NameStyle>,
    /// What `--schemas` says.
    schemas: Option<SchemaStyle>,
    full: Listing,
    short: Listing,
    /// Of several plugins, the hooks by their own names, which they may share.
    own: HashMap<&'static str, Vec<HookId>>,
}

impl Tools {
    /// The tools of the plugins that are served; `in_company` where the executable holds several.
    pub(super) fn new(
        declarations: impl IntoIterator<Item = &'static Declaration>,
        in_company: bool,
        style: Option<NameStyle>,
        schemas: Option<SchemaStyle>,
    ) -> Self {
        let plugins = Plugins {
            declarations: declarations.into_iter().collect(),
            in_company,
        };
        let mut own: HashMap<&str, Vec<HookId>> = HashMap::new();
        if in_company {
            for (id, _, hook) in plugins.exposed() {
                own.entry(hook.name).or_default().push(id);
            }
        }
        Self {
            style,
            schemas,
            full: Listing::new(&plugins, NameStyle::Full),
            short: Listing::new(&plugins, NameStyle::Short),
            own,
            plugins,
        }
    }

    /// That big clients take all names; an error says what to change.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut by_name: HashMap<&str, HookId> = HashMap::new();
        for (id, name) in &self.short.names {
            let tool = |id: HookId| match self.plugins.declarations.get(id.plugin) {
                Some(declaration) => format!(
                    "`{}` of `{}`",
                    declaration.hooks.get(id.hook).map_or("", |hook| hook.name),
                    declaration.key()
                ),
                None => String::new(),
            };
            if name.len() > LONGEST {
                let (own, length) = (tool(*id), name.len());
                return Err(format!(
                    "the tool name `{name}` ({own}) has {length} characters, and clients take {LONGEST}\nhelp: shorten the plugin's name, or the hook's"
                ));
            }
            match by_name.entry(name) {
                Entry::Vacant(free) => _ = free.insert(*id),
                Entry::Occupied(taken) => {
                    let (first, second) = (tool(*taken.get()), tool(*id));
                    return Err(format!(
                        "{first} and {second} have one tool name, `{name}`\nhelp: rename one of the hooks, or of the plugins"
                    ));
                }
            }
        }
        Ok(())
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
        let id = listings.find_map(|listing| listing.by_name.get(tool))?;
        self.plugins.declarations.get(id.plugin)?.hooks.get(id.hook)
    }

    /// The hook a tool calls. Where one tool's name is another's other name, it is the one that `peer`
    /// was listed.
    pub(super) fn find(&self, peer: Peer, tool: &str) -> Result<HookId, ErrorData> {
        let mut listings = self.listings(peer).into_iter();
        listings
            .find_map(|listing| listing.by_name.get(tool).copied())
            .or_else(|| match self.own.get(tool)?[..] {
                [only] => Some(only),
                _ => None,
            })
            .ok_or_else(|| self.missing(peer, tool))
    }

    /// The error for a tool that is not there.
    #[cold]
    fn missing(&self, peer: Peer, tool: &str) -> ErrorData {
        let tool = &*shown(tool);
        let listing = self.listing(peer);
        if let Some(several) = self.own.get(tool) {
            let names: Vec<&str> = several.iter().map(|id| listing.name(*id)).collect();
            let problem = format!(
                "several plugins have a tool `{tool}`; call one of: {}",
                names.join(", ")
            );
            return ErrorData::invalid_params(problem, None);
        }
        if let Some(error) = self.hidden(tool) {
            return protocol_error(&error);
        }
        // A slip in either name is answered with the one this peer knows.
        let known = self.full.names.iter().chain(&self.short.names);
        let guess = dagstack_plugin_core::suggest(tool, known.map(|(_, name)| &**name));
        let guess = guess.and_then(|guess| {
            let mut listings = [&self.full, &self.short].into_iter();
            listings.find_map(|listing| listing.by_name.get(guess))
        });
        let guess = dagstack_plugin_core::did_you_mean(guess.map(|id| listing.name(*id)));
        let listed: Vec<&str> = listing.names.iter().map(|(_, name)| &**name).collect();
        let list = match &listed[..] {
            [] => "there are none".to_owned(),
            listed => format!("there are: {}", listed.join(", ")),
        };
        ErrorData::invalid_params(format!("unknown tool `{tool}`{guess}; {list}"), None)
    }

    /// The error for a hook that is not exposed, by any of its names.
    fn hidden(&self, tool: &str) -> Option<error::HookError> {
        let in_company = self.plugins.in_company;
        self.plugins.declarations.iter().find_map(|declaration| {
            let mut hidden = declaration.hooks.iter().filter(|it| !it.mcp_exposed);
            let hook = hidden.find(|hook| {
                let styles = [NameStyle::Full, NameStyle::Short].into_iter();
                let mut names = styles.map(|style| style.name(declaration, hook, in_company));
                names.any(|name| name == tool)
            })?;
            Some(error::not_exposed(&declaration.key(), hook.name))
        })
    }
}

/// Tools on one page. Many clients read no other page than the first, so all tools of any plugin but
/// the largest are on it.
const PAGE: usize = 250;

/// What stands before the number of tools behind which a page begins.
const CURSOR: &str = "tools-";

fn page<'a, T>(all: &'a [T], cursor: Option<&str>) -> Option<(&'a [T], Option<String>)> {
    let start = match cursor {
        // Some clients have an empty one for none.
        None | Some("") => 0,
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
    use dagstack_plugin_core::kind::{Dispatch, KindHook, KindSpec};
    use dagstack_plugin_core::schema::Schema;

    const fn hook(name: &'static str, mcp_exposed: bool) -> Hook {
        Hook {
            name,
            description: None,
            execution_model: ExecutionModel::Sync,
            mcp_exposed,
            takes_context: true,
            annotations: dagstack_plugin_core::ToolAnnotations::NONE,
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
            ..KindHook::new(name, Dispatch::Singleton)
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

    fn of(declaration: &'static Declaration, style: Option<NameStyle>) -> Tools {
        Tools::new([declaration], false, style, None)
    }

    fn listed(tools: &Tools, peer: Peer) -> Vec<&str> {
        let (list, _) = tools.page(peer, None).unwrap();
        list.iter().map(|tool| &*tool.name).collect()
    }

    #[test]
    fn b04_names_are_short_unless_a_dagstack_host_asks() {
        let full = ["tool.fixed.execute.split", "tool.fixed.execute.fixed_split"];
        let short = ["split", "fixed_split"];
        let by_peer = of(&TOOL, None);
        assert_eq!(listed(&by_peer, CLIENT), short);
        assert_eq!(listed(&by_peer, HOST), full);
        assert_eq!(listed(&of(&TOOL, Some(NameStyle::Full)), CLIENT), full);
        assert_eq!(listed(&of(&TOOL, Some(NameStyle::Short)), HOST), short);
        for name in full.iter().chain(&short) {
            for peer in [CLIENT, HOST] {
                assert!(by_peer.find(peer, name).is_ok(), "{name}");
            }
        }
    }

    /// The template makes `fixed_split` of the hook `split`, and there is a hook `fixed_split`.
    #[test]
    fn b04_of_two_tools_with_one_name_it_is_the_one_that_was_listed() {
        let tools = of(&CHUNKER, None);
        assert_eq!(listed(&tools, CLIENT), ["split", "fixed_split"]);
        assert_eq!(
            listed(&tools, HOST),
            ["fixed_split", "chunker/fixed/fixed_split"]
        );
        assert_eq!(
            tools.find(CLIENT, "fixed_split").unwrap(),
            HookId::of_single(1)
        );
        assert_eq!(
            tools.find(HOST, "fixed_split").unwrap(),
            HookId::of_single(0)
        );
        assert_eq!(tools.find(HOST, "split").unwrap(), HookId::of_single(0));
    }

    #[test]
    fn b04_mistakes_are_answered_in_the_names_that_were_listed() {
        let tools = of(&TOOL, None);
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

    static OTHER: Declaration = Declaration::new("tool", "other.one", "Other", &HOOKS, Schema::new);

    #[test]
    fn tools_of_several_plugins_have_the_name_of_theirs() {
        let tools = Tools::new([&TOOL, &OTHER], true, None, None);
        tools.check().unwrap();
        let short = [
            "fixed_split",
            "fixed_fixed_split",
            "other_one_split",
            "other_one_fixed_split",
        ];
        assert_eq!(listed(&tools, CLIENT), short);
        assert_eq!(
            listed(&tools, HOST)[3],
            "tool.other.one.execute.fixed_split"
        );
        let id = |tool| tools.find(CLIENT, tool).map(|id| (id.plugin, id.hook));
        assert_eq!(id("other_one_split").unwrap(), (1, 0));
        assert_eq!(id("tool.other.one.execute.split").unwrap(), (1, 0));
        // Not the second function of the first plugin, which has this own name.
        assert_eq!(id("fixed_split").unwrap(), (0, 0));
        let said = id("split").unwrap_err().message;
        assert!(
            said.ends_with("call one of: fixed_split, other_one_split"),
            "{said}"
        );
        let alone = Tools::new([&OTHER], true, None, None);
        assert_eq!(listed(&alone, CLIENT), short[2..]);
        assert_eq!(alone.find(CLIENT, "split").unwrap(), HookId::of_single(0));
        let hidden = alone.find(CLIENT, "other_one_own").unwrap_err();
        assert_eq!(hidden.data.unwrap()["code"], "not_exposed");
    }

    #[test]
    fn names_of_several_plugins_that_clash_have_the_kind_too() {
        let tools = Tools::new([&TOOL, &CHUNKER], true, None, None);
        tools.check().unwrap();
        assert_eq!(
            listed(&tools, CLIENT)[2..],
            ["chunker_fixed_split", "chunker_fixed_fixed_split"]
        );
    }

    #[test]
    fn b04_names_that_clients_would_refuse_are_told() {
        const LONG: &str = "a_name_of_a_plugin_that_is_nearly_as_long_as_clients_take";
        static WORDY: Declaration = Declaration::new("tool", LONG, "Long", &HOOKS, Schema::new);
        let problem = Tools::new([&WORDY], true, None, None).check().unwrap_err();
        assert!(problem.contains("has 69 characters"), "{problem}");
        assert!(
            problem.contains("`fixed_split` of `tool.a_name"),
            "{problem}"
        );
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
        assert_eq!(page(&all, Some("")), page(&all, None));
        for cursor in [
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
            let tools = Tools::new([&TOOL], false, None, schemas);
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
