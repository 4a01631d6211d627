//! Containers, of a pod with their state and of a pod template without.

use super::page::{Page, date, each, or, pairs, plain, truth};
use super::shorten;
use crate::domain::session::ContainerSpec;
use crate::domain::text::Text;
use serde_json::Value;

/// Writes one list of containers; `statuses` is null for a template.
pub(super) fn write(page: &mut Page, label: &str, containers: &Value, statuses: &Value) {
    if containers.as_array().is_none_or(Vec::is_empty) {
        return;
    }
    page.title(label);
    for container in each(containers) {
        let status = each(statuses).find(|status| status["name"] == container["name"]);
        // kubectl indents containers of templates by one.
        page.shift(if statuses.is_null() { 1 } else { 2 }, |page| {
            page.title(&plain(&container["name"]));
            page.shift(if statuses.is_null() { 1 } else { 2 }, |page| {
                one(page, container, status);
            });
        });
    }
}

fn one(page: &mut Page, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        page.field("Container ID", &plain(&status["containerID"]));
    }
    page.field("Image", &plain(&container["image"]));
    if let Some(status) = status {
        page.field("Image ID", &plain(&status["imageID"]));
    }
    ports(page, container);
    lines(page, "Command", &container["command"]);
    lines(page, "Args", &container["args"]);
    if let Some(status) = status {
        state(page, "State", &status["state"]);
        if status["lastState"]
            .as_object()
            .is_some_and(|s| !s.is_empty())
        {
            state(page, "Last State", &status["lastState"]);
        }
        page.field("Ready", truth(&status["ready"]));
        page.field("Restart Count", &or(&status["restartCount"], "0"));
    }
    quantities(page, "Limits", &container["resources"]["limits"]);
    quantities(page, "Requests", &container["resources"]["requests"]);
    for (label, name) in [
        ("Liveness", "livenessProbe"),
        ("Readiness", "readinessProbe"),
        ("Startup", "startupProbe"),
    ] {
        page.some(label, &probe(&container[name]));
    }
    environment(page, container);
    let mounts = mounts(container);
    if mounts.is_empty() {
        return page.field("Mounts", "<none>");
    }
    page.title("Mounts");
    page.inside(|page| mounts.iter().for_each(|mount| page.row(&[mount])));
}

fn ports(page: &mut Page, container: &Value) {
    let ports: Vec<String> = each(&container["ports"]).map(port).collect();
    let host: Vec<String> = each(&container["ports"])
        .map(|port| {
            format!(
                "{}/{}",
                or(&port["hostPort"], "0"),
                or(&port["protocol"], "TCP")
            )
        })
        .collect();
    let (label, host_label) = if ports.len() > 1 {
        ("Ports", "Host Ports")
    } else {
        ("Port", "Host Port")
    };
    let text = |list: &[String]| {
        if list.is_empty() {
            "<none>".to_owned()
        } else {
            list.join(", ")
        }
    };
    page.field(label, &text(&ports));
    page.field(host_label, &text(&host));
}

/// `8080/TCP (http)`
fn port(port: &Value) -> String {
    let number = format!(
        "{}/{}",
        plain(&port["containerPort"]),
        or(&port["protocol"], "TCP")
    );
    match port["name"].as_str() {
        Some(name) if !name.is_empty() => format!("{number} ({name})"),
        _ => number,
    }
}

fn lines(page: &mut Page, label: &str, value: &Value) {
    if value.as_array().is_none_or(Vec::is_empty) {
        return;
    }
    page.title(label);
    page.inside(|page| {
        for argument in each(value) {
            for line in plain(argument).lines() {
                page.row(&[line]);
            }
        }
    });
}

fn state(page: &mut Page, label: &str, state: &Value) {
    let details = |page: &mut Page, state: &Value| {
        page.inside(|page| {
            page.some("Reason", &plain(&state["reason"]));
            page.some("Message", &plain(&state["message"]));
        });
    };
    if let Some(running) = state.get("running") {
        page.field(label, "Running");
        page.inside(|page| page.field("Started", &date(&running["startedAt"])));
    } else if let Some(waiting) = state.get("waiting") {
        page.field(label, "Waiting");
        details(page, waiting);
    } else if let Some(ended) = state.get("terminated") {
        page.field(label, "Terminated");
        details(page, ended);
        page.inside(|page| {
            page.field("Exit Code", &or(&ended["exitCode"], "0"));
            page.some("Signal", &plain(&ended["signal"]));
            page.field("Started", &date(&ended["startedAt"]));
            page.field("Finished", &date(&ended["finishedAt"]));
        });
    } else {
        page.field(label, "Waiting");
    }
}

