//! The filter language: nothing that is typed is refused, and what narrows keeps its promise.

use super::harness::{Corpus, run};
use quarterdeck::domain::query::{Field, Query, Record, Scratch, quantity};
use quarterdeck::domain::rows::Labels;
use quarterdeck::domain::selector::Selector;
use std::borrow::Cow;

const TYPED: Corpus<'_> = Corpus {
    seeds: &[
        b"web !db health:failing restarts>3 age<2h ns:shop*",
        b"-l app=web,tier!=db,x in (a,b),y notin (c),!z",
        b"-f wb \"two words\" !\"not this\"",
        b"^web-[0-9]+$ (a|b)*c level>=warn registry:5000 memory>=1Gi ready<1",
        "name:\u{130}stanbul stra\u{df}e K\u{212a} !\u{17f}".as_bytes(),
    ],
    words: &[
        "-l ", "-f ", "!", ":", ">", "<", ">=", "<=", "!=", "=", "*", "?", "(", ")", "[", "]",
        "{9}", "|", "\\", "\"", "ns", "web", "age", "restarts", "1Gi", "2h", "in (", ",", " ", "^",
        "$", "(?i)", "{1000}", "\\pL",
    ],
};

/// A pod as a list would show it.
struct Pod;

impl Record for Pod {
    fn field(&self, column: &str) -> Option<Field<'_>> {
        Some(match column {
            "ns" => Field::Text(Cow::Borrowed("shop-prod")),
            "name" => Field::Text(Cow::Borrowed("web-7d9c4b5f-İ")),
            "restarts" => Field::Number(4.0),
            "age" => Field::Number(3600.0),
            "level" => Field::Ranked(Cow::Borrowed("warn"), 4.0),
            _ => return None,
        })
    }

    fn labels(&self) -> Option<&Labels> {
        None
    }

    fn haystack(&self, out: &mut String) {
        out.push_str("web-7d9c4b5f-İ\nshop-prod\nRunning\nstraße Kſ");
    }
}

#[test]
fn filter_language() {
    run("filter_language", |dice| {
        let typed = TYPED.text(dice);
        let mut scratch = Scratch::default();
        let query = Query::parse(&typed);
        let passes = query.matches(&Pod, &mut scratch);
        assert_eq!(passes, query.matches(&Pod, &mut scratch), "{typed:?}");
        assert_eq!(query, Query::parse(&typed));
        for _ in 0..3 {
            let mut longer = typed.clone();
            longer.push_str(&TYPED.text(dice));
            let next = Query::parse(&longer);
            if next.narrows(&query) && next.matches(&Pod, &mut scratch) {
                assert!(passes, "{longer:?} claims to narrow {typed:?}");
            }
        }
        let _ = query.highlights().count();
        let _ = Query::sought(&typed).matches(&Pod, &mut scratch);
        drop(Selector::parse(&typed));
        assert!(
            quantity(&typed).is_none_or(|number| !number.is_nan()),
            "{typed:?}"
        );
    });
}
