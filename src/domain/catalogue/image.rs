//! References to images: `registry/name:tag@sha256:…`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An image by name, tag and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageRef {
    /// Registry and repository: `docker.io/library/debian`. `scratch` is the empty image.
    pub name: String,
    /// The tag; empty for `scratch`, or where only the digest counts.
    pub tag: String,
    /// `sha256:` and 64 hexadecimal digits; empty while it is not pinned.
    pub digest: String,
}

/// What a reference must look like, for messages.
const FORM: &str = "an image with a tag, such as `harbor.example.com/base/debian:12`, with or without `@sha256:…` behind it";

impl ImageRef {
    /// Reads a reference. `Err` says what it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "scratch" {
            return Ok(Self {
                name: text.to_owned(),
                ..Self::default()
            });
        }
        let (rest, digest) = text.split_once('@').unwrap_or((text, ""));
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[slash..].rfind(':') {
            Some(colon) => (&rest[..slash + colon], &rest[slash + colon + 1..]),
            None => (rest, ""),
        };
        if tag.is_empty() && digest.is_empty() {
            return Err(format!("{FORM}; without a tag it would be `latest`"));
        }
        let well = is_name(name)
            && (tag.is_empty() || is_tag(tag))
            && (digest.is_empty() || is_digest(digest));
        if !well {
            return Err(FORM.to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            tag: tag.to_owned(),
            digest: digest.to_owned(),
        })
    }

    /// The empty image.
    pub fn is_scratch(&self) -> bool {
        self.name == "scratch"
    }

    /// Name and tag, without the digest.
    pub fn tagged(&self) -> String {
        if self.tag.is_empty() {
            self.name.clone()
        } else {
            format!("{}:{}", self.name, self.tag)
        }
    }

    /// The registry: what stands before the first slash when it looks like a host.
    pub fn registry(&self) -> &str {
        match self.name.split_once('/') {
            Some((host, _)) if host.contains('.') || host.contains(':') || host == "localhost" => {
                host
            }
            _ => "docker.io",
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tagged())?;
        if !self.digest.is_empty() {
            write!(f, "@{}", self.digest)?;
        }
        Ok(())
    }
}

/// Registry and repository, as the distribution specification has them.
fn is_name(name: &str) -> bool {
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("", name),
    };
    let host_ok = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b));
    host_ok && name.len() <= 255 && path.split('/').all(is_component)
}

/// Lower case letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_component(part: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    part.bytes().all(inner) && edge(part.as_bytes().first()) && edge(part.as_bytes().last())
}

/// Whether this is a legal tag.
pub fn is_tag(tag: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !tag.is_empty() && tag.len() <= 128 && tag.bytes().all(inner) && !tag.starts_with(['.', '-'])
}

/// Whether this is a legal digest.
pub fn is_digest(digest: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    digest
        .strip_prefix("sha256:")
        .is_some_and(|rest| rest.len() == 64 && rest.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written_back() {
        let digest = format!("sha256:{}", "a1".repeat(32));
        for text in [
            "docker.io/library/debian:12-slim",
            "localhost:5000/base/go:1.24",
            "harbor.example.com/a/b/c:1_x",
            "debian:12",
            "scratch",
            &format!("gcr.io/distroless/static:nonroot@{digest}"),
            &format!("gcr.io/distroless/static@{digest}"),
        ] {
            assert_eq!(
                ImageRef::parse(text).map(|it| it.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "debian",
            "localhost:5000/debian",
            "Debian:12",
            "a b:1",
            "a:1\nRUN x",
            "a:1@sha256:12",
            "/a:1",
            "a//b:1",
            "a:-1",
            "",
            ":1",
            "$X:1",
        ] {
            assert!(ImageRef::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_registry_is_the_host_or_the_hub() {
        for (text, registry) in [
            ("debian:12", "docker.io"),
            ("library/debian:12", "docker.io"),
            ("localhost/x:1", "localhost"),
            ("localhost:5000/x:1", "localhost:5000"),
            ("gcr.io/d/s:1", "gcr.io"),
        ] {
            let image = ImageRef::parse(text);
            assert_eq!(image.as_ref().map(ImageRef::registry), Ok(registry));
        }
    }
}
