//! The core: the state of the program and its one transition function.
//!
//! [`App::update`] is pure and synchronous: the present comes in with the message, what is to be
//! done outside goes out as [`Effect`]s. Screens live in [`screens`], one file each; what is the
//! same for all lists is in [`list`]; keys become commands in `keys`, messages of the cluster are
//! taken in by `intake`, and `go` moves between screens.

mod act;
mod choice;
mod consistency;
mod edit;
mod effect;
mod go;
pub mod help;
mod hit;
mod intake;
mod keys;
pub mod layout;
mod line;
pub mod list;
mod logs;
mod mouse;
mod msg;
pub mod notice;
pub mod overlay;
pub mod palette;
mod places;
pub mod preview;
mod recipes;
pub mod redact;
mod rights;
pub mod screens;
mod settings;
pub mod shells;
pub mod status;
pub mod tabs;
#[cfg(test)]
mod tests;
pub mod tour;
mod wizard;
pub mod world;

pub use effect::{BuildOrder, EditStep, Effect, Effects, LocalProgram, Request, Work};
pub use hit::Hit;
pub use msg::{Answer, Edited, Id, Msg, Saved, Worked};
pub use notice::{Notice, Notices, Severity};
pub use settings::Settings;

use crate::config::State;
use crate::domain::feed::Scope;
use crate::domain::fleet::Fleet;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp, Zone};
use crate::input::Keymap;
use crate::key::Key;
use line::WantedLine;
use overlay::Overlay;
use preview::Preview;
pub use screens::shell::Panes;
use screens::shell::Way;
use screens::welcome::Welcome;
use screens::{ListScreen, Screen, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tabs::{Pair, Tab, every};
use world::World;

/// How many screens can be gone back to.
const HISTORY: usize = 50;

/// What the program starts with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Setup {
    /// What the configuration says.
    pub settings: Settings,
    /// What was remembered.
    pub state: State,
    /// The process, as what it remembers names it.
    #[serde(default)]
    pub run: u32,
    /// The zone in which points in time are shown.
    #[serde(skip)]
    pub zone: Zone,
    /// Namespaces asked for at the start; `None` leaves the choice to what is remembered.
    pub scopes: Option<Vec<Scope>>,
    /// The context asked for at the start.
    pub context: Option<Text>,
    /// Start the demo instead of connecting.
    pub demo: bool,
    /// A palette line to carry out at the start.
    pub command: Option<String>,
    /// What was wrong with files that were read at the start.
    pub notices: Vec<Notice>,
    /// Lists are compared with the server's so often; never when `None`.
    pub check: Option<Millis>,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq)]
enum Job {
    /// The text of the text screen with this id.
    Text(Id),
    /// The kinds of the server.
    Resources,
    /// Rights, in this order.
    Access(Vec<crate::domain::feed::AccessQuestion>),
    /// Rights before these are deleted.
    AccessToDelete(
        Vec<crate::domain::feed::AccessQuestion>,
        Vec<crate::domain::session::Target>,
    ),
    /// Rights before it is edited.
    AccessToEdit(
        crate::domain::feed::AccessQuestion,
        crate::domain::session::Target,
    ),
    /// The object is being deleted.
    Delete(crate::domain::session::Target),
    /// Lines for the preview.
    Tail,
    /// Containers of a pod, for the screen of that pod.
    Containers(crate::domain::session::Target),
    /// Events of a pod, for the screen of that pod.
    Events(crate::domain::session::Target),
}

/// The state of the program.
#[derive(Debug)]
pub struct App {
    /// What all screens share.
    pub world: World,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// Key bindings.
    pub keymap: Keymap,
    /// Keys of a sequence that is not complete yet.
    pub pending: Vec<Key>,
    /// The preview of the selection.
    pub preview: Preview,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    screens: Vec<Screen>,
    at: usize,
    /// All tabs; the place of the one that is seen is empty, its screens are those above.
    tabs: Vec<Tab>,
    tab: usize,
    /// The tab that was seen before.
    seen_before: Option<usize>,
    /// A text of our own that was asked for on a pane, and that pane.
    asked_from: Option<(Id, Id)>,
    /// Two tabs that are seen together.
    pair: Option<Pair>,
    jobs: BTreeMap<Id, Job>,
    last_id: u64,
    /// Copies of texts that are being written, and what is to show them.
    copies: BTreeMap<Id, (Way, Text)>,
    wanted_scopes: Option<Vec<Scope>>,
    wanted_line: Option<WantedLine>,
    /// The scope was narrowed by itself because all namespaces are forbidden.
    fell_back: bool,
    production: Vec<regex::Regex>,
    /// What the configuration says; its key map is in force above.
    settings: Settings,
    /// The theme that was chosen over the configured one.
    chosen_theme: Option<String>,
    /// What is drawn with: another one while a theme is chosen.
    worn: String,
    /// Tabs of a run that did not end well, until they are opened again.
    to_restore: Option<crate::config::OpenTabs>,
    run: u32,
    checks: Option<consistency::Checks>,
    tour: Option<tour::Tour>,
    /// The terminal tells of every move of the pointer.
    motion: bool,
    /// When the person's bell was last rung.
    rang: Option<Timestamp>,
    dirty: bool,
    /// What was last told of the fleet on every screen.
    told: intake::Told,
}

