//! The simulated shell as its users meet it: lines in, output and status out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use serde_json::json;

use super::{
    super::channel::Size,
    super::process::{Process, pair},
    *,
};
use crate::demo::{clock::Clock, place::Place};

fn place() -> Place {
    Place {
        namespace: "shop".to_owned(),
        pod: "web-1".to_owned(),
        container: "web".to_owned(),
        running: true,
        object: json!({
            "metadata": {"uid": "u"},
            "spec": {"containers": [{"name": "web", "image": "r.example/shop/web:1.4.2", "args": ["dist/server.js"],
                "env": [{"name": "ENVIRONMENT", "value": "prod"}, {"name": "DATABASE_URL", "valueFrom": {}}],
                "volumeMounts": [{"name": "config", "mountPath": "/app/config", "readOnly": true}]}]},
            "status": {"podIP": "10.0.0.7", "containerStatuses": [{"name": "web", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]},
        }),
    }
}

fn streams(tty: bool) -> Streams {
    Streams {
        stdin: true,
        stdout: true,
        stderr: !tty,
        tty,
    }
}

struct Done {
    out: String,
    errors: String,
    exit: Exit,
}

async fn finish(mut process: Process) -> Done {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    while let Some(frame) = process.output.recv().await {
        match frame[0] {
            STDOUT => out.extend_from_slice(&frame[1..]),
            _ => errors.extend_from_slice(&frame[1..]),
        }
    }
    Done {
        out: String::from_utf8(out).unwrap(),
        errors: String::from_utf8(errors).unwrap(),
        exit: process.exit.await.unwrap(),
    }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|word| (*word).to_owned()).collect()
}

async fn exec(container: &Arc<Container>, command: &[&str], input: &str) -> Done {
    let (mut process, inside) = pair(true);
    tokio::spawn(run(
        inside,
        Arc::clone(container),
        words(command),
        streams(false),
    ));
    let stdin = process.stdin.take().unwrap();
    if !input.is_empty() {
        stdin
            .send(Bytes::copy_from_slice(input.as_bytes()))
            .await
            .unwrap();
    }
    drop(stdin);
    tokio::time::timeout(Duration::from_secs(20), finish(process))
        .await
        .unwrap()
}

fn container() -> Arc<Container> {
    Arc::new(Container::new(&place(), Clock::Wall))
}

/// What `sh -c` prints, errors behind the output, and its status.
async fn sh(text: &str) -> (String, i32) {
    let done = exec(&container(), &["sh", "-c", text], "").await;
    let Exit::Code(code) = done.exit else {
        panic!("{text}: {:?}", done.exit)
    };
    (done.out + &done.errors, code)
}

/// A table of lines with what they print and leave.
async fn all(cases: &[(&str, &str, i32)]) {
    for (text, printed, status) in cases {
        assert_eq!(sh(text).await, ((*printed).to_owned(), *status), "{text}");
    }
}

#[tokio::test]
async fn the_language() {
    all(&[
        ("echo a  b 'c  d' \"e $HOME\" f\\ g", "a b c  d e /root f g\n", 0),
        ("x=1; y=$x$x; echo ${y}0 $((y*2)) ${z:-none} ${#y} [$z]", "110 22 none 2 []\n", 0),
        ("A=5 sh -c 'echo $A'; echo [$A]", "5\n[]\n", 0),
        ("false; echo $?; true && echo yes || echo no; ! true; echo $?", "1\nyes\n1\n", 0),
        ("echo one | cat | tr a-z A-Z", "ONE\n", 0),
        ("exit 7", "", 7),
        ("(exit 3); echo $?; exit 300", "3\n", 44),
        ("nosuch; echo $?", "127\nsh: nosuch: not found\n", 0),
        ("echo a >/tmp/x; echo b >>/tmp/x; cat </tmp/x; cat /nosuch 2>/dev/null; echo $?", "a\nb\n1\n", 0),
        ("ls /nosuch 2>&1 | cat; echo out >&2", "ls: /nosuch: No such file or directory\nout\n", 0),
        ("for i in 1 2 3; do echo -n $i; done; echo; while [ \"$n\" != xxx ]; do n=x$n; done; echo $n", "123\nxxx\n", 0),
        ("if [ -f /etc/hostname ]; then cat /etc/hostname; else echo no; fi", "web-1\n", 0),
        ("for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; break; done; { echo g; } | cat", "1\ng\n", 0),
        ("echo $(echo a; echo b) \"$(printf 'c\\nd\\n')\"", "a b c\nd\n", 0),
        ("cd /etc; echo host*; echo *.nothing; echo 'host*'", "hostname hosts\n*.nothing\nhost*\n", 0),
        ("f=a.tar.gz; echo ${f%.gz} ${f%%.*} ${f#*.} ${f##*.}", "a.tar a tar.gz gz\n", 0),
        ("set -- a 'b c'; echo $# $2; for x in \"$@\"; do echo [$x]; done; shift; echo $1", "2 b c\n[a]\n[b c]\nb c\n", 0),
        ("cat <<E | wc -l\n$HOME\nx\nE", "2\n", 0),
        ("echo a | { read v; echo got $v; }", "got a\n", 0),
        ("set -e; false; echo never", "", 1),
        ("echo 'unfinished", "sh: syntax error: unexpected end of file\n", 2),
        ("echo $((1/0))", "sh: division by zero\n", 2),
        ("sh -c 'echo $0 $1' name arg; eval 'echo $(echo deep)'", "name arg\ndeep\n", 0),
        ("unset HOME; echo [$HOME]; export Q=1; env | grep ^Q", "[]\nQ=1\n", 0),
        ("yes | head -n 2; seq 1 100000 | tail -n 1", "y\ny\n100000\n", 0),
        ("cd /nosuch; echo $?; cd /etc; cd -; pwd", "1\n/app\ncd: can't cd to /nosuch: No such file or directory\n", 0),
    ])
    .await;
}

