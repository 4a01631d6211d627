//! A recipe from what a source says about itself: every detected answer, and what is still asked.

use super::Recipe;
use crate::domain::catalogue::{Catalogue, Stack, at_least, newest, resolve};
use crate::domain::detect::{Answer, Found, PROJECT};
use crate::domain::document::Flaw;

/// Answers, and what could not be answered.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The recipe, as far as it goes.
    pub recipe: Recipe,
    /// What has to be asked: key, why, and what could be answered.
    pub questions: Vec<Flaw>,
}

/// Fills a recipe from what was found, with versions and systems that the catalogue offers.
pub fn propose(found: &Found, catalogue: &Catalogue) -> Proposal {
    let mut recipe = Recipe::default();
    let mut questions = Vec::new();
    for finding in &found.findings {
        let wanted = &finding.answer;
        take(&mut recipe, wanted);
        if let (Answer::Version(_) | Answer::AtLeast(_), Some(stack)) =
            (wanted, catalogue.stack(&found.stack))
        {
            match version(stack, wanted) {
                Some(version) => version.clone_into(&mut recipe.base.version),
                None => questions.push(Flaw::of(
                    "base.version",
                    format!(
                        "{} wants {} {}, which the catalogue does not offer",
                        finding.evidence,
                        stack.title,
                        wanted.value()
                    ),
                    format!("choose one of {}", stack.versions().join(", ")),
                )),
            }
        }
    }
    recipe.build.directory.clone_from(&found.folder);
    for question in &found.questions {
        let remedy = match question.key.as_str() {
            PROJECT => "name the folder of the one that is meant as the source".to_owned(),
            key => format!("answer `{key}`"),
        };
        questions.push(Flaw::of(&question.key, question.why.clone(), remedy));
    }
    defaults(&mut recipe, found, catalogue, &questions);
    Proposal { recipe, questions }
}

/// Puts one answer where it belongs.
fn take(recipe: &mut Recipe, answer: &Answer) {
    match answer.clone() {
        Answer::Stack(stack) => recipe.base.stack = stack,
        // A version is looked up in the catalogue first; a Dockerfile that is there already is
        // offered, not taken.
        Answer::Version(_) | Answer::AtLeast(_) | Answer::Dockerfile(_) => {}
        Answer::Tool(tool) => recipe.build.tool = tool,
        Answer::Manifests(files) => recipe.build.manifests = files,
        Answer::Commands(commands) => recipe.build.commands = Some(commands),
        Answer::Target(target) => recipe.build.target = target,
        Answer::Output(output) => recipe.build.output = output,
        Answer::Command(words) => recipe.run.command = words,
        Answer::Port(port) => recipe.run.ports = vec![port],
        Answer::Name(name) => recipe.project.name = name,
        Answer::Source(url) => recipe.project.source = url,
    }
}

/// What the catalogue decides where the source says nothing.
fn defaults(recipe: &mut Recipe, found: &Found, catalogue: &Catalogue, questions: &[Flaw]) {
    let Some(stack) = catalogue.stack(&found.stack) else {
        return;
    };
    let asked = questions
        .iter()
        .any(|question| question.key == "base.version");
    if recipe.base.version.is_empty() && !asked {
        let version = newest(&stack.versions());
        // What is offered first is what operations want, where versions are not numbers of a
        // language but of a system.
        let first = stack.images.first().map(|pair| pair.version.as_str());
        let chosen = if stack.id == "shell" { first } else { version };
        chosen
            .unwrap_or_default()
            .clone_into(&mut recipe.base.version);
    }
    let systems = stack.systems(&recipe.base.version);
    let system = systems.first().copied().unwrap_or_default();
    system.clone_into(&mut recipe.base.system);
    if recipe.run.ports.is_empty() {
        recipe.run.ports = stack.port.into_iter().collect();
    }
}

/// The version of the catalogue that answers what the source wants.
fn version<'s>(stack: &'s Stack, wanted: &Answer) -> Option<&'s str> {
    let offered = stack.versions();
    match wanted {
        Answer::AtLeast(floor) => at_least(floor, &offered),
        Answer::Version(wanted) => resolve(wanted, &offered),
        _ => None,
    }
}