impl App {
    /// The program as it stands before anything has happened, and what to do first.
    pub fn new(setup: Setup, size: (u16, u16), now: Timestamp) -> (Self, Effects) {
        let Setup {
            mut settings,
            context,
            ..
        } = setup;
        let mut world = World::new(Fleet::new(settings.labels.clone()), setup.state, now);
        settings.lay_over(&mut world);
        world.readonly = settings.readonly;
        world.zone = setup.zone;
        for notice in setup.notices {
            world.notices.push(now, notice);
        }
        let name = match &context {
            Some(context) => context.clone(),
            None if setup.demo => "demo".into(),
            None => Text::default(),
        };
        world.connecting = Some((name, now));
        if let Some(scopes) = &setup.scopes {
            world.scopes.clone_from(scopes);
        }
        let home = Screen::list(Source::Projects(screens::fleet::Projects), &world);
        let mut app = Self {
            world,
            overlay: None,
            keymap: std::mem::take(&mut settings.keymap),
            pending: Vec::new(),
            preview: Preview::default(),
            size,
            screens: vec![home],
            at: 0,
            tabs: vec![Tab::default()],
            tab: 0,
            seen_before: None,
            asked_from: None,
            pair: None,
            jobs: BTreeMap::new(),
            last_id: 0,
            copies: BTreeMap::new(),
            wanted_scopes: setup.scopes,
            wanted_line: setup.command.map(|line| WantedLine {
                line,
                context: None,
            }),
            fell_back: false,
            production: settings.production(),
            worn: settings.theme.clone(),
            settings,
            chosen_theme: None,
            to_restore: None,
            run: setup.run,
            checks: setup.check.map(consistency::Checks::every),
            tour: None,
            motion: false,
            rang: None,
            dirty: true,
            told: intake::Told::default(),
        };
        app.fit();
        let mut effects = Effects::new();
        app.read_wanted_line(&mut effects);
        let first = if setup.demo {
            Effect::ConnectDemo
        } else {
            Effect::Connect(context)
        };
        effects.insert(0, first);
        (app, effects)
    }

    /// Takes in what happened and says what is to be done.
    pub fn update(&mut self, msg: Msg, now: Timestamp) -> Effects {
        self.world.now = now;
        let mut effects = Effects::new();
        // A shell opens with the answer that its container is there.
        let may_open = matches!(
            msg,
            Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(..) | Msg::Answer(..)
        );
        match msg {
            Msg::Key(key) => {
                self.count_key();
                self.key(key, &mut effects);
            }
            Msg::Paste(text) => self.paste(&text, &mut effects),
            Msg::Mouse(hit, mouse) => self.mouse(hit, mouse, &mut effects),
            Msg::Resize(columns, rows) => {
                self.size = (columns, rows);
                self.fit();
            }
            Msg::KeysApart => self.settings.panes.kitty = true,
            Msg::Tick => self.tick(&mut effects),
            Msg::Timer(id) => self.timer(id, &mut effects),
            Msg::Notice(notice) => self.notify(notice),
            Msg::Terminate => effects.push(Effect::Quit),
            msg => self.take_in(msg, &mut effects),
        }
        self.settle(&mut effects);
        if may_open && !effects.contains(&Effect::Quit) {
            self.remember_tabs(&mut effects);
        }
        effects
    }

    /// Whether something that can be seen changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The screen that is seen.
    pub fn screen(&self) -> &Screen {
        &self.screens[self.at]
    }

    /// The titles from the root of the path to the screen that is seen.
    pub fn crumbs(&self) -> Vec<String> {
        let root = self.root();
        self.screens[root..=self.at]
            .iter()
            .map(Screen::title)
            .collect()
    }

    fn root(&self) -> usize {
        (0..=self.at)
            .rev()
            .find(|&n| self.screens[n].is_root())
            .unwrap_or(0)
    }

    /// Whether the present context is a production one.
    pub fn is_production(&self) -> bool {
        let Some(context) = self.world.context() else {
            return false;
        };
        let demo = self.world.session.as_ref().is_some_and(|s| s.demo);
        let named = || self.production.iter().any(|it| it.is_match(context));
        !demo && self.ruled(|it| it.production).unwrap_or_else(named)
    }

    /// Whether what changes something asks for its name to be typed.
    pub(super) fn demands_name(&self) -> bool {
        self.is_production() || self.ruled(|it| it.demand_name).unwrap_or(false)
    }

