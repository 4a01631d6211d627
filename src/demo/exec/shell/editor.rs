//! The line editor at the prompt: bytes of a terminal in, bytes for it out. Pure.

/// Lines that are remembered.
const HISTORY: usize = 500;
/// Characters of a line at most.
const LONGEST: usize = 4096;

/// What the last key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole line.
    Line(String),
    /// ^D on an empty line.
    End,
    /// ^C.
    Interrupt,
    /// Tab: the text before the cursor is to be completed.
    Complete(String),
}

/// Where in an escape sequence the input stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    /// `ESC [` or `ESC O` and the parameters so far.
    Sequence(String),
}

/// The line as it is edited, and the lines before it.
#[derive(Debug)]
pub struct Editor {
    line: Vec<char>,
    cursor: usize,
    history: Vec<String>,
    /// Which line of the history is shown; its length for the new one.
    at: usize,
    draft: Vec<char>,
    killed: Vec<char>,
    escape: Escape,
    partial: Vec<u8>,
    prompt: String,
    columns: usize,
    /// Row of the cursor below the prompt's.
    row: usize,
}

impl Editor {
    /// An editor that shows this prompt.
    pub fn new(prompt: String) -> Self {
        Self {
            line: Vec::new(),
            cursor: 0,
            history: Vec::new(),
            at: 0,
            draft: Vec::new(),
            killed: Vec::new(),
            escape: Escape::No,
            partial: Vec::new(),
            prompt,
            columns: 80,
            row: 0,
        }
    }

    /// Lines before this one.
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// The terminal's columns.
    pub fn resize(&mut self, columns: usize) {
        self.columns = columns.max(1);
    }

    /// Begins a line: shows the prompt.
    pub fn begin(&mut self, prompt: String, out: &mut Vec<u8>) {
        self.prompt = prompt;
        self.line.clear();
        self.cursor = 0;
        self.at = self.history.len();
        self.row = 0;
        self.draw(out);
    }

    /// Puts text in at the cursor, as a completion does.
    pub fn insert(&mut self, text: &str, out: &mut Vec<u8>) {
        for c in text.chars() {
            self.put(c, out);
        }
    }

    /// Shows prompt and line again, below what was printed in between.
    pub fn redraw(&mut self, out: &mut Vec<u8>) {
        self.row = 0;
        self.draw(out);
    }

