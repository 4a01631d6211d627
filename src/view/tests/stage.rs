//! A program that is fed messages and photographed: what every test of the view stands on.

use std::fmt::Write as _;

use super::company::{NOW, batches};
use crate::app::{Answer, App, Effect, Effects, Id, Msg, Notice, Request, Setup};
use crate::domain::feed::{AccessAnswer, FeedState, Resource, Scope};
use crate::domain::rows::Kind;
use crate::domain::session::{ContainerSpec, ContextInfo, EventLine, SessionInfo};
use crate::domain::text::Text;
use crate::domain::time::{Millis, Timestamp};
use crate::theme::Theme;
pub use crate::view::plain as text;
use crate::view::{Hits, Memory, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// The context of the demo.
const DEMO: &str = "quarterdeck-demo";

/// A message, when it came, and what the program wanted done about it.
pub type Recorded = (Timestamp, Msg, Effects);

/// The program, a clock, and the last effects.
pub struct Stage {
    pub app: App,
    pub now: Timestamp,
    /// Everything that was sent, as a recorded session holds it.
    pub record: Vec<Recorded>,
    effects: Effects,
    table: Option<Id>,
}

impl Stage {
    /// The program as it stands before anything has happened.
    pub fn new(setup: Setup) -> Self {
        let keymap = crate::input::shipped("default").unwrap();
        let mut setup = setup;
        setup.settings.keymap = keymap;
        let (app, effects) = App::new(setup, (80, 24), NOW);
        Self {
            app,
            now: NOW,
            record: Vec::new(),
            effects,
            table: None,
        }
    }

    /// Connected to the company's cluster, with everything listed.
    pub fn company() -> Self {
        Self::company_in(Setup::default(), "prod-eu")
    }

    /// The same in the demo.
    pub fn demo(setup: Setup) -> Self {
        Self::company_in(setup, DEMO)
    }

    pub fn company_in(setup: Setup, context: &str) -> Self {
        let mut stage = Self::connected(setup, context);
        for batch in batches() {
            stage.send(Msg::Batch(batch));
        }
        stage.feeds(&FeedState::Live);
        stage
    }

    /// Connected, with nothing listed yet.
    pub fn connected(setup: Setup, context: &str) -> Self {
        let mut stage = Self::new(setup);
        stage.send(Msg::Contexts(contexts()));
        stage.send(Msg::Connected(SessionInfo {
            context: context.into(),
            server: "https://10.0.0.1:6443".into(),
            user: "alice".into(),
            version: "v1.33.4".into(),
            namespace: "shop-prod".into(),
            demo: context == DEMO,
            ..SessionInfo::default()
        }));
        stage.serve();
        stage
    }

    /// Every feed takes this state.
    pub fn feeds(&mut self, state: &FeedState) {
        for kind in Kind::ALL {
            self.feed(kind, state.clone());
        }
    }

    pub fn feed(&mut self, kind: Kind, state: FeedState) {
        self.send(Msg::Feed {
            kind,
            scope: Scope::ALL,
            state,
        });
    }

    pub fn send(&mut self, msg: Msg) {
        let effects = self.app.update(msg.clone(), self.now);
        self.record.push((self.now, msg, effects.clone()));
        for effect in &effects {
            if let Effect::OpenTable { id, .. } = effect {
                self.table = Some(*id);
            }
        }
        self.effects.extend(effects);
    }

    /// The table that was opened last.
    pub fn table_id(&self) -> Id {
        self.table.unwrap()
    }

    /// What was asked of the cluster last.
    pub fn last_asked(&self) -> Id {
        let effects = self.record.iter().flat_map(|(_, _, effects)| effects);
        let mut ids = effects.filter_map(|effect| match effect {
            Effect::Fetch(id, _) => Some(*id),
            _ => None,
        });
        ids.next_back().unwrap()
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: Millis) {
        self.now = self.now.plus(span);
        self.send(Msg::Tick);
    }

    /// Presses keys by the names of key maps, separated by spaces; requests are answered.
    pub fn keys(mut self, keys: &str) -> Self {
        for key in keys.split(' ') {
            self.send(Msg::Key(key.parse().unwrap()));
            self.serve();
        }
        self
    }

    /// Types a text letter by letter.
    pub fn typed(mut self, text: &str) -> Self {
        for c in text.chars() {
            self.send(Msg::Key(crate::key::Key::char(c)));
            self.serve();
        }
        self
    }

    /// Carries out a line of the palette.
    pub fn run(self, line: &str) -> Self {
        self.keys(":").typed(line).keys("enter")
    }

    /// The terminal gets this size.
    pub fn sized(mut self, columns: u16, rows: u16) -> Self {
        self.send(Msg::Resize(columns, rows));
        self.serve();
        self
    }

    /// Answers what was asked, until nothing is asked any more.
    pub fn serve(&mut self) {
        while !self.effects.is_empty() {
            if let Some(msg) = reply(self.effects.remove(0)) {
                self.send(msg);
            }
        }
    }

    /// Draws into a buffer of this size.
    pub fn draw_in(&self, theme: &Theme, memory: &mut Memory, size: (u16, u16)) -> (Buffer, Hits) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        let hits = draw(&self.app, theme, memory, &mut buffer);
        (buffer, hits)
    }

    /// Draws at the size the program knows.
    pub fn draw(&self, theme: &Theme) -> Buffer {
        self.draw_in(theme, &mut Memory::default(), self.app.size).0
    }

    /// Text and roles of a whole frame.
    pub fn photograph(&self) -> String {
        let buffer = self.draw(&marked());
        format!("{}\n{}", text(&buffer), roles(&buffer))
    }
}

