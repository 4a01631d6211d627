//! `quarterdeck image`: from a source to a Dockerfile, for scripts and pipes.

mod build;
mod detect;
mod dockerfile;
mod init;
mod lint;
mod outdated;

use super::exit::Code;
use super::out::Out;
use crate::domain::build::Fault;
use crate::images::Opened;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Arguments of `image`.
#[derive(Debug, Args)]
pub struct ImageArgs {
    #[command(subcommand)]
    pub what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Say what a source is, with the evidence for each finding
    Detect(DetectArgs),
    /// Write the recipe `quarterdeck.toml` from what was detected and answered
    Init(InitArgs),
    /// Print the Dockerfile of a recipe, or write it
    Dockerfile(DockerfileArgs),
    /// Say what is wrong with a recipe and its Dockerfile, or with a Dockerfile of your own
    Lint(LintArgs),
    /// Build the image with the Docker Engine, and push it when asked
    Build(BuildArgs),
    /// Push an image of the engine, and ask the registry whether it arrived
    Push(PushArgs),
    /// Ask the registry which digest it has under a tag
    Verify(PushArgs),
    /// List recipes whose Dockerfile is not what the catalogue gives today
    Outdated(OutdatedArgs),
}

/// Where the source is.
#[derive(Clone, Debug, Args)]
pub struct SourceArgs {
    /// The folder of the service
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Read the source from this git address instead
    #[arg(long, value_name = "URL")]
    pub git: Option<String>,
    /// Branch, tag or commit of the git address
    #[arg(long = "ref", value_name = "REF", requires = "git")]
    pub reference: Option<String>,
}

/// Which catalogue.
#[derive(Clone, Debug, Args)]
pub struct CatalogueArg {
    /// A catalogue document laid over the one in force
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
}

/// Forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    #[default]
    Text,
    Json,
}

/// Arguments of `image detect`.
#[derive(Debug, Args)]
pub struct DetectArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Form,
}

/// Arguments of `image init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// Take every detected answer and write; without it the recipe is only shown
    #[arg(short, long)]
    pub yes: bool,
    /// A file of answers, in the form of a recipe; they win over what was detected
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Write over a recipe that is there already; its comments stay
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `image dockerfile`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct DockerfileArgs {
    /// The folder with the recipe
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// For an engine without `BuildKit`: no cache or secret mounts
    #[arg(long)]
    pub classic: bool,
    /// Write Dockerfile and ignore file beside the recipe
    #[arg(long, conflicts_with_all = ["diff", "ignore"])]
    pub write: bool,
    /// Write over a Dockerfile that was not made here
    #[arg(long, requires = "write")]
    pub force: bool,
    /// Show what differs from the Dockerfile that is there; ends with 1 when something does
    #[arg(long, conflicts_with = "ignore")]
    pub diff: bool,
    /// Print the ignore file instead
    #[arg(long)]
    pub ignore: bool,
}

/// Arguments of `image lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// The folder with the recipe
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// A Dockerfile of your own instead of the recipe's
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Warnings and notes make it fail too
    #[arg(long)]
    pub strict: bool,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Form,
}

/// Arguments of `image build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The folder with the recipe
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// Name and tag of the image: registry/project/name:tag
    #[arg(short, long, value_name = "IMAGE")]
    pub tag: String,
    /// Push it when it is built, and verify the digest
    #[arg(long)]
    pub push: bool,
    /// Build without `BuildKit`
    #[arg(long)]
    pub classic: bool,
    /// A secret of the recipe and the file that holds it; without it, the file of that name in the
    /// folder `secrets` of the configuration
    #[arg(long, value_name = "ID=FILE", value_parser = named_file)]
    pub secret: Vec<(String, PathBuf)>,
    /// Version of the service, for the image's labels
    #[arg(long = "image-version", value_name = "VERSION", default_value = "")]
    pub version: String,
    /// Commit of the source, for the image's labels
    #[arg(long, value_name = "COMMIT", default_value = "")]
    pub revision: String,
    /// Time of the commit (RFC 3339), for the image's labels
    #[arg(long, value_name = "TIME", default_value = "")]
    pub created: String,
    /// Form of the answer; json is an event a line
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Form,
}

/// Arguments of `image push` and `image verify`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Name and tag of the image: registry/project/name:tag
    pub tag: String,
    /// Form of the answer; json is an event a line
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Form,
}

/// Arguments of `image outdated`.
#[derive(Debug, Args)]
pub struct OutdatedArgs {
    /// Folders that are searched for recipes
    #[arg(default_value = ".")]
    pub dirs: Vec<PathBuf>,
    #[command(flatten)]
    pub catalogue: CatalogueArg,
    /// For an engine without `BuildKit`
    #[arg(long)]
    pub classic: bool,
    /// Make what is outdated again
    #[arg(long)]
    pub write: bool,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Form,
}

/// `ID=FILE`.
fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((id, file)) if !id.is_empty() && !file.is_empty() => Ok((id.into(), file.into())),
        _ => {
            Err("write ID=FILE: the secret's name in the recipe, and the file that holds it".into())
        }
    }
}

/// Carries out `image`.
pub fn run(args: &ImageArgs, out: &mut Out) -> anyhow::Result<Code> {
    match &args.what {
        What::Detect(args) => detect::run(args, out),
        What::Init(args) => init::run(args, out),
        What::Dockerfile(args) => dockerfile::run(args, out),
        What::Lint(args) => lint::run(args, out),
        What::Build(args) => build::build(args, out),
        What::Push(args) => build::push(args, out),
        What::Verify(args) => build::verify(args, out),
        What::Outdated(args) => outdated::run(args, out),
    }
}

/// Reads the folder, or fetches the address first.
fn open(args: &SourceArgs) -> anyhow::Result<Opened> {
    let Some(url) = &args.git else {
        return Ok(Opened::folder(&args.dir)?);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let opened: Result<Opened, Fault> =
        runtime.block_on(Opened::git(url, args.reference.as_deref()));
    Ok(opened?)
}
