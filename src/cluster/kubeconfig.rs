//! The kubeconfig, read as kubectl reads it and never written.
//!
//! Works without any connection, so that the screen of contexts does. Messages name file and line
//! but never quote the file: it holds secrets.

use crate::domain::feed::{Failure, FailureSort};
use crate::domain::session::ContextInfo;
use crate::domain::text::Text;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the process environment says about clusters; a value, so that tests can make one.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `KUBECONFIG`
    pub kubeconfig: Option<OsString>,
    /// `HOME`
    pub home: Option<PathBuf>,
    /// The process runs in a pod with a service account.
    pub in_cluster: bool,
    /// `HTTPS_PROXY`, used where the kubeconfig names no proxy.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY`
    pub http_proxy: Option<String>,
    /// `NO_PROXY`
    pub no_proxy: Option<String>,
}

impl Environment {
    /// As the process has it.
    pub fn of_process() -> Self {
        let either = |upper: &str, lower: &str| {
            std::env::var(upper)
                .or_else(|_| std::env::var(lower))
                .ok()
                .filter(|value| !value.is_empty())
        };
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir(),
            in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
                && Path::new("/var/run/secrets/kubernetes.io/serviceaccount/token").is_file(),
            https_proxy: either("HTTPS_PROXY", "https_proxy"),
            http_proxy: either("HTTP_PROXY", "http_proxy"),
            no_proxy: either("NO_PROXY", "no_proxy"),
        }
    }
}

/// A kubeconfig, merged from its files.
#[derive(Clone, Debug)]
pub struct Loaded {
    config: Kubeconfig,
    /// The files it was read from; none for the configuration inside a pod.
    pub files: Vec<PathBuf>,
    /// What is not wrong, but should be known: files that others can read.
    pub warnings: Vec<Text>,
    /// There is no file, but the process runs in a pod.
    pub in_cluster: bool,
}

/// The name under which the configuration inside a pod is shown.
pub const IN_CLUSTER: &str = "in-cluster";

/// Reads the kubeconfig: `path` when given, else the files of `KUBECONFIG`, else
/// `~/.kube/config`, else the service account of the pod we run in.
pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Loaded, Failure> {
    let files = match path {
        Some(path) => vec![path.to_path_buf()],
        None => existing_files(environment),
    };
    if files.is_empty() {
        return without_file(environment);
    }
    let mut config = Kubeconfig::default();
    let mut warnings = Vec::new();
    for file in &files {
        let next = Kubeconfig::read_from(file).map_err(|error| unreadable(file, &error))?;
        config = config
            .merge(next)
            .map_err(|error| unreadable(file, &error))?;
        warnings.extend(exposure(file));
    }
    Ok(Loaded {
        config,
        files,
        warnings,
        in_cluster: false,
    })
}

/// The files that kubectl would read; those that do not exist are left out, as it does.
fn existing_files(environment: &Environment) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = match &environment.kubeconfig {
        Some(list) => std::env::split_paths(list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        None => environment
            .home
            .iter()
            .map(|home| home.join(".kube").join("config"))
            .collect(),
    };
    named.into_iter().filter(|path| path.exists()).collect()
}

fn without_file(environment: &Environment) -> Result<Loaded, Failure> {
    if environment.in_cluster {
        return Ok(Loaded {
            config: Kubeconfig::default(),
            files: Vec::new(),
            warnings: Vec::new(),
            in_cluster: true,
        });
    }
    let (why, sort) = match &environment.kubeconfig {
        Some(list) => (
            format!(
                "none of the files of KUBECONFIG exists: {}",
                list.to_string_lossy()
            ),
            FailureSort::NotFound,
        ),
        // No file was named, and there is nobody to ask.
        None => (
            "~/.kube/config does not exist and KUBECONFIG is not set".into(),
            FailureSort::Unreachable,
        ),
    };
    Err(Failure {
        sort,
        ..failure(
            "find a kubeconfig",
            &why,
            "give --kubeconfig FILE, set KUBECONFIG, or try `quarterdeck demo`",
        )
    })
}

/// A warning when others than the owner can read `file`.
#[cfg(unix)]
fn exposure(file: &Path) -> Option<Text> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        Text::new(&format!(
            "{} can be read by others (mode {:o}): chmod 600 it",
            file.display(),
            mode & 0o777
        ))
    })
}

