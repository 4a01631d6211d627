//! What the edge reads of logs while the server does it wrong: each line once and in order, and a
//! mark where that could not be kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "fake/proxy.rs"]
mod proxy;
#[path = "fake/stage.rs"]
mod stage;
#[path = "fake/timing.rs"]
mod timing;

use proxy::Proxy;
use quarterdeck::cluster::Timing;
use quarterdeck::cluster::{CHANNEL, Event, FeedHandle};
use quarterdeck::demo::Options;
use quarterdeck::domain::logs::{Item, Mark, Reading, Source, SourceId, SourceState};
use serde_json::{Value, json};
use stage::Stage;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};

/// Lines of each container: all of them within a fraction of a second, as `sinceTime` has it worst.
const LINES: u64 = 20_000;
/// Nothing here may take longer.
const LIMIT: Duration = Duration::from_secs(20);
/// No more comes when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(900);
const NAMESPACE: &str = "shop-prod";

/// What the sources of a log have brought.
#[derive(Default)]
struct Read {
    lines: BTreeMap<u32, Vec<u64>>,
    marks: BTreeMap<u32, Vec<Mark>>,
    states: BTreeMap<u32, SourceState>,
}

impl Read {
    fn take(&mut self, event: Event) {
        let Event::Log { chunk, .. } = event else {
            return;
        };
        let source = chunk.source.0;
        for item in chunk.items {
            match item {
                Item::Lines(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let number = |line: &str| {
                        line.split_once("seq=")?
                            .1
                            .split(' ')
                            .next()?
                            .parse::<u64>()
                            .ok()
                    };
                    let lines = self.lines.entry(source).or_default();
                    lines.extend(text.lines().filter_map(number));
                }
                Item::Long(..) => panic!("no line of the flood is long"),
                Item::Mark(mark) => self.marks.entry(source).or_default().push(mark),
                Item::State(state) => drop(self.states.insert(source, state)),
                Item::Told(_) | Item::Pod(_) => {}
            }
        }
    }

    /// Reads until nothing comes any more.
    async fn until_quiet(&mut self, events: &mut Receiver<Event>) {
        let begun = tokio::time::Instant::now();
        while let Ok(Some(event)) = tokio::time::timeout(QUIET, events.recv()).await {
            self.take(event);
            assert!(begun.elapsed() < LIMIT, "it does not come to rest");
        }
    }

    fn expect(&self, source: u32, numbers: Range<u64>) {
        let lines = self.lines.get(&source).map_or(&[][..], Vec::as_slice);
        let at = lines.iter().zip(numbers.clone()).position(|(a, b)| *a != b);
        assert!(
            lines.iter().copied().eq(numbers.clone()),
            "{} lines instead of {numbers:?}; the first other one at {at:?}: {:?}",
            lines.len(),
            at.map(|at| &lines[at..lines.len().min(at + 3)])
        );
    }

    fn marks(&self, source: u32) -> &[Mark] {
        self.marks.get(&source).map_or(&[], Vec::as_slice)
    }
}

fn flood() -> Options {
    Options {
        pods: Some(200),
        log_flood: Some(LINES),
        ..Options::default()
    }
}

async fn flooded() -> Stage {
    Stage::set(flood(), false).await
}

/// Follows the first so many pods from their first line on.
async fn follow(stage: &Stage, pods: usize) -> (Vec<FeedHandle>, Receiver<Event>, Vec<Source>) {
    let (tx, events) = mpsc::channel(CHANNEL);
    let reading = Reading {
        follow: true,
        ..Reading::once()
    };
    let sources: Vec<Source> = stage
        .pods(NAMESPACE)
        .await
        .into_iter()
        .take(pods)
        .map(|(pod, container)| Source {
            namespace: NAMESPACE.into(),
            pod: pod.into(),
            container: container.into(),
        })
        .collect();
    assert_eq!(sources.len(), pods);
    let handles = (0..)
        .zip(&sources)
        .map(|(n, source)| {
            stage
                .session
                .read_log(1, SourceId(n), source, &reading, tx.clone())
        })
        .collect();
    (handles, events, sources)
}

