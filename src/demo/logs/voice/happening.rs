//! What happens inside the company's services: the content of an event, before it gets a form.

use super::{Level, Speaker};
use crate::demo::random::Random;

/// One event of a service.
#[derive(Debug, Clone)]
pub struct Happening {
    /// How serious it is.
    pub level: Level,
    /// The part of the program that speaks.
    pub part: &'static str,
    /// The message.
    pub message: String,
    /// Fields beside the message.
    pub fields: Vec<(&'static str, Field)>,
    /// The message comes with a stack trace.
    pub trace: bool,
}

/// The value of a field.
#[derive(Debug, Clone)]
pub enum Field {
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
}

impl Happening {
    /// A message without fields.
    pub fn plain(level: Level, part: &'static str, message: &str) -> Self {
        Self {
            level,
            part,
            message: message.to_owned(),
            fields: Vec::new(),
            trace: false,
        }
    }
}

/// What the services of a project talk about: `{…}` stands for something drawn.
struct Topic {
    project: &'static str,
    paths: &'static [&'static str],
    info: &'static [&'static str],
    warn: &'static [&'static str],
    error: &'static [&'static str],
    /// What it depends on, and blames when it is sick.
    upstream: &'static str,
}

const TOPICS: &[Topic] = &[
    Topic {
        project: "shop",
        paths: &[
            "/",
            "/products/{n}",
            "/cart",
            "/cart/items",
            "/search?q={q}",
        ],
        info: &[
            "cart {id} updated: {k} items, {eur} EUR",
            "rendered /products/{n} in {ms} ms",
            "session {id} started from {city}",
            "order {n} placed by {who} 🎉",
        ],
        warn: &[
            "cache miss rate {pct}% over the last minute",
            "price of product {n} is older than 300 s",
        ],
        error: &[
            "cannot reserve stock for order {n}: quantity exceeds stock",
            "cart {id}: version conflict after 3 tries",
        ],
        upstream: "catalog",
    },
    Topic {
        project: "checkout",
        paths: &[
            "/checkout/{id}",
            "/checkout/{id}/pay",
            "/addresses",
            "/vouchers/{id}",
        ],
        info: &[
            "checkout {id} moved to state PAID",
            "payment {id} authorised: {eur} EUR",
            "address of {who} normalised (Zürich → Zuerich)",
            "voucher {id} redeemed",
        ],
        warn: &[
            "payment provider answered after {ms} ms",
            "retrying capture of payment {id} (attempt 2 of 5)",
        ],
        error: &[
            "payment {id} declined: insufficient funds",
            "checkout {id} expired while waiting for 3-D Secure",
        ],
        upstream: "payments",
    },
    Topic {
        project: "billing",
        paths: &[
            "/invoices/{n}",
            "/invoices",
            "/accounts/{n}/balance",
            "/dunning/{n}",
        ],
        info: &[
            "invoice {n} rendered in {ms} ms",
            "booked {eur} EUR to account {n}",
            "invoice {n} sent to {who}",
            "closed ledger page {n}",
        ],
        warn: &[
            "invoice {n} has no delivery address, falling back to the account's",
            "ledger lag {ms} ms",
        ],
        error: &[
            "cannot book transfer {id}: account {n} is frozen",
            "PDF of invoice {n} failed: font not found: NotoSansCJK",
        ],
        upstream: "ledger-db",
    },
    Topic {
        project: "accounts",
        paths: &["/users/{n}", "/users/{n}/sessions", "/password", "/me"],
        info: &[
            "user {n} signed in from {city}",
            "session {id} renewed",
            "profile of 田中 {n} updated",
            "user {n} confirmed the address",
        ],
        warn: &[
            "{k} failed attempts for user {n} from {ip}",
            "password hash of user {n} uses an old cost factor",
        ],
        error: &[
            "session store answered READONLY",
            "cannot send confirmation to {who}",
        ],
        upstream: "sessions",
    },
    Topic {
        project: "payouts",
        paths: &["/payouts/{n}", "/batches/{n}", "/merchants/{n}/payouts"],
        info: &[
            "batch {n} settled: {k} transfers, {eur} EUR",
            "payout {id} acknowledged by the bank",
            "next settlement window opens in {k} min",
        ],
        warn: &[
            "bank gateway slow: {ms} ms",
            "batch {n} holds {k} transfers without IBAN check",
        ],
        error: &["transfer {id} rejected by the bank: AC04 closed account"],
        upstream: "bank-gateway",
    },
    Topic {
        project: "catalog",
        paths: &[
            "/products/{n}",
            "/categories/{n}",
            "/images/{id}.webp",
            "/suggest?q={q}",
        ],
        info: &[
            "indexed product {n} in {ms} ms",
            "price list {id} published",
            "translated 商品 {n} into {k} languages",
        ],
        warn: &[
            "product {n} has no image",
            "supplier feed {id} is {k} h late",
        ],
        error: &["feed {id}: row {n}: price is not a number: \"n/a\""],
        upstream: "images",
    },
    Topic {
        project: "search",
        paths: &[
            "/search?q={q}",
            "/suggest?q={q}",
            "/index/{n}/_refresh",
            "/score",
        ],
        info: &[
            "query \"{q}\" matched {n} documents in {ms} ms",
            "segment {id} merged",
            "refreshed index products-{k}",
            "model ranker-{k} scored {n} candidates",
        ],
        warn: &[
            "slow query \"{q}\": {ms} ms",
            "shard {k} lags {ms} ms behind",
        ],
        error: &["query \"{q}\": too many clauses: maxClauseCount is 1024"],
        upstream: "indexer",
    },
    Topic {
        project: "identity",
        paths: &[
            "/oauth2/token",
            "/oauth2/auth",
            "/userinfo",
            "/.well-known/jwks.json",
        ],
        info: &[
            "token issued: client=web scope=openid sub={n}",
            "signing key {id} rotated",
            "login of {who} by passkey",
        ],
        warn: &[
            "clock skew of client {id}: {ms} ms",
            "refresh token {id} used twice",
        ],
        error: &["LDAP bind failed: connection reset by {ip}"],
        upstream: "directory",
    },
    Topic {
        project: "notify",
        paths: &["/messages", "/messages/{id}", "/templates/{n}"],
        info: &[
            "sent mail {id} to {who}",
            "push {id} delivered 📬",
            "digest for {city} has {k} entries",
            "template {n} compiled ✅",
        ],
        warn: &[
            "bounce for {id}: mailbox full",
            "queue depth {n} above target",
        ],
        error: &["SMTP 451 from mx.{city}.example: greylisted, try again later"],
        upstream: "smtp-relay",
    },
    Topic {
        project: "shipping",
        paths: &["/parcels/{n}", "/labels", "/tracking/{id}", "/carriers"],
        info: &[
            "parcel {n} scanned in {city}",
            "label {id} printed",
            "carrier feed: {k} events",
            "route of parcel {n} shortened by {k} km",
        ],
        warn: &[
            "carrier answered 429, backing off {ms} ms",
            "parcel {n} is late by {k} h",
        ],
        error: &["label {id}: barcode does not fit: 38 > 36 modules"],
        upstream: "carrier-api",
    },
    Topic {
        project: "warehouse",
        paths: &["/picks/{n}", "/bins/{n}", "/robots/{k}/tasks"],
        info: &[
            "pick {n} completed by robot {k} in {ms} ms",
            "bin {n} refilled",
            "wave {id} released: {k} orders",
        ],
        warn: &[
            "robot {k}: battery {pct}%",
            "bin {n} counted twice with different results",
        ],
        error: &["robot {k}: path blocked at aisle {k}"],
        upstream: "robot-control",
    },
    Topic {
        project: "insights",
        paths: &["/events", "/dashboards/{n}", "/query", "/metrics"],
        info: &[
            "flushed {n} events in {ms} ms",
            "dashboard {n} rendered for {who}",
            "compacted {k} parts into {id}",
        ],
        warn: &["late events: {n}", "query {id} scanned {n} MiB"],
        error: &["query {id} cancelled: memory limit of 512 MiB exceeded"],
        upstream: "event-store",
    },
];

