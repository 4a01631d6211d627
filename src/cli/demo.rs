//! `quarterdeck demo`: a cluster inside this program, with the console on it or alone.

use super::args::{ClusterArgs, ConsoleArgs};
use super::console;
use super::exit::Code;
use super::out::Out;
use crate::config::Paths;
use crate::demo::exec::{self, confine};
use crate::demo::{self, Demo, Options};
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use crate::runtime::files::private_folder;
use crate::runtime::{DemoCluster, DemoStarter};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// The world that everybody sees who asks for no other.
const SEED: u64 = 1;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    pub console: ConsoleArgs,
    #[command(flatten)]
    pub world: WorldArgs,
    #[command(subcommand)]
    pub verb: Option<DemoVerb>,
}

/// What to do with the demo's cluster instead of opening the console on it.
#[derive(Debug, Subcommand)]
pub enum DemoVerb {
    /// Serve the cluster alone, for kubectl and for tests, until SIGTERM
    Serve(WorldArgs),
    /// Become a command that can write to one folder only
    #[command(hide = true)]
    Confined(ConfinedArgs),
}

/// Arguments of `demo confined`, which the demo's own server calls.
#[derive(Debug, Args)]
pub struct ConfinedArgs {
    /// Say first whose shell this is
    #[arg(long)]
    greet: bool,
    /// The folder
    folder: PathBuf,
    /// The command with its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Whose shell is behind `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExecArg {
    /// A small built-in one that touches nothing of this machine
    Simulated,
    /// This machine's own, in a scratch folder
    Host,
    /// None: exec and attach are refused
    None,
}

impl ExecArg {
    fn mode(self) -> exec::Mode {
        match self {
            Self::Simulated => exec::Mode::Simulated,
            Self::Host => exec::Mode::Host {
                confiner: std::env::current_exe().ok(),
            },
            Self::None => exec::Mode::None,
        }
    }
}

/// What kind of cluster.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Demo")]
pub struct WorldArgs {
    /// Port on 127.0.0.1; any free one when absent
    #[arg(long)]
    pub port: Option<u16>,
    /// Where to write the kubeconfig
    #[arg(long, value_name = "FILE")]
    pub kubeconfig_out: Option<PathBuf>,
    /// Folder that keeps the authority and the tokens: a server started again with it on the same
    /// port is the same one to its clients
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Fixes the world, names included
    #[arg(long)]
    pub seed: Option<u64>,
    /// About how many pods; the company's own, about 180, when absent. Such a world is for measuring:
    /// it stays as it is until somebody changes it
    #[arg(long)]
    pub pods: Option<usize>,
    /// Changes to pods in a second, for measuring
    #[arg(long, value_name = "EVENTS_PER_S")]
    pub churn: Option<u32>,
    /// Whose shell `exec` opens; the built-in one when absent
    #[arg(long, value_name = "WHOSE")]
    pub exec: Option<ExecArg>,
    /// For measuring: every container's log has so many numbered lines (`seq=0` and so on) of 125
    /// bytes, a microsecond apart, there as fast as they are read; a follow then waits
    #[arg(long, value_name = "LINES")]
    pub log_flood: Option<u64>,
}

impl WorldArgs {
    /// These flags, and where they say nothing, `others`.
    fn or(self, others: Self) -> Self {
        Self {
            port: self.port.or(others.port),
            kubeconfig_out: self.kubeconfig_out.or(others.kubeconfig_out),
            state: self.state.or(others.state),
            seed: self.seed.or(others.seed),
            pods: self.pods.or(others.pods),
            churn: self.churn.or(others.churn),
            exec: self.exec.or(others.exec),
            log_flood: self.log_flood.or(others.log_flood),
        }
    }
}

/// Carries out `demo`.
pub fn run(
    cluster: &ClusterArgs,
    console: ConsoleArgs,
    args: DemoArgs,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    match args.verb {
        Some(DemoVerb::Serve(world)) => {
            serve(&Wanted::of(&world.or(args.world), cluster.still_at), out).map(ExitCode::from)
        }
        Some(DemoVerb::Confined(args)) => Err(confined(&args, out)),
        None => {
            let starter = Wanted::of(&args.world, cluster.still_at).starter();
            console::run(cluster, &args.console.or(console), true, starter)
        }
    }
}

