//! What is in a container of the world: whether its image has a shell, what runs in it, and the
//! files that one would find there. Everything is made up from the pod; no file of the machine is
//! read.

use jiff::Timestamp;
use serde_json::Value;

use super::fs::Fs;
use crate::demo::control::{
    hash::fnv1a,
    json::{int, items, text, time},
    status::repository,
};
use crate::demo::place::Place;

/// Public images whose makers ship one static program and nothing else.
const WITHOUT_SHELL: &[&str] = &[
    "coredns",
    "hello-world",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-state-metrics",
    "metrics-server",
    "pause",
];

/// Programs that every simulated image has.
pub const PROGRAMS: &[&str] = &[
    "ash", "awk", "basename", "bash", "cat", "chmod", "clear", "cp", "cut", "date", "df",
    "dirname", "du", "echo", "env", "false", "find", "free", "grep", "head", "hostname", "id",
    "kill", "ls", "mkdir", "mv", "printenv", "printf", "ps", "pwd", "rm", "rmdir", "sed", "seq",
    "sh", "sleep", "sort", "stty", "tail", "tar", "tee", "test", "top", "touch", "tr", "true",
    "tty", "uname", "uniq", "uptime", "wc", "which", "whoami", "xargs", "yes",
];

/// What an image and its pod say about a container.
#[derive(Debug, Clone)]
pub struct Image {
    /// The pod's name, which is the host's.
    pub host: String,
    /// Pod address.
    pub address: String,
    /// Where a shell begins.
    pub home: String,
    /// There is a shell in it, with the usual small programs.
    pub shell: bool,
    /// What runs as process 1.
    pub command: String,
    /// Its children.
    pub children: Vec<String>,
    /// The environment, in the order that it is told.
    pub environment: Vec<(String, String)>,
    /// When it began.
    pub began: Timestamp,
    /// Memory limit in bytes, for what `free` tells.
    pub memory: u64,
}

/// Whether an image holds a shell: programs written in Go are shipped without one, and so are
/// some well-known public images.
pub fn has_shell(container: &Value) -> bool {
    let repository = repository(text(container, "/image"));
    let name = repository.rsplit('/').next().unwrap_or(repository);
    !WITHOUT_SHELL.contains(&name) && stack(container) != Stack::Go
}

/// What the program is written in, as its arguments betray it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stack {
    Go,
    Java,
    Node,
    Python,
    Nginx,
    Other,
}

fn stack(container: &Value) -> Stack {
    let arguments: Vec<&str> = items(container, "/args")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match arguments.as_slice() {
        [verb, config]
            if config.starts_with("--config=/app/") && matches!(*verb, "serve" | "migrate") =>
        {
            Stack::Go
        }
        [.., "-jar", _] => Stack::Java,
        [script]
            if script
                .rsplit_once('.')
                .is_some_and(|(_, kind)| kind == "js") =>
        {
            Stack::Node
        }
        ["-m", _] => Stack::Python,
        ["-g", _] => Stack::Nginx,
        _ => Stack::Other,
    }
}

impl Image {
    /// What is known of the container at a place.
    pub fn of(place: &Place, now: Timestamp) -> Self {
        let null = Value::Null;
        let spec = place.spec().unwrap_or(&null);
        let stack = stack(spec);
        let (command, children) = command(spec, stack);
        let pod = &place.object;
        Self {
            host: place.pod.clone(),
            address: text(pod, "/status/podIP").to_owned(),
            home: "/app".to_owned(),
            shell: has_shell(spec),
            command,
            children,
            environment: environment(place, spec, stack),
            began: place
                .status()
                .and_then(|status| time(status, "/state/running/startedAt"))
                .unwrap_or(now),
            memory: memory(text(spec, "/resources/limits/memory")),
        }
    }
}

fn memory(limit: &str) -> u64 {
    let number = |unit: &str| limit.strip_suffix(unit)?.parse::<u64>().ok();
    number("Gi")
        .map(|gibi| gibi << 30)
        .or_else(|| number("Mi").map(|mebi| mebi << 20))
        .unwrap_or(512 << 20)
}

