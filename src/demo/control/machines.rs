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
    /// Who may stand on it.
    pub rules: Rules,
    used: Request,
    used_devices: BTreeMap<Box<str>, i64>,
    /// Pods on it.
    pub pods: i64,
    addresses: i64,
}

/// What decides who may stand on a node.
#[derive(Debug, Default, PartialEq)]
pub struct Rules {
    /// It takes no new pods.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Value>,
    /// Its labels.
    pub labels: Value,
    room: Room,
}

/// What a node can give.
#[derive(Debug, Default, PartialEq)]
struct Room {
    cpu: i64,
    memory: i64,
    pods: i64,
    devices: BTreeMap<String, i64>,
}

impl Room {
    fn of(allocatable: &Value) -> Self {
        let extended = allocatable
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.contains('/'));
        let count = |amount: &Value| {
            amount
                .as_str()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        };
        Self {
            cpu: quantity::milli(text(allocatable, "/cpu")),
            memory: quantity::mebi(text(allocatable, "/memory")),
            pods: text(allocatable, "/pods").parse().unwrap_or(110),
            devices: extended
                .map(|(name, amount)| (name.clone(), count(amount)))
                .collect(),
        }
    }
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
    /// Takes in a new or changed node; says whether that can change where pods may stand.
    pub fn put(&mut self, node: &Object) -> bool {
        let value = node.value();
        let known = self.all.contains_key(&node.name);
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
        let rules = Rules {
            unschedulable: flag(&value, "/spec/unschedulable"),
            taints: items(&value, "/spec/taints").to_vec(),
            labels: value["metadata"]["labels"].clone(),
            room: Room::of(&value["status"]["allocatable"]),
        };
        let changed = !known || machine.rules != rules;
        machine.rules = rules;
        changed
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
        let room = &self.rules.room;
        if self.pods >= room.pods {
            return Some("Too many pods".to_owned());
        }
        if self.used.cpu + request.cpu > room.cpu {
            return Some("Insufficient cpu".to_owned());
        }
        if self.used.memory + request.memory > room.memory {
            return Some("Insufficient memory".to_owned());
        }
        let mut devices = request.devices.iter().flatten();
        let short = devices.find(|(name, amount)| {
            let used = self.used_devices.get(name).copied().unwrap_or(0);
            used + amount > room.devices.get(name.as_ref()).copied().unwrap_or(0)
        });
        short.map(|(name, _)| format!("Insufficient {name}"))
    }

    /// Share of its CPU that is spoken for, in thousandths.
    pub fn load(&self) -> i64 {
        self.used.cpu * 1000 / self.rules.room.cpu.max(1)
    }
}
