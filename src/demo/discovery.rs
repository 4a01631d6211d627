//! Which groups, versions and resources there are: legacy and aggregated discovery, `/version` and
//! the `OpenAPI` documents that kubectl looks into before it writes.

use serde_json::{Value, json};

use super::kinds::{self, Kind};

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// What may be done with a subresource.
fn subresource_verbs(subresource: &str) -> &'static [&'static str] {
    match subresource {
        "log" => &["get"],
        _ => &["get", "patch", "update"],
    }
}

/// Subresources of pods that are connections, with the kind of their options.
const CONNECTIONS: [(&str, &str); 3] = [
    ("attach", "PodAttachOptions"),
    ("exec", "PodExecOptions"),
    ("portforward", "PodPortForwardOptions"),
];
const CONNECTION_VERBS: [&str; 2] = ["create", "get"];

/// Kind and verbs of a subresource that is a connection.
fn connection(subresource: &str) -> Option<(&'static str, [&'static str; 2])> {
    CONNECTIONS
        .iter()
        .find(|(name, _)| *name == subresource)
        .map(|(_, kind)| (*kind, CONNECTION_VERBS))
}

/// A resource that no object of is stored: reviews and metrics.
struct Virtual {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    verbs: &'static [&'static str],
}

static VIRTUAL: [Virtual; 5] = [
    Virtual {
        group: "authentication.k8s.io",
        version: "v1",
        kind: "SelfSubjectReview",
        plural: "selfsubjectreviews",
        namespaced: false,
        verbs: &["create"],
    },
    Virtual {
        group: "authorization.k8s.io",
        version: "v1",
        kind: "SelfSubjectAccessReview",
        plural: "selfsubjectaccessreviews",
        namespaced: false,
        verbs: &["create"],
    },
    Virtual {
        group: "authorization.k8s.io",
        version: "v1",
        kind: "SelfSubjectRulesReview",
        plural: "selfsubjectrulesreviews",
        namespaced: false,
        verbs: &["create"],
    },
    Virtual {
        group: "metrics.k8s.io",
        version: "v1beta1",
        kind: "NodeMetrics",
        plural: "nodes",
        namespaced: false,
        verbs: &["get", "list"],
    },
    Virtual {
        group: "metrics.k8s.io",
        version: "v1beta1",
        kind: "PodMetrics",
        plural: "pods",
        namespaced: true,
        verbs: &["get", "list"],
    },
];

