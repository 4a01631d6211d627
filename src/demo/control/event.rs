//! Events as Kubernetes' components write them: one object per story, counted up while it repeats.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::hash::fnv1a;
use super::json::{int, set, text, time};
use crate::demo::clock::stamp;
use crate::demo::kinds::EVENTS;
use crate::demo::store::{Object, Store};

/// How long an event is kept after it was last seen: the API server's `--event-ttl`.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// The bits of a nanosecond's number that tell stories of one moment apart.
const MOMENT: u64 = 0xffff;
/// Two stories of one moment are this far apart in their names: their order stays.
pub const APART: SignedDuration = SignedDuration::from_nanos(0x1_0000);

/// How long the same event is counted up before a new object is begun (client-go's aggregator).
const COUNTED: SignedDuration = SignedDuration::from_mins(10);

/// Which component speaks, and on which machine.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Component, such as `kubelet`.
    pub component: &'a str,
    /// Node, empty for none.
    pub host: &'a str,
}

impl<'a> Source<'a> {
    /// A component of the control plane.
    pub const fn component(component: &'a str) -> Self {
        Self {
            component,
            host: "",
        }
    }

    /// The kubelet of a node.
    pub const fn kubelet(host: &'a str) -> Self {
        Self {
            component: "kubelet",
            host,
        }
    }
}

/// What an event says.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// Who says it.
    pub source: Source<'a>,
    /// `Warning` instead of `Normal`.
    pub warning: bool,
    /// One word, such as `BackOff`.
    pub reason: &'a str,
    /// The sentence.
    pub message: &'a str,
}

impl<'a> Story<'a> {
    /// Something ordinary.
    pub const fn normal(source: Source<'a>, reason: &'a str, message: &'a str) -> Self {
        Self {
            source,
            warning: false,
            reason,
            message,
        }
    }

    /// Something that deserves a look.
    pub const fn warning(source: Source<'a>, reason: &'a str, message: &'a str) -> Self {
        Self {
            source,
            warning: true,
            reason,
            message,
        }
    }
}

/// The reference that an event carries to the object it is about.
pub fn involved(object: &Value, field_path: &str) -> Value {
    let mut involved = json!({
        "apiVersion": text(object, "/apiVersion"),
        "kind": text(object, "/kind"),
        "name": text(object, "/metadata/name"),
        "uid": text(object, "/metadata/uid"),
    });
    for key in ["namespace", "resourceVersion"] {
        if let Some(value) = object["metadata"].get(key) {
            involved[key] = value.clone();
        }
    }
    // Nodes are spoken of by name, as kubelets do before they know their uid.
    if text(object, "/kind") == "Node" {
        involved["uid"] = text(object, "/metadata/name").into();
    }
    if !field_path.is_empty() {
        involved["fieldPath"] = field_path.into();
    }
    involved
}

/// The field path of a container, as the kubelet's events carry it.
pub fn container_path(list: &str, name: &str) -> String {
    format!("spec.{list}{{{name}}}")
}

/// An event object.
pub fn object(
    involved: &Value,
    story: &Story<'_>,
    count: i64,
    first: Timestamp,
    last: Timestamp,
) -> Value {
    let namespace = match text(involved, "/namespace") {
        "" => "default",
        namespace => namespace,
    };
    let id = fnv1a(&format!(
        "{}/{}/{}",
        text(involved, "/uid"),
        story.reason,
        story.message
    )) & MOMENT;
    // Components name an event after its object and the nanosecond, so that a list is in order. The
    // last bits here are the story's hash: two stories of one moment differ.
    let nanos = u64::try_from(first.as_nanosecond()).unwrap_or(0) & !MOMENT;
    let mut source = json!({"component": story.source.component});
    if !story.source.host.is_empty() {
        source["host"] = story.source.host.into();
    }
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": format!("{}.{:x}", text(involved, "/name"), nanos | id),
            "namespace": namespace,
            "creationTimestamp": stamp(first),
        },
        "involvedObject": involved,
        "reason": story.reason,
        "message": story.message,
        "source": source,
        "type": if story.warning { "Warning" } else { "Normal" },
        "count": count,
        "firstTimestamp": stamp(first),
        "lastTimestamp": stamp(last),
        "eventTime": null,
        "reportingComponent": story.source.component,
        "reportingInstance": story.source.host,
    })
}

/// Writes events, counts repeated ones up and forgets old ones.
#[derive(Debug, Default)]
pub struct Recorder {
    known: HashMap<u64, Known>,
    /// Objects by when they may be forgotten at the earliest.
    aging: VecDeque<(Timestamp, u64)>,
    /// The moment of the last new story, and how far its name is from it.
    last: Option<(Timestamp, SignedDuration)>,
}

#[derive(Debug)]
struct Known {
    namespace: Box<str>,
    name: Box<str>,
    last: Timestamp,
}

