//! What programs in panes write: a short queue for each, emptied in turns.
//!
//! In one queue for all, a flood would stand before the echo of a key. With a queue of its own each
//! program is slowed by its own reader alone. A turn is bounded and fair: first the panes that are
//! seen, the one with the keyboard before the other, a piece of each in a circle; then a little of
//! those that nobody sees, with a rest behind it, so that their floods leave the machine to the
//! person.

use crate::app::Id;
use crate::domain::exec::ExecItem;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Bytes of a program that wait at most.
const WAITING: usize = 256 * 1024;

/// The room that anything takes at least: many small pieces cost more than their bytes.
const LEAST: usize = 512;

/// Bytes that one turn takes in of all programs: a few milliseconds of the emulator's time.
const TURN: usize = 128 * 1024;

/// Things that one turn takes in: programs on a terminal often write little at a time.
const TURN_ITEMS: usize = 256;

/// Bytes of those that nobody sees which one turn takes in: about as long as a frame is drawn. What
/// a person does next waits no longer for them.
const UNSEEN_TURN: usize = 32 * 1024;

/// The least time between two turns of programs that nobody sees.
const REST: Duration = Duration::from_millis(4);

/// After a turn they rest so many times as long as it took, however slow the machine is.
const SHARE: u32 = 4;

/// Where a program puts what it writes.
#[derive(Clone, Debug)]
pub struct Output {
    items: Sender<Waiting>,
    room: Arc<Semaphore>,
    news: Arc<Notify>,
}

/// Something that waits, and the room that it takes until it is taken out.
#[derive(Debug)]
struct Waiting {
    item: ExecItem,
    _room: OwnedSemaphorePermit,
}

fn bytes(item: &ExecItem) -> usize {
    match item {
        ExecItem::Output(bytes) | ExecItem::Errors(bytes) => bytes.len(),
        ExecItem::Started | ExecItem::Ended(_) => 0,
    }
}

impl Output {
    /// Puts something in; waits while the queue is full. False when nobody listens any more.
    pub async fn give(&self, item: ExecItem) -> bool {
        let wanted = bytes(&item).clamp(LEAST, WAITING);
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(wanted).await else {
            return false;
        };
        let given = self.items.send(Waiting { item, _room: room }).await.is_ok();
        self.news.notify_one();
        given
    }
}

/// A program's queue.
#[derive(Debug)]
struct Queue {
    id: Id,
    items: Receiver<Waiting>,
}

/// The queues of all programs.
#[derive(Debug, Default)]
pub struct Outputs {
    queues: Vec<Queue>,
    news: Arc<Notify>,
    /// The place of the unseen program that begins the next turn.
    begins: usize,
    /// A turn has left something of the panes that are seen.
    left: bool,
    /// Until when programs that nobody sees wait.
    rests: Option<Instant>,
    /// The last turn has taken something of them.
    unseen: bool,
}

/// How much one turn still takes.
struct Room {
    bytes: usize,
    items: usize,
}

impl Room {
    fn is_empty(&self) -> bool {
        self.bytes == 0 || self.items == 0
    }

    fn take(&mut self, item: &ExecItem) {
        self.bytes = self.bytes.saturating_sub(bytes(item));
        self.items -= 1;
    }
}

impl Outputs {
    /// A new queue for a program. One that the program had before is dropped.
    pub fn open(&mut self, id: Id) -> Output {
        self.close(id);
        let (give, items) = mpsc::channel(WAITING / LEAST);
        self.queues.push(Queue { id, items });
        Output {
            items: give,
            room: Arc::new(Semaphore::new(WAITING)),
            news: Arc::clone(&self.news),
        }
    }

    /// Nothing of this program is wanted any more.
    pub fn close(&mut self, id: Id) {
        self.queues.retain(|queue| queue.id != id);
    }

    /// Nothing of any program is wanted any more.
    pub fn clear(&mut self) {
        self.queues.clear();
    }

    /// Waits until something was written that no turn has looked at.
    pub async fn written(&self) {
        if !self.left {
            self.news.notified().await;
        }
    }

    /// When programs that nobody sees are to have their next turn, if they wait for one.
    pub fn due(&self) -> Option<Instant> {
        let waits = self.queues.iter().any(|queue| !queue.items.is_empty());
        self.rests.filter(|_| waits)
    }

