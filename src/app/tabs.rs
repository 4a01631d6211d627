//! Tabs: several paths of screens at once, and two of them side by side.
//!
//! Each tab has a path of screens of its own. The screens of the tab that has the keyboard are
//! those of [`App`]; the others are parked, and go on taking in what comes for them.

use super::App;
use super::effect::Effects;
use super::layout::{self, Regions, Split};
use super::msg::Id;
use super::notice::Notice;
use super::overlay::{Confirm, Overlay};
use super::screens::fleet::Projects;
use super::screens::shell::News;
use super::screens::{Screen, Source as Rows};
use crate::command::Command;

/// A tab that is not seen.
#[derive(Debug, Default)]
pub struct Tab {
    screens: Vec<Screen>,
    at: usize,
}

impl Tab {
    /// The screen that would be seen.
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.get(self.at)
    }

    /// All its screens.
    pub(super) fn screens_mut(&mut self) -> impl Iterator<Item = &mut Screen> {
        self.screens.iter_mut()
    }
}

/// All screens of all tabs, those of the seen tab first: a place below its length is one of them.
pub(super) fn every<'a>(
    screens: &'a mut [Screen],
    tabs: &'a mut [Tab],
) -> impl Iterator<Item = &'a mut Screen> {
    screens
        .iter_mut()
        .chain(tabs.iter_mut().flat_map(|tab| &mut tab.screens))
}

/// Two tabs that are seen together whenever one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The left or upper one, and the other.
    tabs: [usize; 2],
    split: Split,
}

impl Pair {
    /// Whether it is the first or the second half that shows this tab.
    fn half(self, tab: usize) -> Option<usize> {
        self.tabs.iter().position(|&it| it == tab)
    }
}

impl App {
    /// The visible screen of each tab, in order.
    pub fn tab_screens(&self) -> impl Iterator<Item = (bool, &Screen)> {
        self.tabs.iter().enumerate().filter_map(|(n, tab)| {
            if n == self.tab {
                Some((true, self.screen()))
            } else {
                Some((false, tab.screen()?))
            }
        })
    }

    /// The screens of each tab up to the visible one, and whether it is the seen tab.
    pub(super) fn tab_paths(&self) -> impl Iterator<Item = (bool, &[Screen])> {
        self.tabs.iter().enumerate().filter_map(|(n, tab)| {
            if n == self.tab {
                Some((true, self.screens.get(..=self.at)?))
            } else {
                Some((false, tab.screens.get(..=tab.at)?))
            }
        })
    }

    /// How many tabs there are.
    pub fn tab_count(&self) -> usize {
        self.tabs.len()
    }

    /// Shows the n-th tab.
    pub(super) fn show_tab(&mut self, n: usize) {
        if n >= self.tabs.len() || n == self.tab {
            return;
        }
        self.swap_tab();
        self.seen_before = Some(self.tab);
        self.tab = n;
        self.swap_tab();
        self.seen();
        self.overlay = None;
        self.arrive();
    }

    /// `:tab 2`
    pub(super) fn show_named_tab(&mut self, words: &str) {
        if let Some(n) = self.named_tab(words) {
            self.show_tab(n);
        }
    }

    /// The tab that a number names; says so when there is none.
    fn named_tab(&mut self, words: &str) -> Option<usize> {
        let words = words.trim();
        let numbered = words.parse::<usize>().ok();
        let found = numbered.filter(|n| (1..=self.tabs.len()).contains(n));
        if found.is_none() {
            self.notify(Notice::warning(
                format!("there is no tab `{words}`"),
                format!("tabs are numbered from 1 to {}", self.tabs.len()),
            ));
        }
        found.map(|n| n - 1)
    }

    /// Exchanges the seen screens with those that are kept for the tab.
    fn swap_tab(&mut self) {
        let tab = &mut self.tabs[self.tab];
        std::mem::swap(&mut self.screens, &mut tab.screens);
        std::mem::swap(&mut self.at, &mut tab.at);
    }

    fn seen(&mut self) {
        match &mut self.screens[self.at] {
            Screen::Shell(shell) => shell.news = News::None,
            Screen::Logs(log) => log.news = false,
            _ => {}
        }
        self.dirty = true;
    }

    /// A new tab that begins with this screen.
    pub(super) fn new_tab(&mut self, screen: Screen) {
        self.tabs.push(Tab {
            screens: vec![screen],
            at: 0,
        });
        self.show_tab(self.tabs.len() - 1);
    }

    /// Closes the tab that is seen.
    pub(super) fn close_tab(&mut self, effects: &mut Effects) {
        self.close_nth_tab(self.tab, effects);
    }

