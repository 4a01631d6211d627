//! `quarterdeck replay`: a recording, run again. Nothing it asks for is carried out.

use super::face::Face;
use super::frames::{Cause, Frames};
use super::mailbox::{Control, Mailbox};
use super::record::{Entry, Recording};
use super::terminal::Terminal;
use super::{input, panics, signals};
use crate::app::{App, Msg};
use crate::domain::time::{Millis, Timestamp, brief};
use crate::key::{Code, Key};
use crate::theme::Theme;
use crate::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// Nobody watches nothing for longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);

/// How a recording is shown.
#[derive(Debug)]
pub struct Looks {
    /// The theme.
    pub theme: Theme,
    /// The terminal shows ASCII and nothing else.
    pub ascii: bool,
    /// Where a report of a panic goes.
    pub reports: PathBuf,
    /// So many times as fast as it was.
    pub speed: f64,
}

/// A recording under way.
struct Player {
    app: App,
    recording: Recording,
    next: Option<Entry>,
    began: Timestamp,
    at: Timestamp,
    done: usize,
}

impl Player {
    fn new(mut recording: Recording) -> Self {
        let head = recording.head.clone();
        let (app, _) = App::new(head.setup, head.size, head.at);
        let next = recording.next();
        Self {
            app,
            recording,
            next,
            began: head.at,
            at: head.at,
            done: 0,
        }
    }

    /// Goes on by one entry: whether a frame was drawn then. None at the end.
    fn step(&mut self) -> Option<bool> {
        let entry = self.next.take()?;
        self.next = self.recording.next();
        let Entry::Heard(at, msg) = entry else {
            return Some(true);
        };
        self.app.update(*msg, at);
        self.at = at;
        self.done += 1;
        Some(false)
    }

    /// Goes on to the next frame that was drawn, or to the end.
    fn step_to_frame(&mut self) {
        while self.step() == Some(false) {}
    }

    /// How long it was until the next message.
    fn gap(&self) -> Option<Millis> {
        match self.next.as_ref()? {
            Entry::Heard(at, _) => Some(at.since(self.at)),
            Entry::Drawn => Some(Millis(0)),
        }
    }

    fn words(&self, paused: bool) -> String {
        let after = brief(self.at.since(self.began));
        let state = match (&self.next, paused) {
            (None, _) => "end",
            (_, true) => "paused",
            _ => "playing",
        };
        format!(
            " replay · message {} · {after} · {state}   space pauses   right steps   q leaves ",
            self.done
        )
    }
}

/// The frame after so many messages, or after the last one, as plain text.
pub fn last_frame(recording: Recording, until: Option<usize>, theme: &Theme) -> String {
    let mut player = Player::new(recording);
    let mut memory = view::Memory::default();
    let mut draw = |app: &App| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
        view::draw(app, theme, &mut memory, &mut buffer);
        buffer
    };
    while until.is_none_or(|until| player.done < until) {
        match player.step() {
            // What was drawn then is remembered now.
            Some(true) => drop(draw(&player.app)),
            Some(false) => {}
            None => break,
        }
    }
    view::plain(&draw(&player.app))
}

/// Shows a recording as it went, until the person leaves it.
pub fn play(recording: Recording, looks: Looks) -> io::Result<u8> {
    let workers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let code = workers.block_on(show(Player::new(recording), looks));
    workers.shutdown_background();
    code
}

async fn show(mut player: Player, looks: Looks) -> io::Result<u8> {
    let (mut mailbox, post) = Mailbox::new();
    signals::start(&post)?;
    panics::watch(post.clone(), looks.reports);
    let mut terminal = Terminal::take(false)?;
    let mut frames = Frames::new(terminal.size());
    let mut face = Face::new(looks.theme, looks.ascii);
    input::start(post)?;
    let mut paused = false;
    let mut last = Instant::now();
    loop {
        frames.want(Cause::Person, Instant::now());
        let bytes = frames.draw(Instant::now(), |buffer| {
            paint(&player, &mut face, paused, buffer);
        })?;
        terminal.write(bytes)?;
        let due = player.gap().filter(|_| !paused).map(|gap| {
            let gap = Duration::from_millis(u64::try_from(gap.0).unwrap_or(0));
            last + gap.div_f64(looks.speed).min(LONGEST_WAIT)
        });
        tokio::select! {
            Some(control) = mailbox.control.recv() => match control {
                Control::Msg(Msg::Key(key)) => match key.code {
                    Code::Char(' ') => paused = !paused,
                    Code::Right | Code::Char('n') => {
                        paused = true;
                        player.step_to_frame();
                    }
                    Code::Char('q') | Code::Esc => return Ok(0),
                    _ if key == Key::ctrl('c') => return Ok(0),
                    _ => {}
                },
                Control::Resized => frames.reset(terminal.size()),
                Control::Suspend => signals::stop(),
                Control::Resume => {
                    terminal.take_again()?;
                    frames.reset(terminal.size());
                }
                Control::End(code) => return Ok(code),
                Control::Gone => return Ok(1),
                _ => {}
            },
            () = sleep_until(due.unwrap_or(last).into()), if due.is_some() => {
                player.step_to_frame();
                last = Instant::now();
            }
        }
    }
}

/// The frame as it was, at the upper left, and a line of our own below.
fn paint(player: &Player, face: &mut Face, paused: bool, buffer: &mut Buffer) {
    let (columns, rows) = player.app.size;
    let mut frame = Buffer::empty(Rect::new(0, 0, columns, rows));
    face.paint(&player.app, &mut frame);
    let (width, height) = (buffer.area.width, buffer.area.height);
    for y in 0..rows.min(height) {
        for x in 0..columns.min(width) {
            buffer[(x, y)] = frame[(x, y)].clone();
        }
    }
    if let Some(y) = height.checked_sub(1) {
        let style = Style::new().add_modifier(Modifier::REVERSED);
        let words = player.words(paused);
        buffer.set_stringn(0, y, words, usize::from(width), style);
    }
}
