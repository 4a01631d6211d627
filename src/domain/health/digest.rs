//! Makes one short clause of the long sentences that the scheduler, the kubelet and the
//! controllers write.

use super::cause::ImageProblem;

/// The longest clause that is kept of a message nobody understands.
const LONGEST: usize = 160;

/// What the scheduler found, by nodes: `3 nodes: insufficient cpu, 1 node: untolerated taint {x}`.
///
/// Its message reads `0/4 nodes are available: 3 Insufficient cpu, 1 node(s) had untolerated taint
/// {x}. preemption: 0/4 nodes are available: ...`; what follows the first sentence is about
/// preemption and says the same again.
pub fn scheduling(message: &str) -> String {
    let reasons = message
        .split_once("nodes are available: ")
        .map_or(message, |(_, reasons)| reasons);
    let reasons = reasons
        .split_once(". preemption:")
        .map_or(reasons, |(reasons, _)| reasons);
    let clauses: Vec<String> = clauses(reasons.trim_end_matches('.'))
        .into_iter()
        .map(node_clause)
        .collect();
    short(&clauses.join(", "))
}

/// Splits at commas that a number follows: reasons themselves may hold commas.
fn clauses(text: &str) -> Vec<&str> {
    let mut clauses = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest[from..].find(", ").map(|at| at + from) {
        if rest[at + 2..].starts_with(|c: char| c.is_ascii_digit()) {
            clauses.push(&rest[..at]);
            rest = &rest[at + 2..];
            from = 0;
        } else {
            from = at + 2;
        }
    }
    clauses.push(rest);
    clauses
}

fn node_clause(clause: &str) -> String {
    let counted = clause
        .split_once(' ')
        .filter(|(n, _)| n.parse::<u32>().is_ok());
    let Some((count, reason)) = counted else {
        return lower_first(clause.trim());
    };
    let reason = reason
        .trim()
        .trim_start_matches("node(s) ")
        .trim_start_matches("had ")
        .trim_start_matches("were ");
    let nodes = if count == "1" { "node" } else { "nodes" };
    format!("{count} {nodes}: {}", lower_first(reason))
}

/// Why an image cannot be had, from the waiting reason and the kubelet's message.
pub fn image(reason: &str, message: &str) -> ImageProblem {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if reason == "InvalidImageName" {
        ImageProblem::Invalid
    } else if reason == "ErrImageNeverPull" {
        ImageProblem::NeverPulled
    } else if says(&["not found", "manifest unknown", "name unknown", "notfound"]) {
        ImageProblem::NotFound
    } else if says(&[
        "unauthorized",
        "denied",
        "forbidden",
        "authentication",
        "401",
        "403",
    ]) {
        ImageProblem::Denied
    } else if reason == "RegistryUnavailable"
        || says(&[
            "no such host",
            "connection refused",
            "i/o timeout",
            "deadline exceeded",
            "no route",
            "network is unreachable",
            "connection reset",
            "tls:",
            "x509",
        ])
    {
        ImageProblem::Unreachable
    } else {
        ImageProblem::Other
    }
}

/// The first line of a message, without a full stop, cut where it is too long.
pub fn short(message: &str) -> String {
    let line = message.lines().next().unwrap_or("").trim();
    let line = line.strip_suffix('.').unwrap_or(line);
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // `Insufficient cpu` but not `PVC ...`.
        Some(first) if !chars.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedulers_message_is_read_by_nodes() {
        let cases = [
            (
                "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
                "1 node: insufficient cpu",
            ),
            (
                "0/9 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu, x}, 6 Insufficient memory.",
                "3 nodes: untolerated taint {dedicated: gpu, x}, 6 nodes: insufficient memory",
            ),
            (
                "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
                "2 nodes: didn't match Pod's node affinity/selector",
            ),
            (
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
                "pod has unbound immediate PersistentVolumeClaims",
            ),
            (
                "no nodes available to schedule pods",
                "no nodes available to schedule pods",
            ),
            ("", ""),
        ];
        for (message, digest) in cases {
            assert_eq!(scheduling(message), digest, "{message}");
        }
    }

    #[test]
    fn image_errors_are_told_apart() {
        let cases = [
            (
                "ErrImagePull",
                "rpc error: code = NotFound desc = failed to pull: x: not found",
                ImageProblem::NotFound,
            ),
            ("ErrImagePull", "manifest unknown", ImageProblem::NotFound),
            (
                "ErrImagePull",
                "pull access denied, repository does not exist or may require authorization",
                ImageProblem::Denied,
            ),
            (
                "ErrImagePull",
                "dial tcp: lookup registry: no such host",
                ImageProblem::Unreachable,
            ),
            (
                "InvalidImageName",
                "couldn't parse image name",
                ImageProblem::Invalid,
            ),
            ("ErrImageNeverPull", "", ImageProblem::NeverPulled),
            (
                "ImagePullBackOff",
                "Back-off pulling image \"x\"",
                ImageProblem::Other,
            ),
        ];
        for (reason, message, problem) in cases {
            assert_eq!(image(reason, message), problem, "{reason} {message}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let cut = short(&"ü".repeat(500));
        assert_eq!(cut.chars().count(), LONGEST);
        assert!(cut.ends_with('…'));
    }
}
