//! Dockerfiles: the one that grows with the answers, and two beside each other.

use super::paint::Canvas;
use crate::app::layout::Area;
use crate::app::screens::wizard::Wizard;
use crate::domain::compare::side_by_side;
use crate::domain::text::clean;

/// The Dockerfile of the project's own at the left, the one of the answers at the right.
pub fn comparison(wizard: &Wizard, canvas: &mut Canvas<'_>, area: Area) {
    let Some((name, own)) = wizard.own_dockerfile() else {
        return;
    };
    let theme = canvas.theme;
    let made = wizard.made_dockerfile();
    let (old, new): (Vec<&str>, Vec<&str>) = (own.lines().collect(), made.lines().collect());
    let half = area.width / 2;
    let right = area.x + half;
    let (left_room, right_room) = (half.saturating_sub(2), area.width.saturating_sub(half + 2));
    canvas.bar(right, area.y, area.height);
    canvas.put(area.x + 1, area.y, left_room, &clean(name), theme.head);
    canvas.put(
        right + 2,
        area.y,
        right_room,
        "from the answers",
        theme.head,
    );
    if new.is_empty() {
        let text = "the answers give none yet";
        canvas.put(right + 2, area.y + 2, right_room, text, theme.dim);
    }
    let rows = side_by_side(&old, &new);
    let rows = rows.iter().skip(wizard.scroll);
    for (y, (old, new)) in (area.y + 1..area.y + area.height).zip(rows) {
        let (was, comes) = if old == new {
            (theme.dim, theme.dim)
        } else {
            (theme.failing, theme.healthy)
        };
        canvas.put(
            area.x + 1,
            y,
            left_room,
            &clean(old.unwrap_or_default()),
            was,
        );
        canvas.put(right + 2, y, right_room, new.unwrap_or_default(), comes);
    }
}

/// Draws the Dockerfile of the answers, or the one that is taken as it is.
pub fn draw(wizard: &Wizard, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let name = match wizard.brought() {
        Some(_) => wizard.recipe.build.dockerfile.as_str(),
        None => "Dockerfile",
    };
    canvas.put(area.x, area.y, area.width, name, theme.head);
    let state = if wizard.shown.stale {
        ("of the last answers that fit", theme.warning)
    } else if !wizard.flaws.is_empty() {
        ("answers are missing", theme.warning)
    } else if wizard.remarks.is_empty() && !wizard.shown.lines.is_empty() {
        ("lint: clean", theme.healthy)
    } else if wizard.shown.lines.is_empty() {
        ("", theme.dim)
    } else {
        ("lint: see Review", theme.warning)
    };
    canvas.put_right(
        area.x,
        area.y,
        area.width.saturating_sub(1),
        state.0,
        state.1,
    );
    if wizard.shown.lines.is_empty() {
        let text = "it grows here with the answers";
        canvas.put(area.x, area.y + 2, area.width, text, theme.dim);
        return;
    }
    let room = usize::from(area.height.saturating_sub(1));
    let first = if wizard.whole {
        wizard.scroll
    } else {
        // The change is in sight.
        let lit = wizard.shown.lit.first().copied().unwrap_or(0);
        let end = wizard.shown.lit.last().copied().unwrap_or(0);
        if end < room {
            0
        } else {
            lit.saturating_sub(room / 3)
        }
    };
    let lines = wizard.shown.lines.iter().enumerate().skip(first);
    for (y, (n, line)) in (area.y + 1..area.y + area.height).zip(lines) {
        let lit = wizard.shown.lit.contains(&n);
        let room = area.width.saturating_sub(1);
        let keyword = line.split(' ').next().unwrap_or_default();
        let instruction = !line.starts_with([' ', '\t', '#'])
            && !keyword.is_empty()
            && keyword.bytes().all(|byte| byte.is_ascii_uppercase());
        let style = if line.starts_with('#') {
            theme.dim
        } else {
            theme.text
        };
        if instruction {
            let used = canvas.put(area.x, y, room, keyword, theme.field);
            canvas.put(
                area.x + used,
                y,
                room.saturating_sub(used),
                &line[keyword.len()..],
                style,
            );
        } else {
            canvas.put(area.x, y, room, line, style);
        }
        if lit {
            let whole = Area {
                y,
                height: 1,
                ..area
            };
            canvas.wash(whole, theme.selected);
            canvas.put_right(area.x, y, area.width, "◂", theme.accent);
        }
    }
}
