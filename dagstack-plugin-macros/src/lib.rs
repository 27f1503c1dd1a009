//! The attribute macros of dagstack-plugin. Use them through that crate, which says what they do.

// A panic here would cost the author the item and the error message.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod asserted;
mod boxed;
mod cfg;
mod ctxt;
mod data;
mod docs;
mod entries;
mod externs;
mod fragments;
mod hook;
#[cfg(feature = "include-kind")]
mod include_kind;
mod kind;
mod lifecycle;
mod lifetimes;
mod lints;
mod misplaced;
mod names;
mod path;
mod plugin;
mod resource;
mod spans;
#[cfg(test)]
mod tests;
mod traits;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

/// Makes a plugin of a type: `#[plugin(kind = "tool", name = "echo")] impl Echo { … }`.
///
/// The methods marked `#[hook]` can be called from outside; for the kind `tool`, each is a
/// function. `#[setup]`, `#[teardown]` and `#[health]` mark the rest of what a host calls; without
/// `#[setup]` the type must be `Default`. A program that is linked with the type lists it in
/// `registered()`.
///
/// ```ignore
/// use dagstack_plugin::prelude::*;
///
/// #[derive(Default)]
/// pub struct Echo;
///
/// /// Says things back.
/// #[plugin(kind = "tool", name = "echo")]
/// impl Echo {
///     /// Says `text` back.
///     #[hook]
///     fn echo(&self, text: String) -> String {
///         text
///     }
/// }
/// ```
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `kind` | path or text | required | the trait of the kind, or its name in snake_case |
/// | `name` | text | required | the name: `a-z`, `0-9`, `_`, `-`; with a hook's name at most 63 characters, as MCP clients take 64 |
/// | `description` | text | the doc comment | what the plugin does |
/// | `version`, `license`, `homepage` | text | Cargo's | about the package |
/// | `authors` | texts | Cargo's | who wrote it |
/// | `maintainer` | text | the first author | who looks after it |
/// | `priority` | number | 0 | higher goes first; 1000 and more is for middleware |
/// | `capabilities` | texts | none | security and routing labels |
/// | `depends_on` | texts | none | plugins that must be ready first: `"name"` or `"kind.name"` |
/// | `tryfirst`, `trylast` | flag | `false` | goes before, after all others |
/// | `startup_timeout_sec`, `teardown_timeout_sec` | number | 30, 15 | seconds they may take |
/// | `supports_languages`, `supports_extensions`, `supports_mime_types` | texts | none | what it handles |
/// | `fallback` | flag | `false` | handles what no other plugin of its kind does |
/// | `execution_model` | text | the most demanding of the hooks' | `async`, `sync`, `thread_cpu_bound`, `process_cpu_bound` |
/// | `in_process_only` | flag | `false` | cannot run as a process of its own |
/// | `resources(required = […], optional = […])` | texts | none | what the host must, may inject |
/// | `unit_of_work(…)` | | not declared | `partition_key`, `estimated_duration_sec`, `idempotency_mode`, `checkpointable`, `content_hash` |
/// | `metadata(key = "value")` | pairs | none | free entries of the manifest |
/// | `chain_wrap(kinds = […], hooks = […])` | texts | none | what a middleware wraps by its hooks `before` and `after`; `"*"` is all |
/// | `health_check` | text | none | the health check a host may run |
/// | `kind_api_version` | text | the trait's major version, `"1"` | the version of the kind it implements |
/// | `core_version` | text | `">=0.1.0"` | the versions of the core it runs with |
/// | `crate` | path | `::dagstack_plugin` | where the crate is, if it has another name |
///
/// The fields of a manifest that depend on the build (`runtime`, `command`, …) are no arguments.
///
/// # Kinds that are traits
///
/// `kind = Chunker` names a trait made by `#[kind]`. The compiler then checks that the plugin has
/// the hooks of the kind, with their parameters by name, order and type, and their results; a hook
/// may return a value or a `Result` of it, take `ctx: &HookContext` anywhere, and be a plain `fn`
/// where the kind has an `async fn`. What is exposed is the kind's decision. Hosts call the plugin
/// through the trait, without JSON.
///
/// # Expands to
///
/// The block as it stands, and beside it, in a `const _`: how each type of its hooks is read and
/// written, a static `Declaration`, the implementation of `Plugin`, the registration, and code that never
/// runs and has the compiler check the types. What a parameter holds must be able to move between
/// threads (`Send`).
///
/// # Warnings
///
/// Callers, models among them, read what a plugin and its hooks do. Under `#![warn(missing_docs)]` a
/// plugin of a public type without a description is a warning, and so is a hook, private ones too; a
/// kind that is a trait describes its hooks itself.
///
/// A kind by name that nearly is one of the specification's, `"tols"`, is a warning.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute("plugin", args, item, plugin::expand)
}

