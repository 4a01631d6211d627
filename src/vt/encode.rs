//! Keys, pastes and the mouse as a program in the pane wants to read them.

use super::terminal::{Modes, MouseEncoding, MouseMode};
use crate::key::{Button, Code, Key, Mouse, MouseAction};

/// The modifiers as terminals count them: 1 and what is held.
fn modifiers(key: Key) -> u8 {
    1 + u8::from(key.shift) + 2 * u8::from(key.alt) + 4 * u8::from(key.ctrl)
}

/// The bytes of a key; empty when no terminal has any for it.
pub fn encode_key(key: Key, modes: Modes) -> Vec<u8> {
    if modes.kitty
        && let Some(bytes) = kitty(key)
    {
        return bytes;
    }
    match key.code {
        Code::Char(c) => character(key, c),
        Code::Enter => plain(key, b"\r"),
        Code::Esc => plain(key, b"\x1b"),
        Code::Tab if key.shift => b"\x1b[Z".to_vec(),
        Code::Tab => plain(key, b"\t"),
        Code::Backspace if key.ctrl => plain(key, b"\x08"),
        Code::Backspace => plain(key, b"\x7f"),
        Code::Up => cursor(key, 'A', modes),
        Code::Down => cursor(key, 'B', modes),
        Code::Right => cursor(key, 'C', modes),
        Code::Left => cursor(key, 'D', modes),
        Code::Home => cursor(key, 'H', modes),
        Code::End => cursor(key, 'F', modes),
        Code::Insert => tilde(key, 2),
        Code::Delete => tilde(key, 3),
        Code::PageUp => tilde(key, 5),
        Code::PageDown => tilde(key, 6),
        // What ends a report of the cursor's place ends no key any more.
        Code::F(3) if modes.kitty => tilde(key, 13),
        Code::F(n @ 1..=4) if modes.kitty && modifiers(key) == 1 => {
            format!("\x1b[{}", function_letter(n)).into_bytes()
        }
        Code::F(n) => function(key, n),
    }
}

fn plain(key: Key, bytes: &[u8]) -> Vec<u8> {
    let mut out = if key.alt { vec![0x1b] } else { Vec::new() };
    out.extend_from_slice(bytes);
    out
}