    /// Takes in the next things. `seen` are the programs whose panes are seen, the one that has the
    /// keyboard first. The turn ends with the piece that fills it.
    pub fn turn(&mut self, seen: &[Id], now: Instant) -> Vec<(Id, ExecItem)> {
        let place = |id: &Id| self.queues.iter().position(|queue| queue.id == *id);
        let first: Vec<usize> = seen.iter().filter_map(place).collect();
        let waits = |at: &usize| !self.queues[*at].items.is_empty();
        let rests = self.rests.is_some_and(|until| now < until);
        let others: Vec<usize> = (0..self.queues.len())
            .filter(|at| !rests && !first.contains(at) && waits(at))
            .collect();
        let mut room = Room {
            bytes: TURN,
            items: TURN_ITEMS,
        };
        let mut taken = Vec::new();
        self.circle(&first, &mut room, &mut taken);
        self.unseen = !others.is_empty();
        self.left = first.iter().any(|&at| !self.queues[at].items.is_empty());
        if !others.is_empty() {
            let mut room = Room {
                bytes: UNSEEN_TURN,
                items: TURN_ITEMS,
            };
            self.unseen_turn(others, &mut room, &mut taken);
            self.rests = Some(now + REST);
        }
        taken
    }

    /// The work on what the last turn took was done at `now`, after so long.
    pub fn worked(&mut self, span: Duration, now: Instant) {
        if self.unseen {
            let rests = self.rests.map(|until| until.max(now + SHARE * span));
            self.rests = rests;
        }
    }

    /// The part of a turn that goes to programs which nobody sees; it begins with another one each
    /// time.
    fn unseen_turn(
        &mut self,
        mut places: Vec<usize>,
        room: &mut Room,
        taken: &mut Vec<(Id, ExecItem)>,
    ) {
        let begins = places.iter().position(|&at| at >= self.begins);
        places.rotate_left(begins.unwrap_or(0));
        let next = self.circle(&places, room, taken);
        self.begins = places[next];
    }

