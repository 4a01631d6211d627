//! What the end of a stream meant, and the runs of a container before and after it.

use super::{Closed, End, Follower, Stretch};
use crate::cluster::error::Fault;
use crate::cluster::logs::cursor::Cursor;
use crate::cluster::logs::status::{Ended, Status, status};
use crate::domain::logs::{Mark, SourceState, Start};
use crate::domain::text::Text;
use std::time::Duration;
use tokio::time::Instant;

/// How often a container is looked at that has done its work: only a pod that is set up anew runs
/// it again.
const DONE_LOOK: Duration = Duration::from_secs(30);

/// After so many looks at a container that does not run they become rarer: its waits grow too.
const PATIENT: u32 = 30;

/// The status of a container comes so much later than the container itself, at most: kubelets look
/// once a second and tell then.
const STATUS_LAG: Duration = Duration::from_secs(3);

impl Follower {
    /// Reads what the container wrote before its last restart, as far back as is wanted, and how
    /// that run ended.
    pub(super) async fn run_before(&mut self) -> Result<(), Closed> {
        match self.previous_run().await {
            End::Closed => return Err(Closed),
            // There was none, or nobody keeps it.
            End::Failed(fault) if matches!(fault.code(), 400 | 404) => {}
            End::Failed(_) => {
                self.gaps += 1;
                let from = self.cursor.last().unwrap_or_default();
                self.mark(Mark::Gap { from, to: None }).await?;
            }
            _ => {}
        }
        if let Ok(status) = status(&self.session, &self.source).await {
            if let Some(ended) = status.ended.as_ref().filter(|_| status.running) {
                self.mark(ended_mark(ended)).await?;
            }
            self.known = Some(status);
        }
        // The present run is read from its beginning: nothing of it is known.
        self.reading.start = Start::Head;
        self.cursor = Cursor::default();
        Ok(())
    }

