//! Which container a connection is for, with the API server's checks in its words.

use std::time::Duration;

use serde_json::Value;

use super::{
    control::json::{items, text},
    error::ApiError,
    kinds::PODS,
    request::Target,
    store::Store,
};

/// A pod is looked at again so long after a look at the earliest, however much changes elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A container of the world.
#[derive(Debug, Clone)]
pub struct Place {
    /// Namespace.
    pub namespace: String,
    /// Pod.
    pub pod: String,
    /// Container.
    pub container: String,
    /// It runs now.
    pub running: bool,
    /// The pod as it is now.
    pub object: Value,
}

impl Place {
    /// Finds the container that is meant: the one that is named, else the pod's only one.
    ///
    /// # Errors
    /// 404 for a pod that is not there, 400 for a container that is not in it.
    pub fn find(store: &Store, target: &Target, container: Option<&str>) -> Result<Self, ApiError> {
        let (pod, object) = named_pod(store, target)?;
        let container = match container {
            Some(name) if named(&object, SPECS, name).is_some() => name.to_owned(),
            Some(name) => {
                let message = format!("container {name} is not valid for pod {pod}");
                return Err(ApiError::bad_request(message));
            }
            None => only_container(&object, pod)?,
        };
        assigned(&object, pod)?;
        Ok(Self::new(target, container, object))
    }

    /// The containers of the pod.
    ///
    /// # Errors
    /// 404 for a pod that is not there, 400 for one that no node has.
    pub fn all(store: &Store, target: &Target) -> Result<Vec<Self>, ApiError> {
        let (pod, object) = named_pod(store, target)?;
        assigned(&object, pod)?;
        let place = |container: &Value| {
            let name = text(container, "/name").to_owned();
            Self::new(target, name, object.clone())
        };
        Ok(items(&object, "/spec/containers")
            .iter()
            .map(place)
            .collect())
    }

    fn new(target: &Target, container: String, object: Value) -> Self {
        Self {
            namespace: target.ns().to_owned(),
            pod: target.name.clone().unwrap_or_default(),
            running: status_of(&object, &container)
                .is_some_and(|status| status.pointer("/state/running").is_some()),
            container,
            object,
        }
    }

    /// The container as the pod's spec has it.
    pub fn spec(&self) -> Option<&Value> {
        named(&self.object, SPECS, &self.container)
    }

    /// The container as the pod's status has it.
    pub fn status(&self) -> Option<&Value> {
        status_of(&self.object, &self.container)
    }

    /// Whether the same run of the container still goes on.
    pub fn still_running(&self, store: &Store) -> bool {
        let object = store.get(&PODS, &self.namespace, &self.pod);
        object.is_some_and(|object| {
            let now = Self {
                object: object.value(),
                ..self.clone()
            };
            let running = now
                .status()
                .is_some_and(|status| status.pointer("/state/running").is_some());
            running && now.incarnation() == self.incarnation()
        })
    }

    /// Waits until this run of the container is over.
    pub async fn ended(&self, store: &Store) {
        let mut changed = store.subscribe(Some(&PODS));
        while self.still_running(store) && changed.changed().await.is_ok() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Which run of the container this is: another after each restart.
    pub fn incarnation(&self) -> String {
        let id = self.status().map(|status| text(status, "/containerID"));
        let uid = text(&self.object, "/metadata/uid");
        format!("{uid}/{}/{}", self.container, id.unwrap_or_default())
    }
}

fn named_pod<'a>(store: &Store, target: &'a Target) -> Result<(&'a str, Value), ApiError> {
    let pod = target.name.as_deref().unwrap_or_default();
    let object = store.get(&PODS, target.ns(), pod);
    let object = object.ok_or_else(|| ApiError::not_found(&PODS, pod))?;
    Ok((pod, object.value()))
}

fn assigned(object: &Value, pod: &str) -> Result<(), ApiError> {
    if text(object, "/spec/nodeName").is_empty() {
        let message = format!("pod {pod} does not have a host assigned");
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

const SPECS: [&str; 3] = [
    "/spec/containers",
    "/spec/initContainers",
    "/spec/ephemeralContainers",
];
const STATUSES: [&str; 3] = [
    "/status/containerStatuses",
    "/status/initContainerStatuses",
    "/status/ephemeralContainerStatuses",
];

fn named<'a>(pod: &'a Value, lists: [&str; 3], name: &str) -> Option<&'a Value> {
    lists
        .into_iter()
        .flat_map(|list| items(pod, list))
        .find(|item| text(item, "/name") == name)
}

fn status_of<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    named(pod, STATUSES, name)
}

fn only_container(pod: &Value, name: &str) -> Result<String, ApiError> {
    let names = |list| {
        let names: Vec<_> = items(pod, list)
            .iter()
            .map(|it| text(it, "/name"))
            .collect();
        names
    };
    let containers = names("/spec/containers");
    if let [only] = containers.as_slice() {
        return Ok((*only).to_owned());
    }
    let first = names("/spec/initContainers").join(" ");
    let first = if first.is_empty() {
        first
    } else {
        format!(" or one of the init containers: [{first}]")
    };
    Err(ApiError::bad_request(format!(
        "a container name must be specified for pod {name}, choose one of: [{}]{first}",
        containers.join(" ")
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::store::StoreOptions;
    use serde_json::json;

    fn store() -> Store {
        let store = Store::new(StoreOptions::default());
        let pod = |name: &str, containers: Value| {
            json!({"metadata": {"namespace": "a", "name": name}, "spec": {"nodeName": "n", "containers": containers, "initContainers": [{"name": "first"}]},
                "status": {"containerStatuses": [{"name": "app", "state": {"running": {}}, "containerID": "containerd://1"}, {"name": "side", "state": {"waiting": {}}}]}})
        };
        store
            .create(&PODS, pod("one", json!([{"name": "app"}])))
            .unwrap();
        store
            .create(
                &PODS,
                pod("two", json!([{"name": "app"}, {"name": "side"}])),
            )
            .unwrap();
        store
    }

    fn find(pod: &str, container: Option<&str>) -> Result<Place, ApiError> {
        let path = format!("/api/v1/namespaces/a/pods/{pod}/exec");
        Place::find(&store(), &Target::parse(&path).unwrap(), container)
    }

    #[test]
    fn the_container_that_is_meant_is_found() {
        let place = find("one", None).unwrap();
        assert_eq!((place.container.as_str(), place.running), ("app", true));
        assert!(place.incarnation().ends_with("/app/containerd://1"));
        assert!(!find("two", Some("side")).unwrap().running);
    }

    #[test]
    fn what_is_not_there_is_refused_as_the_api_does() {
        let refused = |pod, container| {
            let error = find(pod, container).unwrap_err();
            (error.code, error.message)
        };
        assert_eq!(
            refused("no", None),
            (404, "pods \"no\" not found".to_owned())
        );
        assert_eq!(
            refused("one", Some("x")),
            (400, "container x is not valid for pod one".to_owned())
        );
        assert_eq!(
            refused("two", None),
            (400, "a container name must be specified for pod two, choose one of: [app side] or one of the init containers: [first]".to_owned())
        );
    }
}
