//! What is wrong with a config, each with its source and the mend.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use dagstack_config::{Node, Origin, Step, render};
use dagstack_engine::Place;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::{ConfigInvalid, Problem};

use super::keys::Key;
use super::{keys, variable};

/// One mistake: a line, and perhaps a help.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    line: String,
    help: Option<String>,
    /// The path of the key that it is about, where another mistake may be about it.
    path: Option<String>,
    /// Without the environment it might be none.
    by_environment: bool,
}

impl Mistake {
    pub(super) fn new(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            help: None,
            path: None,
            by_environment: false,
        }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn of_file(mut self, file: &Path) -> Self {
        self.line = format!("{}: {}", file.display(), self.line);
        self
    }

    pub(super) fn of_origin(mut self, origin: &Origin) -> Self {
        self.line = format!("{origin}: {}", self.line);
        self
    }

    pub(super) fn about(mut self, path: String) -> Self {
        self.path = Some(path);
        self
    }

    pub(super) fn by_environment(mut self) -> Self {
        self.by_environment = true;
        self
    }

    /// Whether the other is but what comes of this.
    pub(super) fn explains(&self, other: &Self) -> bool {
        self.path.is_some() && self.path == other.path
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

/// All that is wrong with the config of a plugin: one line for one mistake, else a list.
#[derive(Clone, Debug)]
pub(crate) struct Mistakes {
    section: String,
    all: Vec<Mistake>,
    /// Beside the mistakes.
    pub(crate) warnings: Vec<String>,
}

impl Mistakes {
    pub(super) fn new(section: String, all: Vec<Mistake>, warnings: Vec<String>) -> Self {
        Self {
            section,
            all,
            warnings,
        }
    }

    /// Whether none is left where only what the command line names counts.
    pub(crate) fn are_of_environment(&self) -> bool {
        self.all.iter().all(|mistake| mistake.by_environment)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &self.all[..] {
            return write!(f, "config_invalid: {only}");
        }
        write!(f, "config_invalid: invalid config for `{}`", self.section)?;
        for mistake in &self.all {
            write!(f, "\n  {}", mistake.to_string().replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

/// What the plugin's types and schema object to, with the sources.
pub(super) fn judged(
    invalid: &ConfigInvalid,
    declaration: &Declaration,
    root: &Place<'_>,
    tree: &Node,
    expanded: &[Vec<Step>],
    prefix: &str,
) -> Vec<Mistake> {
    let base = declaration.key();
    let mut places = HashMap::new();
    tree.visit(&mut |steps, node| {
        places.insert(render(&base, steps), (steps.to_vec(), &node.origin));
    });
    let keys = keys(root);
    let problems = invalid.problems.iter();
    let judge = |problem: &Problem| match nearest(&places, &problem.path) {
        Some((steps, origin)) if problem.problem != MISSING => {
            let is_expanded = expanded.contains(&steps);
            of_source(&unquoted(problem, is_expanded), origin, root, &steps)
        }
        _ => of_nothing(problem, declaration, &keys, prefix),
    };
    problems.map(judge).collect()
}

/// What is said of a key that is not there.
const MISSING: &str = "missing";

/// The value at a path, or the innermost around it that is not the whole section.
fn nearest<'n>(
    places: &HashMap<String, (Vec<Step>, &'n Origin)>,
    path: &str,
) -> Option<(Vec<Step>, &'n Origin)> {
    let around = places.iter().filter(|(known, (steps, _))| {
        let rest = path.strip_prefix(known.as_str());
        !steps.is_empty()
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    });
    let nearest = around.max_by_key(|(known, _)| known.len());
    nearest.map(|(_, (steps, origin))| (steps.clone(), *origin))
}

/// The problem without the text that was found, where a secret may be in it: in what stands for a
/// variable, and in what was to be JSON and is none.
fn unquoted(problem: &Problem, is_expanded: bool) -> Problem {
    let mut problem = problem.clone();
    let Some(text) = problem.problem.strip_prefix("found the text \"") else {
        return problem;
    };
    let found = match text.starts_with(['{', '[']) {
        _ if is_expanded => "found a text, what `${…}` stands for",
        true => "found a text that begins like JSON and is none",
        false => return problem,
    };
    let rest = text.rfind("; expected").and_then(|at| text.get(at..));
    problem.problem = format!("{found}{}", rest.unwrap_or_default());
    problem
}

fn of_source(problem: &Problem, origin: &Origin, root: &Place<'_>, steps: &[Step]) -> Mistake {
    let mut line = format!("{origin}: {problem}");
    let is_file = matches!(origin, Origin::File { .. });
    let place = super::place_of(root, steps);
    if !is_file
        && problem.problem.starts_with("found ")
        && place.is_some_and(|place| place.is_array() || place.is_object())
    {
        line.push_str(", written as JSON");
    }
    let mistake = Mistake::new(line);
    match origin {
        Origin::Variable(_) => mistake.by_environment(),
        _ => mistake,
    }
}

/// A key that has no value, or the whole section.
fn of_nothing(
    problem: &Problem,
    declaration: &Declaration,
    keys: &[Key<'_>],
    prefix: &str,
) -> Mistake {
    let base = declaration.key();
    let key = keys
        .iter()
        .find(|key| render(&base, &key.steps) == problem.path);
    let Some(key) = key.filter(|_| problem.problem == MISSING) else {
        return Mistake::new(problem.to_string());
    };
    let (path, variable) = (render("", &key.steps), variable(declaration, &key.steps));
    let by_argument = match key.place.is_secret() {
        true => String::new(),
        false => format!(", `--set {prefix}{path}=…`"),
    };
    let below = match prefix {
        "" => String::new(),
        _ => format!(" below `[{base}]`"),
    };
    let help = format!(
        "set the variable `{variable}`{by_argument} or `{path}`{below} in a file given by `--config`"
    );
    let mistake = Mistake::new(problem.to_string()).with_help(help);
    mistake.about(problem.path.clone()).by_environment()
}
