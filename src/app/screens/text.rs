//! A text over many lines: YAML, describe, help, about. It folds by indentation, searches and
//! scrolls; what is folded away or hidden is never lost from copies.

use crate::app::effect::Request;
use crate::app::msg::Id;
use crate::app::palette::Line as EditLine;
use crate::command::Command;
use crate::domain::feed::Failure;
use crate::domain::session::Target;
use crate::domain::time::Timestamp;
use regex::Regex;
use std::collections::BTreeSet;

/// How the lines are to be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Keys, strings, numbers, comments.
    Yaml,
    /// `Name:   value` and indented blocks, as kubectl describes.
    Describe,
    /// Heads and columns that the program wrote itself.
    Plain,
}

/// Where the text is on its way from the cluster to the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// Asked for at this time.
    Loading(Timestamp),
    /// Here.
    Here,
    /// Refused.
    Failed(Failure),
}

/// A line of the text and its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    indent: usize,
}

/// A text screen.
#[derive(Debug)]
pub struct TextScreen {
    /// Its id: answers carry it.
    pub id: Id,
    /// What stands in the breadcrumb: `yaml`, `describe`, `help`.
    pub title: String,
    /// The object, when it is one.
    pub target: Option<Target>,
    /// How to colour it.
    pub syntax: Syntax,
    /// Whether it is here.
    pub arrival: Arrival,
    /// Position of the cursor among the seen lines.
    pub cursor: usize,
    /// First line on the page, among the seen lines.
    pub offset: usize,
    /// Columns scrolled away at the left.
    pub left: usize,
    /// Lines on a page.
    pub page: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Show `managedFields`.
    pub managed_fields: bool,
    secrets: Secrets,
    /// The search, when there is one.
    pub search: Option<Search>,
    lines: Vec<Line>,
    folded: BTreeSet<usize>,
    seen: Vec<usize>,
}

/// How a text stands to secret values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrets {
    /// It has none.
    None,
    /// They are masked.
    Masked,
    /// They are shown.
    Shown,
}

/// A search in a text.
#[derive(Debug)]
pub struct Search {
    /// As typed.
    pub text: String,
    /// The byte at which the cursor stands while keys go into it.
    pub cursor: usize,
    /// As understood; a broken regex is sought literally.
    pub regex: Option<Regex>,
    /// Line numbers with a match.
    pub hits: Vec<usize>,
    /// Keys go into it.
    pub editing: bool,
}

