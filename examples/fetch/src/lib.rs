//! A plugin that reads web pages for a model. It reaches them by the resource `http_client`: that of its
//! host, or under any MCP client the one that its executable brings.

mod markdown;

use std::fmt;
use std::sync::Arc;

use dagstack_plugin::code;
use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::{HttpClient, HttpRequest, HttpResponse};

/// The plugin's settings.
#[data]
#[derive(Debug)]
pub struct Config {
    /// Sent with every request as `Authorization: Bearer …`, to whatever host the URL names.
    pub api_key: Option<Secret<String>>,
}

/// Reads web pages.
pub struct Fetch {
    http: Arc<dyn HttpClient>,
    api_key: Option<Secret<String>>,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetch")
    }
}

/// Reads web pages.
#[plugin(kind = "tool", name = "fetch", resources(required = ["http_client"]))]
impl Fetch {
    #[setup]
    fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        Ok(Self {
            http: ctx.resources().get::<dyn HttpClient>("http_client")?,
            api_key: ctx.config().api_key.clone(),
        })
    }

    /// Returns the page at `url` as markdown; what is text of another kind, as it is.
    #[hook]
    async fn fetch(
        &self,
        /// The page's address, `https://…` or `http://…`.
        url: String,
    ) -> Result<String, HookError> {
        if !["http://", "https://"].iter().any(|it| url.starts_with(it)) {
            let problem = format!("`url`: found `{url}`, expected `https://…` or `http://…`");
            return Err(HookError::new(code::INVALID_ARGUMENTS, problem));
        }
        let mut request = HttpRequest::get(url.as_str()).header(
            "accept",
            "text/html, text/markdown, text/*;q=0.9, */*;q=0.1",
        );
        if let Some(key) = &self.api_key {
            request = request.header("authorization", format!("Bearer {}", key.expose()));
        }
        let page = self.http.send(request).await?;
        if !page.is_success() {
            let problem = format!("`{url}` answered with the status {}", page.status);
            return Err(HookError::new("http_status", problem));
        }
        text_of(&page, &url)
    }
}

/// A page as a text that a model can read.
fn text_of(page: &HttpResponse, url: &str) -> Result<String, HookError> {
    let kind = page.get_header("content-type").unwrap_or("text/html");
    let kind = kind.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/html" | "application/xhtml+xml" => Ok(markdown::from_html(&page.text(), url)),
        text if text.starts_with("text/") || text.ends_with("json") || text.ends_with("xml") => {
            Ok(page.text())
        }
        other => {
            let problem = format!("`{url}` is `{other}`, expected a web page or another text");
            Err(HookError::new("unsupported_content", problem))
        }
    }
}
