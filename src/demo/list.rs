//! GET of one object or of a collection: pages, resource versions, gzip.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::{Response, body::Frame, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    body::{Body, full, respond, stream},
    encode::{Encoder, Sink},
    error::ApiError,
    gzip::Member,
    kinds::Kind,
    object::Object,
    request::{Form, Query, Target},
    select::Selector,
    store::Store,
};

/// Answers from this size on are compressed for clients that can read it, as the API server does.
const GZIP_FROM: usize = 128 * 1024;
/// Bytes that are encoded before they are handed to the connection.
const CHUNK: usize = 128 * 1024;
/// Lists that are kept for their next pages.
const SNAPSHOTS: usize = 32;
/// How long a continue token is good, as in Kubernetes.
const TOKEN_SECONDS: i64 = 300;

type Objects = Arc<Vec<Arc<Object>>>;

/// Lists that were begun and not finished; the next page shows the same moment as the first.
#[derive(Debug, Default)]
pub struct Snapshots(Mutex<VecDeque<Snapshot>>);

#[derive(Debug)]
struct Snapshot {
    kind: &'static Kind,
    namespace: Option<String>,
    revision: u64,
    taken: Timestamp,
    objects: Objects,
}

impl Snapshot {
    fn is(&self, target: &Target, revision: u64) -> bool {
        self.revision == revision && self.kind == target.kind && self.namespace == target.namespace
    }
}

/// What a continue token says.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    rv: u64,
    ns: Box<str>,
    name: Box<str>,
}

impl Snapshots {
    fn keep(&self, target: &Target, revision: u64, taken: Timestamp, objects: &Objects) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.iter().any(|snapshot| snapshot.is(target, revision)) {
            let (kind, namespace) = (target.kind, target.namespace.clone());
            kept.push_back(Snapshot {
                kind,
                namespace,
                revision,
                taken,
                objects: Arc::clone(objects),
            });
        }
        while kept.len() > SNAPSHOTS {
            kept.pop_front();
        }
    }

    fn find(&self, target: &Target, revision: u64, now: Timestamp) -> Option<Objects> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|snapshot| now.as_second() - snapshot.taken.as_second() < TOKEN_SECONDS);
        kept.iter()
            .find(|snapshot| snapshot.is(target, revision))
            .map(|snapshot| Arc::clone(&snapshot.objects))
    }
}

/// How an answer is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// In which form.
    pub form: Form,
    /// Whether the client reads gzip.
    pub gzip: bool,
}

/// Answers with one object.
///
/// # Errors
/// `NotFound`.
pub fn get(
    store: &Store,
    target: &Target,
    name: &str,
    form: Form,
) -> Result<Response<Body>, ApiError> {
    let object = store
        .get(target.kind, target.ns(), name)
        .ok_or_else(|| ApiError::not_found(target.kind, name))?;
    Ok(single(store, 200, &object, form))
}

/// One object as an answer.
pub fn single(store: &Store, code: u16, object: &Object, form: Form) -> Response<Body> {
    let mut sink = Sink::Plain(Vec::with_capacity(object.bytes.len() + 256));
    Encoder::new(store, object.kind, form).single(object, store.clock().now(), true, &mut sink);
    sink.text(b"\n");
    respond(code, "application/json", full(sink.finish()))
}

/// Answers with a collection, or a page of it. `extra` are items that a fault puts among the true ones.
///
/// # Errors
/// `BadRequest` for a bad selector, limit or token; `Expired` for a token that is too old.
pub fn list(
    store: &Store,
    snapshots: &Snapshots,
    target: &Target,
    query: &Query,
    manner: Manner,
    extra: &[Vec<u8>],
) -> Result<Response<Body>, ApiError> {
    let now = store.clock().now();
    let selector = Selector::parse(target.kind, query)?;
    let limit = query
        .number("limit")?
        .filter(|limit| *limit > 0)
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let (revision, objects, from) = match query.get("continue") {
        None => {
            check_version(store, query)?;
            let (revision, objects) = store.list_at(target.kind, target.namespace.as_deref());
            (revision, Arc::new(objects), 0)
        }
        Some(token) => resume(snapshots, target, token, now)?,
    };
    let (page, next) = page(&objects[from..], &selector, limit);
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if let Some(next) = next {
        snapshots.keep(target, revision, now, &objects);
        let last = &objects[from + next - 1];
        let token = Token {
            rv: revision,
            ns: last.namespace.clone(),
            name: last.name.clone(),
        };
        metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(json!(token).to_string()));
        if selector.is_everything() {
            metadata["remainingItemCount"] = json!(objects.len() - from - next);
        }
    }
    let encoder = Encoder::new(store, target.kind, manner.form);
    Ok(send(encoder, &metadata, page, now, manner, extra))
}

