//! Feeds of the kinds that are watched all the time.

use super::connect::Session;
use super::feed::{Decoder, Labels, Place, Told, start};
use super::list::Page;
use super::scan::Piece;
use super::wire::{Parsed, Reader, identity};
use super::{Event, FeedHandle};
use crate::domain::feed::{Batch, Change, Failure, Scope};
use crate::domain::rows::{Kind, Row};
use crate::domain::text::Text;
use tokio::sync::mpsc::Sender;

/// Reads rows.
pub(super) struct Rows {
    reader: Reader,
}

impl Rows {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            reader: Reader::new(kind),
        }
    }
}

impl Decoder for Rows {
    type Change = Change;
    const ARRAYS: &'static [&'static str] = &["items"];
    const ACCEPT: &'static str = "application/json";
    const STREAMS: bool = true;

    fn restart(&mut self) {
        self.reader.restart();
    }

    fn field(&mut self, _: &str, _: &[u8]) {}

    fn begin(&mut self) -> Change {
        Change::Begin
    }

    fn complete(&self) -> Change {
        Change::Complete
    }

    fn item(&mut self, json: &[u8]) -> Change {
        Change::Put(Box::new(self.reader.read(json).row))
    }

    fn event(&mut self, deleted: bool, json: &[u8]) -> Told<Change> {
        let Parsed {
            row,
            version,
            nameless,
        } = self.reader.read(json);
        let change = if deleted {
            let meta = row.meta();
            Change::Gone {
                namespace: meta.namespace.clone(),
                name: meta.name.clone(),
            }
        } else {
            Change::Put(Box::new(row))
        };
        Told {
            changes: vec![change],
            version,
            nameless,
        }
    }

    fn huge(&mut self, head: &[u8], size: usize) -> (Option<Change>, Text) {
        let name = identity(head).name;
        let Some(name) = name else {
            return (None, Text::default());
        };
        let row = self.reader.too_large(head, size);
        (Some(Change::Put(Box::new(row))), name)
    }
}

/// The path of all objects of a kind in a scope.
fn place(kind: Kind, scope: &Scope) -> Place {
    let root = match kind.group() {
        "" => "/api/v1".to_owned(),
        group => format!("/apis/{group}/v1"),
    };
    let plural = kind.plural();
    let path = match &scope.0 {
        Some(namespace) if kind.namespaced() => {
            format!(
                "{root}/namespaces/{}/{plural}",
                super::call::escape(namespace)
            )
        }
        _ => format!("{root}/{plural}"),
    };
    let resource = match kind.group() {
        "" => Text::new(plural),
        group => Text::new(&format!("{plural}.{group}")),
    };
    Place {
        path,
        resource,
        scope: if kind.namespaced() {
            scope.clone()
        } else {
            Scope::ALL
        },
        watchable: true,
    }
}

impl Session {
    /// Keeps `kind` in `scope` up to date on `tx` until the handle is dropped. For kinds without
    /// namespaces the scope only labels the batches.
    pub fn watch(&self, kind: Kind, scope: &Scope, tx: Sender<Event>) -> FeedHandle {
        let (of_batch, of_state, of_skip) = (scope.clone(), scope.clone(), scope.clone());
        let labels = Labels {
            changes: Box::new(move |changes| {
                Event::Batch(Batch {
                    kind,
                    scope: of_batch.clone(),
                    changes,
                })
            }),
            state: Box::new(move |state| Event::Feed {
                kind,
                scope: of_state.clone(),
                state,
            }),
            skipped: Some(Box::new(move |name, bytes| Event::Skipped {
                kind,
                scope: of_skip.clone(),
                name,
                bytes,
            })),
        };
        start(
            self.clone(),
            place(kind, scope),
            move || Rows::new(kind),
            tx,
            labels,
        )
    }

    /// Everything of `kind` in `scope`, once, handed to `sink` row by row.
    pub async fn list(
        &self,
        kind: Kind,
        scope: &Scope,
        sink: &mut (dyn FnMut(Row) + Send),
    ) -> Result<(), Failure> {
        let place = place(kind, scope);
        self.list_place(kind, &place.path, sink)
            .await
            .map_err(|fault| fault.failure(&listing(&place.resource, scope)))
    }

    async fn list_place(
        &self,
        kind: Kind,
        path: &str,
        sink: &mut (dyn FnMut(Row) + Send),
    ) -> Result<(), super::error::Fault> {
        let mut reader = Reader::new(kind);
        // One answer without pages: it is read as it arrives and comes from one moment.
        let mut page = Page::open(self, path.to_owned(), Rows::ACCEPT, Rows::ARRAYS).await?;
        loop {
            let more = page
                .read(self, &mut |piece| match piece {
                    Piece::Item(json) => sink(reader.read(json).row),
                    Piece::Huge(head, size) => sink(reader.too_large(head, size)),
                    Piece::Field(..) => {}
                })
                .await?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Everything of `kinds` in `scopes`, once and all at a time: one batch for each list, from
    /// `Begin` to `Complete`, or why this one cannot be had. Kinds without namespaces are listed
    /// once, under [`Scope::ALL`].
    pub async fn snapshot(
        &self,
        kinds: &[Kind],
        scopes: &[Scope],
    ) -> Vec<Result<Batch, (Kind, Failure)>> {
        let each = |&kind: &Kind| {
            Scope::of(kind, scopes)
                .iter()
                .map(move |scope| (kind, scope))
        };
        let lists = kinds.iter().flat_map(each);
        futures::future::join_all(lists.map(|(kind, scope)| async move {
            let mut changes = vec![Change::Begin];
            let mut put = |row| changes.push(Change::Put(Box::new(row)));
            let done = self.list(kind, scope, &mut put).await;
            done.map_err(|failure| (kind, failure))?;
            changes.push(Change::Complete);
            Ok(Batch {
                kind,
                scope: scope.clone(),
                changes,
            })
        }))
        .await
    }
}

/// `list pods in shop-prod`
pub(super) fn listing(resource: &str, scope: &Scope) -> String {
    match &scope.0 {
        Some(namespace) => format!("list {resource} in namespace {namespace}"),
        None => format!("list {resource} in all namespaces"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_group_and_scope() {
        let shop = Scope::namespace("shop");
        assert_eq!(place(Kind::Pod, &Scope::ALL).path, "/api/v1/pods");
        assert_eq!(
            place(Kind::Deployment, &shop).path,
            "/apis/apps/v1/namespaces/shop/deployments"
        );
        assert_eq!(place(Kind::Node, &shop).path, "/api/v1/nodes");
        assert_eq!(place(Kind::CronJob, &shop).resource, "cronjobs.batch");
    }
}
