//! What comes from a cluster: changes of rows, states of the feeds that bring them, answers.
//!
//! The edge makes these values and the core consumes them; neither knows the other.

use super::rows::{Kind, Row};
use super::text::Text;
use super::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// The last proof of life of a feed that is live is younger than this: older, and it is stale.
pub const FRESH: Millis = Millis::seconds(15);

/// Which objects a feed brings: one namespace, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope(pub Option<Text>);

impl Scope {
    /// All namespaces.
    pub const ALL: Self = Self(None);

    /// One namespace.
    pub fn namespace(name: &str) -> Self {
        Self(Some(Text::new(name)))
    }

    /// Where a kind is listed while these are looked at: one without namespaces is listed once.
    pub fn of(kind: Kind, scopes: &[Self]) -> &[Self] {
        if kind.namespaced() {
            scopes
        } else {
            &[Self::ALL]
        }
    }

    /// The namespace, when these scopes are one.
    pub fn only(scopes: &[Self]) -> Option<&Text> {
        match scopes {
            [Self(namespace)] => namespace.as_ref(),
            _ => None,
        }
    }

    /// Whether an object of `namespace` is in it.
    pub fn holds(&self, namespace: &str) -> bool {
        self.0.as_ref().is_none_or(|ns| ns.as_str() == namespace)
    }
}

/// One step of a feed. A relist is `Begin`, `Put`s, `Complete`: rows that were not put in between
/// are gone, and until `Complete` everything that was there stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A complete list starts.
    Begin,
    /// The object exists and looks like this.
    Put(Box<Row>),
    /// The object is gone.
    Gone {
        /// Its namespace, empty for cluster-scoped kinds.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// The list that `Begin` started is complete.
    Complete,
}

/// What to do where a session is read-only, and something was to be changed.
pub const READONLY_REMEDY: &str = "drop --readonly, or `readonly` in config.toml";

/// Changes of one feed, in order. Within a batch an object appears once (the last value wins).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The kind.
    pub kind: Kind,
    /// The feed's scope.
    pub scope: Scope,
    /// What happened.
    pub changes: Vec<Change>,
}

/// The state of a feed, as the frame shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedState {
    /// The first list is under way.
    Loading {
        /// When it began.
        since: Timestamp,
    },
    /// Complete, and the watch is open: the last proof of life (an event, a bookmark, an answered
    /// probe) is younger than [`FRESH`].
    Live,
    /// The watch is open but the server has been silent for too long.
    Stale {
        /// The last proof of life.
        seen: Timestamp,
    },
    /// Nothing is open; rows are what they were.
    Disconnected {
        /// The last proof of life, when there was one.
        seen: Option<Timestamp>,
        /// Why, in one sentence.
        why: Text,
        /// When the next attempt starts.
        retry_at: Timestamp,
    },
    /// The server said no.
    Forbidden {
        /// `list` or `watch`.
        verb: Text,
        /// The resource with its group: `deployments.apps`.
        resource: Text,
        /// Where.
        scope: Scope,
    },
    /// The server does not know the kind.
    Absent,
}

/// A server-side table (`as=Table`): any kind by name, columns made by the server.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Columns(pub Vec<Column>);

/// One column of a server-side table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The head, as the server gives it.
    pub name: Text,
    /// `string`, `integer`, `date`, ...
    pub kind: Text,
    /// 0 is always shown, 1 only when wide.
    pub priority: u8,
}

/// One row of a server-side table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// Namespace, empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// `metadata.uid`
    pub uid: Text,
    /// `metadata.creationTimestamp`
    pub created: Option<Timestamp>,
    /// `metadata.labels`
    pub labels: super::rows::Labels,
    /// One text per column.
    pub cells: Vec<Text>,
}

/// One step of a table feed; the same rules as for [`Change`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableChange {
    /// A complete list starts, with these columns.
    Begin(Columns),
    /// The row exists and looks like this.
    Put(Box<TableRow>),
    /// The row is gone.
    Gone {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// The list is complete.
    Complete,
}

/// A resource type as discovery names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: Text,
    /// API version: `v1`.
    pub version: Text,
    /// `kind:` of a manifest.
    pub kind: Text,
    /// Plural name: `deployments`.
    pub plural: Text,
    /// Singular name.
    pub singular: Text,
    /// Short names: `deploy`.
    pub short_names: Vec<Text>,
    /// Whether it lives in namespaces.
    pub namespaced: bool,
    /// The verbs the server offers.
    pub verbs: Vec<Text>,
}

impl Resource {
    /// Whether `word` names it: plural, singular, kind, short name, or `plural.group`.
    pub fn answers_to(&self, word: &str) -> bool {
        let is = |name: &str| name.eq_ignore_ascii_case(word);
        is(&self.plural)
            || is(&self.singular)
            || is(&self.kind)
            || self.short_names.iter().any(|name| is(name))
            || word.split_once('.').is_some_and(|(plural, group)| {
                self.plural.eq_ignore_ascii_case(plural) && self.group.eq_ignore_ascii_case(group)
            })
    }
}

/// Who may do what, as the server answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessQuestion {
    /// `get`, `delete`, ...
    pub verb: Text,
    /// API group.
    pub group: Text,
    /// Plural resource.
    pub resource: Text,
    /// Sub-resource, empty when none: `exec`.
    pub subresource: Text,
    /// Where.
    pub scope: Scope,
}

/// The answer to an [`AccessQuestion`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAnswer {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The server's reason, or ours.
    pub reason: Text,
}

/// An error of an edge, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What failed: `list pods in shop-prod`.
    pub what: Text,
    /// Why: the server's or the system's words.
    pub why: Text,
    /// What to do about it.
    pub remedy: Text,
    /// What sort of failure it is; decides exit codes and retries.
    pub sort: FailureSort,
}

/// Sorts of failure that callers treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureSort {
    /// 403
    Forbidden,
    /// 401, or credentials that could not be made.
    Unauthorized,
    /// 404
    NotFound,
    /// No connection, no answer in time, TLS refused.
    Unreachable,
    /// `--readonly`
    ReadOnly,
    /// Configuration (kubeconfig) is missing or wrong.
    Config,
    /// 409
    Conflict,
    /// Anything else.
    Other,
}
