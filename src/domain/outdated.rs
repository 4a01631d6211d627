//! Recipes and the Dockerfiles that were written from them: which are no longer what the catalogue
//! gives, and what would change.

use super::compare::compare;
use super::text::clean;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Lines around a change that are shown with it.
const AROUND: usize = 2;

/// How a recipe stands to what was written from it, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Age {
    /// The recipe cannot be used.
    Flawed,
    /// What is written is not what the catalogue gives today.
    Outdated,
    /// Nothing was written yet, or the Dockerfile is a person's own: nothing to renew.
    Left,
    /// Nothing differs.
    Current,
}

impl Age {
    /// The word in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flawed => "flawed",
            Self::Outdated => "outdated",
            Self::Left => "left",
            Self::Current => "current",
        }
    }
}

/// A recipe, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aged {
    /// Its folder.
    pub folder: PathBuf,
    /// How it stands.
    pub age: Age,
    /// Why; empty where nothing differs.
    pub why: String,
    /// Files that would be another one.
    pub files: Vec<Redrawn>,
}

/// A file that would be another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrawn {
    /// Its name in the folder.
    pub name: String,
    /// What is there.
    pub there: String,
    /// What would be made.
    pub made: String,
}

impl Redrawn {
    /// What would change, line by line: `-` goes, `+` comes, ` ` stays, `…` where lines that stay
    /// are left out.
    pub fn changes(&self) -> Vec<(char, String)> {
        let old: Vec<&str> = self.there.lines().collect();
        let new: Vec<&str> = self.made.lines().collect();
        let all = compare(&old, &new);
        let near = |at: usize| {
            let from = at.saturating_sub(AROUND);
            let to = (at + AROUND + 1).min(all.len());
            all[from..to].iter().any(|(sign, _)| *sign != ' ')
        };
        let mut out: Vec<(char, String)> = Vec::new();
        for (at, (sign, line)) in all.iter().enumerate() {
            if near(at) {
                out.push((*sign, clean(line).into_owned()));
            } else if out.last().is_none_or(|(sign, _)| *sign != '…') {
                out.push(('…', String::new()));
            }
        }
        out
    }

    /// The first line that would be new.
    pub fn first_difference(&self) -> String {
        let old: Vec<&str> = self.there.lines().collect();
        let new = self.made.lines().find(|line| !old.contains(line));
        let line = new.unwrap_or("lines are gone or moved").trim();
        format!("{}: {}", self.name, clean(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown_with_what_stands_around_it() {
        let file = Redrawn {
            name: "Dockerfile".into(),
            there: "1\n2\n3\n4\nold\n5\n6\n7\n8\n".into(),
            made: "1\n2\n3\n4\nnew\n5\n6\n7\n8\n".into(),
        };
        let changes: Vec<String> = file
            .changes()
            .into_iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        assert_eq!(changes, ["…", " 3", " 4", "-old", "+new", " 5", " 6", "…"]);
        assert_eq!(file.first_difference(), "Dockerfile: new");
    }
}
