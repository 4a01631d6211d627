//! A list, page by page, read while it arrives: rows appear with the first page, and memory holds
//! one object at a time.

use super::body::Chunks;
use super::call::{Call, escape};
use super::connect::Session;
use super::error::Fault;
use super::feed::{Decoder, Done, End, Feed};
use super::scan::{Piece, Scanner};
use serde::Deserialize;

/// Objects of the first page: few, so that the first rows come soon.
const FIRST_PAGE: usize = 500;
/// Objects of the other pages: more, so that a large cluster needs few of them.
const PAGE: usize = 2_000;

/// `metadata` of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMeta {
    #[serde(default)]
    pub(super) resource_version: Option<String>,
    #[serde(default, rename = "continue")]
    pub(super) next: Option<String>,
}

/// A page that is being read.
pub(super) struct Page {
    chunks: Chunks,
    scanner: Scanner,
    pub(super) meta: ListMeta,
}

/// The query of a page; `limit` 0 asks for everything at once.
fn page_path(path: &str, limit: usize, token: Option<&str>) -> String {
    let mut query = Vec::new();
    if limit > 0 {
        query.push(format!("limit={limit}"));
    }
    if let Some(token) = token {
        query.push(format!("continue={}", escape(token)));
    }
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

impl Page {
    /// Asks for a page.
    pub(super) async fn open(
        session: &Session,
        path: String,
        accept: &'static str,
        arrays: &'static [&'static str],
    ) -> Result<Self, Fault> {
        let call = Call {
            accept,
            gzip: session.gzip(),
            ..Call::get(path)
        };
        let answer = session.open(&call, session.timing().list_start).await?;
        Ok(Self {
            chunks: Chunks::of(answer),
            scanner: Scanner::new(arrays),
            meta: ListMeta::default(),
        })
    }

    /// Reads the next bytes and hands their pieces to `sink`; false at the end of the page.
    pub(super) async fn read(
        &mut self,
        session: &Session,
        sink: &mut impl FnMut(Piece<'_>),
    ) -> Result<bool, Fault> {
        let limit = session.timing().list_idle;
        let chunk = tokio::time::timeout(limit, self.chunks.next())
            .await
            .map_err(|_| Fault::Deadline(limit))??;
        let Some(chunk) = chunk else {
            if self.scanner.complete() {
                return Ok(false);
            }
            return Err(Fault::Cut("the list ended too early".into()));
        };
        let mut unreadable = false;
        let meta = &mut self.meta;
        self.scanner.feed(&chunk, &mut |piece| match piece {
            Piece::Field("metadata", json) => match serde_json::from_slice(json) {
                Ok(read) => *meta = read,
                Err(_) => unreadable = true,
            },
            piece => sink(piece),
        })?;
        if unreadable {
            return Err(Fault::Malformed("the list's metadata is unreadable".into()));
        }
        Ok(true)
    }
}

impl<D: Decoder> Feed<D> {
    /// Lists everything and hands it on; afterwards the watch can begin.
    pub(super) async fn fill_by_list(&mut self) -> Result<Done, End> {
        let mut token: Option<String> = None;
        let mut limit = FIRST_PAGE;
        let mut began = false;
        loop {
            let path = page_path(&self.place.path, limit, token.as_deref());
            match self.fill_page(path, &mut began).await {
                Ok(meta) => {
                    token = meta.next.filter(|next| !next.is_empty());
                    if token.is_none() {
                        self.filled_at(meta.resource_version).await?;
                        return Ok(Done::Filled);
                    }
                    limit = PAGE;
                }
                // The pages' snapshot is gone: once more, all in one piece.
                Err(End::Failed(fault)) if fault.gone() && token.is_some() && limit > 0 => {
                    token = None;
                    limit = 0;
                    began = false;
                }
                Err(end) => return Err(end),
            }
        }
    }

    async fn filled_at(&mut self, version: Option<String>) -> Result<(), End> {
        let complete = self.decoder.complete();
        self.batch.add(complete);
        self.batch.flush().await?;
        self.version = Some(version.unwrap_or_default());
        self.filled = true;
        if !self.place.watchable {
            self.live().await?;
        }
        Ok(())
    }

    async fn fill_page(&mut self, path: String, began: &mut bool) -> Result<ListMeta, End> {
        let session = self.session.clone();
        let mut page = Page::open(&session, path, D::ACCEPT, D::ARRAYS).await?;
        self.loading().await?;
        if !*began {
            self.decoder.restart();
        }
        loop {
            let mut skipped = Vec::new();
            let (decoder, batch) = (&mut self.decoder, &mut self.batch);
            let more = page
                .read(&session, &mut |piece| {
                    let change = match piece {
                        Piece::Field(name, json) => return decoder.field(name, json),
                        Piece::Item(json) => Some(decoder.item(json)),
                        Piece::Huge(head, size) => {
                            let (change, name) = decoder.huge(head, size);
                            skipped.push((name, size));
                            change
                        }
                    };
                    if !*began {
                        *began = true;
                        batch.add(decoder.begin());
                    }
                    if let Some(change) = change {
                        batch.add(change);
                    }
                })
                .await?;
            self.heard();
            for (name, size) in skipped {
                self.skipped(name, size).await?;
            }
            self.batch.flush_if_due().await?;
            if !more {
                break;
            }
        }
        if !*began {
            *began = true;
            let mark = self.decoder.begin();
            self.batch.add(mark);
        }
        Ok(page.meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_asked_for_with_their_token() {
        assert_eq!(page_path("/api/v1/pods", 0, None), "/api/v1/pods");
        assert_eq!(
            page_path("/api/v1/pods", 500, Some("a+b=")),
            "/api/v1/pods?limit=500&continue=a%2Bb%3D"
        );
    }
}