fn character(key: Key, c: char) -> Vec<u8> {
    if !key.ctrl {
        return plain(key, c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    let control = match c {
        'a'..='z' => Some(c as u8 - b'a' + 1),
        ' ' | '@' | '2' => Some(0),
        '[' | '3' => Some(0x1b),
        '\\' | '4' => Some(0x1c),
        ']' | '5' => Some(0x1d),
        '^' | '6' => Some(0x1e),
        '_' | '/' | '7' | '-' => Some(0x1f),
        '?' | '8' => Some(0x7f),
        _ => None,
    };
    match control {
        Some(byte) => plain(key, &[byte]),
        None => plain(key, c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn cursor(key: Key, letter: char, modes: Modes) -> Vec<u8> {
    match modifiers(key) {
        1 if modes.app_cursor && !modes.kitty => format!("\x1bO{letter}").into_bytes(),
        1 => format!("\x1b[{letter}").into_bytes(),
        held => format!("\x1b[1;{held}{letter}").into_bytes(),
    }
}

fn tilde(key: Key, number: u8) -> Vec<u8> {
    match modifiers(key) {
        1 => format!("\x1b[{number}~").into_bytes(),
        held => format!("\x1b[{number};{held}~").into_bytes(),
    }
}

fn function(key: Key, n: u8) -> Vec<u8> {
    let held = modifiers(key);
    match n {
        1..=4 => {
            let letter = function_letter(n);
            if held == 1 {
                format!("\x1bO{letter}").into_bytes()
            } else {
                format!("\x1b[1;{held}{letter}").into_bytes()
            }
        }
        5 => tilde(key, 15),
        6..=10 => tilde(key, n + 11),
        11..=14 => tilde(key, n + 12),
        15..=16 => tilde(key, n + 13),
        17..=20 => tilde(key, n + 14),
        _ => Vec::new(),
    }
}

/// The last letter of the first four function keys.
const fn function_letter(n: u8) -> char {
    (b'P' + n - 1) as char
}

/// Keys that the kitty protocol tells apart where older ways cannot.
fn kitty(key: Key) -> Option<Vec<u8>> {
    let mut held = modifiers(key);
    let code = match key.code {
        Code::Esc => 27,
        Code::Enter if held > 1 => 13,
        Code::Tab if held > 1 => 9,
        Code::Backspace if held > 1 => 127,
        Code::Char(c) if key.ctrl || key.alt => {
            // The key is named without shift.
            held += u8::from(c.is_ascii_uppercase());
            u32::from(c.to_ascii_lowercase())
        }
        _ => return None,
    };
    Some(if held == 1 {
        format!("\x1b[{code}u").into_bytes()
    } else {
        format!("\x1b[{code};{held}u").into_bytes()
    })
}

/// The bytes of a paste: marked as one where the program knows how to tell it from typing. What
/// could end the mark, and controls but tab and line feed, are left out.
pub fn encode_paste(text: &str, modes: Modes) -> Vec<u8> {
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\t' | '\n'))
        .map(|c| if c == '\n' { '\r' } else { c })
        .collect();
    if modes.bracketed_paste {
        format!("\x1b[200~{clean}\x1b[201~").into_bytes()
    } else {
        clean.into_bytes()
    }
}

/// Whether the focus has come or gone; empty when the program does not want to know.
pub fn encode_focus(focused: bool, modes: Modes) -> Vec<u8> {
    match (modes.focus_events, focused) {
        (false, _) => Vec::new(),
        (true, true) => b"\x1b[I".to_vec(),
        (true, false) => b"\x1b[O".to_vec(),
    }
}

/// The bytes of something done with the mouse; empty when the program does not want to know.
pub fn encode_mouse(mouse: Mouse, column: u16, row: u16, modes: Modes) -> Vec<u8> {
    let wanted = match mouse.action {
        MouseAction::Press(_) | MouseAction::Release(_) => modes.mouse != MouseMode::Off,
        MouseAction::Drag(_) => matches!(modes.mouse, MouseMode::Drag | MouseMode::Motion),
        MouseAction::Move => modes.mouse == MouseMode::Motion,
    };
    if !wanted {
        return wheel_as_arrows(mouse, modes);
    }
    let number = |button| match button {
        Button::Left => 0_u8,
        Button::Middle => 1,
        Button::Right => 2,
        Button::WheelUp => 64,
        Button::WheelDown => 65,
    };
    let (button, released) = match mouse.action {
        MouseAction::Press(button) => (number(button), false),
        MouseAction::Release(button) => (number(button), true),
        MouseAction::Drag(button) => (32 + number(button), false),
        MouseAction::Move => (32 + 3, false),
    };
    let held = 4 * u8::from(mouse.shift) + 8 * u8::from(mouse.alt) + 16 * u8::from(mouse.ctrl);
    let (column, row) = (column + 1, row + 1);
    match modes.mouse_encoding {
        MouseEncoding::Sgr => {
            let end = if released { 'm' } else { 'M' };
            let code = button + held;
            format!("\x1b[<{code};{column};{row}{end}").into_bytes()
        }
        MouseEncoding::X10 | MouseEncoding::Utf8 => {
            let code = held + if released { 3 } else { button };
            let mut out = b"\x1b[M".to_vec();
            out.push(32 + code);
            for place in [column, row] {
                match (modes.mouse_encoding, u8::try_from(place + 32)) {
                    (MouseEncoding::Utf8, _) => {
                        let place = char::from_u32(u32::from(place) + 32).unwrap_or(' ');
                        out.extend_from_slice(place.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    (_, Ok(byte)) => out.push(byte),
                    // Beyond what one byte can tell.
                    (_, Err(_)) => return Vec::new(),
                }
            }
            out
        }
    }
}

/// On the alternate screen the wheel moves the cursor where the program wants no mouse.
fn wheel_as_arrows(mouse: Mouse, modes: Modes) -> Vec<u8> {
    let code = match mouse.action {
        MouseAction::Press(Button::WheelUp) => Code::Up,
        MouseAction::Press(Button::WheelDown) => Code::Down,
        _ => return Vec::new(),
    };
    if modes.alternate_screen && modes.alternate_scroll {
        encode_key(Key::plain(code), modes).repeat(3)
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, modes: Modes) -> String {
        let key: Key = name.parse().unwrap_or(Key::char('?'));
        String::from_utf8_lossy(&encode_key(key, modes)).into_owned()
    }

    #[test]
    fn keys_are_those_of_xterm() {
        let modes = Modes::default();
        for (name, bytes) in [
            ("a", "a"),
            ("shift-g", "G"),
            ("ctrl-c", "\x03"),
            ("ctrl-space", "\0"),
            ("ctrl-]", "\x1d"),
            ("alt-x", "\x1bx"),
            ("enter", "\r"),
            ("backspace", "\x7f"),
            ("esc", "\x1b"),
            ("tab", "\t"),
            ("shift-tab", "\x1b[Z"),
            ("up", "\x1b[A"),
            ("ctrl-right", "\x1b[1;5C"),
            ("shift-up", "\x1b[1;2A"),
            ("home", "\x1b[H"),
            ("delete", "\x1b[3~"),
            ("pgdn", "\x1b[6~"),
            ("f1", "\x1bOP"),
            ("f5", "\x1b[15~"),
            ("f12", "\x1b[24~"),
        ] {
            assert_eq!(key(name, modes), bytes, "{name}");
        }
        let app = Modes {
            app_cursor: true,
            ..modes
        };
        assert_eq!(key("up", app), "\x1bOA");
        let kitty = Modes { kitty: true, ..app };
        for (name, bytes) in [
            ("a", "a"),
            ("enter", "\r"),
            ("tab", "\t"),
            ("esc", "\x1b[27u"),
            ("ctrl-c", "\x1b[99;5u"),
            ("ctrl-i", "\x1b[105;5u"),
            ("alt-x", "\x1b[120;3u"),
            ("alt-shift-x", "\x1b[120;4u"),
            ("shift-enter", "\x1b[13;2u"),
            ("shift-tab", "\x1b[9;2u"),
            ("up", "\x1b[A"),
            ("ctrl-up", "\x1b[1;5A"),
            ("f1", "\x1b[P"),
            ("f3", "\x1b[13~"),
            ("ctrl-f3", "\x1b[13;5~"),
            ("f5", "\x1b[15~"),
        ] {
            assert_eq!(key(name, kitty), bytes, "{name}");
        }
    }

    #[test]
    fn a_paste_cannot_end_itself() {
        let modes = Modes {
            bracketed_paste: true,
            ..Modes::default()
        };
        assert_eq!(
            encode_paste("a\nb\x1b[201~rm\x07", modes),
            b"\x1b[200~a\rb[201~rm\x1b[201~"
        );
        assert_eq!(encode_paste("a\tb\r\nc", Modes::default()), b"a\tb\rc");
    }

    #[test]
    fn the_mouse_is_told_as_it_is_wanted() {
        let press = Mouse::plain(MouseAction::Press(Button::Left));
        let modes = Modes {
            mouse: MouseMode::Press,
            ..Modes::default()
        };
        assert_eq!(encode_mouse(press, 9, 4, modes), b"\x1b[M \x2a\x25");
        let sgr = Modes {
            mouse_encoding: MouseEncoding::Sgr,
            ..modes
        };
        assert_eq!(encode_mouse(press, 9, 4, sgr), b"\x1b[<0;10;5M");
        let held = Mouse {
            ctrl: true,
            ..press
        };
        assert_eq!(encode_mouse(held, 9, 4, sgr), b"\x1b[<16;10;5M");
        let drag = Mouse::plain(MouseAction::Drag(Button::Left));
        assert_eq!(
            encode_mouse(drag, 9, 4, sgr),
            b"",
            "no motion was asked for"
        );
        let drags = Modes {
            mouse: MouseMode::Drag,
            ..sgr
        };
        assert_eq!(encode_mouse(drag, 9, 4, drags), b"\x1b[<32;10;5M");
        assert_eq!(encode_mouse(press, 9, 4, Modes::default()), b"");
        let moved = Mouse::plain(MouseAction::Move);
        assert_eq!(encode_mouse(moved, 9, 4, drags), b"");
        let all = Modes {
            mouse: MouseMode::Motion,
            ..sgr
        };
        assert_eq!(encode_mouse(moved, 9, 4, all), b"\x1b[<35;10;5M");
        let wheel = Mouse::plain(MouseAction::Press(Button::WheelUp));
        let pager = Modes {
            alternate_screen: true,
            alternate_scroll: true,
            ..Modes::default()
        };
        assert_eq!(encode_mouse(wheel, 9, 4, pager), b"\x1b[A\x1b[A\x1b[A");
    }
}
