//! Searching the screen and everything that has scrolled out of it.

use super::terminal::Terminal;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Boundary, Column, Direction, Line, Point, Side};
use alacritty_terminal::selection::{Selection, SelectionType};
use alacritty_terminal::term::search::{Match, RegexIter, RegexSearch};

/// Wrapped lines above and below what is shown that are looked at for matches which reach into it.
const AROUND: i32 = 20;

/// What is searched for, and where it was found in what is shown.
pub(super) struct Find {
    pattern: String,
    regex: RegexSearch,
    pub(super) shown: Vec<Match>,
}

impl Terminal {
    /// Searches for a regular expression and goes to the nearest match above the end of what is
    /// shown; whether there is one. Small letters alone match both cases. `Err` says what is
    /// wrong with the expression.
    pub fn find(&mut self, pattern: &str) -> Result<bool, String> {
        let regex = RegexSearch::new(pattern).map_err(|error| {
            let mut why: &dyn std::error::Error = &*error;
            while let Some(cause) = why.source() {
                why = cause;
            }
            // The library draws the expression over several lines; the last one says what is wrong.
            let text = why.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        })?;
        self.find = Some(Find {
            pattern: pattern.to_owned(),
            regex,
            shown: Vec::new(),
        });
        self.select_none();
        let found = self.find_next(false);
        self.look();
        self.touch();
        Ok(found)
    }

    /// What is searched for.
    pub fn searched(&self) -> Option<&str> {
        self.find.as_ref().map(|find| find.pattern.as_str())
    }

    /// Goes to the next match, below or above; whether there is one. Begins anew at the other end.
    pub fn find_next(&mut self, below: bool) -> bool {
        let Some(mut find) = self.find.take() else {
            return false;
        };
        let found = self.nearest(&mut find, below);
        self.find = Some(find);
        let Some(found) = found else { return false };
        let mut selection = Selection::new(SelectionType::Simple, *found.start(), Side::Left);
        selection.update(*found.end(), Side::Right);
        self.term.selection = Some(selection);
        self.term.scroll_to_point(*found.start());
        self.look();
        self.touch();
        true
    }

    /// Searches for nothing any more.
    pub fn find_none(&mut self) {
        if self.find.take().is_some() {
            self.select_none();
            self.touch();
        }
    }

    fn nearest(&self, find: &mut Find, below: bool) -> Option<Match> {
        let term = &self.term;
        let focus = term.selection.as_ref().and_then(|it| it.to_range(term));
        let (direction, side) = if below {
            (Direction::Right, Side::Left)
        } else {
            (Direction::Left, Side::Right)
        };
        let origin = match focus {
            Some(range) if below => range.end.add(term, Boundary::None, 1),
            Some(range) => range.start.sub(term, Boundary::None, 1),
            None => Point::new(self.last_shown(), term.last_column()),
        };
        term.search_next(&mut find.regex, origin, direction, side, None)
    }

    fn last_shown(&self) -> Line {
        let offset = i32::try_from(self.term.grid().display_offset()).unwrap_or(i32::MAX);
        self.term.bottommost_line() - offset
    }

    /// Looks for matches in what is shown.
    pub(super) fn look(&mut self) {
        let Some(mut find) = self.find.take() else {
            return;
        };
        let term = &self.term;
        let last = self.last_shown();
        let rows = i32::try_from(term.screen_lines()).unwrap_or(i32::MAX);
        let top = (last - (rows + AROUND)).max(term.topmost_line());
        let bottom = (last + AROUND).min(term.bottommost_line());
        let start = Point::new(top, Column(0));
        let end = Point::new(bottom, term.last_column());
        let found = RegexIter::new(start, end, Direction::Right, term, &mut find.regex);
        // A match may begin above what is shown; one per cell is as many as can be seen.
        let seen = Point::new(last - (rows - 1), Column(0));
        let found = found.skip_while(|found| *found.end() < seen);
        find.shown = found.take(term.columns() * term.screen_lines()).collect();
        self.find = Some(find);
    }
}
