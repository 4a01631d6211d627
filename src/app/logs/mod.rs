//! Logs between the screens and the edge: opening one, letting containers join, taking in what
//! they bring, saving it.

mod earlier;
mod opening;
pub(super) mod save;

use super::App;
use super::effect::{Effect, Effects};
use super::msg::Id;
use super::notice::Notice;
use super::overlay::{Choice, Overlay, Pick};
use super::screens::Screen;
use super::screens::logs::{LogScreen, TAIL};
use super::tabs::every;
use crate::command::Command;
use crate::domain::logs::{Chunk, Item, Reading, SourceState, Start};
use crate::domain::time::{Millis, Timestamp};

impl App {
    /// A command on the log screen that needs the edge. False when it is none.
    pub(super) fn log_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return false;
        };
        let start = match command {
            Command::LogTail => Start::Tail(TAIL),
            Command::LogHead => Start::Head,
            Command::Log1m => Start::Since(Millis::minutes(1)),
            Command::Log5m => Start::Since(Millis::minutes(5)),
            Command::Log15m => Start::Since(Millis::minutes(15)),
            Command::Log30m => Start::Since(Millis::minutes(30)),
            Command::Log1h => Start::Since(Millis::minutes(60)),
            Command::PreviousLogs => {
                let previous = !screen.reading.previous;
                let start = screen.reading.start;
                self.read_again(start, previous, effects);
                return true;
            }
            Command::EarlierLines => {
                self.load_earlier(effects);
                return true;
            }
            Command::CopyLines => {
                let text = screen.copied();
                screen.selecting = None;
                self.put_on_clipboard(text, effects);
                return true;
            }
            Command::Filters => {
                self.choose_filter();
                return true;
            }
            Command::SaveLog => {
                self.save_log(effects);
                return true;
            }
            _ => return false,
        };
        let previous = screen.reading.previous;
        self.read_again(start, previous, effects);
        true
    }

    /// The filters in force: the chosen one is taken away.
    fn choose_filter(&mut self) {
        let Screen::Logs(screen) = self.screen() else {
            return;
        };
        let names = screen.narrowing();
        if names.is_empty() {
            return self.notify(Notice::info("no filter is in force"));
        }
        self.overlay = Some(Overlay::Pick(Pick {
            title: "Take which filter away?".into(),
            chosen: names.len() - 1,
            names,
            of: Choice::Narrowing,
        }));
    }

    /// Reads anew from another beginning. Filters, search and looks stay.
    fn read_again(&mut self, start: Start, previous: bool, effects: &mut Effects) {
        let id = self.next_id();
        let limit = self.world.log_bytes;
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return;
        };
        let members = screen.target.members(&self.world.fleet);
        if previous && !members.iter().any(|member| member.has_log(true)) {
            return self.notify(no_previous_run());
        }
        effects.push(Effect::CloseLog(screen.id));
        save::end_saving(screen, effects);
        if let Some(earlier) = screen.earlier.take() {
            effects.push(Effect::CloseLog(earlier.id));
        }
        let reading = reading_from(start, previous);
        let fresh = LogScreen::new(id, screen.target.clone(), reading, limit);
        let old = std::mem::replace(&mut **screen, fresh);
        screen.log.set_order(old.log.order());
        screen.filters = old.filters;
        screen.level = old.level;
        screen.search = old.search;
        screen.columns = old.columns;
        (screen.times, screen.wrap, screen.left) = (old.times, old.wrap, old.left);
        (screen.fullscreen, screen.page) = (old.fullscreen, old.page);
        screen.look_again(old.shown.context(), old.shown.folded());
        screen.join(&members, effects);
    }

    /// A source brought something.
    pub(super) fn take_log(&mut self, id: Id, chunk: Chunk, effects: &mut Effects) {
        let now = self.world.now;
        let at = self.at;
        let beside = self.log_beside();
        let mut again = None;
        let mut came = None;
        let ended = |item: &Item| matches!(item, Item::State(SourceState::Ended));
        let ended = chunk.items.iter().any(ended);
        for (n, screen) in every(&mut self.screens, &mut self.tabs).enumerate() {
            let Screen::Logs(screen) = screen else {
                continue;
            };
            if screen.id == id {
                again = screen.log.take(chunk, now);
                let seen = n == at || beside == Some(id);
                self.dirty |= screen.freshen_seen(seen);
                again = again.filter(|_| screen.timer.is_none());
                break;
            }
            if screen
                .earlier
                .as_ref()
                .is_some_and(|earlier| earlier.id == id)
            {
                came = screen.take_earlier(chunk);
                self.dirty |= n == at;
                break;
            }
        }
        if let Some(came) = came {
            effects.push(Effect::CloseLog(id));
            self.notify(came.into());
        }
        if ended {
            // A pod may have come under the name of the one that is gone.
            self.join_logs(effects);
        }
        if let Some(until) = again {
            self.wake_log(id, until, effects);
        }
        self.keep_to_the_limit();
    }

    /// All logs together keep to the limit: the largest gives up lines.
    fn keep_to_the_limit(&mut self) {
        let limit = self.world.log_bytes;
        loop {
            let logs = every(&mut self.screens, &mut self.tabs).filter_map(|screen| match screen {
                Screen::Logs(screen) => Some(screen),
                _ => None,
            });
            let mut bytes = 0;
            let mut largest: Option<&mut Box<LogScreen>> = None;
            for screen in logs {
                let own = screen.log.buffer().bytes();
                bytes += own;
                if largest
                    .as_ref()
                    .is_none_or(|known| known.log.buffer().bytes() < own)
                {
                    largest = Some(screen);
                }
            }
            let Some(largest) = largest.filter(|_| bytes > limit) else {
                return;
            };
            if !largest.log.evict() {
                return;
            }
            largest.freshen();
        }
    }

    fn wake_log(&mut self, id: Id, until: Timestamp, effects: &mut Effects) {
        let timer = self.next_id();
        let wait = until.since(self.world.now);
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::Logs(screen) = screen
                && screen.id == id
            {
                screen.timer = Some((timer, until));
                effects.push(Effect::After(timer, Millis(wait.0.max(1))));
            }
        }
    }

    /// A timer of a log: lines that waited for earlier ones go on, and more kept lines are looked
    /// at.
    pub(super) fn log_timer(&mut self, timer: Id, effects: &mut Effects) {
        let at = self.at;
        let beside = self.log_beside();
        let mut again = None;
        for (n, screen) in every(&mut self.screens, &mut self.tabs).enumerate() {
            let Screen::Logs(screen) = screen else {
                continue;
            };
            let Some((_, until)) = screen.timer.take_if(|(id, _)| *id == timer) else {
                continue;
            };
            // A timer that rang proves that its instant has come, also where the clock was set back.
            let now = self.world.now.max(until);
            let until = screen.log.release(now);
            let seen = n == at || beside == Some(screen.id);
            self.dirty |= screen.freshen_seen(seen);
            again = until.map(|until| (screen.id, until));
        }
        if let Some((id, until)) = again {
            self.wake_log(id, until, effects);
        }
    }

    /// The log that is seen in the other half.
    fn log_beside(&self) -> Option<Id> {
        match self.beside()?.0 {
            Screen::Logs(screen) => Some(screen.id),
            _ => None,
        }
    }

    /// After each message: looking at kept lines goes on in steps until it is done.
    pub(super) fn look_at_logs(&mut self, effects: &mut Effects) {
        let now = self.world.now;
        let at = self.at;
        let mut wake = Vec::new();
        let mut saving = Vec::new();
        for (n, screen) in every(&mut self.screens, &mut self.tabs).enumerate() {
            let Screen::Logs(screen) = screen else {
                continue;
            };
            if screen.timer.is_none() && !screen.is_complete() {
                screen.work();
                self.dirty |= n == at;
                wake.push(screen.id);
            }
            saving.extend(screen.saving.as_ref().map(|saving| saving.id));
        }
        for id in wake {
            self.wake_log(id, now, effects);
        }
        for id in saving {
            self.save_more(id, effects);
        }
    }

    /// Pods came, went, or changed: containers join their logs.
    pub(super) fn join_logs(&mut self, effects: &mut Effects) {
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::Logs(screen) = screen {
                let members = screen.target.members(&self.world.fleet);
                screen.join(&members, effects);
            }
        }
    }
}

/// The log from there on; only the present run is followed.
pub(super) fn reading_from(start: Start, previous: bool) -> Reading {
    Reading {
        start,
        follow: !previous,
        previous,
        ..Reading::once()
    }
}

fn no_previous_run() -> Notice {
    Notice::info("no container of it was restarted: there is no previous run")
}

/// `1 line`, `312 lines`
fn counted(n: usize, one: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {one}{plural}")
}