#[tokio::test]
async fn commands_on_files() {
    all(&[
        ("mkdir -p /tmp/a/b; touch /tmp/a/x; ls /tmp/a; ls -a /tmp/a", "b\nx\n.\n..\nb\nx\n", 0),
        ("echo hi >/tmp/f; cp /tmp/f /tmp/g; mv /tmp/g /tmp/h; cat /tmp/h; rm /tmp/h; ls /tmp", "hi\nf\n", 0),
        ("mkdir /tmp/d; echo 1 >/tmp/d/1; cp -r /tmp/d /tmp/e; cat /tmp/e/1; rm -r /tmp/d; rmdir /tmp/e", "1\nrmdir:  '/tmp/e': Directory not empty\n", 1),
        ("rm /tmp/none; rm -f /tmp/none; echo $?", "0\nrm: can't remove '/tmp/none': No such file or directory\n", 0),
        ("echo x > /app/config/app.yaml", "sh: can't create /app/config/app.yaml: Read-only file system\n", 1),
        ("ls -l /etc/hostname | cut -d' ' -f1,2,3,4,5", "-rw-r--r-- 1 root root 6\n", 0),
        ("find /app -name '*.js' -type f", "/app/dist/app.js\n/app/dist/server.js\n", 0),
        ("printf '#!/bin/sh\\necho script $1\\n' >/tmp/s; chmod +x /tmp/s; /tmp/s arg; cat /app/VERSION", "script arg\n1.4.2\n", 0),
        ("cd /tmp; mkdir t; echo data >t/f; tar cf - t | tar tf -; tar cf a.tar t; rm -r t; tar xmf a.tar; cat t/f", "t\nt/f\ndata\n", 0),
        ("head -c 100000 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c", "100000\n5\n", 0),
    ])
    .await;
}

#[tokio::test]
async fn commands_on_text() {
    all(&[
        ("printf 'b\\na\\nc\\na\\n' | sort -u; printf '10\\n9\\n' | sort -n", "a\nb\nc\n9\n10\n", 0),
        ("printf 'a\\nB\\nab\\n' | grep -in b; printf 'a\\nb\\n' | grep -v a; echo x | grep y", "2:B\n3:ab\nb\n", 1),
        ("echo 'a(b)+' | grep -c 'a(b)+'; echo aab | grep -Eo 'a+'; echo ab | grep 'a\\|x'", "1\naa\nab\n", 0),
        ("seq 20 | head -3; seq 20 | tail -n 2; seq 5 | tail -n +4", "1\n2\n3\n19\n20\n4\n5\n", 0),
        ("printf 'one two\\nthree\\n' | wc; echo abc | wc -c", "        2        3       14\n4\n", 0),
        ("echo a:b:c | cut -d: -f2-; echo hello | tr -d l; echo hello | sed 's/l\\+/L/;' 2>/dev/null; echo hello | sed 's/l/L/g'", "b:c\nheo\nheLo\nheLLo\n", 0),
        ("printf 'a\\na\\nb\\n' | uniq -c; seq 3 | sed -n 2p; seq 3 | sed '$d'", "      2 a\n      1 b\n2\n1\n2\n", 0),
        ("printf '%5s|%-5s|%05d|%x|%.2f|%%\\n' a b 42 255 1.5", "    a|b    |00042|ff|1.50|%\n", 0),
        ("printf '%s\\n' a b c; echo -e 'a\\tb\\x41\\033[0m\\cignored'; echo -n x; echo -E 'a\\n'", "a\nb\nc\na\tbA\u{1b}[0mxa\\n\n", 0),
        ("basename /a/b.c .c; dirname /a/b.c; seq 3 | xargs echo n", "b\n/a\nn 1 2 3\n", 0),
    ])
    .await;
}

