//! What the peer at the other end says of itself.

use std::borrow::Cow;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::envelope::{HAS_BATCHES, is_object, present, type_of};
use dagstack_engine::wire::{EXTENSION, Object, is_dagstack_host};
use dagstack_plugin_core::sync::lock;

/// Facts about a peer: what it said in `initialize`, or with a request of the stateless protocol.
/// One that has said nothing is any MCP client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Peer {
    /// It knows the dagstack extension.
    pub(super) has_extension: bool,
    /// It is a dagstack host, with or without the extension.
    pub(super) is_dagstack: bool,
    /// It is known to take plain schemas only.
    pub(super) is_picky: bool,
}

/// What the names of clients begin with that are known to take plain schemas only, in small letters.
///
/// * Cursor: a value of `"type": ["string", "null"]` is refused, whatever it is.
/// * Gemini CLI: tools with `$ref` are skipped, unions and formats are errors of its model's.
/// * Copilot: what `$ref` refers to is not seen; unions among `items` are errors of some of its models.
const PICKY: [&str; 3] = ["cursor", "gemini-cli", "github-copilot"];

/// Whether a client of this name takes plain schemas only.
fn is_picky(client: &str) -> bool {
    PICKY.iter().any(|name| {
        let start = client.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name))
    })
}

impl Peer {
    /// From a client's capabilities and its description of itself.
    pub(super) fn of(capabilities: Option<&Value>, client: Option<&Value>) -> Self {
        let extension = |capabilities: &Value| {
            let experimental = capabilities.get("experimental")?;
            experimental.get(EXTENSION)?.as_object().map(drop)
        };
        let has_extension = capabilities.and_then(extension).is_some();
        let name = client.and_then(|client| client.get("name")?.as_str());
        Self {
            has_extension,
            is_dagstack: has_extension || name.is_some_and(is_dagstack_host),
            is_picky: name.is_some_and(is_picky),
        }
    }

    /// The same from the JSON texts. Those of most clients are not parsed for it.
    pub(super) fn read(capabilities: Option<&str>, client: Option<&str>) -> Self {
        let value = |text: Option<&str>, is_known: &dyn Fn(&str) -> bool| -> Option<Value> {
            let text = text.filter(|text| is_known(text))?;
            serde_json::from_str(text).ok()
        };
        let is_ours = |text: &str| text.contains("dagstack");
        // Names are short: these are few bytes to look at.
        let is_told = |text: &str| {
            let small = text.to_ascii_lowercase();
            is_ours(text) || PICKY.iter().any(|name| small.contains(name))
        };
        let client = value(client, &is_told);
        Self::of(value(capabilities, &is_ours).as_ref(), client.as_ref())
    }
}

/// What `initialize` said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Initialized {
    pub(super) peer: Peer,
    /// It named a version of MCP. The Python core does not.
    pub(super) is_mcp: bool,
    /// That version has batches.
    has_batches: bool,
}

impl Initialized {
    /// From the parameters of `initialize`; an error says what is wrong with them.
    fn read(params: Option<&str>) -> Result<Self, String> {
        let given = match params.map(serde_json::from_str::<Object<Initialize<'_>>>) {
            None => Initialize::default(),
            Some(Ok(Object(given))) => given,
            Some(Err(error)) => {
                return Err(format!(
                    "the parameters of `initialize` do not fit: {error}"
                ));
            }
        };
        let part = |name: &str, part: Option<&'_ RawValue>| match part.map(RawValue::get) {
            Some(other) if !is_object(other) => Err(format!(
                "`{name}` of `initialize` must be an object, found {}",
                type_of(other)
            )),
            _ => Ok(()),
        };
        part("capabilities", given.capabilities)?;
        part("clientInfo", given.client)?;
        let mut peer = Peer::read(
            given.capabilities.map(RawValue::get),
            given.client.map(RawValue::get),
        );
        let is_mcp = given.version.is_some();
        peer.is_dagstack |= !is_mcp;
        // The SDK agrees to it.
        let version = given.version.map(RawValue::get);
        let version = version.and_then(|it| serde_json::from_str::<Cow<'_, str>>(it).ok());
        Ok(Self {
            peer,
            is_mcp,
            has_batches: version.as_deref() == Some(HAS_BATCHES),
        })
    }
}

