//! What the programs inside the containers do. The demo runs none: this says how long each lives,
//! how it ends and how long it needs to come up and to go.

use jiff::SignedDuration;
use serde_json::Value;

use super::json::{int, items, text};
use super::status::{Exit, repository};
use crate::demo::random::Random;

/// How a program behaves once it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// When and how it ends by itself.
    pub end: Option<(SignedDuration, Exit)>,
    /// From its start until it is ready.
    pub warm_up: SignedDuration,
    /// From the request to stop until it is gone.
    pub drain: SignedDuration,
}

/// A program of the company with a habit of its own, by repository and tag (empty for all).
struct Habit {
    repository: &'static str,
    tag: &'static str,
    does: Does,
}

enum Does {
    /// Ends after so many milliseconds.
    Exit {
        after: i64,
        code: i64,
        words: &'static str,
    },
    /// Eats its memory up within this many to twice as many seconds.
    Leak(i64),
    /// Needs so many milliseconds before it is ready.
    WarmUp(i64),
    /// Finishes its work for so many milliseconds before it goes.
    Drain(i64),
}

const HABITS: &[Habit] = &[
    Habit {
        repository: "billing/invoicer",
        tag: "3.1.1",
        does: Does::Exit {
            after: 2600,
            code: 2,
            words: "panic: open /app/config/config.yaml: no such file or directory\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/cmd/invoicer/main.go:41 +0x1d5\n",
        },
    },
    Habit {
        repository: "payouts/reconcile",
        tag: "1.1.2",
        does: Does::Exit {
            after: 6200,
            code: 1,
            words: "service.errors.LedgerMismatch: batch 2214: 3 transfers without a booking\n",
        },
    },
    Habit {
        repository: "insights/collector",
        tag: "0.31.2",
        does: Does::Leak(1500),
    },
    Habit {
        repository: "shop/web",
        tag: "1.4.3",
        does: Does::WarmUp(18_000),
    },
    Habit {
        repository: "checkout/payments",
        tag: "",
        does: Does::Drain(14_000),
    },
    Habit {
        repository: "notify/sender",
        tag: "",
        does: Does::Drain(20_000),
    },
    Habit {
        repository: "shipping/tracker",
        tag: "",
        does: Does::Drain(11_000),
    },
];

/// How the container's program behaves, in a pod that runs to an end or for ever.
pub fn of(pod: &Value, container: &Value, init: bool, random: &mut Random) -> Program {
    let image = text(container, "/image");
    let has_probe = container.get("readinessProbe").is_some();
    let patience = int(container, "/readinessProbe/initialDelaySeconds")
        .unwrap_or(0)
        .clamp(0, 2)
        * 500;
    let warm_up = if has_probe {
        patience + random.between(700, 1500)
    } else {
        random.between(150, 400)
    };
    let mut program = Program {
        end: None,
        warm_up: SignedDuration::from_millis(warm_up),
        drain: SignedDuration::from_millis(random.between(900, 1800)),
    };
    if init {
        program.end = Some((
            SignedDuration::from_millis(random.between(700, 1400)),
            Exit::code(0),
        ));
    } else if text(pod, "/spec/restartPolicy") != "Always" {
        program.end = Some((
            SignedDuration::from_millis(random.between(4000, 12_000)),
            Exit::code(0),
        ));
    } else if is_shell(image) && commands(container).is_empty() {
        // A shell without a terminal reads the end of its input at once.
        program.end = Some((SignedDuration::from_millis(300), Exit::code(0)));
    }
    match spelled_out(container) {
        Spelled::Nothing => {}
        Spelled::Endless => program.end = None,
        Spelled::Ends(after, exit) => program.end = Some((after, exit)),
    }
    habits(image, &mut program, random);
    program
}

fn habits_of(image: &str) -> impl Iterator<Item = &'static Habit> {
    let name = repository(image);
    let tag = image[name.len()..].trim_start_matches(':');
    HABITS.iter().filter(move |habit| {
        name.ends_with(habit.repository) && (habit.tag.is_empty() || habit.tag == tag)
    })
}

fn habits(image: &str, program: &mut Program, random: &mut Random) {
    for habit in habits_of(image) {
        match habit.does {
            Does::Exit { after, code, words } => {
                program.end = Some((
                    SignedDuration::from_millis(after),
                    Exit::saying(code, words),
                ));
            }
            Does::Leak(seconds) => {
                let life = random.between(seconds, seconds * 2);
                program.end = Some((SignedDuration::from_secs(life), Exit::out_of_memory()));
            }
            Does::WarmUp(millis) => {
                program.warm_up = SignedDuration::from_millis(millis + random.between(0, 6000));
            }
            Does::Drain(millis) => program.drain = SignedDuration::from_millis(millis),
        }
    }
}