fn command(spec: &Value, stack: Stack) -> (String, Vec<String>) {
    let words =
        |list| -> Vec<&str> { items(spec, list).iter().filter_map(Value::as_str).collect() };
    let (command, arguments) = (words("/command"), words("/args"));
    let repository = repository(text(spec, "/image"));
    let name = repository.rsplit('/').next().unwrap_or("app");
    let program = match stack {
        Stack::Go => format!("/app/{name}"),
        Stack::Java => "java".to_owned(),
        Stack::Node => "node".to_owned(),
        Stack::Python => "python".to_owned(),
        Stack::Nginx => "nginx: master process nginx".to_owned(),
        Stack::Other => name.to_owned(),
    };
    let all: Vec<&str> = if command.is_empty() {
        std::iter::once(program.as_str()).chain(arguments).collect()
    } else {
        command.into_iter().chain(arguments).collect()
    };
    let children = match stack {
        Stack::Nginx => vec!["nginx: worker process".to_owned(); 2],
        _ => Vec::new(),
    };
    (all.join(" "), children)
}

fn environment(place: &Place, spec: &Value, stack: Stack) -> Vec<(String, String)> {
    let mut all = vec![
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ),
        ("HOSTNAME", place.pod.clone()),
        ("HOME", "/root".to_owned()),
        ("KUBERNETES_SERVICE_HOST", "10.96.0.1".to_owned()),
        ("KUBERNETES_SERVICE_PORT", "443".to_owned()),
        ("KUBERNETES_PORT", "tcp://10.96.0.1:443".to_owned()),
    ];
    match stack {
        Stack::Java => all.push(("JAVA_HOME", "/opt/java/openjdk".to_owned())),
        Stack::Node => all.push(("NODE_ENV", "production".to_owned())),
        Stack::Python => all.push(("PYTHONUNBUFFERED", "1".to_owned())),
        _ => {}
    }
    let mut all: Vec<(String, String)> = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for variable in items(spec, "/env") {
        let name = text(variable, "/name");
        // What comes from elsewhere is made up: the demo's secrets are nobody's.
        let value = match variable.get("value").and_then(Value::as_str) {
            Some(value) => value.to_owned(),
            None => format!("demo-{}", name.to_ascii_lowercase().replace('_', "-")),
        };
        all.push((name.to_owned(), value));
    }
    all
}

/// Puts the files of the image and of the pod's mounts in place.
pub fn fill(fs: &mut Fs, image: &Image, place: &Place) {
    let mut files = Files {
        fs,
        at: image.began,
    };
    for folder in [
        "/bin",
        "/dev",
        "/home",
        "/opt",
        "/proc/1",
        "/root",
        "/sbin",
        "/srv",
        "/tmp",
        "/usr/bin",
        "/usr/local/bin",
        "/var/log",
        "/var/tmp",
    ] {
        files.folder(folder);
    }
    for program in PROGRAMS {
        files.program(&format!("/bin/{program}"));
    }
    system(&mut files, image);
    program(&mut files, place, image);
    mounts(&mut files, place);
}

struct Files<'a> {
    fs: &'a mut Fs,
    at: Timestamp,
}

impl Files<'_> {
    // A file system that is filled for the first time has room for all of this.
    fn folder(&mut self, path: &str) {
        let _ = self.fs.make_folder(path, true, self.at);
    }

    fn file(&mut self, path: &str, text: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.folder(parent);
        }
        let _ = self.fs.write(path, text.as_bytes(), false, self.at);
    }

    fn program(&mut self, path: &str) {
        self.file(path, "\u{7f}ELF");
        let _ = self.fs.set_mode(path, 0o755);
    }
}

fn system(files: &mut Files<'_>, image: &Image) {
    files.file("/etc/hostname", &format!("{}\n", image.host));
    files.file(
        "/etc/hosts",
        &format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{}\t{}\n",
            image.address, image.host
        ),
    );
    files.file(
        "/etc/os-release",
        "PRETTY_NAME=\"Demo Linux 1\"\nNAME=\"Demo Linux\"\nID=demo\nVERSION_ID=\"1\"\n",
    );
    files.file(
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\napp:x:10001:10001:app:/app:/sbin/nologin\n",
    );
    files.file("/etc/group", "root:x:0:\nnobody:x:65534:\napp:x:10001:\n");
    files.file(
        "/root/.profile",
        "# This container is simulated; nothing in it is real.\n",
    );
    files.file(
        "/proc/1/cmdline",
        &format!("{}\0", image.command.replace(' ', "\0")),
    );
    files.file("/proc/1/comm", &format!("{}\n", name_of(&image.command)));
    files.file("/proc/version", &format!("{}\n", super::KERNEL));
    files.file(
        "/proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Demo CPU\nprocessor\t: 1\nmodel name\t: Demo CPU\n",
    );
    files.file("/proc/loadavg", "0.21 0.18 0.12 1/214 97\n");
    let total = image.memory / 1024;
    files.file(
        "/proc/meminfo",
        &format!(
            "MemTotal:       {total} kB\nMemFree:        {} kB\nMemAvailable:   {} kB\n",
            total / 3,
            total / 2
        ),
    );
}

