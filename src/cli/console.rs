//! The console: everything that it starts with, gathered without asking any server.

use super::args::{ClusterArgs, ConsoleArgs, LogLevel};
use super::exit::{Code, Refusal};
use super::settings::Settings;
use crate::app::{Notice, Panes, Reloaded, Setup, Severity};
use crate::cluster::ConnectOptions;
use crate::config::State;
use crate::domain::feed::Scope;
use crate::domain::text::Text;
use crate::domain::time::Zone;
use crate::runtime::{self, DemoStarter, Looks, Start, WorkshopPaths, state};
use std::process::ExitCode;
use tracing::level_filters::LevelFilter;

/// Opens the console and stays until the person leaves it.
pub fn run(
    cluster: &ClusterArgs,
    console: &ConsoleArgs,
    demo: bool,
    starter: DemoStarter,
) -> anyhow::Result<ExitCode> {
    let mut settings = Settings::load(cluster, console);
    let keymap = settings.keymap();
    let theme = settings.theme();
    let mut notices: Vec<Notice> = settings.problems.iter().map(Notice::from).collect();
    notices.extend(start_log(&settings, console));
    let state_file = settings.paths.state_file();
    let state = state::load(&state_file).unwrap_or_else(|why| {
        notices.push(forgotten(&why));
        State::default()
    });
    let setup = Setup {
        labels: settings.config.labels.clone(),
        keymap,
        state: with_favourites(state, &settings.config.favourites),
        readonly: settings.config.readonly,
        log_bytes: settings.config.log_bytes,
        panes: Panes {
            scrollback: settings.config.scrollback,
            shell: settings.config.shell.clone(),
            ..Panes::default()
        },
        zone: Zone::system(),
        scopes: scopes(cluster),
        context: cluster.context.as_deref().map(Text::new),
        demo,
        command: console.command.clone(),
        production: settings.production(),
        theme: settings.theme_name(),
        themes: settings.themes(),
        notices,
    };
    let start = Start {
        setup,
        theme,
        ascii: !speaks_utf8(|name| std::env::var(name).ok()),
        mouse: settings.config.mouse,
        connect: connect_options(cluster, &settings),
        demo: starter,
        state_file,
        saved: settings.paths.data.join("saved"),
        looks: looks(cluster, console),
        edits: settings.paths.state.join("edits"),
        workshop: WorkshopPaths {
            rules: super::catalogue::rules(
                &settings.paths,
                &settings.config,
                connect_options(cluster, &settings),
            ),
            drafts: settings.paths.state.join("drafts"),
            builds: settings.paths.state.join("builds"),
        },
    };
    match runtime::run(start) {
        Ok(code) => Ok(code.into()),
        Err(error) => Err(Refusal::new(
            Code::Failed,
            format!("the console needs a terminal: {error}\n`quarterdeck get` and the other verbs work without one"),
        )
        .into()),
    }
}

/// Reads the files again, with the flags of this start laid over them.
fn looks(cluster: &ClusterArgs, console: &ConsoleArgs) -> Looks {
    let load = {
        let (cluster, console) = (cluster.clone(), console.clone());
        move || Settings::load(&cluster, &console)
    };
    let again = load.clone();
    let told = |settings: &Settings| settings.problems.iter().map(Notice::from).collect();
    Looks {
        theme: Box::new(move |name| {
            let mut settings = load();
            settings.problems.clear();
            name.clone_into(&mut settings.config.theme);
            let theme = settings.theme();
            match settings.problems.first() {
                Some(problem) => Err(Notice::from(problem)),
                None => Ok(theme),
            }
        }),
        reload: Box::new(move || {
            let mut settings = again();
            let keymap = settings.keymap();
            // What is wrong in its file is told now; it is read once more to be worn.
            settings.theme();
            if !settings.problems.is_empty() {
                return Err(told(&settings));
            }
            Ok(Reloaded {
                keymap,
                production: settings.config.production.clone(),
                favourites: settings.config.favourites.clone(),
                theme: settings.theme_name(),
                themes: settings.themes(),
            })
        }),
    }
}

/// What a session is made from, by the flags.
pub fn connect_options(cluster: &ClusterArgs, settings: &Settings) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        impersonate: cluster.as_user.clone(),
        impersonate_groups: cluster.as_group.clone(),
        readonly: settings.config.readonly,
        ..ConnectOptions::default()
    }
}

/// The namespaces that the flags name; `None` when they name none.
pub fn scopes(cluster: &ClusterArgs) -> Option<Vec<Scope>> {
    if cluster.all_namespaces {
        return Some(vec![Scope::ALL]);
    }
    let names = cluster
        .namespace
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty());
    let scopes: Vec<_> = names.map(Scope::namespace).collect();
    (!scopes.is_empty()).then_some(scopes)
}

/// Configured favourites win over remembered ones, key by key.
fn with_favourites(mut state: State, configured: &[String]) -> State {
    let kept = state
        .favourites
        .split_off(configured.len().min(state.favourites.len()));
    state.favourites = configured.iter().cloned().chain(kept).collect();
    state
}

fn start_log(settings: &Settings, console: &ConsoleArgs) -> Option<Notice> {
    let level = match console.log_level.unwrap_or_default() {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let file = console
        .log_file
        .clone()
        .unwrap_or_else(|| settings.paths.log_file());
    let error = runtime::start_log(&file, level).err()?;
    Some(Notice {
        why: Text::new(&format!("{}: {error}", file.display())),
        ..Notice::warning(
            "nothing is logged",
            "name a file that can be written with --log-file",
        )
    })
}

/// Whether the locale is a UTF-8 one, by the variable that decides. A machine that says nothing is
/// taken for a modern one.
fn speaks_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    said.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn forgotten(why: &str) -> Notice {
    Notice {
        why: Text::new(why),
        ..Notice::warning(
            "what was remembered from earlier runs cannot be read",
            "take the file away; it is written anew",
        )
    }
}

impl From<&crate::config::Problem> for Notice {
    fn from(problem: &crate::config::Problem) -> Self {
        Self {
            severity: Severity::Warning,
            what: Text::new(&problem.place()),
            why: Text::new(&problem.what),
            remedy: Text::new(&problem.remedy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_favourites_take_the_first_keys() {
        let state = State {
            favourites: vec!["a".into(), "b".into(), "c".into()],
            ..State::default()
        };
        let favourites = with_favourites(state.clone(), &["x".into()]).favourites;
        assert_eq!(favourites, ["x", "b", "c"]);
        let favourites =
            with_favourites(state, &["x".into(), "y".into(), "z".into(), "w".into()]).favourites;
        assert_eq!(favourites, ["x", "y", "z", "w"]);
    }

    #[test]
    fn the_locale_decides_what_can_be_shown() {
        let speaks = |variables: &[(&str, &str)]| {
            speaks_utf8(|name| {
                variables
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(
            speaks(&[])
                && speaks(&[("LANG", "de_DE.UTF-8")])
                && speaks(&[("LC_ALL", ""), ("LANG", "C.utf8")])
        );
        assert!(!speaks(&[("LANG", "C")]) && !speaks(&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")]));
    }

    #[test]
    fn flags_name_the_scope() {
        let mut args = ClusterArgs::default();
        assert_eq!(scopes(&args), None);
        args.namespace = vec!["a".into(), " ".into(), "b ".into()];
        assert_eq!(
            scopes(&args),
            Some(vec![Scope::namespace("a"), Scope::namespace("b")])
        );
        args.all_namespaces = true;
        assert_eq!(scopes(&args), Some(vec![Scope::ALL]));
    }
}
