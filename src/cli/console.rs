//! The console: everything that it starts with, gathered without asking any server.

use super::args::{ClusterArgs, ConsoleArgs, LogLevel};
use super::exit::{Code, Refusal};
use super::settings::{Settings, speaks_utf8};
use crate::app::{Notice, Setup, Severity};
use crate::cluster::ConnectOptions;
use crate::config::State;
use crate::domain::feed::Scope;
use crate::domain::text::Text;
use crate::domain::time::{Millis, Zone};
use crate::images::Rules;
use crate::runtime::{
    self, Bundle, DemoStarter, Looks, RecordingWanted, Reloaded, Start, WorkshopPaths, state,
};
use std::io::ErrorKind;
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
    let theme = settings.theme();
    let for_core = settings.for_core();
    let mut notices: Vec<Notice> = settings.problems.iter().map(Notice::from).collect();
    notices.extend(start_log(&settings, console));
    let state_file = settings.paths.state_file();
    let state = state::load(&state_file).unwrap_or_else(|why| {
        notices.push(forgotten(&why));
        State::default()
    });
    let setup = Setup {
        settings: for_core,
        state,
        run: std::process::id(),
        zone: Zone::system(),
        scopes: scopes(cluster),
        context: cluster.context.as_deref().map(Text::new),
        demo,
        command: console.command.clone(),
        notices,
        check: console
            .check_consistency
            .map(|it| Millis::seconds(it.into())),
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
        bundles: settings.paths.bundles(),
        reports: settings.paths.reports(),
        record: console.record.clone().map(|file| RecordingWanted {
            file,
            all: console.record_all,
        }),
        light: settings.on_light_ground(),
        edits: settings.paths.state.join("edits"),
        workshop: WorkshopPaths {
            rules: rules(cluster, &settings),
            drafts: settings.paths.state.join("drafts"),
            builds: settings.paths.state.join("builds"),
            secrets: settings.paths.secrets(),
        },
    };
    let record = start.record.clone();
    match runtime::run(start) {
        Ok(code) => Ok(code.into()),
        Err(error) => Err(Refusal::new(Code::Failed, not_opened(&error, record)).into()),
    }
}

/// Why there is no console.
fn not_opened(error: &std::io::Error, record: Option<RecordingWanted>) -> String {
    match record {
        Some(RecordingWanted { file, .. }) if error.kind() == ErrorKind::AlreadyExists => format!(
            "{} is there already; a recording needs a new file",
            file.display()
        ),
        _ => format!(
            "the console needs a terminal: {error}\n`quarterdeck get` and the other verbs work without one"
        ),
    }
}

/// Where the catalogue comes from.
fn rules(cluster: &ClusterArgs, settings: &Settings) -> Rules {
    let options = connect_options(cluster, settings);
    super::catalogue::rules(&settings.paths, &settings.config, options)
}

/// Reads the files again, with the flags of this start laid over them.
fn looks(cluster: &ClusterArgs, console: &ConsoleArgs) -> Looks {
    let load = {
        let (cluster, console) = (cluster.clone(), console.clone());
        move || Settings::load(&cluster, &console)
    };
    let again = load.clone();
    let (of_catalogue, of_bundle) = (cluster.clone(), (cluster.clone(), console.clone()));
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
            let for_core = settings.for_core();
            // What is wrong in its file is told now; it is read once more to be worn.
            settings.theme();
            if !settings.problems.is_empty() {
                return Err(told(&settings));
            }
            Ok(Reloaded {
                settings: for_core,
                mouse: settings.config.mouse,
                rules: rules(&of_catalogue, &settings),
            })
        }),
        bundle: Box::new(move || {
            let (cluster, console) = &of_bundle;
            let settings = Settings::load(cluster, console);
            let (log, reports) = (settings.log_file(console), settings.paths.reports());
            Bundle::new(super::bundle::parts(cluster, console), &log, &reports)
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
        readonly: settings.config.readonly.into(),
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

fn start_log(settings: &Settings, console: &ConsoleArgs) -> Option<Notice> {
    let level = match console.log_level.unwrap_or_default() {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let file = settings.log_file(console);
    let error = runtime::start_log(&file, level).err()?;
    Some(Notice {
        why: Text::new(&format!("{}: {error}", file.display())),
        ..Notice::warning(
            "nothing is logged",
            "name a file that can be written with --log-file",
        )
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
