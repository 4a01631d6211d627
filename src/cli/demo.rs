//! `quarterdeck demo serve`: the demo cluster alone, for other clients and for measuring.

use super::args::DemoServeArgs;
use super::exit::Code;
use super::out::Out;
use crate::demo::{self, Options};
use serde_json::json;
use std::time::Duration;

/// Serves until it is told to end by SIGTERM or Ctrl-C.
pub fn serve(args: DemoServeArgs, out: &mut Out) -> anyhow::Result<Code> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(run(args.into(), out));
    runtime.shutdown_timeout(Duration::from_millis(200));
    served
}

async fn run(options: Options, out: &mut Out) -> anyhow::Result<Code> {
    // Asked for before the ready line, so that a signal right behind it ends us cleanly.
    let end = ended()?;
    let demo = demo::start(options).await?;
    let ready = json!({
        "server": demo.server(),
        "kubeconfig": demo.kubeconfig_path(),
        "pid": std::process::id(),
    });
    out.line(ready)?;
    out.flush()?;
    end.await;
    demo.shut_down().await;
    Ok(Code::Done)
}

#[cfg(unix)]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn ended() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without signals there is only being killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

impl From<DemoServeArgs> for Options {
    fn from(args: DemoServeArgs) -> Self {
        Self {
            port: args.world.port,
            kubeconfig_out: args.kubeconfig_out,
            state: args.world.state,
            seed: args.world.seed,
            pods: args.world.pods,
            churn: args.world.churn,
        }
    }
}