/// Becomes the command; comes back only with the reason why not.
fn confined(args: &ConfinedArgs, out: &mut Out) -> anyhow::Error {
    let mut become_it = || -> anyhow::Result<std::convert::Infallible> {
        let confinement = confine::confine(&args.folder)?;
        if args.greet {
            out.line(confinement.greeting(&args.folder))?;
            out.flush()?;
        }
        Err(confine::become_command(&args.command).into())
    };
    match become_it() {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

/// The line that `demo serve` prints when it is ready. Field names are stable.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    server: &'a str,
    kubeconfig: &'a PathBuf,
    pid: u32,
}

fn serve(wanted: &Wanted, out: &mut Out) -> anyhow::Result<Code> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        // Before anybody knows that we are here: a signal must not find us unprepared.
        let mut ends = Vec::new();
        for kind in [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
        ] {
            ends.push(signal(kind)?);
        }
        let Running { demo, kubeconfig } = wanted.start().await?;
        let ready = Ready {
            server: demo.server(),
            kubeconfig: &kubeconfig.path,
            pid: std::process::id(),
        };
        out.line(serde_json::to_string(&ready)?)?;
        out.flush()?;
        futures::future::select_all(ends.iter_mut().map(|end| Box::pin(end.recv()))).await;
        demo.shut_down().await;
        Ok(Code::Done)
    });
    runtime.shutdown_background();
    done
}

/// The cluster that the flags ask for.
#[derive(Clone, Debug)]
pub struct Wanted {
    options: Options,
    kubeconfig: PathBuf,
    /// The kubeconfig is ours: it goes when the demo goes.
    passing: bool,
}

/// A file that is removed with its holder when it is a passing one.
#[derive(Debug)]
struct Kubeconfig {
    path: PathBuf,
    passing: bool,
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        if self.passing {
            // The tokens in it are worth nothing any more; a file that stays does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[derive(Debug)]
struct Running {
    demo: Demo,
    kubeconfig: Kubeconfig,
}

impl Wanted {
    /// What the flags ask for. The kubeconfig lands where they say, else in the state folder that
    /// they name, else in the folder of this login session. Time stands still in it at `still_at`.
    pub fn of(args: &WorldArgs, still_at: Option<Timestamp>) -> Self {
        let paths = Paths::from_env(|name| std::env::var_os(name));
        let kept = args.kubeconfig_out.clone();
        let kept = kept.or_else(|| Some(args.state.as_ref()?.join("kubeconfig")));
        let passing = kept.is_none();
        let kubeconfig = kept.unwrap_or_else(|| {
            let folder = paths.runtime.unwrap_or_else(|| paths.state.join("run"));
            folder.join(format!("demo-{}.kubeconfig", std::process::id()))
        });
        let options = Options {
            port: args.port,
            kubeconfig_out: Some(kubeconfig.clone()),
            state: args.state.clone(),
            seed: args.seed.unwrap_or(SEED),
            pods: args.pods,
            churn: args.churn.unwrap_or(0),
            exec: args.exec.map(ExecArg::mode).unwrap_or_default(),
            log_flood: args.log_flood,
            still_at: still_at.map(|at| at.0),
        };
        Self {
            options,
            kubeconfig,
            passing,
        }
    }

    async fn start(&self) -> anyhow::Result<Running> {
        if let (true, Some(folder)) = (self.passing, self.kubeconfig.parent()) {
            private_folder(folder)?;
        }
        let demo = demo::start(self.options.clone()).await?;
        let kubeconfig = Kubeconfig {
            path: self.kubeconfig.clone(),
            passing: self.passing,
        };
        Ok(Running { demo, kubeconfig })
    }

    /// How the console starts this demo when somebody asks for it.
    pub fn starter(self) -> DemoStarter {
        Arc::new(move || {
            let wanted = self.clone();
            Box::pin(async move {
                let running = wanted.start().await.map_err(|error| Failure {
                    what: "start the demo".into(),
                    why: Text::new(&format!("{error:#}")),
                    remedy: "`quarterdeck info` says where its files go".into(),
                    sort: FailureSort::Other,
                })?;
                Ok(DemoCluster {
                    kubeconfig: running.kubeconfig.path.clone(),
                    context: demo::CLUSTER.to_owned(),
                    alive: Box::new(running),
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_kubeconfig_stays_where_it_was_asked_for() {
        let mut args = WorldArgs::default();
        assert!(Wanted::of(&args, None).passing);
        args.state = Some("/s".into());
        assert_eq!(
            (
                Wanted::of(&args, None).kubeconfig.as_path(),
                Wanted::of(&args, None).passing
            ),
            (Path::new("/s/kubeconfig"), false)
        );
        args.kubeconfig_out = Some("/k".into());
        assert_eq!(
            (
                Wanted::of(&args, None).kubeconfig.as_path(),
                Wanted::of(&args, None).passing
            ),
            (Path::new("/k"), false)
        );
    }

    #[test]
    fn flags_stand_before_or_behind_serve() {
        let outer = WorldArgs {
            seed: Some(7),
            port: Some(1),
            ..WorldArgs::default()
        };
        let inner = WorldArgs {
            port: Some(2),
            ..WorldArgs::default()
        };
        let both = inner.or(outer);
        assert_eq!((both.seed, both.port), (Some(7), Some(2)));
    }
}
