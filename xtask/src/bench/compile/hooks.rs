//! Crates with many hooks, in a workspace of their own in the target directory, which is written
//! here: plugins, and the same as plain functions with an argument struct each, on which an author
//! by hand would derive what serde and schemars have.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::target_dir;
use super::{cargo, compare, megabytes, of_path, quietly, seconds, touch};
use crate::shell::{self, root};

const FEW: usize = 10;
const MANY: usize = 200;

/// `cargo check` and `cargo build` of these crates alone, in seconds, less what cargo takes when there
/// is nothing to do; and the size of their libraries.
pub(super) fn times(rounds: usize) -> Result<String, String> {
    let workspace = Workspace::write()?;
    let few = [
        "10 hooks, check, s",
        "10 hooks, build, s",
        "10 hooks, rlib, MB",
    ];
    let many = [
        "200 hooks, check, s",
        "200 hooks, build, s",
        "200 hooks, rlib, MB",
    ];
    for kind in [Kind::Plugin, Kind::Plain] {
        for command in ["check", "build"] {
            quietly(&mut workspace.cargo(command, kind, FEW))?;
        }
    }
    let labels = ["plugin", "by hand"];
    compare(rounds, labels, &[&few, &many], |step, label| {
        let hooks = [FEW, MANY][step];
        let kind = [Kind::Plugin, Kind::Plain][label];
        Ok(vec![
            workspace.seconds("check", kind, hooks)?,
            workspace.seconds("build", kind, hooks)?,
            megabytes(&workspace.built(kind, hooks, "rlib"))?,
        ])
    })
}

/// The lines of what `#[plugin]` expands to, formatted by prettyplease; derives stand unexpanded.
pub(super) fn expansion(_rounds: usize) -> Result<String, String> {
    let workspace = Workspace::write()?;
    let few = workspace.lines(FEW)?;
    let many = workspace.lines(MANY)?;
    let hook = many.saturating_sub(few) / (MANY - FEW);
    let fixed = few.saturating_sub(hook * FEW);
    Ok(format!(
        "| lines of | |\n| --- | --- |\n| a plugin of {FEW} hooks | {few} |\n\
         | a plugin of {MANY} hooks | {many} |\n| a hook | {hook} |\n| what is fixed | {fixed} |\n"
    ))
}

#[derive(Clone, Copy)]
enum Kind {
    Plugin,
    Plain,
}

fn package(kind: Kind, hooks: usize) -> String {
    match kind {
        Kind::Plugin => format!("plugin-{hooks}"),
        Kind::Plain => format!("plain-{hooks}"),
    }
}

/// The workspace of these crates.
pub(super) struct Workspace(PathBuf);

impl Workspace {
    /// Writes it, where it differs from what is there.
    pub(super) fn write() -> Result<Self, String> {
        let workspace = Self(target_dir()?.join("compile-bench").join("hooks"));
        let root = root();
        workspace.file(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n",
        )?;
        let lock = root.join("Cargo.lock");
        let locked = fs::read_to_string(&lock).map_err(|error| of_path(&lock, &error))?;
        workspace.file("Cargo.lock", &locked)?;
        let sdk = root.join("dagstack-plugin");
        let sdk = format!(
            "dagstack-plugin = {{ path = {:?} }}\n",
            sdk.display().to_string()
        );
        let derives = "schemars = \"1\"\nserde = { version = \"1\", features = [\"derive\"] }\n";
        for hooks in [FEW, MANY] {
            workspace.package(&package(Kind::Plugin, hooks), &sdk, &plugin(hooks))?;
            workspace.package(&package(Kind::Plain, hooks), derives, &plain(hooks))?;
        }
        Ok(workspace)
    }

