//! What the program knows: the fleet, the session, the feeds. Screens read it, messages change it.

use super::list::RowKey;
use super::notice::Notices;
use super::preview::Culprit;
use crate::config::{LOG_BYTES, State};
use crate::domain::feed::{AccessAnswer, AccessQuestion, Failure, FeedState, Resource, Scope};
use crate::domain::fleet::{Fleet, PodId};
use crate::domain::health::Fault;
use crate::domain::rows::{Kind, Pod};
use crate::domain::session::{ContextInfo, SessionInfo, Target};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp, Zone};
use std::collections::{BTreeMap, HashMap};

/// An answered right counts for so long.
const ACCESS_KEPT: Millis = Millis::seconds(60);

/// How the connection stands as a whole, worst feed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// No session and none on its way.
    Off,
    /// A session is being made, or the first lists are under way, since then.
    Connecting {
        /// When it began.
        since: Timestamp,
    },
    /// Everything that can be live is live.
    Live,
    /// A feed is silent.
    Stale {
        /// Its last proof of life.
        seen: Timestamp,
    },
    /// A feed is cut.
    Disconnected {
        /// The last proof of life, when there was one.
        seen: Option<Timestamp>,
        /// Why.
        why: Text,
        /// The next attempt.
        retry_at: Timestamp,
    },
}

/// The state that all screens share.
#[derive(Debug)]
pub struct World {
    /// The present, as the last message told it.
    pub now: Timestamp,
    /// Projects, releases, workloads, pods, nodes, namespaces.
    pub fleet: Fleet,
    /// The session, once there is one.
    pub session: Option<SessionInfo>,
    /// The context that is being connected to, and since when.
    pub connecting: Option<(Text, Timestamp)>,
    /// Why there is no session.
    pub failure: Option<Failure>,
    /// The namespaces that are shown; one entry of all namespaces as a rule.
    pub scopes: Vec<Scope>,
    /// The state of each feed.
    pub feeds: BTreeMap<(Kind, Scope), FeedState>,
    /// Contexts of the kubeconfig.
    pub contexts: Vec<ContextInfo>,
    /// Kinds that the server knows, empty until asked.
    pub resources: Vec<Resource>,
    /// What was said.
    pub notices: Notices,
    /// No mutating request leaves the program.
    pub readonly: bool,
    /// Bytes that all logs together may keep.
    pub log_bytes: usize,
    /// The zone in which points in time are shown.
    pub zone: Zone,
    /// What is remembered between runs.
    pub state: State,
    access: HashMap<AccessQuestion, (Timestamp, AccessAnswer)>,
    asked: HashMap<AccessQuestion, Timestamp>,
}

impl World {
    /// An empty world with this fleet.
    pub fn new(fleet: Fleet, state: State, now: Timestamp) -> Self {
        Self {
            now,
            fleet,
            session: None,
            connecting: None,
            failure: None,
            scopes: vec![Scope::ALL],
            feeds: BTreeMap::new(),
            contexts: Vec::new(),
            resources: Vec::new(),
            notices: Notices::default(),
            readonly: false,
            log_bytes: LOG_BYTES,
            zone: Zone::default(),
            state,
            access: HashMap::new(),
            asked: HashMap::new(),
        }
    }

    /// The name of the present context, or of the one on its way.
    pub fn context(&self) -> Option<&Text> {
        self.session
            .as_ref()
            .map(|s| &s.context)
            .or(self.connecting.as_ref().map(|(name, _)| name))
    }

    /// Forgets everything that came from the cluster.
    pub fn forget_cluster(&mut self) {
        self.fleet.clear();
        self.session = None;
        self.failure = None;
        self.feeds.clear();
        self.resources.clear();
        self.access.clear();
        self.asked.clear();
    }

    /// The feeds of `kind`.
    pub fn feeds_of(&self, kind: Kind) -> impl Iterator<Item = (&Scope, &FeedState)> {
        self.feeds
            .iter()
            .filter(move |((k, _), _)| *k == kind)
            .map(|((_, scope), state)| (scope, state))
    }

    /// Whether the first list of `kind` is complete in every scope that may be listed.
    pub fn complete(&self, kind: Kind) -> bool {
        let mut feeds = self.feeds_of(kind).peekable();
        feeds.peek().is_some()
            && feeds
                .all(|(_, state)| !matches!(state, FeedState::Loading { .. }) && !never_seen(state))
    }

    /// In how many of its scopes `kind` is forbidden, and how many it has.
    pub fn forbidden(&self, kind: Kind) -> (usize, usize) {
        let no = |(_, state): &(&Scope, &FeedState)| matches!(state, FeedState::Forbidden { .. });
        (
            self.feeds_of(kind).filter(no).count(),
            self.feeds_of(kind).count(),
        )
    }

    /// Whether every first list has come, as far as it can come. Before that nobody can tell how
    /// well a project is: a workload whose pods are still on their way is not a sick one.
    pub fn settled(&self) -> bool {
        let loading = |state: &FeedState| matches!(state, FeedState::Loading { .. });
        !self.feeds.is_empty() && !self.feeds.values().any(loading)
    }

