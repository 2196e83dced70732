//! The `quorate` program.

mod client;
mod demo;
mod live;
mod serve;
mod sim;
mod switches;
mod wal_files;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

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
    let parsed = switches::allow_values(command).try_get_matches();
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return client::usage::refuse(&error),
    };
    if let Some(serve) = matches.subcommand_matches("serve") {
        match serve::others::judge(serve) {
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