    /// Takes a piece of each in a circle while there is room; how far the last circle came.
    fn circle(
        &mut self,
        places: &[usize],
        room: &mut Room,
        taken: &mut Vec<(Id, ExecItem)>,
    ) -> usize {
        loop {
            let before = taken.len();
            for (n, &at) in places.iter().enumerate() {
                if room.is_empty() {
                    return n;
                }
                let queue = &mut self.queues[at];
                if let Ok(Waiting { item, .. }) = queue.items.try_recv() {
                    room.take(&item);
                    taken.push((queue.id, item));
                }
            }
            if taken.len() == before {
                return 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    /// A piece as large as they come.
    const PIECE: usize = 32 * 1024;

    fn piece(bytes: usize) -> ExecItem {
        ExecItem::Output(vec![b'x'; bytes].into())
    }

    /// Fills the queue of a program; how many pieces it took.
    fn flood(output: &Output) -> usize {
        let full = || output.give(piece(PIECE)).now_or_never().is_none();
        (0..100).position(|_| full()).unwrap_or(100)
    }

    fn fill(outputs: &[Output]) {
        for output in outputs {
            flood(output);
        }
    }

    fn bytes(taken: &[(Id, ExecItem)]) -> usize {
        taken.iter().map(|(_, item)| super::bytes(item)).sum()
    }

    fn of(taken: &[(Id, ExecItem)], id: Id) -> usize {
        taken.iter().filter(|(it, _)| *it == id).count()
    }

    #[test]
    fn a_flood_fills_its_own_queue_and_no_other() {
        let mut outputs = Outputs::default();
        let (loud, quiet) = (outputs.open(Id(1)), outputs.open(Id(2)));
        assert_eq!(flood(&loud), WAITING / PIECE);
        assert_eq!(quiet.give(piece(1)).now_or_never(), Some(true));
    }

    #[test]
    fn the_echo_of_a_key_comes_before_floods_seen_and_unseen() {
        let now = Instant::now();
        let mut outputs = Outputs::default();
        let floods: Vec<Output> = (1..=8).map(|n| outputs.open(Id(n))).collect();
        let echo = outputs.open(Id(9));
        for turn in 0..20 {
            fill(&floods);
            assert_eq!(echo.give(piece(1)).now_or_never(), Some(true));
            let now = now + turn * REST / 3;
            let taken = outputs.turn(&[Id(9), Id(3)], now);
            assert_eq!(taken.first(), Some(&(Id(9), piece(1))), "turn {turn}");
            assert!(bytes(&taken) <= TURN + UNSEEN_TURN + 1, "{}", bytes(&taken));
        }
    }

    #[test]
    fn a_turn_is_bounded_and_the_next_one_goes_on() {
        let now = Instant::now();
        let mut outputs = Outputs::default();
        let output = outputs.open(Id(1));
        assert_eq!(flood(&output), 8);
        assert_eq!(bytes(&outputs.turn(&[Id(1)], now)), TURN);
        assert!(outputs.written().now_or_never().is_some(), "there is more");
        assert_eq!(bytes(&outputs.turn(&[Id(1)], now)), TURN);
        outputs.turn(&[Id(1)], now);
        // What was given is told once more; after that there is nothing.
        let _ = outputs.written().now_or_never();
        assert!(outputs.written().now_or_never().is_none());
    }

    #[test]
    fn what_is_seen_shares_a_turn_and_leaves_the_rest_its_own() {
        let now = Instant::now();
        let mut outputs = Outputs::default();
        let all: Vec<Output> = (1..=3).map(|n| outputs.open(Id(n))).collect();
        fill(&all);
        let taken = outputs.turn(&[Id(2), Id(1)], now);
        let shares = |taken: &[(Id, ExecItem)]| [1, 2, 3].map(|n| of(taken, Id(n)));
        assert_eq!(shares(&taken), [2, 2, 1]);
        let taken = outputs.turn(&[Id(2), Id(1)], now);
        assert_eq!(shares(&taken), [2, 2, 0], "the other one rests");
    }

    #[test]
    fn eight_unseen_floods_get_the_same_with_rests_between() {
        let mut now = Instant::now();
        let mut outputs = Outputs::default();
        let floods: Vec<Output> = (1..=8).map(|n| outputs.open(Id(n))).collect();
        let mut got = [0_usize; 8];
        for _ in 0..200 {
            fill(&floods);
            let taken = outputs.turn(&[], now);
            assert_eq!(bytes(&taken), UNSEEN_TURN);
            assert!(outputs.turn(&[], now).is_empty(), "twice without a rest");
            assert!(!outputs.left, "unseen floods wake nobody");
            assert_eq!(outputs.due(), Some(now + REST));
            for (id, _) in taken {
                got[usize::try_from(id.0).unwrap_or(0) - 1] += 1;
            }
            now += REST;
        }
        let (least, most) = (got.iter().min(), got.iter().max());
        assert_eq!((least, most), (Some(&25), Some(&25)), "{got:?}");
    }

    #[test]
    fn work_on_what_nobody_sees_takes_a_share_of_the_time_however_slow_it_is() {
        let begun = Instant::now();
        let mut outputs = Outputs::default();
        let (seen, unseen) = (outputs.open(Id(1)), outputs.open(Id(2)));
        fill(&[seen, unseen.clone()]);
        outputs.turn(&[Id(1)], begun);
        let span = Duration::from_millis(30);
        outputs.worked(span, begun + span);
        fill(&[unseen]);
        assert_eq!(outputs.due(), Some(begun + span + 4 * span));
        // Work on what is seen alone puts nothing off.
        outputs.turn(&[Id(1)], begun + span);
        outputs.worked(span, begun + 2 * span);
        assert_eq!(outputs.due(), Some(begun + span + 4 * span));
    }

    #[test]
    fn what_is_closed_is_heard_no_more_and_gives_up() {
        let mut outputs = Outputs::default();
        let (gone, again) = (outputs.open(Id(1)), outputs.open(Id(2)));
        assert_eq!(gone.give(piece(1)).now_or_never(), Some(true));
        outputs.close(Id(1));
        assert_eq!(gone.give(piece(1)).now_or_never(), Some(false));
        let anew = outputs.open(Id(2));
        assert_eq!(again.give(piece(1)).now_or_never(), Some(false));
        assert_eq!(anew.give(piece(2)).now_or_never(), Some(true));
        let taken = outputs.turn(&[Id(2)], Instant::now());
        assert_eq!(taken, [(Id(2), piece(2))]);
    }
}
