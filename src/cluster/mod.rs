//! The Kubernetes edge: the only room that names kube.
