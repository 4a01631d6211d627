//! Which labels say what an object belongs to.
//!
//! Every meaning has an ordered list of keys: the first one that an object carries counts. The
//! defaults are the recommended Kubernetes labels, so that whatever Helm installed is understood
//! without configuration.

use super::rows::{Labels, Meta};
use super::text::Text;
use serde::{Deserialize, Serialize};

/// The keys of each meaning, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelScheme {
    /// The product or service.
    pub project: Vec<String>,
    /// One installation of a project in one namespace.
    pub release: Vec<String>,
    /// The part of the release that a workload is.
    pub component: Vec<String>,
    /// The version that runs.
    pub version: Vec<String>,
    /// The business unit that owns the project.
    pub department: Vec<String>,
    /// The person or team that answers for it.
    pub owner: Vec<String>,
    /// `prod`, `staging`, `dev`.
    pub environment: Vec<String>,
}

impl Default for LabelScheme {
    fn default() -> Self {
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        Self {
            project: keys(&["app.kubernetes.io/part-of"]),
            release: keys(&["app.kubernetes.io/instance"]),
            component: keys(&["app.kubernetes.io/name", "app"]),
            version: keys(&["app.kubernetes.io/version"]),
            department: keys(&["quarterdeck.io/department"]),
            owner: keys(&["quarterdeck.io/owner"]),
            environment: keys(&["quarterdeck.io/environment"]),
        }
    }
}

/// What labels say about one object. An empty value says nothing, as if the key were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Project.
    pub project: Option<Text>,
    /// Release.
    pub release: Option<Text>,
    /// Version.
    pub version: Option<Text>,
    /// Department.
    pub department: Option<Text>,
    /// Owner.
    pub owner: Option<Text>,
    /// Environment.
    pub environment: Option<Text>,
}

impl Facts {
    /// Fills what is missing from `labels`.
    pub fn fill(&mut self, scheme: &LabelScheme, labels: &Labels) {
        if labels.0.is_empty() {
            return;
        }
        let take = |fact: &mut Option<Text>, keys: &[String]| {
            if fact.is_none() {
                *fact = first(keys, labels).cloned();
            }
        };
        take(&mut self.project, &scheme.project);
        take(&mut self.release, &scheme.release);
        take(&mut self.version, &scheme.version);
        take(&mut self.department, &scheme.department);
        take(&mut self.owner, &scheme.owner);
        take(&mut self.environment, &scheme.environment);
    }

    /// The facts of a chain of objects, nearest first: labels all along the chain, then Helm's
    /// annotation for the release.
    pub fn of_chain<'a>(
        scheme: &LabelScheme,
        labels: impl Iterator<Item = &'a Labels>,
        metas: impl Iterator<Item = &'a Meta>,
    ) -> Self {
        let mut facts = Self::default();
        for labels in labels {
            facts.fill(scheme, labels);
        }
        if facts.release.is_none() {
            facts.release = metas
                .filter_map(|meta| meta.helm_release.as_ref())
                .find(|name| !name.is_empty())
                .cloned();
        }
        facts
    }
}

impl LabelScheme {
    /// The component that the labels name.
    pub fn component<'a>(&self, labels: &'a Labels) -> Option<&'a Text> {
        first(&self.component, labels)
    }

    /// The version that the labels name.
    pub fn version<'a>(&self, labels: &'a Labels) -> Option<&'a Text> {
        first(&self.version, labels)
    }

    /// The department that the labels name.
    pub fn department<'a>(&self, labels: &'a Labels) -> Option<&'a Text> {
        first(&self.department, labels)
    }

    /// The owner that the labels name.
    pub fn owner<'a>(&self, labels: &'a Labels) -> Option<&'a Text> {
        first(&self.owner, labels)
    }

    /// The environment that the labels name.
    pub fn environment<'a>(&self, labels: &'a Labels) -> Option<&'a Text> {
        first(&self.environment, labels)
    }
}

fn first<'a>(keys: &[String], labels: &'a Labels) -> Option<&'a Text> {
    keys.iter()
        .filter_map(|key| labels.get(key))
        .find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let mut pairs: Vec<(Text, Text)> = pairs
            .iter()
            .map(|&(k, v)| (Text::new(k), Text::new(v)))
            .collect();
        pairs.sort();
        Labels(pairs.into())
    }

    #[test]
    fn the_first_key_that_says_something_counts() {
        let scheme = LabelScheme::default();
        let both = labels(&[("app", "a"), ("app.kubernetes.io/name", "b")]);
        assert_eq!(scheme.component(&both).map(Text::as_str), Some("b"));
        let empty = labels(&[("app", "a"), ("app.kubernetes.io/name", "")]);
        assert_eq!(scheme.component(&empty).map(Text::as_str), Some("a"));
    }

    #[test]
    fn the_nearest_object_of_a_chain_counts_and_helm_comes_last() {
        let scheme = LabelScheme::default();
        let pod = labels(&[("app.kubernetes.io/part-of", "shop")]);
        let owner = labels(&[
            ("app.kubernetes.io/part-of", "other"),
            ("quarterdeck.io/owner", "alice"),
        ]);
        let meta = Meta {
            helm_release: Some("shop-prod".into()),
            ..Meta::default()
        };
        let facts = Facts::of_chain(&scheme, [&pod, &owner].into_iter(), [&meta].into_iter());
        assert_eq!(facts.project.as_deref(), Some("shop"));
        assert_eq!(facts.owner.as_deref(), Some("alice"));
        assert_eq!(facts.release.as_deref(), Some("shop-prod"));
    }
}
