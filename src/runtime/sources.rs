//! Where clusters come from: the kubeconfig that flags and environment name, another file that
//! somebody typed, and the demo.

use crate::cluster::{self, ConnectOptions};
use crate::config::{ContextRules, rule};
use crate::domain::feed::Failure;
use crate::domain::session::ContextInfo;
use crate::domain::text::Text;
use futures::future::BoxFuture;
use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A demo cluster that runs inside this program.
pub struct DemoCluster {
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
    /// The name of its context; further ones for other people have this name, a dash and theirs.
    pub context: String,
    /// Keeps it running.
    pub alive: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for DemoCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoCluster")
            .field("kubeconfig", &self.kubeconfig)
            .finish_non_exhaustive()
    }
}

/// Starts a demo cluster. The shell does not know how.
pub type DemoStarter =
    Arc<dyn Fn() -> BoxFuture<'static, Result<DemoCluster, Failure>> + Send + Sync>;

/// In which contexts nothing may be changed.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// In all.
    pub readonly: bool,
    /// In those that rules name.
    pub contexts: Vec<ContextRules>,
}

impl Guards {
    /// Whether changes are refused in this context.
    pub fn refuse(&self, context: &str) -> bool {
        self.readonly || rule(&self.contexts, context, |it| it.readonly).unwrap_or(false)
    }
}

/// Where clusters come from.
#[derive(Clone)]
pub struct Sources {
    options: ConnectOptions,
    guards: Guards,
    starter: DemoStarter,
    demo: Arc<Mutex<Option<DemoCluster>>>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("kubeconfig", &self.options.kubeconfig)
            .finish_non_exhaustive()
    }
}

type Loaded = (ConnectOptions, Vec<ContextInfo>, Vec<Text>);

impl Sources {
    /// Clusters of `options`' kubeconfig, and a demo that `starter` can start.
    pub fn new(options: ConnectOptions, guards: Guards, starter: DemoStarter) -> Self {
        Self {
            options,
            guards,
            starter,
            demo: Arc::default(),
        }
    }

    /// Other guards, for sessions that are made from now on.
    pub fn guard(&mut self, guards: Guards) {
        self.guards = guards;
    }

    /// Whether changes are refused in this context.
    pub fn refuses(&self, context: &str) -> bool {
        self.guards.refuse(context)
    }

    /// Reads this kubeconfig from now on; `~/` is the home folder.
    pub fn use_file(&mut self, file: &str) {
        let home = self.options.environment.home.as_deref();
        let path = match (file.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(file),
        };
        self.options.kubeconfig = Some(path);
    }

    /// The options for `context`, the contexts there are, and what should be known about the files.
    pub fn load(&self, context: Option<&str>) -> Result<Loaded, Failure> {
        let mut options = self.options.clone();
        options.context = context.map(str::to_owned);
        if let Some(demo) = self.demo_file() {
            let own = options.clone();
            beside(&mut options, demo);
            if let Err(broken) = cluster::load(None, &options.environment) {
                // The person's own files cannot be read: the demo alone, unless they are wanted.
                if !context.is_some_and(|name| self.is_demo(name)) {
                    return Err(broken);
                }
                options.environment.kubeconfig = self.demo_file().map(Into::into);
            } else if context.is_none() {
                options = own;
            }
        }
        let loaded = cluster::load(options.kubeconfig.as_deref(), &options.environment)?;
        let contexts = loaded.contexts();
        let current = contexts.iter().find(|it| it.current);
        let name = context.or(current.map(|it| it.name.as_str()));
        // A switch of its own: another context may have other rules.
        options.readonly = self.refuses(name.unwrap_or_default()).into();
        Ok((options, contexts, loaded.warnings))
    }

    /// A context, and the files that hold its cluster and user, as kubectl takes them.
    pub fn files_of(&self, context: &str) -> Result<(ContextInfo, OsString), Failure> {
        let (options, contexts, _) = self.load(Some(context))?;
        let environment = options.environment;
        let home = environment.home.map(|home| home.join(".kube/config"));
        let files = options
            .kubeconfig
            .map(PathBuf::into_os_string)
            .or(environment.kubeconfig)
            .or(home.map(PathBuf::into_os_string))
            .unwrap_or_default();
        let known = contexts.into_iter().find(|known| known.name == context);
        Ok((known.unwrap_or_default(), files))
    }

    /// Starts the demo unless it runs; the name of its context.
    pub async fn start_demo(&self) -> Result<String, Failure> {
        if let Some(context) = self.with_demo(|demo| demo.context.clone()) {
            return Ok(context);
        }
        let demo = (self.starter)().await?;
        let context = demo.context.clone();
        *self.demo.lock().unwrap_or_else(PoisonError::into_inner) = Some(demo);
        Ok(context)
    }

    /// Whether a context is that of the demo.
    pub fn is_demo(&self, context: &str) -> bool {
        let one_of = |demo: &DemoCluster| {
            let rest = context.strip_prefix(demo.context.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.with_demo(one_of).unwrap_or(false)
    }

    /// Ends the demo when one runs.
    pub fn end_demo(&self) {
        let demo = self
            .demo
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(demo);
    }

    fn demo_file(&self) -> Option<PathBuf> {
        self.with_demo(|demo| demo.kubeconfig.clone())
    }

    fn with_demo<T>(&self, read: impl Fn(&DemoCluster) -> T) -> Option<T> {
        self.demo
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(read)
    }
}

/// Puts the demo's kubeconfig in front of the person's own files, so that `:ctx` leads back.
fn beside(options: &mut ConnectOptions, demo: PathBuf) {
    let mut list = OsString::from(demo);
    let own = options.kubeconfig.take().map(OsString::from);
    let usual = || {
        options
            .environment
            .home
            .as_ref()
            .map(|home| home.join(".kube/config"))
            .filter(|file| file.exists())
            .map(OsString::from)
    };
    if let Some(own) = own
        .or(options.environment.kubeconfig.clone())
        .or_else(usual)
    {
        list.push(":");
        list.push(own);
    }
    options.environment.kubeconfig = Some(list);
}
