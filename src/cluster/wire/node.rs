//! Nodes and namespaces.

use super::Wire;
use super::meta::{Shared, WireCondition, WireMeta};
use super::quantity;
use super::text::{Str, or_default};
use crate::domain::rows::{Condition, Kind, Namespace, Node, Row, Truth};
use crate::domain::text::Text;
use serde::Deserialize;

/// A namespace as far as a row needs it.
#[derive(Debug, Deserialize)]
pub(super) struct WireNamespace<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: NamespaceStatus<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct NamespaceStatus<'a> {
    #[serde(borrow, default)]
    phase: Str<'a>,
}

impl<'a> Wire<'a> for WireNamespace<'a> {
    fn meta(&self) -> Option<&WireMeta<'a>> {
        self.metadata.as_ref()
    }

    fn row(self, _: Kind, shared: &mut Shared) -> Row {
        Row::Namespace(Namespace {
            meta: self.metadata.unwrap_or_default().into_meta(shared),
            phase: shared.text(&self.status.phase),
        })
    }
}

/// A node as far as a row needs it.
#[derive(Debug, Deserialize)]
pub(super) struct WireNode<'a> {
    #[serde(borrow, default)]
    metadata: Option<WireMeta<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: NodeSpec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: NodeStatus<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct NodeSpec<'a> {
    #[serde(default)]
    unschedulable: Option<bool>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    taints: Vec<Taint<'a>>,
}

#[derive(Debug, Deserialize)]
struct Taint<'a> {
    #[serde(borrow, default)]
    key: Str<'a>,
    #[serde(borrow, default)]
    value: Str<'a>,
    #[serde(borrow, default)]
    effect: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeStatus<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    addresses: Vec<Address<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    allocatable: Allocatable<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    node_info: Info<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

#[derive(Debug, Deserialize)]
struct Address<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow, default)]
    address: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Allocatable<'a> {
    #[serde(borrow, default)]
    cpu: Str<'a>,
    #[serde(borrow, default)]
    memory: Str<'a>,
    #[serde(borrow, default)]
    pods: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info<'a> {
    #[serde(borrow, default)]
    kubelet_version: Str<'a>,
    #[serde(borrow, default)]
    os_image: Str<'a>,
    #[serde(borrow, default)]
    kernel_version: Str<'a>,
    #[serde(borrow, default)]
    container_runtime_version: Str<'a>,
}

impl<'a> Wire<'a> for WireNode<'a> {
    fn meta(&self) -> Option<&WireMeta<'a>> {
        self.metadata.as_ref()
    }

    fn row(self, _: Kind, shared: &mut Shared) -> Row {
        let meta = self.metadata.unwrap_or_default();
        let (spec, status) = (self.spec, self.status);
        let internal_ip = status
            .addresses
            .iter()
            .find(|address| &*address.kind == "InternalIP")
            .map_or_else(Text::default, |address| Text::new(&address.address));
        Row::Node(Node {
            roles: Text::new(&roles(&meta)),
            meta: meta.into_meta(shared),
            cordoned: spec.unschedulable == Some(true),
            version: shared.text(&status.node_info.kubelet_version),
            internal_ip,
            os_image: shared.text(&status.node_info.os_image),
            kernel: shared.text(&status.node_info.kernel_version),
            runtime: shared.text(&status.node_info.container_runtime_version),
            cpu_milli: quantity::thousandths(&status.allocatable.cpu).unwrap_or(0),
            memory: quantity::whole(&status.allocatable.memory).unwrap_or(0),
            max_pods: quantity::whole(&status.allocatable.pods)
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0),
            taints: spec.taints.iter().map(taint).collect(),
            conditions: conditions(&status.conditions, shared),
        })
    }
}

/// As kubectl finds them: `node-role.kubernetes.io/NAME` and `kubernetes.io/role=NAME`.
fn roles(meta: &WireMeta<'_>) -> String {
    let mut roles: Vec<&str> = meta
        .labels
        .0
        .iter()
        .filter_map(|(key, value)| {
            key.strip_prefix("node-role.kubernetes.io/")
                .or_else(|| (&**key == "kubernetes.io/role").then_some(&**value))
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        "<none>".into()
    } else {
        roles.join(",")
    }
}

fn taint(taint: &Taint<'_>) -> Text {
    let (key, effect) = (&*taint.key, &*taint.effect);
    Text::new(&if taint.value.is_empty() {
        format!("{key}:{effect}")
    } else {
        format!("{key}={}:{effect}", &*taint.value)
    })
}

fn conditions(all: &[WireCondition<'_>], shared: &mut Shared) -> Box<[Condition]> {
    all.iter()
        .map(|condition| {
            let healthy = match &*condition.kind {
                "Ready" => Truth::True,
                _ => Truth::False,
            };
            condition.condition(healthy, shared)
        })
        .collect()
}
