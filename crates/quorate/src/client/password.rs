//! Passwords that somebody types.

use std::io::{self, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::usage::Failure;

/// Asks for a password. A terminal does not show what is typed.
pub(crate) fn ask(prompt: &str) -> Result<String, Failure> {
    let mut stdout = io::stdout();
    write!(stdout, "{prompt}")?;
    stdout.flush()?;
    let line = {
        let _hidden = Hidden::new();
        read_line()
    };
    writeln!(stdout)?;
    line
}

/// Asks for the new password of a user, twice.
pub(crate) fn ask_new(user: &str) -> Result<String, Failure> {
    let password = ask(&format!("Password of {user}: "))?;
    if password.is_empty() {
        return Err(Failure::Usage("empty password".to_owned()));
    }
    let again = ask(&format!("Type password of {user} again for confirmation: "))?;
    if again == password {
        Ok(password)
    } else {
        Err(Failure::Usage("given passwords are different".to_owned()))
    }
}

/// Reads one line from the standard input.
pub(crate) fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden {
    before: Option<Termios>,
}

impl Hidden {
    fn new() -> Self {
        let stdin = io::stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok()).flatten();
        if let Some(before) = &before {
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            set(&hidden);
        }
        Self { before }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            set(before);
        }
    }
}

fn set(modes: &Termios) {
    // What cannot be hidden is typed all the same.
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
}