impl TextScreen {
    /// An empty screen for a text that was asked for at `now`.
    pub fn awaiting(
        id: Id,
        title: &str,
        target: Option<Target>,
        syntax: Syntax,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            title: title.to_owned(),
            target,
            syntax,
            arrival: Arrival::Loading(now),
            cursor: 0,
            offset: 0,
            left: 0,
            page: 1,
            wrap: false,
            managed_fields: false,
            secrets: Secrets::None,
            search: None,
            lines: Vec::new(),
            folded: BTreeSet::new(),
            seen: Vec::new(),
        }
    }

    /// A screen with a text of the program's own.
    pub fn with(id: Id, title: &str, text: &str) -> Self {
        let mut screen = Self::awaiting(id, title, None, Syntax::Plain, Timestamp::default());
        // Prose is read whole; what comes from a cluster keeps its lines.
        screen.wrap = true;
        screen.set_text(text);
        screen
    }

    /// The text has come. Cursor, folds and search stay where they were.
    pub fn set_text(&mut self, text: &str) {
        self.lines = text
            .lines()
            .map(|line| Line {
                indent: line.len() - line.trim_start_matches([' ', '-']).len(),
                text: line.replace('\t', "    "),
            })
            .collect();
        // Descriptions mask too, but cannot be had otherwise.
        if !self.reveals() {
            let masked = self.syntax == Syntax::Yaml && text.contains("<hidden");
            self.secrets = if masked {
                Secrets::Masked
            } else {
                Secrets::None
            };
        }
        self.arrival = Arrival::Here;
        self.folded.retain(|line| *line < self.lines.len());
        self.look();
        self.find();
    }

    /// What to ask the cluster for, when the text comes from there.
    pub fn request(&self) -> Option<Request> {
        let target = self.target.clone()?;
        Some(match self.syntax {
            Syntax::Yaml => Request::Yaml {
                target,
                managed_fields: self.managed_fields,
                reveal: self.reveals(),
            },
            _ => Request::Describe(target),
        })
    }

    /// Whether values are masked in it, or were and are shown now.
    pub fn has_secrets(&self) -> bool {
        self.secrets != Secrets::None
    }

    /// Whether secret values are shown.
    pub fn reveals(&self) -> bool {
        self.secrets == Secrets::Shown
    }

    /// Secret values are to be shown, or not.
    pub fn reveal(&mut self, on: bool) {
        self.secrets = if on { Secrets::Shown } else { Secrets::Masked };
    }

    /// The search as a line that is edited.
    pub fn search_line(&self) -> EditLine {
        let search = self.search.as_ref();
        search.map_or_else(|| EditLine::new(""), |it| EditLine::at(&it.text, it.cursor))
    }

    /// Seeks an edited line.
    pub fn set_search_line(&mut self, line: &EditLine) {
        self.set_search(line.text());
        if let Some(search) = &mut self.search {
            search.cursor = line.cursor();
        }
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.lines
            .iter()
            .flat_map(|line| [line.text.as_str(), "\n"])
            .collect()
    }

    /// How many lines are seen (folded ones are not).
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether no line is seen.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The n-th seen line: its number in the text, its text, and how many lines are folded under it.
    pub fn line(&self, n: usize) -> Option<(usize, &str, usize)> {
        let number = *self.seen.get(n)?;
        let hidden = if self.folded.contains(&number) {
            self.block_end(number) - number - 1
        } else {
            0
        };
        Some((number, &self.lines[number].text, hidden))
    }

    /// Whether the line has lines under it that folding would hide.
    pub fn foldable(&self, number: usize) -> bool {
        self.block_end(number) > number + 1
    }

    /// The line after the block that starts at `number`.
    fn block_end(&self, number: usize) -> usize {
        let Some(head) = self.lines.get(number) else {
            return number;
        };
        if head.text.trim().is_empty() {
            return number + 1;
        }
        let inside = |line: &Line| line.text.trim().is_empty() || line.indent > head.indent;
        let mut end = number + 1;
        while self.lines.get(end).is_some_and(inside) {
            end += 1;
        }
        while end > number + 1 && self.lines[end - 1].text.trim().is_empty() {
            end -= 1;
        }
        end
    }

    /// Decides again which lines are seen.
    fn look(&mut self) {
        self.seen.clear();
        let mut number = 0;
        while number < self.lines.len() {
            self.seen.push(number);
            number = if self.folded.contains(&number) {
                self.block_end(number)
            } else {
                number + 1
            };
        }
        self.move_to(self.cursor);
    }

    /// A page has so many lines now.
    pub fn set_page(&mut self, page: usize) {
        self.page = page.max(1);
        self.move_to(self.cursor);
    }

    /// Puts the cursor on a seen line.
    pub fn move_to(&mut self, position: usize) {
        let last = self.seen.len().saturating_sub(1);
        self.cursor = position.min(last);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor >= self.offset + self.page {
            self.offset = self.cursor + 1 - self.page;
        }
        self.offset = self.offset.min(self.seen.len().saturating_sub(self.page));
    }

    /// Moves by so many lines; text that is read, not edited, moves the page with the cursor.
    pub fn move_by(&mut self, by: isize) {
        self.move_to(self.cursor.saturating_add_signed(by));
    }

    /// Sets what is sought and goes to the first match from the cursor on.
    pub fn set_search(&mut self, text: &str) {
        let editing = self.search.as_ref().is_some_and(|s| s.editing);
        if text.is_empty() && !editing {
            self.search = None;
            return;
        }
        let sensitive = text.chars().any(char::is_uppercase);
        let build = |pattern: &str| {
            regex::RegexBuilder::new(pattern)
                .case_insensitive(!sensitive)
                .build()
        };
        let regex = if text.is_empty() {
            None
        } else {
            build(text).or_else(|_| build(&regex::escape(text))).ok()
        };
        self.search = Some(Search {
            cursor: text.len(),
            text: text.to_owned(),
            regex,
            hits: Vec::new(),
            editing,
        });
        self.find();
        self.seek(0);
    }

    fn find(&mut self) {
        let Some(search) = &mut self.search else {
            return;
        };
        let Some(regex) = &search.regex else {
            search.hits.clear();
            return;
        };
        search.hits = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| regex.is_match(&line.text))
            .map(|(n, _)| n)
            .collect();
    }

    /// Goes to a match: 0 from the cursor on, 1 the next, -1 the one before; wraps round.
    fn seek(&mut self, step: isize) {
        let Some(search) = &self.search else { return };
        let here = self.seen.get(self.cursor).copied().unwrap_or(0);
        let hit = match step {
            0 => search
                .hits
                .iter()
                .find(|hit| **hit >= here)
                .or(search.hits.first()),
            1.. => search
                .hits
                .iter()
                .find(|hit| **hit > here)
                .or(search.hits.first()),
            _ => search
                .hits
                .iter()
                .rev()
                .find(|hit| **hit < here)
                .or(search.hits.last()),
        };
        if let Some(&hit) = hit {
            self.unfold_to(hit);
        }
    }

    /// Opens what hides the line, and goes there.
    fn unfold_to(&mut self, number: usize) {
        let hiding: Vec<usize> = self
            .folded
            .iter()
            .copied()
            .filter(|&head| head < number && self.block_end(head) > number)
            .collect();
        for head in hiding {
            self.folded.remove(&head);
        }
        self.look();
        if let Ok(at) = self.seen.binary_search(&number) {
            self.move_to(at);
        }
    }

    /// Which match the cursor is on (1-based), and how many there are.
    pub fn match_position(&self) -> Option<(usize, usize)> {
        let search = self.search.as_ref()?;
        let here = self.seen.get(self.cursor).copied()?;
        let at = search
            .hits
            .iter()
            .position(|hit| *hit == here)
            .map_or(0, |n| n + 1);
        Some((at, search.hits.len()))
    }

    fn fold(&mut self) {
        let Some(&here) = self.seen.get(self.cursor) else {
            return;
        };
        // On a leaf, the block around it is meant.
        let indent = self.lines[here].indent;
        let around = || {
            (0..here)
                .rev()
                .find(|&n| self.lines[n].indent < indent && !self.lines[n].text.trim().is_empty())
        };
        let head = if self.foldable(here) {
            Some(here)
        } else {
            around()
        };
        let Some(head) = head else { return };
        if !self.folded.remove(&head) {
            self.folded.insert(head);
        }
        self.look();
        if let Ok(at) = self.seen.binary_search(&head) {
            self.move_to(at);
        }
    }

    fn fold_all(&mut self) {
        let here = self.seen.get(self.cursor).copied().unwrap_or(0);
        if self.folded.is_empty() {
            let heads: Vec<usize> = (0..self.lines.len())
                .filter(|&n| self.foldable(n))
                .collect();
            self.folded = heads.into_iter().collect();
        } else {
            self.folded.clear();
        }
        self.look();
        let at = self.seen.partition_point(|&n| n <= here).saturating_sub(1);
        self.move_to(at);
    }

    /// Carries out what every text can do. False when the command is not one of these.
    pub fn command(&mut self, command: Command) -> bool {
        let page = isize::try_from(self.page).unwrap_or(1).max(1);
        match command {
            // With nothing to point at, a step moves the page.
            Command::Up => self.move_by(-1),
            Command::Down => self.move_by(1),
            Command::PageUp => self.move_by(-page),
            Command::PageDown => self.move_by(page),
            Command::Top => self.move_to(0),
            Command::Bottom => self.move_to(usize::MAX),
            Command::Left => self.left = self.left.saturating_sub(8),
            Command::Right => self.left = self.left.saturating_add(8).min(self.widest()),
            Command::Wrap => {
                self.wrap = !self.wrap;
                self.left = 0;
            }
            Command::NextMatch => self.seek(1),
            Command::PreviousMatch => self.seek(-1),
            Command::Fold => self.fold(),
            Command::FoldAll => self.fold_all(),
            _ => return false,
        }
        true
    }

    fn widest(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.text.len())
            .max()
            .unwrap_or(0)
            .saturating_sub(20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "kind: Pod\nmetadata:\n  name: web\n  labels:\n    app: web\nspec:\n  containers:\n  - name: web\n    image: a\n  - name: b\nstatus: {}\n";

    fn screen() -> TextScreen {
        let mut screen = TextScreen::with(Id(1), "yaml", YAML);
        screen.set_page(20);
        screen
    }

    #[test]
    fn a_block_folds_and_opens() {
        let mut screen = screen();
        assert_eq!(screen.len(), 11);
        screen.move_to(1);
        screen.command(Command::Fold);
        assert_eq!(screen.len(), 8);
        assert_eq!(screen.line(1), Some((1, "metadata:", 3)));
        screen.command(Command::Fold);
        assert_eq!(screen.len(), 11);
    }

    #[test]
    fn folding_on_a_leaf_folds_what_is_around_it() {
        let mut screen = screen();
        screen.move_to(4);
        screen.command(Command::Fold);
        assert_eq!(screen.line(screen.cursor).map(|l| l.1), Some("  labels:"));
        assert_eq!(screen.len(), 10);
    }

    #[test]
    fn a_match_in_a_folded_block_opens_it() {
        let mut screen = screen();
        screen.command(Command::FoldAll);
        assert_eq!(screen.len(), 4);
        screen.set_search("image");
        assert_eq!(
            screen.line(screen.cursor).map(|l| l.1),
            Some("    image: a")
        );
        assert_eq!(screen.match_position(), Some((1, 1)));
    }

    #[test]
    fn copies_hold_what_is_folded() {
        let mut screen = screen();
        screen.command(Command::FoldAll);
        assert_eq!(screen.text(), YAML);
    }

    #[test]
    fn search_wraps_round() {
        let mut screen = screen();
        screen.set_search("name");
        let hits = screen.search.as_ref().map(|s| s.hits.clone());
        assert_eq!(hits, Some(vec![2, 7, 9]));
        screen.command(Command::PreviousMatch);
        assert_eq!(screen.match_position(), Some((3, 3)));
        screen.command(Command::NextMatch);
        assert_eq!(screen.match_position(), Some((1, 3)));
    }
}
