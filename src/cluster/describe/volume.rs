//! Volumes of a pod.

use super::page::{Page, each, or, plain};
use serde_json::Value;

/// The kinds of volume that have words of their own.
const WORDS: [(&str, &str); 8] = [
    ("configMap", "ConfigMap (a volume populated by a ConfigMap)"),
    ("secret", "Secret (a volume populated by a Secret)"),
    (
        "emptyDir",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
    ),
    ("hostPath", "HostPath (bare host directory volume)"),
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
    ),
    (
        "projected",
        "Projected (a volume that contains injected data from multiple sources)",
    ),
    (
        "downwardAPI",
        "DownwardAPI (a volume populated by information about the pod)",
    ),
    ("nfs", "NFS (an NFS mount that lasts the lifetime of a pod)"),
];

pub(super) fn write(page: &mut Page, volumes: &Value) {
    if volumes.as_array().is_none_or(Vec::is_empty) {
        return page.field("Volumes", "<none>");
    }
    page.title("Volumes");
    page.inside(|page| {
        for volume in each(volumes) {
            page.title(&plain(&volume["name"]));
            page.inside(|page| one(page, volume));
        }
    });
}

fn one(page: &mut Page, volume: &Value) {
    let Some((kind, source)) = kind(volume) else {
        return page.field("Type", "<unknown>");
    };
    let words = WORDS.iter().find(|(name, _)| *name == kind);
    page.field("Type", words.map_or(kind, |(_, words)| words));
    match kind {
        "configMap" => {
            page.field("Name", &plain(&source["name"]));
            page.field("Optional", &or(&source["optional"], "false"));
        }
        "secret" => {
            page.field("SecretName", &plain(&source["secretName"]));
            page.field("Optional", &or(&source["optional"], "false"));
        }
        "emptyDir" => {
            page.field("Medium", &plain(&source["medium"]));
            page.field("SizeLimit", &or(&source["sizeLimit"], "<unset>"));
        }
        "hostPath" => {
            page.field("Path", &plain(&source["path"]));
            page.field("HostPathType", &plain(&source["type"]));
        }
        "persistentVolumeClaim" => {
            page.field("ClaimName", &plain(&source["claimName"]));
            page.field("ReadOnly", &or(&source["readOnly"], "false"));
        }
        "projected" => each(&source["sources"]).for_each(|source| projected(page, source)),
        _ => super::generic::fields(page, source),
    }
}

fn projected(page: &mut Page, source: &Value) {
    if let Some(token) = source.get("serviceAccountToken") {
        page.field(
            "TokenExpirationSeconds",
            &plain(&token["expirationSeconds"]),
        );
    } else if let Some(map) = source.get("configMap") {
        page.field("ConfigMapName", &plain(&map["name"]));
    } else if let Some(secret) = source.get("secret") {
        page.field("SecretName", &plain(&secret["name"]));
    } else if source.get("downwardAPI").is_some() {
        page.field("DownwardAPI", "true");
    }
}

/// The field that says what sort of volume it is.
fn kind(volume: &Value) -> Option<(&str, &Value)> {
    let map = volume.as_object()?;
    let (kind, source) = map.iter().find(|(key, _)| *key != "name")?;
    Some((kind, source))
}

/// `configmap web`, `pvc data`: the volume in two words.
pub(super) fn source(volume: &Value) -> String {
    let Some((kind, source)) = kind(volume) else {
        return plain(&volume["name"]);
    };
    let (word, name) = match kind {
        "configMap" => ("configmap", plain(&source["name"])),
        "secret" => ("secret", plain(&source["secretName"])),
        "persistentVolumeClaim" => ("pvc", plain(&source["claimName"])),
        "hostPath" => ("host path", plain(&source["path"])),
        "emptyDir" => ("empty dir", plain(&volume["name"])),
        other => (other, plain(&volume["name"])),
    };
    format!("{word} {name}")
}
