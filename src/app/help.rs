//! Texts that the program writes about itself, drawn from the table of commands.

use super::App;
use crate::command::{Command, Context, Group, Info, TABLE};
use crate::input::{Binding, Keymap};
use std::fmt::Write;

/// The groups of the help screen, in order.
const GROUPS: [Group; 6] = [
    Group::Go,
    Group::Move,
    Group::Find,
    Group::Act,
    Group::Read,
    Group::Program,
];

/// The help: what works here first, then everything else by task.
pub fn text(keymap: &Keymap, here: &[Context]) -> String {
    let mut out = String::new();
    section(
        &mut out,
        "Here",
        TABLE
            .iter()
            .filter(|info| !key_label(keymap, info.command, Some(here)).is_empty()),
        keymap,
        Some(here),
    );
    for group in GROUPS {
        section(
            &mut out,
            group.title(),
            TABLE.iter().filter(|info| info.group == group),
            keymap,
            None,
        );
    }
    out.push_str(FILTERS);
    out
}

/// How filters are written.
const FILTERS: &str = "Filters\n
  /web             names, and everything else in the row, that match the regular expression `web`
  /!web            rows that do not match
  /-l app=web      rows with this label
  /-f wb           rows that contain the letters in this order
  health:failing   a column that begins with or matches a word; `ns:shop*` takes wildcards
  restarts>3       a column as a number; age<2h as a span of time
  Terms stand side by side: all of them must hold.
";

fn section<'a>(
    out: &mut String,
    title: &str,
    rows: impl Iterator<Item = &'a Info>,
    keymap: &Keymap,
    here: Option<&[Context]>,
) {
    out.push_str(title);
    out.push_str("\n\n");
    // The nine favourites differ by their number: the first stands for all.
    let mut rows: Vec<_> = rows
        .filter(|info| info.command.favourite().is_none_or(|n| n == 1))
        .collect();
    if here.is_some() {
        // What is pressed most stands first; what no hint offers keeps its order behind it.
        rows.sort_by_key(|info| info.hint_rank.wrapping_sub(1));
    }
    for info in rows {
        let mut keys = key_label(keymap, info.command, here);
        if info.command.favourite().is_some() && keys == "1" {
            keys = "1 … 9".into();
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  {keys:<15}  :{:<15}  {}{}",
            info.name,
            info.help,
            argument(info)
        );
    }
    out.push('\n');
}

fn argument(info: &Info) -> String {
    if info.argument.is_empty() {
        String::new()
    } else {
        format!(" {}", info.argument)
    }
}

fn key_label(keymap: &Keymap, command: Command, here: Option<&[Context]>) -> String {
    let mut labels: Vec<String> = keymap
        .keys_of(command)
        .filter(|b| here.is_none_or(|contexts| contexts.contains(&b.context)))
        .map(Binding::label)
        .collect();
    labels.sort();
    labels.dedup();
    labels.join(", ")
}

impl App {
    /// The key of a command: where it works now, else where it works at all; a command without a
    /// key is typed.
    pub fn key_of(&self, command: Command) -> String {
        let info = command.info();
        let here = self.keymap.key_for(command, self.key_contexts());
        here.or_else(|| self.keymap.key_for(command, info.contexts))
            .map_or_else(|| format!(":{}", info.name), Binding::label)
    }
}

/// The key map by context, for `:keys` and `quarterdeck keymap show`.
pub fn keys(keymap: &Keymap) -> String {
    let mut out = String::from("Keys\n\n");
    for context in Context::ALL {
        let mut here: Vec<_> = keymap
            .bindings()
            .iter()
            .filter(|binding| binding.context == context)
            .map(|binding| (binding.command.info(), binding.label()))
            .collect();
        // Commands in the order of their table, the keys of one together, letters last.
        here.sort_by_key(|(info, key)| {
            let place = TABLE.iter().position(|it| it.name == info.name);
            (place, key.len() == 1, key.clone())
        });
        let _ = writeln!(out, "{}\n", context.name());
        for (info, key) in here {
            let _ = writeln!(out, "  {key:<15}  :{:<15}  {}", info.name, info.help);
        }
        out.push('\n');
    }
    out
}

/// Versions, the server, and who we are to it.
pub fn about(app: &App) -> String {
    let mut out = format!(
        "About\n\n  quarterdeck        {}\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut line = |name: &str, value: &str| {
        let value = if value.is_empty() {
            "not known yet"
        } else {
            value
        };
        let _ = writeln!(out, "  {name:<19}{value}");
    };
    if let Some(session) = &app.world.session {
        line("context", &session.context);
        line("server", &session.server);
        line("server version", &session.version);
        line("you are", &session.user);
        line(
            "certificate",
            if session.insecure {
                "NOT CHECKED (insecure-skip-tls-verify)"
            } else {
                "checked"
            },
        );
    } else {
        line("context", "none");
    }
    line(
        "changes",
        if app.world.readonly {
            "refused (--readonly)"
        } else {
            "allowed where the server allows them"
        },
    );
    out.push_str("\n  `quarterdeck info` prints the paths of all files.\n");
    out
}
