//! The windowed table: only visible rows are formatted, and columns that do not fit go by their
//! priority. It never asks how many rows there are in all.

use super::hits::Hits;
use super::paint::{Canvas, width};
use crate::app::Hit;
use crate::app::layout::Area;
use crate::app::list::{Head, List, Rows};
use crate::app::world::World;
use crate::domain::health::Health;
use crate::domain::listing::labels_text;
use ratatui::style::Style;
use std::collections::HashMap;

/// Columns between columns.
const GAP: u16 = 2;
/// Where the first column begins: the mark and the margin are left of it.
const MARGIN: u16 = 1;
/// A column other than the sentence is cut at this width.
const WIDEST: u16 = 48;
/// Columns of at least this priority go before the sentence gets fewer columns than this.
const SENTENCES: [(u8, u16); 4] = [(5, 64), (3, 52), (2, 44), (1, 18)];

/// What the view remembers between frames: widths only grow while one looks, so that nothing
/// jumps.
#[derive(Debug, Default)]
pub struct Memory {
    /// The terminal has no shapes beyond ASCII.
    pub ascii: bool,
    widths: HashMap<(String, String), u16>,
    seen: String,
}

impl Memory {
    /// Another list is looked at: its widths start anew.
    fn look_at(&mut self, list: &str) {
        if self.seen != list {
            list.clone_into(&mut self.seen);
            self.widths.clear();
        }
    }

    /// The width of a column, at least what it was; grows in steps of two.
    fn grow(&mut self, list: &str, column: &str, needed: u16) -> u16 {
        let known = self
            .widths
            .entry((list.to_owned(), column.to_owned()))
            .or_default();
        if needed > *known {
            *known = needed;
        }
        *known
    }
}

/// A column as it is laid out.
struct Laid<'a> {
    head: &'a Head,
    index: usize,
    x: u16,
    width: u16,
}

/// Draws heads and visible rows into `area`.
#[expect(
    clippy::too_many_arguments,
    reason = "a widget: what it draws, where, and what it keeps"
)]
pub fn draw(
    list_id: &str,
    rows: &dyn Rows,
    world: &World,
    list: &List,
    memory: &mut Memory,
    canvas: &mut Canvas<'_>,
    area: Area,
    dimmed: bool,
    hits: &mut Hits,
) {
    memory.look_at(list_id);
    let mut heads = rows.heads(world);
    if list.labels {
        heads.push(Head {
            wide: false,
            ..Head::text("labels", "labels", 0)
        });
    }
    let heads_shown = area.height > 1 && area.y > 0;
    let mut text = String::new();
    let widths = measure(list_id, &heads, rows, world, list, memory, &mut text);
    let columns = lay_out(&heads, &widths, list, area.width);
    let mut y = area.y;
    if heads_shown {
        for column in &columns {
            let sorted = *column.head.id == *list.sort.column;
            let style = if sorted {
                canvas.theme.accent
            } else {
                canvas.theme.head
            };
            cell(canvas, column, y, &column.head.title, style);
            hits.add(
                Area {
                    x: column.x,
                    y,
                    width: column.width + 1,
                    height: 1,
                },
                Hit::Column(column.index),
            );
        }
        y += 1;
    }
    let bottom = area.y + area.height;
    for (n, &row) in list.visible().iter().enumerate() {
        if y >= bottom {
            break;
        }
        let position = list.offset + n;
        let line = Area {
            x: area.x,
            y,
            width: area.width,
            height: 1,
        };
        hits.add(line, Hit::Row(position));
        if position == list.cursor {
            canvas.wash(line, canvas.theme.selected);
        }
        if list.marks.contains(&rows.key(world, row)) {
            canvas.put(area.x, y, 1, "▌", canvas.theme.marked);
        }
        let health = rows.health(world, row);
        for column in &columns {
            draw_cell(
                canvas, rows, world, list, row, column, y, health, dimmed, &mut text,
            );
        }
        y += 1;
    }
    scrollbar(canvas, list, area, heads_shown);
}

#[expect(
    clippy::too_many_arguments,
    reason = "the innermost step of the widget"
)]
fn draw_cell(
    canvas: &mut Canvas<'_>,
    rows: &dyn Rows,
    world: &World,
    list: &List,
    row: u32,
    column: &Laid<'_>,
    y: u16,
    health: Option<Health>,
    dimmed: bool,
    text: &mut String,
) {
    let theme = canvas.theme;
    if column.head.id == "health" {
        let (shape, style) = canvas.sign(health.unwrap_or_default());
        canvas.put(
            column.x,
            y,
            1,
            shape,
            if dimmed { theme.dim } else { style },
        );
        return;
    }
    write_cell(rows, world, list, row, column.head, text);
    let style = if dimmed {
        theme.dim
    } else {
        cell_style(canvas, column.head, text, health)
    };
    cell(canvas, column, y, text, style);
}

/// Colour means something or is absent: the state of what is not well, the missing part of a
/// count, counts that should be zero.
fn cell_style(canvas: &Canvas<'_>, head: &Head, text: &str, health: Option<Health>) -> Style {
    let theme = canvas.theme;
    let bad = health.is_some_and(Health::wants_attention);
    let of_health = health.map_or(theme.text, |health| canvas.sign(health).1);
    match head.id.as_str() {
        "name" | "notice" => theme.text,
        "cause" if bad => theme.text,
        "status" | "state" | "phase" if bad => of_health,
        "ready" | "pods" if bad && is_short(text) => of_health,
        "restarts" if bad => of_health,
        "ready" | "pods" | "status" | "state" | "restarts" | "version" => theme.text,
        _ => theme.dim,
    }
}

