//! What plugins support, looked up by hash: file extensions, languages, MIME types.

use std::borrow::Cow;
use std::collections::HashMap;

use dagstack_plugin::Manifest;
use dagstack_plugin::kind::Capability;

/// The plugins of one kind by what they support; each list in the order of their rank.
#[derive(Debug, Default)]
pub(crate) struct Supports {
    extensions: HashMap<String, Vec<usize>>,
    languages: HashMap<String, Vec<usize>>,
    mime_types: HashMap<String, Vec<usize>>,
}

impl Supports {
    /// Adds what the plugin of that rank supports. Ranks come in order.
    pub(crate) fn add(&mut self, rank: usize, manifest: &Manifest) {
        let lists = [
            (Capability::Extension, &manifest.supports_extensions),
            (Capability::Language, &manifest.supports_languages),
            (Capability::MimeType, &manifest.supports_mime_types),
        ];
        for (capability, declared) in lists {
            for text in declared {
                let key = match capability {
                    Capability::Extension => lower(text.trim().trim_start_matches('.')),
                    Capability::Language => lower(text.trim()),
                    Capability::MimeType => mime_type(text),
                };
                let ranks = self.of_mut(capability).entry(key.into_owned()).or_default();
                // `.PDF` and `pdf` in one manifest are one.
                if ranks.last() != Some(&rank) {
                    ranks.push(rank);
                }
            }
        }
    }

    /// The first plugin, by rank, that supports `key` and is `accepted`.
    pub(crate) fn find<T>(
        &self,
        capability: Capability,
        key: &str,
        mut accepted: impl FnMut(usize) -> Option<T>,
    ) -> Option<T> {
        let known = self.of(capability);
        let mut best: Option<(usize, T)> = None;
        let mut look_up = |key: &str| {
            for &rank in known.get(key).into_iter().flatten() {
                if best.as_ref().is_some_and(|(found, _)| *found <= rank) {
                    break;
                }
                if let Some(found) = accepted(rank) {
                    best = Some((rank, found));
                    break;
                }
            }
        };
        match capability {
            Capability::Language => look_up(&lower(key.trim())),
            Capability::Extension => {
                // Of a file name, every ending: `a.tar.gz` is a `tar.gz` and a `gz`.
                let file = lower(key.trim());
                let mut rest = file.rsplit(['/', '\\']).next().unwrap_or_default();
                if !rest.contains('.') {
                    look_up(rest);
                }
                while let Some((_, extension)) = rest.split_once('.') {
                    look_up(extension);
                    rest = extension;
                }
            }
            Capability::MimeType => {
                let exact = mime_type(key);
                look_up(&exact);
                if let Some((family, _)) = exact.split_once('/') {
                    look_up(&format!("{family}/*"));
                    look_up("*/*");
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// Everything that is supported, sorted.
    pub(crate) fn all(&self, capability: Capability) -> Vec<String> {
        let mut all: Vec<String> = self.of(capability).keys().cloned().collect();
        all.sort();
        all
    }

    fn of(&self, capability: Capability) -> &HashMap<String, Vec<usize>> {
        match capability {
            Capability::Extension => &self.extensions,
            Capability::Language => &self.languages,
            Capability::MimeType => &self.mime_types,
        }
    }

    fn of_mut(&mut self, capability: Capability) -> &mut HashMap<String, Vec<usize>> {
        match capability {
            Capability::Extension => &mut self.extensions,
            Capability::Language => &mut self.languages,
            Capability::MimeType => &mut self.mime_types,
        }
    }
}

/// Without its parameters: `text/html; charset=utf-8` is `text/html`.
fn mime_type(text: &str) -> Cow<'_, str> {
    let bare = text.split_once(';').map_or(text, |(bare, _)| bare);
    lower(bare.trim())
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supports() -> Supports {
        let mut supports = Supports::default();
        let mut archives = Manifest::new("parser", "archives");
        archives.supports_extensions = vec![".GZ".into(), "gz".into(), "zip".into()];
        archives.supports_mime_types = vec!["Application/*".into()];
        let mut tar = Manifest::new("parser", "tar");
        tar.supports_extensions = vec!["tar.gz".into()];
        tar.supports_languages = vec!["Rust".into()];
        tar.supports_mime_types = vec!["application/x-tar".into(), "*/*".into()];
        supports.add(0, &archives);
        supports.add(1, &tar);
        supports
    }

    #[test]
    fn keys_are_found_however_they_are_written() {
        let supports = supports();
        for (capability, key, rank) in [
            (Capability::Extension, "gz", Some(0)),
            (Capability::Extension, ".Gz", Some(0)),
            (Capability::Extension, "dir.d/a.tar.GZ", Some(0)),
            (Capability::Extension, "C:\\x.y\\a.zip", Some(0)),
            (Capability::Extension, "dir.zip/README", None),
            (Capability::Extension, "", None),
            (Capability::Language, "RUST", Some(1)),
            (Capability::Language, "rust-lang", None),
            (Capability::MimeType, "application/pdf; q=1", Some(0)),
            (Capability::MimeType, "Text/HTML ;charset=utf-8", Some(1)),
            (Capability::MimeType, "text", None),
        ] {
            assert_eq!(supports.find(capability, key, Some), rank, "{key}");
        }
        let only_tar = |rank| (rank == 1).then_some(rank);
        let found = supports.find(Capability::Extension, "a.tar.gz", only_tar);
        assert_eq!(found, Some(1));
        assert_eq!(supports.all(Capability::Extension), ["gz", "tar.gz", "zip"]);
    }
}
