//! State to cells: `(&App, &Theme) → Buffer`. Nothing here changes the state, and every text comes
//! cleaned; what is drawn where the mouse can hit it is returned.

mod ascii;
mod build;
mod columns;
mod containers;
mod dockerfile;
mod frame;
mod hits;
mod lines;
mod list;
mod logs;
mod overlay;
mod paint;
mod plain;
mod preview;
mod shell;
mod table;
mod tabs;
#[cfg(test)]
mod tests;
mod text;
mod tour;
mod welcome;
mod wizard;
mod words;
mod world;

pub use columns::Memory;
pub use hits::Hits;
pub use plain::plain;

use crate::app::layout::{Area, Regions};
use crate::app::screens::Screen;
use crate::app::{App, Hit};
use crate::theme::Theme;
use paint::Canvas;
use ratatui::buffer::Buffer;

/// Draws the whole frame into `buffer`.
pub fn draw(app: &App, theme: &Theme, memory: &mut Memory, buffer: &mut Buffer) -> Hits {
    let mut hits = Hits::default();
    let whole = buffer.area;
    buffer.set_style(whole, theme.ground);
    // The core learns of a new size by message; until then nothing is drawn outside the terminal.
    let regions = app.regions();
    let inside =
        |area: Area| area.x + area.width <= whole.width && area.y + area.height <= whole.height;
    if ![
        regions.strip,
        regions.world,
        regions.place,
        regions.body,
        regions.tour,
        regions.notice,
        regions.hints,
    ]
    .into_iter()
    .all(inside)
    {
        return hits;
    }
    let mut canvas = Canvas { buffer, theme };
    if regions.world.height > 0 {
        world::draw(app, &mut canvas, regions.world);
        frame::place(app, &mut canvas, regions.place, &mut hits);
        frame::notice(app, &mut canvas, regions.notice);
    }
    if regions.strip.height > 0 {
        tabs::draw(app, &mut canvas, regions.strip, &mut hits);
    }
    if regions.tour.height > 0 {
        tour::draw(app, &mut canvas, regions.tour);
    }
    if let Screen::Shell(screen) = app.screen() {
        tabs::draw_foot(app, screen, &mut canvas, &regions, &mut hits);
    } else if regions.hints.height > 0 {
        frame::hints(app, &mut canvas, regions.hints, &mut hits);
    }
    if let Some((screen, there)) = app.beside() {
        tabs::draw_beside(screen, &mut canvas, &there, regions.place);
        // What is drawn there is hit as one: a press gives it the keyboard.
        let mut unseen = Hits::default();
        let memory = memory.beside.get_or_insert_default();
        body(app, screen, memory, &mut canvas, &there, &mut unseen);
        for area in [there.place, there.body] {
            hits.add(area, Hit::Beside);
        }
    }
    body(app, app.screen(), memory, &mut canvas, &regions, &mut hits);
    if let Some(overlay) = &app.overlay {
        overlay::draw(app, overlay, &mut canvas, &mut hits);
    }
    if memory.ascii {
        ascii::fold(buffer);
    }
    hits
}

/// Draws what a screen shows, between the place and the hints.
fn body(
    app: &App,
    screen: &Screen,
    memory: &mut Memory,
    canvas: &mut Canvas<'_>,
    regions: &Regions,
    hits: &mut Hits,
) {
    match screen {
        Screen::List(screen) => {
            if let Some(area) = regions.preview {
                preview::draw(app, screen, canvas, area);
            }
            list::draw(app, screen, memory, canvas, regions, hits);
        }
        Screen::Text(screen) => text::draw(app, screen, canvas, regions.body, hits),
        Screen::Shell(screen) => shell::draw(screen, canvas, regions.body, hits),
        Screen::Logs(screen) => logs::draw(app, screen, canvas, regions, hits),
        Screen::Wizard(screen) => wizard::draw(app, screen, canvas, regions.body, hits),
        Screen::Welcome(screen) => welcome::draw(app, screen, canvas, regions.body, hits),
    }
}
