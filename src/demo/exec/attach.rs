//! `attach`: what the container says from now on.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    channel::{Exit, STDOUT, frame},
    place::Place,
    process::Inside,
};
use crate::demo::store::Store;

/// One line in this time.
const PACE: Duration = Duration::from_secs(1);

/// Tells the container's output until the session or the container ends.
pub async fn run(inside: Inside, place: Place, store: Arc<Store>) {
    let Inside {
        stdin: mut input,
        output,
        exit,
        end,
        ..
    } = inside;
    // The world's programs read nothing; what is typed is gone, as it is where nobody reads.
    let swallow = async { while input.recv().await.is_some() {} };
    let speak = async {
        let mut count: u64 = 0;
        while place.still_running(&store) {
            count += 1;
            let line = format!(
                "{} {} heartbeat {count}\n",
                Timestamp::now(),
                place.container
            );
            if output.send(frame(STDOUT, line.as_bytes())).await.is_err() {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
    };
    let ended = end
        .run_until_cancelled(async {
            tokio::select! {
                () = speak => {}
                () = async { swallow.await; std::future::pending().await } => {}
            }
        })
        .await;
    drop(output);
    if ended.is_some() {
        // A client that is gone needs no answer.
        let _ = exit.send(Exit::Code(0));
    }
}
