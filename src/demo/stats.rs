//! What the server was asked and what that cost; for benches that must know its share.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde_json::{Value, json};

/// Counts since the start.
#[derive(Debug)]
pub struct Stats {
    started: Instant,
    requests: Mutex<BTreeMap<String, u64>>,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            requests: Mutex::default(),
        }
    }
}

impl Stats {
    /// Counts one request.
    pub fn count(&self, verb: &str, path: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(format!("{verb} {path}")).or_default() += 1;
    }

    /// Requests by verb and path, seconds since the start, and CPU seconds of the whole process
    /// (`null` where the system does not tell).
    pub fn told(&self) -> Value {
        let uptime = self.started.elapsed().as_secs_f64();
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let cpu = cpu_seconds();
        json!({"uptimeSeconds": uptime, "cpuSeconds": cpu, "cpuShare": cpu.map(|cpu| cpu / uptime.max(0.001)), "requests": *requests})
    }
}

/// User and system time of this process.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks = |field: usize| rest.split_whitespace().nth(field)?.parse::<f64>().ok();
    // USER_HZ is 100 on every Linux that this runs on; fields 14 and 15 of proc(5).
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_verb_and_path() {
        let stats = Stats::default();
        stats.count("list", "/api/v1/pods");
        stats.count("list", "/api/v1/pods");
        assert_eq!(stats.told()["requests"]["list /api/v1/pods"], 2);
    }
}
