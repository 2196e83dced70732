//! Lines end at column 100.

use super::Finding;
use super::source::Source;

const COLUMNS_MAX: usize = 100;

/// Finds longer lines of code and prose. A table's row and a line with a link may be longer, for
/// they cannot be broken.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let is_prose = source.extension() == "md";
        if !is_prose && !matches!(source.extension(), "rs" | "js" | "css") {
            continue;
        }
        for (number, line) in source.lines() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !(is_prose && is_unbreakable(line)) {
                let message = format!("{columns} columns, of at most {COLUMNS_MAX}");
                findings.push(Finding::at_line(&source.path, number, message));
            }
        }
    }
    findings
}

fn is_unbreakable(line: &str) -> bool {
    line.trim_start().starts_with('|') || line.contains("](") || line.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, line: &str) -> Vec<usize> {
        let sources = [Source::new(path, &format!("\n{line}\n"))];
        super::check(&sources).into_iter().filter_map(|finding| finding.line).collect()
    }

    #[test]
    fn a_long_line_is_found() {
        let long = "x".repeat(101);
        for path in ["a.rs", "web/a.js", "web/a.css", "a.md"] {
            assert_eq!(check(path, &long), [2], "{path}");
        }
        assert!(check("script", &long).is_empty());
    }

    #[test]
    fn characters_count_not_bytes() {
        assert!(check("a.rs", &"→".repeat(100)).is_empty());
        assert_eq!(check("a.rs", &"→".repeat(101)), [2]);
    }

    #[test]
    fn tables_and_links_may_be_long_in_prose() {
        for start in ["| a | ", "[a](b) ", "see https://example.org "] {
            let line = format!("{start}{}", "x".repeat(100));
            assert!(check("a.md", &line).is_empty(), "{start}");
            assert_eq!(check("a.rs", &line), [2], "{start}");
        }
    }
}