    /// How the connection stands.
    pub fn connection(&self) -> Connection {
        if let Some((_, since)) = &self.connecting {
            return Connection::Connecting { since: *since };
        }
        if self.session.is_none() {
            return Connection::Off;
        }
        self.feeds
            .values()
            .map(feed_connection)
            .max_by(worse)
            .unwrap_or(Connection::Connecting { since: self.now })
    }

    /// What is watched from now on, and of what rows are kept.
    pub fn look_at(&mut self, scopes: Vec<Scope>) {
        self.fleet.retain_scope(&scopes);
        self.scopes = scopes;
    }

    /// The scopes in words: `all namespaces`, `shop-prod`, `shop-prod +2`.
    pub fn scope_label(&self) -> String {
        match self.scopes.as_slice() {
            [Scope(None), ..] | [] => "all namespaces".into(),
            [Scope(Some(one))] => one.to_string(),
            [Scope(Some(one)), rest @ ..] => format!("{one} +{}", rest.len()),
        }
    }

    /// The namespaces of the scope; `None` for all.
    pub fn scope_names(&self) -> Option<Vec<Text>> {
        self.scopes.iter().map(|scope| scope.0.clone()).collect()
    }

    /// The pod behind a handle.
    pub fn pod(&self, row: u32) -> Option<&Pod> {
        self.fleet.pod(PodId(row)).map(|pod| pod.pod)
    }

    /// The pod of that name.
    pub fn pod_named(&self, namespace: &str, name: &str) -> Option<&Pod> {
        self.fleet
            .pod(self.fleet.pod_by_name(namespace, name)?)
            .map(|pod| pod.pod)
    }

    /// The project of a pod, and its release.
    pub fn home_of_pod(&self, row: u32) -> Option<(Text, RowKey)> {
        let workload = self.fleet.pod(PodId(row))?.workload;
        let release = RowKey {
            namespace: workload.namespace.clone(),
            name: workload.release.clone(),
        };
        Some((workload.project.clone(), release))
    }

    /// The container whose last lines tell why a pod is not well; `None` for a well one and for
    /// one whose containers never ran.
    pub fn culprit_of(&self, pod: PodId) -> Option<Culprit> {
        let pod = self.fleet.pod(pod)?;
        let cause = pod.cause(self.now)?;
        let ran = matches!(
            cause.fault,
            Fault::Crash { .. } | Fault::NotReady { .. } | Fault::Ended { .. }
        );
        let container = if cause.container.is_empty() {
            pod.pod.containers.first()?.name.clone()
        } else {
            cause.container.clone()
        };
        ran.then(|| Culprit {
            pod: Target::watched(Kind::Pod, &pod.pod.meta.namespace, &pod.pod.meta.name),
            container,
            previous: cause.is_about_previous_run(),
        })
    }

    /// A right that the server told not long ago.
    pub fn access(&self, question: &AccessQuestion) -> Option<&AccessAnswer> {
        let (at, answer) = self.access.get(question)?;
        (self.now.since(*at) <= ACCESS_KEPT).then_some(answer)
    }

    /// Whether a right may be asked about now: not when that was done just now without an answer.
    pub fn may_ask(&mut self, question: &AccessQuestion) -> bool {
        let asked = self.asked.get(question);
        let free = asked.is_none_or(|at| self.now.since(*at) > ACCESS_KEPT);
        if free {
            self.asked.insert(question.clone(), self.now);
        }
        free
    }

    /// Keeps what the server told about a right.
    pub fn learn_access(&mut self, question: AccessQuestion, answer: AccessAnswer) {
        self.access.insert(question, (self.now, answer));
    }
}

fn never_seen(state: &FeedState) -> bool {
    matches!(state, FeedState::Disconnected { seen: None, .. })
}

fn feed_connection(state: &FeedState) -> Connection {
    match state {
        FeedState::Loading { since } => Connection::Connecting { since: *since },
        FeedState::Live => Connection::Live,
        FeedState::Stale { seen } => Connection::Stale { seen: *seen },
        FeedState::Disconnected {
            seen,
            why,
            retry_at,
        } => Connection::Disconnected {
            seen: *seen,
            why: why.clone(),
            retry_at: *retry_at,
        },
        // A no is an answer: the server is there.
        FeedState::Forbidden { .. } | FeedState::Absent => Connection::Live,
    }
}

/// Orders connections so that the one to show is the greatest.
fn worse(a: &Connection, b: &Connection) -> std::cmp::Ordering {
    let rank = |c: &Connection| match c {
        Connection::Live => (0, 0),
        Connection::Connecting { since } => (1, -since.0),
        Connection::Stale { seen } => (2, -seen.0),
        Connection::Disconnected { retry_at, .. } => (3, -retry_at.0),
        Connection::Off => (4, 0),
    };
    rank(a).cmp(&rank(b))
}
