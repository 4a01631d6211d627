//! Single objects: read, shown as YAML, deleted; their events and the last lines of their logs.

use super::call::{Call, escape};
use super::connect::Session;
use super::error::Fault;
use crate::domain::feed::{Failure, FailureSort, Scope};
use crate::domain::rows::{Kind, Row};
use crate::domain::secrecy::looks_secret;
use crate::domain::session::{EventLine, Target};
use crate::domain::text::{Text, clean_lines};
use crate::domain::time::Timestamp;
use http::Method;
use serde_json::{Map, Value, json};

/// `/api/v1`, `/apis/apps/v1`
pub(super) fn root(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("/api/{}", escape(version))
    } else {
        format!("/apis/{}/{}", escape(group), escape(version))
    }
}

fn path(target: &Target) -> String {
    let root = root(&target.group, &target.version);
    let (plural, name) = (escape(&target.plural), escape(&target.name));
    if target.namespace.is_empty() {
        format!("{root}/{plural}/{name}")
    } else {
        format!(
            "{root}/namespaces/{}/{plural}/{name}",
            escape(&target.namespace)
        )
    }
}

/// What becomes of an object's dependents when it is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted afterwards, by the server; kubectl's default.
    #[default]
    Background,
    /// They are deleted first; the object stays until they are gone.
    Foreground,
    /// They stay and have no owner any more.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// What becomes of the dependents.
    pub propagation: Propagation,
    /// Seconds that a pod gets to end; the pod's own when `None`, 0 ends it at once.
    pub grace_seconds: Option<u32>,
    /// Delete only this very object, not one that meanwhile has its name; any when empty.
    pub uid: Text,
}

impl Deletion {
    fn body(&self) -> Value {
        let policy = match self.propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        };
        let mut body = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": policy,
        });
        if let Some(seconds) = self.grace_seconds {
            body["gracePeriodSeconds"] = seconds.into();
        }
        if !self.uid.is_empty() {
            body["preconditions"] = json!({ "uid": self.uid.as_str() });
        }
        body
    }
}

/// Reads an edited text; the object must stay the one it was.
fn manifest_of(target: &Target, text: &str) -> Result<Value, Failure> {
    let wrong = |why: &str| Failure {
        what: Text::new(&format!("read the edit of {target}")),
        why: Text::new(why),
        remedy: "edit it again and mend it".into(),
        sort: FailureSort::Other,
    };
    let object: Value = serde_saphyr::from_str(text).map_err(|error| {
        // The library shows the place over several lines; the first one names it.
        let why = error.to_string();
        wrong(why.lines().next().unwrap_or_default())
    })?;
    let version = if target.group.is_empty() {
        target.version.to_string()
    } else {
        format!("{}/{}", target.group, target.version)
    };
    let meta = &object["metadata"];
    let same = |value: &Value, wanted: &str| value.as_str().unwrap_or_default() == wanted;
    if same(&object["apiVersion"], &version)
        && same(&object["kind"], &target.kind)
        && same(&meta["name"], &target.name)
        && same(&meta["namespace"], &target.namespace)
    {
        return Ok(object);
    }
    Err(wrong(
        "an edit cannot change apiVersion, kind, name or namespace",
    ))
}

impl Session {
    /// The object as the server has it.
    pub(super) async fn object(&self, target: &Target) -> Result<Value, Fault> {
        self.json(&Call::get(path(target))).await
    }

