//! Config files as hosts and plugin executables read them: TOML, YAML or JSON, `${VAR}` inside, and
//! every value with the place it is from, so that a mistake in it can be told by that place.
//!
//! ```
//! use dagstack_config::{Format, Node, parse};
//!
//! let mut tree = parse("a: { port: \"${PORT:-80}\" }\n", Some(Format::Yaml), "app.yaml").unwrap();
//! tree.lay_over(parse("[a]\nhost = 'db'", Some(Format::Toml), "local.toml").unwrap());
//! tree.expand("", &|_| None).unwrap();
//!
//! let port = tree.get("a").and_then(|a| a.get("port")).unwrap();
//! assert_eq!(port.origin.to_string(), "app.yaml:1");
//! assert_eq!(tree.to_json(), serde_json::json!({ "a": { "host": "db", "port": 80 } }));
//! ```

mod environment;
mod expand;
mod file;
mod json;
mod node;
mod text;
mod toml;
mod yaml;

pub use environment::{Setting, find_key, settings, spell};
pub use file::{EXTENSIONS, FileError, Format, parse, read};
pub use node::{Content, Misplaced, Node, Origin, Step, render};
