//! From the bytes of one object to a row.
//!
//! Objects are read into borrowed structs that name only what a row holds: `managedFields`, the
//! environment, volumes and probes are lexed over and never built. An object that does not have
//! the promised shape becomes a row that says so, and the reason never quotes the object.

mod meta;
mod node;
mod pod;
mod quantity;
mod text;
mod unreadable;
mod workload;

pub(super) use meta::{Shared, WireMeta};
pub(super) use quantity::{thousandths, whole};
pub(super) use text::{Str, or_default};
pub(super) use unreadable::{identity, identity_anywhere, reason};

use crate::domain::rows::{Kind, Row};
use serde::Deserialize;

/// A row and the version of its object.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) row: Row,
    /// `metadata.resourceVersion`, empty when the object has none.
    pub(super) version: String,
    /// It has no name of its own: the row's is made up.
    pub(super) nameless: bool,
}

/// Reads objects of one kind; keeps one copy of the texts that many rows share.
#[derive(Debug)]
pub(super) struct Reader {
    kind: Kind,
    shared: Shared,
    /// How many objects without a name were read: they need different names to be shown.
    nameless: usize,
    since_sweep: usize,
}

/// Shared texts that nobody holds any more are forgotten after this many objects.
const SWEEP_EVERY: usize = 20_000;

impl Reader {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            shared: Shared::default(),
            nameless: 0,
            since_sweep: 0,
        }
    }

    /// A complete list begins: objects without a name are counted anew.
    pub(super) fn restart(&mut self) {
        self.nameless = 0;
    }

    /// Reads one object. Never fails: what cannot be read is a row that says why.
    pub(super) fn read(&mut self, json: &[u8]) -> Parsed {
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP_EVERY {
            self.since_sweep = 0;
            self.shared.sweep();
        }
        let parsed = match self.kind {
            Kind::Pod => self.object::<pod::WirePod>(json),
            Kind::Node => self.object::<node::WireNode>(json),
            Kind::Namespace => self.object::<node::WireNamespace>(json),
            _ => self.object::<workload::WireWorkload>(json),
        };
        parsed.unwrap_or_else(|why| {
            let nameless = &mut self.nameless;
            unreadable::row(self.kind, json, &why, nameless)
        })
    }

    /// The row of an object that was too large to be read, from its first bytes.
    pub(super) fn too_large(&mut self, head: &[u8], size: usize) -> Row {
        let why = format!("too large to read: {} MiB", size >> 20);
        unreadable::row(self.kind, head, &why, &mut self.nameless).row
    }

    fn object<'a, T: Wire<'a>>(&mut self, json: &'a [u8]) -> Result<Parsed, String> {
        // Looked at once as a whole, its texts need no look each. What is no text somewhere is read
        // all the same: perhaps nobody needs that part.
        let read = match std::str::from_utf8(json) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(json),
        };
        let object: T = read.map_err(|error| reason(&error))?;
        let Some(meta) = object.meta() else {
            return Err("metadata is missing".into());
        };
        if meta.name.is_empty() {
            return Err("metadata.name is missing".into());
        }
        let version = meta.resource_version.as_str().to_owned();
        Ok(Parsed {
            row: object.row(self.kind, &mut self.shared),
            version,
            nameless: false,
        })
    }
}

/// An object as it stands on the wire.
trait Wire<'a>: Deserialize<'a> {
    /// `metadata`, when there is one.
    fn meta(&self) -> Option<&WireMeta<'a>>;
    /// The row; only called when there is a name.
    fn row(self, kind: Kind, shared: &mut Shared) -> Row;
}
