//! The `quorate` program.

mod client;
mod demo;
mod live;
mod serve;
mod sim;
mod switches;
mod wal_files;

use std::process::ExitCode;

use clap::builder::{OsStr, Resettable};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

/// One truth on several machines.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    connection: client::Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Run one member of a cluster
    Serve(Box<serve::Serve>),
    /// Run a cluster of several members on this machine, with a page that shows it
    Demo(demo::Demo),
    /// Run a simulated cluster in which everything goes wrong, once more in the same way
    Sim(sim::Sim),
    /// Say what is in the log of a member that does not run: verify it, or dump it
    Wal(wal_files::WalFiles),
    #[command(flatten)]
    Client(client::Command),
}

fn main() -> ExitCode {
    let command = Cli::command().mut_subcommand("serve", serve::others::allow);
    let command = switches::allow_values(command);
    let parse = |matches: ArgMatches| Ok((Cli::from_arg_matches(&matches)?, matches));
    let mut parsed = command.clone().try_get_matches().and_then(parse);
    let mut has_variables = true;
    if let Ok((Cli { command: Command::Serve(serve), .. }, _)) = &parsed
        && let Some((file, stop_with_stdin)) = serve.config_file()
    {
        let mut arguments = match serve::config_file::arguments(file) {
            Ok(arguments) => arguments,
            Err(line) => return client::usage::Failure::Usage(line).report(),
        };
        arguments.extend(stop_with_stdin.then(|| "--stop-with-stdin".to_owned()));
        let arguments = ["quorate", "serve"].map(str::to_owned).into_iter().chain(arguments);
        has_variables = false;
        parsed = without_variables(command).try_get_matches_from(arguments).and_then(parse);
    }
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return client::usage::refuse(&error),
    };
    if let Some(serve) = matches.subcommand_matches("serve") {
        let variable = |name| std::env::var(name).ok().filter(|_| has_variables);
        match serve::others::judge(serve, variable) {
            Ok(notes) => notes.iter().for_each(|note| eprintln!("{note}")),
            Err(line) => return client::usage::Failure::Usage(line).report(),
        }
    }
    match cli.command {
        Command::Serve(serve) => serve.main(),
        Command::Demo(demo) => demo.main(),
        Command::Sim(sim) => sim.main(),
        Command::Wal(wal) => wal.main(),
        Command::Client(command) => client::main(command, cli.connection),
    }
}

/// The same, but that the environment does not count for `serve`.
fn without_variables(command: clap::Command) -> clap::Command {
    let without = |arg: clap::Arg| arg.env(Resettable::<OsStr>::Reset);
    command.mut_subcommand("serve", |serve| serve.mut_args(without))
}
