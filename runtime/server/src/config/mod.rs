//! The config of a plugin that gets none from a dagstack host: defaults < the file of `--config` <
//! environment variables < `--set`.
//!
//! Everything here is about one plugin, by its [`Declaration`]; [`keys()`] is what its schema says there is
//! to set.

mod arguments;
mod environment;
mod file;
mod keys;
mod mistake;

use std::ffi::OsString;
use std::path::PathBuf;

use dagstack_config::{Content, Node, Origin, Step, render};
use dagstack_engine::Place;
use dagstack_plugin_core::ConfigInvalid;
use dagstack_plugin_core::declaration::Declaration;
use dagstack_plugin_core::encode::nesting::MAX_NESTING;
use dagstack_plugin_core::schema::Schema;
use serde_json::Value;

pub(crate) use arguments::share;
use keys::prefix;
pub(crate) use keys::{keys, variable};
use mistake::Mistake;
pub(crate) use mistake::Mistakes;

/// The sources that the command line names; the environment is always one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sources {
    /// Of `--config`.
    pub(crate) file: Option<PathBuf>,
    /// Of each `--set`: `path=value`.
    pub(crate) settings: Vec<String>,
    /// The keys of the executable's plugins, where it holds several: the file has a section for each.
    pub(crate) company: Vec<String>,
}

impl Sources {
    /// Whether the command line names any.
    pub(crate) fn are_named(&self) -> bool {
        self.file.is_some() || !self.settings.is_empty()
    }
}

/// A config from all sources that fits the plugin.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) section: Value,
    /// What has a value, in words: `sql.toml`, variable `SQL_DATABASE`, `--set limits.rows`.
    pub(crate) sources: Vec<String>,
    /// What is odd and no mistake, each a line.
    pub(crate) warnings: Vec<String>,
}

/// The config of a plugin, from all sources. `check` judges the section as its setup would.
///
/// # Errors
///
/// All that is wrong with them.
pub(crate) fn gather(
    declaration: &Declaration,
    sources: &Sources,
    environment: &[(OsString, OsString)],
    check: impl FnOnce(Value) -> Result<(), ConfigInvalid>,
) -> Result<Gathered, Mistakes> {
    let schema = (declaration.config_schema)();
    let mut gathering = Gathering::new(declaration, &schema);
    if !sources.company.is_empty() {
        gathering.prefix = format!("{}.", declaration.key());
    }
    if let Some(file) = &sources.file {
        gathering.file(file, &sources.company, environment);
    }
    gathering.environment(environment);
    for words in &sources.settings {
        gathering.argument(words);
    }
    gathering.finish(check)
}

/// A config on its way.
struct Gathering<'a> {
    declaration: &'a Declaration,
    root: Place<'a>,
    tree: Node,
    sources: Vec<String>,
    warnings: Vec<String>,
    mistakes: Vec<Mistake>,
    /// The file could not be read: what is missing may stand in it.
    lacks_file: bool,
    /// What in the file stands for a variable.
    expanded: Vec<Vec<Step>>,
    /// What stands before paths in `--set`, where the executable holds several plugins.
    prefix: String,
}

impl<'a> Gathering<'a> {
    fn new(declaration: &'a Declaration, schema: &'a Schema) -> Self {
        Self {
            declaration,
            root: Place::of(schema),
            // Never told: a problem of the whole section is one of what stands in it.
            tree: Node::empty(Origin::Argument("the config".into())),
            sources: Vec::new(),
            warnings: Vec::new(),
            mistakes: Vec::new(),
            lacks_file: false,
            expanded: Vec::new(),
            prefix: String::new(),
        }
    }

