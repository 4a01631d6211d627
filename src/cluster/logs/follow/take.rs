//! What a stream brought is handed on: what is new of it, with the marks that belong between.

use super::{Closed, Follower, Taken};
use crate::cluster::logs::lines::Piece;
use crate::domain::feed::{Failure, FailureSort};
use crate::domain::logs::stamp::Stamps;
use crate::domain::logs::{Item, Mark, Source};
use crate::domain::text::Text;
use crate::domain::time::Millis;
use bytes::Bytes;

impl Follower {
    /// The run is over: what stands behind its last line feed is a line too.
    pub(super) async fn take_unfinished(&mut self) -> Result<(), Closed> {
        if let Some(piece) = self.unfinished.take() {
            self.take(vec![piece], false).await?;
        }
        Ok(())
    }

    /// Hands on what is new.
    pub(super) async fn take(&mut self, pieces: Vec<Piece>, follow: bool) -> Result<Taken, Closed> {
        let mut items = Vec::with_capacity(pieces.len());
        let mut enough = false;
        for piece in pieces {
            if let Piece::Lines(lines) = &piece
                && let Some(failure) = not_kept(lines, &self.source)
            {
                self.gaps += 1;
                items.push(Item::Mark(Mark::Refused(failure)));
                continue;
            }
            let before = self.cursor.may_miss().then(|| self.cursor.clone());
            let mut jumps = Vec::new();
            let (gap, item) = match piece {
                Piece::Lines(lines) => {
                    let (lines, past) = self.until(lines);
                    enough |= past;
                    let news = self.cursor.read(&lines);
                    jumps = news.jumps;
                    (news.gap, Item::Lines(news.lines))
                }
                Piece::Long(head, cut) => {
                    if self.is_past(&head) {
                        enough = true;
                        break;
                    }
                    match self.cursor.read_long(&head) {
                        (true, gap) => (gap, Item::Long(head, cut)),
                        (false, _) => continue,
                    }
                }
            };
            if let Some((from, to)) = gap {
                // A run of the container that its status has not told yet looks like a gap. The end
                // of the run before it comes first.
                if follow
                    && let Some(before) = before
                    && self.runs_anew().await
                {
                    self.cursor = before;
                    return Ok(Taken::OtherRun);
                }
                self.lost = None;
                self.gaps += 1;
                items.push(Item::Mark(Mark::Gap { from, to: Some(to) }));
            }
            match item {
                Item::Lines(lines) if lines.is_empty() => {}
                Item::Lines(lines) if follow && !jumps.is_empty() => {
                    self.mark_rotations(lines, jumps, &mut items).await;
                }
                item => items.push(item),
            }
            if enough {
                break;
            }
        }
        let taken = if enough { Taken::Enough } else { Taken::More };
        if items.is_empty() {
            return Ok(taken);
        }
        self.new_run = false;
        self.late_at = self.cursor.last().filter(|at| self.is_late(*at));
        self.resumed().await?;
        self.send(items).await?;
        Ok(taken)
    }

    /// Whether a line lies past the moment at which reading is to stop.
    fn is_past(&self, line: &[u8]) -> bool {
        let stamp = Stamps::default().split(line).0;
        self.reading
            .until
            .zip(stamp)
            .is_some_and(|(until, at)| at >= until)
    }

    /// Lines before the moment at which reading is to stop, and whether it was reached.
    fn until(&self, lines: Bytes) -> (Bytes, bool) {
        let Some(until) = self.reading.until else {
            return (lines, false);
        };
        let mut stamps = Stamps::default();
        let mut at = 0;
        while at < lines.len() {
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |n| at + n + 1);
            if stamps
                .split(&lines[at..end])
                .0
                .is_some_and(|stamp| stamp >= until)
            {
                return (lines.slice(..at), true);
            }
            at = end;
        }
        (lines, false)
    }

    /// After a cut: the stream goes on where it was, or waits at its end.
    pub(super) async fn resumed(&mut self) -> Result<(), Closed> {
        if let Some(lost) = self.lost.take().filter(|_| self.cursor.last().is_some()) {
            let after = Millis(i64::try_from(lost.elapsed().as_millis()).unwrap_or(i64::MAX));
            self.mark(Mark::Resumed { after }).await?;
        }
        Ok(())
    }
}

/// What a kubelet says in place of a log whose file it has removed: with 200, as if it were a line,
/// but without a stamp.
const NOT_KEPT: &[u8] = b"unable to retrieve container logs for ";

/// Why there is no log, where a kubelet says so.
fn not_kept(lines: &[u8], source: &Source) -> Option<Failure> {
    lines.starts_with(NOT_KEPT).then(|| Failure {
        what: Text::new(&format!("read the log of {source}")),
        why: Text::new(String::from_utf8_lossy(lines).trim_end()),
        remedy: "the node has removed it; what collects the logs of the cluster may have it".into(),
        sort: FailureSort::NotFound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kubelet_says_in_place_of_a_log_is_no_line_of_it() {
        let source = Source::default();
        let said = b"unable to retrieve container logs for containerd://1a";
        let failure = not_kept(said, &source);
        assert_eq!(failure.map(|it| it.sort), Some(FailureSort::NotFound));
        let line = b"2026-11-23T10:04:11.2Z unable to retrieve container logs for x\n";
        assert_eq!(not_kept(line, &source), None);
    }
}
