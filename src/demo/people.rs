//! The people of the demo: an admin, the owner of one department, an on-call reader; their tokens
//! and the roles they act by.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    error::ApiError,
    kinds::{CLUSTERROLEBINDINGS, CLUSTERROLES, Kind, NAMESPACES, PODS, ROLEBINDINGS},
    store::Store,
};

/// The department whose owner is one of the people.
pub const DEPARTMENT: &str = "retail";
const DEPARTMENT_LABEL: &str = "quarterdeck.io/department";

/// Who may do everything.
pub const ADMIN: &str = "admin";
/// Who owns [`DEPARTMENT`]: edits its namespaces and sees no others.
pub const OWNER: &str = "alice";
/// Who is on call: reads everything but secrets.
pub const ONCALL: &str = "oncall";

/// A person as the API knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Groups, the authenticated ones' included.
    pub groups: Vec<String>,
}

impl User {
    fn new(name: &str, group: &str) -> Self {
        Self { name: name.to_owned(), groups: vec![group.to_owned(), "system:authenticated".to_owned()] }
    }

    /// Whether access rules are not asked.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }
}

/// One secret per person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Of [`ADMIN`].
    pub admin: String,
    /// Of [`OWNER`].
    pub owner: String,
    /// Of [`ONCALL`].
    pub oncall: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Makes secrets of 256 bits each.
    pub fn make() -> Self {
        Self { admin: secret(), owner: secret(), oncall: secret() }
    }

    /// Reads what [`Tokens::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is damaged.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// For the state directory.
    pub fn to_json(&self) -> String {
        json!({"admin": self.admin, "owner": self.owner, "oncall": self.oncall}).to_string()
    }

    /// People with their tokens, the admin first.
    pub fn people(&self) -> [(&'static str, &str); 3] {
        [(ADMIN, &self.admin), (OWNER, &self.owner), (ONCALL, &self.oncall)]
    }

    /// Whose token this is.
    pub fn user(&self, token: &str) -> Option<User> {
        let (name, _) = self.people().into_iter().find(|(_, secret)| same(secret, token))?;
        Some(match name {
            ADMIN => User::new(ADMIN, "system:masters"),
            OWNER => User::new(OWNER, &format!("{DEPARTMENT}-owners")),
            _ => User::new(ONCALL, "on-call"),
        })
    }
}

fn secret() -> String {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    if random.fill(&mut bytes).is_err() {
        // Without the system's randomness there is no secret, and no TLS either: making the key fails first.
        return String::new();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares without telling by its duration where the difference is.
fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

const READ: [&str; 3] = ["get", "list", "watch"];

/// Puts the roles that these people act by into a seeded world; what is there already stays.
///
/// # Errors
/// When the store refuses an object for another reason than that it is there.
pub fn seed_roles(store: &Store) -> Result<(), ApiError> {
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]);
    let readable = json!([
        {"apiGroups": [""], "resources": ["configmaps", "events", "namespaces", "nodes", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "serviceaccounts", "services"], "verbs": READ},
        {"apiGroups": ["apps", "batch", "networking.k8s.io", "coordination.k8s.io", "apiextensions.k8s.io", "traefik.io", "metrics.k8s.io"], "resources": ["*"], "verbs": READ},
    ]);
    let owned = json!([
        {"apiGroups": ["", "apps", "batch", "networking.k8s.io", "traefik.io"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["metrics.k8s.io", "coordination.k8s.io", "rbac.authorization.k8s.io"], "resources": ["*"], "verbs": READ},
    ]);
    for (name, rules) in [("cluster-admin", everything), ("view", readable), ("admin", owned)] {
        ensure(store, &CLUSTERROLES, json!({"metadata": {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": rules}))?;
    }
    for (name, role, group) in [("cluster-admin", "cluster-admin", "system:masters"), ("on-call", "view", "on-call")] {
        ensure(store, &CLUSTERROLEBINDINGS, binding(json!({"name": name}), role, group))?;
    }
    for namespace in namespaces_of(store, DEPARTMENT) {
        let metadata = json!({"name": format!("{DEPARTMENT}-owners"), "namespace": namespace});
        ensure(store, &ROLEBINDINGS, binding(metadata, "admin", &format!("{DEPARTMENT}-owners")))?;
    }
    Ok(())
}

fn binding(metadata: Value, role: &str, group: &str) -> Value {
    let mut binding = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    });
    binding["metadata"] = metadata;
    binding
}

fn ensure(store: &Store, kind: &'static Kind, object: Value) -> Result<(), ApiError> {
    match store.create(kind, object) {
        Err(error) if error.reason != "AlreadyExists" => Err(error),
        _ => Ok(()),
    }
}

/// Namespaces that bear the department's label, or whose pods do.
fn namespaces_of(store: &Store, department: &str) -> BTreeSet<Box<str>> {
    let labelled = |object: &super::object::Object| object.label(DEPARTMENT_LABEL) == Some(department);
    let spaces = store.list(&NAMESPACES, None).into_iter().filter(|object| labelled(object)).map(|object| object.name.clone());
    let pods = store.list(&PODS, None).into_iter().filter(|object| labelled(object)).map(|object| object.namespace.clone());
    spaces.chain(pods).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_person_and_nothing_else_does() {
        let tokens = Tokens::make();
        assert!(tokens.user(&tokens.admin).unwrap().is_master());
        assert_eq!(tokens.user(&tokens.owner).unwrap().name, OWNER);
        assert_eq!(tokens.user(""), None);
        assert_eq!(tokens.user(&tokens.admin[1..]), None);
        assert!(!format!("{tokens:?}").contains(&tokens.admin));
        assert_eq!(Tokens::parse(&tokens.to_json()).unwrap().oncall, tokens.oncall);
    }
}
