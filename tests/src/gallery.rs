//! A kind of plugins with results for a model or a person, and a plugin of it; `tests/content.rs` and
//! `tests/interop.rs` call it linked, as an executable, and by other clients.

use dagstack_plugin::content::Role;
use dagstack_plugin::prelude::*;

/// Shows things.
#[kind(name = "gallery", version = "1.0.0")]
pub trait Gallery {
    /// Every block there is.
    #[hook(dispatch = "singleton", title = "Everything", read_only)]
    async fn every(&self) -> Content;

    /// No block.
    #[hook(dispatch = "singleton", destructive = true, open_world = true)]
    async fn nothing(&self) -> Content;

    /// An image of so many bytes.
    #[hook(dispatch = "singleton", title = "An image", idempotent)]
    async fn image(&self, bytes: usize) -> Content;

    /// Content as a part of data.
    #[hook(dispatch = "singleton")]
    async fn titled(&self, title: String) -> Titled;

    /// Content that may not be there.
    #[hook(dispatch = "singleton")]
    async fn optional(&self, is_there: bool) -> Option<Content>;

    /// Gives the content back.
    #[hook(dispatch = "singleton")]
    async fn back(&self, content: Content) -> Content;
}

/// Content with a title.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Titled {
    /// The title.
    pub title: String,
    /// What it is the title of.
    pub content: Content,
}

/// Another name for what a hook returns.
pub type Shown<T = Content> = Result<T, String>;

/// Every block, with everything that it may say, and one without annotations.
pub fn every() -> Content {
    Content::text("# A \"title\"\n\\")
        .audience([Role::Assistant])
        .and(Content::image(vec![0x89, b'P', b'N', b'G'], "image/png").audience([Role::User]))
        .and(Content::audio(vec![1, 2, 3], "audio/wav"))
        .and(
            Content::link("file:///sales.csv", "sales.csv")
                .title("Sales")
                .description("The sales of 2025.")
                .mime_type("text/csv")
                .size(1200),
        )
        .and(Content::resource("file:///notes.md", "# Notes").mime_type("text/markdown"))
        .and(Content::resource("file:///raw", vec![0, 255]))
        .priority(0.8)
        .last_modified("2025-01-12T15:00:58Z")
        .and("as it is")
}

/// Bytes that base64 shows in all its letters.
pub fn image(bytes: usize) -> Content {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(bytes).collect();
    Content::image(bytes, "image/png")
}

/// A gallery.
#[derive(Default)]
pub struct Hall;

/// Shows what there is.
#[plugin(kind = Gallery, name = "hall")]
impl Hall {
    #[hook(open_world = false)]
    fn every(&self) -> Content {
        every()
    }

    #[hook(title = "Nothing", destructive = false, idempotent)]
    async fn nothing(&self) -> Result<Content, HookError> {
        Ok(Content::default())
    }

    #[hook(read_only)]
    fn image(&self, bytes: usize) -> Shown {
        Ok(image(bytes))
    }

    #[hook]
    fn titled(&self, title: String) -> Titled {
        let content = title.as_str().into();
        Titled { title, content }
    }

    #[hook]
    fn optional(&self, is_there: bool) -> Option<Content> {
        is_there.then(every)
    }

    #[hook]
    fn back(&self, content: Content) -> Content {
        content
    }
}
