//! Which linked plugins have hooks that run in processes of their own.

use dagstack_plugin::Declaration;
use dagstack_plugin::manifest::ExecutionModel;

/// Whether a linked plugin has hooks that need processes of their own.
pub(crate) fn needs_workers(declaration: &Declaration) -> bool {
    process_bound(declaration).is_some()
}

/// What of a linked plugin needs processes of its own.
fn process_bound(declaration: &Declaration) -> Option<String> {
    const PROCESS: ExecutionModel = ExecutionModel::ProcessCpuBound;
    let hooks = declaration.hooks;
    match hooks.iter().find(|hook| hook.runs_as() == PROCESS) {
        Some(hook) => Some(format!("its hook `{}`", hook.name)),
        // A plugin is what its hooks are; those that are not exposed do with threads.
        None if declaration.execution_model == PROCESS
            && hooks.iter().all(|hook| hook.execution_model != PROCESS) =>
        {
            Some("it".to_owned())
        }
        None => None,
    }
}

/// Why a linked plugin cannot run in this process without workers, whatever its setup does.
pub(crate) fn refuses(declaration: &Declaration) -> Option<String> {
    let what = process_bound(declaration)?;
    let remedy = if cfg!(feature = "mcp-stdio") {
        let Declaration { kind, name, .. } = declaration;
        format!("add `.worker(\"{kind}\", \"{name}\", path)`, give its manifest a `command`")
    } else {
        "give it one, which needs the feature `mcp-stdio` of dagstack-runtime".to_owned()
    };
    Some(format!(
        "{what} is `process_cpu_bound` and the host knows no executable of the plugin to run it in; {remedy}, or declare it `thread_cpu_bound`"
    ))
}