fn quantities(page: &mut Page, label: &str, value: &Value) {
    let Some(map) = value.as_object().filter(|map| !map.is_empty()) else {
        return;
    };
    page.title(label);
    page.inside(|page| {
        for (name, quantity) in map {
            page.field(name, &plain(quantity));
        }
    });
}

/// `http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3`
fn probe(probe: &Value) -> String {
    if !probe.is_object() {
        return String::new();
    }
    let seconds = |name: &str, default: &str| or(&probe[name], default);
    format!(
        "{} delay={}s timeout={}s period={}s #success={} #failure={}",
        probe_action(probe),
        seconds("initialDelaySeconds", "0"),
        seconds("timeoutSeconds", "1"),
        seconds("periodSeconds", "10"),
        seconds("successThreshold", "1"),
        seconds("failureThreshold", "3"),
    )
}

fn probe_action(probe: &Value) -> String {
    if let Some(http) = probe.get("httpGet") {
        let scheme = or(&http["scheme"], "HTTP").to_lowercase();
        let (host, path) = (plain(&http["host"]), plain(&http["path"]));
        return format!("http-get {scheme}://{host}:{}{path}", plain(&http["port"]));
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        return format!("tcp-socket {}:{}", plain(&tcp["host"]), plain(&tcp["port"]));
    }
    if let Some(grpc) = probe.get("grpc") {
        return format!(
            "grpc <pod>:{} {}",
            plain(&grpc["port"]),
            plain(&grpc["service"])
        );
    }
    let command: Vec<String> = each(&probe["exec"]["command"]).map(plain).collect();
    format!("exec [{}]", command.join(" "))
}

fn environment(page: &mut Page, container: &Value) {
    let from: Vec<String> = each(&container["envFrom"]).map(env_source).collect();
    if !from.is_empty() {
        page.title("Environment Variables from");
        page.inside(|page| from.iter().for_each(|source| page.row(&[source])));
    }
    let mut variables = each(&container["env"]).peekable();
    if variables.peek().is_none() {
        return page.field("Environment", "<none>");
    }
    page.title("Environment");
    page.inside(|page| {
        for variable in variables {
            let value = match variable.get("valueFrom") {
                Some(from) => value_source(from),
                None => shorten(&plain(&variable["value"])),
            };
            page.field(&plain(&variable["name"]), &value);
        }
    });
}

fn env_source(source: &Value) -> String {
    let optional = |of: &Value| format!("Optional: {}", of["optional"] == true);
    if let Some(map) = source.get("configMapRef") {
        return format!("{}  ConfigMap  {}", plain(&map["name"]), optional(map));
    }
    let secret = &source["secretRef"];
    format!("{}  Secret  {}", plain(&secret["name"]), optional(secret))
}

/// Where the value of a variable comes from.
fn value_source(from: &Value) -> String {
    for (name, kind) in [
        ("configMapKeyRef", "config map"),
        ("secretKeyRef", "secret"),
    ] {
        if let Some(key) = from.get(name) {
            return format!(
                "<set to the key '{}' in {kind} '{}'>  Optional: {}",
                plain(&key["key"]),
                plain(&key["name"]),
                key["optional"] == true
            );
        }
    }
    if let Some(field) = from.get("fieldRef") {
        return format!(
            "({}:{})",
            or(&field["apiVersion"], "v1"),
            plain(&field["fieldPath"])
        );
    }
    format!("({})", plain(&from["resourceFieldRef"]["resource"]))
}

