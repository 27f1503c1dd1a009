//! `manifest`: the manifest of the running executable, from what its plugin declares.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::options::PLUGIN;
use super::unix;
use dagstack_manifest::{Manifest, McpStdio, Runtime};
use dagstack_plugin_core::declaration::Declaration;

/// The manifest of a plugin that is started by `command`.
pub(super) fn of(declaration: &Declaration, command: Vec<String>) -> Manifest {
    let mut manifest = Manifest::of(declaration, Runtime::McpStdio);
    manifest.mcp_stdio = Some(McpStdio {
        command,
        ..McpStdio::default()
    });
    manifest
}

/// The command that starts this executable again, for this plugin.
pub(super) fn own_command(declaration: &Declaration, in_company: bool) -> Vec<String> {
    let path = std::env::current_exe()
        .map(|path| path.to_string_lossy().into_owned())
        .or_else(|_| std::env::args().next().ok_or(()))
        .unwrap_or_default();
    command_for(declaration, in_company, path)
}

/// An executable that holds several plugins is told which it is to be.
fn command_for(declaration: &Declaration, in_company: bool, program: String) -> Vec<String> {
    match in_company {
        true => vec![program, PLUGIN.to_owned(), declaration.key()],
        false => vec![program],
    }
}

/// What this program is called.
pub(super) fn program_name() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    let name = program.as_deref().and_then(Path::file_name);
    name.map_or_else(
        || "dagstack-plugin".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The text of the manifest, which goes to the file `output`, else to stdout.
pub(super) fn text(
    declaration: &Declaration,
    in_company: bool,
    command: Option<Vec<String>>,
    output: Option<&Path>,
) -> Result<String, String> {
    let command = match command {
        Some(command) => command,
        None => command_for(declaration, in_company, own_path(output)?),
    };
    if in_company && !command.iter().any(|word| word == PLUGIN) {
        let key = declaration.key();
        let _ = writeln!(
            std::io::stderr(),
            "warning: this executable holds several plugins, and the manifest's command does not say which\nhelp: write `{PLUGIN} {key}` behind the program's name"
        );
    }
    if let Some(program) = command.first().filter(|it| is_of_a_build(Path::new(it))) {
        let which = match in_company {
            true => format!(" {PLUGIN} {}", declaration.key()),
            false => String::new(),
        };
        let _ = writeln!(
            std::io::stderr(),
            "warning: the manifest's command points into a build folder: `{program}`\nhelp: that is fine while you work on the plugin; to hand it on, copy the program beside its manifest and run `./{}{which} manifest -o dagstack.toml` there, or say by `--command` how it is started",
            program_name()
        );
    }
    Ok(of(declaration, command).to_toml())
}

/// The path of this executable: relative to the folder of the manifest if it lies there, as hosts
/// read it. A manifest whose file is not known is taken to stand in the current folder,
/// unless the program lies in a build folder, where no manifest stands.
fn own_path(output: Option<&Path>) -> Result<String, String> {
    let program = std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .map_err(|error| {
            format!("cannot find out where this program lies: {error}\nhelp: say it by `--command`")
        })?;
    let known = match output {
        Some(file) => Some(file.to_owned()),
        None => unix::stdout_file(),
    };
    let folder = match &known {
        Some(file) => file.parent().map(Path::to_owned),
        None if is_of_a_build(&program) => None,
        None => Some(PathBuf::new()),
    };
    let folder = folder.and_then(|folder| Path::new(".").join(folder).canonicalize().ok());
    let inside = folder.and_then(|folder| program.strip_prefix(folder).ok().map(Path::to_owned));
    let path = match inside {
        Some(inside) => Path::new(".").join(inside),
        None => program,
    };
    path.into_os_string().into_string().map_err(|path| {
        let shown = path.to_string_lossy();
        format!("the path of this program is not UTF-8: `{shown}`\nhelp: move it, or say by `--command` how it is started")
    })
}

/// Whether a program is where Cargo builds: `target/debug`, `target/<triple>/release`, or any folder
/// with Cargo's own marks.
fn is_of_a_build(program: &Path) -> bool {
    let names: Vec<_> = program.components().map(|it| it.as_os_str()).collect();
    let is_profile = |part: &[&std::ffi::OsStr]| {
        part[0] == "target"
            && part[1..]
                .iter()
                .any(|it| *it == "debug" || *it == "release")
    };
    let marks = || {
        program
            .parent()?
            .join(".fingerprint")
            .is_dir()
            .then_some(())
    };
    names.windows(2).any(is_profile) || names.windows(3).any(is_profile) || marks().is_some()
}
