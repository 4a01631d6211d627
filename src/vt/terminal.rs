//! The emulator with everything around it that makes it safe and repeatable.

use super::cell::{Cell, Cursor, CursorShape};
use super::find::Find;
use super::guard::{Counts, Guarded};
use super::outbox::Outbox;
use super::select::SelectKind;
use super::strings::{CANCEL, Piece, Strings};
use alacritty_terminal::grid::{Dimensions, Scroll as Raw};
use alacritty_terminal::index::{Column, Line, Point};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::{Config, Term, TermMode, point_to_viewport};
use alacritty_terminal::vte::ansi::{self, Processor, Timeout};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// The emulator needs two columns for a wide character; with one it would wait for ever.
const COLUMNS: Range<u16> = 2..2000;
/// Rows of a screen.
const ROWS: Range<u16> = 1..1000;

/// Whether a frame of the program is being held back until it is whole (`CSI ? 2026 h`). It knows
/// no clock: [`Terminal::release`] ends a frame that takes too long.
#[derive(Debug, Default)]
struct Held(bool);

impl Timeout for Held {
    fn set_timeout(&mut self, _: Duration) {
        self.0 = true;
    }

    fn clear_timeout(&mut self) {
        self.0 = false;
    }

    fn pending_timeout(&self) -> bool {
        self.0
    }
}

/// Columns and rows for the emulator.
struct Size(u16, u16);

impl Size {
    fn clamped(columns: u16, rows: u16) -> Self {
        Self(
            columns.clamp(COLUMNS.start, COLUMNS.end),
            rows.clamp(ROWS.start, ROWS.end),
        )
    }
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.1.into()
    }

    fn screen_lines(&self) -> usize {
        self.1.into()
    }

    fn columns(&self) -> usize {
        self.0.into()
    }
}

/// A whole terminal.
pub struct Terminal {
    pub(super) term: Term<Outbox>,
    parser: Processor<Held>,
    strings: Strings,
    /// Bytes of a character whose end has not come.
    begun: Vec<u8>,
    counts: Counts,
    outbox: Outbox,
    pub(super) find: Option<Find>,
    pub(super) anchor: Option<(SelectKind, Point)>,
    generation: u64,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("size", &self.size())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// How the program wants its input, and which screen it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the terminal's modes, each set and reset by itself"
)]
pub struct Modes {
    /// The alternate screen: a full-screen program.
    pub alternate_screen: bool,
    /// Arrow keys as applications want them (`CSI ? 1 h`).
    pub app_cursor: bool,
    /// A paste is marked as one (`CSI ? 2004 h`).
    pub bracketed_paste: bool,
    /// Coming and going of the focus is told (`CSI ? 1004 h`).
    pub focus_events: bool,
    /// The wheel moves the cursor on the alternate screen (`CSI ? 1007 h`).
    pub alternate_scroll: bool,
    /// What of the mouse is told.
    pub mouse: MouseMode,
    /// How it is told.
    pub mouse_encoding: MouseEncoding,
    /// Keys that older ways cannot tell apart are told in the kitty keyboard protocol.
    pub kitty: bool,
}

/// What a program is told of the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseMode {
    /// Nothing.
    #[default]
    Off,
    /// Presses, releases and the wheel.
    Press,
    /// Also moves while a button is down.
    Drag,
    /// Every move.
    Motion,
}

/// How a program is told of the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseEncoding {
    /// One byte each, up to 223.
    #[default]
    X10,
    /// One character each, up to 2015.
    Utf8,
    /// Numbers.
    Sgr,
}

/// A move through what has scrolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// By lines; up when positive.
    Lines(i32),
    /// One screen up.
    PageUp,
    /// One screen down.
    PageDown,
    /// To the oldest line.
    Top,
    /// To the newest.
    Bottom,
}

/// How many of these bytes are before the beginning of a character that is not complete.
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let length = match bytes[at] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if length > back { at } else { bytes.len() };
    }
    bytes.len()
}

