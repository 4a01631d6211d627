//! Where the source of a project is, as far as anybody built or described it here.

use super::drafts::Drafts;
use super::history::History;
use super::project::text;
use crate::domain::recipe::{FILE, Recipe};
use std::path::{Path, PathBuf};

/// Folders whose image belongs to `project`, or carries one of `names`: what was built last comes
/// first, what was only described comes after. Folders that are gone are left out.
pub fn sources(
    history: &History,
    drafts: &Drafts,
    project: &str,
    names: &[String],
) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut add = |folder: PathBuf| {
        if !found.contains(&folder) && folder.is_dir() {
            found.push(folder);
        }
    };
    for entry in history.read() {
        let folder = PathBuf::from(&entry.folder);
        let name = entry.tag.rsplit('/').next().unwrap_or_default();
        let name = name.split([':', '@']).next().unwrap_or_default();
        if is_one(name, project, names) || described(&folder, project, names) {
            add(folder);
        }
    }
    for (folder, draft) in drafts.all() {
        if is_of(&draft, project, names) || described(&folder, project, names) {
            add(folder);
        }
    }
    found
}

fn is_one(name: &str, project: &str, names: &[String]) -> bool {
    !name.is_empty() && (name == project || names.iter().any(|known| known == name))
}

/// Whether the recipe in a folder says so.
fn described(folder: &Path, project: &str, names: &[String]) -> bool {
    // A recipe that cannot be read says nothing.
    let recipe = text(&folder.join(FILE)).ok().flatten();
    recipe.is_some_and(|recipe| is_of(&recipe, project, names))
}

fn is_of(recipe: &str, project: &str, names: &[String]) -> bool {
    let of = Recipe::read(FILE, recipe).recipe.project;
    of.project == project && !project.is_empty() || is_one(&of.name, project, names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::images::Entry;
    use std::fs;

    #[test]
    fn what_was_built_last_comes_first_and_what_is_gone_is_left_out() {
        let state = tempfile::tempdir().unwrap();
        let history = History(state.path().join("builds"));
        let drafts = Drafts(state.path().join("drafts"));
        let folder = |name: &str| {
            let folder = state.path().join(name);
            fs::create_dir(&folder).unwrap();
            folder
        };
        let (one, two, three) = (folder("one"), folder("two"), folder("three"));
        let entry = |folder: &Path, tag: &str| Entry {
            folder: folder.display().to_string(),
            tag: tag.into(),
            ..Entry::default()
        };
        fs::write(
            two.join(FILE),
            "version = 1\n[project]\nname = \"cart\"\nproject = \"shop\"\n",
        )
        .unwrap();
        let builds = [
            entry(&one, "reg.example:5000/x/shop-api:1"),
            entry(Path::new("/nonexistent"), "shop-api:1"),
            entry(&three, "other:1"),
            entry(&two, "cart:2"),
        ];
        for build in &builds {
            history.add(build).unwrap();
        }
        let draft = "# image \nversion = 1\n[project]\nname = \"shop-web\"\n";
        drafts.keep(&three, Some(draft)).unwrap();
        let names = ["shop-api".to_owned(), "shop-web".to_owned()];
        let found = sources(&history, &drafts, "shop", &names);
        assert_eq!(found, [two, one, three]);
        assert!(sources(&history, &drafts, "billing", &[]).is_empty());
    }
}
