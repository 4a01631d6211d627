//! A loaded key map and how a key is resolved in it.

use crate::command::{Command, Context};
use crate::key::Key;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One line of a key map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys to press one after another.
    pub keys: Vec<Key>,
    /// What they ask for.
    pub command: Command,
}

impl Binding {
    /// The keys as a person reads them: `g g`, `ctrl-d`.
    pub fn label(&self) -> String {
        self.keys
            .iter()
            .map(Key::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// All bindings, in the order of the files: later ones of the same keys replaced earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What a key means after those pressed before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This command.
    Command(Command),
    /// A sequence has begun; these bindings can complete it.
    Pending(Vec<Binding>),
    /// Nothing.
    Unbound,
}

/// As in a file of a key map: context, keys, command.
type Line = (String, String, Command);

impl Serialize for Keymap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = |it: &Binding| -> Line { (it.context.name().into(), it.label(), it.command) };
        serializer.collect_seq(self.bindings.iter().map(line))
    }
}

impl<'de> Deserialize<'de> for Keymap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keymap = Self::default();
        for (context, keys, command) in Vec::<Line>::deserialize(deserializer)? {
            let context = Context::from_name(&context)
                .ok_or_else(|| D::Error::custom(format!("no context `{context}`")))?;
            let keys: Result<Vec<Key>, _> = keys.split(' ').map(str::parse).collect();
            keymap.bind(context, keys.map_err(D::Error::custom)?, Some(command));
        }
        Ok(keymap)
    }
}

/// Contexts that hold at the same time.
const TOGETHER: &[&[Context]] = &[
    &[
        Context::Pods,
        Context::Objects,
        Context::List,
        Context::Global,
    ],
    &[Context::Projects, Context::List, Context::Global],
    &[Context::Recipes, Context::List, Context::Global],
    &[Context::Text, Context::Global],
    &[Context::Shell, Context::Global],
    &[Context::Build, Context::Logs, Context::Global],
    &[Context::Wizard, Context::Global],
    &[Context::Confirm],
];

fn hold_together(one: Context, other: Context) -> bool {
    let mut sets = TOGETHER.iter();
    sets.any(|set| set.contains(&one) && set.contains(&other))
}

impl Keymap {
    /// Binds `keys` in `context`; `None` takes a binding away.
    pub fn bind(&mut self, context: Context, keys: Vec<Key>, command: Option<Command>) {
        self.bindings
            .retain(|b| b.context != context || b.keys != keys);
        if let Some(command) = command {
            self.bindings.push(Binding {
                context,
                keys,
                command,
            });
        }
    }

    /// All bindings.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Resolves `keys` in `contexts`, innermost first.
    pub fn resolve(&self, contexts: &[Context], keys: &[Key]) -> Resolution {
        for context in contexts {
            if let Some(hit) = self
                .bindings
                .iter()
                .find(|b| b.context == *context && b.keys == keys)
            {
                return Resolution::Command(hit.command);
            }
        }
        let longer = |b: &&Binding| {
            contexts.contains(&b.context) && b.keys.len() > keys.len() && b.keys.starts_with(keys)
        };
        let pending: Vec<_> = self.bindings.iter().filter(longer).cloned().collect();
        if pending.is_empty() {
            Resolution::Unbound
        } else {
            Resolution::Pending(pending)
        }
    }

    /// The shortest binding of `command` that is reachable in `contexts`, the first of equals.
    pub fn key_for(&self, command: Command, contexts: &[Context]) -> Option<&Binding> {
        self.bindings
            .iter()
            .filter(|b| b.command == command && contexts.contains(&b.context))
            .filter(|b| self.resolve(contexts, &b.keys) == Resolution::Command(command))
            .min_by_key(|b| b.keys.len())
    }

    /// Sequences that can never be pressed, because what they begin with is a command already, in
    /// the same context or in one that holds at the same time; each with the one that hides it.
    pub fn unreachable(&self) -> Vec<(&Binding, &Binding)> {
        let hides = |long: &Binding, short: &Binding| {
            short.keys.len() < long.keys.len()
                && long.keys.starts_with(&short.keys)
                && hold_together(short.context, long.context)
        };
        let all = &self.bindings;
        all.iter()
            .filter_map(|long| Some((long, all.iter().find(|short| hides(long, short))?)))
            .collect()
    }

    /// All bindings of `command`.
    pub fn keys_of(&self, command: Command) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |b| b.command == command)
    }
}
