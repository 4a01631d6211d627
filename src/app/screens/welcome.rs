//! No cluster: what is wrong, and the ways on (another context, another file, the demo).

use crate::app::effect::Effect;
use crate::app::world::World;
use crate::command::Command;
use crate::domain::text::Text;

/// One way on.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// What it is.
    pub label: String,
    /// What it does.
    pub help: String,
    /// How it is taken.
    pub step: Step,
}

/// How a way is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Something for the driver.
    Effect(Effect),
    /// The palette opens with this line.
    Type(&'static str),
}

/// The welcome screen.
#[derive(Debug, Default)]
pub struct Welcome {
    /// The chosen way.
    pub cursor: usize,
}

impl Welcome {
    /// The ways on, best first.
    pub fn ways(world: &World) -> Vec<Way> {
        let demo = Way {
            label: "Open the demo".into(),
            help: "a company inside this program, with a guided tour".into(),
            step: Step::Effect(Effect::ConnectDemo),
        };
        let again = Way {
            label: "Try again".into(),
            help: "read the kubeconfig and connect once more".into(),
            step: Step::Effect(Effect::Connect(None)),
        };
        let file = Way {
            label: "Another kubeconfig".into(),
            help: "type the path of a file".into(),
            step: Step::Type("kubeconfig "),
        };
        let contexts = world.contexts.iter().map(|context| Way {
            label: format!("Context {}", context.name),
            help: format!(
                "{}{}",
                context.server,
                if context.current {
                    ", the current one"
                } else {
                    ""
                }
            ),
            step: Step::Effect(Effect::Connect(Some(context.name.clone()))),
        });
        std::iter::once(demo)
            .chain(contexts)
            .chain([file, again])
            .collect()
    }

    /// Moves among the ways. False when the command is not about that.
    pub fn command(&mut self, command: Command, world: &World) -> bool {
        let last = Self::ways(world).len() - 1;
        match command {
            Command::Up => self.cursor = self.cursor.saturating_sub(1),
            Command::Down => self.cursor = (self.cursor + 1).min(last),
            Command::Top | Command::PageUp => self.cursor = 0,
            Command::Bottom | Command::PageDown => self.cursor = last,
            _ => return false,
        }
        true
    }

    /// What is wrong, in three parts: what, why, what to do.
    pub fn trouble(world: &World) -> (Text, Text, Text) {
        match &world.failure {
            Some(failure) => (
                Text::new(&format!("could not {}", failure.what)),
                failure.why.clone(),
                failure.remedy.clone(),
            ),
            None => (
                "No cluster yet".into(),
                Text::default(),
                "Choose a way on.".into(),
            ),
        }
    }
}
