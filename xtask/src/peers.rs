//! The other languages' clients that the tests talk to, installed under `target/peers`.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{exists, run, target};

const PYTHON_PACKAGES: [&str; 2] = ["mcp==2.3.0", "dagstack-plugin-system[mcp]==0.4.1"];
const NODE_PACKAGES: [&str; 1] = ["@modelcontextprotocol/sdk@1.32.2"];

/// What is there.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    /// A Python with the official MCP client and the published dagstack core.
    pub(crate) python: Option<PathBuf>,
    /// A folder whose `node_modules` has the official TypeScript client.
    pub(crate) node: Option<PathBuf>,
    /// Which peers the tests do without, and why.
    pub(crate) missing: Vec<String>,
}

/// Installs the peers whose language is on this machine. What is installed stays for the next run.
pub(crate) fn install() -> Result<Peers, String> {
    let mut peers = Peers::default();
    let folder = target().join("peers");
    std::fs::create_dir_all(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;

    if exists("python3") {
        let venv = folder.join("python");
        let python = venv.join("bin").join("python");
        once(&venv, &PYTHON_PACKAGES, || {
            run(Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv))?;
            run(Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(PYTHON_PACKAGES))
        })?;
        peers.python = Some(python);
    } else {
        peers.missing.push(
            "the Python MCP client and the published dagstack core (no `python3`)".to_owned(),
        );
    }

    if exists("node") && exists("npm") {
        let modules = folder.join("node");
        once(&modules, &NODE_PACKAGES, || {
            std::fs::create_dir_all(&modules)
                .map_err(|error| format!("`{}`: {error}", modules.display()))?;
            run(Command::new("npm")
                .current_dir(&modules)
                .args([
                    "install",
                    "--silent",
                    "--no-audit",
                    "--no-fund",
                    "--prefix",
                    ".",
                ])
                .args(NODE_PACKAGES))
        })?;
        peers.node = Some(modules);
    } else {
        peers
            .missing
            .push("the TypeScript MCP client (no `node` or no `npm`)".to_owned());
    }
    Ok(peers)
}

/// Runs `install` unless it ended well before with the same packages.
fn once(
    folder: &std::path::Path,
    packages: &[&str],
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let mark = folder.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(&mark, wanted).map_err(|error| format!("`{}`: {error}", mark.display()))
}