/// Makes a kind of plugins of a trait: the contract that plugins keep and hosts call by.
///
/// The author writes neither the context nor `Result`: every hook takes `ctx: &HookContext` first and
/// returns `Result<T, HookError>` in the trait as hosts and test doubles see it.
///
/// ```ignore
/// use dagstack_plugin::prelude::*;
///
/// /// Splits text into pieces.
/// #[kind(name = "chunker", version = "1.0.0")]
/// pub trait Chunker {
///     /// Splits `text` into pieces.
///     #[hook(dispatch = "singleton")]
///     async fn chunk(
///         &self,
///         /// The text to split.
///         text: String,
///         max_size: Option<usize>,
///     ) -> Vec<String>;
/// }
///
/// /// Makes one piece of everything.
/// #[derive(Default)]
/// pub struct Whole;
///
/// #[plugin(kind = Chunker, name = "whole")]
/// impl Whole {
///     #[hook]
///     fn chunk(&self, text: String, _max_size: Option<usize>) -> Vec<String> {
///         vec![text]
///     }
/// }
/// ```
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `name` | text | required | the kind, in snake_case |
/// | `version` | text | required | its version, three numbers; a host that declares the kind (`.kind::<dyn …>()`) refuses plugins of another first number |
/// | `description` | text | the doc comment | what plugins of the kind do |
/// | `constraints` | texts | none | rules that no schema can say |
/// | `crate` | path | `::dagstack_plugin` | where the crate is, if it has another name |
///
/// # Arguments of `#[hook(…)]` in a kind
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `dispatch` | text | required | `singleton`, `broadcast_collect`, `broadcast_notify`, `chain` or `capability` |
/// | `error_policy` | text | `fail_fast` | of `broadcast_collect`: `best_effort` puts failures among the results |
/// | `extension`, `language`, `mime_type` | text | | of `capability`, one of them: the parameter that says what is asked for |
/// | `mcp_exposed` | flag | `true` | whether it can be called from outside the program: by JSON, and as an MCP tool |
/// | `mcp_tool_name_template` | text | `{kind}.{plugin}.{hook}` | the tool's name for dagstack hosts; other MCP clients are listed the hook's |
/// | `description` | text | the doc comment | what it does |
/// | `title`, `read_only`, `destructive`, `idempotent`, `open_world` | text, flags | | [annotations](attr.hook.html#annotations) of the hook of every plugin |
///
/// A plugin of the kind has the annotations of its hooks. It may have another `title`, and promise more
/// than its kind (`read_only` where the kind leaves it open), not less (`open_world` where the kind says
/// `open_world = false`).
///
/// # Dispatch classes
///
/// What a call of the hook by the kind is, `registry.dispatch::<dyn Chunker>()`. By its name each plugin
/// can be called whatever the class, `registry.get::<dyn Chunker>("whole")`. The order of plugins is that
/// of their priority, the highest first, then of their names; `tryfirst` goes before all, `trylast`
/// behind. Those that are not ready are left out.
///
/// | class | which plugins are called | when | what the caller gets |
/// |---|---|---|---|
/// | `singleton` | one: that of the host's routing policy, else of `DAGSTACK_ACTIVE_<KIND>`, else of the highest priority | at once | its `T`, or its error |
/// | `capability` | the one whose `supports_extensions`, `supports_languages` or `supports_mime_types` has what the parameter says, else the one that is `fallback` | at once | its `T`, or its error |
/// | `chain` | all, in order | one after the other; the first parameter is what the one before returned | the last one's `T`; the first error ends it, `HookError::stop(value)` ends it with that value |
/// | `broadcast_collect` | all | at the same time | `Vec<(PluginName, T)>` in order; the first error cancels the others, or, with `error_policy = "best_effort"`, `Vec<(PluginName, Result<T, HookError>)>` |
/// | `broadcast_notify` | all | at the same time | `()`, whatever they return |
///
/// A hook that is exposed is an `async fn`, owns its parameters, and has types that are `Serialize`,
/// `Deserialize` and `JsonSchema` (see `#[data]`). Any other may be a plain `fn`, borrow its
/// parameters, and use any type that is `Send`. Parameters of broadcasts and chains are `Clone`,
/// but for a chain's first, which is handed on and has the type that the hook returns.
///
/// # Expands to
///
/// The trait, which is `Send + Sync + 'static` and takes `#[async_trait]` implementations; the
/// dispatcher `<Trait>Dispatcher` with a method per hook; the implementations of `Kind` and
/// `HookSpec` for `dyn Trait`, and of the trait for `Proxy`; and a macro of the trait's name, through
/// which `#[plugin(kind = Trait)]` learns of the kind. `use` imports both.
#[proc_macro_attribute]
pub fn kind(args: TokenStream, item: TokenStream) -> TokenStream {
    let span = proc_macro::Span::call_site();
    let place = format!("{}:{}:{}", span.file(), span.line(), span.column());
    attribute("kind", args, item, |args, item| {
        kind::expand(args, item, &place)
    })
}

