//! What a container writes: each program speaks as programs of its kind do.
//!
//! A [`Speaker`] knows the program and its trouble; given a moment and a source of chance it writes
//! one event, on one line or several. It must not remember anything between two events.

mod formats;
mod guests;
mod happening;
mod oddities;
mod words;

use jiff::civil::DateTime;
use serde_json::Value;

use super::run::{End, Run};
use super::script::Pace;
use super::stamp::{SECOND, civil};
use crate::demo::control::hash::fnv1a;
use crate::demo::control::json::{items, text, time};
use crate::demo::control::programs;
use crate::demo::control::status::repository;
use crate::demo::random::Random;

/// Writes formatted text to a `Vec<u8>`, which takes everything.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = write!($out, $($arg)*);
    }};
}
use put;

/// The way in which a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// Nothing at all.
    Silent,
    /// The text that its command line echoes.
    Echo,
    /// Go's structured JSON.
    GoJson,
    /// `time=… level=… msg=…`.
    Logfmt,
    /// Java's usual pattern, with stack traces.
    Logback,
    /// Node's JSON with numbered levels.
    Pino,
    /// Node's coloured lines of a developer's machine.
    Coloured,
    /// Python's usual pattern, with tracebacks.
    Python,
    /// A Python server with coloured levels.
    Uvicorn,
    /// nginx's combined access log.
    Access,
    /// Kubernetes' own components.
    Klog,
    /// Programs that others wrote.
    Guest(guests::Guest),
    /// A job that does one thing and ends.
    Job,
}

/// Repository (its end) of a program and how it speaks.
const VOICES: &[(&str, Voice)] = &[
    ("ingress-nginx/controller", Voice::Access),
    ("library/httpd", Voice::Access),
    ("library/php", Voice::Access),
    ("/nginx", Voice::Access),
    ("kube-apiserver", Voice::Klog),
    ("kube-controller-manager", Voice::Klog),
    ("kube-scheduler", Voice::Klog),
    ("kube-proxy", Voice::Klog),
    ("metrics-server", Voice::Klog),
    ("kube-state-metrics", Voice::Klog),
    ("/etcd", Voice::Guest(guests::Guest::Etcd)),
    ("cilium/cilium", Voice::Guest(guests::Guest::Cilium)),
    ("coredns", Voice::Guest(guests::Guest::Coredns)),
    ("postgresql", Voice::Guest(guests::Guest::Postgres)),
    ("/redis", Voice::Guest(guests::Guest::Redis)),
    (
        "prometheus/prometheus",
        Voice::Guest(guests::Guest::Prometheus),
    ),
    ("alertmanager", Voice::Guest(guests::Guest::Prometheus)),
    ("grafana", Voice::Guest(guests::Guest::Grafana)),
    ("traefik", Voice::Guest(guests::Guest::Traefik)),
    ("tomcat", Voice::Guest(guests::Guest::Tomcat)),
    ("/pause", Voice::Silent),
];

/// A program as it speaks.
#[derive(Debug, Clone)]
pub struct Speaker {
    voice: Voice,
    /// Project, or the namespace of a program that is of none.
    project: String,
    /// Component, or container.
    component: String,
    pod: String,
    container: String,
    version: String,
    environment: String,
    address: String,
    serves: bool,
    /// Its memory grows until the kernel ends it.
    leaks: bool,
    /// It fails while it starts, and gets to no work.
    doomed: bool,
    begin: i64,
    /// Since when it fails its readiness probe.
    sick: Option<i64>,
    end: Option<End>,
    echo: Option<String>,
}

/// How serious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers.
    Debug,
    /// As it should be.
    Info,
    /// Odd, but borne.
    Warn,
    /// Something failed.
    Error,
}

impl Speaker {
    /// The program of a container in one of its runs.
    pub fn of(pod: &Value, spec: &Value, run: &Run) -> Self {
        let image = text(spec, "/image");
        let name = repository(image);
        let label = |key: &str| {
            let labels = &pod["metadata"]["labels"];
            labels[key].as_str().unwrap_or_default().to_owned()
        };
        let or = |first: String, second: &str| {
            if first.is_empty() {
                second.to_owned()
            } else {
                first
            }
        };
        let echo = words::echoed(&command(spec));
        Self {
            voice: voice(pod, spec, run, name, echo.is_some()),
            project: or(
                label("app.kubernetes.io/part-of"),
                text(pod, "/metadata/namespace"),
            ),
            component: or(label("app.kubernetes.io/name"), &run.container),
            pod: text(pod, "/metadata/name").to_owned(),
            container: run.container.clone(),
            version: image[name.len()..]
                .trim_start_matches([':', 'v'])
                .to_owned(),
            environment: label("quarterdeck.io/environment"),
            address: or(text(pod, "/status/podIP").to_owned(), "10.0.0.1"),
            serves: !items(spec, "/ports").is_empty(),
            leaks: programs::leaks(image),
            doomed: programs::fails(image),
            begin: run.started,
            sick: sick_since(pod, run),
            end: run.end.clone(),
            echo,
        }
    }

