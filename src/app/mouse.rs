//! The mouse: rows and hints are clicked, panes give it to their programs or select text with it.

use super::App;
use super::effect::Effects;
use super::hit::Hit;
use super::overlay::Overlay;
use super::screens::{ListScreen, Screen};
use crate::command::Command;
use crate::key::{Button, Mouse, MouseAction};

/// Rows per notch of the wheel.
const NOTCH: i16 = 3;

impl App {
    /// Something was done with the mouse.
    pub(super) fn mouse(&mut self, hit: Hit, mouse: Mouse, effects: &mut Effects) {
        self.dirty |= mouse.action != MouseAction::Move;
        // What lies over the screen takes it all; a press beside it closes it.
        let pressed = mouse.action == MouseAction::Press(Button::Left);
        if self.overlay.is_some() && !pressed {
            return;
        }
        match (hit, mouse.action) {
            (hit, _) if self.overlay.is_some() => self.click(hit, effects),
            (Hit::Beside, MouseAction::Press(Button::WheelUp)) => {
                self.on_other_half(|app| app.wheel(-NOTCH));
            }
            (Hit::Beside, MouseAction::Press(Button::WheelDown)) => {
                self.on_other_half(|app| app.wheel(NOTCH));
            }
            (Hit::Beside, MouseAction::Press(_)) => self.show_other_half(),
            (Hit::Cell(column, row), _) => {
                self.pane_mouse((column, row), mouse, effects);
            }
            (_, MouseAction::Press(Button::WheelUp)) => self.wheel(-NOTCH),
            (_, MouseAction::Press(Button::WheelDown)) => self.wheel(NOTCH),
            (hit, MouseAction::Press(Button::Left)) => self.click(hit, effects),
            (Hit::Row(row), MouseAction::Drag(Button::Left)) => {
                if let Screen::Logs(screen) = &mut self.screens[self.at] {
                    screen.select_to(row);
                }
            }
            _ => {}
        }
    }

    /// In a pane the mouse is the program's, where the program wants it; shift keeps it here.
    fn pane_mouse(&mut self, at: (u16, u16), mouse: Mouse, effects: &mut Effects) {
        let now = self.world.now;
        let Screen::Shell(shell) = &mut self.screens[self.at] else {
            return;
        };
        if shell.point(at, mouse, effects) {
            return;
        }
        match mouse.action {
            MouseAction::Press(Button::WheelUp) => self.wheel(-NOTCH),
            MouseAction::Press(Button::WheelDown) => self.wheel(NOTCH),
            MouseAction::Press(Button::Left) => {
                shell.focused = shell.is_live();
                shell.press_at(at, now);
            }
            MouseAction::Drag(Button::Left) => shell.drag_to(at),
            MouseAction::Release(Button::Left) => {
                if let Some(text) = shell.dragged() {
                    self.put_on_clipboard(text, effects);
                }
            }
            _ => {}
        }
    }

    fn click(&mut self, hit: Hit, effects: &mut Effects) {
        if let (Some(Overlay::Palette(palette, _)), Hit::Choice(n)) = (&mut self.overlay, hit) {
            palette.chosen = Some(n);
            let answer = palette.answer();
            return self.carry_out(&answer, effects);
        }
        match hit {
            Hit::Command(command) => self.command(command, effects),
            Hit::Tab(n) => {
                self.overlay = None;
                self.show_tab(n);
            }
            Hit::Crumb(n) => {
                self.overlay = None;
                self.go_to(self.root() + n);
            }
            _ if self.overlay.is_some() => self.overlay = None,
            hit => self.click_on_screen(hit, effects),
        }
    }

    fn click_on_screen(&mut self, hit: Hit, effects: &mut Effects) {
        let (screen, world) = self.screen_mut();
        let open = match screen {
            Screen::List(ListScreen { source, list }) => list.click(hit, source.rows(), world),
            Screen::Text(screen) => {
                if let Hit::Row(row) = hit {
                    screen.move_to(row);
                }
                false
            }
            Screen::Logs(screen) => {
                match hit {
                    Hit::Row(row) => screen.click(row),
                    Hit::Moment(n, of) => screen.go_to_part(n, of),
                    Hit::Step(n) => {
                        let again = screen.chosen_step() == Some(n);
                        screen.choose_step((!again).then_some(n));
                    }
                    _ => {}
                }
                false
            }
            Screen::Shell(_) => false,
            Screen::Wizard(_) => return self.wizard_click(hit, effects),
            Screen::Welcome(welcome) => {
                let Hit::Row(row) = hit else { return };
                welcome.cursor = row;
                true
            }
        };
        if open {
            self.command(Command::Open, effects);
        }
        self.remember_sort(effects);
    }

    /// The wheel was turned by so many rows; up when negative.
    fn wheel(&mut self, by: i16) {
        let rows = isize::from(by);
        match self.screen_mut().0 {
            Screen::List(screen) => screen.list.move_by(rows),
            Screen::Text(screen) => screen.move_by(rows),
            Screen::Logs(screen) => screen.move_by(rows),
            Screen::Shell(shell) => shell
                .terminal
                .scroll(crate::vt::Scroll::Lines(i32::from(-by))),
            Screen::Wizard(wizard) => wizard.move_by(by > 0),
            Screen::Welcome(_) => {}
        }
    }
}
