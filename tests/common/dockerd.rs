//! A Docker Engine of a test's own, which may be filled and killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An engine whose data lie on a disk of their own. It ends with the test.
pub struct Dockerd {
    process: Child,
    folder: tempfile::TempDir,
}

impl Dockerd {
    /// Starts one with `megabytes` of disk; in words why that cannot be.
    pub fn start(megabytes: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let disk = at("disk");
        std::fs::create_dir(&disk).unwrap();
        let size = format!("size={megabytes}m");
        if !run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], &disk) {
            return Err("no engine of its own (only root may give it a disk)".into());
        }
        // In a network of its own, it is in nobody's way.
        let process = Command::new("unshare")
            .args(["--net", "dockerd", "--data-root"])
            .arg(&disk)
            .arg("--exec-root")
            .arg(at("run"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg("--host")
            .arg(format!("unix://{}", at("engine.sock").display()))
            .arg("--iptables=false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(at("log")).unwrap())
            .spawn();
        let Ok(process) = process else {
            run("umount", &[], &disk);
            return Err("no engine (apt-get install docker.io)".into());
        };
        let mut engine = Self { process, folder };
        let deadline = Instant::now() + Duration::from_mins(1);
        while engine.docker(&["version"]).is_none() {
            let ended = engine.process.try_wait().unwrap().is_some();
            if ended || Instant::now() > deadline {
                let log = std::fs::read_to_string(engine.folder.path().join("log"));
                return Err(format!("an engine does not start here: {log:?}"));
            }
            std::thread::yield_now();
        }
        Ok(engine)
    }

    /// Where it is, as `DOCKER_HOST` wants it.
    pub fn host(&self) -> String {
        format!(
            "unix://{}",
            self.folder.path().join("engine.sock").display()
        )
    }

    /// What `docker` says to it; nothing when it refuses.
    pub fn docker(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("docker")
            .args(["--host", &self.host()])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// Ends it at once, as a machine that fails would.
    pub fn kill(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Gives it another size of disk.
    pub fn resize(&self, megabytes: u32) {
        let size = format!("remount,size={megabytes}m");
        assert!(run("mount", &["-o", &size], &self.disk()));
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        run("kill", &["-TERM"], Path::new(&pid));
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        self.kill();
        // What a killed one left mounted goes with its disk.
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let below = self.folder.path().display().to_string();
        let mounts = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for place in mounts.filter(|place| place.starts_with(&below)) {
            run("umount", &["--lazy"], Path::new(place));
        }
        run("umount", &["--lazy"], &self.disk());
    }
}

fn run(program: &str, words: &[&str], last: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(words).arg(last);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
