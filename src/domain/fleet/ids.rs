//! Handles of rows. A handle stays with its object while the object lives; afterwards it finds
//! nothing (see [`super::arena`]).

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )+};
}

handles! {
    /// A pod.
    PodId,
    /// A workload within a release.
    WorkloadId,
    /// A release.
    ReleaseId,
    /// A project.
    ProjectId,
    /// A node.
    NodeId,
    /// A namespace.
    NamespaceId,
}