/// What a service of no known project talks about.
const ANYTHING: Topic = Topic {
    project: "",
    paths: &[
        "/v1/items/{n}",
        "/v1/items",
        "/v1/items/{n}/history",
        "/v1/search?q={q}",
    ],
    info: &[
        "processed item {n} in {ms} ms",
        "consumed {k} messages from partition {k}",
        "refreshed {n} entries",
        "lease {id} renewed",
    ],
    warn: &["queue lag {n} messages", "retrying item {n} (attempt {k})"],
    error: &[
        "item {n} failed: context deadline exceeded",
        "unexpected answer 502 from {ip}",
    ],
    upstream: "database",
};

const PEOPLE: &[&str] = &[
    "mara", "bob", "ines", "dana", "jonas", "lena", "tomas", "noor", "petra", "owen", "yuki",
];

const CITIES: &[&str] = &[
    "Berlin",
    "Lyon",
    "Kraków",
    "Malmö",
    "Porto",
    "Graz",
    "大阪",
    "Αθήνα",
];

const QUERIES: &[&str] = &[
    "rain jacket",
    "ラーメン 丼",
    "usb-c cable 2m",
    "café crème",
    "운동화",
    "кофе",
    "tent 🏕️ 2p",
    "%27%20OR%201=1",
];

fn topic(project: &str) -> &'static Topic {
    TOPICS
        .iter()
        .find(|topic| topic.project == project)
        .unwrap_or(&ANYTHING)
}

