//! The `quorate` program.

mod client;

use std::process::ExitCode;

use clap::Parser;

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
    #[command(flatten)]
    Client(client::Command),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return client::usage::refuse(&error),
    };
    match cli.command {
        Command::Client(command) => client::main(command, cli.connection),
    }
}
