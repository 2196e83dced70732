//! Long files and long functions. Only warnings: some ideas are long.

use super::Finding;
use super::source::Source;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// A match with no longer arms is flat: a table that happens to be code.
const FLAT_ARM_LINES_MAX: usize = 12;

/// Finds long files of code, and long functions in Rust.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.text.lines().collect();
        let is_rust = source.extension() == "rs";
        let is_code = is_rust || matches!(source.extension(), "js" | "css");
        if is_code && lines.len() > FILE_LINES_MAX {
            let message = format!("{} lines: more than one idea?", lines.len());
            findings.push(Finding::in_file(&source.path, message));
        }
        if is_rust {
            findings.extend(long_functions(&source.path, &lines));
        }
    }
    findings
}

fn long_functions(path: &str, lines: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let Some(body) = block(&lines[start..]) else { continue };
        let length = body.len() - lines_in_flat_matches(body);
        if length > FUNCTION_LINES_MAX {
            let message = format!("`{name}` has {length} lines: can a part of it have a name?");
            findings.push(Finding::at_line(path, start + 1, message));
        }
    }
    findings
}

/// The name of the function that begins in this line.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_item = before.split_whitespace().all(|word| {
        word.starts_with("pub") || matches!(word, "const" | "async" | "in" | "unsafe" | "extern")
    });
    let name = after.split(['(', '<']).next()?;
    (is_item && !line.trim_end().ends_with([';', '}'])).then_some(name)
}

/// The lines of an item, from its first on to the brace that closes it in the same column. `None`
/// if it ends without a body.
fn block<'a, 'b>(lines: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let column = indent(lines.first()?);
    for (at, line) in lines.iter().enumerate().skip(1) {
        if !line.is_empty() && indent(line) == column {
            if line.trim_start().starts_with('}') {
                return Some(&lines[..=at]);
            }
            if line.ends_with(';') {
                return None;
            }
        }
    }
    None
}

/// How many lines of a function stand in matches that are its own statements and flat.
fn lines_in_flat_matches(body: &[&str]) -> usize {
    let column = indent(body[0]) + 4;
    let starts = (0..body.len()).filter(|at| {
        let line = body[*at];
        indent(line) == column && line.contains("match ") && line.ends_with('{')
    });
    let matches = starts.filter_map(|at| block(&body[at..]));
    matches.filter(|lines| is_flat(lines, column + 4)).map(<[&str]>::len).sum()
}

fn is_flat(lines: &[&str], column: usize) -> bool {
    let arms = lines.split(|line| indent(line) == column && !line.trim_start().starts_with('}'));
    arms.skip(1).all(|arm| arm.len() < FLAT_ARM_LINES_MAX)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        let sources = [Source::new(path, text)];
        super::check(&sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_long_file_is_found() {
        let long = "// A line.\n".repeat(601);
        assert_eq!(check("a.rs", &long), ["a.rs: 601 lines: more than one idea?"]);
        assert_eq!(check("web/a.js", &long), ["web/a.js: 601 lines: more than one idea?"]);
        assert!(check("a.md", &long).is_empty());
        assert!(check("a.rs", &"// A line.\n".repeat(600)).is_empty());
    }

    #[test]
    fn a_long_function_is_found() {
        let function = |lines: usize| {
            format!(
                "impl A {{\n    pub(crate) fn long(&self) {{\n{}    }}\n}}\n",
                "        f();\n".repeat(lines)
            )
        };
        assert!(check("a.rs", &function(68)).is_empty());
        let expected = ["a.rs:2: `long` has 71 lines: can a part of it have a name?"];
        assert_eq!(check("a.rs", &function(69)), expected);
    }

    #[test]
    fn a_flat_match_does_not_count() {
        let with_arms =
            |arm: &str| format!("fn long() {{\n    match x {{\n{}    }}\n}}\n", arm.repeat(80));
        assert!(check("a.rs", &with_arms("        A => f(),\n")).is_empty());
        let deep = format!("        A => {{\n{}        }}\n", "            f();\n".repeat(12));
        assert_eq!(check("a.rs", &with_arms(&deep)).len(), 2);
    }

    #[test]
    fn a_function_without_a_body_is_passed_over() {
        let text = format!(
            "trait T {{\n    fn f(\n        a: u8,\n    );\n{}}}\n",
            "    const A: u8;\n".repeat(80)
        );
        assert!(check("a.rs", &text).is_empty());
    }
}
