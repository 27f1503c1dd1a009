//! `${VAR}` in the texts of files.

use dagstack_plugin_core::secrets::is_secret_name;
use serde_json::Value;

use crate::node::{Content, Node, Origin, Step, render};

/// What a variable says, if it is set.
type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl Node {
    /// Writes, in every text of a file, the variable's value for `${VAR}`, that or `default` for
    /// `${VAR:-default}`, and a dollar sign for `$$`.
    ///
    /// A text that is nothing but one `${…}` has no type afterwards ([`Content::Untyped`]), unless it
    /// stands under a secret's name.
    ///
    /// # Errors
    ///
    /// Every variable that is not set and has no default, with the place and the path of the text, which
    /// begins with `base`.
    pub fn expand(&mut self, base: &str, variables: &Variables<'_>) -> Result<(), Vec<String>> {
        let mut walk = Walk {
            variables,
            base,
            steps: Vec::new(),
            problems: Vec::new(),
        };
        walk.node(self, false);
        match walk.problems.is_empty() {
            true => Ok(()),
            false => Err(walk.problems),
        }
    }
}

struct Walk<'a> {
    variables: &'a Variables<'a>,
    base: &'a str,
    steps: Vec<Step>,
    problems: Vec<String>,
}

impl Walk<'_> {
    /// `secret`: whether it stands under a secret name.
    fn node(&mut self, node: &mut Node, secret: bool) {
        match &mut node.content {
            Content::Plain(Value::String(text))
                if text.contains('$') && matches!(node.origin, Origin::File { .. }) =>
            {
                let text = std::mem::take(text);
                node.content = self.text(&text, secret, &node.origin);
            }
            Content::Plain(_) | Content::Untyped(_) => {}
            Content::Table(members) => {
                for (key, node) in members {
                    self.steps.push(Step::Key(key.clone()));
                    self.node(node, secret || is_secret_name(key));
                    self.steps.pop();
                }
            }
            Content::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.steps.push(Step::Item(index));
                    self.node(item, secret);
                    self.steps.pop();
                }
            }
        }
    }

    fn text(&mut self, text: &str, secret: bool, origin: &Origin) -> Content {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut parts = 0;
        while let Some(at) = rest.find('$') {
            let (before, dollar) = rest.split_at(at);
            out.push_str(before);
            parts += usize::from(!before.is_empty());
            if let Some(after) = dollar.strip_prefix("$$") {
                out.push('$');
                parts += 2;
                rest = after;
            } else if let Some((body, after)) = dollar
                .strip_prefix("${")
                .and_then(|body| body.split_once('}'))
            {
                match self.variable(body) {
                    Ok(value) => out.push_str(&value),
                    Err(problem) => {
                        let path = render(self.base, &self.steps);
                        self.problems.push(format!("{origin}: `{path}`: {problem}"));
                    }
                }
                parts += 1;
                rest = after;
            } else {
                out.push('$');
                parts += 2;
                rest = dollar.strip_prefix('$').unwrap_or_default();
            }
        }
        out.push_str(rest);
        parts += usize::from(!rest.is_empty());
        // Nothing but one variable.
        match parts == 1 && !secret {
            true => Content::Untyped(out),
            false => Content::Plain(out.into()),
        }
    }

    /// The value that `VAR` or `VAR:-default` stands for.
    fn variable(&self, body: &str) -> Result<String, String> {
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default)),
            None => (body.trim(), None),
        };
        let value = (self.variables)(name);
        match (value, default) {
            (Some(value), None) => Ok(value),
            (Some(value), Some(_)) if !value.is_empty() => Ok(value),
            (_, Some(default)) => Ok(default.to_owned()),
            // What is no name may be a part of a secret, so it is not quoted.
            (None, None) if !is_name(name) => Err(
                "`${…}` holds no name of a variable; write `$${` for a dollar sign and a brace"
                    .to_owned(),
            ),
            (None, None) => Err(format!(
                "the environment variable `{name}` is not set; set it, or give a default: `${{{name}:-…}}`"
            )),
        }
    }
}

/// Whether a shell would take it for a variable's name.
fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