/// Draws what happens in a service at a moment.
pub fn draw(speaker: &Speaker, at: i64, random: &mut Random) -> Happening {
    let topic = topic(&speaker.project);
    let sick = speaker.is_sick(at);
    if sick && random.below(100) < 45 {
        return trouble(topic, random);
    }
    if speaker.leaks && speaker.memory(at) > 70 && random.below(100) < 12 {
        return pressure(speaker.memory(at), random);
    }
    if speaker.serves {
        let draw = random.below(100);
        if draw < 12 {
            return probe(sick, random);
        }
        if draw < 45 {
            return request(topic, sick, random);
        }
    }
    let draw = random.below(1000);
    let (level, choices) = match draw {
        0..5 => (Level::Error, topic.error),
        5..35 => (Level::Warn, topic.warn),
        35..180 if speaker.environment == "dev" => (Level::Debug, topic.info),
        _ => (Level::Info, topic.info),
    };
    let mut happening = Happening::plain(level, part(level), &fill(pick(choices, random), random));
    happening.trace = level == Level::Error && random.below(3) > 0;
    identify(&mut happening, random);
    happening
}

fn part(level: Level) -> &'static str {
    match level {
        Level::Debug => "cache",
        Level::Info => "service",
        Level::Warn => "client",
        Level::Error => "handler",
    }
}

/// What a service says that fails its probe: whom it waits for in vain.
fn trouble(topic: &Topic, random: &mut Random) -> Happening {
    let upstream = topic.upstream;
    let message = match random.below(4) {
        0 => format!("upstream {upstream}: connect timed out after 3000 ms"),
        1 => format!("readiness check failed: {upstream} is DOWN"),
        2 => format!(
            "connection pool to {upstream} exhausted (10 of 10 in use, {} waiting)",
            5 + random.below(80)
        ),
        _ => format!("circuit breaker for {upstream} is open"),
    };
    let level = if random.below(4) == 0 {
        Level::Warn
    } else {
        Level::Error
    };
    let mut happening = Happening::plain(level, "upstream", &message);
    happening.trace = level == Level::Error && random.below(3) == 0;
    identify(&mut happening, random);
    happening
}

/// What a program says whose memory runs out.
fn pressure(percent: i64, random: &mut Random) -> Happening {
    let pause = 40 + random.below(900);
    let message = format!(
        "GC (Allocation Failure) pause {pause} ms, heap {percent}% of limit after collection"
    );
    let level = if percent > 90 {
        Level::Error
    } else {
        Level::Warn
    };
    Happening::plain(level, "memory", &message)
}

