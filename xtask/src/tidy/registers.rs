//! What must also be listed elsewhere: each message in ARCHITECTURE.md, each decision in the list
//! of decisions.

use super::Finding;
use super::source::Source;

const MESSAGES: &str = "crates/raft/src/message.rs";
const ARCHITECTURE: &str = "ARCHITECTURE.md";
const DECISIONS: &str = "docs/adr/";
const DECISION_LIST: &str = "docs/adr/README.md";

/// Compares both lists with what they list.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = check_messages(sources);
    findings.extend(check_decisions(sources));
    findings
}

/// Each variant of `raft::Message` has a row with its name in backticks.
fn check_messages(sources: &[Source]) -> Vec<Finding> {
    let messages = variants(text_of(sources, MESSAGES), "pub enum Message {");
    if messages.is_empty() {
        return vec![Finding::in_file(MESSAGES, "holds no `pub enum Message`")];
    }
    let Some(architecture) = sources.iter().find(|source| source.path == ARCHITECTURE) else {
        return vec![Finding::in_file(ARCHITECTURE, "is missing")];
    };
    let rows = architecture.lines().map(|(_, line)| line).filter(|line| line.starts_with('|'));
    let rows: String = rows.collect();
    let unlisted = messages.iter().filter(|name| !rows.contains(&format!("`{name}`")));
    unlisted
        .map(|name| Finding::in_file(ARCHITECTURE, format!("no table has a row for `{name}`")))
        .collect()
}

/// Each `docs/adr/NNNN-name.md` is linked in the list.
fn check_decisions(sources: &[Source]) -> Vec<Finding> {
    let list = text_of(sources, DECISION_LIST);
    let names = sources.iter().filter_map(|source| source.path.strip_prefix(DECISIONS));
    let decisions = names.filter(|name| name.starts_with(|first: char| first.is_ascii_digit()));
    let unlisted = decisions.filter(|name| !list.contains(&format!("]({name})")));
    unlisted
        .map(|name| Finding::in_file(DECISION_LIST, format!("does not link to {name}")))
        .collect()
}

fn text_of<'a>(sources: &'a [Source], path: &str) -> &'a str {
    sources.iter().find(|source| source.path == path).map_or("", |source| &source.text)
}

/// The names of an enum's variants, as rustfmt lays them out.
fn variants<'a>(text: &'a str, opening: &str) -> Vec<&'a str> {
    let body = text.lines().skip_while(|line| *line != opening).skip(1);
    let body = body.take_while(|line| *line != "}");
    body.filter_map(|line| {
        let name = line.strip_prefix("    ")?.split([' ', '(', ',']).next()?;
        name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENUM: &str = "
pub enum Message {
    /// A doc.
    Vote {
        /// A doc.
        granted: bool,
    },
    Other(Thing),
    Plain,
}
";

    fn messages(architecture: &str) -> Vec<String> {
        let sources = [Source::new(MESSAGES, ENUM), Source::new(ARCHITECTURE, architecture)];
        check_messages(&sources).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_message_without_a_row_is_found() {
        assert!(messages("| `Vote` | a |\n| `Other` | b |\n| `Plain` | c |\n").is_empty());
        let expected = ["ARCHITECTURE.md: no table has a row for `Other`"];
        assert_eq!(messages("`Other` in prose\n| `Vote` |\n| `Plain` |\n"), expected);
    }

    #[test]
    fn a_file_that_is_not_there_is_found() {
        let only_enum = [Source::new(MESSAGES, ENUM)];
        let expected = [Finding::in_file(ARCHITECTURE, "is missing")];
        assert_eq!(check_messages(&only_enum), expected);
        let expected = [Finding::in_file(MESSAGES, "holds no `pub enum Message`")];
        assert_eq!(check_messages(&[]), expected);
    }

    #[test]
    fn a_decision_that_is_not_linked_is_found() {
        let list = |text| {
            let sources =
                [Source::new("docs/adr/0001-one.md", ""), Source::new(DECISION_LIST, text)];
            check_decisions(&sources).into_iter().map(|finding| finding.to_string()).collect()
        };
        let found: Vec<String> = list("- [One](0001-one.md)\n");
        assert!(found.is_empty());
        let found: Vec<String> = list("- 0001-one.md\n");
        assert_eq!(found, ["docs/adr/README.md: does not link to 0001-one.md"]);
    }
}
