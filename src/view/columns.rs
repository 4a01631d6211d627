//! Which columns of a list are shown, where they stand and how wide they are.
//!
//! Widths follow what is visible, grow in steps and never shrink while one looks. What does not
//! fit goes by its priority; what was asked for (wide) is scrolled through instead.

use super::paint::width;
use super::table::Cells;
use crate::app::list::{Head, List};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use std::collections::HashMap;

/// Columns between columns.
const GAP: u16 = 2;
/// Where the first column begins: the mark and the margin are left of it.
pub const MARGIN: u16 = 1;
/// A column other than the sentence is cut at this width.
pub const WIDEST: u16 = 48;
/// A column that grows while one looks grows to a multiple of this.
const STEP: u16 = 4;
/// Columns of this priority and above go before the sentence has less than so many columns.
const SENTENCES: [(u8, u16); 4] = [(5, 64), (3, 52), (2, 44), (1, 18)];
/// The same where a preview tells the sentence of the selection whole.
const PREVIEWED: [(u8, u16); 4] = [(6, 48), (5, 34), (3, 30), (1, 18)];
/// The name is never cut below this.
const NAME: u16 = 8;
/// The namespace stays while the name beside it keeps so much.
const TELLING: u16 = 20;
/// A column of which less can be seen is not shown.
const GLIMPSE: u16 = 4;
/// A row that came or changed its health shows it for so long.
const FLASH: Millis = Millis::seconds(1);
/// So many rows are remembered before their past is forgotten.
const REMEMBERED: usize = 4_096;

/// What the view remembers between frames, so that nothing jumps and changes are seen.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of the last frame, each by itself"
)]
#[derive(Debug, Default)]
pub struct Memory {
    /// The terminal has no shapes beyond ASCII.
    pub ascii: bool,
    /// The same for the half of the screen that has not the keyboard.
    pub(super) beside: Option<Box<Memory>>,
    pub(super) cells: Cells,
    widths: HashMap<Text, u16>,
    list: String,
    signs: HashMap<u32, (Health, Option<Timestamp>)>,
    total: usize,
    grown: bool,
    settled: bool,
    news: bool,
}

impl Memory {
    /// A list is looked at; what was remembered of another one is forgotten. While the cluster is
    /// being listed (not `settled`) everything is new, and nothing is news.
    pub fn look_at(&mut self, list: &str, total: usize, settled: bool) {
        if self.list != list || self.signs.len() > REMEMBERED {
            list.clone_into(&mut self.list);
            self.widths.clear();
            self.signs.clear();
            self.total = usize::MAX;
        }
        if settled && !self.settled {
            // While the cluster was listed everything moved anyway: what is there now counts.
            self.widths.clear();
        }
        self.news = settled && self.settled;
        self.grown = self.news && total > self.total;
        self.settled = settled;
        self.total = total;
    }

    /// The width of a column: what it was, or more.
    pub fn grow(&mut self, column: &Text, needed: u16) -> u16 {
        let known = match self.widths.get_mut(column) {
            Some(known) => known,
            None => self.widths.entry(column.clone()).or_default(),
        };
        if needed > *known {
            *known = if *known == 0 {
                needed
            } else {
                needed.next_multiple_of(STEP)
            };
        }
        *known
    }

    /// Whether the row came, or changed its health, a moment ago.
    pub fn flashes(&mut self, row: u32, health: Health, now: Timestamp) -> bool {
        let seen = self.signs.insert(row, (health, None));
        let since = match seen {
            Some((before, since)) if before == health => since,
            Some(_) => self.news.then_some(now),
            // A row that scrolled into view is not new.
            None => self.grown.then_some(now),
        };
        let since = since.filter(|since| now.since(*since) < FLASH);
        self.signs.insert(row, (health, since));
        since.is_some()
    }
}

/// A column as it is laid out.
pub struct Laid<'a> {
    /// The column.
    pub head: &'a Head,
    /// Its position among all columns of the list.
    pub index: usize,
    /// Its left edge.
    pub x: u16,
    /// Its width.
    pub width: u16,
}

/// The columns that are shown, and whether there are more at either side.
pub struct Layout<'a> {
    /// From left to right.
    pub columns: Vec<Laid<'a>>,
    /// Columns are scrolled away at the left.
    pub before: bool,
    /// Columns do not fit at the right.
    pub after: bool,
}

