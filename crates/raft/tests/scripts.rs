//! Golden scripts: each file in `tests/scripts` proves what its name says, and shows how.
//!
//! A block is some commands, a line `---`, and what happened. `UPDATE_GOLDENFILES=1 cargo test -p
//! raft --test scripts` writes down what happens now; the difference is reviewed like code. The
//! commands are those of [`script::Command`]. After each step of any member the invariants of
//! [`support::invariants`] are checked, so a script also proves all that it does not print.

#[path = "support/notation.rs"]
mod notation;
#[path = "support/script.rs"]
mod script;
mod support;

use std::collections::BTreeSet;
use std::fs;

/// Makes one test of each script, and one that no script was left out.
macro_rules! scripts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        #[test]
        fn every_script_is_run() {
            let named = BTreeSet::from([$(stringify!($name).to_owned()),*]);
            assert_eq!(found(), named);
        }
    };
}

scripts! {
    single_member_elects_itself
}

fn run(name: &str) {
    let mut script = script::Script::default();
    goldenscript::run(&mut script, format!("tests/scripts/{name}")).expect("the script runs");
}

fn found() -> BTreeSet<String> {
    let files = fs::read_dir("tests/scripts").expect("the scripts are there");
    let name = |file: fs::DirEntry| file.file_name().to_string_lossy().into_owned();
    files.map(|file| name(file.expect("readable"))).collect()
}