/// Whether the image's program has an end that a restarted demo must plan for.
pub fn is_mortal(image: &str) -> bool {
    let name = repository(image);
    HABITS.iter().any(|habit| {
        name.ends_with(habit.repository) && matches!(habit.does, Does::Exit { .. } | Does::Leak(_))
    })
}

/// Whether the image's program eats its memory up.
pub fn leaks(image: &str) -> bool {
    habits_of(image).any(|habit| matches!(habit.does, Does::Leak(_)))
}

/// Whether the image's program ends soon after its start, and badly.
pub fn fails(image: &str) -> bool {
    habits_of(image).any(|habit| matches!(habit.does, Does::Exit { code, .. } if code != 0))
}

fn is_shell(image: &str) -> bool {
    let name = repository(image);
    ["alpine", "bash", "busybox", "debian", "fedora", "ubuntu"]
        .contains(&name.rsplit('/').next().unwrap_or(name))
}

fn commands(container: &Value) -> Vec<&str> {
    let words = items(container, "/command")
        .iter()
        .chain(items(container, "/args"));
    words.filter_map(Value::as_str).collect()
}

/// What a command line says about its own end.
enum Spelled {
    /// Nothing.
    Nothing,
    /// It never ends.
    Endless,
    /// It ends after a time.
    Ends(SignedDuration, Exit),
}

/// The end that a command line spells out: `exit 3`, `sleep 20`, `false`, `while true`.
fn spelled_out(container: &Value) -> Spelled {
    let command = commands(container).join(" ");
    let words: Vec<&str> = command
        .split(|c: char| c.is_whitespace() || c == ';' || c == '&')
        .filter(|word| !word.is_empty())
        .collect();
    let after = |name: &str| {
        words
            .iter()
            .position(|word| *word == name)
            .and_then(|at| words.get(at + 1))
            .copied()
    };
    if ["while", "until", "tail", "infinity"]
        .iter()
        .any(|word| words.contains(word))
    {
        return Spelled::Endless;
    }
    let slept = after("sleep").map(|text| {
        text.trim_end_matches('s')
            .parse::<u32>()
            .map_or(0, i64::from)
    });
    let code = after("exit")
        .and_then(|text| text.parse::<u8>().ok())
        .map(i64::from);
    let code = code.or_else(|| words.contains(&"false").then_some(1));
    if slept.is_none()
        && code.is_none()
        && !["echo", "true", "date"]
            .iter()
            .any(|word| words.contains(word))
    {
        return Spelled::Nothing;
    }
    let life = SignedDuration::from_secs(slept.unwrap_or(0)) + SignedDuration::from_millis(400);
    Spelled::Ends(life, Exit::code(code.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn end_of(policy: &str, container: &Value) -> Option<(i64, i64)> {
        let pod = json!({"spec": {"restartPolicy": policy}});
        of(&pod, container, false, &mut Random::new(1))
            .end
            .map(|(after, exit)| (after.as_secs(), exit.code))
    }

    #[test]
    fn command_lines_that_spell_their_end_out_are_followed() {
        let shell = |line: &str| json!({"image": "busybox:1.36", "command": ["sh", "-c", line]});
        assert_eq!(end_of("Always", &shell("sleep 20; exit 3")), Some((20, 3)));
        assert_eq!(
            end_of("Always", &shell("while true; do sleep 1; done")),
            None
        );
        assert_eq!(
            end_of(
                "Always",
                &json!({"image": "busybox", "args": ["sleep", "infinity"]})
            ),
            None
        );
        assert_eq!(
            end_of("Never", &json!({"image": "busybox", "command": ["false"]})),
            Some((0, 1))
        );
        assert_eq!(
            end_of(
                "Never",
                &json!({"image": "busybox", "command": ["echo", "hello"]})
            ),
            Some((0, 0))
        );
    }

    #[test]
    fn services_run_for_ever_and_known_programs_have_their_habits() {
        assert_eq!(end_of("Always", &json!({"image": "nginx:1.27"})), None);
        assert_eq!(end_of("Always", &json!({"image": "busybox"})), Some((0, 0)));
        assert_eq!(
            end_of(
                "Always",
                &json!({"image": "r.example/billing/invoicer:3.1.1"})
            ),
            Some((2, 2))
        );
        assert_eq!(
            end_of(
                "Always",
                &json!({"image": "r.example/billing/invoicer:3.1.0"})
            ),
            None
        );
        assert!(is_mortal("r.example/insights/collector:0.31.2") && !is_mortal("nginx"));
    }
}