/// Chooses columns for `room` cells, given how wide each would like to be (0: nothing in it).
/// `previewed`: a preview tells the sentence of the selection whole.
pub fn lay_out<'a>(
    heads: &'a [Head],
    widths: &[u16],
    list: &List,
    room: u16,
    previewed: bool,
) -> Layout<'a> {
    let room = room.saturating_sub(MARGIN + 1);
    let mut chosen: Vec<usize> = (0..heads.len())
        .filter(|&n| widths[n] > 0 && (list.wide || !heads[n].wide))
        .collect();
    let before = list.wide && scroll(heads, &mut chosen, list.left);
    if !list.wide {
        let sentences = if previewed { PREVIEWED } else { SENTENCES };
        narrow(heads, widths, &mut chosen, room, sentences);
    }
    place(heads, widths, chosen, room, list.wide, before)
}

/// Takes away what is scrolled past; the sign and the name stay. True when something was.
fn scroll(heads: &[Head], chosen: &mut Vec<usize>, left: usize) -> bool {
    let fixed = chosen
        .iter()
        .position(|&n| heads[n].id == "name")
        .map_or(0, |at| at + 1);
    let scrolled = left.min(chosen.len().saturating_sub(fixed + 1));
    chosen.drain(fixed..fixed + scrolled);
    scrolled > 0
}

/// Takes away what matters less until the rest fits. The sentence explains: lesser columns go
/// before it becomes short. A wide column may leave more room than was missing: what went and fits
/// beside the whole sentence comes back, what matters most first.
fn narrow(
    heads: &[Head],
    widths: &[u16],
    chosen: &mut Vec<usize>,
    room: u16,
    sentences: [(u8, u16); 4],
) {
    let mut gone = Vec::new();
    for (priority, sentence) in sentences {
        while total(heads, widths, chosen, sentence) > room {
            let lesser = chosen.iter().filter(|&&n| heads[n].priority >= priority);
            let Some(&last) = lesser.max_by_key(|&&n| (heads[n].priority, n)) else {
                break;
            };
            let over = total(heads, widths, chosen, sentence) - room;
            if heads[last].id == "namespace" && over <= spare_of_name(heads, widths) {
                break;
            }
            chosen.retain(|&n| n != last);
            gone.push(last);
        }
    }
    gone.sort_by_key(|&n| (heads[n].priority, n));
    for n in gone {
        let at = chosen.partition_point(|&other| other < n);
        chosen.insert(at, n);
        if total(heads, widths, chosen, u16::MAX) > room {
            chosen.remove(at);
        }
    }
}

/// How much the name can give so that another column stays.
fn spare_of_name(heads: &[Head], widths: &[u16]) -> u16 {
    let name = heads.iter().position(|head| head.id == "name");
    name.map_or(0, |n| widths[n].saturating_sub(TELLING))
}

/// The least a column needs when the sentence is content with so much.
fn least(heads: &[Head], widths: &[u16], n: usize, sentence: u16) -> u16 {
    if heads[n].sentence {
        widths[n].min(sentence).max(width(&heads[n].title))
    } else {
        widths[n]
    }
}

fn total(heads: &[Head], widths: &[u16], chosen: &[usize], sentence: u16) -> u16 {
    let each = chosen
        .iter()
        .map(|&n| least(heads, widths, n, sentence).saturating_add(GAP));
    each.fold(0, u16::saturating_add).saturating_sub(GAP)
}

