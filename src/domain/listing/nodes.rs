//! The table of nodes.

use super::{Column, Listed, age, age_number, by_age};
use crate::domain::fleet::NodeRow;
use crate::domain::health::node::status;
use crate::domain::rows::Labels;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use std::cmp::Ordering;
use std::fmt::Write;

/// Nodes have no namespace.
static NOWHERE: std::sync::LazyLock<Text> = std::sync::LazyLock::new(Text::default);

impl Listed for NodeRow {
    const NAME: &'static str = "nodes";

    const COLUMNS: &'static [Column] = &[
        Column::HEALTH,
        Column::text("name", "NODE", 0),
        Column::text("status", "STATUS", 0),
        Column::text("roles", "ROLES", 2),
        Column::number("pods", "PODS", 0),
        Column::number("cpu", "CPU", 3),
        Column::number("memory", "MEMORY", 3),
        Column::sentence("cause", "CAUSE", 1),
        Column::text("taints", "TAINTS", 5).wide(),
        Column::text("version", "VERSION", 2),
        Column::text("ip", "INTERNAL-IP", 4),
        Column::text("os", "OS IMAGE", 7).wide(),
        Column::text("kernel", "KERNEL", 7).wide(),
        Column::text("runtime", "RUNTIME", 7).wide(),
        Column::number("age", "AGE", 1),
    ];

    fn name(&self) -> &Text {
        &self.node.meta.name
    }

    fn namespace(&self) -> &Text {
        &NOWHERE
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.node.meta.labels)
    }

    fn text(&self, column: &str, now: Timestamp, out: &mut String) {
        let node = &self.node;
        match column {
            "health" => out.push_str(self.health.word()),
            "name" => out.push_str(&node.meta.name),
            "status" => out.push_str(&status(node)),
            "roles" => out.push_str(&node.roles),
            "pods" => {
                // Of some namespaces only: there may be more.
                let more = if self.partial { "+" } else { "" };
                let _ = write!(out, "{}{more}/{}", self.pods, node.max_pods);
            }
            "cpu" => cores(node.cpu_milli, out),
            "memory" => out.push_str(&bytes(node.memory)),
            "cause" => self.cause.iter().for_each(|cause| cause.write(now, out)),
            "taints" => super::join(&node.taints, out),
            "version" => out.push_str(&node.version),
            "ip" => out.push_str(&node.internal_ip),
            "os" => out.push_str(&node.os_image),
            "kernel" => out.push_str(&node.kernel),
            "runtime" => out.push_str(&node.runtime),
            "age" => age(node.meta.created, now, out),
            _ => {}
        }
    }

    fn compare(&self, other: &Self, column: &str) -> Ordering {
        let (a, b) = (&self.node, &other.node);
        match column {
            "health" => self.health.cmp(&other.health),
            "status" => status(a).cmp(&status(b)),
            "roles" => a.roles.cmp(&b.roles),
            "pods" => self.pods.cmp(&other.pods),
            "cpu" => a.cpu_milli.cmp(&b.cpu_milli),
            "memory" => a.memory.cmp(&b.memory),
            "cause" => super::by_cause(self.cause.as_ref(), other.cause.as_ref()),
            "taints" => a.taints.cmp(&b.taints),
            "version" => a.version.cmp(&b.version),
            "ip" => a.internal_ip.cmp(&b.internal_ip),
            "os" => a.os_image.cmp(&b.os_image),
            "kernel" => a.kernel.cmp(&b.kernel),
            "runtime" => a.runtime.cmp(&b.runtime),
            "age" => by_age(a.meta.created, b.meta.created),
            _ => a.meta.name.cmp(&b.meta.name),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        (column == "age").then_some(self.node.meta.created)
    }

    fn number(&self, column: &str, now: Timestamp) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "sizes are compared, not added")]
        let number = |n: u64| n as f64;
        Some(match column {
            "pods" => self.pods.into(),
            "cpu" => number(self.node.cpu_milli) / 1000.0,
            "memory" => number(self.node.memory),
            "age" => age_number(self.node.meta.created, now),
            _ => return None,
        })
    }
}

/// `4`, `3.9`: cores with one digit where it is not a whole number.
fn cores(milli: u64, out: &mut String) {
    let _ = if milli.is_multiple_of(1000) {
        write!(out, "{}", milli / 1000)
    } else {
        write!(out, "{}.{}", milli / 1000, milli % 1000 / 100)
    };
}

/// Bytes in one unit: `512M`, `1.4G`, `16G`.
pub fn bytes(n: u64) -> String {
    let units = [
        ("T", 1_u64 << 40),
        ("G", 1 << 30),
        ("M", 1 << 20),
        ("K", 1 << 10),
    ];
    match units.into_iter().find(|(_, size)| n >= *size) {
        Some((unit, size)) if n / size < 10 && n % size * 10 / size > 0 => {
            format!("{}.{}{unit}", n / size, n % size * 10 / size)
        }
        Some((unit, size)) => format!("{}{unit}", n / size),
        None => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_humane() {
        for (n, text) in [
            (0, "0"),
            (1023, "1023"),
            (1 << 20, "1M"),
            (3 << 29, "1.5G"),
            (16 << 30, "16G"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }
}
