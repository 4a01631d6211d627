//! Hashes that stand for content: template hashes, image digests, and stable numbers from names.

use serde_json::Value;

use crate::demo::random::Random;

/// The letters that Kubernetes writes a hash in (`SafeEncodeString`): no vowels, no look-alikes.
const SAFE_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// FNV-1a, the hash that Kubernetes uses for templates; here also a stable number for a name.
pub fn fnv1a(text: &str) -> u64 {
    let mut hash = Fnv::default();
    hash.bytes(text.as_bytes());
    hash.0
}

/// A digest of a text that looks like sha256 and is always the same for the same text.
pub fn digest_of(text: &str) -> String {
    Random::new(fnv1a(text)).hex(64)
}

fn safe_encode(number: u64) -> String {
    number
        .to_string()
        .bytes()
        .map(|digit| char::from(SAFE_LETTERS[usize::from(digit) % SAFE_LETTERS.len()]))
        .collect()
}

/// The hash of a pod template as `pod-template-hash` and `controller-revision-hash` show it.
///
/// It does not depend on the order of keys, and it ignores the hash label itself, so that the
/// template of a `ReplicaSet` and that of its Deployment agree.
pub fn template_hash(template: &Value) -> String {
    let mut hash = Fnv::default();
    hash.value(template);
    safe_encode(hash.0 & 0xffff_ffff)
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes(b"n"),
            Value::Bool(flag) => self.bytes(if *flag { b"t" } else { b"f" }),
            Value::Number(number) => self.bytes(number.to_string().as_bytes()),
            Value::String(text) => {
                self.bytes(b"\"");
                self.bytes(text.as_bytes());
            }
            Value::Array(items) => {
                self.bytes(b"[");
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(map) => {
                self.bytes(b"{");
                let mut keys: Vec<_> = map.iter().filter(|(_, v)| !v.is_null()).collect();
                keys.sort_unstable_by_key(|(key, _)| key.as_str());
                for (key, value) in keys {
                    if key != "pod-template-hash" && key != "creationTimestamp" {
                        self.bytes(key.as_bytes());
                        self.bytes(b":");
                        self.value(value);
                    }
                }
                self.bytes(b"}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_hash_label_and_nulls_do_not_count_but_content_does() {
        let plain = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}});
        let hashed = json!({"metadata": {"creationTimestamp": null, "labels": {"app": "web", "pod-template-hash": "x"}},
            "spec": {"containers": []}});
        let other = json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": []}});
        assert_eq!(template_hash(&plain), template_hash(&hashed));
        assert_ne!(template_hash(&plain), template_hash(&other));
        assert!((8..=10).contains(&template_hash(&plain).len()));
    }
}
