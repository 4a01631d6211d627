//! Faults that a test switches on: what a bad day of a real cluster looks like to its clients.
//!
//! Switched with `PUT /demo/faults` (a JSON array, replaced as a whole) by the admin only. An entry
//! names its `fault` with its values and, where it shall not strike everything, a `path` (prefix),
//! a `verb` and a `count`: `{"fault": "log_cut", "lines": 1000, "by": "rst", "verb": "log"}`.

mod body;
mod frames;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::error::ApiError;
pub use body::disturb;
pub use frames::Disturbance;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// 410: an ERROR event in a watch, a Status elsewhere.
    Gone,
    /// Answers with this code at once.
    Status {
        /// HTTP status code: 401, 403, 429, 503, ...
        code: u16,
        /// Seconds in `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// Cuts the connection after so many bytes of the body.
    Cut {
        /// Bytes that still arrive.
        bytes: usize,
    },
    /// Waits before it answers.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Accepts and never answers; open watches fall silent.
    Silence,
    /// Sends slowly.
    Throttle {
        /// Bytes per second.
        bytes_per_second: usize,
    },
    /// Puts a broken object among the true ones.
    Malformed {
        /// In which way it is broken.
        how: Malformation,
    },
    /// Puts an object of this size among the true ones.
    Huge {
        /// Bytes.
        bytes: usize,
    },
    /// Streaming lists never say that the initial events are through.
    NoEndBookmark,
    /// Cuts an exec, attach or port-forward connection after so many bytes of output, before any
    /// status.
    CutStream {
        /// Bytes that are still sent.
        bytes: usize,
        /// In which way it is cut.
        #[serde(default)]
        by: Severance,
    },
    /// Waits before each message of such a connection.
    SlowFrames {
        /// Milliseconds.
        ms: u64,
    },
    /// Watches are compressed, each batch a gzip member of its own.
    GzipMembers,
    /// Cuts log streams after so many lines or bytes; at once when neither is named.
    LogCut {
        /// Lines that still arrive.
        #[serde(default)]
        lines: Option<u64>,
        /// Bytes that still arrive.
        #[serde(default)]
        bytes: Option<u64>,
        /// In which way it is cut.
        #[serde(default)]
        by: Severance,
    },
    /// Ends log streams in order after so many lines, as an API server does that shuts down.
    LogEnd {
        /// Lines that still arrive.
        lines: u64,
    },
    /// Log streams stay open and fall silent after so many lines, until faults are switched.
    LogStall {
        /// Lines that still arrive.
        #[serde(default)]
        lines: u64,
    },
    /// Sends the first second of every log that is asked for by `sinceTime` twice.
    LogRepeat,
    /// Lets no more than so many logs be read at once; further requests are held unanswered.
    LogLimit {
        /// Logs at once.
        streams: usize,
    },
    /// Gives containers a log of so many numbered lines, there as fast as they are read.
    LogFlood {
        /// Lines of each container.
        lines: u64,
    },
    /// Rotates logs now: who asks later gets none of the lines before, or only the last of them.
    /// Done once, when it is switched.
    LogRotate {
        /// Lines from before that are kept.
        #[serde(default)]
        keep: u64,
    },
    /// Kills a container of the pod that the path names now; its kubelet starts it again. Done
    /// once, when it is switched.
    Restart {
        /// The container; the first when absent.
        #[serde(default)]
        container: Option<String>,
    },
}

impl Act {
    /// Whether it is done once, at the moment at which it is switched.
    fn is_deed(&self) -> bool {
        matches!(self, Self::LogRotate { .. } | Self::Restart { .. })
    }
}

/// Ways in which a connection ends without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severance {
    /// In order, as when a proxy gives up.
    #[default]
    Fin,
    /// By a reset, as when a process or a machine dies.
    Rst,
}

/// Ways to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    /// No metadata at all.
    NoMetadata,
    /// Text, lists and numbers where objects belong.
    WrongTypes,
    /// `null` instead of an object.
    Null,
    /// Not even JSON.
    NotJson,
    /// Fields that nobody knows.
    UnknownFields,
    /// Terminal escapes and bidi controls in names, labels and messages.
    Hostile,
}

/// A fault and the requests that it befalls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fault {
    #[serde(flatten)]
    act: Act,
    /// Prefix of the path; all paths when absent.
    #[serde(default)]
    path: Option<String>,
    /// `list`, `watch`, `continue` (a further page), `log`, `get`, ...; all verbs when absent.
    #[serde(default)]
    verb: Option<String>,
    /// How many times it still strikes; always when absent.
    #[serde(default)]
    count: Option<u64>,
}

impl Fault {
    fn befalls(&self, verbs: &[&str], path: &str) -> bool {
        self.path
            .as_ref()
            .is_none_or(|prefix| path.starts_with(prefix.as_str()))
            && self
                .verb
                .as_ref()
                .is_none_or(|verb| verbs.contains(&verb.as_str()))
            && self.count != Some(0)
    }
}

