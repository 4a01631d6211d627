//! Logs between the screens and the edge: opening one for what is selected, letting containers
//! join, taking in what they bring.

use super::App;
use super::effect::{Effect, Effects};
use super::msg::Id;
use super::notice::Notice;
use super::screens::logs::{EARLIER, Earlier, LogScreen, TAIL};
use super::screens::shell::Way;
use super::screens::{ListScreen, Screen, Source as Rows};
use super::tabs::every;
use crate::command::Command;
use crate::domain::feed::Scope;
use crate::domain::logs::buffer::Older;
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::target::Target;
use crate::domain::logs::{Chunk, Item, Nanos, Reading, SourceId, SourceState, Start};
use crate::domain::selector::Selector;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};

impl App {
    /// `l`: the log of what is selected.
    pub(super) fn open_logs(&mut self, previous: bool, effects: &mut Effects) {
        let Some(target) = self.log_target() else {
            return self.notify(Notice::info("nothing that has a log is selected"));
        };
        self.show_log(target, previous, effects);
    }

    /// `:logs` with words behind it.
    pub(super) fn open_named_logs(&mut self, words: &str, effects: &mut Effects) {
        let target = match words.strip_prefix("-l ") {
            Some(text) => Selector::parse(text.trim())
                .map(|selector| Target::Selector(Text::new(text.trim()), selector)),
            None if words.contains('=') && !words.contains('/') => {
                Selector::parse(words).map(|selector| Target::Selector(Text::new(words), selector))
            }
            None => Target::parse(words, Scope::only(&self.world.scopes)),
        };
        match target {
            Ok(target)
                if !matches!(target, Target::Selector(..))
                    && target.members(&self.world.fleet).is_empty() =>
            {
                self.notify(Notice::warning(
                    format!("{target} has no containers in the namespaces that are shown"),
                    "look for it with `:pods` or `:releases`",
                ));
            }
            Ok(target) => self.show_log(target, false, effects),
            Err(why) => self.notify(Notice::warning(why, "`:logs release/shop-prod/shop`")),
        }
    }

    fn show_log(&mut self, target: Target, previous: bool, effects: &mut Effects) {
        let members = target.members(&self.world.fleet);
        if previous && !members.iter().any(|member| member.has_log(true)) {
            return self.notify(no_previous_run());
        }
        let id = self.next_id();
        let reading = reading_from(Start::Tail(TAIL), previous);
        let mut screen = LogScreen::new(id, target, reading, self.world.log_bytes);
        if !previous {
            self.begin_with_the_cause(&mut screen, effects);
        }
        screen.join(&members, effects);
        self.push(Screen::Logs(Box::new(screen)), effects);
    }