fn reply(effect: Effect) -> Option<Msg> {
    let (id, request) = match effect {
        Effect::Fetch(id, request) => (id, request),
        Effect::After(id, _) => return Some(Msg::Timer(id)),
        _ => return None,
    };
    let answer = match request {
        Request::Yaml { .. } => Answer::Document(YAML.into()),
        Request::Describe(_) => Answer::Document(DESCRIBE.into()),
        Request::Events(_) => Answer::Events(events()),
        Request::Containers(_) => Answer::Containers(vec![spec()]),
        Request::Tail { .. } => Answer::Tail(TAIL.iter().map(|line| Text::new(line)).collect()),
        Request::Resources => Answer::Resources(resources()),
        Request::Access(questions) => Answer::Access(
            questions
                .iter()
                .map(|_| AccessAnswer {
                    allowed: true,
                    reason: Text::default(),
                })
                .collect(),
        ),
        Request::Delete(_) => Answer::Done,
    };
    Some(Msg::Answer(id, answer))
}

const TAIL: &[&str] = &[
    "2026-11-23T09:59:46Z INFO  invoicer 3.1.1 starting",
    "2026-11-23T09:59:47Z INFO  reading /app/config.yaml",
    "2026-11-23T09:59:47Z ERROR open /app/config.yaml: no such file or directory",
    "panic: configuration is missing",
];

const YAML: &str = "apiVersion: v1
kind: Pod
metadata:
  annotations:
    note: 'two words'
  labels:
    app.kubernetes.io/name: invoicer
  name: invoicer-x7kq2
spec:
  containers:
  - args:
    - --verbose
    image: registry.local/billing/invoicer:3.1.1
    name: invoicer
    ports:
    - containerPort: 8080
    tty: false
  # nothing else
  restartPolicy: Always
  terminationGracePeriodSeconds: 30
status: {}
";

const DESCRIBE: &str = "Name:             invoicer-x7kq2
Namespace:        billing-prod
Node:             worker-1/10.0.0.11
Labels:           app.kubernetes.io/name=invoicer
Status:           Running
Containers:
  invoicer:
    Image:          registry.local/billing/invoicer:3.1.1
    State:          Waiting
      Reason:       CrashLoopBackOff
Events:
  Type     Reason   Age  From     Message
  Warning  BackOff  12s  kubelet  Back-off restarting failed container
";

fn events() -> Vec<EventLine> {
    let line = |warning, reason: &str, message: &str, count, seconds| EventLine {
        warning,
        reason: reason.into(),
        message: message.into(),
        count,
        last: Some(super::company::ago(seconds)),
        ..EventLine::default()
    };
    vec![
        line(
            true,
            "BackOff",
            "Back-off restarting failed container invoicer",
            31,
            12,
        ),
        line(
            false,
            "Pulled",
            "Container image is already present on the node",
            7,
            18,
        ),
        line(
            false,
            "Scheduled",
            "Successfully assigned billing-prod/invoicer to worker-1",
            1,
            1200,
        ),
    ]
}

