//! What the tour says, and when each step has been done. A word in braces is the name of a command:
//! the key that is bound to it stands there on the screen.

use crate::app::App;
use crate::app::screens::shell::{Life, Way};
use crate::app::screens::{ListScreen, Screen, Source};

/// One step.
#[derive(Debug)]
pub struct Step {
    /// What it is about.
    pub title: &'static str,
    /// What to do, then what to say to somebody who does not find it, and to somebody who still
    /// does not.
    pub hints: [&'static str; 3],
    /// Whether it has been done. The last step is not waited for.
    pub done: fn(&App) -> bool,
}

/// All steps, in order.
pub static STEPS: &[Step] = &[
    Step {
        title: "Look inside",
        hints: [
            "These are projects, the sickest first. {open} opens the selected one.",
            "The lit row is the selected one; {move-down} and {move-up} choose another.",
            "Press {open} once: you see its releases, one for each namespace.",
        ],
        done: |app| matches!(source(app), Some(Source::Releases(rows)) if !rows.is_all()),
    },
    Step {
        title: "And back",
        hints: [
            "{up-a-level} goes up a level; the second line always says where you are.",
            "It also closes what is open and clears what is typed.",
            "Press {up-a-level} until the second line says Projects alone.",
        ],
        done: |app| matches!(source(app), Some(Source::Projects(_))),
    },
    Step {
        title: "Keep what matters",
        hints: [
            "{filter} keeps the rows that match: type health:failing, then enter.",
            "A word seeks everywhere; restarts>3 and -l app=web work too.",
            "Press {filter}, type health:failing, press enter.",
        ],
        done: |app| {
            list(app).is_some_and(|it| !it.list.filter.text.is_empty() && !it.list.filter.editing)
        },
    },
    Step {
        title: "Find the cause",
        hints: [
            "Open a failing project, its release, a pod: its page says why.",
            "{open} three times is the way: the worst row is always first.",
            "Press {open} until containers are seen; {up-a-level} leaves a well pod.",
        ],
        done: |app| match source(app) {
            Some(Source::Containers(rows)) => {
                let pods = &app.world.fleet;
                let pod = pods.pod_by_name(&rows.pod.namespace, &rows.pod.name);
                pod.and_then(|id| pods.pod(id)?.cause(app.world.now))
                    .is_some()
            }
            _ => false,
        },
    },
    Step {
        title: "Read what it wrote",
        hints: [
            "{logs} opens the log: it begins with the run that failed.",
            "On a project or release it shows all containers, in order of time.",
            "Select a container and press {logs}.",
        ],
        done: |app| matches!(app.screen(), Screen::Logs(screen) if screen.build.is_none()),
    },
    Step {
        title: "Search in it",
        hints: [
            "{search} searches: type a word that you see, then enter.",
            "{next-match} goes to the next place; {filter} hides all other lines.",
            "Press {search}, type error, press enter.",
        ],
        done: |app| matches!(app.screen(), Screen::Logs(screen) if screen.search.is_some() && screen.input.is_none()),
    },
    Step {
        title: "Say where to go",
        hints: [
            "{palette} takes any command or kind by name: type pods, then enter.",
            "It completes with tab; the key of each command stands at its right.",
            "Press {palette}, type pods, press enter.",
        ],
        done: |app| matches!(source(app), Some(Source::Pods(rows)) if rows.is_all()),
    },
    Step {
        title: "Open a shell",
        hints: [
            "Choose a pod whose STATUS is Running; {enter-shell} opens a shell in it.",
            "{filter} with status:running hides the others.",
            "{filter}, status:running, enter; {enter-shell}; enter where you are asked.",
        ],
        done: |app| matches!(app.screen(), Screen::Shell(shell) if shell.way == Way::Shell && shell.life == Life::Live),
    },
    Step {
        title: "The keyboard is the shell's",
        hints: [
            "Type ls and enter, if you like. {leave-shell} gives the keyboard back.",
            "Every other key goes to the program in the container.",
            "Press {leave-shell} once.",
        ],
        done: |app| !matches!(app.screen(), Screen::Shell(shell) if shell.focused),
    },
    Step {
        title: "Go between tabs",
        hints: [
            "The shell has a tab of its own. {previous-tab} shows the one before it.",
            "{tab-1} shows the first one; {split} shows two at once.",
            "Press {previous-tab}; or {palette}, tab 1, enter.",
        ],
        done: |app| !matches!(app.screen(), Screen::Shell(_)),
    },
    Step {
        title: "Make an image",
        hints: [
            "{palette}, new and enter make one from the present folder: no Dockerfile.",
            "new FOLDER takes another one. Nothing is written until you say so.",
            "Press {palette}, type new, press enter.",
        ],
        done: |app| matches!(app.screen(), Screen::Wizard(_)),
    },
    Step {
        title: "Know where the rest is",
        hints: [
            "{up-a-level} leaves the wizard. {help} shows what every key does.",
            "In the help {search} finds a word: try sort, or theme.",
            "Press {up-a-level} until the list is back, then {help}.",
        ],
        done: |app| matches!(app.screen(), Screen::Text(screen) if screen.title == "help"),
    },
    Step {
        title: "That was the tour",
        hints: [
            "Now on your own cluster: `quarterdeck`, with your kubeconfig.",
            "",
            "",
        ],
        done: |_| false,
    },
];

fn list(app: &App) -> Option<&ListScreen> {
    match app.screen() {
        Screen::List(screen) => Some(screen),
        _ => None,
    }
}

pub(super) fn source(app: &App) -> Option<&Source> {
    list(app).map(|screen| &screen.source)
}
