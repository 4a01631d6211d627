//! A terminal on the screen: a program in a container, or what is left of it.
//!
//! While the pane has the keyboard every key goes to the program but one; that one gives the
//! keyboard back to the console. What was written stays when the program has ended.

use crate::app::effect::{Effect, Effects};
use crate::app::msg::Id;
use crate::domain::exec::{BEST_SHELL, End, ExecItem, ExecRequest};
use crate::domain::logs::Source;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use crate::key::Key;
use crate::vt::{Modes, Scroll, Terminal, encode_key, encode_paste};

/// After the end of its program a pane takes no key for so long: longer than between two keys of
/// somebody who types.
const REST: Millis = Millis(700);

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The best shell there is.
    Shell,
    /// What the container runs.
    Attach,
    /// A shell of this machine.
    Local,
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

/// A terminal screen.
#[derive(Debug)]
pub struct ShellScreen {
    /// Messages of the program carry it.
    pub id: Id,
    /// In which container.
    pub source: Source,
    /// What was opened.
    pub way: Way,
    /// The emulator.
    pub terminal: Terminal,
    /// How the program stands.
    pub life: Life,
    /// Keys go to the program.
    pub focused: bool,
    /// Something was written while nobody looked.
    pub active: bool,
    /// Bells that nobody has seen.
    pub rung: bool,
    /// When the program ended.
    ended_at: Timestamp,
    /// The size that the program was told.
    told: (u16, u16),
    bells: u64,
    /// A timer for a frame that the program has begun.
    pub(in crate::app) timer: Option<Id>,
}

impl ShellScreen {
    /// A shell that is about to be opened.
    pub fn new(id: Id, source: Source, way: Way, size: (u16, u16)) -> Self {
        Self {
            id,
            source,
            way,
            terminal: Terminal::new(size.0, size.1, Terminal::SCROLLBACK, false),
            life: Life::Opening,
            focused: true,
            active: false,
            rung: false,
            ended_at: Timestamp::default(),
            told: size,
            bells: 0,
            timer: None,
        }
    }

    /// What stands on the tab: `$ api-5jmkx` for a shell, `> api-5jmkx` for what is attached.
    pub fn title(&self) -> String {
        let sign = match self.way {
            Way::Shell => '$',
            Way::Attach => '>',
            Way::Local => return "$ local".into(),
        };
        format!("{sign} {}", self.source.pod)
    }

    /// The request that opens it.
    pub fn request(&self) -> ExecRequest {
        let command = match self.way {
            Way::Shell => ["sh", "-c", BEST_SHELL].map(str::to_owned).to_vec(),
            Way::Attach | Way::Local => Vec::new(),
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
        match self.way {
            Way::Local => Effect::LocalShell {
                id: self.id,
                namespace: home.cloned(),
                size: self.terminal.size(),
            },
            Way::Shell | Way::Attach => Effect::Exec(self.id, self.request()),
        }
    }

    /// Whether the program runs, as far as is known.
    pub fn is_live(&self) -> bool {
        !matches!(self.life, Life::Ended(_))
    }

    /// Something came of the program. What is to be told to the person, when it ended badly.
    pub(in crate::app) fn take(
        &mut self,
        item: ExecItem,
        seen: bool,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        match item {
            ExecItem::Started => self.life = Life::Live,
            ExecItem::Output(bytes) | ExecItem::Errors(bytes) => {
                self.terminal.advance(&bytes);
                let replies = self.terminal.take_replies();
                if !replies.is_empty() {
                    effects.push(Effect::Write(self.id, replies));
                }
                self.active |= !seen;
                let bells = self.terminal.bells();
                self.rung |= bells > self.bells && !seen;
                self.bells = bells;
            }
            ExecItem::Ended(end) => {
                self.terminal.release();
                self.life = Life::Ended(end);
                self.ended_at = now;
                self.focused = false;
                self.active |= !seen;
            }
        }
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
            Life::Ended(end) if end.is_missing_program() => Some(Text::new(
                "this image has no shell; its log (l) and description (d) need none",
            )),
            Life::Ended(end) => Some(Text::new(&end.to_string())),
            _ => None,
        }
    }
}
