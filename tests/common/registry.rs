//! A real registry with a password, on loopback, and the engine's own client.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What `docker` answers; nothing when it refuses or is not there.
pub fn docker(words: &[&str]) -> Option<String> {
    let output = Command::new("docker")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What this machine lacks for a build and a push.
pub fn missing() -> Option<&'static str> {
    if docker(&["version"]).is_none() {
        return Some("no engine (apt-get install docker.io, then dockerd)");
    }
    let has = |name: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .output()
            .is_ok_and(|it| it.status.success())
    };
    if !has("docker-registry") {
        return Some("no registry (apt-get install docker-registry)");
    }
    (!has("htpasswd")).then_some("no htpasswd (apt-get install apache2-utils)")
}

/// A registry that ends with the test.
pub struct Registry {
    process: Child,
    /// Where it listens.
    pub port: u16,
}

/// Who may push, and with what.
const USER: &str = "tester";
const PASSWORD: &str = "a+b/c?d";

impl Registry {
    /// Starts Debian's `docker-registry` with its data below `folder`.
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let passwords = folder.join("htpasswd");
        let made = Command::new("htpasswd")
            .args(["-Bbc"])
            .arg(&passwords)
            .args([USER, PASSWORD])
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let config = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\nauth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
            folder.join("registry").display(),
            passwords.display()
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { process, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the registry does not listen");
            std::thread::yield_now();
        }
        registry
    }

    /// Writes the credentials where `docker login` would.
    pub fn log_in(&self, home: &Path) {
        let output = Command::new("sh")
            .args(["-c", &format!("printf '%s' '{USER}:{PASSWORD}' | base64")])
            .output()
            .unwrap();
        let auth = String::from_utf8(output.stdout).unwrap();
        let folder = home.join(".docker");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("config.json");
        let text = format!(
            "{{\"auths\":{{\"127.0.0.1:{}\":{{\"auth\":\"{}\"}}}}}}",
            self.port,
            auth.trim()
        );
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
