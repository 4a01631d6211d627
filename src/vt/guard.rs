//! Between the parser and the emulator: what a program may ask the emulator for, and how much.
//!
//! Every operation is handed on; the few that are changed bound what a hostile program can grow
//! or make slow, keep characters that steer a terminal out of the grid, and answer what needs our
//! knowledge.

use super::cell::shows;
use super::outbox::Outbox;
use super::run;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, PrivateMode, Rgb,
    ScpCharPath, ScpUpdateMode, StandardCharset, TabulationClearMode,
};
use unicode_width::UnicodeWidthChar;

/// Marks over one character; more are dropped. Real writing has at most a handful.
const MAX_MARKS: usize = 8;
/// Keyboard modes that a program may stack on one screen. The protocol asks for "a limit"; the
/// emulator's own makes it fall over.
const MAX_KEYBOARD_MODES: usize = 64;
/// What of the kitty keyboard protocol there is: keys told apart. The outer terminal is asked for no
/// more than that, so that a program which asks for more learns that it does not get it.
const KEYBOARD: KeyboardModes = KeyboardModes::DISAMBIGUATE_ESC_CODES;
/// Titles that a program may stack.
const MAX_TITLES: usize = 64;
/// The longest address of a link that is kept.
const MAX_LINK: usize = 2048;
/// A byte of input may write so many characters before the rest of a repetition is dropped.
const CHARACTERS_PER_BYTE: usize = 32;

/// What is counted between pieces of input.
#[derive(Debug, Default)]
pub(super) struct Counts {
    titles: usize,
    /// Of the primary and of the alternate screen.
    keyboard: [usize; 2],
    /// Plain characters that are still to be written.
    run: Vec<u8>,
}

/// The emulator as the parser sees it.
pub(super) struct Guarded<'a> {
    term: &'a mut Term<Outbox>,
    outbox: &'a Outbox,
    counts: &'a mut Counts,
    budget: usize,
    /// A command was cut off: what it says is not whole and is not believed.
    pub(super) cut: bool,
}

impl<'a> Guarded<'a> {
    pub(super) fn new(
        term: &'a mut Term<Outbox>,
        outbox: &'a Outbox,
        counts: &'a mut Counts,
        bytes: usize,
    ) -> Self {
        Self {
            term,
            outbox,
            counts,
            // A short piece may still fill a large screen.
            budget: bytes * CHARACTERS_PER_BYTE + (256 << 10),
            cut: false,
        }
    }

    /// Writes the plain characters that have come: before anything else is done.
    #[inline]
    fn write_run(&mut self) {
        if !self.counts.run.is_empty() {
            run::write(self.term, &self.counts.run);
            self.counts.run.clear();
        }
    }

    /// How many marks stand already over the character that the next one would go to.
    fn marks(&self) -> usize {
        let grid = self.term.grid();
        let (line, mut column) = (grid.cursor.point.line, grid.cursor.point.column.0);
        if !grid.cursor.input_needs_wrap {
            column = column.saturating_sub(1);
        }
        if grid[line][Column(column)]
            .flags
            .contains(Flags::WIDE_CHAR_SPACER)
        {
            column = column.saturating_sub(1);
        }
        let marks = grid[line][Column(column)].zerowidth();
        marks.map_or(0, <[char]>::len)
    }

    fn screen(&self) -> usize {
        usize::from(self.term.mode().contains(TermMode::ALT_SCREEN))
    }
}

/// Operations that are handed on as they are.
macro_rules! hand_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(
            #[inline]
            fn $name(&mut self, $($argument: $kind),*) {
                self.write_run();
                Handler::$name(self.term, $($argument),*);
            }
        )*
    };
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        self.write_run();
    }
}