/// Whether `a/b` lacks something.
fn is_short(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(have, want)| have != want)
}

fn write_cell(
    rows: &dyn Rows,
    world: &World,
    list: &List,
    row: u32,
    head: &Head,
    text: &mut String,
) {
    text.clear();
    if head.id == "labels" && list.labels {
        rows.labels(world, row)
            .into_iter()
            .for_each(|labels| labels_text(labels, text));
        return;
    }
    match rows
        .time(world, row, &head.id)
        .filter(|_| list.absolute_times)
    {
        Some(at) => text.push_str(&at.to_string()),
        None => rows.cell(world, row, &head.id, text),
    }
}

fn cell(canvas: &mut Canvas<'_>, column: &Laid<'_>, y: u16, text: &str, style: Style) {
    if column.head.right {
        canvas.put_right(column.x, y, column.width, text, style);
    } else {
        canvas.put(column.x, y, column.width, text, style);
    }
}

/// How wide each column would like to be, by what is visible and was visible before.
fn measure(
    list_id: &str,
    heads: &[Head],
    rows: &dyn Rows,
    world: &World,
    list: &List,
    memory: &mut Memory,
    text: &mut String,
) -> Vec<u16> {
    heads
        .iter()
        .map(|head| {
            if head.id == "health" {
                return 1;
            }
            let mut needed = 0;
            for &row in list.visible() {
                write_cell(rows, world, list, row, head, text);
                needed = needed.max(width(text));
            }
            // A column in which nothing ever stood takes no room.
            if needed > 0 || list.visible().is_empty() || head.id == "name" {
                needed = needed.max(width(&head.title));
            }
            let needed = if head.sentence {
                needed
            } else {
                needed.min(WIDEST)
            };
            memory.grow(list_id, &head.id, needed)
        })
        .collect()
}

/// Chooses the columns that fit and where they stand.
fn lay_out<'a>(heads: &'a [Head], widths: &[u16], list: &List, room: u16) -> Vec<Laid<'a>> {
    let room = room.saturating_sub(MARGIN + 1);
    let mut chosen: Vec<usize> = (0..heads.len())
        .filter(|&n| list.wide || !heads[n].wide)
        .collect();
    chosen.retain(|&n| widths[n] > 0);
    let least = |n: usize, sentence: u16| {
        if heads[n].sentence {
            widths[n].min(sentence).max(width(&heads[n].title))
        } else {
            widths[n]
        }
    };
    let total = |chosen: &[usize], sentence: u16| {
        chosen
            .iter()
            .map(|&n| least(n, sentence).saturating_add(GAP))
            .fold(0, u16::saturating_add)
            .saturating_sub(GAP)
    };
    if list.wide {
        // What is wide is scrolled through: the sign and the name stay.
        let fixed = chosen
            .iter()
            .position(|&n| heads[n].id == "name")
            .map_or(0, |at| at + 1);
        let scrolled = list.left.min(chosen.len().saturating_sub(fixed + 1));
        chosen.drain(fixed..fixed + scrolled);
    } else {
        // The sentence explains: what matters less goes before the sentence becomes short.
        for (least_priority, sentence) in SENTENCES {
            while total(&chosen, sentence) > room {
                let goes = |n: &&usize| heads[**n].priority >= least_priority;
                let Some(&last) = chosen
                    .iter()
                    .filter(goes)
                    .max_by_key(|&&n| (heads[n].priority, n))
                else {
                    break;
                };
                chosen.retain(|&n| n != last);
            }
        }
    }
    let least = |n: usize| least(n, SENTENCES[SENTENCES.len() - 1].1);
    let total = |chosen: &[usize]| total(chosen, SENTENCES[SENTENCES.len() - 1].1);
    let mut spare = room.saturating_sub(total(&chosen));
    let mut over = total(&chosen).saturating_sub(room);
    let mut x = MARGIN;
    let mut laid = Vec::with_capacity(chosen.len());
    for n in chosen {
        let mut wanted = least(n);
        if heads[n].sentence {
            let more = widths[n].saturating_sub(wanted).min(spare);
            wanted += more;
            spare -= more;
        } else if heads[n].id == "name" && over > 0 && !list.wide {
            // Nothing more can go: the name gives way last.
            let cut = over.min(wanted.saturating_sub(8));
            wanted -= cut;
            over -= cut;
        }
        let end = room + MARGIN;
        if x >= end {
            break;
        }
        let wanted = wanted.min(end - x);
        laid.push(Laid {
            head: &heads[n],
            index: n,
            x,
            width: wanted,
        });
        x += wanted + GAP;
    }
    laid
}

/// Where the window is in the whole, at the right edge; nothing when all is seen.
fn scrollbar(canvas: &mut Canvas<'_>, list: &List, area: Area, heads: bool) {
    let (all, page) = (list.order.rows().len(), list.page);
    let top = area.y + u16::from(heads);
    let height = usize::from((area.y + area.height).saturating_sub(top));
    if all <= page || height < 3 {
        return;
    }
    let length = (height * page / all).clamp(1, height);
    let at = (height - length) * list.offset / (all - page).max(1);
    for n in at..at + length {
        let y = top + u16::try_from(n).unwrap_or(0);
        canvas.put(area.x + area.width - 1, y, 1, "┃", canvas.theme.rule);
    }
}
