//! One folder of a tree, as a rule looks at it.

use super::{Evidence, Tree};
use crate::domain::text::clean;

/// Longest line that is quoted as evidence, in characters.
const QUOTE: usize = 160;

/// A folder of a tree.
pub struct Scope<'t> {
    tree: &'t dyn Tree,
    /// Empty for the root.
    folder: String,
    /// The folder with a slash, empty for the root.
    prefix: String,
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.folder)
    }
}

impl<'t> Scope<'t> {
    /// The folder `folder` of a tree, empty for its root.
    pub fn new(tree: &'t dyn Tree, folder: &str) -> Self {
        let folder = folder.trim_matches('/').to_owned();
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        Self {
            tree,
            folder,
            prefix,
        }
    }

    /// The whole tree.
    pub fn tree(&self) -> &'t dyn Tree {
        self.tree
    }

    /// The folder, empty for the root.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether a file is there.
    pub fn has(&self, path: &str) -> bool {
        let path = self.full(path);
        self.tree.files().binary_search(&path).is_ok()
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> Option<String> {
        self.has(path).then(|| self.tree.read(&self.full(path)))?
    }

    /// Those of `names` that are there, in this order.
    pub fn present(&self, names: &[&str]) -> Vec<String> {
        let there = names.iter().filter(|name| self.has(name));
        there.map(|&name| name.to_owned()).collect()
    }

    /// Paths of all files below the folder, relative to it.
    pub fn all(&self) -> impl Iterator<Item = &'t str> {
        let files = self.tree.files();
        let begin = files.partition_point(|path| path.as_str() < self.prefix.as_str());
        let prefix = self.prefix.clone();
        files[begin..]
            .iter()
            .map_while(move |path| path.strip_prefix(prefix.as_str()))
    }

    /// Names of the files directly in the folder.
    pub fn direct(&self) -> impl Iterator<Item = &'t str> {
        self.all().filter(|path| !path.contains('/'))
    }

    /// The first line of a file for which `find` has an answer, with the evidence.
    pub fn find<T>(&self, path: &str, find: impl Fn(&str) -> Option<T>) -> Option<(T, Evidence)> {
        let text = self.read(path)?;
        text.lines()
            .enumerate()
            .find_map(|(at, line)| Some((find(line)?, self.line(path, at + 1, line))))
    }

    /// Evidence of a line.
    pub fn line(&self, path: &str, line: usize, text: &str) -> Evidence {
        Evidence {
            file: self.full(path),
            line: Some(line),
            text: short(text),
        }
    }

    /// Evidence of a file as a whole.
    pub fn there(&self, path: &str, text: &str) -> Evidence {
        Evidence {
            file: self.full(path),
            line: None,
            text: text.to_owned(),
        }
    }

    /// Evidence of the line that `needle` begins in, or of the file when it is not found.
    pub fn at(&self, path: &str, text: &str, needle: &str) -> Evidence {
        match text.find(needle) {
            Some(at) => {
                let line = text[..at].matches('\n').count() + 1;
                let whole = text.lines().nth(line - 1).unwrap_or_default();
                self.line(path, line, whole)
            }
            None => self.there(path, "it says so"),
        }
    }

    fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// A line made harmless and short.
fn short(line: &str) -> String {
    let line = clean(line.trim());
    let mut short: String = line.chars().take(QUOTE).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