/// Marks a method of a `#[plugin]` block that can be called from outside.
///
/// It takes `&self`, any number of named, owned parameters (`Deserialize + JsonSchema`, see
/// `#[data]`), and `ctx: &HookContext` if it likes. It returns a value (`Serialize + JsonSchema`)
/// or a `Result` of one. Doc comments,
/// `#[serde(…)]` and `#[schemars(…)]` on parameters work as on the fields of a struct; how one is read
/// (`rename`, `default`, `flatten`) is said to serde, and schemars follows.
///
/// Arguments are read as their schema has it: keys that nobody asked for are refused, unless a parameter
/// such as `#[serde(flatten)] rest: BTreeMap<String, Value>` takes them; `5.0` is an integer; a struct is
/// an object, never an array.
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `name` | text | the method's | the name callers use, in snake_case |
/// | `description` | text | the doc comment | what it does |
/// | `title` | text | none | [annotations](#annotations), with the next four: what it is called for people |
/// | `read_only` | flag | none: it may | whether a call changes nothing |
/// | `destructive` | flag | none: it may | whether a call may destroy something, and not only add to it |
/// | `idempotent` | flag | none: it may not | whether the same call again changes nothing more |
/// | `open_world` | flag | none: it does | whether a call deals with the world outside, such as the web |
/// | `execution_model` | text | `sync` for `fn`, `async` for `async fn` | also `thread_cpu_bound`, `process_cpu_bound` |
/// | `mcp_exposed` | flag | `true` | whether it can be called from outside the program: by JSON, as an MCP tool, on the command line; if not, only by plugins of the same program that depend on this one |
///
/// In a plugin of a trait kind, the kind says what is exposed; in a `#[kind]` the arguments are those
/// that `#[kind]` lists.
///
/// # Results
///
/// | a hook returns | an MCP client, and the model behind it, gets | a dagstack host gets |
/// |---|---|---|
/// | a struct or a map | structured content of the schema that the tool is listed with, and its JSON as a text | the value |
/// | a text (`String`) | the text as it is; structured content `{"result": …}` | the value |
/// | any other value | structured content `{"result": …}`, and its JSON as a text | the value |
/// | `Content` | its blocks: texts, images, sounds, resources; no structured content, no schema | the value |
///
/// So data is for programs, and [`Content`] is for a model or a person:
///
/// ```ignore
/// /// Draws the sales of a year.
/// #[hook(title = "Sales chart", read_only)]
/// fn sales(&self, year: u16) -> Result<Content, HookError> {
///     let png = self.draw(year)?;
///     Ok(Content::text(format!("The sales of {year}:")).and(Content::image(png, "image/png")))
/// }
/// ```
///
/// `Content` inside another type, an `Option` too, is a part of its data.
///
/// [`Content`]: ../dagstack_plugin/content/struct.Content.html
///
/// # Errors of a hook
///
/// The error of the `Result` is a `HookError`, a `String`, or any error type. One of yours with
/// `impl From<YourError> for HookError` has the code and details it gives itself; any other is
/// `hook_failed`, unless a `HookError` is inside, as `?` puts it into `anyhow::Error`. Texts and
/// `std::io::Error` become a `HookError` by `?`, others by `HookError::from_error`:
///
/// ```ignore
/// /// How many lines a file has.
/// #[hook]
/// fn lines(&self, path: PathBuf, at_most: usize) -> Result<usize, HookError> {
///     let text = std::fs::read_to_string(&path)?;
///     let name = path.file_name().ok_or("the path has no file name")?;
///     let lines = text.lines().count();
///     if lines > at_most {
///         let message = format!("`{}` has {lines} lines, at most {at_most} are counted", name.display());
///         return Err(HookError::new("too_many_lines", message).details(json!({ "lines": lines })));
///     }
///     Ok(lines)
/// }
/// ```
///
/// # Annotations
///
/// `title`, `read_only`, `destructive`, `idempotent` and `open_world` are what MCP clients are told of the
/// tool: its `title` and its `annotations` (`readOnlyHint`, …). By them clients choose what a person must
/// allow. They are hints: nothing enforces them. What is left out is not listed, and clients take the
/// default in the table for granted. `destructive` and `idempotent` mean something only of what is not
/// `read_only`; what contradicts it is a compile error.
///
/// A plugin of a trait kind has the annotations of its kind, see `#[kind]`.
///
/// # Execution models
///
/// Which one to take depends on what the hook spends its time with:
///
/// | model | for | where it runs | may it block? |
/// |---|---|---|---|
/// | `sync`: a `fn` | what takes less than a millisecond | at once, on the thread of whoever calls | no: the caller waits for it, on a host of one thread everybody does, and no deadline ends it |
/// | `async`: an `async fn` | waiting for files, networks, other plugins | on the caller's task; given up at its next `.await` when the caller does | not between two awaits; `tokio::task::block_in_place` may, on a host of several threads |
/// | `thread_cpu_bound`, also an `async fn` | computing, blocking clients | on a thread for it, at most 256 at a time | yes, and it may start runtimes of its own; it cannot be interrupted, but asked (`ctx.cancellation()`) |
/// | `process_cpu_bound` | what may crash, leak or never end | in processes of the plugin's executable, which the host is told of | yes; a process whose caller gives up is killed |
///
/// Every function of a plugin finds a tokio runtime around it, in both builds: hooks of any model,
/// `#[setup]`, `#[teardown]`, `#[health]`, `drop`, and callbacks such as those of
/// `ctx.on_section_change(…)`; so `tokio::spawn` works in a `fn`. A thread that the plugin starts does
/// not: enter the `tokio::runtime::Handle::current()` of the hook there.
///
/// An executable runs its hooks on threads of its own, and there each may block and holds up no other.
/// Linked into a host, `fn` and `async fn` run on the host's task, where tokio does not let them block:
/// a blocking client or `Runtime::block_on` panics, and so does `block_in_place` on a host of one
/// thread. The error of such a call says so; `thread_cpu_bound` mends it in both builds.
#[proc_macro_attribute]
pub fn hook(args: TokenStream, item: TokenStream) -> TokenStream {
    misplaced("hook", args, item)
}

