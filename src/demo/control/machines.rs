//! The nodes as the scheduler and the kubelets see them: what is free, who is refused, addresses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{flag, items, text};
use super::quantity;
use super::summary::Request;
use crate::demo::store::Object;

/// One node.
#[derive(Debug, Default)]
pub struct Machine {
    /// Address in the machines' network.
    pub ip: String,
    /// First octets of its pods' addresses, with the last dot.
    prefix: String,
    /// It takes no new pods.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Value>,
    /// Its labels.
    pub labels: Value,
    cpu: i64,
    memory: i64,
    slots: i64,
    devices: BTreeMap<String, i64>,
    used: Request,
    used_devices: BTreeMap<Box<str>, i64>,
    /// Pods on it.
    pub pods: i64,
    addresses: i64,
}

/// All nodes, by name.
#[derive(Debug, Default)]
pub struct Machines {
    /// The nodes.
    pub all: BTreeMap<Box<str>, Machine>,
    /// Where each pod stands and what it takes there, by the pod's uid.
    placed: std::collections::HashMap<Box<str>, (Box<str>, Request)>,
}

impl Machines {
    /// Takes in a new or changed node.
    pub fn put(&mut self, node: &Object) {
        let value = node.value();
        let machine = self.all.entry(node.name.clone()).or_default();
        let address = items(&value, "/status/addresses")
            .iter()
            .find(|address| text(address, "/type") == "InternalIP");
        address
            .map_or("", |address| text(address, "/address"))
            .clone_into(&mut machine.ip);
        let cidr = text(&value, "/spec/podCIDR");
        machine.prefix = cidr
            .rsplit_once('.')
            .map_or_else(|| "10.41.0.".to_owned(), |(prefix, _)| format!("{prefix}."));
        machine.unschedulable = flag(&value, "/spec/unschedulable");
        machine.taints = items(&value, "/spec/taints").to_vec();
        machine.labels = value["metadata"]["labels"].clone();
        let allocatable = &value["status"]["allocatable"];
        machine.cpu = quantity::milli(text(allocatable, "/cpu"));
        machine.memory = quantity::mebi(text(allocatable, "/memory"));
        machine.slots = text(allocatable, "/pods").parse().unwrap_or(110);
        let extended = allocatable
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.contains('/'));
        machine.devices = extended
            .map(|(name, amount)| {
                (
                    name.clone(),
                    amount.as_str().and_then(|a| a.parse().ok()).unwrap_or(0),
                )
            })
            .collect();
    }

    /// Forgets a node.
    pub fn remove(&mut self, name: &str) {
        self.all.remove(name);
    }

    /// Books a pod's request on its node.
    pub fn occupy(&mut self, uid: &str, node: &str, request: &Request) {
        if self.placed.contains_key(uid) {
            return;
        }
        self.placed
            .insert(uid.into(), (node.into(), request.clone()));
        self.book(node, request, 1);
    }

    /// Frees what a pod took; says whether it took anything.
    pub fn release(&mut self, uid: &str) -> bool {
        let Some((node, request)) = self.placed.remove(uid) else {
            return false;
        };
        self.book(&node, &request, -1);
        true
    }

    fn book(&mut self, node: &str, request: &Request, sign: i64) {
        let Some(machine) = self.all.get_mut(node) else {
            return;
        };
        machine.pods += sign;
        machine.used.cpu += sign * request.cpu;
        machine.used.memory += sign * request.memory;
        for (name, amount) in request.devices.iter().flatten() {
            *machine.used_devices.entry(name.clone()).or_default() += sign * amount;
        }
    }

    /// A free pod address on a node.
    pub fn address(&mut self, node: &str) -> Option<String> {
        let machine = self.all.get_mut(node)?;
        machine.addresses += 1;
        // Seeded pods took the low addresses; the running ones go on from there and wrap.
        Some(format!(
            "{}{}",
            machine.prefix,
            2 + (machine.pods + machine.addresses) % 252
        ))
    }
}

impl Machine {
    /// What keeps a pod with this request off the node, as the scheduler names it.
    pub fn lacks(&self, request: &Request) -> Option<String> {
        if self.pods >= self.slots {
            return Some("Too many pods".to_owned());
        }
        if self.used.cpu + request.cpu > self.cpu {
            return Some("Insufficient cpu".to_owned());
        }
        if self.used.memory + request.memory > self.memory {
            return Some("Insufficient memory".to_owned());
        }
        let mut devices = request.devices.iter().flatten();
        let short = devices.find(|(name, amount)| {
            let used = self.used_devices.get(name).copied().unwrap_or(0);
            used + amount > self.devices.get(name.as_ref()).copied().unwrap_or(0)
        });
        short.map(|(name, _)| format!("Insufficient {name}"))
    }

    /// Share of its CPU that is spoken for, in thousandths.
    pub fn load(&self) -> i64 {
        self.used.cpu * 1000 / self.cpu.max(1)
    }
}
