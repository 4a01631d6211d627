//! A description of an object that a user of kubectl recognises: pods, workloads and nodes in
//! detail, any other kind field by field, each with its events.

mod container;
mod generic;
mod node;
mod page;
mod pod;
mod volume;
mod workload;

use super::clock::now;
use super::connect::Session;
use super::error::Fault;
use super::object::mask;
use crate::domain::feed::Failure;
use crate::domain::session::{ContainerSpec, EventLine, Target};
use crate::domain::time::{Timestamp, kubectl};
use page::{Page, pairs, plain};
use serde_json::Value;

impl Session {
    /// The object as `kubectl describe` shows it; the values of a Secret are hidden. Line feeds are
    /// kept, all else that could steer a terminal is made visible.
    pub async fn describe(&self, target: &Target) -> Result<String, Failure> {
        let failure = |fault: Fault| fault.failure(&format!("describe {target}"));
        let (object, events) = tokio::join!(self.object(target), self.events(target));
        let mut object = object.map_err(failure)?;
        mask(&mut object);
        let mut page = Page::default();
        match (&*target.group, &*target.kind) {
            ("", "Pod") => pod::write(&mut page, &object),
            ("", "Node") => {
                let pods = self.pods_on(target).await;
                node::write(&mut page, &object, pods.as_ref().ok(), now());
            }
            ("apps" | "batch", kind) if workload::known(kind) => {
                workload::write(&mut page, kind, &object);
                if kind == "Deployment" {
                    let sets = self.replica_sets_of(target, &object).await;
                    workload::write_sets(&mut page, &object, sets.as_ref().ok());
                }
            }
            _ => generic::write(&mut page, &object),
        }
        write_events(&mut page, events.as_deref(), now());
        Ok(page.finish())
    }

    /// What the containers of a pod are made of, init containers first. The values of the
    /// environment are left out.
    pub async fn containers(&self, pod: &Target) -> Result<Vec<ContainerSpec>, Failure> {
        let object = self
            .object(pod)
            .await
            .map_err(|fault| fault.failure(&format!("read {pod}")))?;
        Ok(container::specs(&object))
    }
}

/// Name, namespace, labels, annotations: how every description begins.
fn write_head(page: &mut Page, object: &Value) {
    let meta = &object["metadata"];
    page.field("Name", &plain(&meta["name"]));
    page.some("Namespace", &plain(&meta["namespace"]));
}

fn write_labels(page: &mut Page, object: &Value) {
    let meta = &object["metadata"];
    page.many("Labels", &pairs(&meta["labels"], "="));
    page.many("Annotations", &annotations(&meta["annotations"]));
}

/// Annotations without the copy that kubectl keeps of the whole object.
fn annotations(value: &Value) -> Vec<String> {
    pairs(value, ": ")
        .into_iter()
        .filter(|pair| !pair.starts_with("kubectl.kubernetes.io/last-applied-configuration: "))
        .map(|pair| shorten(&pair))
        .collect()
}

/// A long value in one line, as kubectl cuts it.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 140;
    let line = text.replace('\n', " ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST).collect();
    format!("{cut}...")
}

/// The controlling owner as `Kind/name`.
fn controller(object: &Value) -> String {
    page::each(&object["metadata"]["ownerReferences"])
        .find(|owner| owner["controller"] == true)
        .map(|owner| format!("{}/{}", plain(&owner["kind"]), plain(&owner["name"])))
        .unwrap_or_default()
}

/// A label selector as kubectl writes it.
fn selector(value: &Value) -> String {
    let mut parts = pairs(&value["matchLabels"], "=");
    parts.extend(page::each(&value["matchExpressions"]).map(|expression| {
        let values: Vec<String> = page::each(&expression["values"]).map(plain).collect();
        let key = plain(&expression["key"]);
        match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key,
        }
    }));
    if parts.is_empty() {
        "<none>".into()
    } else {
        parts.join(",")
    }
}

fn write_events(page: &mut Page, events: Result<&[EventLine], &Fault>, now: Timestamp) {
    let events = match events {
        Err(fault) => return page.field("Events", &format!("<cannot be read: {fault}>")),
        Ok([]) => return page.field("Events", "<none>"),
        Ok(events) => events,
    };
    let rows: Vec<Vec<String>> = events.iter().map(|event| event_row(event, now)).collect();
    page.title("Events");
    page.inside(|page| page.table(&["Type", "Reason", "Age", "From", "Message"], &rows));
}

fn event_row(event: &EventLine, now: Timestamp) -> Vec<String> {
    let ago =
        |at: Option<Timestamp>| at.map_or_else(|| "<unknown>".into(), |at| kubectl(now.since(at)));
    let age = if event.count > 1 {
        format!(
            "{} (x{} over {})",
            ago(event.last),
            event.count,
            ago(event.first)
        )
    } else {
        ago(event.last)
    };
    vec![
        if event.warning { "Warning" } else { "Normal" }.into(),
        event.reason.to_string(),
        age,
        event.source.to_string(),
        event.message.to_string(),
    ]
}

#[cfg(test)]
mod tests;
