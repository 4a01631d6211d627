//! The terminal: taken over at the start, given back on every way out.
//!
//! What the person had on screen, the echo of keys and the cursor must survive a panic, a signal
//! and a lost connection alike, so giving back is a plain function of no state that anybody may
//! call at any time, also twice.

use crossterm::Command;
use crossterm::clipboard::CopyToClipboard;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::tcgetwinsize;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether it tells keys apart for us.
static APART: AtomicBool = AtomicBool::new(false);

/// Size when the terminal does not say one, as curses assumes it.
const UNKNOWN: (u16, u16) = (80, 24);

/// Alternate screen, no cursor, bracketed paste.
const TAKE: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";

/// Presses, the wheel, and motion while a button is held, with coordinates beyond 223. Motion
/// without a button is a flood of bytes.
const TAKE_MOUSE: &[u8] = b"\x1b[?1002h\x1b[?1006h";

/// Leave the mouse to the terminal.
const LEAVE_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1002l";

/// Asks for the colour of the ground (OSC 11).
const ASK_GROUND: &[u8] = b"\x1b]11;?\x1b\\";
/// Every move of the pointer, for a program in a pane that wants it.
const MOTION: &[u8] = b"\x1b[?1003h";

/// Back to what [`TAKE_MOUSE`] asks for: terminals keep one of the modes or several.
const NO_MOTION: &[u8] = b"\x1b[?1003l\x1b[?1002h";

/// Keys told apart that older ways cannot tell apart (the kitty keyboard protocol), and no more.
const KEYS_APART: &[u8] = b"\x1b[>1u";

/// The end of [`KEYS_APART`].
const KEYS_AS_BEFORE: &[u8] = b"\x1b[<u";

/// Asks whether the terminal knows [`KEYS_APART`], and something that every terminal answers.
const ASK: &[u8] = b"\x1b[?u\x1b[c";

/// Rings.
pub const BELL: &[u8] = b"\x07";

/// Everything back: end of a frame, mouse, paste, colours, cursor, main screen.
const GIVE_BACK: &[u8] =
    b"\x1b[?2026l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    out: File,
    mouse: bool,
    motion: bool,
    apart: bool,
}

impl Terminal {
    /// Takes the terminal over.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Err(io::Error::other("standard output is not a terminal"));
        }
        // Unbuffered, so that a frame is one write.
        let out = File::from(stdout.as_fd().try_clone_to_owned()?);
        let mut terminal = Self {
            out,
            mouse,
            motion: false,
            apart: false,
        };
        terminal.take_again()?;
        terminal.out.write_all(ASK)?;
        Ok(terminal)
    }

    /// Takes the terminal over after it was given back, or after somebody else had it.
    pub fn take_again(&mut self) -> io::Result<()> {
        // crossterm remembers that the terminal is raw; whoever had it meanwhile changed that.
        crossterm::terminal::disable_raw_mode()?;
        crossterm::terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut bytes = TAKE.to_vec();
        if self.mouse {
            bytes.extend_from_slice(TAKE_MOUSE);
        }
        if self.motion {
            bytes.extend_from_slice(MOTION);
        }
        if self.apart {
            bytes.extend_from_slice(self.keys_apart());
        }
        self.out.write_all(&bytes)
    }

    /// Takes the mouse from now on, or leaves it to the terminal.
    pub fn take_mouse(&mut self, mouse: bool) -> io::Result<()> {
        if self.mouse == mouse {
            return Ok(());
        }
        self.mouse = mouse;
        self.out
            .write_all(if mouse { TAKE_MOUSE } else { LEAVE_MOUSE })
    }

    /// Asks the terminal for the colour of its ground. Some answer, among the keys.
    pub fn ask_for_ground(&mut self) -> io::Result<()> {
        self.out.write_all(ASK_GROUND)
    }

    /// The bytes that let the terminal tell of every move of the pointer, or of drags alone; none
    /// when the mouse is not ours.
    pub fn motion(&mut self, wanted: bool) -> &'static [u8] {
        self.motion = wanted && self.mouse;
        match (self.mouse, wanted) {
            (false, _) => b"",
            (true, true) => MOTION,
            (true, false) => NO_MOTION,
        }
    }

    /// The bytes that let the terminal tell keys apart.
    pub fn keys_apart(&mut self) -> &'static [u8] {
        self.apart = true;
        APART.store(true, Ordering::SeqCst);
        KEYS_APART
    }

    /// Writes bytes as one piece. Waits when the terminal takes nothing more for now, which only
    /// happens when somebody has made it non-blocking.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(&self.out, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        match tcgetwinsize(&self.out) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            _ => UNKNOWN,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back when it is ours. Errors are of no use: it is gone, or it is not.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let stdout = io::stdout();
    if let Ok(fd) = stdout.as_fd().try_clone_to_owned() {
        let mut out = File::from(fd);
        if APART.swap(false, Ordering::SeqCst) {
            let _ = out.write_all(KEYS_AS_BEFORE);
        }
        let _ = out.write_all(GIVE_BACK);
    }
    let _ = crossterm::terminal::disable_raw_mode();
}

/// The bytes that ask the terminal to put a text on the clipboard (OSC 52).
pub fn copy(text: &str) -> Vec<u8> {
    let mut bytes = String::new();
    // Writing into a text cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut bytes);
    bytes.into_bytes()
}

/// Whether the terminal is ours now.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}
