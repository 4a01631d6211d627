//! `quarterdeck logs`: the merged log of a project, release, workload or pod, for scripts and
//! pipes. The same engine as the console's, printed instead of drawn.

mod print;

use super::args::{ClusterArgs, ConsoleArgs};
use super::console::scopes;
use super::exit::{Code, Refusal};
use super::get::gather;
use super::out::{self, Out};
use super::session::with_session;
use super::settings::Settings;
use crate::cluster::{CHANNEL, Event, FeedHandle, Session, now};
use crate::domain::feed::{FailureSort, Scope};
use crate::domain::fleet::Fleet;
use crate::domain::logs::shown::Shown;
use crate::domain::logs::target::Target;
use crate::domain::logs::{
    Admitted, Chunk, Item, Log, Mark, Nanos, Reading, Seq, SourceId, SourceState, Start,
};
use crate::domain::query::{AS_IT_STANDS, Query, quantity};
use crate::domain::rows::Kind;
use crate::domain::selector::Selector;
use crate::domain::time::{Millis, Timestamp};
use clap::{Args, ValueEnum};
use print::Printer;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines wait here until they are printed; what has been printed may go.
const KEPT: usize = 32 << 20;

/// Arguments of `logs`.
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// project/NAME, release/NAMESPACE/NAME, deploy/NAMESPACE/NAME, pod/NAMESPACE/NAME[/CONTAINER]
    #[arg(value_name = "TARGET", required_unless_present = "selector")]
    pub targets: Vec<String>,
    /// Pods with these labels, as `kubectl -l` takes them
    #[arg(short = 'l', long, value_name = "SELECTOR", conflicts_with = "targets")]
    pub selector: Option<String>,
    /// Stay and print what comes, through restarts and cuts
    #[arg(short, long)]
    pub follow: bool,
    /// What the containers wrote before their last restart
    #[arg(short, long, conflicts_with = "follow")]
    pub previous: bool,
    /// Only lines of the last `10m`, `2h`, or since a time (RFC 3339)
    #[arg(long, value_name = "SPAN|TIME")]
    pub since: Option<String>,
    /// Only so many lines before the end of each container
    #[arg(long, value_name = "LINES")]
    pub tail: Option<u32>,
    /// Print when each line was written
    #[arg(long)]
    pub timestamps: bool,
    /// Only lines of this level and above: trace, debug, info, warn, error, fatal
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<String>,
    /// Only lines in which this expression is found
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<String>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: LogOutput,
}

/// Forms of `logs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogOutput {
    #[default]
    Text,
    Json,
}

impl LogsArgs {
    fn reading(&self) -> Result<Reading, Refusal> {
        let since = self.since.as_deref().map(since_of).transpose()?;
        Ok(Reading {
            start: since.unwrap_or(Start::Head),
            most: self.tail,
            follow: self.follow,
            previous: self.previous,
            ..Reading::once()
        })
    }

    fn filters(&self) -> Result<Vec<Query>, Refusal> {
        let mut filters = Vec::new();
        if let Some(level) = &self.level {
            if crate::domain::logs::Level::from_word(level.as_bytes()).is_none() {
                let why = format!("`{level}` is no level: trace, debug, info, warn, error, fatal");
                return Err(Refusal::new(Code::Usage, why));
            }
            filters.push(Query::parse(&format!("level>={level}")));
        }
        if let Some(pattern) = &self.grep {
            let query = Query::sought(pattern);
            if let Some(problem) = &query.problem {
                let why = problem.trim_end_matches(AS_IT_STANDS);
                return Err(Refusal::new(Code::Usage, why.to_owned()));
            }
            filters.push(query);
        }
        Ok(filters)
    }

    fn target(&self, scopes: Option<&[Scope]>) -> Result<Target, Refusal> {
        if let Some(text) = &self.selector {
            let selector = Selector::parse(text).map_err(|why| Refusal::new(Code::Usage, why))?;
            return Ok(Target::Selector(text.as_str().into(), selector));
        }
        let home = scopes.and_then(Scope::only);
        Target::parse_words(&self.targets.join(" "), home)
            .map_err(|why| Refusal::new(Code::Usage, why))
    }
}

