//! What lies over a screen and takes the keys: the palette, or a question.

use super::effect::Request;
use super::notice::Notice;
use super::palette::Palette;
use crate::domain::session::Target;

/// An overlay.
#[derive(Debug)]
pub enum Overlay {
    /// The palette, with what is wrong with its line, if anything was.
    Palette(Palette, Option<Notice>),
    /// A question.
    Confirm(Confirm),
}

/// A question before something is done that cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The question, with the full name of what it is about.
    pub question: String,
    /// What it is about, one line each.
    pub lines: Vec<String>,
    /// What must be typed, on a production context.
    pub word: Option<String>,
    /// What was typed.
    pub typed: String,
    /// What a yes means.
    pub then: Then,
}

/// What a yes means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// These requests go out.
    Requests(Vec<Request>),
    /// The program ends.
    Quit,
}

impl Confirm {
    /// "Really leave?"
    pub fn quit() -> Self {
        Self {
            question: "Leave quarterdeck?".into(),
            lines: Vec::new(),
            word: None,
            typed: String::new(),
            then: Then::Quit,
        }
    }

    /// "Delete these?"; on a production context the name has to be typed.
    pub fn delete(targets: &[Target], context: &str, production: bool) -> Self {
        let question = match targets {
            [one] => format!("Delete {one} in context {context}?"),
            many => format!("Delete {} objects in context {context}?", many.len()),
        };
        let word = production.then(|| match targets {
            [one] => one.name.to_string(),
            _ => context.to_owned(),
        });
        let lines = if targets.len() > 1 {
            targets.iter().map(Target::to_string).collect()
        } else {
            Vec::new()
        };
        let then = Then::Requests(targets.iter().cloned().map(Request::Delete).collect());
        Self {
            question,
            lines,
            word,
            typed: String::new(),
            then,
        }
    }

    /// Whether a yes counts now.
    pub fn ready(&self) -> bool {
        self.word.as_ref().is_none_or(|word| *word == self.typed)
    }
}
