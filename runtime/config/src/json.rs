//! JSON, with the lines of its values: serde_json lends each part as it is written, and where that
//! stands in the text is its place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use dagstack_plugin_core::encode::nesting::text_is_deeper;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::node::{Content, Node};
use crate::text::{Lines, Problem};

/// Levels of arrays and objects, as serde_json has them elsewhere.
const MAX_DEPTH: usize = 127;

pub(crate) fn parse(text: &str, file: &Arc<str>) -> Result<Node, Problem> {
    // Parts that are lent know no limit of their own.
    if text_is_deeper(text, MAX_DEPTH) {
        return Err(Problem::Content("it nests too deep".to_owned()));
    }
    let syntax = |error: serde_json::Error| Problem::Syntax(error.to_string());
    let root: &RawValue = serde_json::from_str(text).map_err(syntax)?;
    let lines = Lines::of(text, file);
    let start = text.as_ptr() as usize;
    node(
        root,
        &|part: &str| (part.as_ptr() as usize).saturating_sub(start),
        &lines,
    )
}

fn node(
    part: &RawValue,
    offset: &dyn Fn(&str) -> usize,
    lines: &Lines<'_>,
) -> Result<Node, Problem> {
    let text = part.get();
    let at = offset(text);
    let failed = |error: serde_json::Error| {
        let line = lines.at(at) + error.line().saturating_sub(1);
        // In its own words it would say a line of the part.
        let message = error.to_string();
        let words = message.split(" at line ").next().unwrap_or_default();
        Problem::Syntax(format!("{words}, in line {line}"))
    };
    let content = match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(failed)?;
            let members = members.into_iter().map(|(key, part)| {
                let node = node(part, offset, lines)?;
                Ok((key, node))
            });
            Content::Table(members.collect::<Result<_, Problem>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(failed)?;
            let items = items.into_iter().map(|part| node(part, offset, lines));
            Content::List(items.collect::<Result<_, Problem>>()?)
        }
        _ => Content::Plain(serde_json::from_str(text).map_err(failed)?),
    };
    let origin = lines.origin(at);
    Ok(Node { content, origin })
}

/// The members of an object, each once.
struct Members<'t>(BTreeMap<String, &'t RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((key, part)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.insert(key, part).is_some() {
                        return Err(A::Error::custom("a key is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
