//! How much is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::hooks::Workspace;
use super::{cargo, of_path};
use crate::shell::{output, root};

/// The crates that are compiled, build scripts' included, each version once.
pub(super) fn crates(_rounds: usize) -> Result<String, String> {
    let library = ["echo", "--no-default-features"];
    let rows = [
        ("library", tree(&library)?, tree(&["baseline-lib"])?),
        ("executable", tree(&["echo"])?, tree(&["peers"])?),
    ];
    let mut table = "| crates of | ours | by hand |\n| --- | --- | --- |\n".to_owned();
    for (name, ours, by_hand) in rows {
        table += &format!("| {name} | {ours} | {by_hand} |\n");
    }
    Ok(table)
}

fn tree(package: &[&str]) -> Result<usize, String> {
    let mut tree = cargo(&["tree", "--locked", "--offline", "--prefix", "none"]);
    tree.args(["--edges", "normal,build", "--format", "{p}", "--no-dedupe"]);
    let tree = output(tree.arg("--package").args(package))?;
    Ok(tree.lines().collect::<BTreeSet<_>>().len())
}

/// The lines of Rust of our own crates that are compiled for a plugin library: all but tests, blank
/// lines and comments. Of a file that is compiled, also what a feature leaves out.
pub(super) fn lines(_rounds: usize) -> Result<String, String> {
    let root = root();
    let mut crates: BTreeMap<String, usize> = BTreeMap::new();
    for path in Workspace::write()?.sources()? {
        let source = fs::read_to_string(&path).map_err(|error| of_path(&path, &error))?;
        let within = path
            .strip_prefix(&root)
            .unwrap_or(&path)
            .display()
            .to_string();
        let package = within.split("/src/").next().unwrap_or(&within).to_owned();
        *crates.entry(package).or_default() += code(&source);
    }
    let mut table = "| lines of code of | |\n| --- | --- |\n".to_owned();
    for (package, lines) in crates {
        table += &format!("| {package} | {lines} |\n");
    }
    Ok(table)
}

/// The lines of code of a source file that rustfmt has been over, but for its tests.
fn code(source: &str) -> usize {
    let mut lines = source.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.ends_with('{')) {
            lines
                .by_ref()
                .take_while(|line| *line != "}")
                .for_each(drop);
        } else if !line.trim().is_empty() && !line.trim_start().starts_with("//") {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_comments_are_no_code() {
        let source = "\
            //! A file.\n\n#[cfg(test)]\nmod tests;\n\n/// One.\nfn one() {\n    // Why.\n    two();\n}\n\n\
            #[cfg(test)]\nmod more {\n    fn it() {}\n}\n\nfn two() {}\n";
        assert_eq!(code(source), 6);
    }

    #[test]
    fn the_executable_has_more_crates_than_the_library() {
        let table = crates(1).expect("cargo tells");
        let ours = |row: &str| -> usize {
            let row = table
                .lines()
                .find(|line| line.contains(row))
                .expect("a row");
            let cell = row.split('|').nth(2).expect("a cell");
            cell.trim().parse().expect("a number")
        };
        assert!(
            ours("library") > 10 && ours("executable") > ours("library"),
            "{table}"
        );
    }
}