/// The last part of a command's first word.
pub fn name_of(command: &str) -> &str {
    let first = command.split([' ', ':']).next().unwrap_or_default();
    first.rsplit('/').next().unwrap_or(first)
}

fn program(files: &mut Files<'_>, place: &Place, image: &Image) {
    let null = Value::Null;
    let spec = place.spec().unwrap_or(&null);
    files.folder("/app");
    files.file("/app/VERSION", &format!("{}\n", tag(text(spec, "/image"))));
    match stack(spec) {
        Stack::Java => {
            files.file("/app/service.jar", &"PK\u{3}\u{4} demo ".repeat(4096));
            files.file(
                "/app/logback.xml",
                "<configuration>\n  <root level=\"INFO\"/>\n</configuration>\n",
            );
        }
        Stack::Node => {
            files.file("/app/package.json", &format!("{{\n  \"name\": \"{}\",\n  \"private\": true,\n  \"main\": \"dist/server.js\"\n}}\n", place.container));
            files.file(
                "/app/dist/server.js",
                "'use strict';\nrequire('./app').listen(process.env.PORT || 8080);\n",
            );
            files.file("/app/dist/app.js", "'use strict';\nmodule.exports = require('http').createServer((q, a) => a.end('ok\\n'));\n");
        }
        Stack::Python => {
            files.file("/app/service/__init__.py", "");
            files.file(
                "/app/service/__main__.py",
                "from service.app import main\n\nmain()\n",
            );
            files.file(
                "/app/requirements.txt",
                "httpx==0.28.1\nstructlog==25.4.0\n",
            );
        }
        Stack::Nginx => {
            files.file("/etc/nginx/nginx.conf", "worker_processes 2;\nevents {}\nhttp {\n  server {\n    listen 8080;\n    root /usr/share/nginx/html;\n  }\n}\n");
            files.file(
                "/usr/share/nginx/html/index.html",
                "<!doctype html>\n<title>demo</title>\n<h1>It serves.</h1>\n",
            );
        }
        Stack::Go | Stack::Other => files.program(&format!("/app/{}", name_of(&image.command))),
    }
}

fn tag(image: &str) -> &str {
    image[repository(image).len()..].trim_start_matches(':')
}

fn mounts(files: &mut Files<'_>, place: &Place) {
    let null = Value::Null;
    let spec = place.spec().unwrap_or(&null);
    let config = format!(
        "# mounted from a ConfigMap\nserver:\n  port: {}\nlog:\n  level: info\n  format: json\nfeatures:\n  demo: true\n",
        int(spec, "/ports/0/containerPort").unwrap_or(8080)
    );
    let mut configured = false;
    for mount in items(spec, "/volumeMounts") {
        let path = text(mount, "/mountPath").trim_end_matches('/');
        if path.is_empty() {
            continue;
        }
        files.folder(path);
        if text(mount, "/name").contains("config") {
            files.file(&format!("{path}/app.yaml"), &config);
            configured = true;
        }
        if mount.get("readOnly") == Some(&Value::Bool(true)) {
            files.fs.protect(path);
        }
    }
    if !configured {
        files.file("/app/config/app.yaml", &config);
    }
    files.file(
        "/etc/resolv.conf",
        &format!("search {}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n", place.namespace),
    );
    let secrets = "/var/run/secrets/kubernetes.io/serviceaccount";
    files.file(&format!("{secrets}/namespace"), &place.namespace);
    files.file(
        &format!("{secrets}/token"),
        &format!(
            "demo-token-{:016x}-that-opens-nothing",
            fnv1a(&place.incarnation())
        ),
    );
    files.file(
        &format!("{secrets}/ca.crt"),
        "-----BEGIN CERTIFICATE-----\nThis is the demo; there is no certificate here.\n-----END CERTIFICATE-----\n",
    );
    files.fs.protect(secrets);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn go_programs_and_bare_images_have_no_shell() {
        let go = json!({"image": "r.example/billing/api:3.1.1", "args": ["serve", "--config=/app/config/app.yaml"]});
        let java = json!({"image": "r.example/billing/ledger:3.1.1", "args": ["-XX:MaxRAMPercentage=75", "-jar", "/app/service.jar"]});
        assert!(!has_shell(&go) && has_shell(&java));
        assert!(!has_shell(
            &json!({"image": "registry.k8s.io/coredns/coredns:v1.12.1"})
        ));
        assert!(has_shell(
            &json!({"image": "docker.io/bitnami/redis:8.0.3"})
        ));
    }
}
