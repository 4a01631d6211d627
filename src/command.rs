//! THE table of commands. The palette, the help screen, the hint row, key maps and the README are
//! drawn from it; a command that is not in it does not exist.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Everything a key or a palette line can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described in TABLE")]
pub enum Command {
    Palette,
    Help,
    Back,
    Quit,
    Interrupt,
    HistoryBack,
    HistoryForward,
    Refresh,
    Notices,
    Projects,
    Releases,
    Workloads,
    Pods,
    Nodes,
    Namespaces,
    Contexts,
    Kubeconfig,
    Events,
    Resources,
    Demo,
    About,
    Reconnect,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Open,
    Filter,
    ClearFilter,
    Filters,
    SortByName,
    SortByAge,
    SortByHealth,
    SortLeft,
    SortRight,
    SortReverse,
    Mark,
    MarkRange,
    ClearMarks,
    Wide,
    Labels,
    Faults,
    AbsoluteTimes,
    ShowNode,
    ShowOwner,
    CopyName,
    CopyNamespace,
    CopyRow,
    Yaml,
    Describe,
    Delete,
    AllNamespaces,
    Favourite1,
    Favourite2,
    Favourite3,
    Favourite4,
    Favourite5,
    Favourite6,
    Favourite7,
    Favourite8,
    Favourite9,
    KeepFavourite,
    Search,
    NextMatch,
    PreviousMatch,
    Fold,
    FoldAll,
    ManagedFields,
    Reveal,
    Wrap,
    CopyAll,
    Logs,
    PreviousLogs,
    LogTail,
    LogHead,
    Log1m,
    Log5m,
    Log15m,
    Log30m,
    Log1h,
    EarlierLines,
    FollowLog,
    Fullscreen,
    LogContext,
    LogLevel,
    LogOrder,
    SelectLines,
    CopyLines,
    SaveLog,
    GoToTime,
    EarlierPeak,
    LaterPeak,
    FieldColumn,
    Shell,
    Attach,
    LocalShell,
    LeaveShell,
    NewTab,
    CloseTab,
    NextTab,
    PreviousTab,
    SplitColumns,
    SplitRows,
    OtherHalf,
    Unsplit,
    TakeClipboard,
    Edit,
    Page,
    Theme,
    Keys,
    Tutor,
    Bundle,
    Reload,
    ShowTab,
    Tab1,
    Tab2,
    Tab3,
    Tab4,
    Tab5,
    Tab6,
    Tab7,
    Tab8,
    Tab9,
    NewImage,
    Builds,
    Outdated,
    Renew,
    RenewAll,
    Compare,
    EditRecipe,
    NextRow,
    NextStep,
    PreviousStep,
    Tick,
    WholeDockerfile,
    WriteRecipe,
    BuildImage,
    StopBuild,
    ChangeAnswer,
    Yes,
    No,
}

/// Where a key is looked up. The innermost context is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere.
    Global,
    /// Any list of rows.
    List,
    /// A list of objects of a cluster: what has YAML, can be described, deleted.
    Objects,
    /// A list of pods.
    Pods,
    /// A text over many lines: YAML, describe, help.
    Text,
    /// The lines of containers.
    Logs,
    /// A program in a container.
    Shell,
    /// Projects and releases.
    Projects,
    /// Recipes of images.
    Recipes,
    /// The wizard for images.
    Wizard,
    /// A build that is watched.
    Build,
    /// A question that wants yes or no.
    Confirm,
}

impl Context {
    /// Every context, outermost first.
    pub const ALL: [Self; 12] = [
        Self::Global,
        Self::List,
        Self::Objects,
        Self::Pods,
        Self::Text,
        Self::Logs,
        Self::Shell,
        Self::Projects,
        Self::Recipes,
        Self::Wizard,
        Self::Build,
        Self::Confirm,
    ];

