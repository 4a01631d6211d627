//! A program in a pseudo-terminal, and the screen a person would see.

use alacritty_terminal::event::{Event, EventListener};
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::{Config, Term};
use alacritty_terminal::vte::ansi::Processor;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Bytes the terminal answers to queries of the program (cursor position, device attributes).
#[derive(Clone, Default)]
struct Replies(Arc<Mutex<Vec<u8>>>);

impl EventListener for Replies {
    fn send_event(&self, event: Event) {
        if let Event::PtyWrite(text) = event {
            self.0.lock().unwrap().extend_from_slice(text.as_bytes());
        }
    }
}

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

/// A program in a pseudo-terminal. Dropping it kills the program.
pub struct Terminal {
    term: Term<Replies>,
    parser: Processor,
    replies: Replies,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<(Instant, Vec<u8>)>,
    /// Every byte the program wrote.
    pub raw: Vec<u8>,
    /// How many bytes the program wrote.
    pub bytes: usize,
}

impl Terminal {
    /// Starts `program` with `args` and, over the present environment, `env`.
    pub fn start(
        program: &Path,
        args: &[&str],
        env: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        Self::begin(program, args, env, (columns, rows), false)
    }

    /// The same in a terminal that has the kitty keyboard protocol.
    pub fn start_with_kitty(
        program: &Path,
        args: &[&str],
        env: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        Self::begin(program, args, env, (columns, rows), true)
    }

    fn begin(
        program: &Path,
        args: &[&str],
        env: &[(&str, &str)],
        (columns, rows): (u16, u16),
        kitty: bool,
    ) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for name in ["NO_COLOR", "KUBECONFIG"] {
            command.env_remove(name);
        }
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
        ]
        .iter()
        .chain(env)
        {
            command.env(name, value);
        }
        command.cwd(std::env::temp_dir());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let writer = pty.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        let replies = Replies::default();
        // The model needs two columns and a row; the program has to live with less.
        let size = Size {
            columns: usize::from(columns).max(2),
            rows: usize::from(rows).max(1),
        };
        let term = Term::new(
            Config {
                scrolling_history: 0,
                kitty_keyboard: kitty,
                ..Config::default()
            },
            &size,
            replies.clone(),
        );
        Self {
            term,
            parser: Processor::new(),
            replies,
            master: pty.master,
            writer,
            child,
            output,
            raw: Vec::new(),
            bytes: 0,
        }
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Reads what the program writes for so long, or until its next write when `once`. False when
    /// the program has closed the terminal.
    fn read(&mut self, limit: Duration, once: bool) -> bool {
        let end = Instant::now() + limit;
        loop {
            match self
                .output
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok((_, bytes)) => {
                    self.feed(&bytes);
                    if once {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.raw.extend_from_slice(bytes);
        self.parser.advance(&mut self.term, bytes);
        let replies = std::mem::take(&mut *self.replies.0.lock().unwrap());
        if !replies.is_empty() {
            let _ = self.writer.write_all(&replies);
        }
    }

    /// Types bytes.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// The screen, a line each, without trailing spaces.
    pub fn lines(&self) -> Vec<String> {
        let rows = i32::try_from(self.term.screen_lines()).unwrap();
        let line = |row| {
            let cells = &self.term.grid()[Line(row)];
            let text: String = (0..self.term.columns())
                .map(|column| cells[Column(column)].c)
                .collect();
            text.trim_end().to_owned()
        };
        (0..rows).map(line).collect()
    }

    /// The screen as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Waits until the screen satisfies `wanted`; says how long it took. Ends the test with the
    /// screen when it never does.
    pub fn wait(&mut self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            if wanted(&self.text()) {
                return start.elapsed();
            }
            let left = limit.saturating_sub(start.elapsed());
            let open = self.read(left, true);
            assert!(
                (open && !left.is_zero()) || wanted(&self.text()),
                "waited {limit:?} for {what}; the screen:\n{}",
                self.text()
            );
        }
    }

    /// Waits until the screen contains a text.
    pub fn wait_for(&mut self, text: &str) -> Duration {
        self.wait(text, Duration::from_secs(20), |screen| {
            screen.contains(text)
        })
    }

    /// Reads until the program has been quiet for so long, at most for ten seconds.
    pub fn settle(&mut self, quiet: Duration) {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            let before = self.bytes;
            if !self.read(quiet, true) || self.bytes == before {
                return;
            }
        }
    }

    /// Reads for so long.
    pub fn pump(&mut self, time: Duration) {
        self.read(time, false);
    }

    /// Types keys and waits until the screen has changed and satisfies `wanted`: the time from
    /// the key to the write that made it so.
    pub fn key_to_frame(
        &mut self,
        keys: &str,
        limit: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<Duration> {
        self.read(Duration::ZERO, false);
        let start = Instant::now();
        self.send(keys);
        while start.elapsed() < limit {
            let Ok((at, bytes)) = self
                .output
                .recv_timeout(limit.saturating_sub(start.elapsed()))
            else {
                return None;
            };
            self.feed(&bytes);
            if wanted(&self.text()) {
                return Some(at.saturating_duration_since(start));
            }
        }
        None
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.master
            .resize(PtySize {
                rows,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        self.term.resize(Size {
            columns: usize::from(columns).max(2),
            rows: usize::from(rows).max(1),
        });
    }

    /// Whether the program runs.
    pub fn alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the program has ended and the last byte is read; its exit code.
    pub fn exit(&mut self, limit: Duration) -> Option<u32> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            self.read(Duration::from_millis(20), false);
            if let Some(status) = self.child.try_wait().unwrap() {
                self.read(Duration::from_millis(50), false);
                return Some(status.exit_code());
            }
        }
        None
    }

    /// How the terminal treats keys now, as `stty -a` tells it: `icanon echo` while a shell has
    /// it, `-icanon -echo` in raw mode.
    pub fn stty(&self) -> String {
        let tty = self.master.tty_name().unwrap();
        let told = std::process::Command::new("stty")
            .arg("-F")
            .arg(tty)
            .arg("-a")
            .output()
            .unwrap();
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    /// Sends a signal by its name: `TERM`.
    pub fn signal(&self, name: &str) {
        let done = std::process::Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(done.success(), "kill -s {name}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
