//! Recipes of images in and below a folder, and how they stand to their Dockerfiles.

use crate::app::list::{Head, RowKey, Rows};
use crate::app::msg::Id;
use crate::app::world::World;
use crate::config::Sort;
use crate::domain::build::Fault;
use crate::domain::health::Health;
use crate::domain::outdated::{Age, Aged};
use crate::domain::query::{Query, Scratch};
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// What is known of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// They are looked for since then.
    Waiting(Timestamp),
    /// They could not be looked for.
    Failed(Fault),
    /// These.
    All,
}

/// The recipes below a folder.
#[derive(Debug)]
pub struct Recipes {
    /// What comes of its work carries it.
    pub id: Id,
    /// The folder, as typed.
    pub place: String,
    /// What is known.
    pub known: Known,
    /// The recipes.
    pub recipes: Vec<Aged>,
    /// Those that are made again now.
    pub asked: Vec<PathBuf>,
}

impl Recipes {
    /// Recipes that are about to be looked for.
    pub fn new(id: Id, place: &str, now: Timestamp) -> Self {
        Self {
            id,
            place: place.to_owned(),
            known: Known::Waiting(now),
            recipes: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// What stands in the breadcrumb.
    pub fn title(&self) -> String {
        match self.place.as_str() {
            "." => "Recipes".into(),
            place => format!("Recipes in {place}"),
        }
    }

    /// The recipe of a row.
    pub fn at(&self, row: u32) -> Option<&Aged> {
        self.recipes.get(row as usize)
    }

    /// What to call the folder of a recipe: as it lies below the place.
    pub fn name<'a>(&self, aged: &'a Aged) -> std::borrow::Cow<'a, str> {
        let below = aged.folder.strip_prefix(&self.place);
        let folder = below.unwrap_or(&aged.folder);
        if folder == Path::new("") {
            ".".into()
        } else {
            folder.to_string_lossy()
        }
    }

    /// Folders of recipes whose Dockerfile is outdated.
    pub fn outdated(&self) -> impl Iterator<Item = &PathBuf> {
        self.recipes
            .iter()
            .filter(|aged| aged.age == Age::Outdated)
            .map(|aged| &aged.folder)
    }
}

impl Rows for Recipes {
    fn name(&self) -> &'static str {
        "recipes"
    }

    fn heads(&self, _world: &World) -> Vec<Head> {
        vec![
            Head::text("health", "", 0),
            Head::text("recipe", "recipe", 0),
            Head::text("state", "state", 0),
            Head {
                sentence: true,
                ..Head::text("why", "what differs", 0)
            },
        ]
    }

    fn all(&self, _world: &World) -> Vec<u32> {
        (0..u32::try_from(self.recipes.len()).unwrap_or(0)).collect()
    }

    fn holds(&self, _world: &World, row: u32) -> bool {
        self.at(row).is_some()
    }

    fn compare(&self, _world: &World, a: u32, b: u32, column: &str) -> Ordering {
        let (Some(a), Some(b)) = (self.at(a), self.at(b)) else {
            return Ordering::Equal;
        };
        let by = match column {
            "health" | "state" => a.age.cmp(&b.age),
            "why" => a.why.cmp(&b.why),
            _ => Ordering::Equal,
        };
        by.then_with(|| a.folder.cmp(&b.folder))
    }

    fn matches(&self, world: &World, row: u32, query: &Query, scratch: &mut Scratch) -> bool {
        super::matches_cells(self, world, row, query, scratch)
    }

    fn cell(&self, _world: &World, row: u32, column: &str, out: &mut String) {
        let Some(aged) = self.at(row) else { return };
        match column {
            "recipe" => out.push_str(Text::new(&self.name(aged)).as_str()),
            "state" => out.push_str(aged.age.word()),
            "why" => out.push_str(Text::new(&aged.why).as_str()),
            _ => {}
        }
    }

    fn key(&self, _world: &World, row: u32) -> RowKey {
        RowKey {
            namespace: Text::default(),
            name: self
                .at(row)
                .map(|aged| Text::new(&self.name(aged)))
                .unwrap_or_default(),
        }
    }

    fn target(&self, _world: &World, _row: u32) -> Option<Target> {
        None
    }

    fn health(&self, _world: &World, row: u32) -> Option<Health> {
        Some(match self.at(row)?.age {
            Age::Flawed => Health::Failing,
            Age::Outdated => Health::Degraded,
            Age::Left => Health::Unknown,
            Age::Current => Health::Healthy,
        })
    }

    fn first_sort(&self) -> Sort {
        super::fleet::worst_first()
    }
}