#[cfg(not(unix))]
fn exposure(_: &Path) -> Option<Text> {
    None
}

fn failure(what: &str, why: &str, remedy: &str) -> Failure {
    Failure {
        what: Text::new(what),
        why: Text::new(why),
        remedy: Text::new(remedy),
        sort: FailureSort::Config,
    }
}

fn unreadable(file: &Path, error: &KubeconfigError) -> Failure {
    let name = file.display();
    match error {
        KubeconfigError::ReadConfig(cause, _) => Failure {
            sort: if cause.kind() == std::io::ErrorKind::NotFound {
                FailureSort::NotFound
            } else {
                FailureSort::Config
            },
            ..failure(
                &format!("read kubeconfig {name}"),
                &cause.to_string(),
                "give a readable file with --kubeconfig, or fix KUBECONFIG",
            )
        },
        KubeconfigError::Parse(cause) => {
            let place = cause.location().map_or_else(String::new, |at| {
                format!(" line {}, column {}", at.line(), at.column())
            });
            failure(
                &format!("read kubeconfig {name}{place}"),
                &parse_reason(&cause.without_snippet().to_string()),
                "correct the file there, or give another with --kubeconfig",
            )
        }
        other => failure(
            &format!("read kubeconfig {name}"),
            &other.to_string(),
            "correct the file, or give another with --kubeconfig",
        ),
    }
}

/// The first line of a parser's message without what it quotes from the file.
pub(super) fn parse_reason(message: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    for c in message.lines().next().unwrap_or_default().chars() {
        match (quote, c) {
            (None, '"' | '`') => {
                quote = Some(c);
                out.push('…');
            }
            (Some(open), c) if c == open => quote = None,
            (None, c) => out.push(c),
            (Some(_), _) => {}
        }
    }
    out
}

/// Everything a context stands for.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
    pub(super) context: Context,
}

impl Loaded {
    /// All contexts, in the order of the files.
    pub fn contexts(&self) -> Vec<ContextInfo> {
        if self.in_cluster {
            return vec![ContextInfo {
                name: IN_CLUSTER.into(),
                cluster: IN_CLUSTER.into(),
                current: true,
                ..ContextInfo::default()
            }];
        }
        let current = self.config.current_context.as_deref();
        self.config
            .contexts
            .iter()
            .map(|named| self.describe(named, current))
            .collect()
    }

    fn describe(&self, named: &kube::config::NamedContext, current: Option<&str>) -> ContextInfo {
        let context = named.context.clone().unwrap_or_default();
        let server = self
            .cluster(&context.cluster)
            .and_then(|cluster| cluster.server.clone())
            .unwrap_or_default();
        ContextInfo {
            name: Text::new(&named.name),
            cluster: Text::new(&context.cluster),
            user: Text::new(context.user.as_deref().unwrap_or_default()),
            namespace: Text::new(context.namespace.as_deref().unwrap_or_default()),
            server: Text::new(&server),
            current: current == Some(named.name.as_str()),
        }
    }

    fn cluster(&self, name: &str) -> Option<&Cluster> {
        let named = self.config.clusters.iter().find(|c| c.name == name)?;
        named.cluster.as_ref()
    }

    /// The entries of context `name`, of the current one when `None`.
    pub(super) fn choose(&self, name: Option<&str>) -> Result<Chosen, Failure> {
        let wanted = name
            .map(str::to_owned)
            .or_else(|| self.config.current_context.clone())
            .filter(|name| !name.is_empty())
            .or_else(|| self.only_context());
        let Some(wanted) = wanted else {
            return Err(failure(
                "choose a context",
                "the kubeconfig has no current-context",
                &format!("give --context NAME: {}", self.names()),
            ));
        };
        let Some(named) = self.config.contexts.iter().find(|c| c.name == wanted) else {
            return Err(Failure {
                sort: FailureSort::NotFound,
                ..failure(
                    &format!("open context {wanted}"),
                    "the kubeconfig has no such context",
                    &format!("choose one of: {}", self.names()),
                )
            });
        };
        let context = named.context.clone().unwrap_or_default();
        let Some(cluster) = self.cluster(&context.cluster).cloned() else {
            return Err(failure(
                &format!("open context {wanted}"),
                &format!("its cluster {} is not in the kubeconfig", context.cluster),
                "add the cluster entry, or choose another context",
            ));
        };
        let user = context.user.as_deref().unwrap_or_default();
        let entry = self.config.auth_infos.iter().find(|u| u.name == user);
        if entry.is_none() && !user.is_empty() {
            return Err(failure(
                &format!("open context {wanted}"),
                &format!("its user {user} is not in the kubeconfig"),
                "add the user entry, or choose another context",
            ));
        }
        Ok(Chosen {
            name: wanted,
            cluster,
            user: entry.and_then(|u| u.auth_info.clone()).unwrap_or_default(),
            context,
        })
    }

