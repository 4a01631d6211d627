//! `quarterdeck get`: the lists of the console, for scripts and pipes.

mod print;
mod rows;

use super::args::{ClusterArgs, ConsoleArgs};
use super::console::scopes;
use super::exit::{Code, Refusal};
use super::out::Out;
use super::session::with_session;
use super::settings::Settings;
use crate::cluster::{CHANNEL, Event, Session, now};
use crate::domain::feed::{Change, FeedState, Scope};
use crate::domain::fleet::Fleet;
use crate::domain::rows::Kind;
use crate::domain::selector::Selector;
use clap::{Args, ValueEnum};
use print::Printer;

/// Arguments of `get`.
#[derive(Clone, Debug, Args)]
pub struct GetArgs {
    /// What to list
    #[arg(value_enum)]
    pub what: What,
    /// Only those of these names
    pub names: Vec<String>,
    /// Only those with these labels, as `kubectl -l` takes them; projects, releases and workloads
    /// are kept for a pod that has them
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<String>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// Go on, and print what changes
    #[arg(short, long)]
    pub watch: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    #[value(alias = "project", alias = "proj")]
    Projects,
    #[value(alias = "release", alias = "rel")]
    Releases,
    #[value(alias = "workload", alias = "wl")]
    Workloads,
    #[value(alias = "pod", alias = "po")]
    Pods,
    #[value(alias = "node", alias = "no")]
    Nodes,
    #[value(alias = "namespace", alias = "ns")]
    Namespaces,
}

/// Forms of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl What {
    /// The word in messages.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Releases => "releases",
            Self::Workloads => "workloads",
            Self::Pods => "pods",
            Self::Nodes => "nodes",
            Self::Namespaces => "namespaces",
        }
    }

    /// The kind without which there is no answer.
    const fn needs(self) -> Kind {
        match self {
            Self::Nodes => Kind::Node,
            Self::Namespaces => Kind::Namespace,
            Self::Projects | Self::Releases | Self::Workloads | Self::Pods => Kind::Pod,
        }
    }

    /// Kinds to list: a table of pods alone needs no owners.
    fn kinds(self, output: Output) -> &'static [Kind] {
        match (self, output) {
            (Self::Pods, Output::Table | Output::Name) => &[Kind::Pod],
            (Self::Nodes, Output::Name) => &[Kind::Node],
            (Self::Namespaces, Output::Name) => &[Kind::Namespace],
            _ => &Kind::ALL,
        }
    }
}

/// Which rows are wanted.
struct Wanted {
    what: What,
    names: Vec<String>,
    selector: Option<Selector>,
}

/// Carries out `get`.
pub fn run(cluster: &ClusterArgs, args: &GetArgs, out: &mut Out) -> anyhow::Result<Code> {
    let settings = Settings::load(cluster, &ConsoleArgs::default());
    settings.complain();
    let selector = args.selector.as_deref().map(Selector::parse).transpose();
    let selector = selector.map_err(|why| Refusal::new(Code::Usage, why))?;
    let wanted = Wanted {
        what: args.what,
        names: args.names.clone(),
        selector,
    };
    with_session(cluster, &settings, async |session| {
        // What is in a node or a namespace is counted whole.
        let own = args.what.needs().namespaced();
        let home = Scope(own.then(|| session.home_namespace()));
        let scopes = scopes(cluster).unwrap_or_else(|| vec![home]);
        let mut fleet = Fleet::new(settings.config.labels.clone());
        fleet.retain_scope(&scopes);
        if args.watch {
            return follow(&session, &scopes, &mut fleet, &wanted, args.output, out).await;
        }
        let kinds = args.what.kinds(args.output);
        gather(&session, kinds, &scopes, args.what.needs(), &mut fleet).await?;
        answer(&fleet, &wanted, &scopes, args.output, out)
    })
}