    fn file(
        &mut self,
        file: &std::path::Path,
        company: &[String],
        environment: &[(OsString, OsString)],
    ) {
        let section = match file::section(file, self.declaration, company, &self.root) {
            Ok(section) => section,
            Err(mistake) => {
                self.lacks_file = true;
                return self.mistakes.push(mistake);
            }
        };
        // Of several plugins, it may be for others.
        let Some(mut section) = section else { return };
        let known = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| value.clone().into_string().ok())
        };
        if let Err(problems) = section.expand(&self.declaration.key(), &known) {
            let problems = problems.into_iter().map(Mistake::new);
            self.mistakes.extend(problems.map(Mistake::by_environment));
        }
        section.visit(&mut |steps, node| {
            if matches!(node.content, Content::Untyped(_)) {
                self.expanded.push(steps.to_vec());
            }
        });
        let root = self.root.clone();
        section.set_types(&mut |steps, text| match place_of(&root, steps) {
            Some(place) => place.read(text),
            None => text.into(),
        });
        self.sources.push(file.display().to_string());
        self.tree = section;
    }

    fn environment(&mut self, environment: &[(OsString, OsString)]) {
        let found = environment::find(self.declaration, &self.root, &self.tree, environment);
        self.warnings.extend(found.warnings);
        self.mistakes.extend(found.mistakes);
        for variable in found.variables {
            let origin = Origin::Variable(variable.name.into());
            self.set(&variable.steps, &variable.text, origin);
        }
    }

    fn argument(&mut self, words: &str) {
        let assignment = match arguments::parse(words) {
            Ok(assignment) => assignment,
            Err(mistake) => return self.mistakes.push(mistake),
        };
        let steps = assignment.steps(self.declaration, &self.root);
        let path = render("", &steps);
        let place = place_of(&self.root, &steps);
        if place.is_some_and(|place| place.is_secret()) {
            let variable = variable(self.declaration, &steps);
            self.warnings.push(format!(
                "`--set {path}` sets a secret, and other users of this machine can read the arguments of its programs; use the variable `{variable}`"
            ));
        }
        let origin = Origin::Argument(format!("--set {}{path}", self.prefix).into());
        self.set(&steps, assignment.text, origin);
    }

    /// Lays one setting over what there is.
    fn set(&mut self, steps: &[Step], text: &str, origin: Origin) {
        if steps.len() > MAX_NESTING {
            let line = format!("{origin}: it leads deeper than {MAX_NESTING} levels");
            return self.mistakes.push(Mistake::new(line));
        }
        let place = place_of(&self.root, steps);
        let value = match &place {
            Some(place) => place.read(text),
            // Unknown to the schema, and perhaps an alias to the type.
            None => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        let node = Node::new(value, origin.clone());
        self.mistakes.extend(self.second_secret(steps, &node));
        self.mistakes.extend(self.not_to_hold(steps, &origin));
        self.sources.push(origin.to_string());
        if let Err(misplaced) = self.tree.put(steps, node) {
            let list = render("", &steps[..misplaced.depth]);
            let length = misplaced.length;
            let items = if length == 1 { "item" } else { "items" };
            self.mistakes.push(Mistake::new(format!(
                "{origin}: `{list}` has {length} {items}; the next is `{list}[{length}]`"
            )));
        }
    }

    /// A value on the way that can hold no others: nobody could tell which of them counts.
    fn not_to_hold(&self, steps: &[Step], origin: &Origin) -> Option<Mistake> {
        let outer = (1..steps.len()).filter_map(|depth| steps.get(..depth));
        let mut outer = outer.filter_map(|steps| Some((steps, self.tree.at(steps)?)));
        let (at, held) = outer.find(|(_, node)| match &node.content {
            Content::Plain(value) => !value.is_null() && value != "",
            Content::Untyped(text) => !text.is_empty(),
            Content::List(_) | Content::Table(_) => false,
        })?;
        let key = self.declaration.key();
        let (outer, inner) = (render(&key, at), render(&key, steps));
        let line = format!(
            "`{outer}`: {} sets a value that holds no others, and {origin} sets `{inner}`",
            held.origin
        );
        let mistake = Mistake::new(line).with_help("keep one of them");
        let of_variable =
            matches!(held.origin, Origin::Variable(_)) || matches!(origin, Origin::Variable(_));
        Some(match of_variable {
            true => mistake.by_environment(),
            false => mistake,
        })
    }

    /// A secret that has a source already: nobody could tell which of them counts.
    fn second_secret(&self, steps: &[Step], node: &Node) -> Option<Mistake> {
        let mut mistake = None;
        node.visit(&mut |inner, above| {
            let steps = [steps, inner].concat();
            let is_secret = || place_of(&self.root, &steps).is_some_and(|place| place.is_secret());
            let says = |node: &Node| match &node.content {
                Content::Plain(value) => !value.is_null() && value != "",
                Content::Untyped(text) => !text.is_empty(),
                Content::List(_) | Content::Table(_) => false,
            };
            let Some(below) = self.tree.at(&steps).filter(|below| says(below)) else {
                return;
            };
            if mistake.is_none() && says(above) && is_secret() {
                let path = render(&self.declaration.key(), &steps);
                let (below, above) = (&below.origin, &above.origin);
                let line = format!("`{path}`: a secret with two sources: {below}, and {above}");
                let found = Mistake::new(line).with_help("keep one of them");
                let of_variable =
                    matches!(below, Origin::Variable(_)) || matches!(above, Origin::Variable(_));
                mistake = Some(match of_variable {
                    true => found.by_environment(),
                    false => found,
                });
            }
        });
        mistake
    }

    fn finish(
        mut self,
        check: impl FnOnce(Value) -> Result<(), ConfigInvalid>,
    ) -> Result<Gathered, Mistakes> {
        let section = self.tree.to_json();
        if !self.lacks_file
            && let Err(invalid) = check(section.clone())
        {
            let told = mistake::judged(
                &invalid,
                self.declaration,
                &self.root,
                &self.tree,
                &self.expanded,
                &self.prefix,
            );
            // What a misspelt variable was to set is not missing for another reason.
            let is_new = |new: &Mistake| !self.mistakes.iter().any(|old| old.explains(new));
            let told: Vec<_> = told.into_iter().filter(is_new).collect();
            self.mistakes.extend(told);
        }
        match self.mistakes.is_empty() {
            true => Ok(Gathered {
                section,
                sources: self.sources,
                warnings: self.warnings,
            }),
            false => Err(Mistakes::new(
                self.declaration.key(),
                self.mistakes,
                self.warnings,
            )),
        }
    }
}

/// What the schema says of the place at the end of some steps; `None` where there is no such key.
fn place_of<'s>(root: &Place<'s>, steps: &[Step]) -> Option<Place<'s>> {
    let mut place = root.clone();
    for step in steps {
        place = match step {
            Step::Key(key) => place.member(key)?,
            Step::Item(index) => place.item(*index),
        };
    }
    Some(place)
}
