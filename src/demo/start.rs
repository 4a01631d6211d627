//! Starts the demo cluster and holds it while it runs.

use std::{io, net::Ipv4Addr, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    clock::Clock,
    control::{self, ControlOptions, Orders, Pace},
    error::ApiError,
    exec::{self, Exec},
    faults::Faults,
    kubeconfig,
    list::Snapshots,
    logs::Logs,
    people::Tokens,
    rbac::Rbac,
    server::{Server, serve},
    state::{self, StateError},
    stats::Stats,
    store::{HISTORY, Store, StoreOptions},
    tls::TlsError,
    watch,
    world::{self, WorldOptions},
};

/// Changes kept per kind at most, however much churn is asked for.
const MOST_HISTORY: usize = 65_536;
/// Seconds of churn that the history shall hold.
const HISTORY_SECONDS: usize = 60;

/// What kind of demo is wanted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; any free one when absent.
    pub port: Option<u16>,
    /// Where the kubeconfig is written; nowhere when absent.
    pub kubeconfig_out: Option<PathBuf>,
    /// Where authority and tokens are kept between runs; nowhere when absent.
    pub state: Option<PathBuf>,
    /// Fixes the world, names included.
    pub seed: u64,
    /// Pods to have; the company's own, about 180, when absent. A world made to size is for measuring:
    /// it stays as it is until somebody changes it.
    pub pods: Option<usize>,
    /// Changes to pods in a second, for measuring; 0 for none.
    pub churn: u32,
    /// Whose shell is behind `exec`.
    pub exec: exec::Mode,
    /// Gives each container a log of so many numbered lines, for measuring; what services write when
    /// absent.
    pub log_flood: Option<u64>,
    /// Time stands still at this instant, milliseconds since 1970: nothing happens by itself.
    pub still_at: Option<i64>,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; choose another port or leave it out")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// State or kubeconfig cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The world contradicts itself.
    #[error("the demo's world cannot be made: {0}")]
    World(#[from] ApiError),
}

/// A running demo cluster; it ends when this is dropped or shut down.
#[derive(Debug)]
pub struct Demo {
    server: String,
    authority: String,
    tokens: Tokens,
    kubeconfig: String,
    kubeconfig_path: Option<PathBuf>,
    store: Arc<Store>,
    exec: Arc<Exec>,
    end: CancellationToken,
    listening: JoinHandle<()>,
}

/// Starts a demo cluster. It answers as soon as this returns.
///
/// # Errors
/// [`DemoError`], each with what to do about it.
pub async fn start(options: Options) -> Result<Demo, DemoError> {
    let port = options.port.unwrap_or(0);
    let listen = |source| DemoError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listen)?;
    let server = format!("https://{}", listener.local_addr().map_err(listen)?);
    let identity = state::identity(options.state.as_deref())?;
    let tls = identity.authority.server_config()?;
    let kubeconfig = kubeconfig::write(&server, &identity.authority.certificate, &identity.tokens);
    let store = make_world(&options).await?;
    if let Some(path) = &options.kubeconfig_out {
        state::write_private(path, &kubeconfig)?;
    }
    let end = CancellationToken::new();
    let faults = Arc::new(Faults::default());
    let context = watch::Context {
        store: Arc::clone(&store),
        faults: Arc::clone(&faults),
        end: end.clone(),
    };
    let orders = Orders::default();
    let logs = Arc::new(Logs::new(context, options.log_flood));
    let exec = Arc::new(Exec::new(
        options.exec.clone(),
        Arc::clone(&store),
        Arc::clone(&logs),
        end.clone(),
    ));
    let shared = Arc::new(Server {
        store: Arc::clone(&store),
        tokens: identity.tokens.clone(),
        rbac: Rbac::new(Arc::clone(&store)),
        exec: Arc::clone(&exec),
        faults,
        logs,
        orders: orders.clone(),
        stats: Stats::default(),
        snapshots: Snapshots::default(),
        end: end.clone(),
    });
    let controllers = control::run(
        Arc::clone(&store),
        ControlOptions {
            seed: options.seed,
            churn: options.churn,
            pace: if options.pods.is_some() {
                Pace::Still
            } else {
                Pace::Eventful
            },
        },
        orders,
    );
    tokio::spawn(end.clone().run_until_cancelled_owned(controllers));
    Ok(Demo {
        server,
        authority: identity.authority.certificate,
        tokens: identity.tokens,
        kubeconfig,
        kubeconfig_path: options.kubeconfig_out,
        store,
        exec,
        end,
        listening: tokio::spawn(serve(shared, listener, tls)),
    })
}

async fn make_world(options: &Options) -> Result<Arc<Store>, DemoError> {
    let still = options.still_at;
    let still = still.and_then(|at| Timestamp::from_millisecond(at).ok());
    let clock = still.map_or(Clock::Wall, Clock::manual);
    let now = clock.now();
    let churned = usize::try_from(options.churn)
        .unwrap_or(usize::MAX)
        .saturating_mul(HISTORY_SECONDS);
    let store_options = StoreOptions {
        seed: options.seed,
        history: churned.clamp(HISTORY, MOST_HISTORY),
        // A client of an earlier run must find its versions gone, not yet to come.
        revision: u64::try_from(now.as_millisecond()).unwrap_or(0),
        clock,
    };
    let world_options = WorldOptions {
        seed: options.seed,
        pods: options.pods,
        now,
    };
    let made = tokio::task::spawn_blocking(move || {
        let store = Store::new(store_options);
        world::seed(&store, &world_options).map(|()| Arc::new(store))
    });
    // A seeding that was cancelled or panicked has no world either.
    let store = made
        .await
        .map_err(|error| ApiError::new(500, "InternalError", error.to_string()))??;
    Ok(store)
}

impl Demo {
    /// `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The authority's certificate as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Everybody's token; secret.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The kubeconfig's text; secret.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// Where the kubeconfig was written.
    pub fn kubeconfig_path(&self) -> Option<&PathBuf> {
        self.kubeconfig_path.as_ref()
    }

    /// The objects, for tests that change the world behind the API's back.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Ends the demo and waits until its port is free.
    pub async fn shut_down(mut self) {
        self.end.cancel();
        // A listener that panicked is as ended as one that returned.
        let _ = (&mut self.listening).await;
        self.exec.clean_up();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
