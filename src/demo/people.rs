//! The people of the demo and their tokens. What each may do stands in the roles of the world.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use super::world::access::{ADMIN, OWNER, READER};

/// A person as the API knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Groups, the authenticated ones' included.
    pub groups: Vec<String>,
}

impl User {
    /// Whether access rules are not asked.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == "system:masters")
    }
}

/// One secret per person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Of [`ADMIN`].
    pub admin: String,
    /// Of [`OWNER`].
    pub owner: String,
    /// Of [`READER`].
    pub oncall: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Makes secrets of 256 bits each.
    pub fn make() -> Self {
        Self {
            admin: secret(),
            owner: secret(),
            oncall: secret(),
        }
    }

    /// Reads what [`Tokens::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is damaged.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// For the state directory.
    pub fn to_json(&self) -> String {
        json!({"admin": self.admin, "owner": self.owner, "oncall": self.oncall}).to_string()
    }

    /// People with their tokens, the admin first.
    pub fn people(&self) -> [(&'static str, &str); 3] {
        [
            (ADMIN, &self.admin),
            (OWNER, &self.owner),
            (READER, &self.oncall),
        ]
    }

    /// Whose token this is.
    pub fn user(&self, token: &str) -> Option<User> {
        let (name, _) = self
            .people()
            .into_iter()
            .find(|(_, secret)| same(secret, token))?;
        let mut groups = vec!["system:authenticated".to_owned()];
        if name == ADMIN {
            groups.insert(0, "system:masters".to_owned());
        }
        Some(User {
            name: name.to_owned(),
            groups,
        })
    }
}

fn secret() -> String {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    if random.fill(&mut bytes).is_err() {
        // Without the system's randomness there is no secret, and no TLS either: making the key fails first.
        return String::new();
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Compares without telling by its duration where the difference is.
fn same(one: &str, other: &str) -> bool {
    !one.is_empty()
        && one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |all, (a, b)| all | (a ^ b))
            == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_person_and_nothing_else_does() {
        let tokens = Tokens::make();
        assert!(tokens.user(&tokens.admin).unwrap().is_master());
        assert_eq!(tokens.user(&tokens.owner).unwrap().name, OWNER);
        assert_eq!(tokens.user(""), None);
        assert_eq!(tokens.user(&tokens.admin[1..]), None);
        assert!(!format!("{tokens:?}").contains(&tokens.admin));
        assert_eq!(
            Tokens::parse(&tokens.to_json()).unwrap().oncall,
            tokens.oncall
        );
    }
}