fn place<'a>(
    heads: &'a [Head],
    widths: &[u16],
    chosen: Vec<usize>,
    room: u16,
    wide: bool,
    before: bool,
) -> Layout<'a> {
    let (_, shortest) = SENTENCES[SENTENCES.len() - 1];
    let needed = total(heads, widths, &chosen, shortest);
    let mut spare = room.saturating_sub(needed);
    let mut over = needed.saturating_sub(room);
    let end = room + MARGIN;
    let mut x = MARGIN;
    let mut columns = Vec::with_capacity(chosen.len());
    let mut after = false;
    for n in chosen {
        let mut wanted = least(heads, widths, n, shortest);
        if heads[n].sentence {
            let more = widths[n].saturating_sub(wanted).min(spare);
            wanted += more;
            spare -= more;
        } else if heads[n].id == "name" && over > 0 && !wide {
            // Nothing more can go: the name gives way last.
            let cut = over.min(wanted.saturating_sub(NAME));
            wanted -= cut;
            over -= cut;
        }
        let fits = wanted.min(end.saturating_sub(x));
        let glimpse = fits < wanted.min(GLIMPSE) || (wide && !heads[n].sentence && fits < wanted);
        if fits == 0 || (glimpse && columns.len() > 2) {
            after = true;
            break;
        }
        columns.push(Laid {
            head: &heads[n],
            index: n,
            x,
            width: fits,
        });
        x = x.saturating_add(fits).saturating_add(GAP);
    }
    Layout {
        columns,
        before,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::list::Rows;

    #[test]
    fn widths_grow_in_steps_and_never_shrink() {
        let mut memory = Memory::default();
        let name = Text::new("name");
        memory.look_at("pods", 1, true);
        assert_eq!(memory.grow(&name, 9), 9);
        assert_eq!(memory.grow(&name, 10), 12);
        assert_eq!(memory.grow(&name, 3), 12);
        memory.look_at("nodes", 1, true);
        assert_eq!(memory.grow(&name, 3), 3);
    }

    #[test]
    fn a_row_flashes_when_it_comes_or_changes_and_not_when_it_scrolls_into_view() {
        let mut memory = Memory::default();
        let (start, later) = (Timestamp(10_000), Timestamp(11_000));
        memory.look_at("pods", 2, true);
        assert!(!memory.flashes(1, Health::Healthy, start));
        memory.look_at("pods", 2, true);
        assert!(
            !memory.flashes(2, Health::Healthy, start),
            "it scrolled into view"
        );
        assert!(memory.flashes(1, Health::Failing, start), "it changed");
        assert!(memory.flashes(1, Health::Failing, Timestamp(10_500)));
        assert!(!memory.flashes(1, Health::Failing, later));
        memory.look_at("pods", 3, true);
        assert!(memory.flashes(3, Health::Healthy, later), "it is new");
    }

    fn head(id: &str, priority: u8) -> Head {
        Head::text(id, id, priority)
    }

    fn shown(heads: &[Head], widths: &[u16], room: u16) -> Vec<(String, u16)> {
        let list = List::new(crate::app::screens::fleet::Projects.first_sort());
        let laid = lay_out(heads, widths, &list, room, false);
        laid.columns
            .iter()
            .map(|c| (c.head.id.to_string(), c.width))
            .collect()
    }

    #[test]
    fn what_matters_less_goes_first_and_the_name_gives_way_last() {
        let mut heads = vec![
            head("health", 0),
            head("name", 0),
            head("node", 2),
            head("cause", 0),
            head("age", 1),
        ];
        heads[3].sentence = true;
        let widths = [1, 20, 10, 60, 4];
        let ids = |room| {
            shown(&heads, &widths, room)
                .into_iter()
                .map(|(id, _)| id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(120), ["health", "name", "node", "cause", "age"]);
        assert_eq!(ids(52), ["health", "name", "cause", "age"]);
        assert_eq!(ids(44), ["health", "name", "cause"]);
        assert_eq!(shown(&heads, &widths, 34)[1], ("name".into(), 9));
        // What tells names apart stays while enough of the names is seen.
        let heads = [head("namespace", 1), head("name", 0), head("ready", 0)];
        let laid = |room| shown(&heads, &[12, 30, 5], room);
        let wide = [("namespace", 12), ("name", 22), ("ready", 5)];
        assert_eq!(laid(45), wide.map(|(id, width)| (id.to_owned(), width)));
        let narrow = [("name", 30), ("ready", 5)];
        assert_eq!(laid(42), narrow.map(|(id, width)| (id.to_owned(), width)));
        // The place of a wide column that had to go is taken by a narrow one that went before it.
        let heads = [head("name", 0), head("wide", 1), head("small", 2)];
        let ids = |room| {
            shown(&heads, &[20, 30, 6], room)
                .into_iter()
                .map(|(id, _)| id)
        };
        assert!(ids(54).eq(["name", "wide"]));
        assert!(ids(48).eq(["name", "small"]));
    }
}
