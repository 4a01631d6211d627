//! The shell around the core: it gives messages to [`App::update`], carries out the effects, and
//! draws what changed. Knows every room but the command line, the demo and the emulator.
//!
//! One loop on the main thread; keys come from a thread of their own, everything that waits for a
//! network from tasks. In each turn control messages come first, then what programs in panes have
//! written, then rows for a few milliseconds, then a frame when one is due.

mod answers;
mod bundle;
mod driver;
mod edits;
mod face;
pub mod files;
mod frames;
mod ground;
mod input;
mod journal;
mod local;
mod logging;
pub mod mailbox;
mod outputs;
pub mod panics;
mod record;
mod replay;
mod save;
mod signals;
mod sources;
pub mod state;
pub mod terminal;
#[cfg(test)]
mod tests;
mod workshop;

pub use bundle::{Bundle, Part};
pub use logging::start as start_log;
pub use record::{Recording, Wanted as RecordingWanted};
pub use replay::{Looks as ReplayLooks, last_frame, play};
pub use sources::{DemoCluster, DemoStarter, Guards};
pub use workshop::WorkshopPaths;

use crate::app::{App, Effect, Effects, Msg, Notice, Settings, Setup};
use crate::cluster::{ConnectOptions, Event, now};
use crate::images::Rules;
use crate::theme::Theme;
use driver::Driver;
use edits::Edits;
use face::Face;
use frames::{Cause, Frames};
use mailbox::{Control, Mailbox, Post};
use record::Recorder;
use save::Savers;
use sources::Sources;
use state::Keeper;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::Terminal;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use workshop::Workshop;

/// Rows are taken in for so long before keys are looked at again: a quarter of a frame.
const DATA_TURN: Duration = Duration::from_millis(4);

/// Messages are taken in at most in such numbers before a frame is drawn.
const TURN: usize = 512;

/// Reads the theme of a name.
type ReadTheme = Box<dyn Fn(&str) -> Result<Theme, Notice>>;
/// Reads everything.
type ReadAll = Box<dyn Fn() -> Result<Reloaded, Vec<Notice>>>;
/// Gathers what a support bundle holds besides what the console knows.
type Gather = Box<dyn Fn() -> Bundle>;

/// What the files say when they are read again.
#[derive(Debug)]
pub struct Reloaded {
    /// For the core.
    pub settings: Settings,
    /// Take the mouse.
    pub mouse: bool,
    /// Where the catalogue comes from.
    pub rules: Rules,
}

/// Reads the person's files while the program runs.
pub struct Looks {
    /// The theme of a name, as this terminal can show it.
    pub theme: ReadTheme,
    /// Everything again; `Err` says what is wrong, and nothing changes.
    pub reload: ReadAll,
    /// What a support bundle holds.
    pub bundle: Gather,
}

impl std::fmt::Debug for Looks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looks").finish_non_exhaustive()
    }
}

/// What the console starts with.
pub struct Start {
    /// For the core.
    pub setup: Setup,
    /// How it looks.
    pub theme: Theme,
    /// The terminal shows ASCII and nothing else.
    pub ascii: bool,
    /// Take the mouse.
    pub mouse: bool,
    /// Which clusters there are.
    pub connect: ConnectOptions,
    /// How a demo is started.
    pub demo: DemoStarter,
    /// Where the state between runs is kept.
    pub state_file: PathBuf,
    /// The folder for what people save.
    pub saved: PathBuf,
    /// Reads themes and configuration again.
    pub looks: Looks,
    /// Where support bundles go.
    pub bundles: PathBuf,
    /// Where reports of panics go.
    pub reports: PathBuf,
    /// Write down what happens.
    pub record: Option<RecordingWanted>,
    /// The terminal is asked for the colour of its ground, and this is worn on a light one.
    pub light: Option<Theme>,
    /// Where edits of objects are until they are applied.
    pub edits: PathBuf,
    /// Where catalogues and drafts are.
    pub workshop: WorkshopPaths,
}