impl Recorder {
    /// Takes over an event that is stored already.
    pub fn adopt(&mut self, event: &Object) {
        let value = event.value();
        let Some(last) =
            time(&value, "/lastTimestamp").or_else(|| time(&value, "/metadata/creationTimestamp"))
        else {
            return;
        };
        let key = key(
            &value["involvedObject"],
            text(&value, "/reason"),
            text(&value, "/message"),
        );
        self.know(key, &event.namespace, &event.name, last);
    }

    /// Says something about the object that `involved` refers to.
    pub fn record(&mut self, store: &Store, now: Timestamp, involved: &Value, told: &Story<'_>) {
        let key = key(involved, told.reason, told.message);
        if let Some(known) = self.known.get_mut(&key)
            && now.duration_since(known.last) < COUNTED
        {
            let counted = store.update(&EVENTS, &known.namespace, &known.name, |event| {
                let count = int(event, "/count").unwrap_or(1) + 1;
                set(event, &["count"], count);
                set(event, &["lastTimestamp"], stamp(now));
                Ok(())
            });
            known.last = now;
            if counted.is_ok() {
                return;
            }
        }
        let since = match self.last {
            Some((moment, since)) if moment == now => since + APART,
            _ => SignedDuration::ZERO,
        };
        self.last = Some((now, since));
        // A namespace that is going away takes no events; nobody reads them.
        if let Ok(made) = store.create(&EVENTS, object(involved, told, 1, now + since, now)) {
            self.know(key, &made.namespace, &made.name, now);
        }
    }

    /// Deletes the events that nobody has seen for an hour.
    pub fn forget_old(&mut self, store: &Store, now: Timestamp) {
        while let Some((_, key)) = self
            .aging
            .pop_front_if(|(at, _)| now.duration_since(*at) >= KEPT)
        {
            let Some(known) = self.known.get(&key) else {
                continue;
            };
            if now.duration_since(known.last) < KEPT {
                self.aging.push_back((known.last, key));
                continue;
            }
            // Whoever deleted it first has done the work.
            let _ = store.delete(&EVENTS, &known.namespace, &known.name);
            self.known.remove(&key);
        }
    }

    fn know(&mut self, key: u64, namespace: &str, name: &str, last: Timestamp) {
        self.known.insert(
            key,
            Known {
                namespace: namespace.into(),
                name: name.into(),
                last,
            },
        );
        self.aging.push_back((last, key));
    }
}

fn key(involved: &Value, reason: &str, message: &str) -> u64 {
    fnv1a(&format!(
        "{}\u{1}{}\u{1}{reason}\u{1}{message}",
        text(involved, "/uid"),
        text(involved, "/fieldPath")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::store::StoreOptions;

    fn minute(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(n)
    }

    fn world() -> (Store, Recorder, Value) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "uid": "u1"}});
        (
            Store::new(StoreOptions::default()),
            Recorder::default(),
            involved(&pod, "spec.containers{web}"),
        )
    }

    #[test]
    fn a_repeated_event_is_counted_until_it_is_a_new_story() {
        let (store, mut recorder, pod) = world();
        let told = Story::warning(
            Source::kubelet("worker-1"),
            "BackOff",
            "Back-off restarting",
        );
        for at in [0, 5, 9, 30] {
            recorder.record(&store, minute(at), &pod, &told);
        }
        let counts: Vec<i64> = store
            .list(&EVENTS, None)
            .iter()
            .filter_map(|e| int(&e.value(), "/count"))
            .collect();
        assert_eq!(counts.iter().sum::<i64>(), 4);
        assert_eq!(counts.len(), 2);
        let first = store.list(&EVENTS, Some("shop"))[0].value();
        assert_eq!(first["involvedObject"]["fieldPath"], "spec.containers{web}");
        assert_eq!(
            first["source"],
            json!({"component": "kubelet", "host": "worker-1"})
        );
    }

    #[test]
    fn stories_of_one_moment_are_listed_in_their_order() {
        let (store, mut recorder, pod) = world();
        let reasons = [
            "Pulling", "Pulled", "Created", "Started", "Killing", "BackOff",
        ];
        for reason in reasons {
            let told = Story::normal(Source::kubelet("worker-1"), reason, "so it is");
            recorder.record(&store, minute(3), &pod, &told);
        }
        let listed: Vec<String> = store
            .list(&EVENTS, None)
            .iter()
            .map(|event| text(&event.value(), "/reason").to_owned())
            .collect();
        assert_eq!(listed, reasons);
    }

    #[test]
    fn events_are_forgotten_an_hour_after_they_were_seen_last() {
        let (store, mut recorder, pod) = world();
        let told = Story::normal(
            Source::component("default-scheduler"),
            "Scheduled",
            "assigned",
        );
        recorder.record(&store, minute(0), &pod, &told);
        recorder.record(&store, minute(8), &pod, &told);
        recorder.forget_old(&store, minute(61));
        assert_eq!(store.list(&EVENTS, None).len(), 1);
        recorder.forget_old(&store, minute(69));
        assert!(store.list(&EVENTS, None).is_empty());
    }
}