/// Lists the kinds. What is not needed and not to be had only leaves its columns empty.
pub(super) async fn gather(
    session: &Session,
    kinds: &[Kind],
    scopes: &[Scope],
    needed: Kind,
    fleet: &mut Fleet,
) -> Result<(), Refusal> {
    for list in session.snapshot(kinds, scopes).await {
        match list {
            Ok(batch) => drop(fleet.apply(batch, now())),
            Err((kind, failure)) if kind == needed => return Err(failure.into()),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Prints the rows; names that were asked for and are not there, and an empty answer, are said.
fn answer(
    fleet: &Fleet,
    wanted: &Wanted,
    scopes: &[Scope],
    output: Output,
    out: &mut Out,
) -> anyhow::Result<Code> {
    let found = wanted.found(fleet, now());
    Printer::new(wanted.what, output, scopes).all(fleet, &found, now(), out)?;
    let missing: Vec<&str> = wanted
        .names
        .iter()
        .map(String::as_str)
        .filter(|name| !wanted.names_found(fleet, &found).contains(*name))
        .collect();
    if !missing.is_empty() {
        let what = wanted.what.plural().trim_end_matches('s');
        return Err(Refusal::new(
            Code::NotFound,
            format!("{what} not found {}: {}", place(scopes), missing.join(", ")),
        )
        .into());
    }
    if found.is_empty() {
        super::out::warn(&format!(
            "no {} found {}",
            wanted.what.plural(),
            place(scopes)
        ));
    }
    Ok(Code::Done)
}

/// Prints the rows and then each that changes, until the reader goes away.
async fn follow(
    session: &Session,
    scopes: &[Scope],
    fleet: &mut Fleet,
    wanted: &Wanted,
    output: Output,
    out: &mut Out,
) -> anyhow::Result<Code> {
    let (tx, mut rx) = tokio::sync::mpsc::channel(CHANNEL);
    let mut feeds = Vec::new();
    for &kind in wanted.what.kinds(output) {
        let scopes = Scope::of(kind, scopes).iter();
        feeds.extend(scopes.map(|scope| session.watch(kind, scope, tx.clone())));
    }
    let mut printer = Printer::new(wanted.what, output, scopes);
    let needed = wanted.what.needs();
    let of = Scope::of(needed, scopes).iter();
    let mut waiting: Vec<(Kind, Scope)> = of.map(|scope| (needed, scope.clone())).collect();
    while let Some(event) = rx.recv().await {
        match event {
            Event::Batch(batch) => {
                let listed = batch.changes.contains(&Change::Complete);
                let of = (batch.kind, batch.scope.clone());
                let touched = fleet.apply(batch, now());
                if waiting.is_empty() {
                    let rows = wanted.among(fleet, wanted.what.touched(&touched), now());
                    printer.changed(fleet, &rows, now(), out)?;
                } else if listed {
                    waiting.retain(|wait| *wait != of);
                    if waiting.is_empty() {
                        printer.all(fleet, &wanted.found(fleet, now()), now(), out)?;
                    }
                }
                out.flush()?;
            }
            Event::Feed {
                kind,
                state:
                    FeedState::Forbidden {
                        verb,
                        resource,
                        scope,
                    },
                ..
            } if kind == wanted.what.needs() => {
                return Err(Refusal::new(
                    Code::Forbidden,
                    format!("you may not {verb} {resource} {}", place(&[scope])),
                )
                .into());
            }
            Event::Feed {
                kind,
                state: FeedState::Disconnected { why, .. },
                ..
            } if kind == wanted.what.needs() => {
                super::out::warn(&format!("quarterdeck: disconnected: {why}; trying again"));
            }
            _ => {}
        }
    }
    Ok(Code::Done)
}

/// `in namespace shop-prod`, `in any namespace`
fn place(scopes: &[Scope]) -> String {
    let names: Option<Vec<&str>> = scopes
        .iter()
        .map(|scope| {
            scope
                .0
                .as_ref()
                .map(super::super::domain::text::Text::as_str)
        })
        .collect();
    match names.as_deref() {
        None | Some([]) => "in any namespace".into(),
        Some([one]) => format!("in namespace {one}"),
        Some(many) => format!("in namespaces {}", many.join(", ")),
    }
}