    fn package(&self, name: &str, dependencies: &str, source: &str) -> Result<(), String> {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}"
        );
        self.file(&format!("{name}/Cargo.toml"), &manifest)?;
        self.file(&format!("{name}/src/lib.rs"), source)
    }

    fn file(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.0.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let directory = path.parent().unwrap_or(&path);
        fs::create_dir_all(directory)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| of_path(&path, &error))
    }

    fn source(&self, kind: Kind, hooks: usize) -> PathBuf {
        self.0.join(package(kind, hooks)).join("src/lib.rs")
    }

    /// A file that cargo makes of a library.
    fn built(&self, kind: Kind, hooks: usize, extension: &str) -> PathBuf {
        let name = package(kind, hooks).replace('-', "_");
        self.0.join(format!("target/debug/lib{name}.{extension}"))
    }

    fn cargo(&self, command: &str, kind: Kind, hooks: usize) -> Command {
        let mut cargo = cargo(&[command, "--offline", "--quiet", "--target-dir", "target"]);
        cargo
            .current_dir(&self.0)
            .env("CARGO_INCREMENTAL", "0")
            .args(["--package", &package(kind, hooks)]);
        cargo
    }

    fn seconds(&self, command: &str, kind: Kind, hooks: usize) -> Result<f64, String> {
        touch(&self.source(kind, hooks))?;
        let all = seconds(&mut self.cargo(command, kind, hooks))?;
        Ok(all - seconds(&mut self.cargo(command, kind, hooks))?)
    }

    /// The lines of the expansion of a plugin. A test of the macros says how many.
    fn lines(&self, hooks: usize) -> Result<usize, String> {
        let mut test = cargo(&["test", "--offline", "--quiet", "--package"]);
        test.args(["dagstack-plugin-macros", "--lib", "--"])
            .args([
                "--exact",
                "--nocapture",
                "tests::lines::expansions_grow_by_few_lines_a_hook",
            ])
            .env("DAGSTACK_EXPAND", self.source(Kind::Plugin, hooks));
        let said = shell::output(&mut test)?;
        said.lines()
            .find_map(|line| line.strip_prefix("lines: ")?.parse().ok())
            .ok_or_else(|| format!("the macros' test said no number of lines:\n{said}"))
    }

    /// The Rust files of this repository that a plugin library is compiled from.
    pub(super) fn sources(&self) -> Result<Vec<PathBuf>, String> {
        quietly(&mut self.cargo("build", Kind::Plugin, FEW))?;
        let list = self.built(Kind::Plugin, FEW, "d");
        let text = fs::read_to_string(&list).map_err(|error| of_path(&list, &error))?;
        let sources = text.split_ascii_whitespace().map(Path::new);
        let ours = sources.filter(|path| !path.starts_with(&self.0) && path.starts_with(root()));
        Ok(ours
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(Path::to_owned)
            .collect())
    }
}

/// A plugin, whose hooks have three parameters each.
fn plugin(hooks: usize) -> String {
    let mut source = String::from(
        "//! A plugin.\n\nuse dagstack_plugin::prelude::*;\n\n/// A plugin.\n#[derive(Debug, Default)]\n\
         pub struct Many;\n\n/// A plugin.\n#[plugin(kind = \"tool\", name = \"many\")]\nimpl Many {\n",
    );
    for hook in 0..hooks {
        let _infallible = write!(
            source,
            "    /// Repeats a text.\n    #[hook]\n    fn hook_{hook}(\n        &self,\n        \
             /** The text. */ text: String,\n        /** How often. */ n: Option<usize>,\n        \
             /** Whether at all. */ flag: bool,\n    ) -> String {{\n        \
             if flag {{ text.repeat(n.unwrap_or(1)) }} else {{ text }}\n    }}\n"
        );
    }
    source.push_str("}\n");
    source
}

/// The same by hand.
fn plain(hooks: usize) -> String {
    let mut source =
        String::from("//! Functions.\n\nuse schemars::JsonSchema;\nuse serde::Deserialize;\n");
    for hook in 0..hooks {
        let _infallible = write!(
            source,
            "\n/// What the function takes.\n#[derive(Debug, Deserialize, JsonSchema)]\n\
             #[serde(deny_unknown_fields)]\npub struct Args{hook} {{\n    /// The text.\n    \
             pub text: String,\n    /// How often.\n    pub n: Option<usize>,\n    \
             /// Whether at all.\n    pub flag: bool,\n}}\n\n/// Repeats a text.\n\
             pub fn hook_{hook}(args: Args{hook}) -> String {{\n    \
             if args.flag {{ args.text.repeat(args.n.unwrap_or(1)) }} else {{ args.text }}\n}}\n"
        );
    }
    source
}
