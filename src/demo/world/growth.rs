//! The same company, grown: more projects over more regions until the world has as many pods as
//! were asked for. Names stay believable; nothing in it is in trouble that the small world is not.

use jiff::SignedDuration;

use super::builder::Builder;
use super::company::{Component, Runs, Stack};
use super::releases::{self, Installation};
use super::template::Place;

/// What the grown company's projects are called, and whose they are.
const PROJECTS: &[(&str, &str, &str)] = &[
    ("orders", "retail", "mara"),
    ("pricing", "retail", "lena"),
    ("inventory", "logistics", "owen"),
    ("returns", "retail", "jonas"),
    ("refunds", "finance", "ines"),
    ("tax", "finance", "bob"),
    ("treasury", "finance", "dana"),
    ("payroll", "finance", "ines"),
    ("invoices", "finance", "bob"),
    ("dunning", "finance", "bob"),
    ("loyalty", "retail", "mara"),
    ("coupons", "retail", "lena"),
    ("reviews", "retail", "lena"),
    ("wishlist", "retail", "mara"),
    ("giftcards", "retail", "jonas"),
    ("stores", "retail", "jonas"),
    ("carriers", "logistics", "petra"),
    ("routing", "logistics", "petra"),
    ("customs", "logistics", "petra"),
    ("fleet", "logistics", "owen"),
    ("docks", "logistics", "owen"),
    ("packing", "logistics", "owen"),
    ("labels", "logistics", "petra"),
    ("parcels", "logistics", "petra"),
    ("gateway", "platform", "tomas"),
    ("secrets", "platform", "noor"),
    ("flags", "platform", "tomas"),
    ("queues", "platform", "tomas"),
    ("mailer", "platform", "noor"),
    ("sms", "platform", "noor"),
    ("audit", "platform", "noor"),
    ("files", "platform", "tomas"),
    ("events", "data", "yuki"),
    ("metrics", "data", "yuki"),
    ("reports", "data", "yuki"),
    ("forecast", "data", "yuki"),
    ("segments", "data", "yuki"),
    ("features", "data", "yuki"),
    ("exports", "data", "yuki"),
    ("ranking", "data", "yuki"),
];

const REGIONS: &[(&str, &str)] = &[
    ("prod-eu1", "prod"),
    ("prod-us1", "prod"),
    ("prod-ap1", "prod"),
    ("prod-eu2", "prod"),
    ("prod-us2", "prod"),
    ("staging-eu1", "staging"),
    ("staging-us1", "staging"),
    ("dev", "dev"),
];

const fn part(name: &'static str, stack: Stack, port: u16, cpu: u32, memory: u32) -> Component {
    Component {
        name,
        runs: Runs::Deployment,
        stack,
        port,
        cpu,
        memory,
        device: None,
        migrates: false,
        host: None,
    }
}

const COMPONENTS: &[Component] = &[
    part("api", Stack::Go, 8080, 100, 192),
    part("web", Stack::Node, 3000, 80, 192),
    part("worker", Stack::Python, 0, 100, 256),
    part("consumer", Stack::Go, 0, 50, 128),
    part("scheduler", Stack::Java, 8080, 120, 384),
    part("gateway", Stack::Go, 8443, 80, 128),
    part("importer", Stack::Python, 8000, 100, 256),
    part("exporter", Stack::Go, 9100, 30, 64),
    part("indexer", Stack::Java, 9200, 150, 512),
    part("notifier", Stack::Node, 3000, 40, 128),
];

/// Adds releases until the builder is full.
pub fn grow(builder: &mut Builder<'_>) {
    let mut round = 0;
    while !builder.is_full() {
        for (region, environment) in REGIONS {
            for (project, department, owner) in PROJECTS {
                if builder.is_full() {
                    return;
                }
                release(
                    builder,
                    round,
                    (project, department, owner),
                    (region, environment),
                );
            }
        }
        round += 1;
    }
}

fn release(builder: &mut Builder<'_>, round: u32, whose: (&str, &str, &str), place: (&str, &str)) {
    let (project, department, owner) = whose;
    let (region, environment) = place;
    let project = if round == 0 {
        project.to_owned()
    } else {
        format!("{project}{}", round + 1)
    };
    let namespace = format!("{project}-{region}");
    let place = Place {
        project: &project,
        department,
        owner,
        namespace: &namespace,
        instance: &namespace,
        environment,
    };
    let days = builder.random.between(30, 400);
    let installed = builder.ago(SignedDuration::from_hours(24 * days));
    releases::namespace(builder, &place, installed);
    let random = &mut builder.random;
    let (major, minor, patch) = (
        random.between(1, 6),
        random.between(1, 14),
        random.between(0, 9),
    );
    let versions = vec![
        format!("{major}.{}.{patch}", minor - 1),
        format!("{major}.{minor}.{patch}"),
        format!("{major}.{minor}.{}", patch + 1),
    ];
    let first = random.index(COMPONENTS.len());
    let count = 4 + random.index(4);
    let components = (0..count)
        .map(|at| {
            (
                &COMPONENTS[(first + at * 3) % COMPONENTS.len()],
                replicas(random, environment),
            )
        })
        .collect();
    releases::install(
        builder,
        &Installation {
            place,
            components,
            versions,
            installed,
        },
    );
}

fn replicas(random: &mut crate::demo::random::Random, environment: &str) -> usize {
    let (least, most) = match environment {
        "prod" => (6, 30),
        "staging" => (2, 6),
        _ => (1, 2),
    };
    usize::try_from(random.between(least, most)).unwrap_or(1)
}
