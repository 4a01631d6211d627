//! One log: the lines of some containers, merged and kept.

use super::buffer::{Buffer, NewLine, Older, Seq};
use super::histogram::Histogram;
use super::level::Level;
use super::merge::{Merge, Merged, Order};
use super::stamp::Nanos;
use super::target::Member;
use super::{Chunk, Item, Mark, Source, SourceId, SourceState};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A source and how it has fared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceInfo {
    /// Which container.
    pub source: Source,
    /// How its stream stands.
    pub state: SourceState,
    /// A short name that no other source of the log has.
    pub short: String,
    /// Lines it brought.
    pub lines: u64,
    /// The pod that is read, by its uid: another one may come under its name.
    pub pod: Text,
    trace: Trace,
}

/// A source that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'a> {
    /// Its place in the log.
    pub id: SourceId,
    /// Which.
    pub source: &'a Source,
    /// It was read before, in a pod of the same name that is gone.
    pub again: bool,
}

/// What is kept of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many lines.
    pub lines: u64,
    /// When the first of them was written.
    pub first: Option<Nanos>,
}

/// Whether the lines of a source are in the middle of a trace, and of what level that is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trace {
    kind: TraceKind,
    level: Option<Level>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum TraceKind {
    /// Any line could begin one.
    #[default]
    None,
    /// `Traceback (most recent call last):` was read: its last line says what happened.
    Python,
    /// `panic:` or `fatal error:` was read: goroutines follow.
    Go,
}

/// What is counted in the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that came from the server.
    pub lines: u64,
    /// Bytes of their text.
    pub bytes: u64,
    /// Lines that the ring gave up.
    pub evicted: u64,
    /// Places where lines are missing.
    pub gaps: u64,
}

/// The log.
#[derive(Debug)]
pub struct Log {
    sources: Vec<SourceInfo>,
    known: HashMap<Source, SourceId>,
    merge: Merge,
    buffer: Buffer,
    histogram: Histogram,
    counts: Counts,
}

