//! The kind `extractor`, two plugins that handle some file extensions, and one that handles the rest.
//! The class `capability` calls the one that fits.

use dagstack_plugin::prelude::*;

/// The text of a file.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Its text, without markup.
    pub text: String,
}

/// Finds the text in a file.
#[kind(name = "extractor", version = "1.0.0")]
pub trait Extractor {
    /// Finds the text in `content`.
    #[hook(dispatch = "capability", extension = "file")]
    async fn extract(
        &self,
        /// The name of the file; its extension says who reads it.
        file: String,
        /// What is in it.
        content: String,
    ) -> Document;
}

/// Reads Markdown.
#[derive(Debug, Default)]
pub struct Markdown;

/// Reads Markdown.
#[plugin(kind = Extractor, name = "markdown", supports_extensions = ["md", "markdown"])]
impl Markdown {
    /// The first heading is the title.
    #[hook]
    fn extract(&self, file: String, content: String) -> Document {
        let _ = file;
        let mut title = None;
        let mut text = String::with_capacity(content.len());
        for line in content.lines() {
            let bare = line.trim_start_matches('#');
            if bare.len() < line.len() && title.is_none() {
                title = Some(bare.trim().to_owned());
            }
            text.push_str(
                &bare
                    .trim_start_matches([' ', '*', '>', '-'])
                    .replace('`', ""),
            );
            text.push('\n');
        }
        Document { title, text }
    }
}

/// Reads comma-separated values.
#[derive(Debug, Default)]
pub struct Csv;

/// Reads comma-separated values.
#[plugin(kind = Extractor, name = "csv", supports_extensions = ["csv"])]
impl Csv {
    /// The first line is the title.
    ///
    /// # Errors
    ///
    /// `ragged`, where a line has another number of cells than the first.
    #[hook]
    fn extract(&self, file: String, content: String) -> Result<Document, HookError> {
        let mut lines = content.lines();
        let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let mut text = String::new();
        for (number, line) in lines.enumerate() {
            let cells: Vec<&str> = line.split(',').collect();
            if cells.len() != head.len() {
                let message = format!(
                    "`{file}`: line {} has {} cells, the head has {}",
                    number + 2,
                    cells.len(),
                    head.len()
                );
                return Err(HookError::new("ragged", message));
            }
            text.push_str(&cells.join(" "));
            text.push('\n');
        }
        Ok(Document {
            title: Some(head.join(" ")),
            text,
        })
    }
}

/// Takes any file as it is.
#[derive(Debug, Default)]
pub struct Plain;

/// Takes any file as it is.
#[plugin(kind = Extractor, name = "plain", fallback = true)]
impl Plain {
    #[hook]
    async fn extract(&self, file: String, content: String) -> Document {
        Document {
            title: Some(file),
            text: content,
        }
    }
}
