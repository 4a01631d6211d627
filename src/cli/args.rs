//! What can be typed behind `quarterdeck`.

use crate::domain::time::Timestamp;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The console, or a verb.
#[derive(Debug, Parser)]
#[command(
    name = "quarterdeck",
    version,
    about = "A terminal console for a Kubernetes platform: projects, releases and pods, live",
    long_about = "A terminal console for a Kubernetes platform: projects, releases and pods, live.\n\n\
        Without a verb it opens the console on the current context of the kubeconfig. \
        `quarterdeck demo` needs no cluster: it brings its own.",
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 forbidden, 4 not found, 5 unreachable.",
    args_conflicts_with_subcommands = false,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub console: ConsoleArgs,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Which cluster, as whom, where.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// Context of the kubeconfig instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Namespace; several with commas or by repeating the flag
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "all_namespaces"
    )]
    pub namespace: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, global = true)]
    pub all_namespaces: bool,
    /// Kubeconfig file instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Act as this user (impersonation)
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Act as a member of this group; may be repeated
    #[arg(long, global = true, value_name = "GROUP", requires = "as_user")]
    pub as_group: Vec<String>,
    /// Refuse every request that changes something
    #[arg(long, global = true)]
    pub readonly: bool,
    /// Time stands still at this instant (RFC 3339): for pictures of the demo
    #[arg(long, global = true, hide = true, value_name = "TIME", value_parser = instant)]
    pub still_at: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it as 2026-03-04T10:15:00Z".to_owned())
}

/// How the console behaves.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Console")]
pub struct ConsoleArgs {
    /// Command of the palette to start with, for example `pods`
    #[arg(short, long, value_name = "COMMAND")]
    pub command: Option<String>,
    /// Theme instead of the configured one
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Key map instead of the configured one
    #[arg(long, value_name = "NAME")]
    pub keymap: Option<String>,
    /// What is logged
    #[arg(short, long, value_name = "LEVEL", value_enum)]
    pub log_level: Option<LogLevel>,
    /// Log file instead of the one in the state folder
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Write down what happens, for `quarterdeck replay`; secrets, log text and what panes show are
    /// placeholders
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// With --record: leave nothing out
    #[arg(long, requires = "record")]
    pub record_all: bool,
    /// List everything every so many seconds and say where what is shown differs from it
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub check_consistency: Option<u32>,
}

impl ConsoleArgs {
    /// These flags, and where they say nothing, `others`.
    pub fn or(self, others: Self) -> Self {
        Self {
            command: self.command.or(others.command),
            theme: self.theme.or(others.theme),
            keymap: self.keymap.or(others.keymap),
            log_level: self.log_level.or(others.log_level),
            log_file: self.log_file.or(others.log_file),
            record: self.record.or(others.record),
            record_all: self.record_all || others.record_all,
            check_consistency: self.check_consistency.or(others.check_consistency),
        }
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// What to do instead of opening the console.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Open the console on a cluster inside this program: a company that lives only here
    Demo(Box<super::demo::DemoArgs>),
    /// List projects, releases, workloads, pods, nodes or namespaces
    Get(super::get::GetArgs),
    /// Print the merged logs of a project, release, workload or pod
    Logs(super::logs::LogsArgs),
    /// From a source to a Dockerfile: detect, recipe, lint
    Image(super::image::ImageArgs),
    /// Show and check the catalogue of base images and rules
    Catalogue(super::catalogue::CatalogueArgs),
    /// Run a command in a container
    Exec(super::exec::ExecArgs),
    /// Show and check key maps
    Keymap(super::keymap::KeymapArgs),
    /// Write, check and show the configuration
    Config(super::config::ConfigArgs),
    /// Print versions, files and names of what is in use
    Info(InfoArgs),
    /// Gather what a bug report needs into one file, without secrets
    Bundle(super::bundle::BundleArgs),
    /// Run a recording of a session again
    Replay(super::replay::ReplayArgs),
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// The page of this verb instead of the program's
        verb: Option<String>,
        /// Write all pages to this folder instead of printing one
        #[arg(long, value_name = "FOLDER", conflicts_with = "verb")]
        to: Option<PathBuf>,
    },
}

/// Arguments of `info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: InfoOutput,
}

/// Forms of `info`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum InfoOutput {
    #[default]
    Text,
    Json,
    Yaml,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_of_the_cluster_stand_before_or_behind_the_verb() {
        for line in [
            "quarterdeck --context x info -n a,b -n c",
            "quarterdeck info --context x -n a,b,c",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string());
            let found = cli.map(|cli| (cli.cluster.context, cli.cluster.namespace));
            let namespaces = ["a", "b", "c"].map(str::to_owned).to_vec();
            assert_eq!(found, Ok((Some("x".into()), namespaces)), "{line}");
        }
    }

    #[test]
    fn one_namespace_and_all_namespaces_exclude_each_other() {
        assert!(Cli::try_parse_from(["quarterdeck", "-n", "a", "-A"]).is_err());
    }
}