    /// The text under `key` of a `ConfigMap`; that under its only key where it has no other.
    pub async fn config_text(
        &self,
        namespace: &str,
        name: &str,
        key: &str,
    ) -> Result<String, Failure> {
        let target = Target {
            version: "v1".into(),
            kind: "ConfigMap".into(),
            plural: "configmaps".into(),
            namespace: Text::new(namespace),
            name: Text::new(name),
            group: Text::default(),
        };
        let object = self.object(&target).await;
        let object = object.map_err(|fault| fault.failure(&format!("read {target}")))?;
        let none = Map::new();
        let data = object["data"].as_object().unwrap_or(&none);
        let only = data.values().next().filter(|_| data.len() == 1);
        let text = data.get(key).or(only).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| Failure {
            what: Text::new(&format!("read {target}")),
            why: Text::new(&format!("it has no `{key}`")),
            remedy: "put the document under that key".into(),
            sort: FailureSort::NotFound,
        })
    }

    /// The object as YAML, its keys in kubectl's order. `managed_fields` keeps
    /// `metadata.managedFields`; `reveal` shows values that are secret. Line feeds are kept, all
    /// else that could steer a terminal is made visible.
    pub async fn get_yaml(
        &self,
        target: &Target,
        managed_fields: bool,
        reveal: bool,
    ) -> Result<String, Failure> {
        let failure = |fault: Fault| fault.failure(&format!("read {target}"));
        let mut object = self.object(target).await.map_err(failure)?;
        if !managed_fields && let Some(meta) = object["metadata"].as_object_mut() {
            meta.remove("managedFields");
        }
        if !reveal {
            mask(&mut object);
        }
        let yaml = serde_saphyr::to_string(&object)
            .map_err(|_| failure(Fault::Malformed("it cannot be written as YAML".into())))?;
        Ok(clean_lines(&yaml).into_owned())
    }

    /// The object as YAML for an editor: faithful, without `managedFields`.
    pub async fn manifest(&self, target: &Target) -> Result<String, Failure> {
        let failure = |fault: Fault| fault.failure(&format!("read {target}"));
        let mut object = self.object(target).await.map_err(failure)?;
        if let Some(meta) = object["metadata"].as_object_mut() {
            meta.remove("managedFields");
        }
        let unreadable = || failure(Fault::Malformed("it cannot be written as text".into()));
        let yaml = serde_saphyr::to_string(&object).map_err(|_| unreadable())?;
        // What an editor is given must mean what the server has: JSON is YAML too.
        if serde_saphyr::from_str::<Value>(&yaml).is_ok_and(|read| read == object) {
            return Ok(yaml);
        }
        let json = serde_json::to_string_pretty(&object).map_err(|_| unreadable())?;
        Ok(json + "\n")
    }

    /// Whether a text still is this object: what is wrong with it otherwise.
    pub fn check_manifest(target: &Target, text: &str) -> Result<(), Failure> {
        manifest_of(target, text).map(drop)
    }

    /// Replaces the object with what the text says. A text that names a `resourceVersion` is
    /// refused with a conflict when the object has changed since.
    pub async fn replace_object(&self, target: &Target, text: &str) -> Result<(), Failure> {
        let object = manifest_of(target, text)?;
        let call = Call::send(Method::PUT, path(target), &object);
        let replaced = self.bytes(&call).await;
        replaced
            .map(drop)
            .map_err(|fault| fault.failure(&format!("change {target}")))
    }

    /// Deletes the object.
    pub async fn delete(&self, target: &Target, how: &Deletion) -> Result<(), Failure> {
        let call = Call::send(Method::DELETE, path(target), &how.body());
        let deleted = self.bytes(&call).await;
        deleted
            .map(drop)
            .map_err(|fault| fault.failure(&format!("delete {target}")))
    }

    /// Events about the object, the latest last.
    pub async fn events_of(&self, target: &Target) -> Result<Vec<EventLine>, Failure> {
        self.events(target)
            .await
            .map_err(|fault| fault.failure(&format!("list events of {target}")))
    }

    pub(super) async fn events(&self, target: &Target) -> Result<Vec<EventLine>, Fault> {
        let mut fields = vec![
            format!("involvedObject.name={}", target.name),
            format!("involvedObject.kind={}", target.kind),
        ];
        // Events about objects without a namespace may stand in any.
        let root = if target.namespace.is_empty() {
            "/api/v1/events".to_owned()
        } else {
            fields.push(format!("involvedObject.namespace={}", target.namespace));
            format!("/api/v1/namespaces/{}/events", escape(&target.namespace))
        };
        let selector = escape(&fields.join(","));
        let path = format!("{root}?limit=500&fieldSelector={selector}");
        let list: Value = self.json(&Call::get(path)).await?;
        let items = list["items"].as_array();
        let mut events: Vec<EventLine> = items.into_iter().flatten().map(event_line).collect();
        events.sort_by_key(|event| event.last);
        Ok(events)
    }

    /// The last `lines` lines that a container of the pod wrote, or wrote before its last restart.
    pub async fn tail(
        &self,
        pod: &Target,
        container: &str,
        previous: bool,
        lines: u16,
    ) -> Result<Vec<Text>, Failure> {
        let path = format!(
            "{}/log?container={}&tailLines={lines}&limitBytes={MAX_TAIL}{}",
            path(pod),
            escape(container),
            if previous { "&previous=true" } else { "" }
        );
        let call = Call {
            accept: "*/*",
            ..Call::get(path)
        };
        let bytes = self.bytes(&call).await.map_err(|fault| {
            fault.failure(&format!("read the log of container {container} of {pod}"))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(|line| Text::new(&plain(line))).collect())
    }

    /// The names of all namespaces.
    pub async fn namespaces(&self) -> Result<Vec<Text>, Failure> {
        let mut names = Vec::new();
        let mut keep = |row: Row| names.push(row.meta().name.clone());
        self.list(Kind::Namespace, &Scope::ALL, &mut keep).await?;
        Ok(names)
    }

    /// The namespace to look into when we may not look into all: the context's, else `default`.
    pub fn home_namespace(&self) -> Text {
        let named = self.info().namespace;
        if named.is_empty() {
            "default".into()
        } else {
            named
        }
    }
}

