//! Workloads as kubectl prints them.

use serde_json::Value;

use super::{
    Column,
    cells::{Cell, moment},
    column,
    duration::human,
    integer, wide,
};

pub const DEPLOYMENT: &[Column] = &[
    column("Name"),
    column("Ready"),
    column("Up-to-date"),
    column("Available"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub const REPLICASET: &[Column] = &[
    column("Name"),
    integer("Desired"),
    integer("Current"),
    integer("Ready"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub const STATEFULSET: &[Column] = &[
    column("Name"),
    column("Ready"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
];

pub const DAEMONSET: &[Column] = &[
    column("Name"),
    integer("Desired"),
    integer("Current"),
    integer("Ready"),
    integer("Up-to-date"),
    integer("Available"),
    column("Node Selector"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub const REVISION: &[Column] = &[
    column("Name"),
    column("Controller"),
    column("Revision"),
    column("Age"),
];

pub const JOB: &[Column] = &[
    column("Name"),
    column("Status"),
    column("Completions"),
    column("Duration"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub const CRONJOB: &[Column] = &[
    column("Name"),
    column("Schedule"),
    column("Timezone"),
    Column {
        name: "Suspend",
        r#type: "boolean",
        priority: 0,
    },
    integer("Active"),
    column("Last Schedule"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub fn deployment(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut cells = vec![
        name(object),
        Cell::text(format!(
            "{}/{}",
            count(&status["readyReplicas"]),
            count(&spec["replicas"])
        )),
        Cell::number(&status["updatedReplicas"]),
        Cell::number(&status["availableReplicas"]),
        age(object),
    ];
    cells.extend(template(&spec["template"]));
    cells.push(Cell::text(selector(&spec["selector"])));
    cells
}

pub fn replicaset(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut cells = vec![
        name(object),
        Cell::number(&spec["replicas"]),
        Cell::number(&status["replicas"]),
        Cell::number(&status["readyReplicas"]),
        age(object),
    ];
    cells.extend(template(&spec["template"]));
    cells.push(Cell::text(selector(&spec["selector"])));
    cells
}

pub fn statefulset(object: &Value) -> Vec<Cell> {
    let ready = format!(
        "{}/{}",
        count(&object["status"]["readyReplicas"]),
        count(&object["spec"]["replicas"])
    );
    let mut cells = vec![name(object), Cell::text(ready), age(object)];
    cells.extend(template(&object["spec"]["template"]));
    cells
}

pub fn daemonset(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let counts = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ];
    let mut cells = vec![name(object)];
    cells.extend(counts.iter().map(|key| Cell::number(&status[*key])));
    cells.push(Cell::text(pairs(&spec["template"]["spec"]["nodeSelector"])));
    cells.push(age(object));
    cells.extend(template(&spec["template"]));
    cells.push(Cell::text(selector(&spec["selector"])));
    cells
}

pub fn revision(object: &Value) -> Vec<Cell> {
    let owners = object["metadata"]["ownerReferences"].as_array();
    let controller = owners
        .into_iter()
        .flatten()
        .find(|owner| owner["controller"] == true)
        .map(|owner| {
            let group = owner["apiVersion"]
                .as_str()
                .and_then(|version| version.split_once('/'))
                .map(|(group, _)| format!(".{group}"));
            let kind = owner["kind"].as_str().unwrap_or_default().to_lowercase();
            format!(
                "{kind}{}/{}",
                group.unwrap_or_default(),
                owner["name"].as_str().unwrap_or_default()
            )
        });
    vec![
        name(object),
        Cell::text(controller.unwrap_or_else(|| "<none>".to_owned())),
        Cell::number(&object["revision"]),
        age(object),
    ]
}

pub fn job(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let started = moment(&status["startTime"]);
    let ended = moment(&status["completionTime"]).or_else(|| condition_time(status, "Failed"));
    let duration = match (started, ended) {
        (None, _) => Cell::text(""),
        (Some(started), Some(ended)) => Cell::text(human(ended.as_second() - started.as_second())),
        (Some(started), None) => Cell::Age(String::new(), started, ""),
    };
    let mut cells = vec![
        name(object),
        Cell::text(job_status(object)),
        Cell::text(completions(spec, status)),
        duration,
        age(object),
    ];
    cells.extend(template(&spec["template"]));
    cells.push(Cell::text(selector(&spec["selector"])));
    cells
}

fn condition_time(status: &Value, name: &str) -> Option<jiff::Timestamp> {
    let holds = |condition: &&Value| condition["type"] == name && condition["status"] == "True";
    let condition = status["conditions"].as_array()?.iter().find(holds)?;
    moment(&condition["lastTransitionTime"])
}

fn job_status(object: &Value) -> &'static str {
    let holds = |name: &str| {
        let conditions = object["status"]["conditions"].as_array();
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == name && condition["status"] == "True")
    };
    match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if !object["metadata"]["deletionTimestamp"].is_null() => "Terminating",
        () if holds("Suspended") => "Suspended",
        () if holds("FailureTarget") => "FailureTarget",
        () if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(spec: &Value, status: &Value) -> String {
    let done = count(&status["succeeded"]);
    match (spec["completions"].as_i64(), spec["parallelism"].as_i64()) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, Some(parallel)) if parallel > 1 => format!("{done}/1 of {parallel}"),
        _ => format!("{done}/1"),
    }
}

pub fn cronjob(object: &Value) -> Vec<Cell> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let active = status["active"].as_array().map_or(0, Vec::len);
    let mut cells = vec![
        name(object),
        Cell::or(&spec["schedule"], ""),
        Cell::or(&spec["timeZone"], "<none>"),
        Cell::text(if spec["suspend"] == true {
            "True"
        } else {
            "False"
        }),
        Cell::Fixed(active.into()),
        Cell::age_or(&status["lastScheduleTime"], "<none>"),
        age(object),
    ];
    cells.extend(template(&spec["jobTemplate"]["spec"]["template"]));
    cells.push(Cell::text(selector(
        &spec["jobTemplate"]["spec"]["selector"],
    )));
    cells
}

fn name(object: &Value) -> Cell {
    Cell::or(&object["metadata"]["name"], "")
}

fn age(object: &Value) -> Cell {
    Cell::age(&object["metadata"]["creationTimestamp"])
}

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// Names and images of the containers.
fn template(template: &Value) -> [Cell; 2] {
    let containers = template["spec"]["containers"].as_array();
    let all = |key: &str| {
        let texts: Vec<_> = containers
            .into_iter()
            .flatten()
            .filter_map(|container| container[key].as_str())
            .collect();
        Cell::text(texts.join(","))
    };
    [all("name"), all("image")]
}

/// `a=b,c=d`, or `<none>`.
pub fn pairs(map: &Value) -> String {
    let pairs: Vec<_> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() {
        "<none>".to_owned()
    } else {
        pairs.join(",")
    }
}

/// A label selector as kubectl prints it.
fn selector(selector: &Value) -> String {
    let mut parts: Vec<_> = Some(pairs(&selector["matchLabels"]))
        .filter(|text| text != "<none>")
        .into_iter()
        .collect();
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = expression["key"].as_str().unwrap_or_default();
        let values: Vec<_> = expression["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        parts.push(match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    if parts.is_empty() {
        "<none>".to_owned()
    } else {
        parts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn deployments_and_jobs_print_as_kubectls() {
        let object = json!({"metadata": {"name": "web"}, "spec": {"replicas": 3, "selector": {"matchLabels": {"a": "b"}},
            "template": {"spec": {"containers": [{"name": "x", "image": "i:1"}, {"name": "y", "image": "j:2"}]}}}, "status": {"readyReplicas": 2}});
        let cells = deployment(&object);
        assert_eq!(cells[1], Cell::text("2/3"));
        assert_eq!(
            cells[5..],
            [Cell::text("x,y"), Cell::text("i:1,j:2"), Cell::text("a=b")]
        );
        let object = json!({"spec": {"completions": 1}, "status": {"succeeded": 1, "startTime": "2026-01-01T00:00:00Z",
            "completionTime": "2026-01-01T00:00:08Z", "conditions": [{"type": "Complete", "status": "True"}]}});
        assert_eq!(
            job(&object)[1..4],
            [Cell::text("Complete"), Cell::text("1/1"), Cell::text("8s")]
        );
    }

    #[test]
    fn selectors_read_as_kubectls() {
        let text = selector(
            &json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "t", "operator": "In", "values": ["x", "y"]}, {"key": "z", "operator": "DoesNotExist"}]}),
        );
        assert_eq!(text, "a=b,t in (x,y),!z");
        assert_eq!(selector(&Value::Null), "<none>");
    }
}
