//! The controllers that make the demo cluster behave as Kubernetes does.
//!
//! Each works on the store alone: it reads objects, writes objects and plans its next look. None
//! knows HTTP or users.

pub mod context;
pub mod cron;
pub mod cronjob;
pub mod daemonset;
pub mod deployment;
pub mod event;
pub mod hash;
pub mod images;
pub mod job;
pub mod json;
pub mod kubelet;
pub mod machines;
pub mod managed;
pub mod pod;
pub mod programs;
pub mod quantity;
pub mod replicaset;
pub mod revision;
pub mod scheduler;
pub mod statefulset;
pub mod status;
pub mod summary;