/// The most that is read of a log for a preview.
const MAX_TAIL: usize = 1 << 20;

/// A line of a log without the sequences that colour it.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                // A sequence ends with its first byte from @ to ~.
                while chars.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                chars.next();
            }
            '\t' => out.push_str("    "),
            c => out.push(c),
        }
    }
    out
}

/// Hides what a Secret holds and values of the environment that are secret by their names, also in
/// the copy that kubectl has left.
pub(super) fn mask(object: &mut Value) {
    let mut hidden = mask_environment(object);
    if object["kind"] == "Secret" && object["apiVersion"] == "v1" {
        hidden = true;
        for field in ["data", "stringData"] {
            if let Some(values) = object.get_mut(field).and_then(Value::as_object_mut) {
                mask_values(values, field == "data");
            }
        }
    }
    // An index that is written to would make what is not there.
    let annotations = object.pointer_mut("/metadata/annotations");
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    if let Some(copy) = annotations.and_then(|it| it.get_mut(applied)) {
        // It may hold what the object itself holds no more.
        let read = copy.as_str().map(serde_json::from_str::<Value>);
        let holds = match read {
            Some(Ok(mut copy)) => mask_environment(&mut copy),
            _ => true,
        };
        if hidden || holds {
            *copy = "<hidden>".into();
        }
    }
}

/// Hides them wherever containers stand in an object; whether there were any.
fn mask_environment(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |hidden, item| mask_environment(item) | hidden),
        Value::Object(fields) => fields.iter_mut().fold(false, |hidden, (name, field)| {
            let masked = match field {
                Value::Array(variables) if name == "env" => variables
                    .iter_mut()
                    .fold(false, |hidden, variable| mask_variable(variable) | hidden),
                field => mask_environment(field),
            };
            masked | hidden
        }),
        _ => false,
    }
}

fn mask_variable(variable: &mut Value) -> bool {
    let secret = variable["name"].as_str().is_some_and(looks_secret);
    let value = variable.get_mut("value").filter(|_| secret);
    let Some(value) = value.filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    else {
        return false;
    };
    *value = hidden(value.as_str().map_or(0, str::len));
    true
}

fn hidden(bytes: usize) -> Value {
    format!("<hidden, {bytes} bytes>").into()
}

fn mask_values(values: &mut Map<String, Value>, encoded: bool) {
    for value in values.values_mut() {
        let length = value.as_str().map_or(0, |text| {
            if encoded {
                text.trim_end_matches('=').len() * 3 / 4
            } else {
                text.len()
            }
        });
        *value = hidden(length);
    }
}

