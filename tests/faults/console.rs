//! The console in a pseudo-terminal, on a demo of its own, by a way that can be made bad.

use crate::common::demo::{Demo, clean_home};
use crate::common::proxy::Proxy;
use crate::common::terminal::Terminal;
use std::path::Path;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// A demo, and a way to it.
pub struct Behind {
    pub proxy: Proxy,
    _demo: Demo,
    home: tempfile::TempDir,
}

impl Behind {
    pub fn start(flags: &[&str]) -> Self {
        let demo = Demo::start(Path::new(PROGRAM), flags);
        let address = demo
            .server
            .trim_start_matches("https://")
            .trim_end_matches('/');
        let proxy = Proxy::start(address.parse().unwrap());
        let home = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(&demo.kubeconfig).unwrap();
        let text = text.replace(address, &proxy.addr.to_string());
        assert!(text.contains(&proxy.addr.to_string()), "{text}");
        std::fs::write(home.path().join("kubeconfig"), text).unwrap();
        Self {
            proxy,
            _demo: demo,
            home,
        }
    }

    /// The console with these arguments, 120 columns and 40 rows.
    pub fn open(&self, args: &[&str]) -> Terminal {
        let kubeconfig = self.home.path().join("kubeconfig");
        open(
            self.home.path(),
            args,
            &[("KUBECONFIG", kubeconfig.to_str().unwrap())],
        )
    }
}

/// The program in this home, 120 columns and 40 rows.
pub fn open(home: &Path, args: &[&str], more: &[(&str, &str)]) -> Terminal {
    let env = clean_home(home);
    let mut env: Vec<_> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    // Files of a login session have no place here, nor does an engine of this machine.
    env.extend([
        ("XDG_RUNTIME_DIR", ""),
        ("DOCKER_HOST", "unix:///nonexistent.sock"),
    ]);
    env.extend(more);
    Terminal::start(Path::new(PROGRAM), args, &env, 120, 40)
}
