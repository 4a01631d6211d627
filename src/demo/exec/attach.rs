//! `attach`: what the container says from now on, which is what its log gets.

use std::sync::Arc;

use http_body_util::BodyExt;

use super::{
    channel::{Exit, PAYLOAD, STDOUT, frame},
    process::Inside,
};
use crate::demo::{
    error::ApiError,
    logs::{self, Logs},
    place::Place,
};

/// Tells the container's output until the session or the container ends.
pub async fn run(inside: Inside, place: Place, logs: Arc<Logs>) {
    let Inside {
        stdin: mut input,
        output,
        exit,
        end,
        ..
    } = inside;
    // The world's programs read nothing; what is typed is gone, as it is where nobody reads.
    let swallow = async {
        while input.recv().await.is_some() {}
        std::future::pending::<()>().await;
    };
    let speak = async {
        let mut said = logs::from_now_on(&logs, &place).await?;
        while let Some(Ok(piece)) = said.frame().await {
            let bytes = piece.into_data().unwrap_or_default();
            for piece in bytes.chunks(PAYLOAD) {
                if output.send(frame(STDOUT, piece)).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok::<_, ApiError>(())
    };
    let ended = end
        .run_until_cancelled(async {
            tokio::select! {
                ended = speak => ended,
                () = swallow => Ok(()),
            }
        })
        .await;
    drop(output);
    let told = match ended {
        // A client that is gone needs no answer.
        None => return,
        Some(Ok(())) => Exit::Code(0),
        Some(Err(error)) => Exit::Failed(error.message),
    };
    let _ = exit.send(told);
}
