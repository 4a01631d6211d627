//! The head of a build: how it stands, its steps, and what moves.

use super::paint::Canvas;
use crate::app::App;
use crate::app::layout::Area;
use crate::domain::build::{Build, Moved, Outcome, Step, StepState};
use crate::domain::listing::bytes;
use crate::domain::time::brief;
use ratatui::style::Style;

/// Columns of what moves and how much of it.
const BAR: u16 = 20;
/// A context of more than this is a surprise, as a rule: its largest files are named.
const LARGE: u64 = 50_000_000;

/// Draws the head.
pub fn draw(app: &App, build: &Build, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let (x, room) = (area.x + 1, area.width.saturating_sub(2));
    let (state, style, then) = state(app, build, canvas);
    canvas.put(x, area.y, room, &state, style);
    if area.height > 1 {
        canvas.put(x, area.y + 1, room, &then, theme.dim);
    }
    let bottom = area.y + area.height.saturating_sub(1);
    let mut y = area.y + 2;
    let moved: Vec<&Moved> = build.under_way().collect();
    let kept = u16::try_from(moved.len()).unwrap_or(0);
    let seen = usize::from(bottom.saturating_sub(y + kept));
    // The step that matters is in sight, with those before it.
    let end = build
        .current()
        .map_or(0, |n| n + 1)
        .max(seen)
        .min(build.steps.len());
    for (n, step) in build
        .steps
        .iter()
        .enumerate()
        .take(end)
        .skip(end.saturating_sub(seen))
    {
        let line = Area {
            x,
            y,
            width: room,
            height: 1,
        };
        draw_step(app, n, step, canvas, line);
        y += 1;
    }
    for it in moved {
        if y >= bottom {
            break;
        }
        let used = canvas.put(x + 2, y, room.saturating_sub(BAR + 2), &it.what, theme.dim);
        let amount = if it.total > 0 {
            format!("{} of {}", bytes(it.current), bytes(it.total))
        } else {
            bytes(it.current)
        };
        canvas.put(x + used + 4, y, BAR, &amount, theme.text);
        y += 1;
    }
    canvas.rule(area.x, bottom, area.width);
}

/// How it stands, and what follows from it.
fn state(app: &App, build: &Build, canvas: &Canvas<'_>) -> (String, Style, String) {
    let theme = canvas.theme;
    let took = brief(build.took(app.world.now));
    let done = build
        .steps
        .iter()
        .filter(|step| matches!(step.state, StepState::Done | StepState::Cached))
        .count();
    let last = build.last.map_or_else(String::new, |last| {
        format!(" of about {}, as last time", brief(last))
    });
    let played = if build.simulated {
        " (played: the demo has no engine)"
    } else {
        ""
    };
    let sent = match &build.context {
        Some(sent) if sent.files > 0 => {
            let mut text = format!("{} files, {} sent", sent.files, bytes(sent.bytes));
            if sent.bytes > LARGE {
                let named: Vec<String> = sent
                    .largest
                    .iter()
                    .map(|(name, size)| format!("{name} {}", bytes(*size)))
                    .collect();
                text = format!("{text}; the largest: {}", named.join(", "));
            }
            text
        }
        _ => String::new(),
    };
    match &build.outcome {
        None => {
            let phase = if build.pushed.is_some() {
                "verifying"
            } else {
                "building"
            };
            (
                format!(
                    "◐ {phase} {}  {took}{last}  {done} steps done{played}",
                    build.tag
                ),
                theme.progressing,
                sent,
            )
        }
        Some(Outcome::Built {
            digest: Some(digest),
            ..
        }) => (
            format!("● pushed and verified in {took}  {}", build.tag),
            theme.healthy,
            format!("{} has {digest}", build.tag.registry()),
        ),
        Some(Outcome::Built { image, .. }) => (
            format!("● built in {took}  {}{played}", build.tag),
            theme.healthy,
            image.clone(),
        ),
        Some(Outcome::Failed(fault)) => (
            format!("✖ {}", fault.what),
            theme.failing,
            if fault.answer.is_empty() {
                fault.remedy.clone()
            } else {
                format!("{} (e goes to the answer)", fault.remedy)
            },
        ),
        Some(Outcome::Stopped) => (
            format!("○ stopped after {took}"),
            theme.dim,
            "ctrl-r builds again".into(),
        ),
    }
}

fn draw_step(app: &App, n: usize, step: &Step, canvas: &mut Canvas<'_>, area: Area) {
    let theme = canvas.theme;
    let (sign, style) = match step.state {
        StepState::Started => ("◐", theme.progressing),
        StepState::Cached => ("○", theme.finished),
        StepState::Done => ("●", theme.healthy),
        StepState::Failed => ("✖", theme.failing),
    };
    canvas.put(area.x, area.y, 1, sign, style);
    canvas.put_right(area.x + 2, area.y, 3, &(n + 1).to_string(), theme.dim);
    let took = step.ended.unwrap_or(app.world.now).since(step.began);
    let right = match step.state {
        StepState::Cached => "cached".to_owned(),
        _ => brief(took),
    };
    let room = area.width.saturating_sub(6 + 8);
    let style = match step.state {
        StepState::Failed => theme.failing,
        StepState::Started => theme.text,
        StepState::Cached | StepState::Done => theme.dim,
    };
    canvas.put(area.x + 6, area.y, room, &step.name, style);
    canvas.put_right(area.x, area.y, area.width, &right, theme.dim);
}
