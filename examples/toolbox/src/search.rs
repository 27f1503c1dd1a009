//! Finds words in texts.

use dagstack_plugin::prelude::*;

/// A line that has the words.
#[data]
#[derive(Debug, PartialEq)]
pub struct Hit {
    /// Its number, from 1.
    pub line: usize,
    /// The line itself.
    pub text: String,
}

/// Finds words in texts.
#[derive(Debug, Default)]
pub struct Search;

/// Finds words in texts.
#[plugin(kind = "tool", name = "search")]
impl Search {
    /// Returns the lines of `text` that have all `words`, whatever their case.
    #[hook]
    fn lines(&self, text: String, words: Vec<String>) -> Vec<Hit> {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let lines = (1..).zip(text.lines()).filter(|(_, text)| {
            let text = text.to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        });
        lines
            .map(|(line, text)| Hit {
                line,
                text: text.to_owned(),
            })
            .collect()
    }

    /// Counts the lines of `text` that have `word`.
    #[hook]
    fn count(&self, text: String, word: String) -> usize {
        self.lines(text, vec![word]).len()
    }
}
