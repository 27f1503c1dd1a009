//! The plugin linked and as an executable: one source of tests, and a double in the place of the web.

use std::sync::Arc;

use dagstack_plugin::resources::{Bytes, HttpClient, HttpResponse, ResourceSet};
use dagstack_plugin::serde_json::json;
use dagstack_plugin::testing::{self, HttpDouble, TestPlugin};
use fetch::Fetch;

const URL: &str = "https://example.org/a";

fn both() -> [TestPlugin; 2] {
    [
        testing::in_process::<Fetch>(),
        testing::executable(env!("CARGO_BIN_EXE_fetch")),
    ]
}

fn web(http: HttpDouble) -> (Arc<HttpDouble>, ResourceSet) {
    let http = Arc::new(http);
    let set = ResourceSet::new().with::<dyn HttpClient>("http_client", Arc::clone(&http) as _);
    (http, set)
}

fn page(kind: &str, body: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::new(200, body).header("Content-Type", kind)
}

#[test]
fn pages_become_markdown_and_other_texts_stay() {
    for plugin in both() {
        let html = "<h1>Hi</h1><p>See <a href='/b'>there</a>.</p>";
        let (_, resources) = web(HttpDouble::new()
            .on("GET", URL, page("text/html; charset=utf-8", html))
            .on("GET", URL, page("text/plain", "<b>\n plain"))
            .on("GET", URL, page("application/json", "{\"a\": 1}"))
            .on("GET", URL, page("image/png", "?")));
        let plugin = plugin.resources(resources);
        let fetch = || plugin.call("fetch", json!({ "url": URL }));
        assert_eq!(
            fetch(),
            Ok(json!("# Hi\n\nSee [there](https://example.org/b)."))
        );
        assert_eq!(fetch(), Ok(json!("<b>\n plain")));
        assert_eq!(fetch(), Ok(json!("{\"a\": 1}")));
        let error = fetch().unwrap_err();
        assert_eq!(error.code(), "unsupported_content", "{error}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    for plugin in both() {
        let (http, resources) = web(HttpDouble::new().on("GET", URL, HttpResponse::new(404, "no")));
        let plugin = plugin.resources(resources);
        let error = plugin.call("fetch", json!({ "url": URL })).unwrap_err();
        assert_eq!(error.code(), "http_status");
        assert!(error.message().ends_with("the status 404"), "{error}");
        let error = plugin
            .call("fetch", json!({ "url": "ftp://a" }))
            .unwrap_err();
        assert_eq!(error.code(), "invalid_arguments");
        assert_eq!(http.requests().len(), 1);
    }
}

#[test]
fn texts_are_in_the_charset_that_the_answer_says() {
    for plugin in both() {
        let body = &b"caf\xe9 \x80"[..];
        let (_, resources) = web(HttpDouble::new()
            .on("GET", URL, page("text/html; charset=ISO-8859-1", body))
            .on(
                "GET",
                URL,
                page("text/plain;a=b; Charset=\"windows-1252\"", body),
            )
            .on("GET", URL, page("text/plain; charset=utf8", "café"))
            .on("GET", URL, page("text/plain", "café"))
            .on("GET", URL, page("text/html; charset=Shift_JIS", body)));
        let plugin = plugin.resources(resources);
        let fetch = || plugin.call("fetch", json!({ "url": URL }));
        for text in ["café €", "café €", "café", "café"] {
            assert_eq!(fetch(), Ok(json!(text)));
        }
        let error = fetch().unwrap_err();
        assert_eq!(error.code(), "unsupported_content");
        assert!(error.message().contains("`shift_jis`"), "{error}");
    }
}

#[test]
fn the_key_is_sent_and_not_shown() {
    for plugin in both() {
        let (http, resources) = web(HttpDouble::new().on("GET", URL, page("text/html", "x")));
        let plugin = plugin
            .resources(resources)
            .config(json!({ "api_key": "hunter2hunter2" }));
        assert_eq!(plugin.call("fetch", json!({ "url": URL })), Ok(json!("x")));
        let sent = http.requests().remove(0);
        let key = (
            "authorization".to_owned(),
            "Bearer hunter2hunter2".to_owned(),
        );
        assert!(sent.headers.contains(&key));
        let error = plugin.call("fetch", json!({ "url": format!("{URL}/b") }));
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

/// The model names the URL, so it must not be able to send the key anywhere.
#[test]
fn the_key_goes_to_nobody_else() {
    let any = json!({ "api_key": "hunter2hunter2" });
    let one = json!({ "api_key": "hunter2hunter2", "host": "api.example.org" });
    for (config, url, gets_key) in [
        (&any, "https://example.org/a", true),
        (&any, "http://example.org/a", false),
        (&any, "http://127.0.0.1:8080/a", true),
        (&any, "http://LocalHost", true),
        (&any, "http://[::1]:1/", true),
        (&any, "http://127.0.0.1@example.org/", false),
        (&any, "http://localhost:x@example.org/", false),
        (&any, "http://127.0.0.1.example.org/", false),
        (&any, "http://localhost\t.example.org/", false),
        (&one, "https://api.example.org/a", true),
        (&one, "https://API.example.org:8443?a", true),
        (&one, "http://api.example.org/a", false),
        (&one, "https://example.org/a", false),
        (&one, "https://evil.org/https://api.example.org/", false),
        (&one, "https://api.example.org.evil.org/", false),
        (&one, "https://api.example.org@evil.org/", false),
        (&one, "https://evil.org\\@api.example.org/", false),
        (&one, "http://localhost/", false),
    ] {
        for plugin in both() {
            let (http, resources) =
                web(HttpDouble::new().on("GET", url, HttpResponse::new(401, "")));
            let plugin = plugin.resources(resources).config(config.clone());
            let error = plugin.call("fetch", json!({ "url": url })).unwrap_err();
            let sent = http.requests().remove(0);
            let is_sent = sent.headers.iter().any(|(name, _)| name == "authorization");
            assert_eq!(is_sent, gets_key, "{url}");
            assert_eq!(error.message().contains("`host`"), !gets_key, "{error}");
        }
    }
}

#[test]
fn a_host_is_no_url() {
    for plugin in both() {
        let (_, resources) = web(HttpDouble::new());
        let config = json!({ "host": "https://api.example.org" });
        let error = plugin
            .resources(resources)
            .config(config)
            .setup()
            .unwrap_err();
        assert!(error.to_string().contains("`tool.fetch.host`"), "{error}");
    }
}

#[test]
fn without_an_http_client_it_is_not_set_up() {
    for plugin in both() {
        assert_eq!(plugin.setup().unwrap_err().code(), "resource_missing");
    }
}