fn probe(sick: bool, random: &mut Random) -> Happening {
    let (path, status) = match random.below(2) {
        0 => ("/healthz", 200),
        _ if sick => ("/readyz", 503),
        _ => ("/readyz", 200),
    };
    let level = if status == 200 {
        Level::Info
    } else {
        Level::Warn
    };
    let mut happening = Happening::plain(level, "http", "request");
    happening.fields = vec![
        ("method", Field::Text("GET".to_owned())),
        ("path", Field::Text(path.to_owned())),
        ("status", Field::Number(status)),
        ("duration_ms", Field::Number(random.below(4))),
        ("agent", Field::Text("kube-probe/1.36".to_owned())),
    ];
    happening
}

fn request(topic: &Topic, sick: bool, random: &mut Random) -> Happening {
    let (method, path) = (
        pick(&["GET", "GET", "GET", "POST", "PUT", "DELETE"], random),
        fill(pick(topic.paths, random), random),
    );
    let status = match random.below(if sick { 300 } else { 1000 }) {
        0..4 => 500,
        4..12 if sick => 503,
        4..30 => 404,
        30..42 => 400,
        42..52 => 304,
        _ if method == "POST" => 201,
        _ if method == "DELETE" => 204,
        _ => 200,
    };
    let level = match status {
        500.. => Level::Error,
        400..500 => Level::Warn,
        _ => Level::Info,
    };
    let spread = 1 << random.below(11);
    let mut happening = Happening::plain(level, "http", "request");
    happening.fields = vec![
        ("method", Field::Text(method.to_owned())),
        ("path", Field::Text(path)),
        ("status", Field::Number(status)),
        ("duration_ms", Field::Number(1 + random.below(spread))),
        ("user", Field::Text(pick(PEOPLE, random).to_owned())),
    ];
    happening.trace = status == 500;
    identify(&mut happening, random);
    happening
}

fn identify(happening: &mut Happening, random: &mut Random) {
    happening
        .fields
        .push(("trace_id", Field::Text(format!("{:016x}", random.bits()))));
}

/// One of several.
pub fn pick(choices: &[&'static str], random: &mut Random) -> &'static str {
    choices
        .get(random.index(choices.len()))
        .copied()
        .unwrap_or_default()
}

/// Fills the places of a template.
pub fn fill(template: &str, random: &mut Random) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&drawn(place, random));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn drawn(place: &str, random: &mut Random) -> String {
    match place {
        "n" => (1000 + random.below(900_000)).to_string(),
        "k" => (1 + random.below(40)).to_string(),
        "id" => format!("{:08x}", random.bits() >> 32),
        "ms" => {
            let spread = 8 << random.below(9);
            (1 + random.below(spread)).to_string()
        }
        "pct" => random.below(101).to_string(),
        "eur" => format!("{}.{:02}", random.below(900), random.below(100)),
        "who" => format!("{}@halyard.example", pick(PEOPLE, random)),
        "city" => pick(CITIES, random).to_owned(),
        "q" => pick(QUERIES, random).to_owned(),
        "ip" => format!(
            "10.{}.{}.{}",
            random.below(250),
            random.below(250),
            1 + random.below(250)
        ),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::company::PROJECTS;

    #[test]
    fn every_project_has_its_topic() {
        for project in PROJECTS {
            assert_eq!(topic(project.name).project, project.name);
        }
        assert_eq!(topic("orders").project, "");
    }

    #[test]
    fn every_place_of_every_template_is_known() {
        let mut random = Random::new(1);
        for topic in TOPICS.iter().chain([&ANYTHING]) {
            for template in [topic.paths, topic.info, topic.warn, topic.error].concat() {
                for place in template.split('{').skip(1) {
                    let name = place.split('}').next().unwrap_or_default();
                    assert_ne!(drawn(name, &mut random), name, "{template}");
                }
            }
        }
    }
}