    /// How often it writes.
    pub fn pace(&self, spec: &Value) -> Pace {
        // The pods of a component write about as often as each other.
        let draw = fnv1a(&format!("{}/{}", self.project, self.component));
        let own = fnv1a(&self.pod) % 400;
        // Powers of two from 0.125 to 8 a second, and what lies between.
        let octave = 125_u64 << (draw % 7);
        let base = octave + octave * ((draw >> 8) % 1000) / 1000;
        let base = match self.voice {
            Voice::Job => 4000,
            _ if self.doomed => return Pace::Silent,
            Voice::Silent => return Pace::Silent,
            Voice::Echo => {
                let period = words::period(&command(spec));
                return period.map_or(Pace::Silent, |seconds| Pace::Steady(seconds * SECOND));
            }
            Voice::Access => base.max(2000) * 3 / 2,
            Voice::Guest(guest) => guest.pace(),
            Voice::Klog => base.min(1000),
            _ => base,
        };
        let share = match self.environment.as_str() {
            "dev" => 15,
            "staging" => 35,
            _ => 100,
        };
        Pace::Uneven((base * share / 100 * (800 + own) / 1000).clamp(50, 20_000))
    }

    /// Writes what happens at a moment.
    pub fn speak(&self, at: i64, random: &mut Random, out: &mut Vec<u8>) {
        let face = civil(at);
        if oddities::intrude(self, random, out) {
            return;
        }
        match self.voice {
            Voice::Silent => {}
            Voice::Echo => out.extend_from_slice(self.echo.as_deref().unwrap_or("").as_bytes()),
            Voice::Guest(guest) => guests::speak(guest, self, &face, random, out),
            Voice::Klog => guests::klog(&face, random, out),
            Voice::Access => guests::access(self, &face, random, out),
            Voice::Job => formats::job(self, &face, random, out),
            _ => {
                let happening = happening::draw(self, at, random);
                formats::write(self, &face, &happening, random, out);
            }
        }
    }

    /// Lines about its own start.
    pub fn first_words(&self, at: i64) -> Vec<Vec<u8>> {
        words::first(self, at)
    }

    /// Lines that explain its end, if it has ended.
    pub fn last_words(&self, at: i64) -> Vec<Vec<u8>> {
        self.end
            .as_ref()
            .map_or_else(Vec::new, |end| words::last(self, end, at))
    }

    /// Lines about being asked to stop.
    pub fn farewell(&self, at: i64) -> Vec<Vec<u8>> {
        words::farewell(self, at)
    }

    /// Whether it fails its readiness probe at a moment.
    fn is_sick(&self, at: i64) -> bool {
        self.sick.is_some_and(|since| at >= since)
    }

    /// Percent of its memory that it uses at a moment.
    fn memory(&self, at: i64) -> i64 {
        let minutes = (at - self.begin) / (60 * SECOND);
        if self.leaks {
            (38 + minutes * 2).clamp(38, 98)
        } else {
            31 + (minutes * 7) % 23
        }
    }

    /// One line in the program's own form.
    fn line(&self, at: i64, level: Level, message: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let face: DateTime = civil(at);
        let happening = happening::Happening::plain(level, "main", message);
        match self.voice {
            Voice::Guest(_) | Voice::Klog | Voice::Access => {
                guests::line(self, &face, level, message, &mut out);
            }
            Voice::Silent | Voice::Echo => out.extend_from_slice(message.as_bytes()),
            _ => formats::write(self, &face, &happening, &mut Random::new(0), &mut out),
        }
        out
    }
}

fn command(spec: &Value) -> String {
    let words = items(spec, "/command").iter().chain(items(spec, "/args"));
    words
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

fn voice(pod: &Value, spec: &Value, run: &Run, name: &str, echoes: bool) -> Voice {
    if echoes {
        return Voice::Echo;
    }
    let line = command(spec);
    if run.init || text(pod, "/spec/restartPolicy") != "Always" {
        return if line.starts_with("sleep") {
            Voice::Silent
        } else {
            Voice::Job
        };
    }
    if line.split_whitespace().any(|word| word == "sleep") {
        return Voice::Silent;
    }
    if let Some((_, voice)) = VOICES.iter().find(|(end, _)| name.ends_with(end)) {
        return *voice;
    }
    let draw = fnv1a(name) % 2;
    let dev = pod["metadata"]["labels"]["quarterdeck.io/environment"] == "dev";
    match line.as_str() {
        line if line.starts_with("serve") && draw == 0 => Voice::GoJson,
        line if line.starts_with("-XX") || line.contains("-jar") => Voice::Logback,
        line if line.ends_with("server.js") && dev => Voice::Coloured,
        line if line.ends_with("server.js") => Voice::Pino,
        line if line.starts_with("-m") && !items(spec, "/ports").is_empty() => Voice::Uvicorn,
        line if line.starts_with("-m") => Voice::Python,
        line if line.contains("daemon off") => Voice::Access,
        _ => Voice::Logfmt,
    }
}

/// Since when the container fails its readiness probe: it runs, and not only since a moment ago.
fn sick_since(pod: &Value, run: &Run) -> Option<i64> {
    let status = items(pod, "/status/containerStatuses")
        .iter()
        .find(|status| text(status, "/name") == run.container)?;
    let up = status.pointer("/state/running").is_some() && run.end.is_none();
    if !up || status["ready"] == true {
        return None;
    }
    let ready = items(pod, "/status/conditions")
        .iter()
        .find(|condition| text(condition, "/type") == "Ready")?;
    let since = super::stamp::nanos(time(ready, "/lastTransitionTime")?);
    // One that has not been ready yet is only warming up.
    let warm = run.started + 60 * SECOND;
    Some(since.max(warm))
}
