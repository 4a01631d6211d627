//! When a frame is drawn, and which bytes it costs.
//!
//! Drawn when something changed: at once when the last frame is old enough, else at a deadline.
//! What did not change costs nothing, and a frame in which nothing changed writes nothing.

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io;
use std::time::{Duration, Instant};

/// The least time between two frames that rows cause: 60 frames a second.
const GAP: Duration = Duration::from_millis(16);

/// The same while rows change all the time: nobody reads faster, and each frame costs. With the
/// window in which changes are put together a row is on screen within a tenth of a second.
const CALM: Duration = Duration::from_millis(40);

/// Frames of what streams take this part of the time, so that a flood is read and not only drawn …
const PART: u32 = 16;

/// … but they come at least so often: 30 a second.
const FLUENT: Duration = Duration::from_millis(33);

/// A frame that follows the one before within this belongs to a time in which rows change always.
const BUSY: Duration = Duration::from_millis(100);

/// The least time before a frame that a key causes. A person must not wait for rows.
const KEY_GAP: Duration = Duration::from_millis(3);

/// What comes so soon after a key is taken for its answer: the echo of a shell.
const ANSWER: Duration = Duration::from_millis(100);

/// Begin and end of a synchronised update: the terminal shows it as a whole.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";

/// Who caused a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A key, a click, a new size.
    Person,
    /// A program in a pane writes, a log goes on.
    Stream,
    /// Rows, a timer.
    Rows,
}

/// What the terminal shows and when it is shown more.
#[derive(Debug)]
pub struct Frames {
    shown: Buffer,
    next: Buffer,
    /// The terminal shows something else than `shown`.
    unknown: bool,
    last: Option<Instant>,
    /// The last frames came close upon each other.
    busy: bool,
    /// How long the last frame took until the terminal had it.
    took: Duration,
    due: Option<Instant>,
    /// When a person last did something of which nothing has been seen yet.
    asked: Option<Instant>,
    /// A frame has been drawn since, and showed nothing new.
    silent: bool,
    bytes: Vec<u8>,
}

impl Frames {
    /// For a terminal of this size, of which nothing is known.
    pub fn new(size: (u16, u16)) -> Self {
        let area = Rect::new(0, 0, size.0, size.1);
        Self {
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            unknown: true,
            last: None,
            busy: false,
            took: Duration::ZERO,
            due: None,
            asked: None,
            silent: false,
            bytes: Vec::new(),
        }
    }

    /// The terminal has another size, or lost what it showed.
    pub fn reset(&mut self, size: (u16, u16)) {
        let area = Rect::new(0, 0, size.0, size.1);
        self.shown.resize(area);
        self.next.resize(area);
        self.unknown = true;
    }

