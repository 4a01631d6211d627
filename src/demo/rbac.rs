//! Access rules: answers from the roles and bindings that stand in the store at that moment.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    error::ApiError,
    kinds::{CLUSTERROLEBINDINGS, CLUSTERROLES, Kind, ROLEBINDINGS, ROLES},
    people::User,
    store::Store,
};

/// What somebody wants to do to a resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// `get`, `list`, ...
    pub verb: String,
    /// API group.
    pub group: String,
    /// Plural of the kind.
    pub resource: String,
    /// Subresource, empty for none.
    pub subresource: String,
    /// Namespace, empty for the cluster scope.
    pub namespace: String,
    /// Name, empty for all.
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    paths: Vec<String>,
}

#[derive(Debug)]
struct Grant {
    /// Empty for the whole cluster.
    namespace: Box<str>,
    subjects: Vec<Value>,
    rules: Vec<Rule>,
    because: String,
}

/// The rules of the store, read again whenever a role or binding changed.
#[derive(Debug)]
pub struct Rbac {
    store: Arc<Store>,
    signals: Vec<watch::Receiver<u64>>,
    grants: Mutex<(Vec<u64>, Arc<Vec<Grant>>)>,
}

impl Rbac {
    /// Rules over a store.
    pub fn new(store: Arc<Store>) -> Self {
        let kinds: [&'static Kind; 4] =
            [&ROLES, &ROLEBINDINGS, &CLUSTERROLES, &CLUSTERROLEBINDINGS];
        let signals = kinds
            .into_iter()
            .map(|kind| store.subscribe(Some(kind)))
            .collect();
        Self {
            store,
            signals,
            grants: Mutex::default(),
        }
    }

    /// Whether the user may do it; says by which binding.
    pub fn allows(&self, user: &User, wanted: &Attributes) -> Option<String> {
        if user.is_master() {
            return Some("RBAC: allowed by membership of \"system:masters\"".to_owned());
        }
        self.grants()
            .iter()
            .filter(|grant| grant.reaches(user, &wanted.namespace))
            .find(|grant| grant.rules.iter().any(|rule| rule.covers(wanted)))
            .map(|grant| grant.because.clone())
    }

    /// Whether the user may read a path that is no resource.
    pub fn allows_path(&self, user: &User, verb: &str, path: &str) -> bool {
        const DISCOVERY: [&str; 9] = [
            "/api",
            "/apis",
            "/version",
            "/healthz",
            "/livez",
            "/readyz",
            "/openapi",
            "/.well-known",
            "/",
        ];
        let public = DISCOVERY.iter().any(|prefix| {
            path == *prefix || *prefix != "/" && path.starts_with(&format!("{prefix}/"))
        });
        let granted = |grant: &Grant| {
            grant.namespace.is_empty()
                && grant.reaches(user, "")
                && grant.rules.iter().any(|rule| {
                    any(&rule.verbs, verb)
                        && rule.paths.iter().any(|p| {
                            p == path
                                || p.strip_suffix('*')
                                    .is_some_and(|start| path.starts_with(start))
                        })
                })
        };
        user.is_master() || (public && verb == "get") || self.grants().iter().any(granted)
    }

    /// Refuses what the user may not do, as the API words it.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, user: &User, wanted: &Attributes) -> Result<(), ApiError> {
        if self.allows(user, wanted).is_some() {
            Ok(())
        } else {
            Err(forbidden(user, wanted))
        }
    }