impl Log {
    /// An empty log that keeps about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            sources: Vec::new(),
            known: HashMap::new(),
            merge: Merge::default(),
            buffer: Buffer::new(limit),
            histogram: Histogram::default(),
            counts: Counts::default(),
        }
    }

    /// Keeps about so much from now on.
    pub fn set_limit(&mut self, limit: usize) {
        self.buffer.set_limit(limit);
        if let Some(first) = self.buffer.get(self.buffer.first()) {
            self.histogram.trim(first.at);
        }
    }

    /// The sources, in the order in which they joined.
    pub fn sources(&self) -> &[SourceInfo] {
        &self.sources
    }

    /// The source of that id.
    pub fn source(&self, id: SourceId) -> Option<&SourceInfo> {
        self.sources.get(id.0 as usize)
    }

    /// The id of a source that has joined.
    pub fn find(&self, source: &Source) -> Option<SourceId> {
        self.known.get(source).copied()
    }

    /// The kept lines.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Lines and errors by time.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Counts since the beginning.
    pub fn counts(&self) -> Counts {
        Counts {
            evicted: self.buffer.evicted(),
            ..self.counts
        }
    }

    /// How lines of different sources follow each other.
    pub fn order(&self) -> Order {
        self.merge.order()
    }

    /// Changes that for lines that are still to come.
    pub fn set_order(&mut self, order: Order) {
        self.merge.set_order(order);
    }

    /// Sources join. Those that were not there yet come back with their ids.
    pub fn join<'a>(
        &mut self,
        sources: impl IntoIterator<Item = &'a Source>,
    ) -> Vec<(SourceId, &'a Source)> {
        let mut new = Vec::new();
        for source in sources {
            let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
            if let Entry::Vacant(place) = self.known.entry(source.clone()) {
                place.insert(id);
                self.sources.push(SourceInfo {
                    source: source.clone(),
                    ..SourceInfo::default()
                });
                self.merge.set_open(id, true, true);
                new.push((id, source));
            }
        }
        if !new.is_empty() {
            self.name();
        }
        new
    }

    /// Containers belong to the target. Those that are not read yet come back, and, where the log
    /// is followed, those of a new pod under the name of one that is gone.
    pub fn admit<'a>(
        &mut self,
        members: impl IntoIterator<Item = &'a Member>,
        follow: bool,
    ) -> Vec<Admitted<'a>> {
        let members: Vec<&Member> = members.into_iter().collect();
        let new = self.join(members.iter().map(|member| &member.source));
        let admitted = |(id, source)| Admitted {
            id,
            source,
            again: false,
        };
        let mut admitted: Vec<Admitted<'_>> = new.into_iter().map(admitted).collect();
        for member in members {
            let Some(id) = self.find(&member.source) else {
                continue;
            };
            let Some(info) = self.sources.get_mut(id.0 as usize) else {
                continue;
            };
            if info.pod.is_empty() {
                info.pod = member.pod.clone();
            } else if follow && info.state == SourceState::Ended && info.pod != member.pod {
                info.pod = member.pod.clone();
                info.state = SourceState::Queued;
                self.merge.set_open(id, true, true);
                admitted.push(Admitted {
                    id,
                    source: &member.source,
                    again: true,
                });
            }
        }
        admitted
    }

    /// What is kept of each source.
    pub fn kept(&self) -> Vec<Kept> {
        let mut kept = vec![Kept::default(); self.sources.len()];
        for line in self.buffer.lines().filter(|line| line.mark.is_none()) {
            if let Some(kept) = kept.get_mut(line.source.0 as usize) {
                kept.lines += 1;
                kept.first.get_or_insert(line.at);
            }
        }
        kept
    }

    /// Gives each source the shortest name that tells it from the others.
    fn name(&mut self) {
        let mut containers: HashMap<(&Text, &Text), u32> = HashMap::new();
        for info in &self.sources {
            let pod = (&info.source.namespace, &info.source.pod);
            *containers.entry(pod).or_default() += 1;
        }
        let name = |source: &Source| {
            let pod = short_pod(&source.pod);
            match containers.get(&(&source.namespace, &source.pod)) {
                Some(2..) => format!("{pod}/{}", source.container),
                _ => pod,
            }
        };
        let names: Vec<String> = self.sources.iter().map(|info| name(&info.source)).collect();
        let mut times: HashMap<&str, u32> = HashMap::new();
        for name in &names {
            *times.entry(name).or_default() += 1;
        }
        for (info, name) in self.sources.iter_mut().zip(&names) {
            info.short = match times.get(name.as_str()) {
                Some(2..) => info.source.to_string(),
                _ => name.clone(),
            };
        }
    }

    /// Takes in what a source brought. Returns when [`Log::release`] is to be called, when lines
    /// wait.
    pub fn take(&mut self, chunk: Chunk, now: Timestamp) -> Option<Timestamp> {
        let id = chunk.source;
        for item in chunk.items {
            match item {
                Item::State(state) => {
                    if let Some(info) = self.sources.get_mut(id.0 as usize) {
                        let open = !matches!(
                            state,
                            SourceState::Ended | SourceState::Waiting(_) | SourceState::Lost(_)
                        );
                        self.merge.set_open(id, open, state.is_catching_up());
                        info.state = state;
                    }
                }
                Item::Told(until) => self.merge.set_told(id, until),
                Item::Pod(uid) => {
                    if let Some(info) = self.sources.get_mut(id.0 as usize) {
                        info.pod = uid;
                    }
                }
                item => self.merge.take(id, item, now),
            }
        }
        self.release(now)
    }

    /// Keeps the lines that need to wait no longer for earlier ones of other sources. Returns when
    /// to call again, when lines still wait.
    pub fn release(&mut self, now: Timestamp) -> Option<Timestamp> {
        let Self {
            sources,
            known: _,
            merge,
            buffer,
            histogram,
            counts,
        } = self;
        let evicted = buffer.evicted();
        let again = merge.release(now, |merged| match merged {
            Merged::Line {
                at,
                source,
                raw,
                cut,
            } => {
                let Some(info) = sources.get_mut(source.0 as usize) else {
                    return;
                };
                let line = NewLine {
                    at,
                    source,
                    raw,
                    cut,
                };
                let line = buffer.push(&line, |text, level| info.trace.follows(text, level));
                histogram.add(at, line.level);
                info.lines += 1;
                counts.lines += 1;
                counts.bytes += raw.len() as u64 + cut;
            }
            Merged::Mark(at, source, mark) => {
                let at = if at == Nanos::default() {
                    Nanos::of(now)
                } else {
                    at
                };
                counts.gaps += u64::from(matches!(mark, Mark::Gap { .. }));
                if let Some(info) = sources.get_mut(source.0 as usize) {
                    info.trace = Trace::default();
                }
                buffer.push_mark(at, source, mark);
            }
        });
        if buffer.evicted() > evicted
            && let Some(first) = buffer.get(buffer.first())
        {
            histogram.trim(first.at);
        }
        again
    }

    /// Keeps older lines of the sources before the first one, merged by time.
    pub fn prepend(&mut self, mut lines: Vec<Older>) {
        lines.sort_by_key(|line| (line.at, line.source));
        for Older { source, .. } in &lines {
            if let Some(info) = self.sources.get_mut(source.0 as usize) {
                info.lines += 1;
            }
        }
        self.counts.lines += lines.len() as u64;
        let new = lines.iter().map(|line| NewLine {
            at: line.at,
            source: line.source,
            raw: &line.raw,
            cut: line.cut,
        });
        let mut traces = vec![Trace::default(); self.sources.len()];
        self.buffer.prepend(new, |source, text, level| {
            let trace = traces.get_mut(source.0 as usize);
            trace.map_or((false, level), |trace| trace.follows(text, level))
        });
        let first = self.buffer.first().0;
        for seq in (first..).take(lines.len()) {
            if let Some(line) = self.buffer.get(Seq(seq)) {
                self.histogram.add(line.at, line.level);
            }
        }
    }

    /// Gives up the oldest segment: another log needs the room.
    pub fn evict(&mut self) -> bool {
        let gone = self.buffer.evict();
        if gone && let Some(first) = self.buffer.get(self.buffer.first()) {
            self.histogram.trim(first.at);
        }
        gone
    }
}