/// Groups with their version, in the order of the API server: built-in, custom, aggregated.
fn groups() -> Vec<(&'static str, &'static str)> {
    let stored = kinds::ALL.iter().map(|kind| (kind.group, kind.version));
    let mut groups: Vec<_> = Vec::new();
    for group in stored.chain(
        VIRTUAL
            .iter()
            .map(|resource| (resource.group, resource.version)),
    ) {
        if !group.0.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// Answers a discovery path; `None` when it is no such path.
pub fn answer(path: &str, aggregated: bool) -> Option<Value> {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api"] if aggregated => Some(aggregated_groups(&[("", "v1")])),
        ["apis"] if aggregated => Some(aggregated_groups(&groups())),
        ["api"] => Some(
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ),
        ["api", version] => resources("", version),
        ["apis"] => {
            let groups: Vec<_> = groups()
                .into_iter()
                .map(|(group, version)| legacy_group(group, version))
                .collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", group] => {
            groups()
                .into_iter()
                .find(|(name, _)| name == group)
                .map(|(group, version)| {
                    let mut told = legacy_group(group, version);
                    told["kind"] = json!("APIGroup");
                    told["apiVersion"] = json!("v1");
                    told
                })
        }
        ["apis", group, version] => resources(group, version),
        ["version"] => Some(version()),
        _ => None,
    }
}

fn version() -> Value {
    json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0+quarterdeck-demo", "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": std::env::consts::OS})
}

fn legacy_group(group: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({"name": group, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let mut list = Vec::new();
    for kind in kinds::ALL
        .iter()
        .filter(|kind| kind.group == group && kind.version == version)
    {
        let mut told = json!({"name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind, "verbs": VERBS});
        names(kind, &mut told);
        list.push(told);
        list.extend(
            kind.subresources
                .iter()
                .map(|subresource| legacy_subresource(kind, subresource)),
        );
    }
    for resource in VIRTUAL
        .iter()
        .filter(|resource| resource.group == group && resource.version == version)
    {
        list.push(json!({"name": resource.plural, "singularName": "", "namespaced": resource.namespaced, "kind": resource.kind, "verbs": resource.verbs}));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    (!list.is_empty()).then(|| json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list}))
}

fn names(kind: &Kind, told: &mut Value) {
    if !kind.short_names.is_empty() {
        told["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        told["categories"] = json!(kind.categories);
    }
}

fn legacy_subresource(kind: &Kind, subresource: &str) -> Value {
    let name = format!("{}/{subresource}", kind.plural);
    let mut told = json!({"name": name, "singularName": "", "namespaced": kind.namespaced, "kind": kind.kind, "verbs": subresource_verbs(subresource)});
    if subresource == "scale" {
        told["kind"] = json!("Scale");
        told["group"] = json!("autoscaling");
        told["version"] = json!("v1");
    }
    if let Some((kind, verbs)) = connection(subresource) {
        told["kind"] = json!(kind);
        told["verbs"] = json!(verbs);
    }
    told
}

fn aggregated_groups(groups: &[(&str, &str)]) -> Value {
    let items: Vec<_> = groups
        .iter()
        .map(|(group, version)| {
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            let resources = aggregated_resources(group, version);
            json!({"metadata": metadata, "versions": [{"version": version, "freshness": "Current", "resources": resources}]})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn scope(namespaced: bool) -> &'static str {
    if namespaced { "Namespaced" } else { "Cluster" }
}

fn aggregated_resources(group: &str, version: &str) -> Vec<Value> {
    let response = |kind: &str| json!({"group": group, "version": version, "kind": kind});
    let stored = kinds::ALL.iter().filter(|kind| kind.group == group && kind.version == version).map(|kind| {
        let mut told = json!({"resource": kind.plural, "responseKind": response(kind.kind), "scope": scope(kind.namespaced), "singularResource": kind.singular, "verbs": VERBS});
        names(kind, &mut told);
        let subresource = |name: &&str| {
            let response = if *name == "scale" { json!({"group": "autoscaling", "version": "v1", "kind": "Scale"}) } else { response(kind.kind) };
            if let Some((kind, verbs)) = connection(name) {
                let response = json!({"group": group, "version": version, "kind": kind});
                return json!({"subresource": name, "responseKind": response, "verbs": verbs});
            }
            json!({"subresource": name, "responseKind": response, "verbs": subresource_verbs(name)})
        };
        if !kind.subresources.is_empty() {
            told["subresources"] = kind.subresources.iter().map(subresource).collect();
        }
        told
    });
    let virtual_ones = VIRTUAL.iter().filter(|resource| resource.group == group && resource.version == version).map(|resource| {
        json!({"resource": resource.plural, "responseKind": response(resource.kind), "scope": scope(resource.namespaced), "singularResource": "", "verbs": resource.verbs})
    });
    stored.chain(virtual_ones).collect()
}

/// The root of `OpenAPI` v3 or the document of one group version; `None` when there is none. The
/// documents are minimal and say so: which kinds there are and that PATCH takes `fieldValidation`.
/// There is no `OpenAPI` v2; kubectl falls back to what it knows itself.
pub fn openapi(path: &str) -> Option<Value> {
    let place = |group: &str, version: &str| {
        if group.is_empty() {
            format!("api/{version}")
        } else {
            format!("apis/{group}/{version}")
        }
    };
    let mut all = groups();
    all.insert(0, ("", "v1"));
    match path
        .trim_matches('/')
        .strip_prefix("openapi/v3")?
        .trim_matches('/')
    {
        "" => {
            let paths: serde_json::Map<_, _> = all
                .iter()
                .map(|(group, version)| (place(group, version), json!({"serverRelativeURL": format!("/openapi/v3/{}", place(group, version))})))
                .collect();
            Some(json!({"paths": paths}))
        }
        asked => all
            .into_iter()
            .find(|(group, version)| place(group, version) == asked)
            .map(|(group, version)| document(group, version)),
    }
}

fn document(group: &str, version: &str) -> Value {
    let mut paths = serde_json::Map::new();
    let mut schemas = serde_json::Map::new();
    for kind in kinds::ALL
        .iter()
        .filter(|kind| kind.group == group && kind.version == version)
    {
        let gvk = json!({"group": group, "version": version, "kind": kind.kind});
        let root = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        let scope = if kind.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let parameter =
            |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        let patch = json!({"operationId": format!("patch{}", kind.kind), "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": {"200": {"description": "OK"}}, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": gvk});
        paths.insert(
            format!("{root}{scope}/{}/{{name}}", kind.plural),
            json!({"patch": patch}),
        );
        let open = |description: &str| json!({"type": "object", "description": description, "x-kubernetes-preserve-unknown-fields": true});
        let properties = json!({"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": open("Standard object metadata."),
            "spec": open("The desired state. The demo cluster publishes no detailed schema."), "status": open("The observed state.")});
        let name = format!(
            "demo.{}.{version}.{}",
            if group.is_empty() { "core" } else { group },
            kind.kind
        );
        schemas.insert(name, json!({"type": "object", "description": format!("{} of the demo cluster.", kind.kind), "properties": properties, "x-kubernetes-group-version-kind": [gvk]}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "quarterdeck demo", "version": "v1.36.0"}, "paths": paths, "components": {"schemas": schemas}})
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_discovered_both_ways() {
        for kind in kinds::ALL {
            let path = if kind.group.is_empty() {
                "/api/v1".to_owned()
            } else {
                format!("/apis/{}/{}", kind.group, kind.version)
            };
            let legacy = answer(&path, false).unwrap();
            assert!(
                legacy["resources"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|resource| resource["name"] == kind.plural),
                "{path}"
            );
            let root = if kind.group.is_empty() {
                "/api"
            } else {
                "/apis"
            };
            assert!(
                answer(root, true)
                    .unwrap()
                    .to_string()
                    .contains(&format!("\"resource\":\"{}\"", kind.plural)),
                "{root}"
            );
        }
    }

    #[test]
    fn unknown_groups_are_not_there() {
        assert!(
            answer("/apis/nope", false).is_none()
                && answer("/apis/apps/v9", false).is_none()
                && answer("/api/v9", false).is_none()
        );
        assert!(openapi("/openapi/v3/apis/nope/v1").is_none() && openapi("/openapi/v2").is_none());
    }

    #[test]
    fn openapi_leads_to_a_patch_with_field_validation() {
        let root = openapi("/openapi/v3").unwrap();
        let url = root["paths"]["apis/apps/v1"]["serverRelativeURL"]
            .as_str()
            .unwrap();
        let document = openapi(url).unwrap();
        let patch =
            &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        assert!(patch["parameters"].to_string().contains("fieldValidation"));
    }
}
