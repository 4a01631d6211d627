//! The demo cluster: a Kubernetes API server on loopback with a living company in it.
//!
//! It speaks the real protocol, so that the console, the tests and an unmodified kubectl use it as
//! they use any cluster. It imports nothing of the crate: a server that shared the console's
//! converters would share its mistakes.

mod apply;
mod body;
pub mod clock;
pub mod control;
mod defaults;
mod discovery;
mod encode;
pub mod error;
pub mod exec;
mod faults;
mod forward;
mod gzip;
pub mod kinds;
mod kubeconfig;
mod list;
mod logs;
mod metrics;
pub mod object;
mod patch;
pub mod people;
mod place;
mod protobuf;
pub mod random;
mod rbac;
mod request;
mod review;
mod route;
mod select;
mod server;
mod socket;
mod spdy;
mod start;
pub mod state;
mod stats;
pub mod store;
mod table;
pub mod tls;
mod upgrade;
mod verbs;
mod watch;
pub mod world;

pub use kubeconfig::CLUSTER;
pub use start::{Demo, DemoError, Options, start};