impl Trace {
    /// Whether a line goes on with a trace, and with which level.
    fn follows(&mut self, text: &str, level: Option<Level>) -> (bool, Option<Level>) {
        let indented = text.starts_with([' ', '\t']);
        let goes_on = match self.kind {
            TraceKind::Python if indented || text.is_empty() => true,
            // `ValueError: …` ends a Python trace and belongs to it.
            TraceKind::Python => {
                self.kind = TraceKind::None;
                text.split([':', ' ']).next().is_some_and(|word| {
                    word.len() > 5 && (word.ends_with("Error") || word.ends_with("Exception"))
                })
            }
            TraceKind::Go => {
                indented
                    || text.is_empty()
                    || text.starts_with("goroutine ")
                    || text.starts_with("[signal ")
                    || text.starts_with("created by ")
                    || text.starts_with("exit status ")
                    || (text.ends_with(')') && !text.contains(' '))
            }
            TraceKind::None => {
                (indented && !text.trim().is_empty())
                    || text.starts_with("Caused by: ")
                    || text.starts_with("Traceback (most recent call last)")
            }
        };
        if text.starts_with("Traceback (most recent call last)") {
            self.kind = TraceKind::Python;
        }
        if goes_on {
            return (true, self.level);
        }
        self.kind = if text.starts_with("panic: ") || text.starts_with("fatal error: ") {
            TraceKind::Go
        } else if text.starts_with("Traceback ") {
            TraceKind::Python
        } else {
            TraceKind::None
        };
        self.level = level;
        (false, level)
    }
}

/// A pod's name without the hash of its template: `api-7d9c4b5f-5jmkx` is `api-5jmkx`.
fn short_pod(name: &str) -> String {
    let mut parts = name.rsplitn(3, '-');
    let (last, hash, base) = (parts.next(), parts.next(), parts.next());
    if let (Some(last), Some(hash), Some(base)) = (last, hash, base)
        && last.len() == 5
        && (8..=10).contains(&hash.len())
        && hash
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && hash.bytes().any(|b| b.is_ascii_digit())
    {
        return format!("{base}-{last}");
    }
    name.to_owned()
}
