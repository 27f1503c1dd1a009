//! Doubles of resources.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use crate::error::{HookError, code};
use crate::resources::{BlobStore, Bytes, HttpClient, HttpRequest, HttpResponse};
use crate::sync::lock;

/// A [`BlobStore`] in memory.
///
/// ```
/// use dagstack_plugin::resources::BlobStore;
/// use dagstack_plugin::testing::{MemoryBlobs, block_on};
///
/// let blobs = MemoryBlobs::new().with("a.txt", "one");
/// block_on(blobs.put("b.txt".to_owned(), "two".into())).unwrap();
/// assert_eq!(blobs.contents()["b.txt"], "two".into());
/// assert_eq!(blobs.contents().len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct MemoryBlobs(Mutex<BTreeMap<String, Bytes>>);

impl MemoryBlobs {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores `data` under `key`.
    #[must_use]
    pub fn with(self, key: impl Into<String>, data: impl Into<Bytes>) -> Self {
        lock(&self.0).insert(key.into(), data.into());
        self
    }

    /// All that is stored.
    pub fn contents(&self) -> BTreeMap<String, Bytes> {
        lock(&self.0).clone()
    }
}

#[crate::async_trait]
impl BlobStore for MemoryBlobs {
    async fn put(&self, key: String, data: Bytes) -> Result<(), HookError> {
        lock(&self.0).insert(key, data);
        Ok(())
    }

    async fn get(&self, key: String) -> Result<Option<Bytes>, HookError> {
        Ok(lock(&self.0).get(&key).cloned())
    }

    async fn delete(&self, key: String) -> Result<bool, HookError> {
        Ok(lock(&self.0).remove(&key).is_some())
    }

    async fn list(&self, prefix: String) -> Result<Vec<String>, HookError> {
        let blobs = lock(&self.0);
        let keys = blobs.keys().filter(|key| key.starts_with(&prefix));
        Ok(keys.cloned().collect())
    }

    async fn exists(&self, key: String) -> Result<bool, HookError> {
        Ok(lock(&self.0).contains_key(&key))
    }
}

/// An [`HttpClient`] that answers what it was told to, and remembers what it was asked.
///
/// ```
/// use dagstack_plugin::resources::{HttpClient, HttpRequest, HttpResponse};
/// use dagstack_plugin::testing::HttpDouble;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let http = HttpDouble::new()
///     .on("GET", "https://example.org/a", HttpResponse::new(200, "hello"))
///     .on("GET", "https://example.org/a", HttpResponse::new(503, "later"));
/// let get = || http.send(HttpRequest::get("https://example.org/a"));
/// assert_eq!(get().await.unwrap().text(), "hello");
/// // The last answer is repeated.
/// assert_eq!(get().await.unwrap().status, 503);
/// assert_eq!(get().await.unwrap().status, 503);
/// assert_eq!(http.requests().len(), 3);
/// // Nobody said what to answer here.
/// let error = http.send(HttpRequest::get("https://example.org/b")).await.unwrap_err();
/// assert_eq!(error.code(), "transport");
/// # }
/// ```
#[derive(Debug, Default)]
pub struct HttpDouble {
    answers: Mutex<BTreeMap<(String, String), VecDeque<Answer>>>,
    requests: Mutex<Vec<HttpRequest>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Response(HttpResponse),
    /// The code and the message.
    Failure(String, String),
}

impl HttpDouble {
    /// Answers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next request of that method and URL that is not spoken for.
    #[must_use]
    pub fn on(self, method: &str, url: &str, response: HttpResponse) -> Self {
        self.answer(method, url, Answer::Response(response))
    }

    /// Fails the next request of that method and URL that is not spoken for.
    #[must_use]
    pub fn fail(self, method: &str, url: &str, error: &HookError) -> Self {
        let failure = Answer::Failure(error.code().to_owned(), error.message().to_owned());
        self.answer(method, url, failure)
    }

    fn answer(self, method: &str, url: &str, answer: Answer) -> Self {
        let key = (method.to_owned(), url.to_owned());
        lock(&self.answers)
            .entry(key)
            .or_default()
            .push_back(answer);
        self
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        lock(&self.requests).clone()
    }
}

#[crate::async_trait]
impl HttpClient for HttpDouble {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HookError> {
        lock(&self.requests).push(request.clone());
        let key = (request.method, request.url);
        let mut answers = lock(&self.answers);
        let answer = answers.get_mut(&key).and_then(|queue| {
            if queue.len() > 1 {
                queue.pop_front()
            } else {
                queue.front().cloned()
            }
        });
        match answer {
            Some(Answer::Response(response)) => Ok(response),
            Some(Answer::Failure(code, message)) => Err(HookError::new(code, message)),
            None => Err(HookError::new(
                code::TRANSPORT,
                format!(
                    "nobody told the double what to answer to `{} {}`",
                    key.0, key.1
                ),
            )),
        }
    }
}
