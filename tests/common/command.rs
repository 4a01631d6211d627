//! A command in a container, begun through the edge.

use quarterdeck::cluster::{ExecHandle, Session};
use quarterdeck::domain::exec::{ExecItem, ExecRequest};
use tokio::sync::mpsc::{self, Receiver};

/// Begins `command` in `place` (namespace, pod, container), with a terminal of 91×33 when `tty`; few
/// things wait, so that a slow reader is felt.
pub fn begin(
    session: &Session,
    place: &[String; 3],
    command: &[&str],
    tty: bool,
) -> (ExecHandle, Receiver<ExecItem>) {
    let [namespace, pod, container] = place.each_ref().map(|word| word.as_str().into());
    let request = ExecRequest {
        namespace,
        pod,
        container,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        tty,
        stdin: true,
        size: (91, 33),
    };
    let (tx, rx) = mpsc::channel(8);
    let handle = session.exec(request, move |item| {
        let tx = tx.clone();
        async move { tx.send(item).await.is_ok() }
    });
    (handle, rx)
}
