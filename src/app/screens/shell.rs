//! A terminal on the screen: a program in a container, or what is left of it.
//!
//! While the pane has the keyboard every key goes to the program but one; that one gives the
//! keyboard back to the console. What was written stays when the program has ended.

use crate::app::effect::{EditStep, Effect, Effects, LocalProgram};
use crate::app::msg::Id;
use crate::app::palette::Line;
use crate::config::SCROLLBACK;
use crate::domain::exec::{BEST_SHELL, End, ExecItem, ExecRequest};
use crate::domain::logs::Source;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use crate::key::{Code, Key, Mouse};
use crate::vt::{
    Modes, MouseMode, Scroll, SelectKind, Terminal, encode_focus, encode_key, encode_mouse,
    encode_paste,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// After the end of its program a pane takes no key for so long: longer than between two keys of
/// somebody who types.
const REST: Millis = Millis(700);

/// Presses that follow each other faster than this belong together.
const SEVERAL: Millis = Millis(400);

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The best shell there is.
    Shell,
    /// What the container runs.
    Attach,
    /// A shell of this machine.
    Local,
    /// The editor, on an object.
    Edit,
    /// The editor, on a copy of a text.
    Read,
    /// The pager, on a copy of a text.
    Page,
}

/// An object that is being edited.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Which.
    pub target: Target,
    /// How far it is.
    pub stage: Stage,
}

/// How far an edit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The editor has the file, or is about to.
    Editing,
    /// The person is asked whether these lines are to change.
    Asked(Vec<Text>),
    /// The server is being told.
    Applying,
    /// It was not applied; it can be edited again.
    Refused,
}

/// How programs in panes are run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panes {
    /// Lines that are kept of what has scrolled out.
    pub scrollback: usize,
    /// What is run for a shell in a container; empty: the best there is.
    pub shell: Vec<String>,
    /// The outer terminal tells keys apart, so that programs may ask for that.
    pub kitty: bool,
}

impl Default for Panes {
    fn default() -> Self {
        Self {
            scrollback: SCROLLBACK,
            shell: Vec::new(),
            kitty: false,
        }
    }
}

/// How the program stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// It is being started.
    Opening,
    /// It runs.
    Live,
    /// It ended so.
    Ended(End),
}

/// What has happened in a pane that nobody sees; what matters more is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// Nothing.
    None,
    /// Something was written.
    Written,
    /// The bell was rung.
    Rang,
}

/// A search in what a program has written.
#[derive(Debug, Default)]
pub struct Search {
    /// As typed.
    pub line: Line,
    /// Keys go into it.
    pub editing: bool,
    /// Nothing was found, or what is wrong with the expression.
    pub problem: Option<String>,
}

/// The left button went down.
#[derive(Clone, Copy, Debug)]
struct Press {
    at: (u16, u16),
    when: Timestamp,
    /// How often in a row on the same cell: characters, words, lines.
    count: u8,
    /// The pointer has moved since.
    dragged: bool,
}

/// How lines of a program end. What is attached to need have no terminal of its own, which returns at
/// the end of each line: then the pane does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnds {
    /// None has come yet.
    Unknown,
    /// With a return.
    Whole,
    /// Without.
    Bare,
}

