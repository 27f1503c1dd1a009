//! Batches of JSON-RPC, which MCP has in its version 2025-03-26 alone: an array of messages on one
//! line, whose answers are one array.

use std::fmt;
use std::mem;
use std::sync::{Mutex, Weak};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bounds::{Bounds, Held, unavailable};
use super::envelope::refusal_line;
use super::outlet::Outlet;
use dagstack_plugin_core::sync::lock;

/// More messages are no batch that anybody needs.
const MOST: usize = 100;
/// What the answers of a batch may have together, in bytes: all of them wait for the last one.
const MAX_ANSWERS: usize = 4 * 1024 * 1024;
/// The same for those of all batches.
const MAX_ALL: usize = 4 * MAX_ANSWERS;

/// What all batches may hold.
pub(super) fn bounds() -> Bounds {
    Bounds::new(usize::MAX, MAX_ALL)
}

/// The messages of a batch, as they stand in it; an error says what is wrong with it.
pub(super) fn parts(line: &str) -> Result<Vec<&RawValue>, String> {
    let mut json = serde_json::Deserializer::from_str(line);
    let parts = Parts.deserialize(&mut json);
    let parts = parts.and_then(|parts| json.end().map(|()| parts));
    match parts {
        Ok(parts) if parts.is_empty() => Err("a batch needs at least one message".to_owned()),
        Ok(parts) => Ok(parts),
        Err(error) => {
            // The part's place in the line helps nobody.
            let error = error.to_string();
            let (problem, _) = error.rsplit_once(" at line").unwrap_or((&error, ""));
            Err(problem.to_owned())
        }
    }
}

/// Reads no more of them than are taken.
struct Parts;

impl<'de> DeserializeSeed<'de> for Parts {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Parts {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while parts.len() < MOST {
            match messages.next_element()? {
                Some(part) => parts.push(part),
                None => return Ok(parts),
            }
        }
        match messages.next_element::<IgnoredAny>()? {
            None => Ok(parts),
            Some(_) => Err(A::Error::custom(format!(
                "a batch may have at most {MOST} messages"
            ))),
        }
    }
}

/// The answers of one batch. Each request in it has a share; when the last one is dropped, answered or
/// not, they are written.
pub(super) struct Batch {
    outlet: Weak<dyn Outlet>,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    /// Behind one another, with commas.
    text: Vec<u8>,
    /// What was admitted of them.
    bytes: usize,
    /// Shares of what all batches may hold, until these are written.
    held: Vec<Held>,
}

impl Answers {
    fn put(&mut self, line: &[u8]) {
        let line = line.trim_ascii_end();
        self.text.reserve_exact(line.len() + 2);
        self.text
            .push(if self.text.is_empty() { b'[' } else { b',' });
        self.text.extend_from_slice(line);
    }
}

impl Batch {
    pub(super) fn new(outlet: Weak<dyn Outlet>) -> Self {
        Self {
            outlet,
            answers: Mutex::default(),
        }
    }

    /// Adds an answer that is no longer than what it answers, or an error; a line.
    pub(super) fn add(&self, line: &[u8]) {
        lock(&self.answers).put(line);
    }

    /// Adds the answer to the request `id`, a line of so many bytes that is made only if it is not too
    /// much; else an error.
    pub(super) fn add_bounded(&self, id: &str, bytes: usize, line: impl FnOnce() -> Vec<u8>) {
        match self.hold(bytes) {
            Ok(()) => self.add(&line()),
            Err(problem) => self.add(&refusal_line(id, &unavailable(problem))),
        }
    }

    fn hold(&self, bytes: usize) -> Result<(), String> {
        let mut answers = lock(&self.answers);
        let together = answers.bytes.saturating_add(bytes);
        if together > MAX_ANSWERS {
            return Err(too_much("this batch", MAX_ANSWERS));
        }
        if let Some(outlet) = self.outlet.upgrade() {
            let held = outlet.batch_bounds().hold(bytes);
            let held = held.map_err(|_| too_much("all batches that are not complete", MAX_ALL))?;
            answers.held.push(held);
        }
        answers.bytes = together;
        Ok(())
    }

    /// The answers so far as one line; `None` if there are none. What comes later begins another.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        let mut line = mem::take(&mut lock(&self.answers).text);
        (!line.is_empty()).then(|| {
            line.extend_from_slice(b"]\n");
            line
        })
    }
}

#[cold]
fn too_much(whose: &str, most: usize) -> String {
    let most = most / 1024 / 1024;
    format!(
        "the answers of {whose} are longer than {most} MiB together; send it on a line of its own"
    )
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a batch")
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(line) = self.take()
            && let Some(outlet) = self.outlet.upgrade()
        {
            outlet.output().send(line, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outlet::tests::Nowhere;
    use super::*;

    #[test]
    fn a_batch_has_messages_and_not_too_many() {
        let many = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        let count = |text: &str| parts(text).map(|parts| parts.len());
        assert_eq!(count("[1, {\"a\":[]} ]"), Ok(2));
        assert_eq!(count(&many(MOST)), Ok(MOST));
        for (text, says) in [
            ("[]", "at least one"),
            ("[ ]", "at least one"),
            (&many(MOST + 1), "at most 100"),
            ("[1,", "EOF"),
            ("[1] 2", "trailing"),
        ] {
            let problem = parts(text).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        }
    }

    #[test]
    fn answers_are_one_array() {
        let batch = Batch::new(Weak::<Nowhere>::new());
        assert_eq!(batch.take(), None);
        batch.add(b"{\"id\":1}\n");
        batch.add(b"{\"id\":2}\n");
        assert_eq!(batch.take().unwrap(), b"[{\"id\":1},{\"id\":2}]\n");
        assert_eq!(batch.take(), None);
    }

    #[test]
    fn answers_that_are_too_long_together_are_errors() {
        let batch = Batch::new(Weak::<Nowhere>::new());
        let long = format!(
            "{{\"id\":1,\"result\":\"{}\"}}\n",
            "x".repeat(MAX_ANSWERS - 100)
        );
        let add = |id, line: &str| batch.add_bounded(id, line.len(), || line.into());
        add("1", &long);
        add("\"a\"", &long);
        add("3", "{\"id\":3}\n");
        let line = batch.take().unwrap();
        let answers: Vec<serde_json::Value> = serde_json::from_slice(&line).unwrap();
        assert_eq!(answers.len(), 3);
        assert!(answers[0]["result"].is_string() && answers[2]["id"] == 3);
        assert_eq!(answers[1]["id"], "a");
        assert_eq!(answers[1]["error"]["code"], -32000);
        assert_eq!(answers[1]["error"]["data"]["code"], "unavailable");
    }
}