    /// The name of its table in a key map file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Objects => "objects",
            Self::Pods => "pods",
            Self::Text => "text",
            Self::Logs => "logs",
            Self::Shell => "shell",
            Self::Projects => "projects",
            Self::Recipes => "recipes",
            Self::Wizard => "wizard",
            Self::Build => "build",
            Self::Confirm => "confirm",
        }
    }

    /// The context of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.name() == name)
    }
}

/// The groups of the help screen, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Going somewhere.
    Go,
    /// Moving within a screen.
    Move,
    /// Choosing which rows are seen.
    Find,
    /// Acting on the selected object.
    Act,
    /// Reading a text.
    Read,
    /// The program itself.
    Program,
}

impl Group {
    /// The head above the group.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Move => "Move",
            Self::Find => "Find",
            Self::Act => "Act",
            Self::Read => "Read",
            Self::Program => "Program",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// The command.
    pub command: Command,
    /// Its name in the palette and in key maps: lower case, dashes.
    pub name: &'static str,
    /// Other words the palette takes for it.
    pub aliases: &'static [&'static str],
    /// Two words for the hint row.
    pub hint: &'static str,
    /// One sentence for the help screen and the palette.
    pub help: &'static str,
    /// Where it works, innermost last.
    pub contexts: &'static [Context],
    /// Its group in the help screen.
    pub group: Group,
    /// What may follow it in the palette, empty when nothing.
    pub argument: &'static str,
    /// Its place in the hint row, lower first; 0 keeps it out.
    pub hint_rank: u8,
}

const fn info(
    command: Command,
    name: &'static str,
    hint: &'static str,
    help: &'static str,
    contexts: &'static [Context],
    group: Group,
    hint_rank: u8,
) -> Info {
    Info {
        command,
        name,
        aliases: &[],
        hint,
        help,
        contexts,
        group,
        argument: "",
        hint_rank,
    }
}

impl Info {
    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn takes(mut self, argument: &'static str) -> Self {
        self.argument = argument;
        self
    }
}

/// What may follow the name of a list.
pub const LIST_ARGUMENTS: &str = "[namespace] [-l selector] [@context] [/filter]";

const GLOBAL: &[Context] = &[Context::Global];
const MOVING: &[Context] = &[Context::List, Context::Text, Context::Logs, Context::Shell];
const STEPPING: &[Context] = &[
    Context::List,
    Context::Text,
    Context::Logs,
    Context::Shell,
    Context::Wizard,
];
const WIZARD: &[Context] = &[Context::Wizard];
const PROJECTS: &[Context] = &[Context::Projects];
const RECIPES: &[Context] = &[Context::Recipes];
/// Where rows can be marked.
const MARKED: &[Context] = &[Context::Objects, Context::Recipes];
const BUILD: &[Context] = &[Context::Build];
const WRITTEN: &[Context] = &[Context::Logs, Context::Shell];
const SHELL: &[Context] = &[Context::Shell];
const SOUGHT: &[Context] = &[Context::Text, Context::Logs, Context::Shell];
const FOLDED: &[Context] = &[Context::Text, Context::Logs];
const LISTED: &[Context] = &[Context::List, Context::Logs];
const EDITED: &[Context] = &[
    Context::Objects,
    Context::Text,
    Context::Logs,
    Context::Shell,
];
const LOGS: &[Context] = &[Context::Logs];
const LIST: &[Context] = &[Context::List];
const OBJECTS: &[Context] = &[Context::Objects];
const PODS: &[Context] = &[Context::Pods];
const TEXT: &[Context] = &[Context::Text];