    /// The tab on which this pane is.
    pub(super) fn tab_of_pane(&self, id: Id) -> Option<usize> {
        let is_it = |screen: &Screen| matches!(screen, Screen::Shell(shell) if shell.id == id);
        if self.screens.iter().any(is_it) {
            return Some(self.tab);
        }
        self.tabs
            .iter()
            .position(|tab| tab.screens.iter().any(is_it))
    }

    /// Closes the tab on which this pane is.
    pub(super) fn close_pane(&mut self, id: Id, effects: &mut Effects) {
        if let Some(n) = self.tab_of_pane(id) {
            self.close_nth_tab(n, effects);
        }
    }

    /// Closes a tab; where it is the only one, home takes its place.
    fn close_nth_tab(&mut self, n: usize, effects: &mut Effects) {
        if self.tabs.len() < 2 {
            let home = Screen::list(Rows::Projects(Projects), &self.world);
            let gone = std::mem::replace(&mut self.screens, vec![home]);
            Self::forget(&gone, effects);
            self.at = 0;
            return self.arrive();
        }
        self.swap_tab();
        let gone = self.tabs.remove(n);
        Self::forget(&gone.screens, effects);
        if n == self.tab {
            // Of two halves the other one stays; else what was seen before is seen again.
            let next = self
                .pair
                .and_then(|pair| Some(pair.tabs[1 - pair.half(n)?]))
                .or(self.seen_before)
                .unwrap_or(n);
            self.tab = (next - usize::from(next > n)).min(self.tabs.len() - 1);
        } else {
            self.tab -= usize::from(self.tab > n);
        }
        self.forget_tab(n);
        self.swap_tab();
        self.seen();
        self.arrive();
    }

    /// Back to home; of the tabs only builds stay: shells and logs are of the old cluster.
    pub(super) fn leave_for_another_cluster(&mut self, effects: &mut Effects) {
        let builds =
            |tab: &Tab| matches!(tab.screen(), Some(Screen::Logs(log)) if log.build.is_some());
        self.swap_tab();
        let (stay, gone): (Vec<Tab>, Vec<Tab>) =
            std::mem::take(&mut self.tabs).into_iter().partition(builds);
        for tab in gone {
            Self::forget(&tab.screens, effects);
        }
        self.screens = vec![Screen::list(Rows::Projects(Projects), &self.world)];
        (self.at, self.tab) = (0, 0);
        (self.pair, self.seen_before) = (None, None);
        self.tabs = std::iter::once(Tab::default()).chain(stay).collect();
        self.overlay = None;
        self.arrive();
    }

    /// What would end with this screen: programs, with their titles.
    fn program(screen: &Screen) -> Option<String> {
        match screen {
            Screen::Shell(shell) if shell.is_live() => Some(shell.title()),
            Screen::Shell(shell) => shell.unapplied(),
            _ => None,
        }
    }

    /// The same, and builds, which need no cluster.
    fn program_or_build(screen: &Screen) -> Option<String> {
        match screen {
            Screen::Logs(log) if log.build.as_ref().is_some_and(|it| it.build.runs()) => {
                Some(screen.title())
            }
            screen => Self::program(screen),
        }
    }

    fn each(&self) -> impl Iterator<Item = &Screen> {
        let parked = self.tabs.iter().flat_map(|tab| &tab.screens);
        self.screens.iter().chain(parked)
    }

    /// What ends when this cluster is left.
    pub(super) fn programs(&self) -> Vec<String> {
        self.each().filter_map(Self::program).collect()
    }

    /// Closing a tab asks while its program runs.
    pub(super) fn ask_to_close(&mut self, effects: &mut Effects) {
        if self.tabs.len() < 2 {
            return self.notify(Notice::info("this is the only tab; :q leaves quarterdeck"));
        }
        // An edit that is not applied stays in its file, which is told: no need to ask.
        let asks = |screen: &&Screen| match screen {
            Screen::Shell(shell) => shell.is_live(),
            _ => true,
        };
        let live: Vec<String> = (self.screens.iter().filter(asks))
            .filter_map(Self::program_or_build)
            .collect();
        if live.is_empty() {
            self.close_tab(effects);
        } else {
            self.overlay = Some(Overlay::Confirm(Confirm::close(live)));
        }
    }

    /// Programs and builds that end with the program.
    pub(super) fn what_would_end(&self) -> Vec<String> {
        self.each().filter_map(Self::program_or_build).collect()
    }

    /// Leaving the program asks once, with the list of what still runs.
    pub(super) fn ask_to_quit(&mut self, effects: &mut Effects) {
        let live = self.what_would_end();
        if live.is_empty() {
            self.leave_for_good(effects);
        } else {
            self.overlay = Some(Overlay::Confirm(Confirm::quit_with(live)));
        }
    }