    fn only_context(&self) -> Option<String> {
        match self.config.contexts.as_slice() {
            [one] => Some(one.name.clone()),
            _ => None,
        }
    }

    fn names(&self) -> String {
        if self.config.contexts.is_empty() {
            return "it names none; give another file with --kubeconfig".into();
        }
        let names: Vec<&str> = self.config.contexts.iter().map(|c| &*c.name).collect();
        names.join(", ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const TWO: &str = "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
        clusters:\n- {name: k, cluster: {server: 'https://k:6443'}}\n\
        users:\n- {name: u, user: {token: s3cret}}\n\
        contexts:\n- {name: a, context: {cluster: k, user: u, namespace: shop}}\n\
        - {name: b, context: {cluster: gone, user: u}}\n";

    fn env(list: &[&Path]) -> Environment {
        Environment {
            kubeconfig: Some(std::env::join_paths(list).unwrap()),
            ..Environment::default()
        }
    }

    fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn files_are_merged_and_the_first_wins() {
        let dir = tempfile::tempdir().unwrap();
        let one = write(dir.path(), "1", TWO);
        let two = write(
            dir.path(),
            "2",
            "current-context: z\ncontexts:\n- {name: z, context: {cluster: k, user: u}}\n\
             - {name: a, context: {cluster: other}}\n",
        );
        let loaded = load(None, &env(&[&one, &dir.path().join("absent"), &two])).unwrap();
        let contexts = loaded.contexts();
        let names: Vec<&str> = contexts.iter().map(|c| &*c.name).collect();
        assert_eq!(names, ["a", "b", "z"]);
        assert!(contexts[0].current && !contexts[2].current);
        assert_eq!(contexts[0].server, "https://k:6443");
        assert_eq!(contexts[0].namespace, "shop");
        assert_eq!(loaded.choose(None).unwrap().name, "a");
    }

    #[test]
    fn errors_say_what_why_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = write(dir.path(), "c", TWO);
        let loaded = load(Some(&file), &Environment::default()).unwrap();
        let absent = loaded.choose(Some("nope")).unwrap_err();
        assert_eq!(absent.remedy, "choose one of: a, b");
        assert_eq!(absent.sort, FailureSort::NotFound);
        let dangling = loaded.choose(Some("b")).unwrap_err();
        assert!(dangling.why.contains("gone"), "{dangling:?}");
        assert_eq!(dangling.sort, FailureSort::Config);
        let none = load(None, &Environment::default()).unwrap_err();
        assert!(none.remedy.contains("quarterdeck demo"), "{none:?}");
        assert_eq!(none.sort, FailureSort::Unreachable);
        let missing = load(None, &env(&[Path::new("/no/such/file")])).unwrap_err();
        assert_eq!(missing.sort, FailureSort::NotFound);
        let missing = load(Some(Path::new("/no/such/file")), &Environment::default());
        assert_eq!(missing.unwrap_err().sort, FailureSort::NotFound);
    }

    #[test]
    fn a_broken_file_is_named_with_its_line_and_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let file = write(
            dir.path(),
            "c",
            "apiVersion: v1\nusers:\n- name: u\n  user:\n    exec: \"canary-secret\"\n",
        );
        let error = load(Some(&file), &Environment::default()).unwrap_err();
        assert!(error.what.contains("line"), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    #[test]
    fn a_file_that_others_can_read_is_warned_about() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = write(dir.path(), "c", TWO);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let open = load(Some(&file), &Environment::default()).unwrap();
        assert!(open.warnings[0].contains("chmod 600"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let closed = load(Some(&file), &Environment::default()).unwrap();
        assert!(closed.warnings.is_empty());
    }

    #[test]
    fn quoted_parts_of_a_message_are_left_out() {
        assert_eq!(
            parse_reason("invalid type: string \"s3cret\", expected a map\nmore"),
            "invalid type: string …, expected a map"
        );
    }
}