/// The switches.
#[derive(Debug)]
pub struct Faults {
    on: Mutex<Vec<Fault>>,
    changed: watch::Sender<u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            on: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Faults {
    /// Replaces all faults by those of a JSON array. What is to be done once is not kept but
    /// returned, with the path that it befalls.
    ///
    /// # Errors
    /// `BadRequest` saying what is not understood.
    pub fn set(&self, faults: Value) -> Result<Vec<(String, Act)>, ApiError> {
        let faults: Vec<Fault> = serde_json::from_value(faults)
            .map_err(|error| ApiError::bad_request(format!("faults: {error}")))?;
        let (deeds, faults): (Vec<_>, Vec<_>) =
            faults.into_iter().partition(|fault| fault.act.is_deed());
        *self.lock() = faults;
        self.changed.send_modify(|count| *count += 1);
        let deed = |fault: Fault| (fault.path.unwrap_or_default(), fault.act);
        Ok(deeds.into_iter().map(deed).collect())
    }

    /// What is switched on.
    pub fn told(&self) -> Value {
        json!(*self.lock())
    }

    /// Wakes when faults are switched.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The faults that strike a request now; counted ones are used up by it.
    pub fn strike(&self, verbs: &[&str], path: &str) -> Vec<Act> {
        self.strike_where(verbs, path, |_| true)
    }

    /// Those of the faults that are of some sort; others are not used up.
    pub fn strike_where(
        &self,
        verbs: &[&str],
        path: &str,
        wanted: impl Fn(&Act) -> bool,
    ) -> Vec<Act> {
        let mut struck = Vec::new();
        for fault in self
            .lock()
            .iter_mut()
            .filter(|fault| fault.befalls(verbs, path) && wanted(&fault.act))
        {
            fault.count = fault.count.map(|count| count - 1);
            struck.push(fault.act.clone());
        }
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The object that a fault puts among the true ones.
pub fn intruder(act: &Act, api_version: &str, kind: &str) -> Option<Vec<u8>> {
    let typed = |mut object: Value| {
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        object.to_string().into_bytes()
    };
    let metadata = |name: &str| json!({"name": name, "namespace": "default", "uid": format!("fault-{name}"), "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"});
    Some(match act {
        Act::Huge { bytes } => {
            let mut huge = json!({"metadata": metadata("huge"), "spec": {}, "status": {}});
            huge["metadata"]["annotations"] = json!({"padding": "x".repeat(*bytes)});
            typed(huge)
        }
        Act::Malformed { how } => match how {
            Malformation::NoMetadata => typed(json!({"spec": {"containers": []}})),
            Malformation::WrongTypes => typed(
                json!({"metadata": {"name": 5, "labels": "x", "uid": []}, "spec": [1], "status": "up"}),
            ),
            Malformation::Null => b"null".to_vec(),
            Malformation::NotJson => b"{\"metadata\":{\"name\":NaN,}".to_vec(),
            Malformation::UnknownFields => typed(
                json!({"metadata": metadata("unknown-fields"), "spec": {"quux": [{}]}, "status": {"phase": "Running"}, "quux": 1}),
            ),
            Malformation::Hostile => {
                let mut hostile = json!({"metadata": metadata("evil\u{1b}[31m\u{202e}name\r\n"), "spec": {}, "status": {"phase": "Running", "message": "\u{1b}]0;owned\u{7}\u{9b}2J"}});
                hostile["metadata"]["labels"] =
                    json!({"app.kubernetes.io/part-of": "\u{1b}[2Jpwned\u{85}"});
                typed(hostile)
            }
        },
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_what_it_names_as_often_as_it_says() {
        let faults = Faults::default();
        faults.set(json!([{"fault": "gone", "verb": "watch", "path": "/api/v1/pods", "count": 1}, {"fault": "status", "code": 429, "retry_after": 2, "verb": "list"}])).unwrap();
        assert_eq!(faults.strike(&["watch"], "/api/v1/pods"), [Act::Gone]);
        assert!(faults.strike(&["watch"], "/api/v1/pods").is_empty());
        let busy = Act::Status {
            code: 429,
            retry_after: Some(2),
        };
        assert_eq!(
            faults.strike(&["continue", "list"], "/api/v1/nodes"),
            [busy]
        );
        assert_eq!(faults.told()[0]["count"], 0);
    }

    #[test]
    fn an_unknown_fault_is_named() {
        let error = Faults::default()
            .set(json!([{"fault": "meteor"}]))
            .unwrap_err();
        assert!(error.message.contains("meteor"), "{}", error.message);
    }

    #[test]
    fn what_is_done_once_is_returned_and_not_kept() {
        let faults = Faults::default();
        let deeds = faults
            .set(json!([{"fault": "log_rotate", "path": "/api/v1/namespaces/n"}, {"fault": "log_stall", "verb": "log"}]))
            .unwrap();
        let rotate = Act::LogRotate { keep: 0 };
        assert_eq!(deeds, [("/api/v1/namespaces/n".to_owned(), rotate)]);
        assert_eq!(
            faults.strike(&["get", "log"], "/api"),
            [Act::LogStall { lines: 0 }]
        );
        assert!(faults.strike_where(&["log"], "/api", |_| false).is_empty());
    }
}