fn event_line(event: &Value) -> EventLine {
    let text = |value: &Value| Text::new(value.as_str().unwrap_or_default());
    let time = |value: &Value| value.as_str().and_then(Timestamp::parse);
    let series = &event["series"];
    let count = series["count"].as_u64().or(event["count"].as_u64());
    let last = time(&series["lastObservedTime"])
        .or_else(|| time(&event["lastTimestamp"]))
        .or_else(|| time(&event["eventTime"]))
        .or_else(|| time(&event["metadata"]["creationTimestamp"]));
    let first = time(&event["firstTimestamp"]).or_else(|| time(&event["eventTime"]));
    let component = event["source"]["component"]
        .as_str()
        .filter(|name| !name.is_empty())
        .or_else(|| event["reportingComponent"].as_str())
        .unwrap_or_default();
    let source = match event["source"]["host"].as_str() {
        Some(host) if !host.is_empty() => format!("{component}, {host}"),
        _ => component.to_owned(),
    };
    EventLine {
        warning: event["type"] == "Warning",
        reason: text(&event["reason"]),
        message: Text::new(event["message"].as_str().unwrap_or_default().trim()),
        count: count.map_or(1, |n| u32::try_from(n).unwrap_or(u32::MAX)),
        last,
        first: first.or(last),
        source: Text::new(&source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_object_and_nowhere_else() {
        let pod = Target::watched(Kind::Pod, &"shop".into(), &"web-1".into());
        assert_eq!(path(&pod), "/api/v1/namespaces/shop/pods/web-1");
        let node = Target::watched(Kind::Node, &Text::default(), &"n/../x?y".into());
        assert_eq!(path(&node), "/api/v1/nodes/n%2F..%2Fx%3Fy");
    }

    #[test]
    fn a_secret_is_hidden_with_its_copy() {
        let mut secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "data": {"password": "Y2FuYXJ5"}, "stringData": {"x": "canary"},
            "metadata": {"annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "canary"}},
        });
        mask(&mut secret);
        let text = secret.to_string();
        assert!(
            !text.contains("canary") && !text.contains("Y2FuYXJ5"),
            "{text}"
        );
        assert_eq!(secret["data"]["password"], "<hidden, 6 bytes>");
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        mask(&mut map);
        assert_eq!(map["data"]["a"], "b");
    }

    #[test]
    fn secret_values_of_the_environment_are_hidden_with_their_copy() {
        let container = json!({"name": "web", "env": [
            {"name": "DB_PASSWORD", "value": "canary"}, {"name": "API_TOKEN", "valueFrom": {}},
            {"name": "SECRET_OF", "value": ""}, {"name": "PORT", "value": "80"}]});
        let mut object = json!({
            "kind": "CronJob", "apiVersion": "batch/v1",
            "metadata": {"annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "canary"}},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}},
        });
        mask(&mut object);
        let text = object.to_string();
        assert!(!text.contains("canary"), "{text}");
        for kept in ["<hidden, 6 bytes>", r#""value":"80""#, r#""value":"""#] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn a_copy_is_hidden_for_what_it_holds_itself() {
        let name = "kubectl.kubernetes.io/last-applied-configuration";
        let masked = |copy: &str| {
            let mut object = json!({"kind": "Pod", "apiVersion": "v1",
                "metadata": {"annotations": {name: copy}}, "spec": {"containers": []}});
            mask(&mut object);
            object["metadata"]["annotations"][name].clone()
        };
        let env = r#"[{"name":"DB_PASSWORD","value":"canary"}]"#;
        let copy = format!(r#"{{"spec":{{"containers":[{{"env":{env}}}]}}}}"#);
        assert_eq!(masked(&copy), "<hidden>");
        assert_eq!(masked("no object"), "<hidden>");
        assert_eq!(masked("{\"kind\":\"Pod\"}"), "{\"kind\":\"Pod\"}");
        let bare = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {}, "data": {}});
        let mut object = bare.clone();
        mask(&mut object);
        assert_eq!(object, bare, "nothing is added");
    }

    #[test]
    fn colours_leave_a_log_line() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m\tx"), "red    x");
        assert_eq!(plain("cut \u{1b}[31"), "cut ");
    }

    #[test]
    fn events_of_both_ages_are_read() {
        let old = event_line(&json!({
            "type": "Warning", "reason": "BackOff", "message": " restarting \n", "count": 7,
            "firstTimestamp": "2026-11-23T06:00:00Z", "lastTimestamp": "2026-11-23T06:10:00Z",
            "source": {"component": "kubelet", "host": "worker-1"}}));
        assert!(old.warning && old.count == 7 && old.message == "restarting");
        assert_eq!(old.source, "kubelet, worker-1");
        let new = event_line(&json!({
            "type": "Normal", "eventTime": "2026-11-23T06:00:00.123456Z",
            "series": {"count": 3, "lastObservedTime": "2026-11-23T06:05:00Z"},
            "reportingComponent": "scheduler", "firstTimestamp": null}));
        assert_eq!((new.count, &*new.source), (3, "scheduler"));
        assert!(new.last > new.first);
    }

    #[test]
    fn a_deletion_says_what_becomes_of_the_rest() {
        let how = Deletion {
            propagation: Propagation::Foreground,
            grace_seconds: Some(0),
            uid: "u".into(),
        };
        let body = how.body();
        assert_eq!(body["propagationPolicy"], "Foreground");
        assert_eq!(body["gracePeriodSeconds"], 0);
        assert_eq!(body["preconditions"]["uid"], "u");
    }
}
