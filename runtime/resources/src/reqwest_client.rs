//! [`ReqwestClient`]: HTTP by way of reqwest.

use std::time::Duration;

use dagstack_plugin_core::{HookError, async_trait, code};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::{HttpClient, HttpRequest, HttpResponse};

/// HTTP by way of reqwest, with the client the host has set up: proxies, certificates, time-outs.
///
/// ```
/// use std::sync::Arc;
///
/// use dagstack_runtime::Registry;
/// use dagstack_runtime::resources::{HttpClient, ReqwestClient};
///
/// let builder = Registry::builder()
///     .resource::<dyn HttpClient>("http_client", Arc::new(ReqwestClient::default()));
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestClient(reqwest::Client);

impl ReqwestClient {
    /// Uses `client`.
    pub fn new(client: reqwest::Client) -> Self {
        Self(client)
    }
}

impl Default for ReqwestClient {
    fn default() -> Self {
        // Builders that nobody set anything in do not fail; reqwest's own default would panic, too.
        Self(builder().build().unwrap_or_default())
    }
}

/// reqwest's builder, with the TLS that the features ask for.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    // Where both are on, reqwest's own default does, as for its users.
    #[cfg(all(feature = "http-client-ring", not(feature = "http-client-rustls")))]
    let builder = builder.tls_backend_preconfigured(tls::config());
    builder
}

/// TLS by ring. Unlike reqwest's own way with a provider of one's choice, it needs none to be installed for
/// the whole process.
#[cfg(all(feature = "http-client-ring", not(feature = "http-client-rustls")))]
mod tls {
    use std::sync::Arc;

    use rustls::client::WantsClientCert;
    use rustls::crypto::ring;
    use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
    use rustls_platform_verifier::BuilderVerifierExt;

    pub(super) fn config() -> ClientConfig {
        // The feature makes clients that others build want one, too. One that is there stays.
        let _ = ring::default_provider().install_default();
        let verified = versions().with_platform_verifier();
        verified
            .unwrap_or_else(trusting_nobody)
            .with_no_client_auth()
    }

    // ring has ciphers for all versions.
    #[allow(clippy::expect_used)]
    fn versions() -> ConfigBuilder<ClientConfig, WantsVerifier> {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
    }

    /// A container may have no certificates, and what asks for `http` alone needs none.
    fn trusting_nobody(error: rustls::Error) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        tracing::warn!(
            "no `https` URL will be trusted: {error}; install the certificates of the system (ca-certificates), or name a file of them by SSL_CERT_FILE"
        );
        versions().with_root_certificates(RootCertStore::empty())
    }
}

impl From<reqwest::Client> for ReqwestClient {
    fn from(client: reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HookError> {
        let invalid = |what: &str, problem: String| {
            HookError::new(code::INVALID_ARGUMENTS, format!("{what}: {problem}"))
        };
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| invalid("the method", error.to_string()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            // The value may be secret and is not quoted.
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|error| invalid("the name of a header", error.to_string()))?;
            let value = HeaderValue::from_str(value)
                .map_err(|error| invalid(&format!("the header `{name}`"), error.to_string()))?;
            headers.append(name, value);
        }
        let mut sent = self
            .0
            .request(method, &request.url)
            .headers(headers)
            .body(Vec::from(request.body));
        if let Some(millis) = request.timeout_ms {
            sent = sent.timeout(Duration::from_millis(millis));
        }
        let answer = sent.send().await.map_err(failed)?;
        let mut response = HttpResponse::new(answer.status().as_u16(), Vec::new());
        for (name, value) in answer.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            response = response.header(name.as_str(), value);
        }
        response.body = answer.bytes().await.map_err(failed)?.to_vec().into();
        Ok(response)
    }
}

/// Without the URL, whose query may be secret.
fn failed(error: reqwest::Error) -> HookError {
    let code = if error.is_timeout() {
        code::DEADLINE_EXCEEDED
    } else if error.is_builder() {
        code::INVALID_ARGUMENTS
    } else {
        code::TRANSPORT
    };
    let host = error
        .url()
        .and_then(|url| url.host_str().map(str::to_owned));
    let error = error.without_url();
    let mut message = format!("the HTTP request failed: {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    HookError::new(code, message).details(json!({ "host": host }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// Answers one request on a port of its own; gives back what it was asked.
    fn serve_once() -> (String, std::thread::JoinHandle<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/path?q=1", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = Vec::new();
            let mut buffer = [0; 1024];
            while !text.ends_with(b"body") {
                let count = stream.read(&mut buffer).unwrap();
                text.extend_from_slice(&buffer[..count]);
            }
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\nx-a: 1\r\ncontent-length: 3\r\n\r\nno!")
                .unwrap();
            String::from_utf8(text).unwrap()
        });
        (url, server)
    }

    #[tokio::test]
    async fn requests_and_answers_are_whole() {
        let (url, server) = serve_once();
        let request = HttpRequest::post(url, "body")
            .header("x-b", "2")
            .timeout(Duration::from_secs(30));
        let answer = ReqwestClient::default().send(request).await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (404, "no!"));
        assert_eq!(answer.get_header("X-A"), Some("1"));
        assert!(!answer.is_success());
        let asked = server.join().unwrap();
        assert!(asked.starts_with("POST /path?q=1 HTTP/1.1"), "{asked}");
        assert!(asked.contains("x-b: 2"), "{asked}");
    }

    #[tokio::test]
    async fn failures_have_codes_and_no_queries() {
        let client = ReqwestClient::default();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/?token=hunter2222", closed.local_addr().unwrap());
        drop(closed);
        let error = client.send(HttpRequest::get(url)).await.unwrap_err();
        assert_eq!(error.code(), code::TRANSPORT);
        assert!(
            !format!("{error} {error:?}").contains("hunter"),
            "{error:?}"
        );
        for request in [
            HttpRequest::get("no url"),
            HttpRequest::new("G ET", "http://localhost/"),
            HttpRequest::get("http://localhost/").header("a b", "c"),
            HttpRequest::get("http://localhost/").header("a", "c\n"),
        ] {
            let error = client.send(request).await.unwrap_err();
            assert_eq!(error.code(), code::INVALID_ARGUMENTS, "{error}");
        }
    }
}