/// The table.
pub static TABLE: &[Info] = &[
    info(
        Command::Projects,
        "projects",
        "projects",
        "All projects of the scope, worst first",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["project", "home", "proj"])
    .takes(LIST_ARGUMENTS),
    info(
        Command::Releases,
        "releases",
        "releases",
        "Releases: one installation of a project in a namespace",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["release", "rel"])
    .takes(LIST_ARGUMENTS),
    info(
        Command::Workloads,
        "workloads",
        "workloads",
        "Deployments, StatefulSets, DaemonSets, Jobs and CronJobs with their health",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["workload", "wl"])
    .takes(LIST_ARGUMENTS),
    info(
        Command::Pods,
        "pods",
        "pods",
        "All pods of the scope",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["pod", "po"])
    .takes(LIST_ARGUMENTS),
    info(
        Command::Nodes,
        "nodes",
        "nodes",
        "Nodes, their capacity and their pods",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["node", "no"]),
    info(
        Command::Namespaces,
        "ns",
        "namespaces",
        "Choose namespaces; `:ns a,b` shows several at once, `:ns all` every one",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["namespaces", "namespace"])
    .takes("[name,name|all]"),
    info(
        Command::Contexts,
        "ctx",
        "contexts",
        "Choose a context of the kubeconfig, also while disconnected",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["contexts", "context"])
    .takes("[name]"),
    info(
        Command::Kubeconfig,
        "kubeconfig",
        "kubeconfig",
        "Read another kubeconfig file",
        GLOBAL,
        Group::Go,
        0,
    )
    .takes("[file]"),
    info(
        Command::Events,
        "events",
        "events",
        "Events of the scope, newest first",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["event", "ev"])
    .takes(LIST_ARGUMENTS),
    info(
        Command::Resources,
        "resources",
        "resources",
        "Every kind that the server knows; enter opens one",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["api-resources", "aliases", "kinds"]),
    info(
        Command::HistoryBack,
        "back",
        "earlier",
        "To the screen seen before this one",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::HistoryForward,
        "forward",
        "later",
        "Forward again after going back",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Back,
        "up-a-level",
        "back",
        "Close what is open, clear the filter, or go up a level",
        GLOBAL,
        Group::Go,
        9,
    ),
    info(
        Command::ShowNode,
        "show-node",
        "node",
        "To the node on which the pod runs",
        PODS,
        Group::Go,
        0,
    ),
    info(
        Command::ShowOwner,
        "show-owner",
        "owner",
        "To the release that owns the pod",
        PODS,
        Group::Go,
        0,
    ),
    info(
        Command::Up,
        "move-up",
        "up",
        "One row up",
        STEPPING,
        Group::Move,
        0,
    ),
    info(
        Command::Down,
        "move-down",
        "down",
        "One row down",
        STEPPING,
        Group::Move,
        0,
    ),
    info(
        Command::PageUp,
        "page-up",
        "page up",
        "One page up",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::PageDown,
        "page-down",
        "page down",
        "One page down",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::Top,
        "top",
        "top",
        "To the first row",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::Bottom,
        "bottom",
        "bottom",
        "To the last row",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::Left,
        "scroll-left",
        "left",
        "Show what is cut at the left",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::Right,
        "scroll-right",
        "right",
        "Show what is cut at the right",
        MOVING,
        Group::Move,
        0,
    ),
    info(
        Command::Open,
        "open",
        "open",
        "Open the selected row",
        &[Context::List, Context::Logs, Context::Shell],
        Group::Go,
        1,
    ),
    info(
        Command::Filter,
        "filter",
        "filter",
        "Keep the rows that match; what can be written stands below",
        LISTED,
        Group::Find,
        4,
    )
    .takes("[expression]"),
    info(
        Command::ClearFilter,
        "clear-filter",
        "clear filter",
        "Show all rows again",
        LISTED,
        Group::Find,
        0,
    ),
    info(
        Command::Filters,
        "filters",
        "filters",
        "The filters in force; enter takes the chosen one away",
        LOGS,
        Group::Find,
        0,
    ),
    info(
        Command::SortByName,
        "sort-name",
        "by name",
        "Sort by name",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::SortByAge,
        "sort-age",
        "by age",
        "Sort by age",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::SortByHealth,
        "sort-health",
        "by health",
        "Sort by health, worst first",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::SortLeft,
        "sort-left",
        "sort ←",
        "Sort by the column to the left of the sorted one",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::SortRight,
        "sort-right",
        "sort →",
        "Sort by the column to the right of the sorted one",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::SortReverse,
        "sort-reverse",
        "reverse",
        "Turn the order round",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Faults,
        "faults",
        "faults only",
        "Only what is failing, degraded or progressing, and back",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Mark,
        "mark",
        "mark",
        "Mark the row for what you do next; unmark it",
        &[Context::Objects, Context::Logs, Context::Recipes],
        Group::Find,
        7,
    ),
    info(
        Command::MarkRange,
        "mark-range",
        "mark to here",
        "Mark all rows from the last mark to here",
        MARKED,
        Group::Find,
        0,
    ),
    info(
        Command::ClearMarks,
        "clear-marks",
        "unmark all",
        "Unmark all rows",
        MARKED,
        Group::Find,
        0,
    ),
    info(
        Command::Wide,
        "wide",
        "wide",
        "Show the columns that are hidden as a rule, and hide them again",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Labels,
        "labels",
        "labels",
        "Show labels as a column, and hide them again",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::AbsoluteTimes,
        "times",
        "times",
        "Show points in time instead of ages, and back",
        LISTED,
        Group::Find,
        0,
    ),
    info(
        Command::AllNamespaces,
        "all-namespaces",
        "all namespaces",
        "Show all namespaces",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite1,
        "favourite-1",
        "favourite 1",
        "Show the favourite namespaces of this number; :keep-favourite keeps some",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite2,
        "favourite-2",
        "favourite 2",
        "Show favourite namespace 2",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite3,
        "favourite-3",
        "favourite 3",
        "Show favourite namespace 3",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite4,
        "favourite-4",
        "favourite 4",
        "Show favourite namespace 4",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite5,
        "favourite-5",
        "favourite 5",
        "Show favourite namespace 5",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite6,
        "favourite-6",
        "favourite 6",
        "Show favourite namespace 6",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite7,
        "favourite-7",
        "favourite 7",
        "Show favourite namespace 7",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite8,
        "favourite-8",
        "favourite 8",
        "Show favourite namespace 8",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::Favourite9,
        "favourite-9",
        "favourite 9",
        "Show favourite namespace 9",
        LIST,
        Group::Find,
        0,
    ),
    info(
        Command::KeepFavourite,
        "keep-favourite",
        "keep",
        "Keep the namespace scope as the next favourite",
        GLOBAL,
        Group::Find,
        0,
    ),
    info(
        Command::Yaml,
        "yaml",
        "yaml",
        "The object as YAML",
        OBJECTS,
        Group::Act,
        2,
    ),
    info(
        Command::Describe,
        "describe",
        "describe",
        "The object and its events, as a page",
        OBJECTS,
        Group::Act,
        3,
    ),
    info(
        Command::CopyName,
        "copy-name",
        "copy name",
        "Copy the name to the clipboard",
        LIST,
        Group::Act,
        0,
    ),
    info(
        Command::CopyNamespace,
        "copy-namespace",
        "copy namespace",
        "Copy the namespace to the clipboard",
        LIST,
        Group::Act,
        0,
    ),
    info(
        Command::CopyRow,
        "copy-row",
        "copy row",
        "Copy the row to the clipboard",
        LIST,
        Group::Act,
        0,
    ),
    info(
        Command::Delete,
        "delete",
        "delete",
        "Delete the marked objects, or the selected one; asks first",
        OBJECTS,
        Group::Act,
        8,
    ),
    info(
        Command::Search,
        "search",
        "search",
        "Find text and keep what is around it",
        SOUGHT,
        Group::Read,
        1,
    ),
    info(
        Command::NextMatch,
        "next-match",
        "next",
        "To the next match",
        SOUGHT,
        Group::Read,
        2,
    ),
    info(
        Command::PreviousMatch,
        "previous-match",
        "previous",
        "To the match before",
        SOUGHT,
        Group::Read,
        3,
    ),
    info(
        Command::Fold,
        "fold",
        "fold",
        "Fold the block under the cursor, or open it",
        FOLDED,
        Group::Read,
        4,
    ),
    info(
        Command::FoldAll,
        "fold-all",
        "fold all",
        "Fold all blocks, or open them",
        TEXT,
        Group::Read,
        0,
    ),
    info(
        Command::ManagedFields,
        "managed-fields",
        "managedFields",
        "Show managedFields in YAML, and hide them again",
        TEXT,
        Group::Read,
        0,
    ),
    info(
        Command::Reveal,
        "reveal",
        "reveal",
        "Show secret values, and mask them again",
        TEXT,
        Group::Read,
        1,
    ),
    info(
        Command::Wrap,
        "wrap",
        "wrap",
        "Wrap long lines, or cut them",
        SOUGHT,
        Group::Read,
        6,
    ),
    info(
        Command::CopyAll,
        "copy-all",
        "copy",
        "Copy the whole text to the clipboard",
        TEXT,
        Group::Read,
        5,
    ),
    info(
        Command::Palette,
        "palette",
        "command",
        "Type a command or the name of a kind",
        GLOBAL,
        Group::Program,
        5,
    ),
    info(
        Command::Help,
        "help",
        "help",
        "The keys that work here, and all others",
        GLOBAL,
        Group::Program,
        6,
    )
    .or(&["h"]),
    info(
        Command::Notices,
        "notices",
        "notices",
        "What the program said so far",
        GLOBAL,
        Group::Program,
        0,
    )
    .or(&["messages"]),
    info(
        Command::Refresh,
        "refresh",
        "refresh",
        "Ask the server again",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::Reconnect,
        "reconnect",
        "reconnect",
        "Try the connection now instead of waiting",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::Demo,
        "demo",
        "demo",
        "Open the demo: a company inside this program",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::About,
        "about",
        "about",
        "Versions, files, the server, and who you are to it",
        GLOBAL,
        Group::Program,
        0,
    )
    .or(&["info", "version"]),
    info(
        Command::Interrupt,
        "interrupt",
        "cancel",
        "Cancel what is being typed or asked; never ends the program",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::Quit,
        "quit",
        "quit",
        "Leave the program",
        GLOBAL,
        Group::Program,
        10,
    )
    .or(&["q", "q!", "exit"]),
    info(
        Command::Logs,
        "logs",
        "logs",
        "The lines of all containers of the selection, merged and followed",
        LIST,
        Group::Act,
        2,
    )
    .or(&["log", "lo"])
    .takes("[project|release|deploy|pod/…] [-l selector]"),
    info(
        Command::PreviousLogs,
        "previous-run",
        "previous run",
        "What the containers wrote before their last restart, and back to the present run",
        LISTED,
        Group::Read,
        0,
    ),
    info(
        Command::LogTail,
        "log-tail",
        "tail",
        "The last lines of each container",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::LogHead,
        "log-head",
        "all",
        "All lines that the server keeps",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Log1m,
        "log-1m",
        "1m",
        "Lines of the last minute",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Log5m,
        "log-5m",
        "5m",
        "Lines of the last five minutes",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Log15m,
        "log-15m",
        "15m",
        "Lines of the last quarter of an hour",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Log30m,
        "log-30m",
        "30m",
        "Lines of the last half hour",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Log1h,
        "log-1h",
        "1h",
        "Lines of the last hour",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::EarlierLines,
        "earlier",
        "earlier lines",
        "Load lines from before the first one",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::FollowLog,
        "follow",
        "follow",
        "Follow the newest line, or stop",
        LOGS,
        Group::Read,
        5,
    ),
    info(
        Command::Fullscreen,
        "fullscreen",
        "fullscreen",
        "The lines alone, and back",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::LogContext,
        "log-context",
        "context",
        "Lines around those that pass a filter: none, 2, 5, 20",
        LOGS,
        Group::Find,
        0,
    ),
    info(
        Command::LogLevel,
        "log-level",
        "warnings",
        "Only warnings and worse, only errors, all lines",
        LOGS,
        Group::Find,
        4,
    ),
    info(
        Command::LogOrder,
        "log-order",
        "order",
        "Lines by the time they were written, or as they arrive",
        LOGS,
        Group::Find,
        0,
    ),
    info(
        Command::SelectLines,
        "select",
        "select",
        "Begin to select lines, or end it",
        LOGS,
        Group::Act,
        0,
    ),
    info(
        Command::CopyLines,
        "copy-lines",
        "copy",
        "Copy the selection, the marked lines, or the line",
        WRITTEN,
        Group::Act,
        8,
    ),
    info(
        Command::SaveLog,
        "save",
        "save",
        "Save lines to a file: those that pass the filters, those on the page, or all",
        WRITTEN,
        Group::Act,
        9,
    )
    .takes("[visible|filtered|all]"),
    info(
        Command::GoToTime,
        "go-to-time",
        "time",
        "Go to a time: 10:04, -5m",
        LOGS,
        Group::Move,
        0,
    ),
    info(
        Command::EarlierPeak,
        "earlier-peak",
        "peak before",
        "Go to where there were errors before",
        LOGS,
        Group::Move,
        0,
    ),
    info(
        Command::LaterPeak,
        "later-peak",
        "peak after",
        "Go to where there were errors after",
        LOGS,
        Group::Move,
        0,
    ),
    info(
        Command::FieldColumn,
        "field-column",
        "column",
        "A column of its own for the chosen field, or no more",
        LOGS,
        Group::Read,
        0,
    ),
    info(
        Command::Shell,
        "enter-shell",
        "shell",
        "A shell in the container",
        OBJECTS,
        Group::Act,
        3,
    )
    .or(&["exec"]),
    info(
        Command::Attach,
        "attach",
        "attach",
        "The terminal of what the container runs",
        OBJECTS,
        Group::Act,
        0,
    ),
    info(
        Command::LeaveShell,
        "leave-shell",
        "leave the shell",
        "Give the keyboard back to the console; pressed twice it reaches the program",
        SHELL,
        Group::Act,
        1,
    ),
    info(
        Command::NewTab,
        "new-tab",
        "new tab",
        "Open a tab",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["tabnew"]),
    info(
        Command::CloseTab,
        "close-tab",
        "close tab",
        "Close the tab",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["tabclose", "close"]),
    info(
        Command::NextTab,
        "next-tab",
        "next tab",
        "Show the next tab",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::PreviousTab,
        "previous-tab",
        "previous tab",
        "Show the tab before",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::ShowTab,
        "tab",
        "tab",
        "Show the tab of this number",
        GLOBAL,
        Group::Go,
        0,
    )
    .takes("N"),
    info(
        Command::Tab1,
        "tab-1",
        "tab 1",
        "Show tab 1",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab2,
        "tab-2",
        "tab 2",
        "Show tab 2",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab3,
        "tab-3",
        "tab 3",
        "Show tab 3",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab4,
        "tab-4",
        "tab 4",
        "Show tab 4",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab5,
        "tab-5",
        "tab 5",
        "Show tab 5",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab6,
        "tab-6",
        "tab 6",
        "Show tab 6",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab7,
        "tab-7",
        "tab 7",
        "Show tab 7",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab8,
        "tab-8",
        "tab 8",
        "Show tab 8",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Tab9,
        "tab-9",
        "tab 9",
        "Show tab 9",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::SplitColumns,
        "split",
        "side by side",
        "This tab and another, side by side",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["vsplit"])
    .takes("[number of the other tab]"),
    info(
        Command::SplitRows,
        "split-rows",
        "one above the other",
        "This tab and another, one above the other",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["hsplit"])
    .takes("[number of the other tab]"),
    info(
        Command::OtherHalf,
        "other-half",
        "other half",
        "The keyboard to the other half of a split screen",
        GLOBAL,
        Group::Go,
        9,
    ),
    info(
        Command::Unsplit,
        "unsplit",
        "one tab",
        "Show one tab at a time again",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["only"]),
    info(
        Command::TakeClipboard,
        "take-clipboard",
        "take clipboard",
        "Copy what the program in the pane has put up for copying",
        SHELL,
        Group::Act,
        0,
    ),
    info(
        Command::Edit,
        "edit",
        "edit",
        "Edit the object in $KUBE_EDITOR or $EDITOR and apply what was saved; a log or what a program has written: read it there",
        EDITED,
        Group::Act,
        9,
    ),
    info(
        Command::Page,
        "page",
        "pager",
        "Read this in $PAGER",
        SOUGHT,
        Group::Read,
        0,
    ),
    info(
        Command::Theme,
        "theme",
        "theme",
        "Choose a theme; each is shown while it is the chosen one",
        GLOBAL,
        Group::Program,
        0,
    )
    .takes("[name]"),
    info(
        Command::Keys,
        "keys",
        "keys",
        "The key map in force",
        GLOBAL,
        Group::Program,
        0,
    )
    .or(&["keymap"]),
    info(
        Command::Bundle,
        "bundle",
        "bundle",
        "Write what a bug report needs, without secrets, into one file; says first what it holds",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::Tutor,
        "tutor",
        "tour",
        "A guided tour of the demo, step by step; `skip`, `again`, `off`",
        GLOBAL,
        Group::Program,
        0,
    )
    .or(&["tour"])
    .takes("[skip|again|off]"),
    info(
        Command::Reload,
        "reload",
        "reload",
        "Read configuration, key map and theme again",
        GLOBAL,
        Group::Program,
        0,
    ),
    info(
        Command::LocalShell,
        "shell",
        "local shell",
        "A shell of this machine whose kubectl speaks to this context and namespace",
        GLOBAL,
        Group::Program,
        0,
    )
    .or(&["sh", "term"]),
    info(
        Command::NewImage,
        "new",
        "new image",
        "From a source to an image without a Dockerfile: tick, type, build, push",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["image", "wizard"])
    .takes("[folder or git address]"),
    info(
        Command::Builds,
        "builds",
        "builds",
        "What was built before: when, how long, what came of it, where its lines are",
        GLOBAL,
        Group::Go,
        0,
    ),
    info(
        Command::Outdated,
        "outdated",
        "outdated",
        "Recipes whose Dockerfile is not what the catalogue gives today",
        GLOBAL,
        Group::Go,
        0,
    )
    .or(&["recipes"])
    .takes("[folder]"),
    info(
        Command::Renew,
        "renew",
        "make again",
        "Make the Dockerfile of the marked recipes again, or of the selected one",
        RECIPES,
        Group::Act,
        2,
    ),
    info(
        Command::RenewAll,
        "renew-all",
        "all again",
        "Make every outdated Dockerfile of the list again",
        RECIPES,
        Group::Act,
        3,
    ),
    info(
        Command::Compare,
        "compare",
        "compare",
        "What is there beside what would be made, line by line",
        &[Context::Recipes, Context::Wizard],
        Group::Find,
        8,
    ),
    info(
        Command::EditRecipe,
        "recipe",
        "recipe",
        "The wizard for the image of this project: change its recipe, build it again",
        PROJECTS,
        Group::Act,
        11,
    )
    .or(&["rebuild"]),
    info(
        Command::NextRow,
        "next",
        "next",
        "Take the answer and go on",
        WIZARD,
        Group::Act,
        1,
    ),
    info(
        Command::Tick,
        "tick",
        "tick",
        "Choose, tick (in the image, for the build only, not at all) or switch",
        WIZARD,
        Group::Act,
        2,
    ),
    info(
        Command::NextStep,
        "next-step",
        "next step",
        "The next step; of a build: only its lines",
        &[Context::Wizard, Context::Build],
        Group::Move,
        3,
    ),
    info(
        Command::PreviousStep,
        "previous-step",
        "step back",
        "The step before; of a build: only its lines",
        &[Context::Wizard, Context::Build],
        Group::Move,
        5,
    ),
    info(
        Command::WholeDockerfile,
        "dockerfile",
        "Dockerfile",
        "The whole Dockerfile, and back",
        WIZARD,
        Group::Find,
        4,
    ),
    info(
        Command::WriteRecipe,
        "write-recipe",
        "write recipe",
        "Write quarterdeck.toml beside the source",
        WIZARD,
        Group::Act,
        6,
    ),
    info(
        Command::BuildImage,
        "build",
        "build",
        "Build the image, and push it where that is ticked",
        &[Context::Wizard, Context::Build],
        Group::Act,
        4,
    ),
    info(
        Command::StopBuild,
        "stop-build",
        "stop",
        "Stop the build; the engine ends its work",
        BUILD,
        Group::Act,
        2,
    ),
    info(
        Command::ChangeAnswer,
        "change-answer",
        "change answer",
        "To the answer of the wizard that made the build fail",
        BUILD,
        Group::Act,
        1,
    ),
    info(
        Command::Yes,
        "confirm",
        "yes",
        "Do it",
        &[Context::Confirm],
        Group::Act,
        1,
    ),
    info(
        Command::No,
        "decline",
        "no",
        "Leave it",
        &[Context::Confirm],
        Group::Act,
        2,
    ),
];

