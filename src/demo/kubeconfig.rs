//! The kubeconfig that leads clients to the demo: one context per person.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::people::{ADMIN, Tokens};

/// The name of the cluster, and of the admin's context.
pub const CLUSTER: &str = "quarterdeck-demo";

/// A kubeconfig as JSON, which is YAML; it holds every token, so it is secret.
pub fn write(server: &str, authority: &str, tokens: &Tokens) -> String {
    let people = tokens.people();
    let context = |name: &str| {
        if name == ADMIN {
            CLUSTER.to_owned()
        } else {
            format!("{CLUSTER}-{name}")
        }
    };
    let users: Vec<Value> = people
        .iter()
        .map(|(name, token)| json!({"name": context(name), "user": {"token": token}}))
        .collect();
    let contexts: Vec<Value> =
        people.iter().map(|(name, _)| json!({"name": context(name), "context": {"cluster": CLUSTER, "user": context(name)}})).collect();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": {"server": server, "certificate-authority-data": STANDARD.encode(authority)}}],
        "users": users,
        "contexts": contexts,
        "current-context": CLUSTER,
    });
    format!("{config:#}\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn every_person_has_a_context() {
        let tokens = Tokens::make();
        let config: Value =
            serde_json::from_str(&write("https://127.0.0.1:1", "pem", &tokens)).unwrap();
        assert_eq!(config["contexts"].as_array().unwrap().len(), 3);
        assert_eq!(config["current-context"], config["contexts"][0]["name"]);
        assert_eq!(config["users"][0]["user"]["token"], tokens.admin);
    }
}
