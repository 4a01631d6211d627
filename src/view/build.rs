//! The head of a build: how it stands, its steps, and what moves.

use super::hits::Hits;
use super::paint::{Canvas, width, wrap};
use crate::app::layout::Area;
use crate::app::{App, Hit};
use crate::domain::build::{Branch, Build, Joint, Moved, Outcome, REASON, Step, StepState};
use crate::domain::listing::bytes;
use crate::domain::time::brief;
use ratatui::style::Style;

/// Columns of what moves and how much of it.
const BAR: u16 = 20;
/// Columns of a stage's name at most.
const STAGE: u16 = 12;

/// Draws the head; `chosen` is the step whose lines alone are seen.
pub fn draw(
    app: &App,
    build: &Build,
    chosen: Option<usize>,
    canvas: &mut Canvas<'_>,
    area: Area,
    hits: &mut Hits,
) {
    let theme = canvas.theme;
    let (x, room) = (area.x + 1, area.width.saturating_sub(2));
    let (state, style, then) = state(app, build, canvas);
    // A reason that is cut says nothing.
    let failed = matches!(build.outcome, Some(Outcome::Failed(_)));
    let lines = if failed {
        REASON.min(area.height / 3)
    } else {
        1
    }
    .max(1);
    let mut y = area.y;
    for line in wrap(&state, room).iter().take(usize::from(lines)) {
        canvas.put(x, y, room, line, style);
        y += 1;
    }
    if y < area.y + area.height {
        canvas.put(x, y, room, &then, theme.dim);
        y += 1;
    }
    let bottom = area.y + area.height.saturating_sub(1);
    let moved: Vec<&Moved> = build.under_way().collect();
    let kept = u16::try_from(moved.len()).unwrap_or(0);
    let seen = usize::from(bottom.saturating_sub(y + kept));
    let tree = build.tree();
    // The step that matters is in sight, with those before it.
    let matters = chosen.or_else(|| build.current());
    let at = tree.iter().position(|it| Some(it.n) == matters);
    let end = at.map_or(0, |at| at + 1).max(seen).min(tree.len());
    let stages = tree.iter().map(|it| width(it.stage)).max().unwrap_or(0);
    for branch in tree.iter().take(end).skip(end.saturating_sub(seen)) {
        let line = Area {
            x,
            y,
            width: room,
            height: 1,
        };
        if chosen == Some(branch.n) {
            canvas.wash(line, canvas.theme.selected);
        }
        hits.add(line, Hit::Step(branch.n));
        draw_step(
            app,
            branch,
            &build.steps[branch.n],
            stages.min(STAGE),
            canvas,
            line,
        );
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
        Some(sent) if sent.files > 0 => format!("{} sent", sent.told()),
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

fn draw_step(
    app: &App,
    branch: &Branch<'_>,
    step: &Step,
    stages: u16,
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    let theme = canvas.theme;
    let (sign, style) = match step.state {
        StepState::Started => ("◐", theme.progressing),
        StepState::Cached => ("○", theme.finished),
        StepState::Done => ("●", theme.healthy),
        StepState::Failed => ("✖", theme.failing),
    };
    canvas.put(area.x, area.y, 1, sign, style);
    canvas.put_right(
        area.x + 2,
        area.y,
        3,
        &(branch.n + 1).to_string(),
        theme.dim,
    );
    let took = step.ended.unwrap_or(app.world.now).since(step.began);
    let right = match step.state {
        StepState::Cached => "cached".to_owned(),
        _ => brief(took),
    };
    let style = match step.state {
        StepState::Failed => theme.failing,
        StepState::Started => theme.text,
        StepState::Cached | StepState::Done => theme.dim,
    };
    let mut x = area.x + 6;
    if let Some(joint) = branch.joint {
        let sign = match joint {
            Joint::Only => "─",
            Joint::First => "┬",
            Joint::Middle => "├",
            Joint::Last => "└",
        };
        canvas.put(x, area.y, stages, branch.stage, theme.head);
        canvas.put(x + stages + 1, area.y, 1, sign, theme.dim);
        x += stages + 3;
    }
    let room = (area.x + area.width).saturating_sub(x + 8);
    canvas.put(x, area.y, room, &branch.what, style);
    canvas.put_right(area.x, area.y, area.width, &right, theme.dim);
}