/// `/etc/config from web (ro)`
fn mounts(container: &Value) -> Vec<String> {
    let mut mounts: Vec<String> = each(&container["volumeMounts"])
        .map(|mount| {
            let mode = if mount["readOnly"] == true {
                "ro"
            } else {
                "rw"
            };
            let path = match mount["subPath"].as_str() {
                Some(path) if !path.is_empty() => format!(",path=\"{path}\""),
                _ => String::new(),
            };
            let (at, name) = (plain(&mount["mountPath"]), plain(&mount["name"]));
            format!("{at} from {name} ({mode}{path})")
        })
        .collect();
    mounts.sort();
    mounts
}

/// The containers of a pod for the screen of containers.
pub(super) fn specs(pod: &Value) -> Vec<ContainerSpec> {
    [
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ]
    .iter()
    .flat_map(|(list, statuses)| {
        each(&pod["spec"][list]).map(move |container| {
            let status = each(&pod["status"][statuses])
                .find(|status| status["name"] == container["name"])
                .unwrap_or(&Value::Null);
            spec(container, status, &pod["spec"]["volumes"])
        })
    })
    .collect()
}

fn spec(container: &Value, status: &Value, volumes: &Value) -> ContainerSpec {
    let texts = |list: Vec<String>| list.iter().map(|text| Text::new(text)).collect();
    let probes = [
        ("liveness", "livenessProbe"),
        ("readiness", "readinessProbe"),
        ("startup", "startupProbe"),
    ];
    let command: Vec<String> = each(&container["command"])
        .chain(each(&container["args"]))
        .map(plain)
        .collect();
    ContainerSpec {
        name: Text::new(&plain(&container["name"])),
        digest: Text::new(digest(&plain(&status["imageID"]))),
        ports: each(&container["ports"])
            .map(|port| {
                let name = plain(&port["name"]);
                let number = plain(&port["containerPort"]);
                let text = format!("{name} {number}/{}", or(&port["protocol"], "TCP"));
                Text::new(text.trim_start())
            })
            .collect(),
        probes: probes
            .iter()
            .filter(|(_, field)| container[*field].is_object())
            .map(|(name, field)| {
                let every = or(&container[*field]["periodSeconds"], "10");
                let action = probe_action(&container[*field]);
                Text::new(&format!("{name}: {action}, every {every}s"))
            })
            .collect(),
        requests: Text::new(&pairs(&container["resources"]["requests"], " ").join(", ")),
        limits: Text::new(&pairs(&container["resources"]["limits"], " ").join(", ")),
        env: texts(env_names(container)),
        mounts: each(&container["volumeMounts"])
            .map(|mount| {
                let volume = each(volumes).find(|volume| volume["name"] == mount["name"]);
                let from = volume.map_or_else(String::new, super::volume::source);
                let mode = if mount["readOnly"] == true {
                    "ro"
                } else {
                    "rw"
                };
                Text::new(&format!(
                    "{} from {from} ({mode})",
                    plain(&mount["mountPath"])
                ))
            })
            .collect(),
        command: Text::new(&shorten(&command.join(" "))),
    }
}

/// The digest in an image id, with or without the image's name before it.
fn digest(image_id: &str) -> &str {
    image_id.find("sha256:").map_or("", |at| &image_id[at..])
}

/// The names of the environment with where their values come from.
fn env_names(container: &Value) -> Vec<String> {
    let named = each(&container["env"]).map(|variable| {
        let name = plain(&variable["name"]);
        match variable.get("valueFrom") {
            None => name,
            Some(from) => {
                let key = |kind: &str, of: &Value| {
                    format!(
                        "{name} from {kind} {}/{}",
                        plain(&of["name"]),
                        plain(&of["key"])
                    )
                };
                match (from.get("configMapKeyRef"), from.get("secretKeyRef")) {
                    (Some(map), _) => key("configmap", map),
                    (_, Some(secret)) => key("secret", secret),
                    _ => format!("{name} from {}", value_source(from)),
                }
            }
        }
    });
    let all = each(&container["envFrom"]).map(|source| {
        let (kind, of) = match source.get("configMapRef") {
            Some(map) => ("configmap", map),
            None => ("secret", &source["secretRef"]),
        };
        format!(
            "{}* from {kind} {}",
            plain(&source["prefix"]),
            plain(&of["name"])
        )
    });
    named.chain(all).collect()
}
