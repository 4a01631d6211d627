//! What the rules see of a source.

use super::Evidence;
use std::collections::BTreeMap;

/// A source: names of its files, and the text of those that are asked for.
pub trait Tree {
    /// Paths of all files, relative, with `/`, sorted by bytes.
    fn files(&self) -> &[String];

    /// The text of a file; nothing when it is not there, too big, or no text.
    fn read(&self, path: &str) -> Option<String>;

    /// The name of the root folder.
    fn name(&self) -> Option<&str>;

    /// Where the source comes from, without credentials.
    fn origin(&self) -> Option<(String, Evidence)> {
        None
    }
}

/// A tree in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    name: String,
    paths: Vec<String>,
    texts: BTreeMap<String, String>,
}

impl MemoryTree {
    /// A tree called `name` of paths with their texts.
    pub fn new<P: Into<String>, T: Into<String>>(
        name: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let texts: BTreeMap<String, String> = files
            .into_iter()
            .map(|(path, text)| (path.into(), text.into()))
            .collect();
        Self {
            name: name.to_owned(),
            paths: texts.keys().cloned().collect(),
            texts,
        }
    }
}

impl Tree for MemoryTree {
    fn files(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Option<String> {
        self.texts.get(path).cloned()
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}