    /// The rules that hold for a user in a namespace, as a `SelfSubjectRulesReview` reports them.
    pub fn rules(&self, user: &User, namespace: &str) -> (Vec<Value>, Vec<Value>) {
        let mut resources = vec![
            json!({"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}),
            json!({"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]}),
        ];
        let mut paths = vec![
            json!({"verbs": ["get"], "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version"]}),
        ];
        if user.is_master() {
            resources.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
            paths.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
        }
        for grant in self
            .grants()
            .iter()
            .filter(|grant| grant.reaches(user, namespace))
        {
            for rule in &grant.rules {
                if !rule.paths.is_empty() {
                    paths.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.paths}));
                    continue;
                }
                let mut told = json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources});
                if !rule.resource_names.is_empty() {
                    told["resourceNames"] = json!(rule.resource_names);
                }
                resources.push(told);
            }
        }
        (resources, paths)
    }

    fn grants(&self) -> Arc<Vec<Grant>> {
        let now: Vec<u64> = self.signals.iter().map(|signal| *signal.borrow()).collect();
        let mut known = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != now {
            *known = (now, Arc::new(self.read()));
        }
        Arc::clone(&known.1)
    }

    fn read(&self) -> Vec<Grant> {
        let kinds: [&'static Kind; 2] = [&CLUSTERROLEBINDINGS, &ROLEBINDINGS];
        kinds
            .into_iter()
            .flat_map(|kind| self.store.list(kind, None))
            .map(|binding| self.grant(&binding.value(), &binding.namespace))
            .collect()
    }

    fn grant(&self, binding: &Value, namespace: &str) -> Grant {
        let (kind, name) = (
            binding["roleRef"]["kind"].as_str().unwrap_or_default(),
            binding["roleRef"]["name"].as_str().unwrap_or_default(),
        );
        let role = if kind == "Role" {
            self.store.get(&ROLES, namespace, name)
        } else {
            self.store.get(&CLUSTERROLES, "", name)
        };
        let rules = role
            .map(|role| role.value()["rules"].take())
            .and_then(|rules| serde_json::from_value(rules).ok());
        let binding_name = binding["metadata"]["name"].as_str().unwrap_or_default();
        Grant {
            namespace: namespace.into(),
            subjects: binding["subjects"].as_array().cloned().unwrap_or_default(),
            rules: rules.unwrap_or_default(),
            because: format!("RBAC: allowed by binding {binding_name:?} of {kind} {name:?}"),
        }
    }
}

impl Grant {
    fn reaches(&self, user: &User, namespace: &str) -> bool {
        (self.namespace.is_empty() || self.namespace.as_ref() == namespace)
            && self.subjects.iter().any(|subject| is(user, subject))
    }
}

fn is(user: &User, subject: &Value) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => user.name == name,
        Some("Group") => user.groups.iter().any(|group| group == name),
        Some("ServiceAccount") => {
            user.name
                == format!(
                    "system:serviceaccount:{}:{name}",
                    subject["namespace"].as_str().unwrap_or_default()
                )
        }
        _ => false,
    }
}

impl Rule {
    fn covers(&self, wanted: &Attributes) -> bool {
        let resource = |pattern: &String| match pattern.split_once('/') {
            _ if pattern == "*" => true,
            Some((resource, subresource)) => {
                subresource == wanted.subresource
                    && (resource == "*" || resource == wanted.resource)
            }
            None => wanted.subresource.is_empty() && *pattern == wanted.resource,
        };
        any(&self.verbs, &wanted.verb)
            && any(&self.api_groups, &wanted.group)
            && self.resources.iter().any(resource)
            && (self.resource_names.is_empty() || self.resource_names.contains(&wanted.name))
    }
}

fn any(patterns: &[String], value: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern == "*" || pattern == value)
}

