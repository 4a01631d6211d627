//! The machines: three control-plane nodes and the workers, over three zones.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::clock::stamp;
use crate::demo::random::Random;

const ZONES: [&str; 3] = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];

/// Version of Kubernetes that the nodes report.
pub const KUBELET_VERSION: &str = "v1.36.0";

/// One machine of the cluster.
#[derive(Debug, Clone)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Address in the machines' network.
    pub ip: String,
    /// First two and a half octets of its pods' addresses, such as `10.42.3`.
    pub pod_network: String,
    /// It carries the control plane.
    pub control_plane: bool,
    /// It was cordoned and emptied.
    pub drained: bool,
    /// Pods placed on it so far.
    pub pods: u32,
}

/// The machines and where the next pod goes.
#[derive(Debug)]
pub struct Nodes {
    /// All machines, control plane first.
    pub all: Vec<Node>,
    turn: usize,
}

impl Nodes {
    /// Three control-plane nodes and `workers` workers, the last one of them drained.
    pub fn new(workers: usize) -> Self {
        let control = (1..=3).map(|n| (format!("cp-{n}"), true));
        let work = (1..=workers).map(|n| (format!("worker-{n}"), false));
        let all: Vec<Node> = control
            .chain(work)
            .enumerate()
            .map(|(at, (name, control_plane))| Node {
                ip: format!("10.20.{}.{}", at / 200, 11 + at % 200),
                pod_network: format!("10.{}.{}", 42 + at / 256, at % 256),
                drained: !control_plane && at + 1 == workers + 3,
                control_plane,
                name,
                pods: 0,
            })
            .collect();
        Self { all, turn: 0 }
    }

    /// The worker for the next pod: in turns, so that no two pods of one workload share a node
    /// while there are enough.
    pub fn place(&mut self) -> usize {
        loop {
            self.turn += 1;
            let at = self.turn % self.all.len();
            let node = &self.all[at];
            if !node.control_plane && !node.drained {
                return at;
            }
        }
    }

    /// The next free pod address on a node.
    pub fn address(&mut self, at: usize) -> String {
        let node = &mut self.all[at];
        node.pods += 1;
        format!("{}.{}", node.pod_network, 2 + node.pods % 250)
    }

    /// The machines as objects.
    pub fn objects(&self, random: &mut Random, now: Timestamp, age: SignedDuration) -> Vec<Value> {
        self.all
            .iter()
            .enumerate()
            .map(|(at, node)| node.object(at, random, now, now - age))
            .collect()
    }
}

impl Node {
    fn object(&self, at: usize, random: &mut Random, now: Timestamp, born: Timestamp) -> Value {
        let mut labels = json!({
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "topology.kubernetes.io/region": "eu-central-1",
            "topology.kubernetes.io/zone": ZONES[at % ZONES.len()],
        });
        let role = if self.control_plane {
            "node-role.kubernetes.io/control-plane"
        } else {
            "node-role.kubernetes.io/worker"
        };
        labels[role] = "".into();
        let cidr = format!("{}.0/24", self.pod_network);
        let mut spec = json!({"podCIDR": cidr, "podCIDRs": [cidr]});
        let mut taints = Vec::new();
        if self.control_plane {
            taints.push(
                json!({"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}),
            );
        }
        if self.drained {
            spec["unschedulable"] = true.into();
            let since = stamp(now - SignedDuration::from_mins(47));
            taints.push(json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": since}));
        }
        if !taints.is_empty() {
            spec["taints"] = taints.into();
        }
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "uid": random.uid(),
                "creationTimestamp": stamp(born),
                "labels": labels,
                "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            },
            "spec": spec,
            "status": self.status(random, now, born),
        })
    }

    fn status(&self, random: &mut Random, now: Timestamp, born: Timestamp) -> Value {
        let (cpu, memory) = if self.control_plane {
            (4, 16_374_104)
        } else {
            (16, 65_842_716)
        };
        let amounts = |cpu: String, memory: u64| json!({"cpu": cpu, "memory": format!("{memory}Ki"), "pods": "110", "ephemeral-storage": "203056560Ki", "hugepages-2Mi": "0"});
        json!({
            "addresses": [{"type": "InternalIP", "address": self.ip}, {"type": "Hostname", "address": self.name}],
            "capacity": amounts(cpu.to_string(), memory),
            "allocatable": amounts(format!("{}m", cpu * 1000 - 100), memory - 524_288),
            "conditions": conditions(random, now, born),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": random.uid(),
                "containerRuntimeVersion": "containerd://2.0.5",
                "kernelVersion": "6.8.0-64-generic",
                "kubeProxyVersion": "",
                "kubeletVersion": KUBELET_VERSION,
                "machineID": random.hex(32),
                "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.2 LTS",
                "systemUUID": random.uid(),
            },
        })
    }
}

fn conditions(random: &mut Random, now: Timestamp, born: Timestamp) -> Value {
    let beat = stamp(now - SignedDuration::from_secs(random.between(5, 290)));
    let since = stamp(born + SignedDuration::from_secs(40));
    let condition = |kind: &str, on: bool, reason: &str, message: &str| {
        json!({
            "type": kind, "status": if on { "True" } else { "False" }, "reason": reason, "message": message,
            "lastHeartbeatTime": beat, "lastTransitionTime": since,
        })
    };
    json!([
        condition(
            "MemoryPressure",
            false,
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition(
            "DiskPressure",
            false,
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure"
        ),
        condition(
            "PIDPressure",
            false,
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"
        ),
        condition(
            "Ready",
            true,
            "KubeletReady",
            "kubelet is posting ready status"
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_go_round_the_workers_that_take_pods() {
        let mut nodes = Nodes::new(6);
        let names: Vec<String> = (0..6)
            .map(|_| {
                let at = nodes.place();
                nodes.all[at].name.clone()
            })
            .collect();
        assert!(
            names
                .iter()
                .all(|name| name.starts_with("worker-") && name != "worker-6"),
            "{names:?}"
        );
        let first: std::collections::BTreeSet<_> = names.iter().take(5).collect();
        assert_eq!(first.len(), 5, "{names:?}");
    }
}
