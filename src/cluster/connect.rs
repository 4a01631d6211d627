//! A session: a context, a client for it, and the credentials behind the client.
//!
//! Making one does not talk to the server, so that an unreachable cluster still gives a session
//! whose feeds say so and recover by themselves.

use super::error::Fault;
use super::kubeconfig::{self, Chosen, Environment, IN_CLUSTER, Loaded};
use super::pulse::Pulse;
use super::timing::Timing;
use super::transport::{self, Built};
use crate::domain::feed::Failure;
use crate::domain::session::SessionInfo;
use crate::domain::text::Text;
use kube::Client;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Credentials are made anew this long before they end.
const BEFORE_EXPIRY: Duration = Duration::from_mins(1);

/// Whether everything that changes something is refused. Copies are one switch.
#[derive(Clone, Debug, Default)]
pub struct ReadOnly(Arc<AtomicBool>);

impl ReadOnly {
    /// Refuses from now on, or does not.
    pub fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }

    /// Whether it refuses.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl From<bool> for ReadOnly {
    fn from(on: bool) -> Self {
        Self(Arc::new(on.into()))
    }
}

/// What a session is made from.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `--kubeconfig`
    pub kubeconfig: Option<PathBuf>,
    /// `--context`; the current one when `None`.
    pub context: Option<String>,
    /// `--as`
    pub impersonate: Option<String>,
    /// `--as-group`
    pub impersonate_groups: Vec<String>,
    /// `--readonly`: refuse everything that changes something.
    pub readonly: ReadOnly,
    /// The process environment.
    pub environment: Environment,
    /// Waits and limits.
    pub timing: Timing,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            impersonate: None,
            impersonate_groups: Vec::new(),
            readonly: ReadOnly::default(),
            environment: Environment::of_process(),
            timing: Timing::default(),
        }
    }
}

/// A connection to one cluster as one user. Cheap to clone; the last clone ends it.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    options: ConnectOptions,
    info: SessionInfo,
    access: Mutex<Access>,
    /// Held while credentials are made, so that many refused requests make them once.
    refreshing: tokio::sync::Mutex<Refreshing>,
    /// The server gave a streaming list its end, or has not been asked yet.
    streaming: AtomicBool,
    /// Lists are asked packed: useless where the server is this machine.
    gzip: bool,
    pulse: Pulse,
    pub(super) caches: super::Caches,
}

/// A client and how its credentials have fared.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) client: Client,
    generation: u64,
    expires: Option<SystemTime>,
    worked: Arc<AtomicBool>,
}