/// Marks the function of a `#[plugin]` block that makes the plugin.
///
/// It is `fn` or `async fn`, takes `ctx: &PluginContext<Config>` or nothing, and returns `Self` or
/// a `Result` of it. `Config` is any `#[data]` struct.
#[proc_macro_attribute]
pub fn setup(args: TokenStream, item: TokenStream) -> TokenStream {
    misplaced("setup", args, item)
}

/// Marks the method of a `#[plugin]` block that gives everything back before the plugin is dropped.
///
/// It is `fn` or `async fn`, takes `&self`, and returns nothing, `Released`, or a `Result` of one.
#[proc_macro_attribute]
pub fn teardown(args: TokenStream, item: TokenStream) -> TokenStream {
    misplaced("teardown", args, item)
}

/// Marks the method of a `#[plugin]` block that says how the plugin is.
///
/// It is `fn` or `async fn`, takes `&self`, and returns `Health` or a `Result` of it; an error
/// means unhealthy.
#[proc_macro_attribute]
pub fn health(args: TokenStream, item: TokenStream) -> TokenStream {
    misplaced("health", args, item)
}

/// Makes a type of resources of a trait: what a host gives its plugins by name, whether they are
/// linked into it or run beside it.
///
/// The methods are `async fn`s that take `&self` and named, owned values and return a value; each type
/// is `Serialize + Deserialize` (see `#[data]`). `#[resource]` makes each return `Result<T, HookError>`,
/// as a call to another process may fail, and the trait dyn-compatible, `Send + Sync + 'static`. It is
/// implemented with `#[dagstack_plugin::async_trait]`.
///
/// ```ignore
/// use dagstack_plugin::{HookError, async_trait, resource};
///
/// /// Who owes whom.
/// #[resource(name = "acme.ledger")]
/// pub trait Ledger {
///     /// Books an amount and returns the balance.
///     async fn book(&self, account: String, cents: i64) -> i64;
/// }
///
/// struct Books;
///
/// #[async_trait]
/// impl Ledger for Books {
///     async fn book(&self, account: String, cents: i64) -> Result<i64, HookError> {
///         Ok(cents)
///     }
/// }
/// ```
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `name` | text | required | what both ends of a connection know it by |
/// | `crate` | path | `::dagstack_plugin` | where the crate is, if it has another name |
#[proc_macro_attribute]
pub fn resource(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute("resource", args, item, resource::expand)
}

