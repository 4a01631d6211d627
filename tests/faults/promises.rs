//! `docs/promises.md` says which test holds which promise: each of them is there.

use std::collections::BTreeSet;
use std::path::Path;

/// `path::test_name` in backquotes, in the table's last column.
fn named(table: &str) -> Vec<(String, String)> {
    let rows = table.lines().filter(|line| line.starts_with("| F"));
    let cells = rows.filter_map(|row| row.trim_end_matches(['|', ' ']).rsplit('|').next());
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|name| {
            let (file, test) = name
                .rsplit_once("::")
                .unwrap_or_else(|| panic!("`{name}` names no test"));
            (file.to_owned(), test.to_owned())
        })
        .collect()
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let text = include_str!("../../docs/promises.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = named(text);
    assert!(tests.len() > 40, "{} tests", tests.len());
    for (file, test) in tests {
        let source = std::fs::read_to_string(root.join(&file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let at = source
            .find(&format!("fn {test}("))
            .unwrap_or_else(|| panic!("{file} has no test `{test}`"));
        let before = &source[source[..at].rfind("\n\n").unwrap_or(0)..at];
        assert!(
            ["test]", "test(", "proptest"]
                .iter()
                .any(|mark| before.contains(mark)),
            "{file}: `{test}` is no test"
        );
    }
}

#[test]
fn every_fault_has_its_row() {
    let text = include_str!("../../docs/promises.md");
    let rows: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| F")?.split(' ').next())
        .collect();
    for fault in 1..=30 {
        assert!(
            rows.contains(fault.to_string().as_str()),
            "F{fault} has no row"
        );
    }
    assert!(rows.contains("32"), "F32 has no row");
}