    /// Whether the container runs anew, or another pod has its name. A server that has ended the
    /// stream has probably seen the container end: then the status is waited for.
    pub(super) async fn runs_anew(&self) -> bool {
        let Some(known) = self.known.as_ref().filter(|known| !known.id.is_empty()) else {
            return false;
        };
        let lag = if self.ended_by_server {
            STATUS_LAG
        } else {
            Duration::ZERO
        };
        let until = Instant::now() + lag;
        loop {
            if let Ok(status) = status(&self.session, &self.source).await
                && (status.pod != known.pod || !status.id.is_empty() && status.id != known.id)
            {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(self.session.timing().restart_look).await;
        }
    }

    /// The stream came to its end while it was followed. Whether there will be another one.
    pub(super) async fn ended(&mut self) -> Result<bool, Closed> {
        let session = self.session.clone();
        let mut looks = 0;
        loop {
            let status = match status(&session, &self.source).await {
                Ok(status) => status,
                Err(fault) if fault.code() == 404 => return self.gone().await,
                Err(fault) => {
                    self.lost.get_or_insert_with(Instant::now);
                    self.tell(SourceState::Lost(Text::new(&fault.to_string())))
                        .await?;
                    self.rest().await;
                    continue;
                }
            };
            let known = self.known.clone().unwrap_or_default();
            if !known.pod.is_empty() && status.pod != known.pod {
                return self.gone().await;
            }
            if known.id.is_empty() {
                // The status was behind the container when it was asked first.
                self.known = Some(status.clone());
            } else if status.id != known.id && !status.id.is_empty() {
                self.take_unfinished().await?;
                // The end of the known run is read; a run in between nobody has seen.
                let runs = status.restarts.saturating_sub(known.restarts);
                if runs > 1 {
                    self.new_run = runs == 2;
                    self.run_between(runs > 2).await?;
                    looks = 0;
                }
                if looks == 0 {
                    self.tell_end(&status).await?;
                }
                self.begin_run(&known, status).await?;
                return Ok(true);
            }
            if status.running {
                // The server ended the stream, not the container.
                self.rest().await;
                return Ok(true);
            }
            if looks == 0 {
                self.take_unfinished().await?;
                self.tell_end(&status).await?;
            }
            looks += 1;
            if status.over {
                return Ok(false);
            }
            self.await_next_run(&status, looks).await?;
        }
    }

    /// The container does not run: a while passes before it is looked at again.
    async fn await_next_run(&mut self, status: &Status, looks: u32) -> Result<(), Closed> {
        let look = self.session.timing().restart_look;
        let (state, wait) = if status.done {
            (SourceState::Ended, DONE_LOOK)
        } else {
            let wait = if looks > PATIENT { look * 2 } else { look };
            (SourceState::Waiting("not running".into()), wait)
        };
        self.tell(state).await?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Whether the server has the pod no more, or another one of its name.
    async fn is_gone(&self) -> bool {
        let known = self.known.as_ref().map(|known| &known.pod);
        match status(&self.session, &self.source).await {
            Ok(status) => known.is_some_and(|pod| !pod.is_empty() && *pod != status.pod),
            Err(fault) => fault.code() == 404,
        }
    }

    /// The pod is gone; another one of its name is another one's to read.
    async fn gone(&mut self) -> Result<bool, Closed> {
        self.take_unfinished().await?;
        self.mark(Mark::Deleted).await?;
        Ok(false)
    }

    async fn tell_end(&self, status: &Status) -> Result<(), Closed> {
        match &status.ended {
            Some(ended) => self.mark(ended_mark(ended)).await,
            None => Ok(()),
        }
    }

    async fn begin_run(&mut self, known: &Status, status: Status) -> Result<(), Closed> {
        if status.restarts > known.restarts {
            self.mark(Mark::Started(status.restarts)).await?;
        }
        self.known = Some(status);
        self.new_run = true;
        Ok(())
    }

    /// Reads the run before the present one to its end, also where others want their turn between.
    async fn previous_run(&mut self) -> End {
        let stretch = Stretch {
            previous: true,
            follow: false,
        };
        loop {
            match self.stream(stretch).await {
                End::Turn => {}
                end => return end,
            }
        }
    }

    /// Reads what is kept of the run before the present one, from the last known line on. Where
    /// still more runs were `missed`, lines are missing even when that one has none.
    async fn run_between(&mut self, missed: bool) -> Result<(), Closed> {
        let from = self.cursor.last().unwrap_or_default();
        let gaps = self.gaps;
        let lost = match self.previous_run().await {
            End::Closed => return Err(Closed),
            // Nobody can say what it held.
            End::Failed(_) => true,
            _ => missed && self.gaps == gaps,
        };
        if lost {
            self.gaps += 1;
            self.mark(Mark::Gap { from, to: None }).await?;
        }
        Ok(())
    }

    /// After a broken stream: the container may have been restarted before it is opened again.
    /// Then what the old run wrote after the break comes first, as far as it is kept. False when
    /// the pod is gone.
    pub(super) async fn look_for_restart(&mut self) -> Result<bool, Closed> {
        let Some(known) = self.known.clone().filter(|known| !known.id.is_empty()) else {
            return Ok(true);
        };
        let Ok(status) = status(&self.session, &self.source).await else {
            return Ok(true);
        };
        if status.pod != known.pod {
            return self.gone().await;
        }
        if status.id == known.id || status.id.is_empty() {
            return Ok(true);
        }
        let runs = status.restarts.saturating_sub(known.restarts);
        if self.cursor.last().is_some() {
            self.run_between(runs > 1).await?;
        }
        self.tell_end(&status).await?;
        self.begin_run(&known, status).await?;
        Ok(true)
    }

    /// A stream failed. False when there is no use in trying again.
    pub(super) async fn failed(&mut self, fault: Fault, stretch: Stretch) -> Result<bool, Closed> {
        let waiting = waits(&fault);
        let known = stretch.follow && self.known.is_some();
        match fault.code() {
            400 if waiting.is_some() && stretch.follow => {
                let reason = waiting.unwrap_or_default();
                self.tell(SourceState::Waiting(reason)).await?;
                tokio::time::sleep(self.session.timing().restart_look).await;
                return Ok(true);
            }
            // A kubelet that has begun again does not know its pods for a while: only the pod itself
            // tells whether it is gone.
            404 if known && self.is_gone().await => return self.gone().await,
            404 if known => {}
            // A request that timed out is another matter.
            400..=407 | 409..=428 => {
                let what = format!("read the log of {}", self.source);
                self.mark(Mark::Refused(fault.failure(&what))).await?;
                return Ok(false);
            }
            _ => {}
        }
        self.lost.get_or_insert_with(Instant::now);
        self.tell(SourceState::Lost(Text::new(&fault.to_string())))
            .await?;
        match fault.retry_after() {
            Some(wait) => {
                let now = Instant::now();
                let least = wait.min(self.session.timing().backoff_cap);
                self.session.pulse().rest(now + least, now + wait).await;
            }
            None => self.rest().await,
        }
        Ok(true)
    }

    /// Waits before the next attempt; a server that has come back ends the wait.
    async fn rest(&mut self) {
        let now = Instant::now();
        let pulse = self.session.pulse();
        let until = pulse.slot(now + self.backoff.next());
        let least = now + self.session.timing().backoff_first.min(until - now);
        pulse.rest(least, until).await;
    }
}

fn ended_mark(ended: &Ended) -> Mark {
    let ran = ended.started.zip(ended.finished);
    Mark::Ended {
        exit_code: ended.exit_code,
        reason: ended.reason.clone(),
        ran: ran.map(|(from, to)| to.since(from)),
    }
}

/// Why the container has not started, when that is what the server says.
fn waits(fault: &Fault) -> Option<Text> {
    let Fault::Status { message, .. } = fault else {
        return None;
    };
    let told = [
        ("is waiting to start: ", ""),
        ("is waiting to start - ", ""),
        ("is terminated: ", ""),
        (
            "trying and failing to pull image",
            "the image cannot be pulled",
        ),
        ("is not available", "not available yet"),
        ("is terminated", "its log is gone"),
        ("no logs available", "the kubelet does not know it yet"),
    ];
    told.into_iter().find_map(|(sign, reason)| {
        let (_, rest) = message.split_once(sign)?;
        Some(Text::new(if reason.is_empty() { rest } else { reason }))
    })
}
