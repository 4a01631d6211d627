//! Prints lines as text, or as one JSON object each. Marks go to standard error, or are objects of
//! their own kind.

use crate::cli::out::{self, Out};
use crate::domain::logs::buffer::Line;
use crate::domain::logs::{Log, Mark};
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
        let stamp = || line.at.rfc3339();
        let object = || {
            json!({
                "time": stamp(),
                "namespace": &*info.source.namespace,
                "pod": &*info.source.pod,
                "container": &*info.source.container,
            })
        };
        if let Some(mark) = line.mark {
            if self.json {
                let mut object = object();
                object["mark"] = kind(mark).into();
                object["text"] = mark.to_string().into();
                if let Mark::Ended { exit_code, .. } = mark {
                    object["exitCode"] = (*exit_code).into();
                }
                return out.line(object);
            }
            out.flush()?;
            out::warn(&format!("── {}: {mark}", info.source));
            return Ok(());
        }
        if self.json {
            let mut object = object();
            object["message"] = line.text.into();
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