#[tokio::test]
async fn what_is_told_of_the_container() {
    all(&[
        (
            "hostname; whoami; id -u; uname; tty; pwd",
            "web-1\nroot\n0\nLinux\nnot a tty\n/app\n",
            0,
        ),
        (
            "echo $ENVIRONMENT $DATABASE_URL $HOSTNAME; env | grep -c =",
            "prod demo-database-url web-1\n10\n",
            0,
        ),
        (
            "ps | sed -n 2p | cut -c1-11; which ls nosuch",
            "    1 root \n/bin/ls\n",
            1,
        ),
        (
            "cat /proc/1/comm; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace",
            "node\nshop",
            0,
        ),
        (
            "kill 999; kill -0 1; echo $?; stty size",
            "0\nkill: can't kill pid 999: No such process\nstty: standard input: Not a tty\n",
            1,
        ),
        (
            "date +%Y | grep -c '^20'; test 2 -gt 1 -a -d /app; echo $?; [ -z x ]; echo $?",
            "1\n0\n1\n",
            0,
        ),
    ])
    .await;
}

#[tokio::test]
async fn input_reaches_the_command() {
    let container = container();
    assert_eq!(
        exec(&container, &["cat"], "through\n").await.out,
        "through\n"
    );
    let script = exec(
        &container,
        &["sh"],
        "x=1\nif true; then\necho $x\nfi\nexit 5\necho never\n",
    )
    .await;
    assert_eq!((script.out.as_str(), script.exit), ("1\n", Exit::Code(5)));
    let rest = exec(&container, &["sh"], "read a\nfirst\necho $a\ncat\nrest\n").await;
    assert_eq!(rest.out, "first\nrest\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_refused_as_a_runtime_does() {
    let done = exec(&container(), &["nosuch", "-x"], "").await;
    let Exit::Failed(why) = done.exit else {
        panic!()
    };
    assert!(why.ends_with("OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH: unknown"), "{why}");
}

#[tokio::test]
async fn what_is_written_is_there_for_the_next() {
    let containers = containers::Containers::default();
    exec(
        &containers.of(&place()),
        &["sh", "-c", "echo kept >/tmp/k"],
        "",
    )
    .await;
    assert_eq!(
        exec(&containers.of(&place()), &["cat", "/tmp/k"], "")
            .await
            .out,
        "kept\n"
    );
    let mut other = place();
    other.object["metadata"]["uid"] = json!("another");
    assert_eq!(
        exec(&containers.of(&other), &["cat", "/tmp/k"], "")
            .await
            .exit,
        Exit::Code(1)
    );
}

/// A terminal session: waits for each text before it types on.
struct Typist {
    process: Process,
    shown: String,
}

impl Typist {
    fn new(command: &[&str]) -> Self {
        Self::on(container(), command)
    }

    fn on(container: Arc<Container>, command: &[&str]) -> Self {
        let (process, inside) = pair(true);
        process.size.send_replace(Size {
            columns: 60,
            rows: 10,
        });
        tokio::spawn(run(inside, container, words(command), streams(true)));
        Self {
            process,
            shown: String::new(),
        }
    }

    async fn types(&self, keys: &str) {
        let keys = Bytes::copy_from_slice(keys.as_bytes());
        self.process
            .stdin
            .as_ref()
            .unwrap()
            .send(keys)
            .await
            .unwrap();
    }

    /// Waits until this was shown, and forgets what was shown up to there.
    async fn sees(&mut self, text: &str) {
        let reading = async {
            loop {
                if let Some(at) = self.shown.find(text) {
                    self.shown.drain(..at + text.len());
                    return;
                }
                let Some(frame) = self.process.output.recv().await else {
                    panic!("no {text:?} in {:?}, and the output ended", self.shown)
                };
                self.shown.push_str(&String::from_utf8_lossy(&frame[1..]));
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(20), reading).await;
        assert!(seen.is_ok(), "no {text:?} in {:?}", self.shown);
    }

    async fn ends(self, code: i32) {
        let done = tokio::time::timeout(Duration::from_secs(20), finish(self.process))
            .await
            .unwrap();
        assert_eq!(done.exit, Exit::Code(code));
    }
}

const PROMPT: &str = "root@web-1:/app# ";

#[tokio::test]
async fn a_terminal_greets_prompts_and_ends() {
    let mut typist = Typist::new(&["sh"]);
    typist.sees("simulated").await;
    typist.sees(PROMPT).await;
    typist.types("stty size; tty\r").await;
    typist.sees("10 60\r\n/dev/pts/0\r\n").await;
    typist.sees(PROMPT).await;
    typist.process.size.send_replace(Size {
        columns: 70,
        rows: 20,
    });
    typist.types("stty size\r").await;
    typist.sees("20 70\r\n").await;
    typist.types("cd /et\t\r").await;
    typist.sees("root@web-1:/etc# ").await;
    typist.types("echo 'two\rlines'\r").await;
    typist.sees("two\r\nlines\r\n").await;
    typist.types("exit 3\r").await;
    typist.ends(3).await;
}

#[tokio::test]
async fn a_shell_that_becomes_another_one_keeps_the_terminal() {
    let find = "command -v bash >/dev/null 2>&1 && exec bash; exec sh";
    let mut typist = Typist::new(&["sh", "-c", find]);
    typist.sees(PROMPT).await;
    typist.types("sleep 1000\r").await;
    typist.sees("\r\n").await;
    typist.types("\x03").await;
    typist.sees(PROMPT).await;
    typist.types("exec sh -c 'exit 5'\r").await;
    typist.ends(5).await;
}

#[tokio::test]
async fn control_keys_reach_the_command() {
    let mut typist = Typist::new(&["bash"]);
    typist.sees(PROMPT).await;
    typist.types("sleep 1000\r").await;
    typist.sees("\r\n").await;
    typist.types("\x03").await;
    typist.sees("^C\r\n").await;
    typist.sees(PROMPT).await;
    typist.types("echo $?\r").await;
    typist.sees("130\r\n").await;
    typist.types("cat\r").await;
    typist.sees("cat\r\n").await;
    typist.types("abd\x7fc\r").await;
    typist.sees("abd\x08 \x08c\r\nabc\r\n").await;
    typist.types("\x04").await;
    typist.sees(PROMPT).await;
    typist.types("yes\r").await;
    typist.sees("y\r\ny\r\n").await;
    typist.types("\x03").await;
    typist.sees(PROMPT).await;
    typist.types("\x04").await;
    typist.sees("exit").await;
    typist.ends(130).await;
}

#[tokio::test]
async fn top_refreshes_until_q() {
    let mut typist = Typist::new(&["top", "-d", "0.1"]);
    typist.sees("\x1b[H").await;
    typist.sees("node dist/serve").await;
    typist.sees("\x1b[H").await;
    typist.types("q").await;
    typist.ends(0).await;
}

#[tokio::test]
async fn a_killed_command_says_so() {
    let container = container();
    let mut typist = Typist::on(Arc::clone(&container), &["sh"]);
    typist.sees(PROMPT).await;
    typist.types("sleep 1000\r").await;
    typist.sees("\r\n").await;
    let pid = loop {
        let sleeping = container
            .running()
            .into_iter()
            .find(|process| process.command == "sleep 1000");
        match sleeping {
            Some(process) => break process.pid,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(
        exec(&container, &["sh", "-c", &format!("kill -9 {pid}")], "")
            .await
            .exit,
        Exit::Code(0)
    );
    typist.sees("Killed\r\n").await;
    typist.types("echo $?\r").await;
    typist.sees("137\r\n").await;
}

#[tokio::test]
async fn tail_follows() {
    let container = container();
    exec(&container, &["sh", "-c", "echo one >/tmp/log"], "").await;
    let mut typist = Typist::on(Arc::clone(&container), &["tail", "-f", "/tmp/log"]);
    typist.sees("one\r\n").await;
    exec(&container, &["sh", "-c", "echo two >>/tmp/log"], "").await;
    typist.sees("two\r\n").await;
    typist.types("\x03").await;
    typist.ends(130).await;
}

#[tokio::test]
async fn an_ended_session_ends_the_command() {
    let container = container();
    let typist = Typist::on(Arc::clone(&container), &["sleep", "1000"]);
    drop(typist);
    while container.running().len() > 1 {
        tokio::task::yield_now().await;
    }
}
