//! Everything the core can ask of the world, as plain data. The runtime's driver carries it out.

use super::msg::Id;
use crate::config::State;
use crate::domain::build::Labels;
use crate::domain::catalogue::{Catalogue, ImageRef};
use crate::domain::exec::ExecRequest;
use crate::domain::feed::{AccessQuestion, Resource, Scope};
use crate::domain::logs::{Reading, Source, SourceId};
use crate::domain::recipe::Recipe;
use crate::domain::session::Target;
use crate::domain::text::Text;
use crate::domain::time::Millis;
use std::path::PathBuf;

/// What [`super::App::update`] asks for, in order.
pub type Effects = Vec<Effect>;

/// Something to do outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End the present session and make one for this context (the kubeconfig's current one when
    /// `None`). Feeds are not opened yet.
    Connect(Option<Text>),
    /// Read this kubeconfig file from now on and connect to its current context.
    UseKubeconfig(String),
    /// Start the demo cluster inside this program and connect to it.
    ConnectDemo,
    /// Watch all kinds in exactly these scopes: open what is missing, close what is too much.
    Watch(Vec<Scope>),
    /// The same, listing everything once more.
    WatchAnew(Vec<Scope>),
    /// List all watched kinds in these scopes; [`super::Msg::Listed`] brings each list.
    List(Vec<Scope>),
    /// Write a line into the program's log.
    Log(String),
    /// Say what a support bundle would hold; [`super::Msg::Bundled`] tells.
    PlanBundle,
    /// Write a support bundle.
    Bundle,
    /// Try every waiting feed now.
    Retry,
    /// Open a server-side table.
    OpenTable {
        /// The id its messages carry.
        id: Id,
        /// What it lists.
        resource: Resource,
        /// Where: one feed each.
        scopes: Vec<Scope>,
    },
    /// Close a table.
    CloseTable(Id),
    /// Read the log of a container; what comes carries both ids.
    ReadLog {
        /// The log.
        log: Id,
        /// The source within it.
        source: SourceId,
        /// The container.
        of: Source,
        /// From where on, and for how long.
        reading: Reading,
    },
    /// Nobody reads this log any more.
    CloseLog(Id),
    /// Run a program in a container; what comes of it carries the id.
    Exec(Id, ExecRequest),
    /// Run a program of this machine.
    Local {
        /// What comes of it carries it.
        id: Id,
        /// Which.
        program: LocalProgram,
        /// Columns and rows.
        size: (u16, u16),
    },
    /// A step of an edit; what comes of it carries the id.
    Edit(Id, EditStep),
    /// Nobody goes on with an edit: its file goes, or stays where it holds something, and is told.
    LeaveEdit(Id),
    /// Bytes for the standard input of a program. Sent once or not at all.
    Write(Id, Vec<u8>),
    /// The terminal of a program has this many columns and rows.
    ResizeExec(Id, u16, u16),
    /// Let the terminal tell of every move of the pointer, or of drags alone.
    Motion(bool),
    /// Ring the terminal's bell.
    Bell,
    /// The program is of no interest any more: its connection ends.
    CloseExec(Id),
    /// Begin a file in the folder for what people save; its parts follow.
    Save {
        /// Parts and answers carry it.
        id: Id,
        /// Begins the name of the file.
        name: String,
        /// The file is for reading once: it is told with [`super::Msg::Copied`].
        copy: bool,
    },
    /// Write a part; [`super::Msg::Saved`] asks for the next.
    SavePart {
        /// The file.
        id: Id,
        /// What is written.
        text: String,
        /// The file is complete with it.
        last: bool,
    },
    /// Ask for something; the answer carries the id.
    Fetch(Id, Request),
    /// The answer to this request is of no interest any more.
    Cancel(Id),
    /// Send [`super::Msg::Timer`] after so long.
    After(Id, Millis),
    /// Put a text on the clipboard (OSC 52).
    Copy(String),
    /// Something about images; what comes of it carries the id.
    Work(Id, Work),
    /// Show this theme.
    Theme(String),
    /// Read configuration, key map and theme again.
    Reload,
    /// Keep the state between runs.
    SaveState(State),
    /// End the program.
    Quit,
}

/// A program of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalProgram {
    /// A shell whose kubectl speaks to the present cluster and begins in this namespace.
    Shell(Option<Text>),
    /// The person's editor on this file.
    Editor(PathBuf),
    /// The person's editor on a copy that goes with the program.
    Reader(PathBuf),
    /// The person's pager on a copy that goes with the program.
    Pager(PathBuf),
}

/// A step of an edit of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditStep {
    /// Write the object into a file.
    Begin(Target),
    /// See what the editor has left.
    Judge,
    /// Replace the object with it.
    Apply,
}

/// What the edge of images can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Look at the source of a place: a folder, or a git address at a branch, tag or commit.
    Survey {
        /// The place.
        place: String,
        /// Empty: the default branch.
        reference: String,
    },
    /// Write this file whole.
    Write(PathBuf, String),
    /// Keep the draft of a folder, or forget it.
    Keep(PathBuf, Option<String>),
    /// Build, and push when it is asked for.
    Build(Box<BuildOrder>),
    /// Tell what was built before.
    History,
    /// Look at the recipes in and below a folder: which Dockerfiles are outdated.
    Outdated(String),
    /// Make those of these folders again, and look at all below the first.
    Renew(String, Vec<PathBuf>),
    /// Look what a build would send of a folder.
    Weigh {
        /// The folder of the source.
        folder: PathBuf,
        /// The answers.
        recipe: Box<Recipe>,
        /// What they mean.
        catalogue: Box<Catalogue>,
        /// The recipe as it is written: the answer carries it.
        written: String,
    },
    /// Ask how large a base image is.
    Size {
        /// Which.
        image: ImageRef,
        /// Its registry may be asked.
        remote: bool,
    },
    /// Find where the source of a project is.
    Sources {
        /// The project.
        project: String,
        /// Names that its images may have.
        names: Vec<String>,
    },
    /// The build, or the copy of a source, is of no interest any more.
    Stop,
}

/// What is built.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildOrder {
    /// The folder of the source.
    pub folder: PathBuf,
    /// The answers.
    pub recipe: Recipe,
    /// What they mean.
    pub catalogue: Catalogue,
    /// Name and tag.
    pub tag: ImageRef,
    /// What the labels say.
    pub labels: Labels,
    /// Push it.
    pub push: bool,
    /// Nothing is built: it is played.
    pub simulated: bool,
}

/// A request to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The object as YAML.
    Yaml {
        /// Which.
        target: Target,
        /// With `metadata.managedFields`.
        managed_fields: bool,
        /// With the values of a Secret.
        reveal: bool,
    },
    /// The object as kubectl describes it.
    Describe(Target),
    /// Events about the object.
    Events(Target),
    /// What the pod's containers are made of.
    Containers(Target),
    /// The last lines of a container's log.
    Tail {
        /// The pod.
        pod: Target,
        /// The container.
        container: Text,
        /// Of its previous run.
        previous: bool,
        /// How many.
        lines: u16,
    },
    /// The kinds that the server knows.
    Resources,
    /// May we?
    Access(Vec<AccessQuestion>),
    /// Delete the object.
    Delete(Target),
}
