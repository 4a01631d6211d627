//! Keys, pastes and the mouse, read by a thread of their own.

use super::ground::{Found, Ground};
use super::mailbox::{Control, Post};
use crate::app::Msg;
use crate::key::{Button, Code, Key, Mouse, MouseAction};
use crossterm::event::{
    self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use crossterm::terminal::supports_keyboard_enhancement;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Starts to read what the person does. The thread ends with the loop or with the terminal.
pub fn start(post: Post) -> io::Result<()> {
    let keyboard = keyboard()?;
    std::thread::Builder::new()
        .name("input".into())
        .spawn(move || {
            if !read(&keyboard, &post) {
                post.send_blocking(Control::Gone);
            }
        })?;
    Ok(())
}

/// Where crossterm reads keys: standard input when it is a terminal, else the controlling one.
fn keyboard() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return stdin.as_fd().try_clone_to_owned();
    }
    Ok(File::open("/dev/tty")?.into())
}

/// The rest of an answer comes within this time, or it is none.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Reads until the loop has ended (true) or the terminal is gone (false).
fn read(keyboard: &OwnedFd, post: &Post) -> bool {
    let mut ground = Ground::default();
    let mut apart = Apart::Asked;
    loop {
        // crossterm spins for ever on a terminal that has hung up, so we look before it reads.
        let mut fds = [PollFd::new(keyboard, PollFlags::IN)];
        match poll(&mut fds, ground.is_holding().then_some(&REST)) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return false,
            Ok(0) => {
                if !send(ground.give_up(), post) {
                    return true;
                }
                continue;
            }
            Ok(_) => {}
        }
        if fds[0]
            .revents()
            .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
        {
            return false;
        }
        let mut silent = true;
        while let Ok(true) = event::poll(Duration::ZERO) {
            silent = false;
            let Ok(event) = event::read() else {
                return false;
            };
            let open = match control(event, apart == Apart::Yes) {
                Some(Control::Msg(Msg::Key(key))) => {
                    let found = ground.take(key);
                    // The other answer was read with this one.
                    silent |= matches!(found, Found::Light(_));
                    send(found, post)
                }
                Some(control) => post.send_blocking(control),
                None => true,
            };
            if !open {
                return true;
            }
        }
        // Something came that is no event: the terminal's answer to what it was asked at the start.
        // It has been read, so that the library, which would wait for it, does not wait.
        if silent && apart == Apart::Asked {
            apart = match supports_keyboard_enhancement() {
                Ok(true) => Apart::Yes,
                _ => Apart::No,
            };
            if apart == Apart::Yes && !post.send_blocking(Control::KeysApart) {
                return true;
            }
        }
    }
}

/// False when the loop has ended.
fn send(found: Found, post: &Post) -> bool {
    match found {
        Found::Held => true,
        Found::Light(light) => post.send_blocking(Control::Ground(light)),
        Found::Keys(keys) => keys
            .into_iter()
            .all(|key| post.send_blocking(Msg::Key(key))),
    }
}

/// Whether the terminal tells keys apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// It has not answered yet.
    Asked,
    Yes,
    No,
}

/// What an event of the terminal means to us. Sizes come with their signal instead.
fn control(event: Event, apart: bool) -> Option<Control> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => {
            key(event, apart).map(|key| Msg::Key(key).into())
        }
        // Many terminals paste line ends as the key that makes them.
        Event::Paste(text) => {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            Some(Msg::Paste(text).into())
        }
        Event::Mouse(event) => mouse(event),
        _ => None,
    }
}

fn mouse(event: MouseEvent) -> Option<Control> {
    let button = |button| match button {
        MouseButton::Left => Button::Left,
        MouseButton::Middle => Button::Middle,
        MouseButton::Right => Button::Right,
    };
    let action = match event.kind {
        MouseEventKind::Down(pressed) => MouseAction::Press(button(pressed)),
        MouseEventKind::Up(released) => MouseAction::Release(button(released)),
        MouseEventKind::Drag(held) => MouseAction::Drag(button(held)),
        MouseEventKind::ScrollUp => MouseAction::Press(Button::WheelUp),
        MouseEventKind::ScrollDown => MouseAction::Press(Button::WheelDown),
        MouseEventKind::Moved => MouseAction::Move,
        MouseEventKind::ScrollLeft | MouseEventKind::ScrollRight => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    let mouse = Mouse {
        action,
        ctrl: held(KeyModifiers::CONTROL),
        alt: held(KeyModifiers::ALT),
        shift: held(KeyModifiers::SHIFT),
    };
    Some(Control::Mouse(event.column, event.row, mouse))
}

fn key(event: KeyEvent, apart: bool) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(c) if !apart && event.modifiers.contains(KeyModifiers::CONTROL) => {
            Code::Char(with_control(c))
        }
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::F(n) => Code::F(n),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab | KeyCode::BackTab => Code::Tab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    let key = Key {
        code,
        ctrl: held(KeyModifiers::CONTROL),
        alt: held(KeyModifiers::ALT),
        shift: held(KeyModifiers::SHIFT) || event.code == KeyCode::BackTab,
    };
    Some(key.normal())
}

/// Terminals send one byte for `ctrl-]` and `ctrl-5`, and so on for three others; the parser of the
/// bytes calls them by the digit, key maps and people by the sign.
fn with_control(c: char) -> char {
    match c {
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' => '_',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        key(KeyEvent::new(code, modifiers), false).map(|key| key.to_string())
    }

    #[test]
    fn a_paste_has_line_feeds_whatever_the_terminal_sends() {
        let pasted = control(Event::Paste("a\rb\r\nc\nd".into()), false);
        let text = match pasted {
            Some(Control::Msg(Msg::Paste(text))) => text,
            _ => String::new(),
        };
        assert_eq!(text, "a\nb\nc\nd");
    }

    #[test]
    fn keys_are_those_of_key_maps() {
        for (code, modifiers, name) in [
            (KeyCode::Char('G'), KeyModifiers::SHIFT, "shift-g"),
            (KeyCode::Char('?'), KeyModifiers::SHIFT, "?"),
            (KeyCode::Char('d'), KeyModifiers::CONTROL, "ctrl-d"),
            (KeyCode::Char('5'), KeyModifiers::CONTROL, "ctrl-]"),
            (KeyCode::Char('5'), KeyModifiers::NONE, "5"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, "shift-tab"),
            (KeyCode::PageDown, KeyModifiers::NONE, "pgdn"),
            (KeyCode::F(5), KeyModifiers::ALT, "alt-f5"),
        ] {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(pressed(KeyCode::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn a_released_key_is_not_a_press() {
        let mut event = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE);
        assert!(control(Event::Key(event), false).is_some());
        event.kind = KeyEventKind::Release;
        assert!(control(Event::Key(event), false).is_none());
    }

    #[test]
    fn a_terminal_that_tells_keys_apart_is_believed() {
        let five = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL);
        assert_eq!(key(five, true), Some(Key::ctrl('5')));
    }
}
