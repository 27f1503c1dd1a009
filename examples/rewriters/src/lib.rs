//! The kind `rewriter` and three plugins of it. Its hooks show the classes that call all plugins of a
//! kind: `chain`, `broadcast_collect` and `broadcast_notify`.

use std::sync::atomic::{AtomicU64, Ordering};

use dagstack_plugin::prelude::*;

/// What a rewriter does.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What it does to a text.
    pub summary: String,
    /// How many texts it was told about.
    pub texts: u64,
}

/// Rewrites text, one plugin after the other.
#[kind(name = "rewriter", version = "1.0.0")]
pub trait Rewriter {
    /// Rewrites `text`; the next plugin gets what this one returns.
    #[hook(dispatch = "chain")]
    async fn rewrite(&self, text: String) -> String;

    /// Says what the plugin does.
    #[hook(dispatch = "broadcast_collect", error_policy = "best_effort")]
    async fn describe(&self) -> Description;

    /// Tells the plugin that a text is done.
    #[hook(dispatch = "broadcast_notify")]
    async fn done(
        &self,
        /// The length of the text, in characters.
        length: usize,
    );
}

/// Takes superfluous spaces out.
#[derive(Debug, Default)]
pub struct Tidy {
    texts: AtomicU64,
}

/// Takes superfluous spaces out.
#[plugin(kind = Rewriter, name = "tidy", priority = 90)]
impl Tidy {
    /// Ends the chain where nothing is left.
    #[hook]
    fn rewrite(&self, text: String) -> Result<String, HookError> {
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        match lines.join("\n").trim() {
            "" => Err(HookError::stop("")),
            tidy => Ok(tidy.to_owned()),
        }
    }

    #[hook]
    fn describe(&self) -> Description {
        Description {
            summary: "takes superfluous spaces out".to_owned(),
            texts: self.texts.load(Ordering::Relaxed),
        }
    }

    #[hook]
    fn done(&self, length: usize) {
        let _ = length;
        self.texts.fetch_add(1, Ordering::Relaxed);
    }
}

/// Hides e-mail addresses.
#[derive(Debug, Default)]
pub struct Redact {
    texts: AtomicU64,
}

/// Hides e-mail addresses.
#[plugin(kind = Rewriter, name = "redact", priority = 50)]
impl Redact {
    #[hook]
    async fn rewrite(&self, text: String) -> String {
        let words = text.split_inclusive(char::is_whitespace).map(|word| {
            let bare = word.trim_end();
            if bare.len() > 2 && bare[1..bare.len() - 1].contains('@') {
                word.replace(bare, "[address]")
            } else {
                word.to_owned()
            }
        });
        words.collect()
    }

    #[hook]
    async fn describe(&self) -> Description {
        Description {
            summary: "hides e-mail addresses".to_owned(),
            texts: self.texts.load(Ordering::Relaxed),
        }
    }

    #[hook]
    async fn done(&self, length: usize) {
        let _ = length;
        self.texts.fetch_add(1, Ordering::Relaxed);
    }
}

/// Signs the text. Always the last.
#[derive(Debug, Default)]
pub struct Sign {
    texts: AtomicU64,
}

/// Signs the text. Always the last.
#[plugin(kind = Rewriter, name = "sign", priority = 100, trylast = true)]
impl Sign {
    #[hook]
    fn rewrite(&self, text: String) -> String {
        format!("{text}\n-- {} characters", text.chars().count())
    }

    #[hook]
    fn describe(&self) -> Description {
        Description {
            summary: "signs the text".to_owned(),
            texts: self.texts.load(Ordering::Relaxed),
        }
    }

    #[hook]
    fn done(&self, length: usize) {
        let _ = length;
        self.texts.fetch_add(1, Ordering::Relaxed);
    }
}
