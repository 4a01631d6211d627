//! The steps of a build as a tree: those of a stage of the Dockerfile belong together.

use super::{Build, Step};

/// One step in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch<'b> {
    /// Its place among the steps in the order in which they began.
    pub n: usize,
    /// The stage that begins with it; empty below another of the same.
    pub stage: &'b str,
    /// Where it stands in its stage; `None` for what is of no stage.
    pub joint: Option<Joint>,
    /// What it does.
    pub what: String,
}

/// Where a step stands among those of its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// It is the only one.
    Only,
    /// Others follow.
    First,
    /// Between others.
    Middle,
    /// None follows.
    Last,
}

impl Build {
    /// The steps by stage, each stage where its first step began.
    pub fn tree(&self) -> Vec<Branch<'_>> {
        let mut stages: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut all: Vec<(&str, &str)> = Vec::new();
        let mut current = "";
        for (n, step) in self.steps.iter().enumerate() {
            let (stage, what) = split(step, current);
            current = stage;
            all.push((stage, what));
            match stages.iter_mut().find(|(known, _)| *known == stage) {
                // What is of no stage stands where it began.
                Some((known, steps)) if !known.is_empty() => steps.push(n),
                _ => stages.push((stage, vec![n])),
            }
        }
        let mut tree = Vec::with_capacity(all.len());
        for (stage, steps) in stages {
            let last = steps.len() - 1;
            for (place, n) in steps.into_iter().enumerate() {
                let joint = match place {
                    _ if last == 0 => Joint::Only,
                    0 => Joint::First,
                    place if place == last => Joint::Last,
                    _ => Joint::Middle,
                };
                tree.push(Branch {
                    n,
                    stage: if place == 0 { stage } else { "" },
                    joint: (!stage.is_empty()).then_some(joint),
                    what: said(all[n].1),
                });
            }
        }
        tree
    }
}

/// What a step does, without what is mounted and what makes its tools trust: the command is what a
/// person knows it by.
fn said(what: &str) -> String {
    let mut words = what.split_whitespace().peekable();
    if !what.starts_with("RUN ") {
        return words.collect::<Vec<&str>>().join(" ");
    }
    let run = words.next().unwrap_or_default();
    while words.next_if(|word| word.starts_with("--")).is_some() {}
    let command = words.collect::<Vec<&str>>().join(" ");
    let trusting = command.strip_prefix("export ");
    let rest = trusting.and_then(|it| Some(it.split_once(" && ")?.1));
    format!("{run} {}", rest.unwrap_or(&command))
}

/// The stage of a step and what it does. `BuildKit` writes the stage before it: `[build 2/5] RUN …`;
/// for the classic builder a stage begins with `FROM` and goes on.
fn split<'s>(step: &'s Step, current: &'s str) -> (&'s str, &'s str) {
    let name = step.name.as_str();
    if let Some((inside, what)) = name.strip_prefix('[').and_then(|it| it.split_once("] ")) {
        let (stage, place) = inside.rsplit_once(' ').unwrap_or(("image", inside));
        let counted = place.contains('/') && place.starts_with(|c: char| c.is_ascii_digit());
        if counted {
            // The last stage has no name of its own as a rule.
            let stage = if stage.starts_with("stage-") {
                "image"
            } else {
                stage
            };
            return (stage, what);
        }
        return ("", what);
    }
    if !step.id.starts_with("Step ") {
        return ("", name);
    }
    let mut words = name.split_whitespace();
    if !words
        .next()
        .is_some_and(|it| it.eq_ignore_ascii_case("FROM"))
    {
        return (current, name);
    }
    let named = words.nth(1).filter(|it| it.eq_ignore_ascii_case("AS"));
    (named.and_then(|_| words.next()).unwrap_or("image"), name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::domain::build::{Event, StepState};
    use crate::domain::catalogue::ImageRef;
    use crate::domain::time::Timestamp;

    fn tree(steps: &[(&str, &str)]) -> Vec<String> {
        let mut build = Build::new(ImageRef::parse("a:1").unwrap(), false, false, Timestamp(0));
        for (id, name) in steps {
            let event = Event::Step {
                id: (*id).into(),
                name: (*name).into(),
                state: StepState::Done,
            };
            build.take(&event, Timestamp(1));
        }
        let told = |it: &Branch<'_>| {
            let joint = it.joint.map_or(String::new(), |it| format!("{it:?}"));
            format!("{} {} {joint} {}", it.n + 1, it.stage, it.what)
        };
        build.tree().iter().map(told).collect()
    }

    #[test]
    fn stages_that_are_built_side_by_side_stand_apart() {
        let steps = [
            ("a", "[internal] load build definition from Dockerfile"),
            ("b", "[build 1/2] FROM node:24"),
            ("c", "[stage-1 1/2] FROM node:24-slim"),
            ("d", "[build 2/2] RUN npm ci"),
            ("e", "[stage-1 2/2] COPY --from=build /src ."),
            ("f", "exporting to image"),
        ];
        let expected = [
            "1   load build definition from Dockerfile",
            "2 build First FROM node:24",
            "4  Last RUN npm ci",
            "3 image First FROM node:24-slim",
            "5  Last COPY --from=build /src .",
            "6   exporting to image",
        ];
        assert_eq!(tree(&steps), expected);
    }

    #[test]
    fn a_stage_of_the_classic_builder_begins_with_its_base() {
        let steps = [
            ("Step 1/4", "FROM node:24 AS build"),
            ("Step 2/4", "RUN npm ci"),
            ("Step 3/4", "FROM node:24-slim"),
            ("push", "push a:1"),
        ];
        let expected = [
            "1 build First FROM node:24 AS build",
            "2  Last RUN npm ci",
            "3 image Only FROM node:24-slim",
            "4   push a:1",
        ];
        assert_eq!(tree(&steps), expected);
    }

    #[test]
    fn a_step_is_known_by_its_command() {
        let name = "[build 2/2] RUN --mount=type=secret,id=a,target=/b     --mount=type=cache,target=/c     export SSL_CERT_FILE=/b     && npm  ci";
        let plain = "[build 1/2] RUN export A=1";
        let expected = ["1 build First RUN npm ci", "2  Last RUN export A=1"];
        assert_eq!(tree(&[("a", name), ("b", plain)]), expected);
    }

    #[test]
    fn one_stage_without_a_name_is_the_image() {
        let steps = [
            ("a", "[1/2] FROM a:1"),
            ("b", "[linux/arm64 build 2/2] RUN x"),
        ];
        let expected = ["1 image Only FROM a:1", "2 linux/arm64 build Only RUN x"];
        assert_eq!(tree(&steps), expected);
    }
}
