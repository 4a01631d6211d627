//! Just enough of XML for `pom.xml` and project files of .NET: the text of an element by its path.

/// The text of the element at `path` (names joined by `/`), with its 1-based line.
///
/// Comments are skipped; of several elements of that path the first counts. Malformed XML finds
/// nothing, or less.
pub fn text(document: &str, path: &str) -> Option<(String, usize)> {
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(begin) = document[at..].find('<').map(|found| at + found) {
        let rest = &document[begin..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = begin + 4 + comment.find("-->")? + 3;
            continue;
        }
        let end = begin + rest.find('>')?;
        let tag = &document[begin + 1..end];
        at = end + 1;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        if tag.ends_with('/') {
            continue;
        }
        open.push(tag.split_whitespace().next().unwrap_or_default());
        if open.len() == path.split('/').count() && path.split('/').eq(open.iter().copied()) {
            let inner = document[at..].split('<').next()?.trim();
            let line = document[..begin].matches('\n').count() + 1;
            return Some((inner.to_owned(), line));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_found_by_its_path() {
        let pom = "<?xml version=\"1.0\"?>\n<project a=\"b\">\n<!-- <x> -->\n<parent>\n<version>9</version></parent><empty/>\n<version> 1.0 </version></project>";
        assert_eq!(text(pom, "project/version"), Some(("1.0".into(), 6)));
        assert_eq!(text(pom, "project/parent/version"), Some(("9".into(), 5)));
        assert_eq!(text(pom, "project/name"), None);
        assert_eq!(text("<a><b", "a/b"), None);
    }
}