/// A version that lies in the future cannot be waited for; an exact one must still be the present.
fn check_version(store: &Store, query: &Query) -> Result<(), ApiError> {
    let Some(asked) = query.number("resourceVersion")?.filter(|asked| *asked > 0) else {
        return Ok(());
    };
    let current = store.revision();
    if asked > current {
        let mut error = ApiError::new(
            504,
            "Timeout",
            format!("Too large resource version: {asked}, current: {current}"),
        );
        error.details = json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1});
        return Err(error);
    }
    if query.get("resourceVersionMatch") == Some("Exact") && asked != current {
        return Err(ApiError::expired(format!(
            "The provided resource version {asked} is too old."
        )));
    }
    Ok(())
}

fn resume(
    snapshots: &Snapshots,
    target: &Target,
    token: &str,
    now: Timestamp,
) -> Result<(u64, Objects, usize), ApiError> {
    let read = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
    let token = read.ok_or_else(|| {
        ApiError::bad_request("invalid continue token: continue key is not valid")
    })?;
    let objects = snapshots
        .find(target, token.rv, now)
        .ok_or_else(expired_token)?;
    let from = objects
        .partition_point(|object| (&object.namespace, &object.name) <= (&token.ns, &token.name));
    Ok((token.rv, objects, from))
}

/// What a token that is no longer known is answered with.
pub fn expired_token() -> ApiError {
    ApiError::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    )
}

/// The selected objects up to the limit, and how many were walked over when more may follow.
fn page(
    objects: &[Arc<Object>],
    selector: &Selector,
    limit: Option<usize>,
) -> (Vec<Arc<Object>>, Option<usize>) {
    let limit = limit.unwrap_or(usize::MAX);
    let mut page = Vec::with_capacity(objects.len().min(limit));
    let mut walked = 0;
    for (position, object) in objects.iter().enumerate() {
        if selector.matches(object) {
            if page.len() == limit {
                return (page, Some(walked));
            }
            page.push(Arc::clone(object));
            walked = position + 1;
        }
    }
    (page, None)
}

fn send(
    encoder: Encoder,
    metadata: &serde_json::Value,
    page: Vec<Arc<Object>>,
    now: Timestamp,
    manner: Manner,
    extra: &[Vec<u8>],
) -> Response<Body> {
    let size: usize = page.iter().map(|object| object.bytes.len()).sum();
    let gzip = manner.gzip && size >= GZIP_FROM;
    let mut sink = if gzip {
        Sink::Gzip(Member::default())
    } else {
        Sink::Plain(Vec::new())
    };
    sink.text(encoder.list_head(metadata).as_bytes());
    for (position, item) in extra.iter().enumerate() {
        sink.text(item);
        if position + 1 < extra.len() || !page.is_empty() {
            sink.text(b",");
        }
    }
    let writer = Writer {
        encoder,
        page: page.into_iter(),
        now,
        sink: Some(sink),
    };
    let body = if size < CHUNK {
        full(writer.all())
    } else {
        stream(futures::stream::iter(
            writer.map(|chunk| Ok(Frame::data(chunk))),
        ))
    };
    let mut response = respond(200, "application/json", body);
    if gzip {
        response.headers_mut().insert(
            header::CONTENT_ENCODING,
            header::HeaderValue::from_static("gzip"),
        );
        response.headers_mut().insert(
            header::VARY,
            header::HeaderValue::from_static("Accept-Encoding"),
        );
    }
    response
}

/// Encodes a page as the connection asks for more of it.
struct Writer {
    encoder: Encoder,
    page: std::vec::IntoIter<Arc<Object>>,
    now: Timestamp,
    sink: Option<Sink>,
}

impl Writer {
    fn all(self) -> Vec<u8> {
        self.flat_map(Vec::from).collect()
    }
}

impl Iterator for Writer {
    type Item = bytes::Bytes;