    /// The page begins with the end of the run that failed. Where the container runs again, what explains its failure stands in the
    /// run before: that one is read first.
    fn begin_with_the_cause(&mut self, screen: &mut LogScreen, effects: &mut Effects) {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return;
        };
        let culprit = list
            .selected()
            .and_then(|row| source.culprit(&self.world, row));
        let Some(culprit) = culprit else { return };
        let members = screen.target.members(&self.world.fleet);
        let member = members.iter().find(|member| {
            member.source.pod == culprit.pod.name
                && member.source.namespace == culprit.pod.namespace
                && member.source.container == culprit.container
        });
        let Some(member) = member.filter(|member| member.started) else {
            return;
        };
        if member.failed {
            // What it wrote before it failed is its present log.
            screen.wanted_source = Some(member.source.clone());
            return;
        }
        if !(culprit.previous && member.running) {
            return;
        }
        screen.wanted_source = Some(member.source.clone());
        let Some((id, _)) = screen.log.join([&member.source]).pop() else {
            return;
        };
        screen.remark = Some(format!(
            "begins with the run of {} before the present one: that is where the cause is",
            culprit.container
        ));
        effects.push(Effect::ReadLog {
            log: screen.id,
            source: id,
            of: member.source.clone(),
            reading: Reading {
                before: true,
                ..screen.reading.clone()
            },
        });
    }

    /// What the log of the selection, or of the marked rows, is of.
    pub(super) fn log_target(&self) -> Option<Target> {
        let Screen::List(ListScreen { source, list }) = self.screen() else {
            return None;
        };
        let rows = source.rows();
        let keys: Vec<u32> = if list.marks.is_empty() {
            list.selected().into_iter().collect()
        } else {
            let marked = |row: &&u32| list.marks.contains(&rows.key(&self.world, **row));
            list.order.rows().iter().filter(marked).copied().collect()
        };
        let mut targets: Vec<Target> = keys
            .into_iter()
            .filter_map(|row| self.log_target_of(source, row))
            .collect();
        match targets.len() {
            0 => None,
            1 => targets.pop(),
            _ => Some(Target::Several(targets)),
        }
    }

    fn log_target_of(&self, source: &Rows, row: u32) -> Option<Target> {
        let key = source.rows().key(&self.world, row);
        let (namespace, name) = (key.namespace, key.name);
        Some(match source {
            Rows::Projects(_) => Target::Project(name),
            Rows::Releases(_) => Target::Release { namespace, name },
            Rows::Pods(_) => Target::Pod { namespace, name },
            Rows::Workloads(_) => {
                let object = source.rows().target(&self.world, row)?;
                Target::Workload {
                    kind: object.kind,
                    namespace: object.namespace,
                    name: object.name,
                }
            }
            Rows::Containers(rows) => Target::Container(crate::domain::logs::Source {
                namespace: rows.pod.namespace.clone(),
                pod: rows.pod.name.clone(),
                container: name,
            }),
            Rows::Table(_) => {
                let object = source.rows().target(&self.world, row)?;
                crate::domain::rows::Kind::from_name(&object.kind)?;
                Target::Workload {
                    kind: object.kind,
                    namespace: object.namespace,
                    name: object.name,
                }
            }
            _ => return None,
        })
    }

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
            Command::SaveLog => {
                self.save_log_to(None, effects);
                return true;
            }
            _ => return false,
        };
        let previous = screen.reading.previous;
        self.read_again(start, previous, effects);
        true
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

    /// Saves the lines that pass the filters, for good or for a program that shows them once.
    pub(super) fn save_log_to(&mut self, way: Option<Way>, effects: &mut Effects) {
        let id = self.next_id();
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return;
        };
        if screen.saving.is_some() {
            return self.notify(Notice::info("the lines are being saved"));
        }
        screen.begin_to_save(id);
        let name = screen.target.title();
        if let Some(way) = way {
            self.copies.insert(id, (way, Text::new(&name)));
        }
        effects.push(Effect::Save {
            id,
            name,
            copy: way.is_some(),
        });
        self.save_more(id, effects);
    }

    /// What was saved last is written: the next part follows. Lines are taken part by part, so
    /// that no key waits for them and a slow disk does not fill memory.
    pub(super) fn save_more(&mut self, id: Id, effects: &mut Effects) {
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::Logs(screen) = screen
                && screen.saving.is_some_and(|saving| saving.id == id)
                && let Some((id, text, last)) = screen.next_to_save()
            {
                effects.push(Effect::SavePart { id, text, last });
            }
        }
    }

    /// `<`: lines from before the first one of each container.
    fn load_earlier(&mut self, effects: &mut Effects) {
        let id = self.next_id();
        let Screen::Logs(screen) = &mut self.screens[self.at] else {
            return;
        };
        if screen.earlier.is_some() {
            return self.notify(Notice::info("earlier lines are on their way"));
        }
        let mut earlier = Earlier {
            id,
            ..Earlier::default()
        };
        for (n, info) in screen.log.sources().iter().enumerate() {
            let Some((first, _)) = info.span else {
                continue;
            };
            let source = SourceId(u32::try_from(n).unwrap_or(u32::MAX));
            let known = u32::try_from(info.lines).unwrap_or(u32::MAX);
            earlier.open.insert(source, true);
            effects.push(Effect::ReadLog {
                log: id,
                source,
                of: info.source.clone(),
                reading: Reading {
                    start: Start::Tail(known.saturating_add(EARLIER)),
                    follow: false,
                    previous: screen.reading.previous,
                    until: Some(first),
                    before: false,
                },
            });
        }
        if !earlier.open.is_empty() {
            screen.earlier = Some(earlier);
        }
    }

    /// A source brought something.
    pub(super) fn take_log(&mut self, id: Id, chunk: Chunk, effects: &mut Effects) {
        let now = self.world.now;
        let at = self.at;
        let beside = self.log_beside();
        let mut again = None;
        let mut came = None;
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
        if let Some(lines) = came {
            effects.push(Effect::CloseLog(id));
            self.notify(Notice::info(match lines {
                0 => "the server keeps no earlier lines".to_owned(),
                lines => format!("{lines} earlier lines"),
            }));
        }
        if let Some(until) = again {
            self.wake_log(id, until, effects);
        }
        self.keep_to_the_limit();
    }

    /// The log that is seen in the other half.
    fn log_beside(&self) -> Option<Id> {
        match self.beside()?.0 {
            Screen::Logs(screen) => Some(screen.id),
            _ => None,
        }
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

    /// After each message: looking at kept lines goes on in steps until it is done.
    pub(super) fn look_at_logs(&mut self, effects: &mut Effects) {
        let Screen::Logs(screen) = &self.screens[self.at] else {
            return;
        };
        if screen.timer.is_some() || screen.is_complete() {
            return;
        }
        let id = screen.id;
        if let Screen::Logs(screen) = &mut self.screens[self.at] {
            screen.work();
            self.dirty = true;
        }
        self.wake_log(id, self.world.now, effects);
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
fn reading_from(start: Start, previous: bool) -> Reading {
    Reading {
        start,
        follow: !previous,
        previous,
        until: None,
        before: false,
    }
}

fn no_previous_run() -> Notice {
    Notice::info("no container of it was restarted: there is no previous run")
}

impl Earlier {
    fn keep(&mut self, source: SourceId, (at, raw): (Option<Nanos>, &[u8]), cut: u64) {
        // What has no stamp belongs to the line before it.
        let at = at.or_else(|| self.lines.last().map(|line| line.at));
        self.lines.push(Older {
            at: at.unwrap_or_default(),
            source,
            raw: raw.to_vec(),
            cut,
        });
    }
}

impl LogScreen {
    /// Earlier lines came; how many, once all sources have told theirs.
    fn take_earlier(&mut self, chunk: Chunk) -> Option<usize> {
        let earlier = self.earlier.as_mut()?;
        let mut stamps = Stamps::default();
        for item in chunk.items {
            match item {
                Item::Lines(bytes) => {
                    for line in bytes
                        .split(|byte| *byte == b'\n')
                        .filter(|line| !line.is_empty())
                    {
                        earlier.keep(chunk.source, stamps.split(line), 0);
                    }
                }
                Item::Long(head, cut) => earlier.keep(chunk.source, stamps.split(&head), cut),
                Item::State(SourceState::Ended) => {
                    earlier.open.remove(&chunk.source);
                }
                _ => {}
            }
        }
        if !earlier.open.is_empty() {
            return None;
        }
        let lines = self.earlier.take()?.lines;
        let count = lines.len();
        self.log.prepend(lines);
        Some(count)
    }
}
