//! What every verb that talks to a cluster begins and ends with.

use super::args::ClusterArgs;
use super::console::connect_options;
use super::exit::Refusal;
use super::settings::Settings;
use crate::cluster::Session;
use std::time::Duration;

/// A read that nobody waits for any more may take so long at the end.
const END: Duration = Duration::from_millis(50);

/// Does `work` with a session of the cluster that the arguments name.
pub fn with_session<T>(
    cluster: &ClusterArgs,
    settings: &Settings,
    work: impl AsyncFnOnce(Session) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        let session = Session::connect(connect_options(cluster, settings))
            .await
            .map_err(Refusal::from)?;
        work(session).await
    });
    runtime.shutdown_timeout(END);
    done
}
