//! Files that are rotated under a stream: whether it still tells the last one, and whether it went
//! past others.

use super::{Closed, Follower};
use crate::cluster::call::{Call, escape};
use crate::cluster::clock::now;
use crate::cluster::logs::cursor::Jump;
use crate::cluster::logs::status::pod_path;
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Item, Mark, Nanos};
use crate::domain::time::Millis;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::Instant;

/// Kubelets look this often, at most, whether a log is to be rotated.
const ROTATION: Duration = Duration::from_secs(3);

/// What is told later than this may lie in a file that was rotated twice.
const LATE: Millis = Millis(3_000);

/// What a look at one line of the log shows.
enum Look {
    Line(Nanos),
    /// There is no line.
    Empty,
    /// The server did not answer.
    Unknown,
}

impl Follower {
    /// Whether the log holds lines that the stream has not told.
    pub(super) async fn behind(&mut self) -> Result<bool, Closed> {
        let Some(last) = self.cursor.last() else {
            return Ok(false);
        };
        match self.look("&tailLines=1").await {
            Look::Line(at) => return Ok(at > last),
            // The file was rotated after the last line was read, and before that was told late:
            // it need not have been the last one.
            Look::Empty if self.late_at == Some(last) => {
                self.late_at = None;
                self.gaps += 1;
                let gap = Mark::Gap {
                    from: last,
                    to: None,
                };
                self.mark(gap).await?;
            }
            Look::Empty | Look::Unknown => {}
        }
        Ok(false)
    }

    /// Looks at one line of the log: its first one that the server still has, or its last.
    async fn look(&self, which: &str) -> Look {
        let path = format!(
            "{}/log?container={}&timestamps=true&limitBytes=64{which}",
            pod_path(&self.source),
            escape(&self.source.container)
        );
        let call = Call {
            accept: "*/*",
            ..Call::get(path)
        };
        // A server that does not answer shows it by other signs.
        match self.session.bytes(&call).await {
            Ok(bytes) if bytes.is_empty() => Look::Empty,
            Ok(bytes) => match Stamps::default().split(&bytes).0 {
                Some(at) => Look::Line(at),
                None => Look::Unknown,
            },
            Err(_) => Look::Unknown,
        }
    }

    /// A kubelet that tells a log late goes from the file that it reads to the newest one, past
    /// those between them. That leaves a jump in time, with the beginning of a file behind it.
    pub(super) async fn mark_rotations(
        &mut self,
        mut lines: Bytes,
        jumps: Vec<Jump>,
        items: &mut Vec<Item>,
    ) {
        let mut handed_on = 0;
        for Jump { at, from, to } in jumps {
            if !self.is_late(from) || self.in_one_file(from).await {
                continue;
            }
            self.gaps += 1;
            let before = lines.split_to(at - handed_on);
            handed_on = at;
            if !before.is_empty() {
                items.push(Item::Lines(before));
            }
            items.push(Item::Mark(Mark::Gap { from, to: Some(to) }));
        }
        items.push(Item::Lines(lines));
    }

    /// Whether a line of this moment is told so late that the log may have been rotated twice since.
    pub(super) fn is_late(&self, at: Nanos) -> bool {
        let now = Millis(now().0 - self.skew.0);
        now.0 - at.timestamp().0 > LATE.0
    }

    /// Whether the file that is read now began before this moment.
    async fn in_one_file(&mut self, at: Nanos) -> bool {
        let fresh = |looked: Instant| looked.elapsed() < ROTATION;
        if self
            .file
            .is_some_and(|(first, looked)| first <= at && fresh(looked))
        {
            return true;
        }
        match self.look("").await {
            Look::Line(first) => {
                self.file = Some((first, Instant::now()));
                first <= at
            }
            Look::Empty => false,
            Look::Unknown => true,
        }
    }
}
