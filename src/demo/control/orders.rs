//! What the controllers are told to do from outside, besides what the objects ask for.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Controllers;
use super::context::{Key, Task};
use super::json::{items, text};
use super::kubelet::Step;
use super::status::Part;
use crate::demo::kinds::PODS;

/// Orders that wait to be carried out; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Orders(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    kills: Mutex<Vec<Kill>>,
    told: Notify,
}

/// End a container now.
#[derive(Debug)]
pub(super) struct Kill {
    key: Key,
    container: Option<Box<str>>,
}

impl Orders {
    /// Orders a container of a pod to be killed; the first when none is named. A pod or container
    /// that is not there cannot be killed.
    pub fn kill(&self, namespace: &str, pod: &str, container: Option<&str>) {
        let key = Key {
            namespace: namespace.into(),
            name: pod.into(),
        };
        let kill = Kill {
            key,
            container: container.map(Into::into),
        };
        self.0
            .kills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(kill);
        self.0.told.notify_one();
    }

    /// Waits for an order.
    pub(super) async fn told(&self) {
        self.0.told.notified().await;
    }

    pub(super) fn take(&self) -> Vec<Kill> {
        std::mem::take(&mut self.0.kills.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Controllers {
    /// Plans what was ordered as the next thing to do.
    pub(super) fn obey(&mut self, orders: &Orders) {
        for Kill { key, container } in orders.take() {
            let Some(object) = self.store.get(&PODS, &key.namespace, &key.name) else {
                continue;
            };
            let pod = object.value();
            let containers = items(&pod, "/spec/containers").iter();
            let at = containers
                .map(|spec| text(spec, "/name"))
                .position(|name| container.as_deref().is_none_or(|wanted| wanted == name));
            if let Some(at) = at.and_then(|at| u8::try_from(at).ok()) {
                let step = Step::Kill(Part::Main, at);
                self.agenda.now(Task::Pod(key, object.uid.clone(), step));
            }
        }
    }
}
