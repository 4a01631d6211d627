//! What was drawn where, for the mouse.

use crate::app::Hit;
use crate::app::layout::Area;

/// Areas of a frame and what a click on them means; later ones lie over earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Area, Hit)>);

impl Hits {
    pub(super) fn add(&mut self, area: Area, hit: Hit) {
        self.0.push((area, hit));
    }

    /// What is at a cell.
    pub fn at(&self, column: u16, row: u16) -> Hit {
        let holds = |area: &Area| {
            (area.x..area.x + area.width).contains(&column)
                && (area.y..area.y + area.height).contains(&row)
        };
        self.0
            .iter()
            .rev()
            .find(|(area, _)| holds(area))
            .map_or(Hit::Nothing, |(area, hit)| match hit {
                Hit::Cell(..) => Hit::Cell(column - area.x, row - area.y),
                hit => *hit,
            })
    }
}