    /// The regions of the frame, or of its half that has the keyboard.
    pub fn regions(&self) -> layout::Regions {
        if let Some((here, _)) = self.halves() {
            return here;
        }
        if matches!(self.screen(), Screen::Logs(screen) if screen.fullscreen) {
            return layout::bare(self.size.0, self.size.1);
        }
        self.above_tour(|columns, rows| {
            let strip = self.tabs.len() > 1;
            if matches!(self.screen(), Screen::Shell(_)) {
                return layout::pane(columns, rows, strip);
            }
            let preview = matches!(self.screen(), Screen::List(screen) if screen.source.previews());
            let rows = rows - u16::from(strip).min(rows);
            layout::below(strip, layout::regions(columns, rows, preview))
        })
    }

    fn screen_mut(&mut self) -> (&mut Screen, &World) {
        (&mut self.screens[self.at], &self.world)
    }

    fn next_id(&mut self) -> Id {
        self.last_id += 1;
        Id(self.last_id)
    }

    fn ask(&mut self, job: Job, request: Request, effects: &mut Effects) -> Id {
        let id = self.next_id();
        self.jobs.insert(id, job);
        effects.push(Effect::Fetch(id, request));
        id
    }

    fn notify(&mut self, notice: Notice) {
        self.world.notices.push(self.world.now, notice);
        self.stale_lists(|source| matches!(source, Source::Notices(_)));
        self.dirty = true;
    }

    /// The rows of these lists have changed.
    fn stale_lists(&mut self, which: impl Fn(&Source) -> bool) {
        for screen in every(&mut self.screens, &mut self.tabs) {
            if let Screen::List(ListScreen { source, list }) = screen
                && which(source)
            {
                list.mark_stale();
            }
        }
    }

    /// Tells the screens that are seen how many rows a page has.
    fn fit(&mut self) {
        let body = self.regions().body;
        fit_screen(&mut self.screens[self.at], body);
        if let Some((_, there)) = self.halves() {
            self.on_other_half(|app| fit_screen(&mut app.screens[app.at], there.body));
        }
        self.dirty = true;
    }

    /// A second has passed: what falls out of a window of time falls out now.
    fn tick(&mut self, effects: &mut Effects) {
        let touched = self.world.fleet.tick(self.world.now);
        self.touch(&touched);
        self.check_consistency(effects);
        self.dirty = true;
    }

    /// After each message: the visible list is up to date, the preview follows the selection.
    fn settle(&mut self, effects: &mut Effects) {
        if self.world.session.is_none()
            && self.world.connecting.is_none()
            && self.world.failure.is_some()
        {
            self.show_welcome();
        }
        self.freshen(effects);
        self.on_other_half(|app| app.freshen(effects));
        self.follow_culprit(effects);
        self.learn_rights(effects);
        self.fit_shells(effects);
        self.follow_pointer(effects);
        self.learn_sizes(effects);
        self.keep_drafts(effects);
        self.guide(effects);
        self.dress(effects);
    }

    /// Rows and lines of the screen are up to date.
    fn freshen(&mut self, effects: &mut Effects) {
        if let (Screen::List(screen), world) = self.screen_mut() {
            screen.list.freshen(screen.source.rows(), world);
        }
        self.look_at_logs(effects);
    }

    fn show_welcome(&mut self) {
        if !self
            .screens
            .iter()
            .any(|screen| matches!(screen, Screen::Welcome(_)))
        {
            self.screens.truncate(self.at + 1);
            self.screens.push(Screen::Welcome(Welcome::default()));
            self.at = self.screens.len() - 1;
            self.dirty = true;
        }
    }
}

/// Tells a screen how many rows a page has in so large a body.
fn fit_screen(screen: &mut Screen, body: layout::Area) {
    let whole = body.y > 0;
    match screen {
        // One row goes to the column heads where there is room for heads.
        Screen::List(screen) => {
            let lower = if matches!(screen.source, Source::Containers(_)) {
                containers_height(&screen.list, body.height)
            } else {
                body.height
            };
            screen
                .list
                .set_page(usize::from(lower.saturating_sub(u16::from(whole)).max(1)));
        }
        Screen::Text(screen) => screen.set_page(usize::from(body.height.max(1))),
        Screen::Logs(screen) => {
            let head = if whole { screen.head_rows() } else { 0 };
            let steps = screen
                .build
                .as_ref()
                .map_or(0, |it| it.build.rows(body.height));
            let rows = body.height.saturating_sub(head + steps);
            screen.page = usize::from(rows.max(1));
        }
        Screen::Shell(_) | Screen::Welcome(_) | Screen::Wizard(_) => {}
    }
}

/// Rows for the table of containers: what it needs, at most half of the body.
fn containers_height(list: &list::List, body: u16) -> u16 {
    let wanted = u16::try_from(list.total)
        .unwrap_or(u16::MAX)
        .saturating_add(1);
    wanted.min((body / 2).max(2))
}
