//! Tables as the API prints them for kubectl: the columns of each kind and the cells of each object.
//!
//! Cells are written once, when the object is stored. Ages are the exception: they are left open and
//! filled in when the row is sent.

mod cells;
mod core;
mod custom;
mod duration;
mod pods;
mod workloads;

pub use cells::Cells;
pub use custom::Printer;
use serde_json::{Value, json};

use super::kinds::{self, Kind};
use cells::Cell;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    name: &'static str,
    r#type: &'static str,
    /// 0 always, 1 for wide output.
    priority: u8,
}

const fn column(name: &'static str) -> Column {
    Column {
        name,
        r#type: "string",
        priority: 0,
    }
}

const fn wide(name: &'static str) -> Column {
    Column {
        name,
        r#type: "string",
        priority: 1,
    }
}

const fn integer(name: &'static str) -> Column {
    Column {
        name,
        r#type: "integer",
        priority: 0,
    }
}

/// How one kind is printed.
struct Print {
    kind: &'static Kind,
    columns: &'static [Column],
    cells: fn(&Value) -> Vec<Cell>,
}

static PRINTS: &[Print] = &[
    Print {
        kind: &kinds::PODS,
        columns: pods::COLUMNS,
        cells: pods::cells,
    },
    Print {
        kind: &kinds::NAMESPACES,
        columns: core::NAMESPACE,
        cells: core::namespace,
    },
    Print {
        kind: &kinds::NODES,
        columns: core::NODE,
        cells: core::node,
    },
    Print {
        kind: &kinds::SERVICES,
        columns: core::SERVICE,
        cells: core::service,
    },
    Print {
        kind: &kinds::CONFIGMAPS,
        columns: core::CONFIGMAP,
        cells: core::configmap,
    },
    Print {
        kind: &kinds::SECRETS,
        columns: core::SECRET,
        cells: core::secret,
    },
    Print {
        kind: &kinds::EVENTS,
        columns: core::EVENT,
        cells: core::event,
    },
    Print {
        kind: &kinds::PERSISTENTVOLUMECLAIMS,
        columns: core::CLAIM,
        cells: core::claim,
    },
    Print {
        kind: &kinds::INGRESSES,
        columns: core::INGRESS,
        cells: core::ingress,
    },
    Print {
        kind: &kinds::LEASES,
        columns: core::LEASE,
        cells: core::lease,
    },
    Print {
        kind: &kinds::ROLES,
        columns: core::ROLE,
        cells: core::role,
    },
    Print {
        kind: &kinds::CLUSTERROLES,
        columns: core::ROLE,
        cells: core::role,
    },
    Print {
        kind: &kinds::CUSTOMRESOURCEDEFINITIONS,
        columns: core::ROLE,
        cells: core::role,
    },
    Print {
        kind: &kinds::ROLEBINDINGS,
        columns: core::BINDING,
        cells: core::binding,
    },
    Print {
        kind: &kinds::CLUSTERROLEBINDINGS,
        columns: core::BINDING,
        cells: core::binding,
    },
    Print {
        kind: &kinds::DEPLOYMENTS,
        columns: workloads::DEPLOYMENT,
        cells: workloads::deployment,
    },
    Print {
        kind: &kinds::REPLICASETS,
        columns: workloads::REPLICASET,
        cells: workloads::replicaset,
    },
    Print {
        kind: &kinds::STATEFULSETS,
        columns: workloads::STATEFULSET,
        cells: workloads::statefulset,
    },
    Print {
        kind: &kinds::DAEMONSETS,
        columns: workloads::DAEMONSET,
        cells: workloads::daemonset,
    },
    Print {
        kind: &kinds::CONTROLLERREVISIONS,
        columns: workloads::REVISION,
        cells: workloads::revision,
    },
    Print {
        kind: &kinds::JOBS,
        columns: workloads::JOB,
        cells: workloads::job,
    },
    Print {
        kind: &kinds::CRONJOBS,
        columns: workloads::CRONJOB,
        cells: workloads::cronjob,
    },
];

static PLAIN: Print = Print {
    kind: &kinds::SERVICEACCOUNTS,
    columns: core::PLAIN,
    cells: core::plain,
};

fn print(kind: &Kind) -> &'static Print {
    PRINTS
        .iter()
        .find(|print| print.kind == kind)
        .unwrap_or(&PLAIN)
}

/// The cells of an object of a built-in kind.
pub(super) fn cells(kind: &Kind, value: &Value) -> Cells {
    Cells::new(&(print(kind).cells)(value))
}

fn definitions<'a>(columns: impl Iterator<Item = (&'a str, &'a str, u8, &'a str)>) -> Value {
    let definition = |(name, r#type, priority, description): (&str, &str, u8, &str)| {
        let format = if name.eq_ignore_ascii_case("name") {
            "name"
        } else {
            ""
        };
        json!({"name": name, "type": r#type, "format": format, "description": description, "priority": priority})
    };
    columns.map(definition).collect()
}

fn built_in_definitions(kind: &Kind) -> Value {
    definitions(
        print(kind)
            .columns
            .iter()
            .map(|c| (c.name, c.r#type, c.priority, "")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_as_many_cells_as_columns_even_for_an_empty_object() {
        for kind in kinds::ALL {
            let print = print(kind);
            assert_eq!(
                (print.cells)(&json!({"metadata": {"name": "x"}})).len(),
                print.columns.len(),
                "{}",
                kind.kind
            );
        }
    }
}