/// The same with a return before each line feed.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 64);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.split_last() {
            Some((b'\n', line)) => {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

/// A terminal screen.
#[derive(Debug)]
pub struct ShellScreen {
    /// Messages of the program carry it.
    pub id: Id,
    /// In which container.
    pub source: Source,
    /// What was opened.
    pub way: Way,
    /// What it is about, where that is no container.
    pub subject: Text,
    /// The file that the program was started for.
    pub file: Option<PathBuf>,
    /// What is being edited.
    pub edit: Option<Edit>,
    /// The emulator.
    pub terminal: Terminal,
    /// How the program stands.
    pub life: Life,
    /// Keys go to the program.
    pub focused: bool,
    /// What has happened since somebody looked.
    pub news: News,
    /// When the program ended.
    ended_at: Timestamp,
    /// What is sought in what was written.
    pub search: Option<Search>,
    /// What the program wants on the clipboard; nothing has been done about it.
    pub offered: Option<String>,
    /// Where and when the left button was last pressed, and how often in a row.
    pressed: Option<Press>,
    line_ends: LineEnds,
    /// What is run for a shell, when something is configured.
    shell: Vec<String>,
    /// The program was told that it has the keyboard.
    told_focus: bool,
    /// The size that the program was told.
    told: (u16, u16),
    bells: u64,
    /// A timer for a frame that the program has begun.
    pub(in crate::app) timer: Option<Id>,
}

impl ShellScreen {
    /// A shell that is about to be opened.
    pub fn new(id: Id, source: Source, way: Way, panes: &Panes) -> Self {
        // It gets its place, and with it its size, before anything runs in it.
        let size = (80, 24);
        Self {
            id,
            source,
            way,
            subject: Text::default(),
            file: None,
            edit: None,
            terminal: Terminal::new(size.0, size.1, panes.scrollback, panes.kitty),
            life: Life::Opening,
            focused: true,
            news: News::None,
            ended_at: Timestamp::default(),
            search: None,
            offered: None,
            pressed: None,
            line_ends: match way {
                Way::Attach => LineEnds::Unknown,
                _ => LineEnds::Whole,
            },
            told_focus: false,
            shell: panes.shell.clone(),
            told: size,
            bells: 0,
            timer: None,
        }
    }

    /// What stands on the tab: `$ api-5jmkx` for a shell, `> api-5jmkx` for what is attached.
    pub fn title(&self) -> String {
        match self.way {
            Way::Shell => format!("$ {}", self.source.pod),
            Way::Attach => format!("> {}", self.source.pod),
            Way::Local => "$ local".into(),
            Way::Edit => format!("edit {}", self.subject),
            Way::Read | Way::Page => format!("read {}", self.subject),
        }
    }

    /// The request that opens it.
    pub fn request(&self) -> ExecRequest {
        let command = match self.way {
            Way::Shell if self.shell.is_empty() => {
                ["sh", "-c", BEST_SHELL].map(str::to_owned).to_vec()
            }
            Way::Shell => self.shell.clone(),
            _ => Vec::new(),
        };
        ExecRequest {
            namespace: self.source.namespace.clone(),
            pod: self.source.pod.clone(),
            container: self.source.container.clone(),
            command,
            tty: true,
            stdin: true,
            size: self.terminal.size(),
        }
    }

    /// What opens it.
    pub(in crate::app) fn opening(&self, home: Option<&Text>) -> Effect {
        let file = || self.file.clone().unwrap_or_default();
        let program = match (self.way, &self.edit) {
            (Way::Edit, Some(edit)) if self.file.is_none() => {
                return Effect::Edit(self.id, EditStep::Begin(edit.target.clone()));
            }
            (Way::Shell | Way::Attach, _) => return Effect::Exec(self.id, self.request()),
            (Way::Local, _) => LocalProgram::Shell(home.cloned()),
            (Way::Edit, _) => LocalProgram::Editor(file()),
            (Way::Read, _) => LocalProgram::Reader(file()),
            (Way::Page, _) => LocalProgram::Pager(file()),
        };
        Effect::Local {
            id: self.id,
            program,
            size: self.terminal.size(),
        }
    }

    /// What is being opened, in words.
    pub fn opening_words(&self) -> String {
        match self.way {
            Way::Shell => format!("opening a shell in {}…", self.source),
            Way::Attach => format!("attaching to {}…", self.source),
            Way::Local => "opening a shell of this machine…".into(),
            Way::Edit => format!("reading {}…", self.subject),
            Way::Read | Way::Page => format!("opening {}…", self.subject),
        }
    }

    /// Whether its program can be started once more: a copy is gone with its first reader.
    pub fn can_reopen(&self) -> bool {
        !matches!(self.way, Way::Read | Way::Page)
    }

    /// Writes a line of our own below what the program has written.
    pub(in crate::app) fn say(&mut self, line: &str) {
        self.terminal.release();
        for part in line.lines() {
            let line = format!("\r\n\x1b[0m{part}");
            self.terminal.advance(line.as_bytes());
        }
    }

    /// The program has ended, and nothing needs to be said about that.
    pub(in crate::app) fn stopped(&mut self) {
        self.terminal.release();
        self.life = Life::Ended(End::Exited(0));
        self.focused = false;
    }

    /// The title of an edit that ended without being applied, and where it stays.
    pub fn unapplied(&self) -> Option<String> {
        let file = self.file.as_ref().filter(|_| self.edit.is_some())?;
        let title = self.title();
        Some(format!("{title}: not applied, stays in {}", file.display()))
    }

    /// The edit is so far.
    pub(in crate::app) fn set_stage(&mut self, stage: Stage) {
        if let Some(edit) = &mut self.edit {
            edit.stage = stage;
        }
    }

    /// Whether the program runs, as far as is known.
    pub fn is_live(&self) -> bool {
        !matches!(self.life, Life::Ended(_))
    }

    /// Something came of the program; whether it rang the bell.
    pub(in crate::app) fn take(
        &mut self,
        item: ExecItem,
        seen: bool,
        now: Timestamp,
        effects: &mut Effects,
    ) -> bool {
        match item {
            ExecItem::Started => self.life = Life::Live,
            ExecItem::Output(bytes) | ExecItem::Errors(bytes) => {
                self.learn_line_ends(&bytes);
                match self.line_ends {
                    LineEnds::Bare => self.terminal.advance(&with_returns(&bytes)),
                    LineEnds::Unknown | LineEnds::Whole => self.terminal.advance(&bytes),
                }
                let replies = self.terminal.take_replies();
                if !replies.is_empty() {
                    effects.push(Effect::Write(self.id, replies));
                }
                let bells = self.terminal.bells();
                let rang = std::mem::replace(&mut self.bells, bells) < bells;
                if !seen {
                    self.news = self.news.max(if rang { News::Rang } else { News::Written });
                }
                return rang;
            }
            ExecItem::Ended(end) => {
                self.terminal.release();
                self.life = Life::Ended(end);
                self.ended_at = now;
                self.focused = false;
                if !seen {
                    self.news = self.news.max(News::Written);
                }
            }
        }
        false
    }

    /// The first line end tells how all of them are.
    fn learn_line_ends(&mut self, bytes: &[u8]) {
        let end = memchr::memchr(b'\n', bytes);
        if let (LineEnds::Unknown, Some(end)) = (self.line_ends, end) {
            self.line_ends = match end.checked_sub(1).map(|at| bytes[at]) {
                Some(b'\r') => LineEnds::Whole,
                _ => LineEnds::Bare,
            };
        }
    }

    /// Whether there was nothing to run: the pane would stay empty.
    pub(in crate::app) fn has_no_program(&self) -> bool {
        matches!(&self.life, Life::Ended(end) if end.is_missing_program())
            && self.terminal.is_blank()
    }

    /// Whether a key was probably meant for the program: it has only just ended, and what is typed
    /// into a shell must not become a command of the console.
    pub(in crate::app) fn just_ended(&self, now: Timestamp) -> bool {
        !self.is_live() && now.since(self.ended_at) < REST
    }

    /// A key for the program.
    pub(in crate::app) fn press(&mut self, key: Key, effects: &mut Effects) {
        let bytes = encode_key(key, self.terminal.modes());
        self.write(bytes, effects);
    }

    /// A text for the program.
    pub(in crate::app) fn paste(&mut self, text: &str, effects: &mut Effects) {
        let bytes = encode_paste(text, self.terminal.modes());
        self.write(bytes, effects);
    }

    /// Something was done with the mouse at a cell. False when the program does not want it.
    pub(in crate::app) fn point(
        &mut self,
        (column, row): (u16, u16),
        mouse: Mouse,
        effects: &mut Effects,
    ) -> bool {
        if !self.focused || mouse.shift {
            return false;
        }
        let modes = self.terminal.modes();
        let bytes = encode_mouse(mouse, column, row, modes);
        let wanted = modes.mouse != MouseMode::Off || !bytes.is_empty();
        if wanted && self.is_live() && !bytes.is_empty() {
            effects.push(Effect::Write(self.id, bytes));
        }
        wanted
    }

    /// The left button went down: a drag from here selects, a second and third press in a row
    /// select the word and the line.
    pub(in crate::app) fn press_at(&mut self, at: (u16, u16), now: Timestamp) {
        let count = match self.pressed {
            Some(last) if last.at == at && now.since(last.when) < SEVERAL => last.count % 3 + 1,
            _ => 1,
        };
        self.terminal.select_none();
        self.pressed = Some(Press {
            at,
            when: now,
            count,
            dragged: count > 1,
        });
        if count > 1 {
            self.begin_selection();
        }
    }

    fn begin_selection(&mut self) {
        if let Some(press) = self.pressed {
            let kind = match press.count {
                1 => SelectKind::Simple,
                2 => SelectKind::Word,
                _ => SelectKind::Line,
            };
            self.terminal.select(kind, press.at.0, press.at.1);
        }
    }

    /// The pointer was dragged to a cell.
    pub(in crate::app) fn drag_to(&mut self, (column, row): (u16, u16)) {
        let Some(press) = &mut self.pressed else {
            return;
        };
        if !std::mem::replace(&mut press.dragged, true) {
            self.begin_selection();
        }
        self.terminal.select_to(column, row);
    }

    /// The button came up: what was selected with it.
    pub(in crate::app) fn dragged(&mut self) -> Option<String> {
        let selected = self.pressed.is_some_and(|press| press.dragged);
        selected.then(|| self.terminal.selected())?
    }

    /// Whether the program wants to know of every move of the pointer.
    pub(in crate::app) fn wants_motion(&self) -> bool {
        self.focused && self.is_live() && self.modes().mouse == MouseMode::Motion
    }

    /// Tells the program whether it has the keyboard, when that is new to it.
    pub(in crate::app) fn tell_focus(&mut self, focused: bool, effects: &mut Effects) {
        if std::mem::replace(&mut self.told_focus, focused) == focused || !self.is_live() {
            return;
        }
        let bytes = encode_focus(focused, self.terminal.modes());
        if !bytes.is_empty() {
            effects.push(Effect::Write(self.id, bytes));
        }
    }

    /// `/`: what is typed next is sought.
    pub(in crate::app) fn begin_search(&mut self) {
        let search = self.search.get_or_insert_default();
        search.editing = true;
    }

    /// Searches for nothing any more; the newest lines are seen again.
    pub(in crate::app) fn end_search(&mut self) {
        self.search = None;
        self.terminal.find_none();
        self.terminal.scroll(Scroll::Bottom);
    }

    /// A key of the line that is being typed.
    pub(in crate::app) fn search_key(&mut self, key: Key, leave: bool) {
        let Some(search) = &mut self.search else {
            return;
        };
        match key.code {
            _ if leave => self.end_search(),
            Code::Enter if search.line.text().is_empty() => self.end_search(),
            Code::Enter => search.editing = false,
            Code::Up => self.next_match(false),
            Code::Down => self.next_match(true),
            _ => {
                if search.line.key(key) {
                    self.seek();
                }
            }
        }
    }

    /// A text is pasted into the line that is being typed.
    pub(in crate::app) fn search_paste(&mut self, text: &str) {
        if let Some(search) = &mut self.search {
            search.line.insert(text);
            self.seek();
        }
    }

    fn seek(&mut self) {
        let Some(search) = &mut self.search else {
            return;
        };
        self.terminal.find_none();
        self.terminal.scroll(Scroll::Bottom);
        search.problem = None;
        if !search.line.text().is_empty() {
            search.problem = match self.terminal.find(search.line.text()) {
                Ok(true) => None,
                Ok(false) => Some("not found".into()),
                Err(why) => Some(why),
            };
        }
    }

    /// To the next match below, or above.
    pub(in crate::app) fn next_match(&mut self, below: bool) {
        self.terminal.find_next(below);
    }

    fn write(&mut self, bytes: Vec<u8>, effects: &mut Effects) {
        if self.is_live() && !bytes.is_empty() {
            self.terminal.scroll(Scroll::Bottom);
            effects.push(Effect::Write(self.id, bytes));
        }
    }

    /// Whether a paste would run at once what it holds: the program cannot tell it from typing.
    pub(in crate::app) fn runs_at_once(&self, text: &str) -> bool {
        text.trim_end_matches('\n').contains('\n') && !self.terminal.modes().bracketed_paste
    }

    /// How the program wants its input.
    pub fn modes(&self) -> Modes {
        self.terminal.modes()
    }

    /// The pane has this size; the program is told when that is new.
    pub(in crate::app) fn resize(&mut self, size: (u16, u16), effects: &mut Effects) {
        self.terminal.resize(size.0, size.1);
        let size = self.terminal.size();
        if self.told != size {
            self.told = size;
            if self.is_live() {
                effects.push(Effect::ResizeExec(self.id, size.0, size.1));
            }
        }
    }

    /// Why the program cannot be there, and the ways on.
    pub fn verdict(&self) -> Option<Text> {
        match &self.life {
            Life::Ended(end) if end.is_missing_program() => {
                Some(Text::new("this image has no shell; its log needs none"))
            }
            Life::Ended(end) => Some(Text::new(&end.to_string())),
            _ => None,
        }
    }
}
