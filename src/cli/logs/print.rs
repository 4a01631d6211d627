//! Prints lines as text, or as one JSON object each. Marks go to standard error, or are objects of
//! their own kind.

use crate::cli::out::{self, Out};
use crate::domain::logs::buffer::Line;
use crate::domain::logs::{Log, Mark};
use crate::domain::time::brief;
use serde_json::json;
use std::io;

/// How lines are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    pub(super) json: bool,
    pub(super) timestamps: bool,
    /// Several containers: each line tells its own.
    pub(super) sources: bool,
}

impl Printer {
    /// Prints a line or a mark.
    pub(super) fn print(self, log: &Log, line: Line<'_>, out: &mut Out) -> io::Result<()> {
        let Some(info) = log.source(line.source) else {
            return Ok(());
        };
        let stamp = || {
            jiff::Timestamp::from_nanosecond(i128::from(line.at.0))
                .map(|at| format!("{at:.9}"))
                .unwrap_or_default()
        };
        if let Some(mark) = line.mark {
            if self.json {
                let mut object = json!({
                    "time": stamp(),
                    "namespace": &*info.source.namespace,
                    "pod": &*info.source.pod,
                    "container": &*info.source.container,
                    "mark": kind(mark),
                    "text": words(mark),
                });
                if let Mark::Ended { exit_code, .. } = mark {
                    object["exitCode"] = (*exit_code).into();
                }
                return out.line(object);
            }
            out.flush()?;
            out::warn(&format!("── {}: {}", info.source, words(mark)));
            return Ok(());
        }
        if self.json {
            let mut object = json!({
                "time": stamp(),
                "namespace": &*info.source.namespace,
                "pod": &*info.source.pod,
                "container": &*info.source.container,
                "message": line.text,
            });
            if let Some(level) = line.level {
                object["level"] = level.name().to_lowercase().into();
            }
            if line.cut > 0 {
                object["cut"] = line.cut.into();
            }
            return out.line(object);
        }
        let cut = if line.cut > 0 {
            format!(" … +{} bytes", line.cut)
        } else {
            String::new()
        };
        let source = if self.sources {
            format!("{} ", info.short)
        } else {
            String::new()
        };
        let stamp = if self.timestamps {
            format!("{} ", stamp())
        } else {
            String::new()
        };
        out.line(format_args!("{stamp}{source}{}{cut}", line.text))
    }
}

fn kind(mark: &Mark) -> &'static str {
    match mark {
        Mark::Ended { .. } => "ended",
        Mark::Started(_) => "started",
        Mark::Gap { .. } => "gap",
        Mark::Resumed { .. } => "resumed",
        Mark::Deleted => "deleted",
        Mark::Refused(_) => "refused",
    }
}

/// What happened, in words.
fn words(mark: &Mark) -> String {
    match mark {
        Mark::Ended {
            exit_code,
            reason,
            ran,
        } => {
            let after = ran.map_or(String::new(), |ran| format!(", after {}", brief(ran)));
            format!("ended: exit {exit_code} {reason}{after}")
        }
        Mark::Started(restarts) => format!("restarted, {restarts} times so far"),
        Mark::Gap { from, to } => match to {
            Some(to) => {
                let lost = to.timestamp().since(from.timestamp());
                #[expect(clippy::cast_precision_loss, reason = "seconds for a reader")]
                let seconds = lost.0 as f64 / 1000.0;
                format!("gap: {seconds:.1} s of lines are missing, the server no longer had them")
            }
            None => "gap: lines are missing".into(),
        },
        Mark::Resumed { after } => {
            #[expect(clippy::cast_precision_loss, reason = "seconds for a reader")]
            let seconds = after.0 as f64 / 1000.0;
            format!("connection lost for {seconds:.1} s, resumed, nothing missing")
        }
        Mark::Deleted => "the pod is gone".into(),
        Mark::Refused(failure) => format!("{}: {}", failure.what, failure.why),
    }
}
