//! What the emulator says to the outside, kept until somebody asks for it.

use alacritty_terminal::event::{Event, EventListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Replies beyond this are dropped: a program that asks so much and never reads would fill memory.
const MAX_REPLIES: usize = 64 << 10;
/// Characters of a title that are kept; no strip or head line shows more.
const MAX_TITLE: usize = 200;
/// Bytes for the clipboard that are kept.
const MAX_CLIPBOARD: usize = 1 << 20;

/// Shared with the emulator, which can only be listened to.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<Said>>);

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) replies: Vec<u8>,
    pub(super) title: String,
    pub(super) bells: u64,
    pub(super) clipboard: Option<String>,
}

impl Outbox {
    pub(super) fn open(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reply(&self, text: &str) {
        let mut said = self.open();
        if said.replies.len() + text.len() <= MAX_REPLIES {
            said.replies.extend_from_slice(text.as_bytes());
        }
    }
}

impl EventListener for Outbox {
    fn send_event(&self, event: Event) {
        match event {
            Event::PtyWrite(text) => self.reply(&text),
            Event::Bell => self.open().bells += 1,
            Event::Title(title) => {
                let shown = title.chars().filter(|c| super::cell::shows(*c));
                self.open().title = shown.take(MAX_TITLE).collect();
            }
            Event::ResetTitle => self.open().title.clear(),
            Event::ClipboardStore(_, text) if text.len() <= MAX_CLIPBOARD => {
                self.open().clipboard = Some(text);
            }
            // The clipboard is never read, and sizes in pixels are not known. Colours are
            // answered where they are asked for.
            _ => {}
        }
    }
}
