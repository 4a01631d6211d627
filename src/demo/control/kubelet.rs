//! The kubelets: what happens to a pod on its node, step by step.

/// The next step in the life of a pod on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Accept a pod that was bound.
    Admit,
}
