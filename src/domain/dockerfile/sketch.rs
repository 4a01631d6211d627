//! A Dockerfile of answers that are not complete yet: it grows while a form is filled in.

use super::{Variant, plan, render};
use crate::domain::catalogue::{Catalogue, newest};
use crate::domain::document::Flaw;
use crate::domain::recipe::Recipe;

/// Rounds in which answers that do not fit are left out: one can hide another.
const ROUNDS: usize = 4;

/// The Dockerfile as far as the answers go, and everything that stands in its way. What is missing
/// is stood in for, what does not fit is left out; without a stack there is none.
pub fn sketch(
    recipe: &Recipe,
    catalogue: &Catalogue,
    variant: Variant,
) -> (Option<String>, Vec<Flaw>) {
    let flaws = match plan(recipe, catalogue, variant) {
        Ok(plan) => return (Some(render(&plan)), Vec::new()),
        Err(flaws) => flaws,
    };
    let mut stood_in = recipe.clone();
    let mut wrong = flaws.clone();
    for _ in 0..ROUNDS {
        for flaw in &wrong {
            stood_in.clear(&flaw.key);
        }
        fill(&mut stood_in, catalogue);
        match plan(&stood_in, catalogue, variant) {
            Ok(plan) => return (Some(render(&plan)), flaws),
            Err(left) => wrong = left,
        }
    }
    (None, flaws)
}

/// Puts something in the place of every answer that is needed.
fn fill(recipe: &mut Recipe, catalogue: &Catalogue) {
    if recipe.project.name.is_empty() {
        recipe.project.name = "unnamed".into();
    }
    let Some(stack) = catalogue.stack(&recipe.base.stack) else {
        return;
    };
    let versions = stack.versions();
    if !versions.contains(&recipe.base.version.as_str()) {
        recipe.base.version = newest(&versions).unwrap_or_default().to_owned();
    }
    let systems = stack.systems(&recipe.base.version);
    if !systems.contains(&recipe.base.system.as_str()) {
        recipe.base.system = systems.first().copied().unwrap_or_default().to_owned();
    }
    if stack.tool(&recipe.build.tool).is_none()
        && let Some(first) = stack.tools.first()
    {
        recipe.build.tool.clone_from(&first.id);
    }
    if recipe.run.command.is_empty() {
        recipe.run.command = vec!["your-command".into()];
    }
    if recipe.build.target.is_empty() {
        recipe.build.target = "your-target".into();
    }
    if recipe.build.output.is_empty() {
        recipe.build.output = "your-output".into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stack: &str) -> Recipe {
        let mut recipe = Recipe::default();
        recipe.base.stack = stack.into();
        recipe
    }

    #[test]
    fn every_stack_has_a_dockerfile_from_the_first_answer_on() {
        let catalogue = Catalogue::built_in();
        for stack in &catalogue.stacks {
            let (text, flaws) = sketch(&of(&stack.id), &catalogue, Variant::BuildKit);
            assert!(
                text.is_some_and(|text| text.contains("FROM ")),
                "{}",
                stack.id
            );
            assert!(!flaws.is_empty(), "{}: answers are missing", stack.id);
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_is_left_out_and_told() {
        let catalogue = Catalogue::built_in();
        let mut recipe = of("go");
        recipe.run.dependencies = vec!["nothing-of-this-name".into()];
        let (text, flaws) = sketch(&recipe, &catalogue, Variant::BuildKit);
        assert!(text.is_some());
        assert!(flaws.iter().any(|flaw| flaw.key == "base.version"));
        recipe.base.stack.clear();
        assert_eq!(sketch(&recipe, &catalogue, Variant::BuildKit).0, None);
    }
}