    /// A command about tabs. False when it is none.
    pub(super) fn tab_command(&mut self, command: Command, effects: &mut Effects) -> bool {
        match command {
            Command::NewTab => {
                let home = Screen::list(Rows::Projects(Projects), &self.world);
                self.new_tab(home);
            }
            Command::CloseTab => self.ask_to_close(effects),
            Command::NextTab => self.show_tab((self.tab + 1) % self.tabs.len()),
            Command::PreviousTab => {
                self.show_tab((self.tab + self.tabs.len() - 1) % self.tabs.len());
            }
            Command::SplitColumns => self.split("", Split::Columns),
            Command::SplitRows => self.split("", Split::Rows),
            Command::OtherHalf => self.show_other_half(),
            Command::Unsplit => self.pair = None,
            command => match command.tab() {
                Some(n) => self.show_tab(n - 1),
                None => return false,
            },
        }
        self.fit();
        true
    }

    /// Shows this tab together with the one that `words` names by its number; without a number
    /// with the one it stands with already, the tab that was seen before, or a new one.
    pub(super) fn split(&mut self, words: &str, split: Split) {
        let other = if words.trim().is_empty() {
            self.pair
                .and_then(|pair| Some(pair.tabs[1 - pair.half(self.tab)?]))
                .or(self.seen_before)
        } else {
            match self.named_tab(words) {
                Some(n) => Some(n),
                None => return,
            }
        };
        if other == Some(self.tab) {
            return self.notify(Notice::warning(
                "a tab cannot stand beside itself",
                "name another one by its number",
            ));
        }
        if self.halves_of(split).is_none() {
            return self.notify(Notice::warning(
                "two tabs do not fit on this screen",
                "make the terminal larger",
            ));
        }
        let here = self.tab;
        let other = other
            .filter(|&n| n < self.tabs.len() && n != here)
            .unwrap_or_else(|| {
                let home = Screen::list(Rows::Projects(Projects), &self.world);
                self.new_tab(home);
                self.tab
            });
        // What was there first stands first.
        self.pair = Some(Pair {
            tabs: [here.min(other), here.max(other)],
            split,
        });
        self.fit();
    }

    /// Gives the keyboard to the other half.
    pub(super) fn show_other_half(&mut self) {
        let Some(n) = self.other_half() else {
            return self.notify(Notice::info(
                "one tab is seen; :split shows two side by side",
            ));
        };
        self.show_tab(n);
        // Whoever goes to a shell on purpose wants to type into it.
        if let Screen::Shell(shell) = &mut self.screens[self.at] {
            shell.focused = shell.is_live();
        }
    }

    /// The tab of the half that has not the keyboard, where two are seen.
    pub(super) fn other_half(&self) -> Option<usize> {
        let pair = self.pair?;
        let half = pair.half(self.tab)?;
        self.halves_of(pair.split)?;
        Some(pair.tabs[1 - half])
    }

    /// The regions of the half that has the keyboard and of the other one, where two are seen.
    pub(super) fn halves(&self) -> Option<(Regions, Regions)> {
        let pair = self.pair?;
        let half = pair.half(self.tab)?;
        let regions = self.halves_of(pair.split)?;
        Some((regions[half], regions[1 - half]))
    }

    /// The regions of two halves of this screen, where two fit: above the strip of the tour as long
    /// as they fit there.
    fn halves_of(&self, split: Split) -> Option<[Regions; 2]> {
        let ((columns, rows), strip) = (self.size, self.tour_rows());
        let above = rows
            .checked_sub(strip)
            .filter(|_| strip > 0)
            .and_then(|rows| layout::halves(columns, rows, split));
        match above {
            Some(both) => Some(both.map(|half| half.with_strip(columns, strip))),
            None => layout::halves(columns, rows, split),
        }
    }

    /// The screen of the other half and where it stands.
    pub fn beside(&self) -> Option<(&Screen, Regions)> {
        let screen = self.tabs.get(self.other_half()?)?.screen()?;
        Some((screen, self.halves()?.1))
    }

    /// Does something as if the other half had the keyboard.
    pub(super) fn on_other_half(&mut self, act: impl FnOnce(&mut Self)) {
        let Some(other) = self.other_half() else {
            return;
        };
        let here = self.tab;
        self.swap_tab();
        self.tab = other;
        self.swap_tab();
        act(self);
        self.swap_tab();
        self.tab = here;
        self.swap_tab();
    }

    /// The n-th tab is gone: the places of those after it have moved.
    fn forget_tab(&mut self, n: usize) {
        let moved = |tab: usize| (tab != n).then(|| tab - usize::from(tab > n));
        self.seen_before = self.seen_before.and_then(moved);
        self.pair = self.pair.and_then(|pair| {
            Some(Pair {
                tabs: [moved(pair.tabs[0])?, moved(pair.tabs[1])?],
                ..pair
            })
        });
    }
}
