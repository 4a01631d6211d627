//! The bytes of an answer as they arrive, unpacked when the server packed them.

use super::error::{Fault, from_chain};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::Response;
use http_body_util::BodyExt;
use kube::client::Body;
use std::io::Write;

/// Packed bytes are unpacked in steps of this size, so that one step stays small in memory.
const STEP: usize = 8 * 1024;

/// The body of an answer.
pub(super) struct Chunks {
    body: Body,
    gzip: Option<Packed>,
}

struct Packed {
    /// Unpacks any number of gzip members in a row: some servers pack each event on its own.
    decoder: MultiGzDecoder<Vec<u8>>,
    pending: Bytes,
    ended: bool,
}

impl Chunks {
    pub(super) fn of(response: Response<Body>) -> Self {
        let gzip = response
            .headers()
            .get(http::header::CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"))
            .then(|| Packed {
                decoder: MultiGzDecoder::new(Vec::new()),
                pending: Bytes::new(),
                ended: false,
            });
        Self {
            body: response.into_body(),
            gzip,
        }
    }

    /// The next bytes, `None` at the end. Can be dropped while waiting without losing any.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if let Some(packed) = &mut self.gzip {
                if let Some(plain) = packed.step()? {
                    return Ok(Some(plain));
                }
                if packed.ended {
                    return Ok(None);
                }
            }
            let frame = match self.body.frame().await {
                None => None,
                Some(Err(error)) => return Err(from_chain(&error)),
                Some(Ok(frame)) => frame.into_data().ok(),
            };
            match (&mut self.gzip, frame) {
                (None, Some(data)) if data.is_empty() => {}
                (None, data) => return Ok(data),
                (Some(packed), Some(data)) => packed.pending = data,
                (Some(packed), None) => packed.finish()?,
            }
        }
    }

    /// All that is left, at most `limit` bytes.
    pub(super) async fn collect(mut self, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next().await? {
            if all.len() + chunk.len() > limit {
                return Err(Fault::Malformed(format!(
                    "the answer is larger than {} MiB",
                    limit >> 20
                )));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

impl Packed {
    /// Unpacks a little of what is pending; `None` when more must be read.
    fn step(&mut self) -> Result<Option<Bytes>, Fault> {
        while !self.pending.is_empty() {
            let step = self.pending.split_to(self.pending.len().min(STEP));
            self.decoder.write_all(&step).map_err(|e| broken(&e))?;
            if self.pending.is_empty() {
                self.decoder.flush().map_err(|e| broken(&e))?;
            }
            if let Some(plain) = self.take() {
                return Ok(Some(plain));
            }
        }
        Ok(self.take())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.ended = true;
        self.decoder.try_finish().map_err(|e| broken(&e))
    }

    fn take(&mut self) -> Option<Bytes> {
        let plain = std::mem::take(self.decoder.get_mut());
        (!plain.is_empty()).then(|| Bytes::from(plain))
    }
}

fn broken(error: &std::io::Error) -> Fault {
    Fault::Cut(format!("the packed answer cannot be unpacked: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn answer(bytes: Vec<u8>, packed: bool) -> Chunks {
        let mut response = Response::builder();
        if packed {
            response = response.header("content-encoding", "gzip");
        }
        Chunks::of(response.body(Body::from(bytes)).unwrap())
    }

    #[tokio::test]
    async fn several_members_are_one_text() {
        let mut bytes = gzip("first\n");
        bytes.extend(gzip("second\n"));
        let all = answer(bytes, true).collect(1 << 20).await.unwrap();
        assert_eq!(all, b"first\nsecond\n");
    }

    #[tokio::test]
    async fn a_large_text_comes_out_in_pieces_and_under_the_limit() {
        let text = "x".repeat(40 << 20);
        let packed = gzip(&text);
        let mut chunks = answer(packed.clone(), true);
        let mut sum = 0;
        while let Some(chunk) = chunks.next().await.unwrap() {
            assert!(chunk.len() <= 16 << 20, "{}", chunk.len());
            sum += chunk.len();
        }
        assert_eq!(sum, text.len());
        assert!(answer(packed, true).collect(1 << 20).await.is_err());
    }

    #[tokio::test]
    async fn rubbish_is_an_error_and_not_a_text() {
        assert!(
            answer(b"rubbish that is not gzip".to_vec(), true)
                .collect(1 << 20)
                .await
                .is_err()
        );
        let mut cut = gzip(&"abcdefgh".repeat(1000));
        cut.truncate(cut.len() / 2);
        assert!(answer(cut, true).collect(1 << 20).await.is_err());
    }
}
