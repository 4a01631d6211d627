//! The demo cluster: a Kubernetes API server on loopback with a living company in it.
//!
//! It speaks the real protocol, so that the console, the tests and an unmodified kubectl use it as
//! they use any cluster. It imports nothing of the crate: a server that shared the console's
//! converters would share its mistakes.

pub mod clock;
pub mod control;
pub mod error;
pub mod kinds;
pub mod object;
pub mod random;
pub mod store;
pub mod world;