/// Everything of one container under these faults.
async fn under(faults: Value) -> Read {
    let stage = flooded().await;
    stage.faults(faults).await;
    let (_handles, mut events, _) = follow(&stage, 1).await;
    let mut read = Read::default();
    read.until_quiet(&mut events).await;
    read
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_second_loses_and_repeats_nothing() {
    for by in ["fin", "rst"] {
        let cut = json!({"fault": "log_cut", "lines": 7_000, "by": by, "verb": "log", "count": 2});
        let read = under(json!([cut])).await;
        read.expect(0, 0..LINES);
        let resumed = |mark: &Mark| matches!(mark, Mark::Resumed { .. });
        assert!(
            !read.marks(0).is_empty() && read.marks(0).iter().all(resumed),
            "{:?}",
            read.marks(0)
        );
        assert_eq!(read.states[&0], SourceState::Live);
    }
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_line_leaves_the_line_whole() {
    let cut =
        json!({"fault": "log_cut", "bytes": 1_000_003, "by": "rst", "verb": "log", "count": 1});
    under(json!([cut])).await.expect(0, 0..LINES);
}

#[tokio::test]
async fn an_end_that_only_the_server_wanted_is_gone_on_from() {
    let end = json!({"fault": "log_end", "lines": 5_000, "verb": "log", "count": 2});
    let read = under(json!([end])).await;
    read.expect(0, 0..LINES);
    assert!(read.marks(0).iter().all(|mark| !mark.is_loss()));
}

#[tokio::test]
async fn what_a_server_sends_twice_is_read_once() {
    let cut = json!({"fault": "log_cut", "lines": 7_000, "by": "rst", "verb": "log", "count": 1});
    under(json!([cut, {"fault": "log_repeat"}]))
        .await
        .expect(0, 0..LINES);
}

#[tokio::test]
async fn a_stream_that_falls_silent_while_the_container_goes_on_is_opened_again() {
    let stall = json!({"fault": "log_stall", "lines": 500, "verb": "log", "count": 1});
    let read = under(json!([stall])).await;
    read.expect(0, 0..LINES);
}

#[tokio::test]
async fn lines_that_were_rotated_away_during_a_cut_leave_a_gap() {
    let stage = flooded().await;
    let cut = json!({"fault": "log_cut", "lines": 7_000, "by": "fin", "verb": "log", "count": 1});
    stage.faults(json!([cut])).await;
    let (_handles, mut events, _) = follow(&stage, 1).await;
    let mut read = Read::default();
    while !matches!(read.states.get(&0), Some(SourceState::Lost(_))) {
        read.take(events.recv().await.unwrap());
    }
    // The stream rests before it is opened again.
    stage
        .faults(json!([{"fault": "log_rotate", "keep": 100}]))
        .await;
    read.until_quiet(&mut events).await;
    let lines = &read.lines[&0];
    // What the server had in its hands at the cut is lost with it.
    let before = u64::try_from(lines.len()).unwrap() - 100;
    assert!((1_000..=7_000).contains(&before), "{before}");
    assert!(
        lines
            .iter()
            .copied()
            .eq((0..before).chain(LINES - 100..LINES))
    );
    assert!(
        matches!(read.marks(0), [Mark::Gap { to: Some(_), .. }]),
        "{:?}",
        read.marks(0)
    );
}

#[tokio::test]
async fn a_restart_tells_how_the_run_ended_and_reads_both() {
    let stage = flooded().await;
    let (_handles, mut events, sources) = follow(&stage, 1).await;
    let mut read = Read::default();
    read.until_quiet(&mut events).await;
    read.expect(0, 0..LINES);
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{}", sources[0].pod);
    stage
        .faults(json!([{"fault": "restart", "path": path}]))
        .await;
    let begun = tokio::time::Instant::now();
    while read.lines[&0].len() < 2 * usize::try_from(LINES).unwrap() {
        assert!(
            begun.elapsed() < LIMIT,
            "the new run is not read: {:?}",
            read.marks(0)
        );
        read.until_quiet(&mut events).await;
    }
    assert!(
        read.lines[&0]
            .iter()
            .copied()
            .eq((0..LINES).chain(0..LINES))
    );
    let [Mark::Ended { .. }, Mark::Started(restarts)] = read.marks(0) else {
        panic!("{:?}", read.marks(0));
    };
    assert!(*restarts > 0);
}

/// By the default waits: probes fail twice in a row, or a look at the end of the log shows that the
/// stream has stopped, and the next attempt comes.
#[test]
fn the_default_waits_keep_the_promised_limits() {
    let timing = Timing::default();
    let dead = timing.ping_every * 2 + timing.ping_deadline * 2;
    assert!(dead + timing.backoff_cap < Duration::from_secs(30));
    let stalled = timing.stall + timing.unary;
    assert!(stalled + timing.backoff_cap <= Duration::from_secs(30));
    // A restarted container is read within two seconds of its status.
    assert!(timing.restart_look + timing.caught_up < Duration::from_secs(2));
}

#[tokio::test]
async fn a_connection_that_is_swallowed_is_told_and_gone_on_from() {
    let mut proxy = None;
    let stage = Stage::behind(flood(), false, async |port| {
        let before = Proxy::before(port).await;
        let own = before.port;
        proxy = Some(before);
        own
    });
    let (stage, proxy) = (stage.await, proxy.unwrap());
    stage
        .faults(json!([{"fault": "log_stall", "lines": 9_000, "verb": "log", "count": 1}]))
        .await;
    let (_handles, mut events, _) = follow(&stage, 1).await;
    let mut read = Read::default();
    while read.lines.get(&0).is_none_or(|lines| lines.len() < 9_000) {
        read.take(events.recv().await.unwrap());
    }
    proxy.swallow(true);
    let begun = tokio::time::Instant::now();
    while !matches!(read.states.get(&0), Some(SourceState::Lost(_))) {
        let event = tokio::time::timeout(LIMIT, events.recv()).await.unwrap();
        read.take(event.unwrap());
    }
    // The waits of tests are a twentieth of the default ones, and so is what is promised.
    assert!(
        begun.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        begun.elapsed()
    );
    proxy.swallow(false);
    read.until_quiet(&mut events).await;
    read.expect(0, 0..LINES);
    assert!(
        matches!(read.marks(0), [Mark::Resumed { .. }]),
        "{:?}",
        read.marks(0)
    );
}

#[tokio::test]
async fn when_the_server_bears_few_streams_they_take_turns_and_none_starves() {
    const PODS: usize = 8;
    let stage = flooded().await;
    stage
        .faults(json!([{"fault": "log_limit", "streams": 3}]))
        .await;
    let (_handles, mut events, _) = follow(&stage, PODS).await;
    let mut read = Read::default();
    let begun = tokio::time::Instant::now();
    let mut served = BTreeMap::new();
    let whole = |read: &Read| {
        let all = usize::try_from(LINES).unwrap();
        read.lines.len() == PODS && read.lines.values().all(|lines| lines.len() >= all)
    };
    while !whole(&read) {
        assert!(begun.elapsed() < LIMIT, "{:?}", read.lines.keys());
        let event = tokio::time::timeout(LIMIT, events.recv()).await.unwrap();
        read.take(event.unwrap());
        for source in read.lines.keys() {
            served.entry(*source).or_insert_with(|| begun.elapsed());
        }
    }
    let last = served.values().max().unwrap();
    assert!(*last < Duration::from_secs(10), "one starved for {last:?}");
    for source in 0..u32::try_from(PODS).unwrap() {
        read.expect(source, 0..LINES);
    }
}

/// Any so many running containers of the whole cluster.
async fn anywhere(stage: &Stage, count: usize) -> Vec<Source> {
    let request = http::Request::get("/api/v1/pods").body(Vec::new()).unwrap();
    let list: Value = stage.client.request(request).await.unwrap();
    let pods = list["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().into();
    let running = pods.filter(|pod| pod["status"]["phase"] == "Running");
    let sources = running.map(|pod| Source {
        namespace: text(&pod["metadata"]["namespace"]),
        pod: text(&pod["metadata"]["name"]),
        container: text(&pod["spec"]["containers"][0]["name"]),
    });
    sources.take(count).collect()
}

#[tokio::test]
async fn a_hundred_logs_at_once_take_turns_on_a_server_that_bears_twenty() {
    const PODS: usize = 100;
    const FEW: u64 = 300;
    let options = Options {
        log_flood: Some(FEW),
        ..flood()
    };
    let stage = Stage::set(options, false).await;
    stage
        .faults(json!([{"fault": "log_limit", "streams": 20}]))
        .await;
    let sources = anywhere(&stage, PODS).await;
    assert_eq!(sources.len(), PODS);
    let (tx, mut events) = mpsc::channel(CHANNEL);
    let reading = Reading {
        follow: true,
        ..Reading::once()
    };
    let begun = tokio::time::Instant::now();
    let _handles: Vec<FeedHandle> = (0..)
        .zip(&sources)
        .map(|(n, source)| {
            stage
                .session
                .read_log(1, SourceId(n), source, &reading, tx.clone())
        })
        .collect();
    let mut read = Read::default();
    let mut queued = false;
    while read.lines.len() < PODS || read.lines.values().any(|it| it.len() < 300) {
        let event = tokio::time::timeout(LIMIT, events.recv()).await.unwrap();
        read.take(event.unwrap());
        let waits = |state: &SourceState| *state == SourceState::Queued;
        queued |= read.states.values().any(waits);
        // Ten seconds are promised; on a busy machine the streams themselves take a while.
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{} are read",
            read.lines.len()
        );
    }
    assert!(queued, "those that wait are told");
    for source in 0..u32::try_from(PODS).unwrap() {
        read.expect(source, 0..FEW);
    }
}
