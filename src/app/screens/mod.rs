//! The screens: one file each. A screen is state and what its rows are; keys are handled by the
//! list or text it is made of, and drilling by [`super::App`].

pub mod build;
pub mod containers;
pub mod contexts;
pub mod fleet;
pub mod logs;
pub mod namespaces;
pub mod nodes;
pub mod notices;
pub mod pods;
pub mod recipes;
pub mod resources;
pub mod shell;
pub mod table;
pub mod text;
pub mod welcome;
pub mod wizard;

use super::list::{List, Rows};
use super::preview::Culprit;
use super::world::World;
use crate::command::Context;
use crate::domain::fleet::{PodId, ProjectId, ReleaseId, Touched, WorkloadId};
use crate::domain::query::{Field, Query, Record, Scratch};
use crate::domain::rows::{Kind, Labels};
use containers::Containers;
use logs::LogScreen;
use pods::Pods;
use shell::ShellScreen;
use std::borrow::Cow;
use table::Table;
use text::TextScreen;
use welcome::Welcome;
use wizard::Wizard;

/// One screen.
#[derive(Debug)]
pub enum Screen {
    /// A list of rows.
    List(ListScreen),
    /// A text over many lines.
    Text(TextScreen),
    /// The lines of containers.
    Logs(Box<LogScreen>),
    /// A program in a container.
    Shell(Box<ShellScreen>),
    /// From a source to an image.
    Wizard(Box<Wizard>),
    /// No cluster: what is wrong, and the ways on.
    Welcome(Welcome),
}

/// A list and where its rows come from.
#[derive(Debug)]
pub struct ListScreen {
    /// The rows.
    pub source: Source,
    /// Which of them are seen, and how.
    pub list: List,
}

/// Where the rows of a list come from: one variant and one file each.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is described in its file")]
pub enum Source {
    Projects(fleet::Projects),
    Releases(fleet::Releases),
    Workloads(fleet::Workloads),
    Pods(Pods),
    Containers(Box<Containers>),
    Nodes(nodes::Nodes),
    Namespaces(namespaces::Namespaces),
    Contexts(contexts::Contexts),
    Resources(resources::Resources),
    Notices(notices::NoticeRows),
    Recipes(Box<recipes::Recipes>),
    Table(Box<Table>),
}

impl Source {
    /// Its rows.
    pub fn rows(&self) -> &dyn Rows {
        match self {
            Self::Projects(rows) => rows,
            Self::Releases(rows) => rows,
            Self::Workloads(rows) => rows,
            Self::Pods(rows) => rows,
            Self::Containers(rows) => rows.as_ref(),
            Self::Nodes(rows) => rows,
            Self::Namespaces(rows) => rows,
            Self::Contexts(rows) => rows,
            Self::Resources(rows) => rows,
            Self::Notices(rows) => rows,
            Self::Recipes(rows) => rows.as_ref(),
            Self::Table(rows) => rows.as_ref(),
        }
    }

    /// Whether its rows are those of the namespaces that are looked at.
    pub fn in_namespaces(&self) -> bool {
        match self {
            Self::Table(table) => table.resource.namespaced,
            Self::Projects(_)
            | Self::Releases(_)
            | Self::Workloads(_)
            | Self::Pods(_)
            | Self::Containers(_) => true,
            Self::Nodes(_)
            | Self::Namespaces(_)
            | Self::Contexts(_)
            | Self::Resources(_)
            | Self::Notices(_)
            | Self::Recipes(_) => false,
        }
    }

    /// The watched kind whose feed decides whether the list is loading, forbidden or cut off.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Projects(_) | Self::Releases(_) | Self::Pods(_) | Self::Containers(_) => {
                Some(Kind::Pod)
            }
            Self::Workloads(_) => Some(Kind::Deployment),
            Self::Nodes(_) => Some(Kind::Node),
            Self::Namespaces(_) => Some(Kind::Namespace),
            Self::Contexts(_)
            | Self::Resources(_)
            | Self::Notices(_)
            | Self::Recipes(_)
            | Self::Table(_) => None,
        }
    }

    /// Whether something is shown beside the selected row.
    pub fn previews(&self) -> bool {
        self.kind().is_some() || matches!(self, Self::Recipes(_))
    }

    /// The contexts in which keys are looked up, innermost first.
    pub fn key_contexts(&self) -> &'static [Context] {
        match self {
            Self::Pods(_) => &[
                Context::Pods,
                Context::Objects,
                Context::List,
                Context::Global,
            ],
            Self::Contexts(_) | Self::Resources(_) | Self::Notices(_) => {
                &[Context::List, Context::Global]
            }
            Self::Projects(_) | Self::Releases(_) => {
                &[Context::Projects, Context::List, Context::Global]
            }
            Self::Recipes(_) => &[Context::Recipes, Context::List, Context::Global],
            _ => &[Context::Objects, Context::List, Context::Global],
        }
    }
}

