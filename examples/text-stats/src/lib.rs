//! Counts what is in a text.
//!
//! A `tool` with several functions: `fn`, `async fn` and one that the host moves to a thread of
//! its own, with results of every shape.

use std::collections::HashMap;

use dagstack_plugin::prelude::*;

/// How much there is of a text.
#[data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Bytes of UTF-8.
    pub bytes: usize,
    /// Unicode scalar values.
    pub characters: usize,
    /// Runs of letters and digits.
    pub words: usize,
    /// Lines; the last need not end with a line feed.
    pub lines: usize,
}

/// A word and how often it occurs.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Frequency {
    /// The word in lower case.
    pub word: String,
    /// How often it occurs.
    pub count: usize,
    /// Its share of all words, from 0 to 1.
    pub share: f32,
}

/// The most frequent words of a text.
#[data]
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The most frequent first; equally frequent ones by the alphabet.
    pub words: Vec<Frequency>,
    /// What the ranking was made from.
    pub of: Counts,
}

/// How long a text is to read.
#[data]
#[derive(Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Nothing to read.
    Empty,
    /// Below one page.
    Short,
    /// One page and more.
    Long {
        /// At 300 words a page.
        pages: f32,
    },
}

/// Counts what is in a text.
#[derive(Debug, Default)]
pub struct TextStats;

/// Counts what is in a text.
#[plugin(kind = "tool", name = "text-stats", supports_mime_types = ["text/plain"])]
impl TextStats {
    /// Counts bytes, characters, words and lines.
    #[hook]
    fn count(&self, text: String) -> Counts {
        Counts {
            bytes: text.len(),
            characters: text.chars().count(),
            words: words(&text).count(),
            lines: text.lines().count(),
        }
    }

    /// The mean length of a word, in characters.
    #[hook]
    fn mean_word_length(&self, text: String) -> Result<f32, HookError> {
        let (count, characters) = words(&text).fold((0_u32, 0_u32), |(count, total), word| {
            (count + 1, total + word.chars().count() as u32)
        });
        if count == 0 {
            return Err(HookError::new("no_words", "the text has no words"));
        }
        Ok(characters as f32 / count as f32)
    }

    /// The longest word, the first of several; `null` if there is none.
    #[hook]
    fn longest_word(&self, text: String) -> Option<String> {
        words(&text)
            .fold(None, |longest: Option<&str>, word| match longest {
                Some(other) if other.chars().count() >= word.chars().count() => longest,
                _ => Some(word),
            })
            .map(str::to_owned)
    }

    /// How long the text is to read.
    #[hook]
    async fn length(&self, text: String) -> Length {
        match words(&text).count() {
            0 => Length::Empty,
            1..300 => Length::Short,
            count => Length::Long {
                pages: count as f32 / 300.0,
            },
        }
    }

    /// The most frequent words.
    #[hook(execution_model = "thread_cpu_bound")]
    fn ranking(
        &self,
        /// The text to look at.
        text: String,
        /// How many words to list.
        #[serde(default = "default_top")]
        #[schemars(range(min = 1, max = 100))]
        top: u8,
    ) -> Ranking {
        let mut counts = HashMap::new();
        for word in words(&text) {
            *counts.entry(word.to_lowercase()).or_insert(0_usize) += 1;
        }
        let total: usize = counts.values().sum();
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        counts.truncate(top.into());
        Ranking {
            words: counts
                .into_iter()
                .map(|(word, count)| Frequency {
                    word,
                    count,
                    share: count as f32 / total as f32,
                })
                .collect(),
            of: self.count(text),
        }
    }

    /// The longest text that can be counted, in bytes.
    #[hook]
    async fn capacity(&self) -> u64 {
        u64::MAX
    }
}

fn default_top() -> u8 {
    3
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}
