//! Rules about more than one place. Each has its own function, with the reason for it.

use std::collections::HashMap;

use syn::LitStr;

use super::checked::Plugin;
use super::expand::dependency;
use crate::ctxt::Ctxt;
use crate::hook::args::Model;
use crate::hook::model::Hook;
use crate::names::{
    LONGEST, check_length, help_name, is_number, is_plugin_name, is_snake_case, plugin_name_of,
    snake_case_of,
};
use crate::words::is_nearly;

/// Checks all rules.
pub(crate) fn validate(plugin: &Plugin<'_>, cx: &Ctxt) {
    names(plugin, cx);
    lengths(plugin, cx);
    has_hooks(plugin, cx);
    hook_names(plugin, cx);
    tool_functions(plugin, cx);
    first_or_last(plugin, cx);
    in_process_only(plugin, cx);
    hook_models(plugin, cx);
    dependencies(plugin, cx);
    versions(plugin, cx);
    resources(plugin, cx);
    supports(plugin, cx);
    middleware(plugin, cx);
}

/// Names are keys of configuration sections and parts of MCP tool names (specification §1).
fn names(plugin: &Plugin<'_>, cx: &Ctxt) {
    if let Some(name) = &plugin.args.name
        && !is_plugin_name(&name.value())
    {
        cx.error(
            name.span(),
            format!(
                "the plugin name `{}` must consist of `a-z`, `0-9`, `_` and `-`, and start with a letter or digit{}",
                name.value(),
                help_name(&plugin_name_of(&name.value()))
            ),
        );
    }
    if let Some(kind) = &plugin.args.kind
        && syn::parse_str::<syn::Path>(&kind.value()).is_ok()
        && !is_snake_case(&kind.value())
        && kind.value().starts_with(|ch: char| ch.is_ascii_uppercase())
    {
        cx.error(
            kind.span(),
            format!(
                "`{}` is no name of a kind\nhelp: write `kind = {}` if the trait is meant, whose hooks are checked then{}",
                kind.value(),
                kind.value(),
                snake_case_of(&kind.value())
                    .map(|name| format!(", or `kind = \"{name}\"` for a kind by its name alone"))
                    .unwrap_or_default()
            ),
        );
    } else if let Some(kind) = &plugin.args.kind
        && !is_snake_case(&kind.value())
    {
        cx.error(
            kind.span(),
            format!(
                "the kind `{}` must be in snake_case: `a-z`, `0-9` and `_`, starting with a letter{}",
                kind.value(),
                help_name(&snake_case_of(&kind.value()))
            ),
        );
    }
}

/// MCP clients take no longer name for a tool, and with several plugins in one executable it holds
/// both names.
fn lengths(plugin: &Plugin<'_>, cx: &Ctxt) {
    let name = plugin.args.name.as_ref();
    if let Some(name) = name
        && !check_length("the plugin name", &name.value(), name.span(), "", cx)
    {
        return;
    }
    let own = name.map_or(0, |name| name.value().len() + 1);
    // A hook of a kind is called as its kind has it, which is checked there.
    let exposed = plugin.hooks.iter().filter(|hook| hook.is_exposed());
    for hook in exposed.filter(|_| plugin.kind.is_none()) {
        const BY: &str = ", for example by `#[hook(name = \"…\")]`";
        let length = hook.name.len();
        if check_length("the hook name", &hook.name, hook.name_span, BY, cx)
            && own + length > LONGEST
        {
            cx.error(
                hook.name_span,
                format!(
                    "the names of the plugin and the hook have {} characters with the one between them, and MCP clients take at most {LONGEST}\nhelp: write a shorter one",
                    own + length
                ),
            );
        }
    }
}

/// A plugin that does nothing is a forgotten `#[hook]`.
fn has_hooks(plugin: &Plugin<'_>, cx: &Ctxt) {
    let mut marks = plugin
        .block
        .functions()
        .flat_map(|function| &function.marks);
    let hidden = plugin
        .block
        .functions()
        .any(|function| !function.hidden_marks.is_empty());
    // A kind's missing hooks are reported by name.
    let is_meant_otherwise = plugin.block.of_trait.is_some() || !plugin.block.is_of_named_type();
    if plugin.kind.is_none()
        && !is_meant_otherwise
        && !hidden
        && !plugin.block.is_broken()
        && !marks.any(|mark| mark.name == "hook")
    {
        if plugin.block.has_misspelt("hook") {
            cx.leave_to_compiler();
            return;
        }
        cx.error_at(
            &plugin.block.self_ty,
            format!(
                "the plugin `{}` has no hooks\nhelp: put `#[hook]` on the methods that callers may call",
                plugin.type_name()
            ),
        );
    }
}