    /// Takes one byte of input.
    pub fn byte(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Event> {
        match std::mem::replace(&mut self.escape, Escape::No) {
            Escape::Begun => {
                match byte {
                    b'[' | b'O' => self.escape = Escape::Sequence(String::new()),
                    b'b' => self.go(self.word_left(), out),
                    b'f' => self.go(self.word_right(), out),
                    b'd' => {
                        let to = self.word_right();
                        self.kill(self.cursor, to, out);
                    }
                    0x7f => {
                        let from = self.word_left();
                        self.kill(from, self.cursor, out);
                    }
                    _ => {}
                }
                None
            }
            Escape::Sequence(mut so_far) => {
                if (0x40..=0x7e).contains(&byte) {
                    self.sequence(&so_far, byte, out);
                } else if so_far.len() < 16 {
                    so_far.push(char::from(byte));
                    self.escape = Escape::Sequence(so_far);
                }
                None
            }
            Escape::No => self.plain(byte, out),
        }
    }

    fn plain(&mut self, byte: u8, out: &mut Vec<u8>) -> Option<Event> {
        match byte {
            b'\r' | b'\n' => return Some(self.accept(out)),
            3 => {
                self.go(self.line.len(), out);
                out.extend_from_slice(b"^C\r\n");
                return Some(Event::Interrupt);
            }
            4 if self.line.is_empty() => return Some(Event::End),
            4 => self.kill_silently(self.cursor, self.cursor + 1, out),
            9 => {
                let before = self.line[..self.cursor].iter().collect();
                return Some(Event::Complete(before));
            }
            1 => self.go(0, out),
            5 => self.go(self.line.len(), out),
            2 => self.go(self.cursor.saturating_sub(1), out),
            6 => self.go(self.cursor + 1, out),
            8 | 0x7f => {
                if self.cursor > 0 {
                    self.kill_silently(self.cursor - 1, self.cursor, out);
                }
            }
            0x0b => self.kill(self.cursor, self.line.len(), out),
            0x15 => self.kill(0, self.cursor, out),
            0x17 => {
                let from = self.blank_left();
                self.kill(from, self.cursor, out);
            }
            0x19 => {
                let text: String = self.killed.iter().collect();
                self.insert(&text, out);
            }
            0x0c => {
                out.extend_from_slice(b"\x1b[H\x1b[2J");
                self.redraw(out);
            }
            0x10 => self.earlier(out),
            0x0e => self.later(out),
            0x1b => self.escape = Escape::Begun,
            0..=0x1f => {}
            _ => self.character(byte, out),
        }
        None
    }

    fn sequence(&mut self, parameters: &str, end: u8, out: &mut Vec<u8>) {
        let by_word = parameters.ends_with(";5") || parameters.ends_with(";3");
        match (end, parameters) {
            (b'A', _) => self.earlier(out),
            (b'B', _) => self.later(out),
            (b'C', _) if by_word => self.go(self.word_right(), out),
            (b'D', _) if by_word => self.go(self.word_left(), out),
            (b'C', _) => self.go(self.cursor + 1, out),
            (b'D', _) => self.go(self.cursor.saturating_sub(1), out),
            (b'H', _) | (b'~', "1" | "7") => self.go(0, out),
            (b'F', _) | (b'~', "4" | "8") => self.go(self.line.len(), out),
            (b'~', "3") => self.kill_silently(self.cursor, self.cursor + 1, out),
            _ => {}
        }
    }

    /// A byte of a character; what is no UTF-8 is dropped.
    fn character(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                let c = text.chars().next();
                self.partial.clear();
                if let Some(c) = c.filter(|c| !c.is_control()) {
                    self.put(c, out);
                }
            }
            Err(error) if error.error_len().is_some() || self.partial.len() >= 4 => {
                self.partial.clear();
            }
            Err(_) => {}
        }
    }

    fn put(&mut self, c: char, out: &mut Vec<u8>) {
        if self.line.len() >= LONGEST {
            return;
        }
        self.line.insert(self.cursor, c);
        self.cursor += 1;
        let position = self.prompt.chars().count() + self.cursor;
        if self.cursor == self.line.len() && !position.is_multiple_of(self.columns) {
            // The common case costs no more than an echo.
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            self.row = position / self.columns;
        } else {
            self.draw(out);
        }
    }

    fn go(&mut self, to: usize, out: &mut Vec<u8>) {
        let to = to.min(self.line.len());
        if to != self.cursor {
            self.cursor = to;
            self.draw(out);
        }
    }

    fn kill(&mut self, from: usize, to: usize, out: &mut Vec<u8>) {
        let to = to.min(self.line.len());
        if from < to {
            self.killed = self.line[from..to].to_vec();
        }
        self.kill_silently(from, to, out);
    }

    fn kill_silently(&mut self, from: usize, to: usize, out: &mut Vec<u8>) {
        let to = to.min(self.line.len());
        if from < to {
            self.line.drain(from..to);
            self.cursor = from;
            self.draw(out);
        }
    }

    fn accept(&mut self, out: &mut Vec<u8>) -> Event {
        self.go(self.line.len(), out);
        out.extend_from_slice(b"\r\n");
        let line: String = self.line.drain(..).collect();
        self.cursor = 0;
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            if self.history.len() == HISTORY {
                self.history.remove(0);
            }
            self.history.push(line.clone());
        }
        Event::Line(line)
    }

    fn earlier(&mut self, out: &mut Vec<u8>) {
        if self.at > 0 {
            if self.at == self.history.len() {
                self.draft = self.line.clone();
            }
            self.show(self.at - 1, out);
        }
    }

    fn later(&mut self, out: &mut Vec<u8>) {
        if self.at < self.history.len() {
            self.show(self.at + 1, out);
        }
    }

    fn show(&mut self, at: usize, out: &mut Vec<u8>) {
        self.at = at;
        self.line = match self.history.get(at) {
            Some(line) => line.chars().collect(),
            None => std::mem::take(&mut self.draft),
        };
        self.cursor = self.line.len();
        self.draw(out);
    }

    fn word_left(&self) -> usize {
        let letter = |at: &usize| self.line[*at - 1].is_alphanumeric();
        let mut at = self.cursor;
        while at > 0 && !letter(&at) {
            at -= 1;
        }
        while at > 0 && letter(&at) {
            at -= 1;
        }
        at
    }

    fn word_right(&self) -> usize {
        let letter = |at: &usize| self.line[*at].is_alphanumeric();
        let mut at = self.cursor;
        while at < self.line.len() && !letter(&at) {
            at += 1;
        }
        while at < self.line.len() && letter(&at) {
            at += 1;
        }
        at
    }

    /// Where ^W begins: words are what stands between blanks.
    fn blank_left(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && self.line[at - 1] == ' ' {
            at -= 1;
        }
        while at > 0 && self.line[at - 1] != ' ' {
            at -= 1;
        }
        at
    }

    /// Draws prompt and line over themselves and puts the cursor in its place.
    fn draw(&mut self, out: &mut Vec<u8>) {
        if self.row > 0 {
            out.extend_from_slice(format!("\x1b[{}A", self.row).as_bytes());
        }
        out.extend_from_slice(b"\r\x1b[J");
        out.extend_from_slice(self.prompt.as_bytes());
        let line: String = self.line.iter().collect();
        out.extend_from_slice(line.as_bytes());
        let prompt = self.prompt.chars().count();
        let end = prompt + self.line.len();
        if end > 0 && end.is_multiple_of(self.columns) {
            // Terminals put off the wrap behind the last column; the cursor must be past it.
            out.extend_from_slice(b" \r");
        }
        let place = prompt + self.cursor;
        let (row, column) = (place / self.columns, place % self.columns);
        let up = end / self.columns - row;
        if up > 0 {
            out.extend_from_slice(format!("\x1b[{up}A").as_bytes());
        }
        if place != end {
            out.push(b'\r');
            if column > 0 {
                out.extend_from_slice(format!("\x1b[{column}C").as_bytes());
            }
        }
        self.row = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor, keys: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        keys.iter()
            .filter_map(|key| editor.byte(*key, &mut out))
            .collect()
    }

    fn line(keys: &[u8]) -> String {
        let mut editor = Editor::new("$ ".to_owned());
        match typed(&mut editor, &[keys, b"\r"].concat()).pop() {
            Some(Event::Line(line)) => line,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn keys_edit_the_line() {
        for (keys, wanted) in [
            (&b"abc"[..], "abc"),
            (b"abc\x7f\x08d", "ad"),
            (b"abc\x1b[D\x1b[Dx", "axbc"),
            (b"abc\x01x\x05y", "xabcy"),
            (b"abc\x1b[Hx\x1b[Fy", "xabcy"),
            (b"abc\x1bOHx\x1b[4~y", "xabcy"),
            (b"abc def\x17ghi", "abc ghi"),
            (b"abc def\x01\x1b[1;5C\x0b", "abc"),
            (b"abc\x15def", "def"),
            (b"abc\x15def\x19", "defabc"),
            (b"abc\x1b[D\x1b[3~", "ab"),
            (b"abc\x01\x04", "bc"),
            (b"abc def\x1bb\x1bd", "abc "),
            (b"abc\x1b[99~\x1b[1;2Zd", "abcd"),
            ("gr\u{fc}\u{df}\x7fe".as_bytes(), "gr\u{fc}e"),
            (b"a\xffb", "ab"),
        ] {
            assert_eq!(line(keys), wanted, "{keys:?}");
        }
    }

    #[test]
    fn the_history_is_walked_and_the_draft_kept() {
        let mut editor = Editor::new(String::new());
        typed(&mut editor, b"one\rtwo\rtwo\r \r");
        assert_eq!(editor.history(), ["one", "two"]);
        let mut out = Vec::new();
        editor.begin(String::new(), &mut out);
        let walked = typed(&mut editor, b"dr\x1b[A\x1b[A\x1b[A\x1b[B\x1b[B!\r");
        assert_eq!(walked, [Event::Line("dr!".to_owned())]);
        editor.begin(String::new(), &mut out);
        assert_eq!(
            typed(&mut editor, b"\x10\x10\r"),
            [Event::Line("two".to_owned())]
        );
    }

    #[test]
    fn the_keys_that_are_events() {
        let mut editor = Editor::new(String::new());
        assert_eq!(typed(&mut editor, b"\x04"), [Event::End]);
        assert_eq!(typed(&mut editor, b"ab\x03"), [Event::Interrupt]);
        let mut out = Vec::new();
        editor.begin(String::new(), &mut out);
        assert_eq!(
            typed(&mut editor, b"cat fo\t"),
            [Event::Complete("cat fo".to_owned())]
        );
        editor.insert("o ", &mut out);
        assert_eq!(
            typed(&mut editor, b"\r"),
            [Event::Line("cat foo ".to_owned())]
        );
    }

    #[test]
    fn typing_at_the_end_echoes_and_wraps() {
        let mut editor = Editor::new("$ ".to_owned());
        editor.resize(5);
        let mut out = Vec::new();
        editor.begin("$ ".to_owned(), &mut out);
        out.clear();
        editor.byte(b'a', &mut out);
        assert_eq!(out, b"a");
        out.clear();
        for key in b"bcd" {
            editor.byte(*key, &mut out);
        }
        // At the margin the line is drawn anew and the wrap made certain.
        assert_eq!(out, b"b\r\x1b[J$ abc \rd");
        out.clear();
        editor.byte(1, &mut out);
        assert_eq!(out, b"\x1b[1A\r\x1b[J$ abcd\x1b[1A\r\x1b[2C");
    }
}
