//! What is written while working, and must not stay: notes to oneself, printing for debugging, and
//! paths of the machine that one works on.

use super::Finding;
use super::source::Source;

/// In pieces, so that this file does not find itself.
const WORDS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

/// Macros and calls, each with the bracket that follows.
const CALLS: &[&str] = &[
    concat!("dbg", "!("),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("test.", "only("),
];

/// First directories of a path that names one machine or one person's account.
const MACHINE_DIRECTORIES: &[&str] = &["home", "root", "tmp", "Users", "work"];

/// Looks at code for words and calls, and at everything for paths.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let is_code = matches!(source.extension(), "rs" | "js" | "css" | "html" | "proto" | "toml");
        for (number, line) in source.lines() {
            let left = leftover(line).filter(|_| is_code);
            let messages = [
                left.map(|word| format!("leftover `{word}`: finish it")),
                machine_path(line).map(|path| format!("`{path}` is a path of one machine")),
            ];
            let found = messages.into_iter().flatten();
            findings.extend(found.map(|text| Finding::at_line(&source.path, number, text)));
        }
    }
    findings
}

fn leftover(line: &str) -> Option<&'static str> {
    let is_apart = |word: &&&str| line.split(|c: char| !c.is_alphanumeric()).any(|w| w == **word);
    let word = WORDS.iter().find(is_apart);
    word.or_else(|| CALLS.iter().find(|call| line.contains(**call))).copied()
}

fn machine_path(line: &str) -> Option<String> {
    MACHINE_DIRECTORIES.iter().find_map(|name| {
        let path = format!("/{name}/");
        let is_absolute = |(at, _): &(usize, &str)| {
            // Behind one of these, it is the middle of a longer path or address.
            let before = line[..*at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-/}~*$)".contains(c))
        };
        line.match_indices(&path).any(|hit| is_absolute(&hit)).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, line: &str) -> Vec<String> {
        let sources = [Source::new(path, line)];
        super::check(&sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn every_leftover_is_found_in_code() {
        for word in WORDS {
            let expected = format!("a.rs:1: leftover `{word}`: finish it");
            assert_eq!(check("a.rs", &format!("// {word}: later")), [expected]);
        }
        for call in CALLS {
            let expected = format!("web/a.js:1: leftover `{call}`: finish it");
            assert_eq!(check("web/a.js", &format!("    {call}x)")), [expected]);
        }
    }

    #[test]
    fn prose_and_longer_words_are_left_alone() {
        assert!(check("a.md", &format!("no {} in code", WORDS[0])).is_empty());
        assert!(check("a.rs", &format!("// 8{}8", WORDS[1])).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_found_everywhere() {
        for name in MACHINE_DIRECTORIES {
            for path in ["a.rs", "a.md", "script"] {
                let expected = format!("{path}:1: `/{name}/` is a path of one machine");
                assert_eq!(check(path, &format!("see \"/{name}/me/notes\"")), [expected]);
            }
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        assert!(check("a.rs", "the docs/home/list").is_empty());
        assert!(check("a.rs", "$dir/tmp/x and /usr/bin/env and /v3/kv/put").is_empty());
        assert!(check("a.md", "https://example.org/home/page").is_empty());
    }
}
