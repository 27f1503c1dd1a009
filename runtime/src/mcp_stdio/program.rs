//! [`Program`]: what a plugin runs as, outside the host's process.
//!
//! Its hash is that of the file which `command[0]` names, after the look-up in `PATH` and with links
//! followed. For `["python3", "server.py"]` that is the interpreter's: which of its arguments is the
//! program, only the interpreter knows. To pin a script, make it executable and name it first.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use dagstack_client::StdioCommand;
use dagstack_plugin::manifest::Runtime;
use dagstack_plugin::sync::lock;
use dagstack_plugin::{Manifest, PluginName};
use serde_json::Value;

use super::content_hash::{PREFIX, expected_hash, sha256_of};
use crate::error::PluginRegistryError;

/// A command, and the hash of its program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) command: StdioCommand,
    /// `None` until it is known.
    content_hash: Mutex<Option<String>>,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.command.fmt(f)
    }
}

impl From<StdioCommand> for Program {
    fn from(command: StdioCommand) -> Self {
        Self {
            command,
            content_hash: Mutex::default(),
        }
    }
}

impl Program {
    /// What a manifest says in `command`, where `mcp_stdio` is among its runtimes: paths in it start at
    /// its folder. The process starts in the host's folder unless the manifest names another, so that a
    /// path in a config means the same as for a plugin that is linked.
    pub(crate) fn of_manifest(manifest: &Manifest, folder: &Path) -> Option<Self> {
        let address = manifest.mcp_stdio.as_ref()?;
        if !manifest.runtimes.contains(&Runtime::McpStdio) {
            return None;
        }
        let mut command =
            StdioCommand::new(address.command.iter().enumerate().map(|(index, word)| {
                match is_own_path(word) && index > 0 {
                    true => folder.join(word).into_os_string(),
                    false => word.into(),
                }
            }))
            .relative_to(folder)
            .tools(tools(manifest));
        match &address.working_dir {
            Some(dir) => command = command.working_dir(folder.join(dir)),
            None => warn_of_files(&address.command, folder),
        }
        for (name, value) in &address.env {
            command = command.env(name, value);
        }
        Some(command.into())
    }

    /// `sha256:…`, once it is known.
    pub(crate) fn content_hash(&self) -> Option<String> {
        lock(&self.content_hash).clone()
    }

    /// Sees to it that the program's hash is known, and that it is the one expected of `plugin`.
    ///
    /// Where nothing is expected, the hash is computed beside the start and shown once it is there.
    /// The program is looked at before it runs; who can replace it in between can as well replace
    /// the manifest.
    ///
    /// # Errors
    ///
    /// `ContentHashMismatch`; `PluginLoadError` where a hash is expected and the file cannot be read.
    pub(super) async fn inspect(
        self: &Arc<Self>,
        plugin: &PluginName,
        expected: Option<&Value>,
    ) -> Result<(), PluginRegistryError> {
        // What is not there is explained better by the start.
        let Some(program) = self.command.program_file() else {
            return Ok(());
        };
        let hashing = {
            let (program, known) = (program.clone(), Arc::clone(self));
            tokio::task::spawn_blocking(move || {
                let hash = sha256_of(&program)?;
                *lock(&known.content_hash) = Some(format!("{PREFIX}{hash}"));
                Ok::<_, io::Error>(hash)
            })
        };
        let Some(expected) = expected else {
            return Ok(());
        };
        let failed = |message: String| PluginRegistryError::PluginLoadError {
            plugin: plugin.clone(),
            cause: "content_hash_unknown".to_owned(),
            message,
        };
        let expected = expected_hash(expected).ok_or_else(|| {
            failed(format!(
                "`metadata.dagstack.sha256` of its manifest is no sha256: expected 64 hexadecimal digits; `sha256sum {}` prints them",
                program.display()
            ))
        })?;
        let found = hashing
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the host is shutting down")))
            .map_err(|error| failed(format!("`{}` cannot be read: {error}", program.display())))?;
        if found == expected {
            return Ok(());
        }
        Err(PluginRegistryError::ContentHashMismatch {
            plugin: plugin.clone(),
            path: program,
            expected,
            found,
        })
    }
}

/// Whether a word is a path that starts where it is written.
fn is_own_path(word: &str) -> bool {
    word.starts_with("./") || word.starts_with("../")
}

/// `server.py` is looked for in the host's folder by whatever is started.
fn warn_of_files(command: &[String], folder: &Path) {
    for word in command.iter().skip(1) {
        let is_bare = !is_own_path(word) && !Path::new(word).is_absolute();
        if is_bare && folder.join(word).is_file() && !Path::new(word).exists() {
            tracing::warn!(
                folder = %folder.display(),
                "`{word}` of the manifest's `command` is a file of its folder, and the process starts in the host's; write `./{word}`, or `working_dir = \".\"`"
            );
        }
    }
}

/// `[plugin.metadata.dagstack] tools`: which tool of a foreign server is which hook.
fn tools(manifest: &Manifest) -> BTreeMap<String, String> {
    let tools = manifest
        .metadata
        .get("dagstack")
        .and_then(|ours| ours.get("tools"))
        .and_then(Value::as_object);
    tools
        .into_iter()
        .flatten()
        .filter_map(|(hook, tool)| Some((hook.clone(), tool.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(rest: &str) -> StdioCommand {
        let text = format!(
            "[plugin]\nschema_version = \"1\"\nkind = \"fake\"\nname = \"child\"\nkind_api_version = \"1\"\ncore_version = \">=0.1.0\"\nruntime = \"mcp_stdio\"\n{rest}"
        );
        let manifest = Manifest::parse(&text, "dagstack.toml").unwrap();
        let program = Program::of_manifest(&manifest, Path::new("/plugins/child"));
        program.unwrap().command
    }

    fn expected(words: &[&str]) -> StdioCommand {
        StdioCommand::new(words.iter().copied()).relative_to(Path::new("/plugins/child"))
    }

    #[test]
    fn paths_of_a_manifest_start_at_its_folder_and_the_process_in_the_hosts() {
        assert_eq!(
            command("command = [\"./child\", \"./data\", \"../x\", \"plain\", \"--a=./b\"]\n"),
            expected(&[
                "./child",
                "/plugins/child/./data",
                "/plugins/child/../x",
                "plain",
                "--a=./b"
            ])
        );
        assert_eq!(
            command("command = [\"child\"]\n[plugin.mcp_stdio]\nworking_dir = \"sub\"\n"),
            expected(&["child"]).working_dir("/plugins/child/sub")
        );
    }
}
