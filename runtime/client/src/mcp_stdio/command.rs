//! [`StdioCommand`]: how to start a plugin that runs as a process of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How to start an MCP server on standard streams.
///
/// A program with a `/` in its name is a path, any other is looked up in `PATH`. The process
/// inherits the host's environment unless [`env_clear`](Self::env_clear) says otherwise (the
/// published Python core hands on nothing but the manifest's `env`).
///
/// ```
/// use dagstack_client::StdioCommand;
///
/// let command = StdioCommand::new(["uvx", "some-server"]).env("LANG", "C").working_dir("/srv");
/// assert_eq!(command.to_string(), "`uvx …`");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StdioCommand {
    words: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    inherit: bool,
    folder: Option<PathBuf>,
    working_dir: Option<PathBuf>,
    tools: BTreeMap<String, String>,
}

impl StdioCommand {
    /// A program and its arguments.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            inherit: true,
            folder: None,
            working_dir: None,
            tools: BTreeMap::new(),
        }
    }

    /// Adds a variable to the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Starts from an empty environment instead of the host's.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.inherit = false;
        self
    }

    /// Runs the process in this folder instead of the host's.
    #[must_use]
    pub fn working_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.working_dir = Some(folder.into());
        self
    }

    /// Which tool of a foreign MCP server is which hook.
    #[must_use]
    pub fn tools(mut self, tools: BTreeMap<String, String>) -> Self {
        self.tools = tools;
        self
    }

    /// A relative program path starts at this folder.
    #[doc(hidden)]
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    pub(crate) fn tool_names(&self) -> &BTreeMap<String, String> {
        &self.tools
    }

    /// The program, unless it is empty: a path, or a name to look up.
    fn program(&self) -> Option<PathBuf> {
        let program = Path::new(self.words.first().filter(|word| !word.is_empty())?);
        Some(match &self.folder {
            // `join` keeps an absolute path as it is.
            Some(folder) if is_path(program) => folder.join(program),
            // The working directory is not where a relative path starts.
            None if is_path(program) => std::path::absolute(program).unwrap_or(program.to_owned()),
            _ => program.to_owned(),
        })
    }

    /// The file of the program, looked up in the `PATH` the process would have.
    #[doc(hidden)]
    pub fn program_file(&self) -> Option<PathBuf> {
        let program = self.program()?;
        if is_path(&program) {
            return Some(program);
        }
        let own = self.env.get(OsStr::new("PATH")).cloned();
        let path = own.or_else(|| std::env::var_os("PATH"))?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(&program))
            .find(|file| file.is_file())
    }

    /// The command, if there is a program.
    pub(super) fn to_command(&self) -> Option<Command> {
        let mut command = Command::new(self.program()?);
        command.args(&self.words[1..]);
        if !self.inherit {
            command.env_clear();
        }
        command.envs(&self.env);
        if let Some(folder) = &self.working_dir {
            command.current_dir(folder);
        }
        Some(command)
    }

    /// Why the process could not be started, and how to mend it.
    pub(super) fn explain(&self, error: &std::io::Error) -> String {
        let program = self.program().unwrap_or_default();
        let shown = program.display();
        if let Some(folder) = &self.working_dir
            && !folder.is_dir()
        {
            return format!(
                "the working directory `{}` does not exist; create it or mend `working_dir`",
                folder.display()
            );
        }
        match error.kind() {
            std::io::ErrorKind::NotFound if !is_path(&program) => format!(
                "the program `{shown}` is not in PATH; install it, or write its path, `./…` from the manifest's folder"
            ),
            // A script whose interpreter is missing is "not found" too.
            std::io::ErrorKind::NotFound if program.exists() => format!(
                "`{shown}` cannot run: the interpreter in its first line, or the loader it is linked with, does not exist"
            ),
            std::io::ErrorKind::NotFound => format!(
                "there is no file `{shown}`; build the plugin's executable, or mend `command` (paths start at the manifest's folder)"
            ),
            std::io::ErrorKind::PermissionDenied => format!(
                "`{shown}` may not be executed; make it executable (chmod +x), or name the interpreter first"
            ),
            _ => format!("`{shown}` cannot be started: {error}"),
        }
    }
}

fn is_path(program: &Path) -> bool {
    program.as_os_str().as_encoded_bytes().contains(&b'/')
}

impl<W: Into<OsString>, const N: usize> From<[W; N]> for StdioCommand {
    fn from(words: [W; N]) -> Self {
        Self::new(words)
    }
}

impl From<&Path> for StdioCommand {
    fn from(program: &Path) -> Self {
        Self::new([program])
    }
}

impl From<PathBuf> for StdioCommand {
    fn from(program: PathBuf) -> Self {
        Self::new([program])
    }
}

impl From<&str> for StdioCommand {
    /// A program without arguments.
    fn from(program: &str) -> Self {
        Self::new([program])
    }
}

impl fmt::Debug for StdioCommand {
    /// As `Display`, with the names of the variables but not their values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdioCommand")
            .field("command", &format_args!("{self}"))
            .field("env", &self.env.keys())
            .field("inherit", &self.inherit)
            .field("folder", &self.folder)
            .field("working_dir", &self.working_dir)
            .field("tools", &self.tools)
            .finish()
    }
}

impl fmt::Display for StdioCommand {
    /// The program; its arguments may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.words.first().map_or(OsStr::new(""), |word| word);
        let rest = if self.words.len() > 1 { " …" } else { "" };
        write!(f, "`{}{rest}`", program.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_has_neither_arguments_nor_values_of_variables() {
        let command = StdioCommand::new(["server", "--token=hunter22"]).env("TOKEN", "hunter23");
        let shown = format!("{command:?}");
        assert!(shown.contains("`server …`"), "{shown}");
        assert!(shown.contains("\"TOKEN\""), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