fn forbidden(user: &User, wanted: &Attributes) -> ApiError {
    let dotted = if wanted.group.is_empty() {
        wanted.resource.clone()
    } else {
        format!("{}.{}", wanted.resource, wanted.group)
    };
    let slash = if wanted.subresource.is_empty() {
        String::new()
    } else {
        format!("/{}", wanted.subresource)
    };
    let quoted = if wanted.name.is_empty() {
        String::new()
    } else {
        format!(" \"{}\"", wanted.name)
    };
    let scope = if wanted.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", wanted.namespace)
    };
    let message = format!(
        "{dotted}{quoted} is forbidden: User \"{}\" cannot {} resource \"{}{slash}\" in API group \"{}\" {scope}",
        user.name, wanted.verb, wanted.resource, wanted.group
    );
    let mut error = ApiError::new(403, "Forbidden", message);
    error.details = json!({"kind": wanted.resource});
    if !wanted.name.is_empty() {
        error.details["name"] = json!(wanted.name);
    }
    if !wanted.group.is_empty() {
        error.details["group"] = json!(wanted.group);
    }
    error
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::{
        kinds::NAMESPACES,
        people::{self, OWNER},
        store::StoreOptions,
        world::{self, WorldOptions, access::OWNED_DEPARTMENT},
    };

    fn wanted(verb: &str, resource: &str, namespace: &str) -> Attributes {
        Attributes {
            verb: verb.into(),
            resource: resource.into(),
            namespace: namespace.into(),
            ..Attributes::default()
        }
    }

    fn world() -> (Rbac, people::Tokens) {
        let store = Arc::new(Store::new(StoreOptions::default()));
        let options = WorldOptions {
            seed: 1,
            pods: None,
            now: store.clock().now(),
        };
        world::seed(&store, &options).unwrap();
        (Rbac::new(store), people::Tokens::make())
    }

    /// A namespace of the owner's department, and one of another.
    fn namespaces(rbac: &Rbac) -> (Box<str>, Box<str>) {
        let owned = |object: &super::super::object::Object| {
            object.label("quarterdeck.io/department") == Some(OWNED_DEPARTMENT)
        };
        let all = rbac.store.list(&NAMESPACES, None);
        let name = |wanted: bool| {
            all.iter()
                .find(|object| owned(object) == wanted)
                .unwrap()
                .name
                .clone()
        };
        (name(true), name(false))
    }

    #[test]
    fn each_person_may_do_their_part() {
        let (rbac, tokens) = world();
        let (mine, other) = namespaces(&rbac);
        let may = |token: &str, verb: &str, resource: &str, ns: &str| {
            rbac.allows(&tokens.user(token).unwrap(), &wanted(verb, resource, ns))
                .is_some()
        };
        assert!(may(&tokens.admin, "delete", "nodes", ""));
        assert!(
            may(&tokens.owner, "list", "pods", &mine)
                && may(&tokens.owner, "delete", "pods", &mine)
        );
        assert!(
            !may(&tokens.owner, "list", "pods", "") && !may(&tokens.owner, "list", "pods", &other)
        );
        assert!(
            may(&tokens.oncall, "list", "pods", "") && may(&tokens.oncall, "watch", "pods", &other)
        );
        assert!(
            !may(&tokens.oncall, "delete", "pods", &mine)
                && !may(&tokens.oncall, "list", "secrets", "")
        );
    }

    #[test]
    fn a_refusal_reads_as_the_apis() {
        let (rbac, tokens) = world();
        let error = rbac
            .require(
                &tokens.user(&tokens.owner).unwrap(),
                &wanted("list", "pods", ""),
            )
            .unwrap_err();
        let expected = format!(
            "pods is forbidden: User {OWNER:?} cannot list resource \"pods\" in API group \"\" at the cluster scope"
        );
        assert_eq!(error.message, expected);
    }

    #[test]
    fn a_new_binding_counts_at_once() {
        let (rbac, tokens) = world();
        let oncall = tokens.user(&tokens.oncall).unwrap();
        let (mine, other) = namespaces(&rbac);
        assert!(
            rbac.allows(&oncall, &wanted("delete", "pods", &mine))
                .is_none()
        );
        let binding = json!({"metadata": {"name": "x", "namespace": mine}, "roleRef": {"kind": "ClusterRole", "name": "admin"},
            "subjects": [{"kind": "User", "name": "oncall"}]});
        rbac.store.create(&ROLEBINDINGS, binding).unwrap();
        assert!(
            rbac.allows(&oncall, &wanted("delete", "pods", &mine))
                .is_some()
        );
        assert!(
            rbac.allows(&oncall, &wanted("delete", "pods", &other))
                .is_none()
        );
        assert!(rbac.rules(&oncall, &mine).0.len() > rbac.rules(&oncall, &other).0.len());
    }

    #[test]
    fn everybody_may_discover() {
        let (rbac, tokens) = world();
        let owner = tokens.user(&tokens.owner).unwrap();
        assert!(
            rbac.allows_path(&owner, "get", "/apis/apps/v1")
                && rbac.allows_path(&owner, "get", "/version")
        );
        assert!(!rbac.allows_path(&owner, "get", "/demo/faults"));
    }
}
