//! The program in a pseudo-terminal, and what it shows there.
//!
//! Nothing sleeps blindly: a step is over when what it waits for is on the screen, and for a while
//! the screen stayed as it is and nobody had anything to do. Where other work takes the cores, a
//! thread that waits for one is not idle: a picture is taken later there, never too early.

use super::grid::{Cell, Colour, Grid};
use super::script::Palette;
use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::{Config, Term, TermMode};
use alacritty_terminal::vte::ansi::{Color, NamedColor, Processor, Rgb};
use anyhow::Context;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// So often the screen is looked at.
const LOOK: Duration = Duration::from_millis(20);

struct Size {
    columns: usize,
    rows: usize,
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.rows
    }

    fn screen_lines(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.columns
    }
}

/// Hands on what the terminal itself has to say.
struct Said(Sender<Event>);

impl EventListener for Said {
    fn send_event(&self, event: Event) {
        // Nobody listens any more at the end.
        let _ = self.0.send(event);
    }
}

/// The program and its terminal; it is killed with its holder.
pub struct Console {
    palette: Palette,
    term: Term<Said>,
    parser: Processor,
    said: Receiver<Event>,
    output: Receiver<Vec<u8>>,
    // The order matters: the program is killed before its terminal closes.
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
}

impl Console {
    /// Starts `command` in a terminal of this size (columns, rows).
    pub fn start(
        command: CommandBuilder,
        (columns, rows): (u16, u16),
        palette: &Palette,
    ) -> anyhow::Result<Self> {
        let pair = native_pty_system().openpty(PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (bytes, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if bytes.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (say, said) = channel();
        let size = Size {
            columns: columns.into(),
            rows: rows.into(),
        };
        let config = Config {
            scrolling_history: 0,
            ..Config::default()
        };
        Ok(Self {
            palette: palette.clone(),
            term: Term::new(config, &size, Said(say)),
            parser: Processor::new(),
            said,
            output,
            child,
            input: pair.master.take_writer()?,
            _master: pair.master,
        })
    }

    /// Sends keys.
    pub fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.input
            .write_all(bytes)
            .and_then(|()| self.input.flush())
            .context("the program does not take keys any more")
    }

    /// The program's process.
    pub fn pid(&self) -> Option<u32> {
        self.child.process_id()
    }

    /// Waits until `ready` holds and, for `settle`, the screen stayed the same and these processes
    /// were idle.
    pub fn settled(
        &mut self,
        ready: impl Fn(&Grid) -> bool,
        processes: &[u32],
        settle: Duration,
        patience: Duration,
    ) -> anyhow::Result<Grid> {
        let begun = Instant::now();
        let mut grid = self.grid();
        let mut since = Instant::now();
        loop {
            let alive = self.take_in()?;
            let now = self.grid();
            if now != grid || processes.iter().any(|process| is_busy(*process)) {
                grid = now;
                since = Instant::now();
            }
            if since.elapsed() >= settle && ready(&grid) {
                return Ok(grid);
            }
            anyhow::ensure!(alive, "the program ended; it showed\n{}", grid.text());
            anyhow::ensure!(
                begun.elapsed() < patience,
                "not on the screen after {patience:?}; it shows\n{}",
                grid.text()
            );
        }
    }

    /// Feeds the terminal for a moment; whether the program still runs.
    fn take_in(&mut self) -> anyhow::Result<bool> {
        let alive = match self.output.recv_timeout(LOOK) {
            Ok(bytes) => {
                self.parser.advance(&mut self.term, &bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(end) = self.parser.sync_timeout().sync_timeout()
                    && end <= Instant::now()
                {
                    self.parser.stop_sync(&mut self.term);
                }
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
        };
        while let Ok(event) = self.said.try_recv() {
            match event {
                Event::PtyWrite(text) => self.send(text.as_bytes())?,
                Event::ColorRequest(index, answer) => {
                    let [r, g, b] = self.colour_of(index);
                    let text = answer(Rgb { r, g, b });
                    self.send(text.as_bytes())?;
                }
                _ => {}
            }
        }
        Ok(alive)
    }

    fn colour_of(&self, index: usize) -> Colour {
        match u8::try_from(index) {
            Ok(index) => self.indexed(index),
            Err(_) if index == NamedColor::Background as usize => self.palette.ground.0,
            Err(_) => self.palette.ink.0,
        }
    }

    /// The screen as it is.
    fn grid(&self) -> Grid {
        let (columns, rows) = (self.term.columns(), self.term.screen_lines());
        let row = |line: usize| {
            let line = i32::try_from(line).unwrap_or(i32::MAX);
            (0..columns).map(move |column| self.cell(Line(line), Column(column)))
        };
        let point = self.term.grid().cursor.point;
        let shown = self.term.mode().contains(TermMode::SHOW_CURSOR);
        Grid {
            rows: (0..rows).map(|line| row(line).collect()).collect(),
            cursor: usize::try_from(point.line.0)
                .ok()
                .filter(|_| shown)
                .map(|line| (point.column.0, line)),
            ground: self.palette.ground.0,
            ink: self.palette.ink.0,
        }
    }

    fn cell(&self, line: Line, column: Column) -> Cell {
        let cell = &self.term.grid()[line][column];
        let flags = cell.flags;
        let behind = flags.contains(Flags::WIDE_CHAR_SPACER);
        let (mut fg, mut bg) = (self.colour(cell.fg), self.colour(cell.bg));
        if flags.contains(Flags::INVERSE) {
            (fg, bg) = (bg, fg);
        }
        if flags.contains(Flags::DIM) {
            fg = between(fg, bg);
        }
        let mut text = String::new();
        if !behind {
            text.push(if flags.contains(Flags::HIDDEN) {
                ' '
            } else {
                cell.c
            });
            text.extend(cell.zerowidth().unwrap_or_default());
        }
        Cell {
            text,
            width: match () {
                () if behind => 0,
                () if flags.contains(Flags::WIDE_CHAR) => 2,
                () => 1,
            },
            fg,
            bg,
            bold: flags.contains(Flags::BOLD),
            italic: flags.contains(Flags::ITALIC),
            underline: flags.intersects(Flags::ALL_UNDERLINES),
        }
    }

    fn colour(&self, colour: Color) -> Colour {
        match colour {
            Color::Spec(Rgb { r, g, b }) => [r, g, b],
            Color::Indexed(index) => self.indexed(index),
            Color::Named(name) => self.colour_of(name as usize),
        }
    }

    /// A colour of the 256.
    fn indexed(&self, index: u8) -> Colour {
        match index {
            0..=15 => self.palette.sixteen[usize::from(index)].0,
            16..=231 => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let index = index - 16;
                [level(index / 36), level(index / 6 % 6), level(index % 6)]
            }
            232.. => [8 + 10 * (index - 232); 3],
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a thread of the process runs, waits for a core or waits for the disk.
fn is_busy(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task"));
    threads.into_iter().flatten().flatten().any(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The name before the state may hold anything.
        let state = stat.rsplit(") ").next().unwrap_or_default();
        state.starts_with(['R', 'D'])
    })
}

/// Two thirds of the first colour.
fn between(one: Colour, other: Colour) -> Colour {
    let mix = |a: u8, b: u8| u8::try_from((u16::from(a) * 2 + u16::from(b)) / 3).unwrap_or(a);
    [
        mix(one[0], other[0]),
        mix(one[1], other[1]),
        mix(one[2], other[2]),
    ]
}