impl Command {
    /// Its row of the table.
    ///
    /// A test proves that every command has one; the first row answers for one that has none.
    pub fn info(self) -> &'static Info {
        TABLE
            .iter()
            .find(|info| info.command == self)
            .unwrap_or(&TABLE[0])
    }

    /// The command that key maps call `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.command)
    }

    /// The command for a word of the palette: its name or an alias.
    pub fn from_word(word: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|info| info.name == word || info.aliases.contains(&word))
            .map(|info| info.command)
    }

    /// Which tab a command for a tab means, 1 to 9.
    pub const fn tab(self) -> Option<usize> {
        Some(match self {
            Self::Tab1 => 1,
            Self::Tab2 => 2,
            Self::Tab3 => 3,
            Self::Tab4 => 4,
            Self::Tab5 => 5,
            Self::Tab6 => 6,
            Self::Tab7 => 7,
            Self::Tab8 => 8,
            Self::Tab9 => 9,
            _ => return None,
        })
    }

    /// Which favourite a favourite command means, 1 to 9.
    pub const fn favourite(self) -> Option<usize> {
        Some(match self {
            Self::Favourite1 => 1,
            Self::Favourite2 => 2,
            Self::Favourite3 => 3,
            Self::Favourite4 => 4,
            Self::Favourite5 => 5,
            Self::Favourite6 => 6,
            Self::Favourite7 => 7,
            Self::Favourite8 => 8,
            Self::Favourite9 => 9,
            _ => return None,
        })
    }
}

/// The name or alias that `word` was probably meant to be: at most a third of it is mistyped.
pub fn nearest(word: &str) -> Option<&'static str> {
    let names = TABLE
        .iter()
        .flat_map(|info| std::iter::once(info.name).chain(info.aliases.iter().copied()));
    names
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance * 3 <= name.len().max(4) + 2)
        .min()
        .map(|(_, name)| name)
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.info().name)
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom(format!("no command `{name}`")))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_has_its_own_name() {
        let mut seen = HashSet::new();
        for info in TABLE {
            assert!(seen.insert(info.name), "{} stands twice", info.name);
            for alias in info.aliases {
                assert!(seen.insert(alias), "{alias} stands twice");
            }
            assert!(
                !info.contexts.is_empty() && !info.help.is_empty() && !info.hint.is_empty(),
                "{}",
                info.name
            );
        }
    }

    #[test]
    fn every_command_has_a_row() {
        // `Yes` and `No` are the last of the enum; a command without a row would get row 0.
        let mut commands: Vec<_> = TABLE.iter().map(|info| info.command).collect();
        commands.sort();
        commands.dedup();
        assert_eq!(commands.len(), TABLE.len());
        assert_eq!(commands.len(), Command::No as usize + 1);
    }
}
