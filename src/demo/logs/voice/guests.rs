//! Programs that others wrote, each in its own dialect.

use jiff::civil::DateTime;

use super::formats::{clock, rfc3339_milli};
use super::happening::{fill, pick};
use super::{Level, Speaker, Voice, put};
use crate::demo::random::Random;

/// A program with a dialect of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// zap's JSON.
    Etcd,
    /// logfmt with a subsystem.
    Cilium,
    /// Queries in brackets.
    Coredns,
    /// `LOG:` and `ERROR:` with continuation lines.
    Postgres,
    /// `1:M` and a star.
    Redis,
    /// logfmt with a source file.
    Prometheus,
    /// logfmt with a logger.
    Grafana,
    /// Common log format with a router's name.
    Traefik,
    /// Java's own logging.
    Tomcat,
}

impl Guest {
    /// Events in a thousand seconds.
    pub fn pace(self) -> u64 {
        match self {
            Self::Etcd => 400,
            Self::Cilium => 150,
            Self::Coredns => 2500,
            Self::Postgres => 300,
            Self::Redis => 60,
            Self::Prometheus => 90,
            Self::Grafana => 200,
            Self::Traefik => 6000,
            Self::Tomcat => 120,
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn month(face: &DateTime) -> &'static str {
    usize::try_from(face.month() - 1)
        .ok()
        .and_then(|at| MONTHS.get(at))
        .copied()
        .unwrap_or("Jan")
}

/// Writes one event of a guest.
pub fn speak(
    guest: Guest,
    speaker: &Speaker,
    face: &DateTime,
    random: &mut Random,
    out: &mut Vec<u8>,
) {
    match guest {
        Guest::Etcd => etcd(face, random, out),
        Guest::Coredns => coredns(random, out),
        Guest::Postgres => postgres(face, random, out),
        Guest::Traefik => access(speaker, face, random, out),
        _ => {
            let (level, message) = remark(guest, random);
            let message = fill(message, random);
            line_of(guest, face, level, &message, out);
        }
    }
}

/// What a guest has to say that writes plain remarks.
fn remark(guest: Guest, random: &mut Random) -> (Level, &'static str) {
    let choices: &[(Level, &'static str)] = match guest {
        Guest::Cilium => &[
            (Level::Info, "Regenerated endpoint {n} in {ms}ms"),
            (
                Level::Info,
                "Conntrack garbage collector interval recalculated",
            ),
            (Level::Info, "Policy revision {n} realised"),
            (
                Level::Warn,
                "Unable to resolve peer {ip}: no neighbour entry",
            ),
        ],
        Guest::Redis => &[
            (Level::Info, "{k} changes in 300 seconds. Saving..."),
            (Level::Info, "Background saving started by pid {n}"),
            (Level::Info, "DB saved on disk"),
            (Level::Info, "Background saving terminated with success"),
            (Level::Warn, "Client id={n} closed by timeout"),
        ],
        Guest::Prometheus => &[
            (Level::Info, "write block started"),
            (Level::Info, "Head GC completed in {ms}ms"),
            (Level::Info, "Creating checkpoint from_segment={n}"),
            (
                Level::Warn,
                "Error on ingesting out-of-order samples num_dropped={k}",
            ),
            (
                Level::Error,
                "Scrape failed for http://{ip}:9100/metrics: context deadline exceeded",
            ),
        ],
        Guest::Grafana => &[
            (
                Level::Info,
                "Request Completed status=200 duration={ms}ms path=/api/dashboards/uid/{id}",
            ),
            (Level::Info, "Update check succeeded duration={ms}ms"),
            (Level::Warn, "Plugin signature is unsigned plugin={id}"),
            (
                Level::Error,
                "Failed to query datasource uid={id} error=timeout",
            ),
        ],
        _ => &[
            (Level::Info, "Server version name: Apache Tomcat/9.0.108"),
            (
                Level::Info,
                "Deployment of web application directory [timesheet] has finished in [{ms}] ms",
            ),
            (Level::Warn, "Session {id} was not closed properly"),
            (
                Level::Error,
                "Servlet.service() threw exception: java.lang.NullPointerException",
            ),
        ],
    };
    // The first is the most frequent, the last is rare.
    let spread = random.below(100);
    let at = match spread {
        0..55 => 0,
        55..80 => 1,
        80..96 => 2,
        _ => choices.len() - 1,
    };
    choices
        .get(at)
        .copied()
        .unwrap_or((Level::Info, "still here"))
}

/// One remark in the dialect of the speaker.
pub fn line(speaker: &Speaker, face: &DateTime, level: Level, message: &str, out: &mut Vec<u8>) {
    match speaker.voice {
        Voice::Guest(guest) => line_of(guest, face, level, message, out),
        Voice::Klog => {
            klog_head(face, level, "main.go", 87, out);
            put!(out, "\"{message}\"");
        }
        _ => {
            put!(
                out,
                "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [{}] 1#1: {message}",
                face.year(),
                face.month(),
                face.day(),
                face.hour(),
                face.minute(),
                face.second(),
                if level >= Level::Error {
                    "error"
                } else {
                    "notice"
                }
            );
        }
    }
}

fn line_of(guest: Guest, face: &DateTime, level: Level, message: &str, out: &mut Vec<u8>) {
    let lower = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    match guest {
        Guest::Redis => {
            let sign = if level >= Level::Warn { '#' } else { '*' };
            put!(
                out,
                "1:M {:02} {} {:04} {:02}:{:02}:{:02}.{:03} {sign} {message}",
                face.day(),
                month(face),
                face.year(),
                face.hour(),
                face.minute(),
                face.second(),
                face.subsec_nanosecond() / 1_000_000
            );
        }
        Guest::Tomcat => {
            let level = match level {
                Level::Warn => "WARNING",
                Level::Error => "SEVERE",
                _ => "INFO",
            };
            put!(
                out,
                "{:02}-{}-{:04} {:02}:{:02}:{:02}.{:03} {level} [main] org.apache.catalina.core.StandardEngine.log {message}",
                face.day(),
                month(face),
                face.year(),
                face.hour(),
                face.minute(),
                face.second(),
                face.subsec_nanosecond() / 1_000_000
            );
        }
        Guest::Etcd => {
            put!(out, "{{\"level\":\"{lower}\",\"ts\":\"");
            rfc3339_milli(face, out);
            put!(
                out,
                "\",\"caller\":\"etcdmain/main.go:50\",\"msg\":\"{message}\"}}"
            );
        }
        Guest::Postgres => postgres_line(
            face,
            if level >= Level::Error {
                "ERROR"
            } else {
                "LOG"
            },
            message,
            out,
        ),
        Guest::Coredns => put!(out, "[{}] {message}", lower.to_ascii_uppercase()),
        Guest::Cilium | Guest::Prometheus | Guest::Grafana | Guest::Traefik => {
            out.extend_from_slice(b"time=");
            rfc3339_milli(face, out);
            let subject = match guest {
                Guest::Cilium => "subsys=daemon",
                Guest::Prometheus => "source=head.go:1306 component=tsdb",
                Guest::Grafana => "logger=context",
                _ => "entryPointName=websecure",
            };
            put!(out, " level={lower} {subject} msg=\"{message}\"");
        }
    }
}

fn etcd(face: &DateTime, random: &mut Random, out: &mut Vec<u8>) {
    let (level, caller, message) = match random.below(40) {
        0 => (
            "warn",
            "etcdserver/util.go:170",
            "apply request took too long",
        ),
        1..12 => ("info", "mvcc/hash.go:151", "storing new hash"),
        12..24 => (
            "info",
            "mvcc/kvstore_compaction.go:72",
            "finished scheduled compaction",
        ),
        _ => ("info", "mvcc/index.go:214", "compact tree index"),
    };
    put!(out, "{{\"level\":\"{level}\",\"ts\":\"");
    rfc3339_milli(face, out);
    put!(
        out,
        "\",\"caller\":\"{caller}\",\"msg\":\"{message}\",\"revision\":{},\"took\":\"{}ms\"}}",
        90_000_000 + random.below(900_000),
        1 + random.below(180)
    );
}

fn coredns(random: &mut Random, out: &mut Vec<u8>) {
    let (name, code) = match random.below(12) {
        0 => ("api.github.com.cluster.local.", "NXDOMAIN"),
        1 => ("ledger.billing-prod.svc.cluster.local.", "NOERROR"),
        2 => ("mx1.mail.example.", "SERVFAIL"),
        _ => ("payments.checkout-prod.svc.cluster.local.", "NOERROR"),
    };
    put!(
        out,
        "[INFO] {}:{} - {} \"A IN {name} udp {} false 1232\" {code} qr,aa,rd {} 0.000{:06}s",
        fill("{ip}", random),
        32_000 + random.below(30_000),
        random.below(65_536),
        40 + random.below(60),
        100 + random.below(80),
        random.below(900_000)
    );
}

fn postgres_line(face: &DateTime, level: &str, message: &str, out: &mut Vec<u8>) {
    clock(face, ' ', '.', out);
    put!(out, " UTC [1] {level}:  {message}");
}

fn postgres(face: &DateTime, random: &mut Random, out: &mut Vec<u8>) {
    match random.below(30) {
        0 => {
            postgres_line(
                face,
                "ERROR",
                "duplicate key value violates unique constraint \"orders_pkey\"",
                out,
            );
            put!(
                out,
                "\n\tDETAIL:  Key (id)=({}) already exists.\n\tSTATEMENT:  INSERT INTO orders (id, total)\n\t\tVALUES ($1, $2)",
                random.below(900_000)
            );
        }
        1..4 => postgres_line(
            face,
            "LOG",
            &fill(
                "duration: {ms} ms  statement: SELECT * FROM items WHERE id = {n}",
                random,
            ),
            out,
        ),
        4..17 => postgres_line(face, "LOG", "checkpoint starting: time", out),
        _ => postgres_line(
            face,
            "LOG",
            &fill(
                "checkpoint complete: wrote {n} buffers ({pct}%); sync={ms} ms",
                random,
            ),
            out,
        ),
    }
}

fn klog_head(face: &DateTime, level: Level, file: &str, line: u64, out: &mut Vec<u8>) {
    let letter = match level {
        Level::Debug | Level::Info => 'I',
        Level::Warn => 'W',
        Level::Error => 'E',
    };
    put!(
        out,
        "{letter}{:02}{:02} {:02}:{:02}:{:02}.{:06}       1 {file}:{line}] ",
        face.month(),
        face.day(),
        face.hour(),
        face.minute(),
        face.second(),
        face.subsec_nanosecond() / 1000
    );
}

/// Writes one event as Kubernetes' own components do.
pub fn klog(face: &DateTime, random: &mut Random, out: &mut Vec<u8>) {
    let (level, file, message) = match random.below(60) {
        0 => (
            Level::Error,
            "status.go:71",
            "\"Timed out waiting for handler\" err=\"context deadline exceeded\" path=\"/apis/{id}\"",
        ),
        1..4 => (
            Level::Warn,
            "warnings.go:110",
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        4..25 => (
            Level::Info,
            "trace.go:236",
            "Trace[{n}]: \"List\" accept:application/json,url:/api/v1/pods (total time: {ms}ms)",
        ),
        25..45 => (
            Level::Info,
            "httplog.go:134",
            "\"HTTP\" verb=\"GET\" URI=\"/readyz\" latency=\"{ms}µs\" userAgent=\"kube-probe/1.36\" srcIP=\"{ip}\" resp=200",
        ),
        _ => (
            Level::Info,
            "reflector.go:430",
            "\"Caches populated\" type=\"*v1.ConfigMap\" reflector=\"pkg/{id}\"",
        ),
    };
    let (name, line) = file.split_once(':').unwrap_or((file, "1"));
    klog_head(face, level, name, line.parse().unwrap_or(1), out);
    out.extend_from_slice(fill(message, random).as_bytes());
}

/// Writes one line of an access log, or a line of the error log beside it.
pub fn access(speaker: &Speaker, face: &DateTime, random: &mut Random, out: &mut Vec<u8>) {
    if random.below(150) == 0 {
        let message = fill(
            "*{n} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {ip}",
            random,
        );
        return line(speaker, face, Level::Error, &message, out);
    }
    let probe = random.below(8) == 0;
    let (path, agent) = if probe {
        ("/healthz".to_owned(), "kube-probe/1.36")
    } else {
        (
            fill(
                pick(
                    &[
                        "/",
                        "/assets/{id}.js",
                        "/api/items/{n}",
                        "/images/{id}.webp",
                        "/login",
                        "/.env",
                        "/api/search?q={q}",
                    ],
                    random,
                ),
                random,
            ),
            pick(
                &[
                    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15",
                    "curl/8.9.1",
                    "Googlebot/2.1 (+http://www.google.com/bot.html)",
                ],
                random,
            ),
        )
    };
    let status = match random.below(200) {
        _ if probe => 200,
        0 => 502,
        1 => 500,
        2..8 => 404,
        8..20 => 304,
        _ => 200,
    };
    put!(
        out,
        "{} - - [{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000] \"{} {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\"",
        fill("{ip}", random),
        face.day(),
        month(face),
        face.year(),
        face.hour(),
        face.minute(),
        face.second(),
        if random.below(6) == 0 && !probe {
            "POST"
        } else {
            "GET"
        },
        random.below(60_000)
    );
    if speaker.voice == Voice::Guest(Guest::Traefik) {
        put!(
            out,
            " {} \"websecure-web@kubernetes\" {}ms",
            random.below(90_000),
            1 + random.below(300)
        );
    }
}
