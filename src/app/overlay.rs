//! What lies over a screen and takes the keys: the palette, or a question.

use super::effect::{Effect, Request};
use super::msg::Id;
use super::notice::Notice;
use super::palette::Palette;
use super::screens::logs::Extent;
use super::screens::shell::Way;
use crate::domain::logs::Source;
use crate::domain::session::Target;
use crate::domain::text::Text;
use std::path::PathBuf;

/// An overlay.
#[derive(Debug)]
pub enum Overlay {
    /// The palette, with what is wrong with its line, if anything was.
    Palette(Palette, Option<Notice>),
    /// A question.
    Confirm(Confirm),
    /// A choice between several things.
    Pick(Pick),
}

/// A question before something is done that cannot be undone.
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// These requests go out.
    Requests(Vec<Request>),
    /// The program ends.
    Quit,
    /// The tab that is seen is closed.
    CloseTab,
    /// This goes into the pane.
    Paste(String),
    /// The edit is applied.
    Apply(Id),
    /// The present cluster is left for what this connects to.
    Connect(Box<Effect>),
    /// The Dockerfiles of these recipes are made again.
    Renew(Vec<PathBuf>),
    /// The tour begins, in the demo.
    Tour,
    /// A support bundle is written.
    Bundle,
}

/// A choice between several things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// What is asked.
    pub title: String,
    /// What can be chosen, a line each.
    pub names: Vec<String>,
    /// The chosen one.
    pub chosen: usize,
    /// What they are.
    pub of: Choice,
}

/// What is chosen between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Containers, the default one first, and what is opened in the chosen one.
    Container(Vec<Source>, Way),
    /// Themes, each shown while it is the chosen one.
    Theme,
    /// Which lines of a log are saved.
    Extent(Vec<Extent>),
    /// What narrows a log: the chosen one is taken away.
    Narrowing,
}

impl Pick {
    /// A choice between containers.
    pub fn container(sources: Vec<Source>, way: Way) -> Self {
        let pod = sources.first().map(|source| source.pod.clone());
        Self {
            title: format!("Which container of {}?", pod.unwrap_or_default()),
            names: sources.iter().map(|it| it.container.to_string()).collect(),
            chosen: 0,
            of: Choice::Container(sources, way),
        }
    }

    /// A choice between themes.
    pub fn theme(names: Vec<String>, now: &str) -> Self {
        Self {
            title: "Which theme?".into(),
            chosen: names.iter().position(|name| name == now).unwrap_or(0),
            names,
            of: Choice::Theme,
        }
    }
}

impl Confirm {
    fn plain(question: &str, lines: Vec<String>, then: Then) -> Self {
        Self {
            question: question.into(),
            lines,
            word: None,
            typed: String::new(),
            then,
        }
    }

    /// "Close the tab?", with what still runs in it.
    pub fn close(live: Vec<String>) -> Self {
        Self::plain(
            "Close this tab? Its program still runs:",
            live,
            Then::CloseTab,
        )
    }

    /// "Leave?", with what still runs.
    pub fn quit_with(live: Vec<String>) -> Self {
        Self::plain("Leave quarterdeck? These still run:", live, Then::Quit)
    }

    /// "Paste several lines?", for a program that runs each at once.
    pub fn paste(text: &str) -> Self {
        let lines: Vec<String> = text
            .lines()
            .take(5)
            .map(|line| crate::domain::text::clean(line).into_owned())
            .collect();
        let question = format!("Paste {} lines? Each runs at once:", text.lines().count());
        Self::plain(&question, lines, Then::Paste(text.to_owned()))
    }

    /// "Apply the edit?", with what would change; on a production context the name has to be typed.
    pub fn apply(
        id: Id,
        target: &Target,
        changes: &[Text],
        context: &str,
        production: bool,
    ) -> Self {
        const SHOWN: usize = 12;
        let mut lines: Vec<String> = changes.iter().take(SHOWN).map(Text::to_string).collect();
        if changes.len() > SHOWN {
            lines.push(format!("… and {} more lines", changes.len() - SHOWN));
        }
        Self {
            word: production.then(|| target.name.to_string()),
            ..Self::plain(
                &format!("Change {target} in context {context}?"),
                lines,
                Then::Apply(id),
            )
        }
    }

    /// "Leave the cluster?", with what ends with it.
    pub fn leave(live: Vec<String>, effect: Effect) -> Self {
        Self::plain(
            "Leave this cluster? These end with it:",
            live,
            Then::Connect(Box::new(effect)),
        )
    }

    /// "Write a support bundle?", with what it would hold.
    pub fn bundle(lines: Vec<String>) -> Self {
        let question = "Write a support bundle? It holds, and nothing else:";
        Self::plain(question, lines, Then::Bundle)
    }

    /// "Open the demo?", with what ends with the present cluster.
    pub fn tour(live: Vec<String>) -> Self {
        let question = if live.is_empty() {
            "The tour is in the demo, a company inside this program. Open it?"
        } else {
            "The tour is in the demo. Leave this cluster? These end with it:"
        };
        Self::plain(question, live, Then::Tour)
    }

    /// "Make these again?"
    pub fn renew(folders: Vec<PathBuf>) -> Self {
        let question = format!("Write {} Dockerfiles again?", folders.len());
        let lines = folders
            .iter()
            .map(|it| crate::domain::text::clean(&it.display().to_string()).into_owned())
            .collect();
        Self::plain(&question, lines, Then::Renew(folders))
    }

    /// "Really leave?"
    pub fn quit() -> Self {
        Self::plain("Leave quarterdeck?", Vec::new(), Then::Quit)
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