impl Source {
    /// Which rows of this list a batch touched, and how many rows the list has now; `None` when
    /// it does not concern the list.
    pub fn touched<'a>(
        &self,
        touched: &'a Touched,
        world: &World,
    ) -> Option<(Cow<'a, [u32]>, usize)> {
        match self {
            Self::Projects(_) => some(
                ids(&touched.projects, |id| id.0),
                world.fleet.projects().count(),
            ),
            Self::Releases(rows) => some(ids(&touched.releases, |id| id.0), rows.count(world)),
            Self::Workloads(_) => some(
                ids(&touched.workloads, |id| id.0),
                world.fleet.workloads().count(),
            ),
            Self::Pods(rows) => some(ids(&touched.pods, |id| id.0), rows.count(world)),
            // A handful of rows: all of them are looked at again.
            Self::Containers(rows) => some(Cow::Owned(rows.all(world)), rows.all(world).len()),
            Self::Nodes(_) => some(ids(&touched.nodes, |id| id.0), world.fleet.nodes().count()),
            Self::Namespaces(_) => some(
                ids(&touched.namespaces, |id| id.0),
                world.fleet.namespaces().count(),
            ),
            Self::Contexts(_)
            | Self::Resources(_)
            | Self::Notices(_)
            | Self::Recipes(_)
            | Self::Table(_) => None,
        }
    }

    /// The container whose last lines tell why the row is not well.
    pub fn culprit(&self, world: &World, row: u32) -> Option<Culprit> {
        let pod = match self {
            Self::Projects(_) => world.fleet.project(ProjectId(row))?.culprit?,
            Self::Releases(_) => world.fleet.release(ReleaseId(row))?.culprit?,
            Self::Workloads(_) => world.fleet.workload(WorkloadId(row))?.culprit?,
            Self::Pods(_) => PodId(row),
            _ => return None,
        };
        world.culprit_of(pod)
    }
}

fn some(rows: Cow<'_, [u32]>, total: usize) -> Option<(Cow<'_, [u32]>, usize)> {
    (!rows.is_empty()).then_some((rows, total))
}

fn ids<'a, T>(ids: &[T], raw: impl Fn(&T) -> u32) -> Cow<'a, [u32]> {
    Cow::Owned(ids.iter().map(raw).collect())
}

/// Whether a row passes a filter by what its cells say: for lists without values of their own.
fn matches_cells(
    rows: &dyn Rows,
    world: &World,
    row: u32,
    query: &Query,
    scratch: &mut Scratch,
) -> bool {
    query.matches(&Cells { rows, world, row }, scratch)
}

/// A row as the texts of its cells.
struct Cells<'a> {
    rows: &'a dyn Rows,
    world: &'a World,
    row: u32,
}

impl Record for Cells<'_> {
    fn field(&self, column: &str) -> Option<Field<'_>> {
        let column = if column == "ns" { "namespace" } else { column };
        let known = self
            .rows
            .heads(self.world)
            .iter()
            .any(|head| head.id == column);
        let mut text = String::new();
        self.rows.cell(self.world, self.row, column, &mut text);
        known.then_some(Field::Text(Cow::Owned(text)))
    }

    fn labels(&self) -> Option<&Labels> {
        self.rows.labels(self.world, self.row)
    }

    fn haystack(&self, out: &mut String) {
        for head in self.rows.heads(self.world) {
            self.rows.cell(self.world, self.row, &head.id, out);
            out.push(' ');
        }
    }
}

impl ListScreen {
    /// A screen of these rows that has looked at all of them, in the remembered order.
    pub fn new(source: Source, world: &World) -> Self {
        let rows = source.rows();
        let sort = world
            .state
            .sorts
            .get(rows.name())
            .cloned()
            .unwrap_or_else(|| rows.first_sort());
        let mut list = List::new(sort);
        list.wide = world.state.wide.contains(rows.name());
        list.rebuild(rows, world);
        Self { source, list }
    }
}

impl Screen {
    /// A list screen.
    pub fn list(source: Source, world: &World) -> Self {
        Self::List(ListScreen::new(source, world))
    }

    /// What stands for it in the breadcrumb.
    pub fn title(&self) -> String {
        match self {
            Self::List(screen) => match &screen.source {
                Source::Releases(rows) => rows.title(),
                Source::Pods(rows) => rows.title(),
                Source::Containers(rows) => rows.title(),
                Source::Recipes(rows) => rows.title(),
                Source::Table(rows) => capital(&rows.title()),
                source => capital(source.rows().name()),
            },
            Self::Text(screen) if screen.syntax == text::Syntax::Yaml => {
                screen.title.replacen("yaml", "YAML", 1)
            }
            Self::Text(screen) => capital(&screen.title),
            Self::Logs(screen) => capital(&screen.title()),
            Self::Shell(screen) => screen.title(),
            Self::Wizard(wizard) => wizard.title(),
            Self::Welcome(_) => "Welcome".into(),
        }
    }

    /// Whether it starts a path of its own: the breadcrumb begins here.
    pub fn is_root(&self) -> bool {
        match self {
            Self::List(screen) => match &screen.source {
                Source::Releases(rows) => rows.is_all(),
                Source::Pods(rows) => rows.is_all(),
                Source::Containers(_) => false,
                _ => true,
            },
            Self::Text(screen) => screen.target.is_none(),
            Self::Logs(screen) => screen.build.is_some(),
            Self::Shell(_) | Self::Wizard(_) => true,
            Self::Welcome(_) => true,
        }
    }

    /// The contexts in which keys are looked up, innermost first.
    pub fn key_contexts(&self) -> &'static [Context] {
        match self {
            Self::List(screen) => screen.source.key_contexts(),
            Self::Text(_) => &[Context::Text, Context::Global],
            Self::Shell(_) => &[Context::Shell, Context::Global],
            Self::Logs(screen) if screen.build.is_some() => {
                &[Context::Build, Context::Logs, Context::Global]
            }
            Self::Logs(_) => &[Context::Logs, Context::Global],
            Self::Wizard(_) => &[Context::Wizard, Context::Global],
            Self::Welcome(_) => &[Context::List, Context::Global],
        }
    }
}

/// The word with a capital first letter.
fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| {
        c.to_uppercase().collect::<String>() + chars.as_str()
    })
}