/// Derives what a type needs to be a parameter, a result or a config: serde's `Serialize` and
/// `Deserialize` and schemars' `JsonSchema`, so that a package needs neither crate.
///
/// `#[serde(…)]` and `#[schemars(…)]` on the type and its fields work as ever.
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `crate` | path | `::dagstack_plugin` | where the crate is, if it has another name |
#[proc_macro_attribute]
pub fn data(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute("data", args, item, data::expand)
}

/// Derives nothing, and so makes the attributes of serde and schemars known on a type.
#[doc(hidden)]
#[proc_macro_derive(Attributes, attributes(serde, schemars, validate, garde))]
pub fn attributes(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Makes a kind's trait, and the types in it, from a hookspec that is no Rust:
/// `include_kind!("kinds/llm/v1.yaml");`. Needs feature `include-kind`.
///
/// The path is relative to the folder of the crate's `Cargo.toml`. Each definition below `$defs` of
/// the hookspec's JSON Schemas becomes a type, and the kind a trait as `#[kind]` makes it, called
/// after the kind: `Llm`. The types carry the shape of the schemas; the schemas themselves stay part
/// of the kind, so that writing its hookspec gives the same files again.
///
/// A parameter that may be left out is an `Option`, unless the schema has a default for it.
///
/// # Arguments
///
/// | key | type | default | meaning |
/// |---|---|---|---|
/// | `as` | name | the kind's, in UpperCamelCase | what the trait is called |
/// | `types(Name = path, …)` | paths | none | types of yours in the place of definitions |
/// | `crate` | path | `::dagstack_plugin` | where the crate is, if it has another name |
#[cfg(feature = "include-kind")]
#[proc_macro]
pub fn include_kind(input: TokenStream) -> TokenStream {
    guarded("include_kind!", TokenStream::new(), || {
        include_kind::expand(input.into())
    })
}

/// What the macro of a kind calls for `#[plugin(kind = …)]`.
#[doc(hidden)]
#[proc_macro]
pub fn plugin_of_kind(input: TokenStream) -> TokenStream {
    guarded("#[plugin]", TokenStream::new(), || {
        plugin::of_kind::expand_of_kind(input.into())
    })
}

/// Expands `#[name(args)] item`.
fn attribute(
    name: &str,
    args: TokenStream,
    item: TokenStream,
    expand: impl FnOnce(TokenStream2, TokenStream2) -> TokenStream2,
) -> TokenStream {
    guarded(&format!("#[{name}]"), item.clone(), || {
        let args = fragments::flat(args.into());
        let item = fragments::open(item.into());
        expand(args, item)
    })
}

fn misplaced(name: &'static str, args: TokenStream, item: TokenStream) -> TokenStream {
    guarded(&format!("#[{name}]"), item.clone(), || {
        misplaced::expand(name, &args.into(), item.into())
    })
}

/// Runs an expansion. If it panics, which is our mistake, the author keeps the item.
fn guarded(name: &str, item: TokenStream, expand: impl FnOnce() -> TokenStream2) -> TokenStream {
    match catch_unwind(AssertUnwindSafe(expand)) {
        Ok(tokens) => tokens.into(),
        Err(_) => {
            let error = syn::Error::new(
                proc_macro2::Span::call_site(),
                format!(
                    "`{name}` failed; this is a mistake in dagstack-plugin, please report it with this item: {}/issues",
                    env!("CARGO_PKG_REPOSITORY")
                ),
            )
            .into_compile_error();
            let item = plugin::fallback::strip(item.into());
            quote::quote!(#item #error).into()
        }
    }
}