/// Hooks are called by name. Two hooks of one name are fine only if no build has both, which only
/// their `#[cfg]`s know.
fn hook_names(plugin: &Plugin<'_>, cx: &Ctxt) {
    let mut seen: HashMap<&str, &super::Hook<'_>> = HashMap::new();
    for hook in &plugin.hooks {
        if !is_snake_case(&hook.name) {
            cx.error(
                hook.name_span,
                format!(
                    "the hook name `{}` must be in snake_case{}",
                    hook.name,
                    help_name(&snake_case_of(&hook.name))
                ),
            );
        }
        let conditional = |hook: &super::Hook<'_>| !crate::cfg::of(&hook.function.attrs).is_empty();
        match seen.get(&*hook.name) {
            // Of two functions of one name the compiler speaks.
            Some(first)
                if first.function.sig.ident == hook.function.sig.ident
                    && !conditional(first)
                    && !conditional(hook) => {}
            Some(first) if !(conditional(first) && conditional(hook)) => cx.error(
                hook.name_span,
                format!(
                    "two hooks are called `{}`, this one and `fn {}`",
                    hook.name, first.function.sig.ident
                ),
            ),
            _ => {
                seen.insert(&hook.name, hook);
            }
        }
    }
}

/// The kind `tool` has these two hooks itself, made from the functions (specification §2).
fn tool_functions(plugin: &Plugin<'_>, cx: &Ctxt) {
    if plugin.args.kind.as_ref().map(LitStr::value).as_deref() != Some("tool") {
        return;
    }
    for hook in &plugin.hooks {
        if matches!(&*hook.name, "execute" | "get_schema") {
            cx.error(
                hook.name_span,
                format!(
                    "a tool cannot have a function `{}`: the kind `tool` has a hook of that name, made from the functions\nhelp: give the function a name that says what it does",
                    hook.name
                ),
            );
        }
    }
}

/// First and last at once is no place (specification §1).
fn first_or_last(plugin: &Plugin<'_>, cx: &Ctxt) {
    if let (Some(first), Some(last)) = (&plugin.args.tryfirst, &plugin.args.trylast)
        && first.value
        && last.value
    {
        cx.error(
            last.span,
            "`tryfirst` and `trylast` exclude each other\nhelp: keep one",
        );
    }
}

/// `process_cpu_bound` work runs in processes of the plugin's own, which `in_process_only` rules out.
fn in_process_only(plugin: &Plugin<'_>, cx: &Ctxt) {
    if !plugin
        .args
        .in_process_only
        .as_ref()
        .is_some_and(|flag| flag.value)
    {
        return;
    }
    let models = plugin.args.execution_model.iter().chain(
        plugin
            .hooks
            .iter()
            .filter_map(|hook| hook.args.execution_model.as_ref()),
    );
    for model in models {
        if model.value == Model::ProcessCpuBound {
            cx.error(
                model.span,
                "`process_cpu_bound` needs processes of the plugin's own, and the plugin is `in_process_only`\nhelp: write `thread_cpu_bound`, or leave `in_process_only` out",
            );
        }
    }
}

/// `sync` and `async` are what the function is; saying the opposite would mislead hosts.
fn hook_models(plugin: &Plugin<'_>, cx: &Ctxt) {
    for hook in &plugin.hooks {
        let Some(model) = &hook.args.execution_model else {
            continue;
        };
        let name = &hook.function.sig.ident;
        match (model.value, hook.is_async()) {
            (Model::Sync, true) => cx.error(
                model.span,
                format!("`{name}` is an `async fn`, so it is not `sync`\nhelp: leave `execution_model` out"),
            ),
            (Model::Async, false) => cx.error(
                model.span,
                format!("`{name}` is a plain `fn`, so it is not `async`\nhelp: leave `execution_model` out"),
            ),
            _ => {}
        }
    }
}

/// A dependency is a plugin's key or name, and never the plugin itself (specification §1).
fn dependencies(plugin: &Plugin<'_>, cx: &Ctxt) {
    let own_kind = plugin.kind_name();
    let own_name = plugin.args.name.as_ref().map(LitStr::value);
    for text in &plugin.args.depends_on {
        let (kind, name) = dependency(&text.value());
        if !is_plugin_name(&name) || kind.as_ref().is_some_and(|kind| !is_snake_case(kind)) {
            cx.error(
                text.span(),
                format!(
                    "`{}` is no plugin: write its name, or `kind.name` where the name alone is ambiguous",
                    text.value()
                ),
            );
        } else if Some(&name) == own_name.as_ref() && (kind.is_none() || kind == own_kind) {
            cx.error(
                text.span(),
                format!("the plugin `{name}` depends on itself\nhelp: write `kind.name` if another kind's plugin of that name is meant"),
            );
        }
    }
}

