//! Faults of answers: bodies that come slowly or break off.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::BodyExt;
use hyper::body::Frame;

use super::Act;
use crate::demo::body::{Body, stream};

/// Sends a body as a bad network would: slowly, or only its beginning.
pub fn disturb(body: Body, acts: &[Act]) -> Body {
    acts.iter().fold(body, |body, act| match act {
        Act::Cut { bytes } => cut(body, *bytes),
        Act::Throttle { bytes_per_second } => throttle(body, (*bytes_per_second).max(1)),
        _ => body,
    })
}

fn cut(body: Body, bytes: usize) -> Body {
    let pieces = body.into_data_stream().scan(Some(bytes), |left, piece| {
        let next = left.map(|room| match piece {
            Ok(data) if data.len() <= room => {
                *left = Some(room - data.len());
                vec![Ok(Frame::data(data))]
            }
            Ok(data) => {
                *left = None;
                vec![
                    Ok(Frame::data(data.slice(..room))),
                    Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                ]
            }
            Err(error) => {
                *left = None;
                vec![Err(error)]
            }
        });
        std::future::ready(next)
    });
    stream(pieces.flat_map(futures::stream::iter))
}

fn throttle(body: Body, bytes_per_second: usize) -> Body {
    let slice = (bytes_per_second / 10).max(1);
    let slices = body.into_data_stream().flat_map(move |piece| {
        let parts: Vec<Result<Bytes, io::Error>> = match piece {
            Ok(data) => (0..data.len())
                .step_by(slice)
                .map(|at| Ok(data.slice(at..data.len().min(at + slice))))
                .collect(),
            Err(error) => vec![Err(error)],
        };
        futures::stream::iter(parts)
    });
    stream(slices.then(|part| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        part.map(Frame::data)
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::demo::body::full;

    #[tokio::test]
    async fn a_cut_body_ends_in_an_error_after_its_bytes() {
        let body = disturb(full("0123456789"), &[Act::Cut { bytes: 4 }]);
        let pieces: Vec<_> = body.into_data_stream().collect().await;
        assert_eq!(pieces[0].as_ref().unwrap(), "0123");
        assert!(pieces[1].is_err() && pieces.len() == 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_body_arrives_whole() {
        let began = tokio::time::Instant::now();
        let body = disturb(
            full("x".repeat(50)),
            &[Act::Throttle {
                bytes_per_second: 10,
            }],
        );
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 50);
        assert!(began.elapsed() >= Duration::from_secs(5));
    }
}
