//! `metadata` and what rows share.

use super::text::{Str, or_default};
use crate::domain::rows::{Condition, Labels, Meta, Owner, Truth};
use crate::domain::text::{Interner, Text};
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// `metadata` of any object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cluster) struct WireMeta<'a> {
    #[serde(borrow, default)]
    pub(in crate::cluster) name: Str<'a>,
    #[serde(borrow, default)]
    pub(in crate::cluster) namespace: Str<'a>,
    #[serde(borrow, default)]
    pub(in crate::cluster) uid: Str<'a>,
    #[serde(borrow, default)]
    pub(in crate::cluster) resource_version: Str<'a>,
    #[serde(borrow, default)]
    pub(in crate::cluster) creation_timestamp: Str<'a>,
    #[serde(borrow, default)]
    deletion_timestamp: Str<'a>,
    #[serde(default)]
    pub(super) generation: Option<i64>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(in crate::cluster) labels: Pairs<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) annotations: Annotations<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    owner_references: Vec<WireOwner<'a>>,
}

#[derive(Debug, Deserialize)]
struct WireOwner<'a> {
    #[serde(borrow, default)]
    kind: Str<'a>,
    #[serde(borrow, default)]
    name: Str<'a>,
    #[serde(borrow, default)]
    uid: Str<'a>,
    #[serde(default)]
    controller: Option<bool>,
}

/// A map of texts, in the order of the wire.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Pairs<'a>(pub(super) Vec<(Str<'a>, Str<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some(pair) = map.next_entry::<Str<'de>, Str<'de>>()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// The few annotations that rows know; the others are lexed over.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Annotations<'a> {
    pub(super) helm_release: Str<'a>,
    pub(super) revision: Str<'a>,
}

/// What Helm writes on everything it installs.
const HELM_RELEASE: &str = "meta.helm.sh/release-name";
/// What the deployment controller counts roll-outs with.
const REVISION: &str = "deployment.kubernetes.io/revision";

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Annotations<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut known = Annotations::default();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    match &*key {
                        HELM_RELEASE => known.helm_release = map.next_value()?,
                        REVISION => known.revision = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(known)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

type Hasher = BuildHasherDefault<DefaultHasher>;

/// Texts and label sets that many rows share.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Shared {
    texts: Interner,
    /// By the hash of their pairs.
    labels: HashMap<u64, Vec<Labels>, Hasher>,
}

impl Shared {
    /// The shared copy of a text that many rows have: namespace, node, image, reason.
    pub(in crate::cluster) fn text(&mut self, raw: &str) -> Text {
        self.texts.text(raw)
    }

    /// The shared copy of a label set.
    pub(in crate::cluster) fn labels(&mut self, mut pairs: Pairs<'_>) -> Labels {
        let pairs = &mut pairs.0;
        if pairs.is_empty() {
            return Labels::default();
        }
        if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
            // The last of two equal keys wins, as everywhere in JSON.
            pairs.reverse();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.dedup_by(|later, first| later.0 == first.0);
        }
        let hasher = Hasher::default();
        let key = pairs.iter().fold(0_u64, |hash, (k, v)| {
            hasher.hash_one((hash, k.as_str(), v.as_str()))
        });
        let same = |known: &&Labels| {
            known.0.len() == pairs.len()
                && known
                    .0
                    .iter()
                    .zip(pairs.iter())
                    .all(|((k, v), (wk, wv))| *k == **wk && *v == **wv)
        };
        if let Some(known) = self.labels.get(&key).and_then(|set| set.iter().find(same)) {
            return known.clone();
        }
        let mut set: Vec<(Text, Text)> = pairs
            .iter()
            .map(|(k, v)| (self.texts.text(k), self.texts.text(v)))
            .collect();
        // Cleaning may have changed a key and with it the order that lookups rely on.
        set.sort();
        let labels = Labels(set.into());
        self.labels.entry(key).or_default().push(labels.clone());
        labels
    }

    /// Forgets what no row holds any more.
    pub(in crate::cluster) fn sweep(&mut self) {
        self.labels.retain(|_, set| {
            set.retain(|labels| std::sync::Arc::strong_count(&labels.0) > 1);
            !set.is_empty()
        });
        self.texts.sweep();
    }
}

impl WireMeta<'_> {
    /// As rows have it.
    pub(super) fn into_meta(self, shared: &mut Shared) -> Meta {
        let owner = self
            .owner_references
            .iter()
            .find(|owner| owner.controller == Some(true))
            .or_else(|| self.owner_references.first())
            .map(|owner| Owner {
                kind: shared.text(&owner.kind),
                name: shared.text(&owner.name),
                uid: shared.text(&owner.uid),
            });
        let helm = &self.annotations.helm_release;
        Meta {
            uid: Text::new(&self.uid),
            namespace: shared.text(&self.namespace),
            name: Text::new(&self.name),
            created: time(&self.creation_timestamp).unwrap_or_default(),
            deleted: time(&self.deletion_timestamp),
            helm_release: (!helm.is_empty()).then(|| shared.text(helm)),
            owner,
            labels: shared.labels(self.labels),
            unreadable: None,
        }
    }
}

/// A time of the wire; `None` when it is empty or not a time.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    Timestamp::parse(text)
}

/// A condition as every kind writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCondition<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow, default)]
    pub(super) status: Str<'a>,
    #[serde(borrow, default)]
    reason: Str<'a>,
    #[serde(borrow, default)]
    message: Str<'a>,
    #[serde(borrow, default)]
    last_transition_time: Str<'a>,
}

impl WireCondition<'_> {
    /// As rows have it; the message is kept where `status` is not `healthy`.
    pub(super) fn condition(&self, healthy: Truth, shared: &mut Shared) -> Condition {
        let status = self.truth();
        Condition {
            kind: shared.text(&self.kind),
            status,
            reason: shared.text(&self.reason),
            message: if status == healthy {
                shared.text("")
            } else {
                shared.text(&self.message)
            },
            since: time(&self.last_transition_time),
        }
    }

    pub(super) fn truth(&self) -> Truth {
        match &*self.status {
            "True" => Truth::True,
            "False" => Truth::False,
            _ => Truth::Unknown,
        }
    }
}

/// A count of the wire: never negative, cut where it does not fit.
pub(super) fn count(n: Option<i64>) -> u32 {
    u32::try_from(n.unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}