/// A version that hosts cannot read makes the plugin unavailable everywhere.
fn versions(plugin: &Plugin<'_>, cx: &Ctxt) {
    if let Some(version) = &plugin.args.kind_api_version {
        let text = version.value();
        let parts: Vec<&str> = text.split('.').collect();
        let numbers = parts.iter().all(|part| is_number(part));
        if !numbers || !matches!(parts.len(), 1 | 3) {
            cx.error(
                version.span(),
                format!("`kind_api_version` is a major version or three numbers, `1` or `1.2.0`, found `{text}`"),
            );
        }
    }
    if let Some(version) = &plugin.args.version
        && !is_version(&version.value())
    {
        cx.error(
            version.span(),
            format!(
                "`version` is a version, for example `1.2.0`, found `{}`\nhelp: leave it out, and it is the package's",
                version.value()
            ),
        );
    }
    if let Some(range) = &plugin.args.core_version
        && !is_range(&range.value())
    {
        cx.error(
            range.span(),
            format!(
                "`core_version` is a range of versions, for example `>=0.1.0`, found `{}`",
                range.value()
            ),
        );
    }
}

/// Whether hosts can read the version: `1`, `1.2.0`, `1.2.0-rc.1+build`, `1.2rc1`.
fn is_version(text: &str) -> bool {
    text.starts_with(|ch: char| ch.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-+!_".contains(&byte))
}

/// Whether hosts can read the range: operators and versions, side by side or behind commas, and
/// alternatives behind `||`.
fn is_range(text: &str) -> bool {
    text.split("||").all(|alternative| {
        let mut parts = alternative
            .split([' ', '\t', ','])
            .filter(|part| !part.is_empty())
            .map(|part| part.trim_start_matches(['<', '>', '=', '!', '~', '^']))
            .peekable();
        parts.peek().is_some()
            // An operator may stand apart from its version, but not at the end.
            && parts.clone().last().is_some_and(|last| !last.is_empty())
            && parts.all(|part| {
                part.is_empty()
                    || matches!(part, "*" | "x" | "X")
                    || is_version(&part.replace('*', "x"))
            })
    })
}

/// What a host compares with the endings of file names and with MIME types, and what can be none.
fn supports(plugin: &Plugin<'_>, cx: &Ctxt) {
    for text in &plugin.args.supports_extensions {
        let value = text.value();
        let bare =
            value.trim_matches(|ch: char| matches!(ch, '*' | '?' | '.') || ch.is_whitespace());
        let ending = value.trim().trim_start_matches('.');
        if bare != ending || bare.is_empty() || bare.contains(['*', '?', '/', '\\']) {
            let example = if bare.chars().all(char::is_alphanumeric) && !bare.is_empty() {
                bare
            } else {
                "md"
            };
            cx.error(
                text.span(),
                format!("no file name ends in `{value}`\nhelp: write the ending alone, for example `\"{example}\"`"),
            );
        }
    }
    for text in &plugin.args.supports_mime_types {
        let value = text.value();
        let bare = value.split(';').next().unwrap_or_default().trim();
        let is_whole = bare
            .split_once('/')
            .is_some_and(|(family, kind)| !family.is_empty() && !kind.is_empty());
        if !is_whole {
            cx.error(
                text.span(),
                format!("`{value}` is no MIME type, which has two parts\nhelp: write, for example, `\"text/plain\"`, or `\"text/*\"` for all texts"),
            );
        }
    }
}

/// A resource the plugin cannot do without is not optional.
fn resources(plugin: &Plugin<'_>, cx: &Ctxt) {
    let Some(resources) = &plugin.args.resources else {
        return;
    };
    for text in &resources.optional {
        if resources
            .required
            .iter()
            .any(|other| other.value() == text.value())
        {
            cx.error(
                text.span(),
                format!("the resource `{}` is required already", text.value()),
            );
        }
    }
}

/// What wraps calls is asked before and after each, by these hooks and no others; a host refuses it
/// without any.
fn middleware(plugin: &Plugin<'_>, cx: &Ctxt) {
    const HOOKS: &[&str] = &["before", "after"];
    let Some(wrap) = &plugin.args.chain_wrap else {
        return;
    };
    let is_asked = |hook: &Hook<'_>| HOOKS.contains(&&*hook.name);
    if plugin.hooks.is_empty() || plugin.block.is_broken() || plugin.hooks.iter().any(is_asked) {
        return;
    }
    let meant = plugin.hooks.iter().find_map(|hook| {
        let guess = HOOKS.iter().find(|name| is_nearly(&hook.name, name))?;
        Some((hook, guess))
    });
    match meant.filter(|_| plugin.kind.is_none()) {
        Some((hook, guess)) => cx.error(
            hook.name_span,
            format!(
                "what wraps calls is asked by its hooks `before` and `after`, and `{}` is neither\nhelp: write `{guess}`",
                hook.name
            ),
        ),
        None => cx.error(
            wrap.span,
            "`chain_wrap` is for a plugin that wraps calls, and this one has neither a hook `before` nor a hook `after`\nhelp: leave it out, or write one of them",
        ),
    }
}