fn spec() -> ContainerSpec {
    let texts = |all: &[&str]| all.iter().map(|text| Text::new(text)).collect();
    ContainerSpec {
        name: "invoicer".into(),
        digest: "sha256:4f6c0d1e8b7a".into(),
        ports: texts(&["http 8080/TCP", "metrics 9090/TCP"]),
        probes: texts(&[
            "liveness: http-get :8080/healthz, every 10s",
            "readiness: http-get :8080/readyz, every 5s",
        ]),
        requests: "cpu 100m, memory 128Mi".into(),
        limits: "memory 256Mi".into(),
        env: texts(&["LOG_LEVEL", "DB_PASSWORD from secret billing-db"]),
        mounts: texts(&["/etc/config from configmap invoicer (ro)"]),
        command: "/app/invoicer --serve".into(),
    }
}

/// Some kinds of a server.
pub fn resources() -> Vec<Resource> {
    let kind = |group: &str, kind: &str, plural: &str, short: &[&str], namespaced| Resource {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: plural.into(),
        singular: Text::new(&kind.to_lowercase()),
        short_names: short.iter().map(|name| Text::new(name)).collect(),
        namespaced,
        verbs: ["get", "list", "watch", "delete"]
            .into_iter()
            .map(Text::new)
            .collect(),
    };
    vec![
        kind("", "ConfigMap", "configmaps", &["cm"], true),
        kind("", "Secret", "secrets", &[], true),
        kind("", "Service", "services", &["svc"], true),
        kind("apps", "Deployment", "deployments", &["deploy"], true),
        kind("networking.k8s.io", "Ingress", "ingresses", &["ing"], true),
        kind(
            "rbac.authorization.k8s.io",
            "ClusterRole",
            "clusterroles",
            &[],
            false,
        ),
    ]
}

fn contexts() -> Vec<ContextInfo> {
    let context = |name: &str, user: &str, current| ContextInfo {
        name: name.into(),
        cluster: name.into(),
        user: user.into(),
        namespace: "shop-prod".into(),
        server: Text::new(&format!("https://{name}.example:6443")),
        current,
    };
    vec![
        context("prod-eu", "alice", true),
        context("staging-eu", "alice", false),
        context("dev", "admin", false),
    ]
}

/// A notice of each sort.
pub fn notices() -> [Notice; 2] {
    [
        Notice::info("pod billing-dev/api-1 is being deleted"),
        Notice::warning("you may not list nodes", "`:ctx` uses another context"),
    ]
}

/// A theme in which every role has a colour of its own, so that snapshots can name roles and do
/// not change with the colours of a shipped theme.
pub fn marked() -> Theme {
    let shipped = crate::theme::shipped("dark").unwrap();
    let mut theme = Theme::default();
    for (index, (name, style)) in shipped.all().into_iter().enumerate() {
        let colour = Color::Indexed(u8::try_from(index).unwrap());
        let mark = Style::new().fg(colour);
        *theme.role_mut(name).unwrap() = if style.bg.is_some() {
            mark.bg(colour)
        } else {
            mark
        };
    }
    theme
}

fn role(colour: Color) -> &'static str {
    match colour {
        Color::Indexed(index) => Theme::ROLES[usize::from(index)],
        _ => "terminal",
    }
}

/// Which columns of which line are not plain text on the ground: `2: 0-79 on selected, 1 failing`.
fn roles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let cell = |x: u16| &buffer[(x, y)];
        let ground = runs(buffer.area.width, |x| {
            Some(role(cell(x).bg)).filter(|role| *role != "ground")
        });
        // A gap of one column between two words of a role does not end the run.
        let written = |x: u16| {
            let blank = cell(x).symbol() == " ";
            let near = if blank && x > 0 { cell(x - 1) } else { cell(x) };
            let name = role(near.fg);
            (near.symbol() != " " && !matches!(name, "text" | "ground")).then_some(name)
        };
        let ink = runs(buffer.area.width, written);
        if !ground.is_empty() || !ink.is_empty() {
            let ground = ground.into_iter().map(|run| format!("on {run}"));
            let runs = ground.chain(ink).collect::<Vec<_>>().join(", ");
            let _ = writeln!(out, "{y}: {runs}");
        }
    }
    out
}

fn runs(width: u16, of: impl Fn(u16) -> Option<&'static str>) -> Vec<String> {
    let mut found: Vec<(u16, u16, &str)> = Vec::new();
    for x in 0..width {
        let Some(name) = of(x) else { continue };
        match found.last_mut() {
            Some((_, end, last)) if *last == name && *end + 1 == x => *end = x,
            _ => found.push((x, x, name)),
        }
    }
    found
        .iter()
        .map(|(from, to, name)| format!("{name} {from}-{to}"))
        .collect()
}