impl Access {
    /// The server took these credentials.
    pub(super) fn works(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Refreshing {
    last: Option<Instant>,
    failed: Option<Fault>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("context", &self.inner.info.context)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Makes a session: reads the kubeconfig, runs the credential plugin, prepares TLS.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Failure> {
        let loaded = kubeconfig::load(options.kubeconfig.as_deref(), &options.environment)?;
        let (info, gzip) = describe(&loaded, &options)?;
        let built = credentials(&loaded, &options).await.map_err(|error| {
            let what = format!("log in to {}", info.context);
            error.into_failure(&what)
        })?;
        let session = Self {
            inner: Arc::new(Inner {
                pulse: Pulse::new(&options.timing),
                info,
                gzip,
                access: Mutex::new(Access::first(built)),
                refreshing: tokio::sync::Mutex::default(),
                streaming: AtomicBool::new(true),
                caches: super::Caches::default(),
                options,
            }),
        };
        session.watch_pulse();
        Ok(session)
    }

    /// What is known without asking the server.
    pub fn info(&self) -> SessionInfo {
        self.inner.info.clone()
    }

    /// What is known after asking the server who we are and which version it is. An answer that
    /// does not come leaves its field empty; an error means that nothing came.
    pub async fn identify(&self) -> Result<SessionInfo, Failure> {
        let (version, user) = tokio::join!(self.version(), self.whoami());
        let mut info = self.info();
        if let (Err(failure), Err(_)) = (&version, &user) {
            return Err(failure.clone());
        }
        info.version = version.unwrap_or_default();
        info.user = user.unwrap_or_default();
        Ok(info)
    }

    /// `gitVersion` of the server.
    pub async fn version(&self) -> Result<Text, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let call = super::call::Call::get("/version");
        let version: Version = self
            .json(&call)
            .await
            .map_err(|fault| fault.failure(&format!("reach {}", self.inner.info.server)))?;
        Ok(Text::new(&version.git_version))
    }

    /// Whether everything that changes something is refused.
    pub fn readonly(&self) -> &ReadOnly {
        &self.inner.options.readonly
    }

    pub(super) fn timing(&self) -> &Timing {
        &self.inner.options.timing
    }

    pub(super) fn pulse(&self) -> &Pulse {
        &self.inner.pulse
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(super) fn of_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    pub(super) fn gzip(&self) -> bool {
        self.inner.gzip
    }

    /// Whether to try a streaming list.
    pub(super) fn streams_lists(&self) -> bool {
        self.inner.streaming.load(Ordering::Relaxed)
    }

    /// The server does not do streaming lists: no other feed needs to find out.
    pub(super) fn forget_streaming(&self) {
        self.inner.streaming.store(false, Ordering::Relaxed);
    }

    /// The client, with fresh credentials when the present ones end soon.
    pub(super) async fn access_now(&self) -> Result<Access, Fault> {
        let access = self.present();
        let ends = access
            .expires
            .is_some_and(|at| SystemTime::now() + BEFORE_EXPIRY > at);
        if !ends {
            return Ok(access);
        }
        // The clock of this machine may be wrong: then the old credentials may still be good, and
        // only the server can say so.
        let unused = Fault::status(401);
        Ok(self.refresh(&access, unused).await.unwrap_or(access))
    }

    fn present(&self) -> Access {
        let access = self.inner.access.lock();
        access.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New credentials after the server refused those of `used` with `refused`. Many callers at
    /// once make them once; a second refusal soon after is not answered with a third attempt.
    pub(super) async fn refresh(&self, used: &Access, refused: Fault) -> Result<Access, Fault> {
        let mut state = self.inner.refreshing.lock().await;
        let present = self.present();
        if present.generation != used.generation {
            return Ok(present);
        }
        let helped = state.failed.is_none() && used.worked.load(Ordering::Relaxed);
        let gap = if helped {
            self.timing().refresh_gap
        } else {
            self.timing().forbidden_retry
        };
        if state.last.is_some_and(|last| last.elapsed() < gap) {
            return Err(state.failed.clone().unwrap_or(refused));
        }
        let made = self.remake().await;
        state.last = Some(Instant::now());
        match made {
            Ok(built) => {
                state.failed = None;
                Ok(self.replace(built, used.generation + 1))
            }
            Err(fault) => {
                state.failed = Some(fault.clone());
                Err(fault)
            }
        }
    }

    /// Reads the kubeconfig again, since logging in may have changed it, and makes credentials.
    async fn remake(&self) -> Result<Built, Fault> {
        let options = &self.inner.options;
        let again = async {
            let loaded = kubeconfig::load(options.kubeconfig.as_deref(), &options.environment)?;
            let mut options = options.clone();
            if !loaded.in_cluster {
                options.context = Some(self.inner.info.context.to_string());
            }
            credentials(&loaded, &options).await
        };
        again.await.map_err(|error: Unmade| match error {
            Unmade::Config(failure) => Fault::Credentials {
                why: format!("{}: {}", failure.what, failure.why),
                remedy: failure.remedy.to_string(),
            },
            Unmade::Fault(fault) => fault,
        })
    }

    fn replace(&self, built: Built, generation: u64) -> Access {
        let access = Access {
            generation,
            ..Access::first(built)
        };
        let slot = self.inner.access.lock();
        *slot.unwrap_or_else(PoisonError::into_inner) = access.clone();
        access
    }
}

impl Access {
    fn first(built: Built) -> Self {
        Self {
            client: built.client,
            generation: 0,
            expires: built.expires,
            worked: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// Why credentials were not made.
enum Unmade {
    Config(Failure),
    Fault(Fault),
}

impl Unmade {
    fn into_failure(self, what: &str) -> Failure {
        match self {
            Self::Config(failure) => failure,
            Self::Fault(fault) => fault.failure(what),
        }
    }
}

impl From<Failure> for Unmade {
    fn from(failure: Failure) -> Self {
        Self::Config(failure)
    }
}

impl From<Fault> for Unmade {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn choose(loaded: &Loaded, options: &ConnectOptions) -> Result<Chosen, Failure> {
    let mut chosen = loaded.choose(options.context.as_deref())?;
    if options.impersonate.is_some() {
        chosen.user.impersonate.clone_from(&options.impersonate);
    }
    if !options.impersonate_groups.is_empty() {
        chosen.user.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    Ok(chosen)
}

async fn credentials(loaded: &Loaded, options: &ConnectOptions) -> Result<Built, Unmade> {
    if loaded.in_cluster {
        return Ok(transport::build_in_cluster(
            &options.readonly,
            &options.timing,
        )?);
    }
    let chosen = choose(loaded, options)?;
    let (readonly, environment) = (&options.readonly, &options.environment);
    Ok(transport::build(&chosen, readonly, environment, &options.timing).await?)
}

/// What is known of the context, and whether packed lists are worth their while.
fn describe(loaded: &Loaded, options: &ConnectOptions) -> Result<(SessionInfo, bool), Failure> {
    if loaded.in_cluster {
        let info = SessionInfo {
            context: IN_CLUSTER.into(),
            ..SessionInfo::default()
        };
        return Ok((info, true));
    }
    let chosen = choose(loaded, options)?;
    let server = chosen.cluster.server.unwrap_or_default();
    let local = server
        .parse::<http::Uri>()
        .is_ok_and(|url| transport::loopback(url.host().unwrap_or_default()));
    let info = SessionInfo {
        context: Text::new(&chosen.name),
        server: Text::new(&server),
        namespace: Text::new(chosen.context.namespace.as_deref().unwrap_or_default()),
        insecure: chosen.cluster.insecure_skip_tls_verify == Some(true),
        ..SessionInfo::default()
    };
    let wanted = chosen.cluster.disable_compression != Some(true);
    Ok((info, wanted && !local))
}
