//! The hookspec itself. It is one document of one shape, so it is written by hand, without a
//! serialiser to depend on.

use dagstack_plugin_core::kind::{ErrorPolicy, KindSpec};
use serde_json::Value;
use std::fmt::{Display, Write};

use super::Hook;

/// `v<MAJOR>.yaml`.
pub(super) fn document(kind: &KindSpec, hooks: &[Hook]) -> String {
    let mut yaml = Yaml(String::new());
    yaml.entry("", "kind", Quoted(kind.name));
    yaml.entry("", "kind_api_version", Quoted(kind.version));
    if let Some(description) = kind.description {
        yaml.entry("", "description", Quoted(description));
    }
    yaml.entry("", "constraints", List(kind.constraints));
    if hooks.is_empty() {
        yaml.entry("", "hooks", "[]");
    } else {
        yaml.0.push_str("hooks:\n");
    }
    for hook in hooks {
        let spec = hook.spec;
        yaml.entry("  - ", "name", Quoted(spec.name));
        let mut entry = |key, value: &dyn Display| yaml.entry("    ", key, value);
        entry("dispatch", &Quoted(spec.dispatch.as_str()));
        if spec.error_policy != ErrorPolicy::default() {
            entry("error_policy", &Quoted(spec.error_policy.as_str()));
        }
        if let Some(description) = spec.description {
            entry("description", &Quoted(description));
        }
        if hook.input.is_some() {
            entry("input_schema", &Quoted(&hook.input_path()));
        }
        if hook.output.is_some() {
            entry("output_schema", &Quoted(&hook.output_path()));
        }
        entry("mcp_exposed", &spec.mcp_exposed);
        entry(
            "mcp_tool_name_template",
            &Quoted(spec.mcp_tool_name_template),
        );
        // The keys the specification does not have: without them a reader could not rebuild the kind.
        let annotations = hook.annotations();
        if !annotations.is_empty() {
            entry("x-mcp-annotations", &Annotations(&annotations));
        }
        if let Some((capability, param)) = spec.capability {
            let key = Quoted(capability.as_str());
            entry("capability", &format_args!("{{{key}: {}}}", Quoted(param)));
        }
        if !hook.has_usual_order() {
            entry("params", &List(spec.params));
        }
    }
    yaml.0
}

struct Yaml(String);

impl Yaml {
    fn entry(&mut self, indent: &str, key: &str, value: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{indent}{key}: {value}");
    }
}

/// A double-quoted scalar: valid in YAML 1.1 and 1.2, whatever it holds.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            match letter {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                // Not printable, or a line break of YAML 1.1, which a reader would fold.
                '\u{0}'..='\u{1f}'
                | '\u{7f}'..='\u{9f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{feff}'
                | '\u{fffe}'
                | '\u{ffff}' => write!(f, "\\u{:04x}", u32::from(letter))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// Annotations on one line.
struct Annotations<'a>(&'a [(&'a str, Value)]);

impl Display for Annotations<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('{')?;
        for (index, (key, value)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}: ", Quoted(key))?;
            match value {
                Value::String(text) => Quoted(text).fmt(f)?,
                other => other.fmt(f)?,
            }
        }
        f.write_char('}')
    }
}

/// A list on one line.
struct List<'a>(&'a [&'a str]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_char('[')?;
        for (index, text) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Quoted(text))?;
        }
        f.write_char(']')
    }
}
