//! Every library says what it is, and every Rust file is part of something that is built.

use std::collections::BTreeSet;

use super::Finding;
use super::source::Source;

/// Checks the files that `roots` reach, and finds those that they do not.
pub(super) fn check(roots: &[String], sources: &[Source]) -> Vec<Finding> {
    let undocumented = sources.iter().filter(|source| {
        let is_library = source.path.ends_with("src/lib.rs") && roots.contains(&source.path);
        is_library && !source.text.starts_with("//! ")
    });
    let mut findings: Vec<Finding> = undocumented
        .map(|source| Finding::in_file(&source.path, "must begin with what the crate is (`//! `)"))
        .collect();

    let reached = reach(roots, sources);
    let dead = sources
        .iter()
        .filter(|source| source.extension() == "rs" && !reached.contains(source.path.as_str()));
    findings
        .extend(dead.map(|source| Finding::in_file(&source.path, "no `mod` reaches this file")));
    findings
}

/// The files that are built: the roots, and what their `mod` lines name, at any depth.
fn reach<'a>(roots: &'a [String], sources: &'a [Source]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Source> = Vec::new();
    open.extend(sources.iter().filter(|source| roots.contains(&source.path)));
    while let Some(source) = open.pop() {
        if reached.insert(source.path.as_str()) {
            let named = files_named_in(source, roots.contains(&source.path));
            open.extend(sources.iter().filter(|source| named.contains(&source.path)));
        }
    }
    reached
}

/// The paths at which the compiler would look for the modules that `source` declares. One line per
/// declaration, as rustfmt writes them; a `mod` inside another one's braces is not followed.
fn files_named_in(source: &Source, is_root: bool) -> Vec<String> {
    let (directory, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let stem = file.trim_end_matches(".rs");
    let owns_directory = is_root || stem == "mod";
    let below = if owns_directory { directory.to_string() } else { format!("{directory}/{stem}") };
    let mut named = Vec::new();
    let mut path = None;
    for line in source.text.lines() {
        if let Some(value) = line.strip_prefix("#[path = \"") {
            path = value.strip_suffix("\"]");
        } else if let Some(module) = declared_module(line) {
            match path.take() {
                Some(path) => named.push(normal(&format!("{directory}/{path}"))),
                None => named
                    .extend([format!("{below}/{module}.rs"), format!("{below}/{module}/mod.rs")]),
            }
        }
    }
    named
}

/// The name in `mod name;`, whatever its visibility.
fn declared_module(line: &str) -> Option<&str> {
    let (before, after) = line.strip_suffix(';')?.split_once("mod ")?;
    let is_declaration = before.is_empty() || (before.starts_with("pub") && before.ends_with(' '));
    is_declaration.then_some(after)
}

/// The path without its `..`.
fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        if name == ".." {
            names.pop();
        } else if name != "." {
            names.push(name);
        }
    }
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        let roots = ["a/src/lib.rs", "a/tests/whole.rs", "b/src/main.rs"].map(str::to_string);
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(path, text)).collect();
        super::check(&roots, &sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_library_without_a_module_doc_is_found() {
        let expected = ["a/src/lib.rs: must begin with what the crate is (`//! `)"];
        assert_eq!(check(&[("a/src/lib.rs", "fn f() {}\n")]), expected);
        assert_eq!(check(&[("a/src/lib.rs", "//!\n")]), expected);
        assert!(check(&[("a/src/lib.rs", "//! The idea.\n")]).is_empty());
    }

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let files = [("a/src/lib.rs", "//! A.\nmod used;\n"), ("a/src/used.rs", "")];
        assert!(check(&files).is_empty());
        let files = [files[0], files[1], ("a/src/dead.rs", "")];
        assert_eq!(check(&files), ["a/src/dead.rs: no `mod` reaches this file"]);
    }

    #[test]
    fn a_dead_file_does_not_keep_others_alive() {
        let files = [("a/src/dead.rs", "mod more;\n"), ("a/src/dead/more.rs", "")];
        assert_eq!(check(&files).len(), 2);
    }

    #[test]
    fn modules_are_found_where_the_compiler_looks() {
        let files = [
            ("a/src/lib.rs", "//! A.\npub mod one;\npub(crate) mod two;\n"),
            ("a/src/one.rs", "mod deep;\n"),
            ("a/src/one/deep.rs", ""),
            ("a/src/two/mod.rs", "mod deep;\n"),
            ("a/src/two/deep.rs", ""),
            ("a/tests/whole.rs", "mod common;\n#[path = \"../far/away.rs\"]\nmod far;\n"),
            ("a/tests/common/mod.rs", ""),
            ("a/far/away.rs", ""),
            ("b/src/main.rs", "mod own;\n"),
            ("b/src/own.rs", ""),
        ];
        assert_eq!(check(&files), [""; 0]);
    }
}
