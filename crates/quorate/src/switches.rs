//! Flags that are on or off, as Go's programs take them: `--flag`, `--flag=true`, `--flag=false`.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Lets all flags of a command, and of those below it, that are on or off be written with a value.
pub(crate) fn allow_values(command: Command) -> Command {
    command.mut_args(allow_value).mut_subcommands(allow_values)
}

fn allow_value(arg: Arg) -> Arg {
    if !matches!(arg.get_action(), ArgAction::SetTrue) {
        return arg;
    }
    // The value has to follow a =, or else a flag would take the word after it.
    arg.action(ArgAction::Set)
        .value_parser(BoolishValueParser::new())
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .default_value("false")
        .hide_default_value(true)
        .hide_possible_values(true)
        .value_name("BOOL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_may_have_a_value() {
        let below = Command::new("below").arg(Arg::new("on").long("on").action(ArgAction::SetTrue));
        let below = below.arg(Arg::new("word"));
        let command = allow_values(Command::new("above").subcommand(below));
        let parse = |arguments: &[&str]| {
            let all = ["above", "below"].iter().chain(arguments);
            let matches = command.clone().try_get_matches_from(all).ok()?;
            let (_, matches) = matches.subcommand()?;
            let word = matches.get_one::<String>("word").cloned();
            Some((*matches.get_one::<bool>("on")?, word))
        };
        assert_eq!(parse(&[]), Some((false, None)));
        assert_eq!(parse(&["--on"]), Some((true, None)));
        assert_eq!(parse(&["--on=true"]), Some((true, None)));
        assert_eq!(parse(&["--on=false"]), Some((false, None)));
        assert_eq!(parse(&["--on", "false"]), Some((true, Some("false".to_owned()))));
        assert_eq!(parse(&["--on=perhaps"]), None);
    }
}
