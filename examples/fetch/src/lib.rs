//! A plugin that reads web pages for a model. It reaches them by the resource `http_client`: that of its
//! host, or under any MCP client the one that its executable brings.

mod charset;
mod markdown;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use dagstack_plugin::code;
use dagstack_plugin::prelude::*;
use dagstack_plugin::resources::{HttpClient, HttpRequest, HttpResponse};

/// The plugin's settings.
#[data]
#[derive(Debug)]
pub struct Config {
    /// Sent as `Authorization: Bearer …`, but never by `http` to another machine.
    ///
    /// It is the model that says where to: `host` says who may have it.
    pub api_key: Option<Secret<String>>,
    /// The only host that gets the key, such as `api.example.com`, without a port; if left out, each does.
    #[schemars(regex(pattern = "^[A-Za-z0-9.-]+$"))]
    pub host: Option<String>,
}

/// Reads web pages.
pub struct Fetch {
    http: Arc<dyn HttpClient>,
    api_key: Option<Secret<String>>,
    host: Option<String>,
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
            host: ctx.config().host.clone(),
        })
    }

    /// Returns the page at `url` as markdown; what is text of another kind, as it is.
    #[hook(title = "Read a web page", read_only, open_world)]
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
        let gets_key = self.gets_key(&url);
        if let Some(key) = self.api_key.as_ref().filter(|_| gets_key) {
            request = request.header("authorization", format!("Bearer {}", key.expose()));
        }
        let page = self.http.send(request).await?;
        if !page.is_success() {
            let mut problem = format!("`{url}` answered with the status {}", page.status);
            if self.api_key.is_some() && !gets_key {
                problem += "; it did not get the key, see `api_key` and `host` of the config";
            }
            return Err(HookError::new("http_status", problem));
        }
        text_of(&page, &url)
    }
}

impl Fetch {
    /// Whether the key may go there: nobody on the way can read it, and it is a host that is to have it.
    fn gets_key(&self, url: &str) -> bool {
        let host = host_of(url);
        let is_private = url.starts_with("https://") || host.is_some_and(is_this_machine);
        is_private
            && self
                .host
                .as_ref()
                .is_none_or(|only| host.is_some_and(|host| host.eq_ignore_ascii_case(only)))
    }
}

/// The host of a URL; `None` for one that clients may take for another, as in `https://a.org@b.org`.
fn host_of(url: &str) -> Option<&str> {
    let (_, behind) = url.split_once("://")?;
    let host = behind.split(['/', '?', '#', '\\']).next()?;
    let port_start = host.rfind(':').filter(|_| !host.ends_with(']'));
    let (host, port) = host.split_at(port_start.unwrap_or(host.len()));
    let is_plain = |it: char| it.is_ascii_alphanumeric() || ".-:[]".contains(it);
    (host.chars().all(is_plain) && port.chars().skip(1).all(|it| it.is_ascii_digit()))
        .then_some(host)
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|it: IpAddr| it.is_loopback())
}

/// A page as a text that a model can read.
fn text_of(page: &HttpResponse, url: &str) -> Result<String, HookError> {
    let unsupported = |problem: String| HookError::new("unsupported_content", problem);
    let content_type = page.get_header("content-type").unwrap_or("text/html");
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let is_page = ["text/html", "application/xhtml+xml"].contains(&kind.as_str());
    let is_text = kind.starts_with("text/") || kind.ends_with("json") || kind.ends_with("xml");
    if !is_page && !is_text {
        let problem = format!("`{url}` is `{kind}`, expected a web page or another text");
        return Err(unsupported(problem));
    }
    let charset = charset::of(content_type);
    let text = charset::decode(&page.body, &charset).ok_or_else(|| {
        unsupported(format!(
            "`{url}` is text in `{charset}`, expected `utf-8`, `iso-8859-1` or `windows-1252`"
        ))
    })?;
    Ok(match is_page {
        true => markdown::from_html(&text, url),
        false => text,
    })
}
