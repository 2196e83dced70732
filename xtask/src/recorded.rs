//! `cargo xtask story-traces`: records, for the story of the page, what goes wrong when a rule is
//! missing.
//!
//! The core has no switches. A rule is taken out of a copy of the sources, as for
//! [`mutants`](crate::mutants), and a run in which that shows, found by search, is written to
//! `web/story/recorded`. Its first record has the words that give the same run of the core as it
//! is, in which nothing goes wrong; `crates/sim/tests/recorded.rs` looks at both. Cores that are
//! worse, but not wrong, are in `crates/sim/variants`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::mutants::Mutant;
use crate::simulated::{build_mutant, mutant_copy};

const DIRECTORY: &str = "web/story/recorded";

/// A run of the stage in which a rule is missed.
struct Recorded {
    /// The name of the file.
    name: &'static str,
    /// What is taken out.
    mutant: &'static str,
    /// The check that sees what comes of it; `-` if the core is worse without that, but not wrong.
    breaks: &'static str,
    scenario: &'static str,
    seed: u64,
    actions: &'static [&'static str],
    until_ms: u64,
}

const RECORDED: &[Recorded] = &[
    // Chapter 10's own run. Its leader goes back over eight entries, one at a time.
    Recorded {
        name: "no_hint",
        mutant: "crates/sim/variants/no_hint.mutant",
        breaks: "-",
        scenario: "five",
        seed: 5,
        actions: &[
            "350put:n2:x:1",
            "450cut:n2",
            "460put:n2:x:2:c2",
            "470put:n2:x:3:c3",
            "480put:n2:x:4:c4",
            "490put:n2:x:5:c5",
            "500put:n2:x:6:c6",
            "940put:n3:x:11:c7",
            "960put:n3:x:12:c8",
            "980put:n3:x:13:c9",
            "1040put:n3:x:14:c7",
            "1060put:n3:x:15:c8",
            "1160stop:n3",
            "1449heal",
        ],
        until_ms: 1900,
    },
    // Chapter 11: n4 misses an entry that is acknowledged, and is elected all the same.
    Recorded {
        name: "stale_vote",
        mutant: "crates/sim/mutants/votes_ignore_logs.mutant",
        breaks: "completeness",
        scenario: "five",
        seed: 41,
        actions: &[
            "380cut:n4",
            "400put:n5:x:5",
            "451cut:n5.n4",
            "465stop:n5",
            "470heal",
            "720get:n4:x:c2",
        ],
        until_ms: 840,
    },
    // The paper's figure 8. n4 leaves `x 2` on itself and n1, and n2 is elected without
    // it; then n1 brings it to a majority in a later term, and n2 to nothing.
    Recorded {
        name: "old_term_commit",
        mutant: "crates/raft/mutants/old_term_is_committed_by_counting.mutant",
        breaks: "completeness",
        scenario: "narrow",
        seed: 8,
        actions: &[
            "350put:n4:x:1",
            "450cut:n4.n1-n2.n3.n5",
            "455put:n4:x:2:c2",
            "500stop:n4",
            "500heal",
            "671cut:n2",
            "690stop:n2",
            "700start:n4",
            "1013cut:n1",
            "1027stop:n1",
            "1032heal",
            "1037start:n2",
        ],
        until_ms: 1500,
    },
    // Chapter 12.
    Recorded {
        name: "lying_disk",
        mutant: "crates/sim/mutants/wal_append_is_not_synced.mutant",
        breaks: "linearity",
        scenario: "three",
        seed: 77,
        actions: &[
            "380cut:n3",
            "400put:n1:x:5",
            "500power:n1",
            "500power:n2",
            "540heal",
            "560start:n1",
            "560start:n2",
            "850get:n1:x:c2",
        ],
        until_ms: 1000,
    },
    // Chapter 14.
    Recorded {
        name: "one_jump",
        mutant: "crates/raft/mutants/no_joint.mutant",
        breaks: "election",
        scenario: "three",
        seed: 37,
        actions: &[
            "350put:n1:x:5",
            "450cut:n1-n2.n3",
            "455joint:-n4.n5",
            "460cut:n2.n3-n4.n5",
            "530stop:n1",
            "570start:n1",
        ],
        until_ms: 950,
    },
];

/// Records the runs whose names contain `part`.
pub(crate) fn record_all(root: &Path, part: &str) -> Result<()> {
    fs::create_dir_all(root.join(DIRECTORY))?;
    for recorded in RECORDED.iter().filter(|recorded| recorded.name.contains(part)) {
        let trace = recorded.record(root).with_context(|| recorded.name)?;
        let path = Path::new(DIRECTORY).join(recorded.name).with_extension("ndjson");
        println!("{}: {} bytes", path.display(), trace.len());
        fs::write(root.join(path), trace)?;
    }
    Ok(())
}

impl Recorded {
    fn record(&self, root: &Path) -> Result<Vec<u8>> {
        let mutant = Mutant::read(&root.join(self.mutant))?;
        build_mutant(root, &mutant_copy(root), &mutant)?;
        let mut record = Command::new(mutant_copy(root).join("build/release/record"));
        record.args([self.scenario, &self.seed.to_string(), &self.actions.join(",")]);
        record.args([&self.until_ms.to_string(), self.breaks, &mutant.title]);
        let output = record.arg(format!("cargo xtask story-traces {}", self.name)).output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        print!("{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }
}
