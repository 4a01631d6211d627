//! Frames of a command that runs: a server that upgrades and then sends what it likes. Output comes
//! whole and in order, and an exit that was not told is never told.

use super::harness::{Corpus, Dice, run};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use quarterdeck::cluster::{ConnectOptions, Environment, Session};
use quarterdeck::domain::exec::{End, ExecItem, ExecRequest};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

const LAST_WORDS: Corpus<'_> = Corpus {
    seeds: &[
        br#"{"metadata":{},"status":"Success"}"#,
        br#"{"status":"Failure","message":"command terminated with exit code 7","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#,
        br#"{"status":"Failure","message":"executable file not found","reason":"InternalError"}"#,
    ],
    words: &["{", "}", "\"", "Success", "status", "null", "ExitCode", "99999999999", "-1", ":", "["],
};

/// What the server does.
#[derive(Clone, Debug)]
enum Act {
    Say(Message),
    /// Bytes that are no frame.
    Rubbish(Vec<u8>),
}

fn acts(dice: &mut Dice) -> Vec<Act> {
    (0..dice.roll(12))
        .map(|_| {
            let body = LAST_WORDS.draw(dice);
            let channel = [0, 1, 1, 1, 2, 2, 4, 5, 255][dice.roll(9)];
            match dice.roll(16) {
                0 => Act::Say(Message::text(String::from_utf8_lossy(&body).into_owned())),
                1 => Act::Say(Message::binary(Bytes::new())),
                2 => Act::Say(Message::Ping(Bytes::from_static(b"x"))),
                3 => Act::Say(Message::Close(dice.roll(2).eq(&0).then(|| CloseFrame {
                    code: 1011.into(),
                    reason: "because".into(),
                }))),
                4 => Act::Rubbish(body),
                5 | 6 => Act::Say(framed(3, &body)),
                _ => Act::Say(framed(channel, &body)),
            }
        })
        .collect()
}

fn framed(channel: u8, body: &[u8]) -> Message {
    let mut frame = vec![channel];
    frame.extend_from_slice(body);
    Message::binary(frame)
}

/// What a client is to make of it: output, errors, and the end where the server told one.
fn expected(acts: &[Act]) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    for act in acts {
        match act {
            Act::Rubbish(bytes) if !bytes.is_empty() => return (output, errors, None),
            Act::Say(Message::Close(_)) => return (output, errors, None),
            Act::Say(Message::Binary(frame)) if frame.len() > 1 => match frame[0] {
                1 => output.extend_from_slice(&frame[1..]),
                2 => errors.extend_from_slice(&frame[1..]),
                3 => return (output, errors, Some(frame[1..].to_vec())),
                _ => {}
            },
            _ => {}
        }
    }
    (output, errors, None)
}

/// The exit code that a last word tells, read by another way than the program's.
fn code(word: &[u8]) -> Option<i64> {
    let word: serde_json::Value = serde_json::from_slice(word).ok()?;
    if word["status"] == "Success" {
        return Some(0);
    }
    let causes = word["details"]["causes"].as_array()?;
    let cause = causes.iter().find(|cause| cause["reason"] == "ExitCode")?;
    (word["reason"] == "NonZeroExitCode").then_some(())?;
    cause["message"].as_str()?.parse().ok()
}

type Script = Arc<Mutex<Vec<Act>>>;

async fn serve(listener: TcpListener, script: Script) {
    loop {
        if let Ok((socket, _)) = listener.accept().await {
            let acts = script.lock().unwrap().clone();
            let _ = play(socket, acts).await;
        }
    }
}

async fn play(socket: TcpStream, acts: Vec<Act>) -> Option<()> {
    // The signature is the library's.
    #[expect(clippy::result_large_err, reason = "as the callback must be")]
    let agree = |_: &Request, mut response: Response| {
        let protocol = "v5.channel.k8s.io".parse().unwrap();
        response
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let mut stream = tokio_tungstenite::accept_hdr_async(socket, agree)
        .await
        .ok()?;
    for act in acts {
        match act {
            Act::Say(message) => {
                let last = message.is_close();
                stream.send(message).await.ok()?;
                if last {
                    break;
                }
            }
            Act::Rubbish(bytes) => {
                stream.get_mut().write_all(&bytes).await.ok()?;
                if !bytes.is_empty() {
                    break;
                }
            }
        }
    }
    // In order: what was sent is not lost to a reset.
    stream.get_mut().shutdown().await.ok()?;
    while let Some(Ok(_)) = stream.next().await {}
    Some(())
}

#[test]
fn exec_frames() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = Script::default();
    let session = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let file = folder.path().join("config");
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: a, contexts: [{{name: a, context: {{cluster: c, user: u}}}}], clusters: [{{name: c, cluster: {{server: 'http://{}'}}}}], users: [{{name: u, user: {{token: t}}}}]}}",
            listener.local_addr().unwrap()
        );
        std::fs::write(&file, text).unwrap();
        tokio::spawn(serve(listener, script.clone()));
        let options = ConnectOptions {
            kubeconfig: Some(file),
            environment: Environment::default(),
            ..ConnectOptions::default()
        };
        Session::connect(options).await.unwrap()
    });
    run("exec_frames", |dice| {
        let acts = acts(dice);
        *script.lock().unwrap() = acts.clone();
        let (output, errors, end) = runtime.block_on(whole(&session));
        let (wanted, complaints, word) = expected(&acts);
        let told = word.as_deref().and_then(code);
        match end {
            End::Exited(code) => assert_eq!(Some(i64::from(code)), told, "{acts:?}"),
            End::Failed(_) => assert!(
                word.is_some() && told.is_none_or(|code| code != 0),
                "{acts:?}"
            ),
            // A word that says two things is not taken; the right one always is.
            End::Lost(_) => assert_ne!(word.as_deref(), Some(LAST_WORDS.seeds[0]), "{acts:?}"),
            End::Refused(failure) => panic!("{failure:?}"),
        }
        // Rubbish can read as a frame or as the end of one, but takes nothing of what came before.
        assert!(output.starts_with(&wanted), "{acts:?}: {output:?}");
        assert!(errors.starts_with(&complaints), "{acts:?}: {errors:?}");
        if !acts.iter().any(|act| matches!(act, Act::Rubbish(_))) {
            assert_eq!((output, errors), (wanted, complaints), "{acts:?}");
        }
    });
}

async fn whole(session: &Session) -> (Vec<u8>, Vec<u8>, End) {
    let (tx, mut rx) = tokio::sync::mpsc::channel(8);
    let request = ExecRequest {
        namespace: "n".into(),
        pod: "p".into(),
        container: "c".into(),
        command: vec!["true".into()],
        ..ExecRequest::default()
    };
    let _command = session.exec(request, move |item| {
        let tx = tx.clone();
        async move { tx.send(item).await.is_ok() }
    });
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    while let Some(item) = rx.recv().await {
        match item {
            ExecItem::Started => {}
            ExecItem::Output(bytes) => output.extend_from_slice(&bytes),
            ExecItem::Errors(bytes) => errors.extend_from_slice(&bytes),
            ExecItem::Ended(end) => return (output, errors, end),
        }
    }
    panic!("nothing told the end");
}
