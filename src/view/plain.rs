//! A frame as plain text.

use super::paint::width;
use ratatui::buffer::Buffer;

/// The cells as text, a line each, without blanks at their ends; the cell behind a wide character is
/// not there.
pub fn plain(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += width(symbol).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
