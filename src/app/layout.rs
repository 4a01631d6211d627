//! Where the regions of the frame are: a pure function of the size, shared by the core (which
//! must know how many rows a page has) and the view (which draws them).

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Column of the left edge.
    pub x: u16,
    /// Row of the top edge.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// The regions of a frame. A region that does not fit has no height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// The strip of tabs, when there are several.
    pub strip: Area,
    /// Line 1: the state of the world.
    pub world: Area,
    /// Line 2: where I am, and what filters it.
    pub place: Area,
    /// Column heads, then rows.
    pub body: Area,
    /// The preview of the selection, at the right.
    pub preview: Option<Area>,
    /// What the tour says.
    pub tour: Area,
    /// The line above the hints, used by notices.
    pub notice: Area,
    /// The last line: what I can press here.
    pub hints: Area,
}

/// Below this, the body alone remains.
const SMALLEST: (u16, u16) = (60, 15);

/// From so many columns on there is a preview.
const PREVIEW_FROM: u16 = 120;

/// The regions of a screen of this size; `preview` when the screen has one to show.
pub fn regions(columns: u16, rows: u16, preview: bool) -> Regions {
    let line = |y| Area {
        x: 0,
        y,
        width: columns,
        height: 1,
    };
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return bare(columns, rows);
    }
    let side = if preview && columns >= PREVIEW_FROM {
        preview_width(columns)
    } else {
        0
    };
    let body = Area {
        x: 0,
        y: 2,
        width: columns - side,
        height: rows - 4,
    };
    let preview = (side > 0).then(|| Area {
        x: columns - side,
        width: side,
        ..body
    });
    Regions {
        strip: Area::default(),
        world: line(0),
        place: line(1),
        body,
        preview,
        notice: line(rows - 2),
        hints: line(rows - 1),
        ..Regions::default()
    }
}

/// The regions of a screen with a strip of so many rows above its last lines: everything above
/// stands as on a screen that is lower by them. No strip where too little would be left.
pub fn above_strip(
    columns: u16,
    rows: u16,
    strip: u16,
    regions: impl Fn(u16, u16) -> Regions,
) -> Regions {
    let lower = regions(columns, rows.saturating_sub(strip));
    if strip == 0 || lower.hints.height == 0 || lower.body.height < 2 * strip {
        return regions(columns, rows);
    }
    lower.with_strip(columns, strip)
}

impl Regions {
    /// The last lines further below by so many rows, with a strip between them and the rest.
    #[must_use]
    pub fn with_strip(mut self, columns: u16, strip: u16) -> Self {
        let mut feet = [&mut self.notice, &mut self.hints];
        let seen = feet.iter().filter(|foot| foot.height > 0);
        let y = seen.map(|foot| foot.y).min().unwrap_or_default();
        for foot in &mut feet {
            foot.y += strip;
        }
        self.tour = Area {
            x: 0,
            y,
            width: columns,
            height: strip,
        };
        self
    }
}

/// The regions of a pane: the strip of tabs, the pane, and what can be pressed.
pub fn pane(columns: u16, rows: u16, strip: bool) -> Regions {
    let strip = u16::from(strip).min(rows.saturating_sub(1));
    let hints = u16::from(rows > strip + 1);
    let area = |y, height| Area {
        x: 0,
        y,
        width: columns,
        height,
    };
    Regions {
        strip: area(0, strip),
        body: area(strip, rows.saturating_sub(strip + hints)),
        hints: area(rows.saturating_sub(hints), hints),
        ..Regions::default()
    }
}

/// How two tabs stand on the screen at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Side by side.
    Columns,
    /// One above the other.
    Rows,
}

/// Each half of a split screen has at least so many columns and rows; a smaller screen shows one.
const HALF: (u16, u16) = (24, 4);

/// The regions of the two halves of a screen: the line of the world and the strip are above both,
/// notices and hints below both, each half has its place and its body; a line between them is free
/// for a rule. `None` where two do not fit.
pub fn halves(columns: u16, rows: u16, split: Split) -> Option<[Regions; 2]> {
    let whole = regions(columns, rows.checked_sub(1)?, false);
    if whole.world.height == 0 {
        return None;
    }
    let whole = below(true, whole);
    let (y, height) = (whole.place.y, whole.body.height + 1);
    let (first, second) = match split {
        Split::Columns => {
            let width = (columns - 1) / 2;
            let half = |x, width| Area {
                x,
                y,
                width,
                height,
            };
            (half(0, width), half(width + 1, columns - width - 1))
        }
        Split::Rows => {
            let upper = (height - 1) / 2;
            let half = |y, height| Area {
                x: 0,
                y,
                width: columns,
                height,
            };
            (half(y, upper), half(y + upper + 1, height - upper - 1))
        }
    };
    if first.width < HALF.0 || first.height < HALF.1 {
        return None;
    }
    let within = |half: Area| Regions {
        place: Area { height: 1, ..half },
        body: Area {
            y: half.y + 1,
            height: half.height - 1,
            ..half
        },
        ..whole
    };
    Some([within(first), within(second)])
}

/// The same regions below a strip of tabs, when there is one.
pub fn below(strip: bool, mut regions: Regions) -> Regions {
    if !strip {
        return regions;
    }
    for area in [
        &mut regions.world,
        &mut regions.place,
        &mut regions.body,
        &mut regions.notice,
        &mut regions.hints,
    ] {
        area.y += 1;
    }
    if let Some(preview) = &mut regions.preview {
        preview.y += 1;
    }
    regions.strip = Area {
        width: regions.body.width.max(regions.world.width),
        height: 1,
        ..Area::default()
    };
    regions
}

/// The body alone.
pub fn bare(columns: u16, rows: u16) -> Regions {
    Regions {
        body: Area {
            x: 0,
            y: 0,
            width: columns,
            height: rows,
        },
        ..Regions::default()
    }
}

/// A third of the columns, between 40 and 72.
fn preview_width(columns: u16) -> u16 {
    (columns * 3 / 10).clamp(40, 72)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_never_overlap_and_never_leave_the_screen() {
        for columns in 1..200 {
            for rows in 1..60 {
                for split in [Split::Columns, Split::Rows] {
                    let Some([a, b]) = halves(columns, rows, split) else {
                        continue;
                    };
                    for half in [a, b] {
                        assert!(half.body.x + half.body.width <= columns);
                        assert!(half.body.y + half.body.height <= half.notice.y);
                        assert!(half.place.y > half.world.y && half.place.y > half.strip.y);
                    }
                    match split {
                        Split::Columns => assert!(a.body.x + a.body.width < b.body.x),
                        Split::Rows => assert!(a.body.y + a.body.height < b.place.y),
                    }
                }
            }
        }
        assert!(halves(80, 24, Split::Columns).is_some());
        assert!(halves(80, 24, Split::Rows).is_some());
    }

    #[test]
    fn every_size_is_covered_without_overlap() {
        for columns in 1..300 {
            for rows in 1..80 {
                let r = regions(columns, rows, true);
                assert!(r.body.x + r.body.width <= columns && r.body.y + r.body.height <= rows);
                assert!(r.body.width >= 1 && r.body.height >= 1, "{columns}x{rows}");
                if let Some(p) = r.preview {
                    assert!(p.x >= r.body.width && p.x + p.width <= columns);
                    assert!(r.body.width >= 80, "the list keeps 80 columns at {columns}");
                }
            }
        }
    }
}