impl Terminal {
    /// An empty screen that keeps `scrollback` lines; `kitty` lets programs use the kitty keyboard
    /// protocol.
    pub fn new(columns: u16, rows: u16, scrollback: usize, kitty: bool) -> Self {
        let config = Config {
            scrolling_history: scrollback,
            kitty_keyboard: kitty,
            ..Config::default()
        };
        let outbox = Outbox::default();
        Self {
            term: Term::new(config, &Size::clamped(columns, rows), outbox.clone()),
            parser: Processor::new(),
            strings: Strings::default(),
            begun: Vec::new(),
            counts: Counts::default(),
            outbox,
            find: None,
            anchor: None,
            generation: 0,
        }
    }

    /// Takes in bytes of the program, cut anywhere.
    pub fn advance(&mut self, bytes: &[u8]) {
        // The parser drops a letter that follows a character which came in two parts: it is given
        // whole ones only.
        if self.begun.is_empty() {
            let (whole, begun) = bytes.split_at(whole_characters(bytes));
            self.begun.extend_from_slice(begun);
            self.take_in(whole);
        } else {
            let mut joined = std::mem::take(&mut self.begun);
            joined.extend_from_slice(bytes);
            self.begun = joined.split_off(whole_characters(&joined));
            self.take_in(&joined);
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, taken) = self.strings.next(rest);
            // The end of a frame that was held back brings all of it at once.
            let bytes = taken + self.parser.sync_bytes_count();
            let mut guarded = Guarded::new(&mut self.term, &self.outbox, &mut self.counts, bytes);
            match piece {
                Some(Piece::Bytes(bytes)) => self.parser.advance(&mut guarded, bytes),
                Some(Piece::Forget) => {
                    guarded.cut = true;
                    self.parser.advance(&mut guarded, &[CANCEL]);
                }
                None => {}
            }
            rest = &rest[taken..];
        }
        if !bytes.is_empty() {
            self.touch();
            self.look();
        }
    }

    /// Keeps so many lines of what has scrolled out from now on; a full-screen program has none.
    pub fn set_scrollback(&mut self, lines: usize) {
        if !self.term.mode().contains(TermMode::ALT_SCREEN) {
            self.term.grid_mut().update_history(lines);
            self.touch();
        }
    }

    /// Whether the program has begun a frame that it has not ended yet.
    pub fn is_holding(&self) -> bool {
        self.parser.sync_timeout().0
    }

    /// Shows what is held back of an unfinished frame. A program that died within one, or takes
    /// longer than the eye, must not hide what it has written.
    pub fn release(&mut self) {
        if self.is_holding() {
            let bytes = self.parser.sync_bytes_count();
            let mut guarded = Guarded::new(&mut self.term, &self.outbox, &mut self.counts, bytes);
            self.parser.stop_sync(&mut guarded);
            drop(guarded);
            self.touch();
            self.look();
        }
    }

    /// Changes the size; lines are wrapped anew. At least 2 columns and 1 row.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = Size::clamped(columns, rows);
        if (size.0, size.1) != self.size() {
            self.anchor = None;
            self.term.resize(size);
            self.touch();
            self.look();
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        (small(self.term.columns()), small(self.term.screen_lines()))
    }

    /// Answers to what the program has asked of its terminal: for its standard input and nobody
    /// else.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox.open().replies)
    }

    /// The title that the program has set, without what steers a terminal, at most 200 characters.
    pub fn title(&self) -> String {
        self.outbox.open().title.clone()
    }

    /// How often the program has rung the bell.
    pub fn bells(&self) -> u64 {
        self.outbox.open().bells
    }

    /// What the program last wanted on the clipboard. Nothing has been done about it.
    pub fn take_clipboard(&mut self) -> Option<String> {
        self.outbox.open().clipboard.take()
    }

    /// Grows with everything that may change what is shown.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn touch(&mut self) {
        self.generation += 1;
    }

    /// How the program wants its input.
    pub fn modes(&self) -> Modes {
        let mode = *self.term.mode();
        let has = |flag| mode.contains(flag);
        let mouse = [
            (TermMode::MOUSE_MOTION, MouseMode::Motion),
            (TermMode::MOUSE_DRAG, MouseMode::Drag),
            (TermMode::MOUSE_REPORT_CLICK, MouseMode::Press),
        ];
        Modes {
            alternate_screen: has(TermMode::ALT_SCREEN),
            app_cursor: has(TermMode::APP_CURSOR),
            bracketed_paste: has(TermMode::BRACKETED_PASTE),
            focus_events: has(TermMode::FOCUS_IN_OUT),
            alternate_scroll: has(TermMode::ALTERNATE_SCROLL),
            mouse: mouse
                .into_iter()
                .find(|(flag, _)| has(*flag))
                .map_or(MouseMode::Off, |(_, mode)| mode),
            mouse_encoding: if has(TermMode::SGR_MOUSE) {
                MouseEncoding::Sgr
            } else if has(TermMode::UTF8_MOUSE) {
                MouseEncoding::Utf8
            } else {
                MouseEncoding::X10
            },
            kitty: has(TermMode::DISAMBIGUATE_ESC_CODES),
        }
    }

    /// Where the cursor stands in what is shown; `None` when it is hidden or scrolled out.
    pub fn cursor(&self) -> Option<Cursor> {
        let content = self.term.renderable_content();
        let shape = match content.cursor.shape {
            ansi::CursorShape::Hidden => return None,
            ansi::CursorShape::Underline => CursorShape::Underline,
            ansi::CursorShape::Beam => CursorShape::Bar,
            _ => CursorShape::Block,
        };
        let at = point_to_viewport(content.display_offset, content.cursor.point)?;
        let row = u16::try_from(at.line)
            .ok()
            .filter(|row| *row < self.size().1)?;
        let column = u16::try_from(at.column.0).ok()?;
        Some(Cursor { row, column, shape })
    }

    /// The cells of what is shown, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let content = self.term.renderable_content();
        let offset = content.display_offset;
        let colours = content.colors;
        let selection = content.selection;
        let found = self.find.as_ref().map_or(&[][..], |find| &find.shown);
        let spacer = Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER;
        content
            .display_iter
            .filter(move |it| !it.cell.flags.intersects(spacer))
            .filter_map(move |it| {
                let at = point_to_viewport(offset, it.point)?;
                let row = u16::try_from(at.line).ok()?;
                let column = u16::try_from(at.column.0).ok()?;
                let mut cell = Cell::new(it.cell, colours, row, column);
                cell.selected = selection.is_some_and(|range| range.contains(it.point));
                // Matches stand in their order and apart.
                let next = found.partition_point(|found| *found.end() < it.point);
                cell.found = found
                    .get(next)
                    .is_some_and(|found| found.contains(&it.point));
                Some(cell)
            })
    }

    /// What is shown, as lines without trailing blanks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut row = 0;
        for cell in self.cells() {
            while row < cell.row {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                row += 1;
            }
            cell.text(&mut text);
        }
        text.truncate(text.trim_end_matches(' ').len());
        text
    }

    /// Everything that is kept, wrapped lines put together.
    pub fn history_text(&self) -> String {
        let start = Point::new(self.term.topmost_line(), Column(0));
        let end = Point::new(self.term.bottommost_line(), self.term.last_column());
        let text = self.term.bounds_to_string(start, end);
        text.trim_end_matches('\n').to_owned()
    }

    /// Moves through what has scrolled out.
    pub fn scroll(&mut self, scroll: Scroll) {
        let before = self.offset();
        self.term.scroll_display(match scroll {
            Scroll::Lines(lines) => Raw::Delta(lines),
            Scroll::PageUp => Raw::PageUp,
            Scroll::PageDown => Raw::PageDown,
            Scroll::Top => Raw::Top,
            Scroll::Bottom => Raw::Bottom,
        });
        if self.offset() != before {
            self.touch();
            self.look();
        }
    }

    /// Lines between the end of what is kept and the end of what is shown.
    pub fn offset(&self) -> usize {
        self.term.grid().display_offset()
    }

    /// Lines that have scrolled out and are kept.
    pub fn history(&self) -> usize {
        self.term.grid().history_size()
    }

    /// Whether nothing has been written yet.
    pub fn is_blank(&self) -> bool {
        self.history() == 0
            && self.term.grid().cursor.point == Point::new(Line(0), Column(0))
            && self.cells().all(|cell| cell.is_blank())
    }
}
