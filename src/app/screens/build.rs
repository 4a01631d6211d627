//! The build whose lines a log screen shows, and the step that was chosen among them.

use super::logs::LogScreen;
use crate::app::effect::BuildOrder;
use crate::app::msg::Id;
use crate::domain::build::Build;

/// The beginning of the filter that a chosen step is.
const STEP: &str = "step=";

/// A build, and where it came from.
#[derive(Debug)]
pub struct Building {
    /// Its steps, and how it ended.
    pub build: Build,
    /// What is built: to build it again.
    pub order: BuildOrder,
    /// The wizard that ordered it.
    pub wizard: Id,
}

impl LogScreen {
    /// The step whose lines alone are seen, as its place among all.
    pub fn chosen_step(&self) -> Option<usize> {
        self.build.as_ref()?;
        let mut filters = self.filters.iter().rev();
        let number: usize = filters.find_map(|it| it.text.strip_prefix(STEP)?.parse().ok())?;
        number.checked_sub(1)
    }

    /// Shows the lines of one step, of none other; `None` shows those of all.
    pub fn choose_step(&mut self, step: Option<usize>) {
        self.filters.retain(|it| !it.text.starts_with(STEP));
        match step {
            Some(n) => self.add_filter(&format!("{STEP}{}", n + 1)),
            None => self.look_again(self.shown.context(), self.shown.folded()),
        }
    }

    /// Chooses the step after or before in the tree; past the ends are all.
    pub fn choose_step_by(&mut self, later: bool) {
        let Some(building) = &self.build else { return };
        let tree: Vec<usize> = building.build.tree().iter().map(|it| it.n).collect();
        let at = self
            .chosen_step()
            .and_then(|chosen| tree.iter().position(|n| *n == chosen));
        let next = match (at, later) {
            (None, true) => Some(0),
            (None, false) => tree.len().checked_sub(1),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        self.choose_step(next.and_then(|at| tree.get(at).copied()));
    }
}
