//! Frames for terminals without shapes beyond ASCII: everything is drawn as usual, then each cell
//! that such a terminal cannot show takes the nearest thing it can.

use super::paint::width;
use ratatui::buffer::Buffer;

/// Our own signs and what stands for them; what is not among them becomes `?`.
const SIGNS: &[(&str, &str)] = &[
    ("✖", "x"),
    ("▲", "!"),
    ("◐", "~"),
    ("●", "*"),
    ("○", "o"),
    ("◌", "~"),
    ("…", "~"),
    ("·", "-"),
    ("›", ">"),
    ("‹", "<"),
    ("▏", "_"),
    ("▌", "+"),
    ("┃", "|"),
    ("│", "|"),
    ("─", "-"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("┬", "+"),
    ("├", "+"),
    ("▸", "+"),
    ("▾", "-"),
    ("×", "x"),
    ("→", ">"),
    ("←", "<"),
];

/// Takes the frame down to ASCII.
pub fn fold(buffer: &mut Buffer) {
    for at in 0..buffer.content.len() {
        let symbol = buffer.content[at].symbol();
        if symbol.is_ascii() {
            continue;
        }
        let sign = SIGNS.iter().find(|(ours, _)| *ours == symbol);
        let wide = width(symbol) > 1;
        buffer.content[at].set_symbol(sign.map_or("?", |(_, ascii)| ascii));
        // The second cell of a wide character was behind it and shows again.
        if wide && let Some(behind) = buffer.content.get_mut(at + 1) {
            behind.set_symbol(" ");
        }
    }
}