    /// Something changed at `now`: a frame is due.
    pub fn want(&mut self, cause: Cause, now: Instant) {
        if cause == Cause::Person {
            self.asked = Some(now);
            self.silent = false;
        }
        let answers = |asked: Instant| now.saturating_duration_since(asked) < ANSWER;
        let gap = if self.asked.is_some_and(answers) {
            KEY_GAP
        } else if self.busy && cause == Cause::Rows {
            CALM
        } else if cause == Cause::Stream {
            (self.took * PART).clamp(GAP, FLUENT)
        } else {
            GAP
        };
        let due = self.last.map_or(now, |last| (last + gap).max(now));
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// The last frame took so long, until the terminal had it.
    pub fn took(&mut self, span: Duration) {
        self.took = span;
    }

    /// When the next frame is due, if one is.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Paints a frame into an empty buffer and returns the bytes that bring the terminal there:
    /// none when nothing changed. The cursor stays hidden.
    pub fn draw(&mut self, now: Instant, paint: impl FnOnce(&mut Buffer)) -> io::Result<&[u8]> {
        self.due = None;
        let before = self.last.replace(now);
        self.busy = before.is_some_and(|before| now.saturating_duration_since(before) < BUSY);
        self.bytes.clear();
        self.next.reset();
        paint(&mut self.next);
        if self.unknown {
            self.shown.reset();
        }
        let mut changes = self.shown.diff_iter(&self.next).peekable();
        if self.unknown || changes.peek().is_some() {
            self.asked = None;
            self.bytes.extend_from_slice(BEGIN);
            if self.unknown {
                self.bytes.extend_from_slice(CLEAR);
            }
            CrosstermBackend::new(&mut self.bytes).draw(changes)?;
            self.bytes.extend_from_slice(END);
        } else if self.asked.is_some() && !self.silent {
            // A key that went to a program: its echo need not keep a distance from this frame.
            self.silent = true;
            self.last = before;
        }
        self.unknown = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use ratatui::style::Style;

    fn draw(frames: &mut Frames, text: &str) -> String {
        let bytes = frames.draw(Instant::now(), |buffer| {
            buffer.set_string(0, 0, text, Style::new());
        });
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_first_frame_clears_and_is_one_synchronised_update() {
        let mut frames = Frames::new((20, 2));
        let bytes = draw(&mut frames, "hello");
        assert!(
            bytes.starts_with("\x1b[?2026h\x1b[0m\x1b[2J") && bytes.ends_with("\x1b[?2026l"),
            "{bytes:?}"
        );
        assert!(bytes.contains("hello"), "{bytes:?}");
    }

    #[test]
    fn what_does_not_change_costs_nothing() {
        let mut frames = Frames::new((20, 2));
        draw(&mut frames, "hello");
        assert_eq!(draw(&mut frames, "hello"), "");
        let bytes = draw(&mut frames, "hellO");
        assert!(bytes.contains('O') && !bytes.contains("hell"), "{bytes:?}");
    }

    #[test]
    fn the_answer_to_a_key_that_changed_nothing_waits_no_longer_than_a_key() {
        let start = Instant::now();
        let mut frames = Frames::new((2, 1));
        frames.draw(start, |_| {}).unwrap();
        let pressed = start + Duration::from_secs(1);
        frames.want(Cause::Person, pressed);
        frames.draw(pressed, |_| {}).unwrap();
        let echo = pressed + Duration::from_millis(1);
        frames.want(Cause::Stream, echo);
        assert_eq!(frames.due(), Some(echo), "that frame showed nothing");
        frames.draw(echo, |_| {}).unwrap();
        frames.want(Cause::Stream, echo);
        assert_eq!(frames.due(), Some(echo + KEY_GAP), "once");
        let paint = |buffer: &mut Buffer| {
            buffer.set_string(0, 0, "x", Style::new());
        };
        frames.draw(echo, paint).unwrap();
        frames.want(Cause::Stream, echo);
        assert_eq!(frames.due(), Some(echo + GAP));
    }

    #[test]
    fn frames_of_a_flood_leave_the_time_to_reading_it() {
        let start = Instant::now();
        let mut frames = Frames::new((2, 1));
        for (took, gap) in [
            (0, GAP),
            (500, GAP),
            (2_000, 16 * Duration::from_millis(2)),
            (9_000, FLUENT),
        ] {
            frames.draw(start, |_| {}).unwrap();
            frames.took(Duration::from_micros(took));
            frames.want(Cause::Stream, start);
            assert_eq!(frames.due(), Some(start + gap));
            // A key is not slowed by it.
            frames.want(Cause::Person, start + KEY_GAP);
            assert_eq!(frames.due(), Some(start + KEY_GAP));
            frames.draw(start, |_| {}).unwrap();
            frames.asked = None;
        }
    }

    #[test]
    fn rows_that_change_all_the_time_are_drawn_calmly_and_keys_at_once() {
        let start = Instant::now();
        let mut frames = Frames::new((2, 1));
        frames.draw(start, |_| {}).unwrap();
        frames.want(Cause::Rows, start);
        assert_eq!(frames.due(), Some(start + GAP), "the first change");
        frames.draw(start + GAP, |_| {}).unwrap();
        frames.want(Cause::Rows, start + GAP);
        assert_eq!(frames.due(), Some(start + GAP + CALM), "a flood of them");
        frames.want(Cause::Stream, start + GAP);
        assert_eq!(frames.due(), Some(start + 2 * GAP));
        frames.want(Cause::Person, start + GAP);
        assert_eq!(frames.due(), Some(start + GAP + KEY_GAP));
        let later = start + GAP + BUSY;
        let answer = |buffer: &mut Buffer| buffer.set_style(buffer.area, Style::new().bold());
        frames.draw(later, answer).unwrap();
        frames.want(Cause::Rows, later);
        assert_eq!(frames.due(), Some(later + GAP), "after a rest");
    }

    #[test]
    fn a_reset_draws_everything_again() {
        let mut frames = Frames::new((20, 2));
        draw(&mut frames, "hello");
        frames.reset((10, 1));
        assert!(draw(&mut frames, "hello").contains("hello"));
    }

    #[test]
    fn frames_keep_their_distance_and_a_person_waits_less() {
        let start = Instant::now();
        let mut frames = Frames::new((2, 1));
        frames.want(Cause::Rows, start);
        assert_eq!(frames.due(), Some(start));
        frames.draw(start, |_| {}).unwrap();
        assert_eq!(frames.due(), None);
        let soon = start + Duration::from_millis(1);
        frames.want(Cause::Rows, soon);
        assert_eq!(frames.due(), Some(start + GAP));
        frames.want(Cause::Person, soon);
        assert_eq!(frames.due(), Some(start + KEY_GAP));
        frames.want(Cause::Rows, soon);
        assert_eq!(frames.due(), Some(start + KEY_GAP));
        frames.draw(soon, |_| {}).unwrap();
        let late = start + Duration::from_secs(1);
        frames.want(Cause::Rows, late);
        assert_eq!(frames.due(), Some(late));
    }
}
