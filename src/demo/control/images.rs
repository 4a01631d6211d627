//! Which images can be pulled. The demo has no registry: this stands in for all of them, and its
//! rules are the whole of what is simulated.

use super::hash::fnv1a;
use super::status::repository;
use crate::demo::world::company::{PROJECTS, REGISTRY};

/// Words in a reference that say it was meant not to exist.
const MISSING_WORDS: &[&str] = &[
    "does-not-exist",
    "doesnotexist",
    "not-exist",
    "nonexist",
    "no-such",
    "nosuch",
    "not-found",
    "notfound",
    "missing",
    "invalid",
    "bogus",
    "typo",
    "nope",
];

/// Tags that say the same, and tags that the company never pushed.
const MISSING_TAGS: &[&str] = &["bad", "broken", "wrong", "fail", "fake", "none"];

/// Images that were announced but never pushed.
const NEVER_PUSHED: &[&str] = &["search/ranker:0.9.1"];

/// Registries that anybody may pull from.
const PUBLIC: &[&str] = &[
    "docker.io",
    "registry.k8s.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "registry.gitlab.com",
];

/// Repositories of the public library that the demo knows by their short names.
const LIBRARY: &[&str] = &[
    "alpine",
    "bash",
    "busybox",
    "caddy",
    "debian",
    "fedora",
    "golang",
    "haproxy",
    "hello-world",
    "httpd",
    "mariadb",
    "memcached",
    "mongo",
    "mysql",
    "nats",
    "nginx",
    "node",
    "openjdk",
    "perl",
    "php",
    "postgres",
    "python",
    "rabbitmq",
    "redis",
    "registry",
    "ruby",
    "rust",
    "traefik",
    "tomcat",
    "ubuntu",
    "vault",
];

/// Why an image cannot be pulled, in the words of containerd; `None` when it can.
pub fn refusal(image: &str) -> Option<String> {
    let image = image.split('@').next().unwrap_or(image);
    let repository = repository(image);
    let tag = image[repository.len()..].trim_start_matches(':');
    let full = full_name(image, tag);
    let lower = image.to_ascii_lowercase();
    let missing = MISSING_WORDS.iter().any(|word| lower.contains(word))
        || MISSING_TAGS.contains(&tag.to_ascii_lowercase().as_str());
    let host = host(repository);
    if host.is_some_and(|host| !known_host(host)) {
        let host = host.unwrap_or_default();
        return Some(unresolved(
            &full,
            &format!(
                "failed to do request: Head \"https://{host}/v2/\": dial tcp: lookup {host}: no such host"
            ),
        ));
    }
    if host == Some(REGISTRY) {
        let path = image
            .strip_prefix(REGISTRY)
            .unwrap_or(image)
            .trim_start_matches('/');
        return (missing || !is_published(path)).then(|| unresolved_not_found(&full));
    }
    if host.is_none() && !LIBRARY.contains(&repository) && !repository.contains('/')
        || missing && host.is_none() && tag.is_empty()
    {
        return Some(unresolved(
            &full,
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
        ));
    }
    missing.then(|| unresolved_not_found(&full))
}

/// Size of an image in bytes, always the same for the same image.
pub fn size(image: &str) -> u64 {
    18_000_000 + fnv1a(repository(image)) % 140_000_000
}

fn host(repository: &str) -> Option<&str> {
    let (first, _) = repository.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

fn known_host(host: &str) -> bool {
    host == REGISTRY || PUBLIC.contains(&host)
}

/// Whether the company's registry holds `path`, such as `shop/web:1.4.3`: the repository of one of
/// its components, with a tag that is a version.
fn is_published(path: &str) -> bool {
    let repository = repository(path);
    let tag = path[repository.len()..].trim_start_matches(':');
    let known = repository
        .split_once('/')
        .is_some_and(|(project, component)| {
            PROJECTS
                .iter()
                .find(|p| p.name == project)
                .is_none_or(|p| p.components.iter().any(|c| c.name == component))
        });
    known && tag.starts_with(|c: char| c.is_ascii_digit()) && !NEVER_PUSHED.contains(&path)
}

fn full_name(image: &str, tag: &str) -> String {
    let tagged = if tag.is_empty() {
        format!("{image}:latest")
    } else {
        image.to_owned()
    };
    match host(repository(image)) {
        Some(_) => tagged,
        None if image.contains('/') => format!("docker.io/{tagged}"),
        None => format!("docker.io/library/{tagged}"),
    }
}

fn unresolved_not_found(full: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    )
}

fn unresolved(full: &str, why: &str) -> String {
    format!(
        "failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {why}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_exist_are_pulled() {
        for image in [
            "nginx",
            "nginx:1.27-alpine",
            "busybox@sha256:aa",
            "bitnami/redis:7",
            "registry.k8s.io/pause:3.10",
            &format!("{REGISTRY}/shop/web:1.4.3"),
            &format!("{REGISTRY}/orders/api:2.0.1"),
        ] {
            assert_eq!(refusal(image), None, "{image}");
        }
    }

    #[test]
    fn images_that_do_not_exist_say_so_in_containerds_words() {
        let company = |path: &str| refusal(&format!("{REGISTRY}/{path}")).unwrap_or_default();
        assert!(company("search/ranker:0.9.1").ends_with("search/ranker:0.9.1: not found"));
        assert!(company("shop/nothing:1.0").contains("not found"));
        assert!(company("shop/web:bad").contains("not found"));
        assert!(company("shop/web").contains(":latest"));
        assert!(
            refusal("nginx:does-not-exist")
                .unwrap_or_default()
                .contains("docker.io/library/nginx:does-not-exist")
        );
        assert!(
            refusal("ngnix")
                .unwrap_or_default()
                .contains("pull access denied")
        );
        assert!(
            refusal("registry.invalid/a/b:1")
                .unwrap_or_default()
                .contains("no such host")
        );
    }
}
