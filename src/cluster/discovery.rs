//! The kinds that a server knows: one aggregated answer where it gives one, else one request for
//! each group. A group that does not answer costs only its own kinds.

use super::call::{Call, escape};
use super::connect::Session;
use super::error::Fault;
use crate::domain::feed::{Failure, Resource};
use crate::domain::text::Text;
use futures::StreamExt;
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Groups that are asked at the same time when a server does not aggregate.
const AT_ONCE: usize = 8;

/// The kinds, remembered for a while: new ones come with new custom resource definitions.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<(Instant, Vec<Resource>)>>);

/// How long the list of kinds is good.
const GOOD_FOR: Duration = Duration::from_mins(2);

impl Known {
    fn get(&self) -> Option<Vec<Resource>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, resources) = known.as_ref()?;
        (at.elapsed() < GOOD_FOR).then(|| resources.clone())
    }

    fn put(&self, resources: &[Resource]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), resources.to_vec()));
    }
}

/// Either answer to `/api` or `/apis`.
#[derive(Debug, Deserialize)]
struct Root {
    /// Aggregated: everything.
    #[serde(default)]
    items: Option<Vec<Group>>,
    /// Legacy `/apis`: only the names.
    #[serde(default)]
    groups: Option<Vec<LegacyGroup>>,
    /// Legacy `/api`: only the versions.
    #[serde(default)]
    versions: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    metadata: GroupMeta,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Debug, Default, Deserialize)]
struct GroupMeta {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct GroupVersion {
    version: String,
    #[serde(default)]
    resources: Vec<Aggregated>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Aggregated {
    resource: String,
    #[serde(default)]
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyGroup {
    name: String,
    #[serde(default)]
    versions: Vec<LegacyVersion>,
    #[serde(default)]
    preferred_version: Option<LegacyVersion>,
}

#[derive(Debug, Deserialize)]
struct LegacyVersion {
    version: String,
}

#[derive(Debug, Deserialize)]
struct LegacyList {
    #[serde(default)]
    resources: Vec<LegacyResource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyResource {
    name: String,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

impl Session {
    /// The kinds that the server knows, each in its preferred version: first the core group's,
    /// then by group, so that the first that answers to a word is the one kubectl would take.
    pub async fn resources(&self) -> Result<Vec<Resource>, Failure> {
        if let Some(known) = self.inner().caches.kinds.get() {
            return Ok(known);
        }
        let failure = |fault: Fault| fault.failure("ask which kinds the server knows");
        let mut found = self.root("/api").await.map_err(failure)?;
        // Without /apis there are still pods and services to look at.
        match self.root("/apis").await {
            Ok(more) => found.extend(more),
            Err(fault) if found.is_empty() => return Err(failure(fault)),
            Err(_) => return Ok(preferred(found)),
        }
        let resources = preferred(found);
        self.inner().caches.kinds.put(&resources);
        Ok(resources)
    }

    async fn root(&self, path: &str) -> Result<Vec<Resource>, Fault> {
        let call = Call {
            accept: AGGREGATED,
            gzip: self.gzip(),
            ..Call::get(path)
        };
        let root: Root = self.json(&call).await?;
        if let Some(groups) = root.items {
            return Ok(groups.into_iter().flat_map(of_group).collect());
        }
        let mut versions: Vec<(String, String)> = root
            .versions
            .into_iter()
            .flatten()
            .map(|version| (String::new(), version))
            .collect();
        for mut group in root.groups.into_iter().flatten() {
            let first = group.preferred_version.map(|preferred| preferred.version);
            group
                .versions
                .sort_by_key(|v| Some(&v.version) != first.as_ref());
            versions.extend(
                group
                    .versions
                    .into_iter()
                    .map(|v| (group.name.clone(), v.version)),
            );
        }
        let lists = futures::stream::iter(versions)
            .map(|(group, version)| async move { self.legacy(&group, &version).await })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        Ok(lists.await.into_iter().flatten().collect())
    }

    /// The kinds of one version of a group; none when it does not answer.
    async fn legacy(&self, group: &str, version: &str) -> Vec<Resource> {
        let list: Result<LegacyList, Fault> = self
            .json(&Call::get(super::object::root(group, version)))
            .await;
        list.map(|list| list.resources)
            .unwrap_or_default()
            .into_iter()
            .filter(|resource| !resource.name.contains('/'))
            .map(|resource| Resource {
                group: Text::new(group),
                version: Text::new(version),
                singular: singular(&resource.singular_name, &resource.kind),
                kind: Text::new(&resource.kind),
                plural: Text::new(&resource.name),
                short_names: texts(&resource.short_names),
                namespaced: resource.namespaced,
                verbs: texts(&resource.verbs),
            })
            .collect()
    }
}

fn texts(raw: &[String]) -> Vec<Text> {
    raw.iter().map(|text| Text::new(text)).collect()
}

/// Older servers leave the singular name out.
fn singular(name: &str, kind: &str) -> Text {
    if name.is_empty() {
        Text::new(&kind.to_lowercase())
    } else {
        Text::new(name)
    }
}

fn of_group(group: Group) -> Vec<Resource> {
    let name = group.metadata.name;
    group
        .versions
        .into_iter()
        .flat_map(|version| {
            let of = version.version;
            version
                .resources
                .into_iter()
                .map(|resource| aggregated(&name, &of, &resource))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn aggregated(group: &str, version: &str, resource: &Aggregated) -> Resource {
    let kind = resource
        .response_kind
        .as_ref()
        .map_or("", |kind| kind.kind.as_str());
    Resource {
        group: Text::new(group),
        version: Text::new(version),
        kind: Text::new(kind),
        plural: Text::new(&resource.resource),
        singular: singular(&resource.singular_resource, kind),
        short_names: texts(&resource.short_names),
        namespaced: resource.scope == "Namespaced",
        verbs: texts(&resource.verbs),
    }
}

/// Each kind once, in the first version that names it: servers name the preferred one first.
fn preferred(all: Vec<Resource>) -> Vec<Resource> {
    let mut seen = std::collections::HashSet::new();
    all.into_iter()
        .filter(|resource| !resource.verbs.is_empty())
        .filter(|resource| seen.insert((resource.group.clone(), resource.plural.clone())))
        .collect()
}

/// The path of all objects of a kind in a namespace, or in all of them.
pub(super) fn path_of(resource: &Resource, namespace: Option<&str>) -> String {
    let root = super::object::root(&resource.group, &resource.version);
    let plural = escape(&resource.plural);
    match namespace {
        Some(namespace) if resource.namespaced => {
            format!("{root}/namespaces/{}/{plural}", escape(namespace))
        }
        _ => format!("{root}/{plural}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn an_aggregated_answer_is_read_in_the_preferred_version() {
        let root: Root = serde_json::from_str(
            r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[
              {"version":"v1","resources":[{"resource":"deployments","scope":"Namespaced",
                "responseKind":{"group":"","version":"","kind":"Deployment"},
                "singularResource":"deployment","shortNames":["deploy"],"verbs":["list","watch"]},
                {"resource":"hidden","scope":"Cluster","verbs":[]}]},
              {"version":"v1beta1","resources":[{"resource":"deployments","verbs":["list"]}]}]}]}"#,
        )
        .unwrap();
        let groups = root.items.unwrap();
        let found = preferred(groups.into_iter().flat_map(of_group).collect());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].version, "v1");
        assert!(found[0].answers_to("deploy") && found[0].answers_to("deployments.apps"));
        assert_eq!(
            path_of(&found[0], Some("shop")),
            "/apis/apps/v1/namespaces/shop/deployments"
        );
    }
}