impl Handler for Guarded<'_> {
    hand_on! {
        set_cursor_style(style: Option<CursorStyle>);
        set_cursor_shape(shape: CursorShape);
        goto(line: i32, column: usize);
        goto_line(line: i32);
        goto_col(column: usize);
        insert_blank(count: usize);
        move_up(rows: usize);
        move_down(rows: usize);
        identify_terminal(intermediate: Option<char>);
        device_status(what: usize);
        move_forward(columns: usize);
        move_backward(columns: usize);
        move_down_and_cr(rows: usize);
        move_up_and_cr(rows: usize);
        put_tab(count: u16);
        backspace();
        carriage_return();
        linefeed();
        bell();
        substitute();
        newline();
        set_horizontal_tabstop();
        scroll_up(rows: usize);
        scroll_down(rows: usize);
        insert_blank_lines(count: usize);
        delete_lines(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        move_backward_tabs(count: u16);
        move_forward_tabs(count: u16);
        save_cursor_position();
        restore_cursor_position();
        clear_line(mode: LineClearMode);
        clear_screen(mode: ClearMode);
        clear_tabs(mode: TabulationClearMode);
        set_tabs(interval: u16);
        reverse_index();
        terminal_attribute(attribute: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
        set_private_mode(mode: PrivateMode);
        unset_private_mode(mode: PrivateMode);
        report_private_mode(mode: PrivateMode);
        set_scrolling_region(top: usize, bottom: Option<usize>);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        set_active_charset(index: CharsetIndex);
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        set_color(index: usize, colour: Rgb);
        reset_color(index: usize);
        decaln();
        text_area_size_chars();
        report_keyboard_mode();
        set_modify_other_keys(mode: ModifyOtherKeys);
        report_modify_other_keys();
        set_scp(path: ScpCharPath, mode: ScpUpdateMode);
    }

    #[inline]
    fn input(&mut self, c: char) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        if let ' '..='~' = c {
            // ASCII is one byte.
            self.counts.run.push(c as u8);
            return;
        }
        self.write_run();
        if c.is_ascii() || shows(c) && (c.width() != Some(0) || self.marks() < MAX_MARKS) {
            self.term.input(c);
        }
    }

    fn reset_state(&mut self) {
        self.write_run();
        *self.counts = Counts::default();
        Handler::reset_state(self.term);
    }

    fn set_title(&mut self, title: Option<String>) {
        if !self.cut {
            // The emulator stacks titles: a long one is cut before it gets there.
            let title = title.map(|title| title.chars().take(256).collect());
            Handler::set_title(self.term, title);
        }
    }

    fn push_title(&mut self) {
        if self.counts.titles < MAX_TITLES {
            self.counts.titles += 1;
            Handler::push_title(self.term);
        }
    }

    fn pop_title(&mut self) {
        self.counts.titles = self.counts.titles.saturating_sub(1);
        Handler::pop_title(self.term);
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        let screen = self.screen();
        let depth = &mut self.counts.keyboard[screen];
        if *depth < MAX_KEYBOARD_MODES {
            *depth += 1;
            Handler::push_keyboard_mode(self.term, mode & KEYBOARD);
        }
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, behaviour: KeyboardModesApplyBehavior) {
        Handler::set_keyboard_mode(self.term, mode & KEYBOARD, behaviour);
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        let screen = self.screen();
        let depth = &mut self.counts.keyboard[screen];
        *depth = depth.saturating_sub(count.into());
        Handler::pop_keyboard_modes(self.term, count);
    }

    fn set_hyperlink(&mut self, link: Option<Hyperlink>) {
        self.write_run();
        let kept = link.filter(|link| {
            let id = link.id.as_ref().map_or(0, String::len);
            !self.cut && link.uri.len() + id <= MAX_LINK
        });
        Handler::set_hyperlink(self.term, kept);
    }

    /// Only colours that the program itself has set are known here; the others are the outer
    /// terminal's.
    fn dynamic_color_sequence(&mut self, prefix: String, index: usize, terminator: &str) {
        if let Some(Rgb { r, g, b }) = self.term.colors()[index] {
            let reply = format!("\x1b]{prefix};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}");
            self.outbox.reply(&(reply + terminator));
        }
    }

    fn clipboard_store(&mut self, clipboard: u8, base64: &[u8]) {
        if !self.cut {
            Handler::clipboard_store(self.term, clipboard, base64);
        }
    }

    // What the clipboard holds is the person's: nothing is read. The size in pixels is not known,
    // and a pointer shape cannot be passed on; the trait's own empty answers stand for these.
}
