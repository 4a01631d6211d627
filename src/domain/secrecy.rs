//! What is secret by its name.

/// Whether an environment variable of this name is a secret by its looks.
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split('_').collect();
    let has = |word: &str| words.contains(&word);
    name.contains("PASSWORD")
        || name.contains("PASSWD")
        || name.contains("SECRET")
        || name.contains("APIKEY")
        || name.contains("CREDENTIAL")
        || has("TOKEN")
        || has("PWD") && words.len() > 1
        || has("KEY")
            && (has("API")
                || has("PRIVATE")
                || has("ACCESS")
                || has("ENCRYPTION")
                || has("SIGNING"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "DB_PASSWORD",
            "API_KEY",
            "GITHUB_TOKEN",
            "JWT_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "DB_PWD",
            "PRIVATE_KEY",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "KEY_PREFIX",
            "TOKENIZER",
            "LOG_LEVEL",
            "MONKEY",
            "PASSENGER_PORT",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