/// Runs the console until the person leaves it; the exit code. `Err` when there is no terminal.
pub fn run(start: Start) -> io::Result<u8> {
    let workers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("edge")
        .enable_all()
        .build()?;
    let code = workers.block_on(async {
        let (mailbox, post) = Mailbox::new();
        signals::start(&post)?;
        panics::watch(post.clone(), start.reports.clone());
        journal::began();
        let (mut shell, effects) = Shell::new(start, &post)?;
        // The first frame waits for nothing.
        shell.draw_if_due();
        input::start(post)?;
        shell.run(mailbox, effects).await
    });
    // A task may hang in a system call; the program does not wait for it.
    workers.shutdown_background();
    code
}

struct Shell {
    app: App,
    face: Face,
    frames: Frames,
    terminal: Terminal,
    driver: Driver,
    keeper: Keeper,
    savers: Savers,
    looks: Looks,
    bundles: PathBuf,
    recorder: Option<Recorder>,
    /// Worn when the terminal tells that its ground is light.
    light: Option<Theme>,
    post: Post,
    /// Stopped, or the terminal is lost: nothing is drawn.
    dark: bool,
    /// The exit code, once the end is decided.
    end: Option<u8>,
}

impl Shell {
    fn new(start: Start, post: &Post) -> io::Result<(Self, Effects)> {
        let mut terminal = Terminal::take(start.mouse)?;
        let size = terminal.size();
        let began = now();
        let recorder = start
            .record
            .map(|wanted| Recorder::begin(wanted, &start.setup, size, began))
            .transpose()?;
        let guards = Guards {
            readonly: start.setup.settings.readonly,
            contexts: start.setup.settings.contexts.clone(),
        };
        let base = start.setup.state.clone();
        let complain = {
            let post = post.clone();
            move |why| post.send_or_lose(Msg::Notice(not_kept(why)))
        };
        let (app, effects) = App::new(start.setup, size, began);
        if start.light.is_some() {
            terminal.ask_for_ground()?;
        }
        let mut frames = Frames::new(size);
        frames.want(Cause::Person, Instant::now());
        let shell = Self {
            app,
            face: Face::new(start.theme, start.ascii),
            frames,
            terminal,
            driver: Driver::new(
                post.clone(),
                Sources::new(start.connect, guards, start.demo),
                Workshop::new(post.clone(), start.workshop),
                Edits::new(start.edits),
            ),
            keeper: Keeper::new(start.state_file, base, complain),
            savers: Savers::new(start.saved, post.clone()),
            looks: start.looks,
            bundles: start.bundles,
            recorder,
            light: start.light,
            post: post.clone(),
            dark: false,
            end: None,
        };
        Ok((shell, effects))
    }

    async fn run(mut self, mut mailbox: Mailbox, effects: Effects) -> io::Result<u8> {
        self.carry_out(effects);
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.end.is_none() {
            let unseen = self.driver.outputs.due();
            let wake = [self.frames.due(), self.keeper.due(), unseen]
                .into_iter()
                .flatten()
                .min();
            tokio::select! {
                biased;
                Some(control) = mailbox.control.recv() => {
                    self.control(control, &mut mailbox);
                    self.control_turn(&mut mailbox);
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {
                    if unseen.is_some_and(|due| due <= Instant::now()) {
                        self.output_turn();
                    }
                }
                _ = seconds.tick() => self.update(Msg::Tick, Cause::Rows),
                () = self.driver.outputs.written() => {
                    self.output_turn();
                    // Rows do not wait for a program to be silent.
                    if let Ok(event) = mailbox.data.try_recv() {
                        self.data_turn(event, &mut mailbox);
                    }
                }
                Some(event) = mailbox.data.recv() => self.data_turn(event, &mut mailbox),
            }
            self.draw_if_due();
            self.keep_if_due();
        }
        self.keeper.end();
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
        }
        Ok(self.end.unwrap_or(0))
    }