#[derive(Default, Deserialize)]
struct Initialize<'a> {
    #[serde(
        borrow,
        default,
        rename = "protocolVersion",
        deserialize_with = "present"
    )]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    capabilities: Option<&'a RawValue>,
    #[serde(borrow, rename = "clientInfo")]
    client: Option<&'a RawValue>,
}

/// Who is at the other end of this connection.
#[derive(Debug, Default)]
pub(super) struct Session(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    peer: Peer,
    has_batches: bool,
}

impl Session {
    /// Whether the host announced the dagstack extension.
    pub(super) fn has_extension(&self) -> bool {
        self.peer().has_extension
    }

    /// What the peer said in `initialize`.
    pub(super) fn peer(&self) -> Peer {
        lock(&self.0).peer
    }

    /// Whether its version of MCP has batches.
    pub(super) fn has_batches(&self) -> bool {
        lock(&self.0).has_batches
    }

    /// Notes what `initialize` says.
    pub(super) fn note_initialize(&self, params: Option<&str>) -> Result<Initialized, String> {
        let initialized = Initialized::read(params)?;
        *lock(&self.0) = State {
            peer: initialized.peer,
            has_batches: initialized.has_batches,
        };
        Ok(initialized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b04_a_dagstack_host_is_known_by_what_it_says() {
        let noted = |params: Option<&str>| Session::default().note_initialize(params).unwrap().peer;
        let is_dagstack = |params: &str| noted(Some(params)).is_dagstack;
        let named = |name: &str| {
            format!(
                r#"{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"{name}","version":"1"}}}}"#
            )
        };
        for host in [
            "dagstack",
            "dagstack-runtime",
            "dagstack-plugin-system",
            "@dagstack/core",
        ] {
            assert!(is_dagstack(&named(host)), "{host}");
        }
        for client in [
            "claude-ai",
            "dagstackish",
            "my-dagstack-tests",
            "dagstack-tests",
        ] {
            assert!(!is_dagstack(&named(client)), "{client}");
        }
        assert!(is_dagstack(
            r#"{"protocolVersion":"2025-11-25","capabilities":{"experimental":{"dev.dagstack/plugin":{}}},"clientInfo":{"name":"x","version":"1"}}"#
        ));
        // The Python core.
        assert!(is_dagstack(r#"{"capabilities":{}}"#));
        assert!(noted(None).is_dagstack);
        assert_eq!(Session::default().peer(), Peer::default());
    }

    #[test]
    fn b15_an_array_is_no_object() {
        let problem = |params| {
            Session::default()
                .note_initialize(Some(params))
                .unwrap_err()
        };
        assert!(problem(r#"["2025-11-25",{}]"#).contains("expected an object"));
        assert_eq!(
            problem(r#"{"protocolVersion":"2025-11-25","capabilities":[],"clientInfo":{}}"#),
            "`capabilities` of `initialize` must be an object, found an array"
        );
        assert_eq!(
            problem(r#"{"protocolVersion":"2025-11-25","clientInfo":["x","1"]}"#),
            "`clientInfo` of `initialize` must be an object, found an array"
        );
    }

    #[test]
    fn picky_clients_are_known_by_their_names() {
        let is_picky = |name: &str| {
            let client = format!("{{\"name\":\"{name}\",\"version\":\"1\"}}");
            Peer::read(None, Some(&client)).is_picky
        };
        for client in [
            "cursor-vscode",
            "Cursor",
            "gemini-cli-mcp-client-files",
            "github-copilot-developer",
        ] {
            assert!(is_picky(client), "{client}");
        }
        for client in [
            "claude-ai",
            "my-cursor",
            "gemini",
            "Visual Studio Code",
            "kürsor",
        ] {
            assert!(!is_picky(client), "{client}");
        }
    }

    #[test]
    fn one_version_has_batches() {
        for (version, has_batches) in [
            ("2025-03-26", true),
            ("2024-11-05", false),
            ("2025-06-18", false),
            ("1999-01-01", false),
        ] {
            let session = Session::default();
            let params = format!("{{\"protocolVersion\":\"{version}\"}}");
            session.note_initialize(Some(&params)).unwrap();
            assert_eq!(session.has_batches(), has_batches, "{version}");
        }
    }
}