fn since_of(text: &str) -> Result<Start, Refusal> {
    if let Some(at) = Timestamp::parse(text) {
        return Ok(Start::At(Nanos::of(at)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "spans of time fit")]
    quantity(text)
        .map(|seconds| Start::Since(Millis((seconds * 1000.0) as i64)))
        .ok_or_else(|| {
            let why = format!("`{text}` is neither a span (10m, 2h) nor a time (RFC 3339)");
            Refusal::new(Code::Usage, why)
        })
}

/// Carries out `logs`.
pub fn run(cluster: &ClusterArgs, args: &LogsArgs, out: &mut Out) -> anyhow::Result<Code> {
    let settings = Settings::load(cluster, &ConsoleArgs::default());
    settings.complain();
    let (reading, filters) = (args.reading()?, args.filters()?);
    let named = scopes(cluster);
    let target = args.target(named.as_deref())?;
    with_session(cluster, &settings, async |session| {
        let scopes = places(&target, named, &session);
        let mut fleet = Fleet::new(settings.config.labels.clone());
        gather(&session, &Kind::ALL, &scopes, Kind::Pod, &mut fleet).await?;
        if target.members(&fleet).is_empty() {
            let what = format!("{target} has no containers, or does not exist");
            return Err(Refusal::new(Code::NotFound, what).into());
        }
        let (tx, rx) = channel(CHANNEL);
        let mut reader = Reader {
            session,
            target,
            fleet,
            reading,
            log: Log::new(KEPT),
            shown: Shown::new(Seq::default()),
            printed: Seq::default(),
            lost: HashSet::new(),
            handles: Vec::new(),
            feeds: Vec::new(),
            tx,
            printer: Printer {
                json: args.output == LogOutput::Json,
                timestamps: args.timestamps,
                sources: false,
            },
            code: Code::Done,
        };
        reader.shown.set(filters, 0, false, reader.log.buffer());
        reader.read(rx, &scopes, out).await
    })
}

/// Where the target's pods are looked for.
fn places(target: &Target, named: Option<Vec<Scope>>, session: &Session) -> Vec<Scope> {
    let own = |target: &Target| Some(Scope(Some(target.namespace()?.clone())));
    let own = match target {
        Target::Several(targets) => targets.iter().map(own).collect(),
        target => own(target).map(|scope| vec![scope]),
    };
    own.or(named).unwrap_or_else(|| match target {
        // What has no namespace of its own may be in any.
        Target::Project(_) | Target::Several(_) => vec![Scope::ALL],
        _ => vec![Scope(Some(session.home_namespace()))],
    })
}

/// Reads a target's log and prints it.
struct Reader {
    session: Session,
    target: Target,
    fleet: Fleet,
    reading: Reading,
    log: Log,
    shown: Shown,
    printed: Seq,
    /// Streams of which it was told that they are lost.
    lost: HashSet<SourceId>,
    handles: Vec<FeedHandle>,
    feeds: Vec<FeedHandle>,
    tx: Sender<Event>,
    printer: Printer,
    code: Code,
}

impl Reader {
    async fn read(
        &mut self,
        mut rx: Receiver<Event>,
        scopes: &[Scope],
        out: &mut Out,
    ) -> anyhow::Result<Code> {
        self.join();
        self.printer.sources = self.log.sources().len() > 1 || self.reading.follow && self.many();
        if self.reading.follow {
            self.watch(scopes);
        }
        let mut again: Option<Timestamp> = None;
        loop {
            let wait = again.map_or(Duration::from_hours(1), |at| {
                Duration::from_millis(u64::try_from(at.since(now()).0).unwrap_or(0))
            });
            let event = tokio::select! {
                event = rx.recv() => event,
                () = tokio::time::sleep(wait) => None,
            };
            match event {
                Some(Event::Log { chunk, .. }) => {
                    let ended = |item: &Item| matches!(item, Item::State(SourceState::Ended));
                    let ended = chunk.items.iter().any(ended);
                    self.tell_losses(&chunk);
                    again = self.log.take(chunk, now());
                    if ended {
                        self.join();
                    }
                }
                Some(Event::Batch(batch)) => {
                    self.fleet.apply(batch, now());
                    self.join();
                }
                Some(_) => {}
                None => again = self.log.release(now()),
            }
            self.print(out)?;
            if again.is_none() && self.is_over() {
                return Ok(self.code);
            }
            if rx.is_empty() {
                out.flush()?;
            }
        }
    }

    /// A stream that is lost is told at once, and once; the mark that it goes on comes with its
    /// lines.
    fn tell_losses(&mut self, chunk: &Chunk) {
        let id = chunk.source;
        for item in &chunk.items {
            match (item, self.log.source(id)) {
                (Item::State(SourceState::Lost(why)), Some(info)) if self.lost.insert(id) => {
                    out::warn(&format!("── {}: lost, tried again: {why}", info.source));
                }
                (Item::Lines(_) | Item::State(SourceState::Live), _) => {
                    self.lost.remove(&id);
                }
                _ => {}
            }
        }
    }

    /// Whether more than one container may speak.
    fn many(&self) -> bool {
        !matches!(self.target, Target::Container(_))
    }

    /// Containers that belong to the target and are not read yet join.
    fn join(&mut self) {
        let members = self.target.members(&self.fleet);
        // A pod that is named is read whatever its state, and waited for.
        let named = matches!(self.target, Target::Container(_) | Target::Pod { .. });
        let worth = members
            .iter()
            .filter(|member| named || member.has_log(self.reading.previous));
        for Admitted { id, source, again } in self.log.admit(worth, self.reading.follow) {
            let mut reading = self.reading.clone();
            if !self.feeds.is_empty() || again {
                // It appeared while we follow: all of it is new.
                (reading.start, reading.most) = (Start::Head, None);
            }
            let tx = self.tx.clone();
            self.handles
                .push(self.session.read_log(0, id, source, &reading, tx));
        }
    }

    fn watch(&mut self, scopes: &[Scope]) {
        if matches!(self.target, Target::Pod { .. } | Target::Container(_)) {
            return;
        }
        for kind in Kind::ALL.into_iter().filter(|kind| kind.namespaced()) {
            for scope in scopes {
                self.feeds
                    .push(self.session.watch(kind, scope, self.tx.clone()));
            }
        }
    }

    fn is_over(&self) -> bool {
        let ended = |info: &crate::domain::logs::SourceInfo| info.state == SourceState::Ended;
        self.feeds.is_empty() && self.log.sources().iter().all(ended)
    }

    fn print(&mut self, out: &mut Out) -> std::io::Result<()> {
        self.shown.trim(self.log.buffer().first());
        self.shown.grow(self.log.buffer(), self.log.sources());
        let mut n = self.shown.place(self.printed);
        while let Some(seq) = self.shown.get(n) {
            n += 1;
            let Some(line) = self.log.buffer().get(seq) else {
                continue;
            };
            match line.mark {
                Some(Mark::Gap { .. }) => self.code = Code::Failed,
                Some(Mark::Refused(failure)) => {
                    self.code = match failure.sort {
                        FailureSort::Other => Code::Failed,
                        sort => sort.into(),
                    };
                }
                _ => {}
            }
            self.printer.print(&self.log, line, out)?;
        }
        self.printed = self.log.buffer().end();
        Ok(())
    }
}
