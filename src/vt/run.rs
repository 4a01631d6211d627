//! Plain characters are written to the grid in runs: most of what programs write is ASCII, and the
//! emulator looks at each character as if it could be anything.

use super::outbox::Outbox;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::{CharsetIndex, Handler, StandardCharset};

/// Where a programmed set of characters may stand.
const SETS: [CharsetIndex; 4] = [
    CharsetIndex::G0,
    CharsetIndex::G1,
    CharsetIndex::G2,
    CharsetIndex::G3,
];

/// Writes printable ASCII at the cursor: the same as [`Handler::input`] for each, in less time.
pub(super) fn write(term: &mut Term<Outbox>, mut run: &[u8]) {
    while let Some((&first, _)) = run.split_first() {
        let written = if is_plain(term) { row(term, run) } else { 0 };
        if written == 0 {
            // It wraps, or is not as simple as that.
            term.input(first.into());
        }
        run = &run[written.max(1)..];
    }
}

/// Whether a character does no more than to fill the next cell.
fn is_plain(term: &Term<Outbox>) -> bool {
    let cursor = &term.grid().cursor;
    let ascii = |set| cursor.charsets[set] == StandardCharset::Ascii;
    !cursor.input_needs_wrap
        && !term.mode().contains(TermMode::INSERT)
        && SETS.into_iter().all(ascii)
}

/// Fills cells up to the end of the row; how many. None when there is a wide character among them:
/// its other half would have to be cleared.
fn row(term: &mut Term<Outbox>, run: &[u8]) -> usize {
    let columns = term.columns();
    let grid = term.grid_mut();
    let (line, from) = (grid.cursor.point.line, grid.cursor.point.column.0);
    let to = columns.min(from + run.len());
    let template = grid.cursor.template.clone();
    let cells = &mut grid[line][Column(from)..Column(to)];
    let wide = Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER;
    if cells.iter().any(|cell| cell.flags.intersects(wide)) {
        return 0;
    }
    for (cell, &byte) in cells.iter_mut().zip(run) {
        cell.c = byte.into();
        cell.fg = template.fg;
        cell.bg = template.bg;
        cell.flags = template.flags;
        if cell.extra.is_some() || template.extra.is_some() {
            cell.extra.clone_from(&template.extra);
        }
    }
    let cursor = &mut grid.cursor;
    cursor.point.column = Column(to.min(columns - 1));
    cursor.input_needs_wrap = to == columns;
    to - from
}

#[cfg(test)]
mod tests {
    use super::*;
    use alacritty_terminal::index::Line;
    use alacritty_terminal::term::cell::Cell;
    use alacritty_terminal::term::test::TermSize;
    use alacritty_terminal::vte::ansi::{Processor, StdSyncHandler};
    use proptest::prelude::*;

    fn terminal() -> Term<Outbox> {
        let size = TermSize::new(12, 4);
        Term::new(
            alacritty_terminal::term::Config::default(),
            &size,
            Outbox::default(),
        )
    }

    fn cells(term: &Term<Outbox>) -> Vec<Cell> {
        let (top, bottom) = (term.topmost_line().0, term.bottommost_line().0);
        let row = |line| (0..term.columns()).map(move |column| (Line(line), Column(column)));
        let all = (top..=bottom).flat_map(row);
        all.map(|(line, column)| term.grid()[line][column].clone())
            .collect()
    }

    fn piece() -> impl Strategy<Value = String> {
        let steer = "\n \r\n \t \x08 \x1b[4h \x1b[4l \x1b[?7l \x1b[?7h \x1b[31;1m \x1b[m \x1b[44m \
            \x1b[2;3H \x1b[K \x1b[1J \x1b(0 \x1b(B \x1b)0 \x0e \x0f \x1b7 \x1b8 \x1b[?1049h \
            \x1b[?1049l \x1b[2P \x1b[3@ \x1b]8;id=a;http://x\x07 \x1b]8;;\x07 \x1b[2;3r \x1b[r \x1bM";
        prop_oneof![
            4 => "[ -~]{1,30}",
            3 => proptest::sample::select(steer.split(' ').map(str::to_owned).collect::<Vec<_>>()),
            1 => "[漢字é\u{301}👍]{1,8}",
        ]
    }

    proptest! {
        #[test]
        fn a_run_leaves_what_its_characters_would(pieces in proptest::collection::vec(piece(), 1..60)) {
            let (mut at_once, mut one_by_one) = (terminal(), terminal());
            let mut parsers: [Processor<StdSyncHandler>; 2] = Default::default();
            for piece in &pieces {
                if piece.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                    write(&mut at_once, piece.as_bytes());
                } else {
                    parsers[0].advance(&mut at_once, piece.as_bytes());
                }
                parsers[1].advance(&mut one_by_one, piece.as_bytes());
            }
            prop_assert_eq!(cells(&at_once), cells(&one_by_one));
            prop_assert_eq!(&at_once.grid().cursor, &one_by_one.grid().cursor);
        }
    }
}
