//! [`HttpClient`]: requests to the outside.

use std::time::Duration;

use dagstack_plugin_macros::resource;
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Requests to the outside, by a client the host has set up (proxies, certificates, limits).
///
/// ```
/// use dagstack_plugin::HookError;
/// use dagstack_plugin::resources::{HttpClient, HttpRequest};
///
/// async fn fetch(http: &dyn HttpClient, url: &str) -> Result<String, HookError> {
///     let answer = http.send(HttpRequest::get(url).header("accept", "text/plain")).await?;
///     Ok(answer.text())
/// }
/// ```
#[resource(crate = crate, name = "dagstack_plugin::resources::HttpClient")]
pub trait HttpClient {
    /// Sends a request and reads the whole answer. A status such as 404 is an answer, no error.
    async fn send(&self, request: HttpRequest) -> HttpResponse;
}

/// What an [`HttpClient`] sends.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where to.
    pub url: String,
    /// The headers, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Bytes,
    /// How long the answer may take, in milliseconds; without it, as long as the client's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl std::fmt::Debug for HttpRequest {
    /// Without the query, the values of headers and the body, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field(
                "url",
                &self.url.split(['?', '#']).next().unwrap_or_default(),
            )
            .field("headers", &names.collect::<Vec<_>>())
            .field("body", &self.body)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

impl HttpRequest {
    /// A request.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            ..Self::default()
        }
    }

    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A `POST`.
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new("POST", url).body(body)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Limits how long the answer may take.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout_ms = u64::try_from(limit.as_millis()).ok();
        self
    }
}

/// What an [`HttpClient`] was answered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status, e.g. 200.
    pub status: u16,
    /// The headers, in order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Bytes,
}

impl std::fmt::Debug for HttpResponse {
    /// Without the values of headers and the body, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &names.collect::<Vec<_>>())
            .field("body", &self.body)
            .finish()
    }
}

impl HttpResponse {
    /// An answer.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, whatever its case.
    pub fn get_header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 becomes `�`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
