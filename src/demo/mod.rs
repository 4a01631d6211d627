//! The demo cluster: a Kubernetes API server on loopback with a living company in it. It imports nothing of the crate.