    fn next(&mut self) -> Option<bytes::Bytes> {
        let sink = self.sink.as_mut()?;
        while let Some(object) = self.page.next() {
            self.encoder.item(&object, self.now, sink);
            if self.page.len() > 0 {
                sink.text(b",");
            }
            if sink.len() >= CHUNK {
                return Some(sink.take());
            }
        }
        let mut sink = self.sink.take()?;
        sink.text(Encoder::LIST_TAIL.as_bytes());
        Some(sink.finish())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::Value;

    use super::*;
    use crate::demo::{clock::Clock, kinds::PODS, store::StoreOptions};

    struct World {
        store: Store,
        snapshots: Snapshots,
        clock: Clock,
    }

    fn world(pods: usize) -> World {
        let clock = Clock::manual("2026-01-01T00:00:00Z".parse().unwrap());
        let store = Store::new(StoreOptions {
            clock: clock.clone(),
            ..StoreOptions::default()
        });
        for number in 0..pods {
            let parity = if number % 2 == 0 { "even" } else { "odd" };
            let object = json!({"metadata": {"name": format!("p{number:04}"), "namespace": "n", "labels": {"parity": parity}}, "spec": {"pad": "x".repeat(500)}});
            store.create(&PODS, object).unwrap();
        }
        World {
            store,
            snapshots: Snapshots::default(),
            clock,
        }
    }

    impl World {
        async fn get(&self, query: &str, gzip: bool) -> Result<(Value, bool), ApiError> {
            let manner = Manner {
                form: Form::Object,
                gzip,
            };
            let target = Target::parse("/api/v1/pods").unwrap();
            let response = list(
                &self.store,
                &self.snapshots,
                &target,
                &Query::parse(query),
                manner,
                &[],
            )?;
            let zipped = response.headers().contains_key(header::CONTENT_ENCODING);
            let mut bytes = response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec();
            if zipped {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(
                    &mut flate2::read::GzDecoder::new(bytes.as_slice()),
                    &mut plain,
                )
                .unwrap();
                bytes = plain;
            }
            Ok((serde_json::from_slice(&bytes).unwrap(), zipped))
        }
    }

    fn names(list: &Value) -> Vec<&str> {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn pages_show_one_moment() {
        let world = world(5);
        let (first, _) = world.get("limit=2", false).await.unwrap();
        assert_eq!(names(&first), ["p0000", "p0001"]);
        assert_eq!(first["metadata"]["remainingItemCount"], 3);
        world.store.delete(&PODS, "n", "p0002").unwrap();
        let token = first["metadata"]["continue"].as_str().unwrap();
        let (second, _) = world
            .get(&format!("limit=9&continue={token}"), false)
            .await
            .unwrap();
        assert_eq!(
            names(&second),
            ["p0002", "p0003", "p0004"],
            "a page shows what was there when the list began"
        );
        assert_eq!(
            second["metadata"]["resourceVersion"],
            first["metadata"]["resourceVersion"]
        );
        assert_eq!(second["metadata"]["continue"], Value::Null);
    }

    #[tokio::test]
    async fn tokens_expire_and_nonsense_is_refused() {
        let world = world(5);
        let (first, _) = world.get("limit=2", false).await.unwrap();
        let token = first["metadata"]["continue"].as_str().unwrap();
        world
            .clock
            .advance(jiff::SignedDuration::from_secs(TOKEN_SECONDS));
        assert_eq!(
            world
                .get(&format!("limit=2&continue={token}"), false)
                .await
                .unwrap_err()
                .code,
            410
        );
        assert_eq!(
            world.get("continue=xyz", false).await.unwrap_err().code,
            400
        );
        assert_eq!(world.get("limit=many", false).await.unwrap_err().code, 400);
        assert_eq!(
            world
                .get("resourceVersion=999", false)
                .await
                .unwrap_err()
                .code,
            504
        );
        assert_eq!(
            world
                .get("resourceVersion=1&resourceVersionMatch=Exact", false)
                .await
                .unwrap_err()
                .code,
            410
        );
    }

    #[tokio::test]
    async fn selected_pages_end_exactly() {
        let world = world(6);
        let (page, _) = world
            .get("limit=3&labelSelector=parity%3Deven", false)
            .await
            .unwrap();
        assert_eq!(names(&page), ["p0000", "p0002", "p0004"]);
        assert_eq!(page["metadata"]["continue"], Value::Null);
    }

    #[tokio::test]
    async fn large_lists_are_compressed_for_those_who_can_read_it() {
        let world = world(400);
        let (plain, zipped) = world.get("", false).await.unwrap();
        assert!(!zipped);
        let (same, zipped) = world.get("", true).await.unwrap();
        assert!(zipped && same == plain && names(&same).len() == 400);
        assert!(!world.get("limit=3", true).await.unwrap().1);
    }
}