    /// Everything on the control lane.
    fn control_turn(&mut self, mailbox: &mut Mailbox) {
        for _ in 0..TURN {
            match mailbox.control.try_recv() {
                Ok(control) => self.control(control, mailbox),
                Err(_) => return,
            }
        }
    }

    /// Some of what programs have written, those that are seen first.
    fn output_turn(&mut self) {
        let seen: Vec<_> = self.app.seen_programs().collect();
        let begun = Instant::now();
        for (id, item) in self.driver.outputs.turn(&seen, begun) {
            self.update(Msg::Exec(id, item), Cause::Stream);
        }
        let done = Instant::now();
        self.driver.outputs.worked(done - begun, done);
    }

    /// Rows for a while, or until a key comes.
    fn data_turn(&mut self, first: Event, mailbox: &mut Mailbox) {
        let begun = Instant::now();
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(event) = next {
            let cause = match event {
                Event::Log { .. } => Cause::Stream,
                _ => Cause::Rows,
            };
            self.update(driver::message(event), cause);
            taken += 1;
            if taken == TURN || begun.elapsed() >= DATA_TURN || !mailbox.control.is_empty() {
                return;
            }
            next = mailbox.data.try_recv().ok();
        }
    }

    fn control(&mut self, control: Control, mailbox: &mut Mailbox) {
        match control {
            Control::Msg(msg) => self.update(msg, Cause::Person),
            Control::Made(made) => {
                if let Some(msg) = self.driver.made(made, || mailbox.fresh_data()) {
                    self.update(msg, Cause::Person);
                }
            }
            Control::Mouse(x, y, mouse) => {
                let hit = self.face.hit(x, y);
                self.update(Msg::Mouse(hit, mouse), Cause::Person);
            }
            Control::Ground(light) => self.grounded(light),
            Control::KeysApart => {
                let bytes = self.terminal.keys_apart();
                self.write(bytes);
                self.update(Msg::KeysApart, Cause::Rows);
            }
            Control::Resized => self.resized(),
            Control::Suspend => {
                self.dark = true;
                signals::stop();
            }
            Control::Resume => match self.terminal.take_again() {
                Ok(()) => {
                    self.dark = false;
                    self.resized();
                }
                Err(error) => self.lost(&error),
            },
            Control::End(code) => self.end = Some(code),
            Control::Gone => self.lost(&io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn resized(&mut self) {
        let (columns, rows) = self.terminal.size();
        self.frames.reset((columns, rows));
        self.update(Msg::Resize(columns, rows), Cause::Person);
        self.frames.want(Cause::Person, Instant::now());
    }

    fn update(&mut self, msg: Msg, cause: Cause) {
        self.driver.heard(&msg);
        journal::heard(&msg);
        let now = now();
        let over = self
            .recorder
            .as_mut()
            .and_then(|it| it.note(&self.app, &msg, now));
        let effects = self.app.update(msg, now);
        self.recorded(over);
        self.carry_out(effects);
        if self.app.take_dirty() {
            self.frames.want(cause, Instant::now());
        }
    }

    /// Something was recorded; when the recording is over with it, that is told.
    fn recorded(&mut self, over: Option<Notice>) {
        if let Some(notice) = over {
            self.recorder = None;
            self.update(Msg::Notice(notice), Cause::Rows);
        }
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            journal::asked(&effect);
            match effect {
                Effect::Quit => self.end = Some(0),
                Effect::SaveState(state) => self.keeper.keep(state, Instant::now()),
                Effect::Save { id, name, copy } => self.savers.begin(id, &name, copy, now()),
                Effect::SavePart { id, text, last } => self.savers.part(id, text, last),
                Effect::Theme(name) => self.wear(&name),
                Effect::Reload => self.reload(),
                Effect::PlanBundle => {
                    let lines = self.bundle().lines();
                    self.update(Msg::Bundled(lines), Cause::Person);
                }
                Effect::Bundle => self.write_bundle(),
                Effect::Copy(text) => self.write(&terminal::copy(&text)),
                Effect::Bell => self.write(terminal::BELL),
                Effect::Motion(wanted) => {
                    let bytes = self.terminal.motion(wanted);
                    self.write(bytes);
                }
                effect => self.driver.carry_out(effect),
            }
        }
    }

    fn wear(&mut self, name: &str) {
        match (self.looks.theme)(name) {
            Ok(theme) => {
                self.face.wear(theme);
                self.frames.want(Cause::Person, Instant::now());
            }
            Err(notice) => self.update(Msg::Notice(notice), Cause::Person),
        }
    }

    /// Where anything in the files is wrong, what was in force stays.
    fn reload(&mut self) {
        match (self.looks.reload)() {
            Ok(new) => {
                if let Err(error) = self.terminal.take_mouse(new.mouse) {
                    return self.lost(&error);
                }
                self.driver.rule(new.rules);
                self.driver.guard(Guards {
                    readonly: new.settings.readonly,
                    contexts: new.settings.contexts.clone(),
                });
                self.update(Msg::Reloaded(Box::new(new.settings)), Cause::Person);
            }
            Err(notices) => {
                for notice in notices {
                    self.update(Msg::Notice(notice), Cause::Person);
                }
            }
        }
    }

    fn bundle(&self) -> Bundle {
        (self.looks.bundle)().with_session(&self.app)
    }

    /// Writes the support bundle beside the loop: a slow disk stops nothing.
    fn write_bundle(&self) {
        let (bundle, folder, post) = (self.bundle(), self.bundles.clone(), self.post.clone());
        tokio::task::spawn_blocking(move || {
            let notice = match bundle.write_into(&folder) {
                Ok(file) => Notice::info(format!("the bundle is {}", file.display())),
                Err(error) => Notice {
                    why: error.to_string().into(),
                    ..Notice::warning(
                        format!("no bundle can be written into {}", folder.display()),
                        "`quarterdeck bundle --output FILE` writes it elsewhere",
                    )
                },
            };
            post.send_or_lose(Msg::Notice(notice));
        });
    }

    /// The terminal has told the colour of its ground.
    fn grounded(&mut self, light: bool) {
        if let Some(theme) = self.light.take().filter(|_| light) {
            self.face.wear(theme);
            self.frames.want(Cause::Rows, Instant::now());
        }
    }

    fn draw_if_due(&mut self) {
        let now = Instant::now();
        if self.dark || self.frames.due().is_none_or(|due| due > now) {
            return;
        }
        let (app, face) = (&self.app, &mut self.face);
        let drawn = self.frames.draw(now, |buffer| face.paint(app, buffer));
        let written = drawn.and_then(|bytes| {
            if bytes.is_empty() {
                Ok(())
            } else {
                self.terminal.write(bytes)
            }
        });
        if let Err(error) = written {
            self.lost(&error);
        }
        self.frames.took(now.elapsed());
        let over = self.recorder.as_mut().and_then(Recorder::drawn);
        self.recorded(over);
    }

    fn write(&mut self, bytes: &[u8]) {
        if !self.dark
            && let Err(error) = self.terminal.write(bytes)
        {
            self.lost(&error);
        }
    }

    /// Nobody can see us any more.
    fn lost(&mut self, error: &io::Error) {
        tracing::warn!("the terminal is gone: {error}");
        self.dark = true;
        self.end.get_or_insert(1);
    }

    fn keep_if_due(&mut self) {
        if self.keeper.due().is_some_and(|due| due <= Instant::now()) {
            self.keeper.write();
        }
    }
}

fn not_kept(why: String) -> Notice {
    Notice {
        why: why.into(),
        ..Notice::warning(
            "the state between runs cannot be kept",
            "`quarterdeck info` says where it is",
        )
    }
}
