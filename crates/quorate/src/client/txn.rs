//! `quorate txn`.

use std::io::BufRead;

use clap::Args;
use etcdpb::etcdserverpb::{TxnRequest, TxnResponse};

use super::endpoints::{Endpoints, kv_client};
use super::output::print;
use super::txn_grammar::{parse_compare, parse_request};
use super::usage::Failure;

/// The arguments of `txn`. What to do comes from stdin.
#[derive(Args)]
#[command(after_help = "\
Reads three lists from stdin, each ended by an empty line: conditions, requests to carry out if all
of them hold, and requests to carry out if not. For example:

  mod(\"key1\") > \"0\"

  put key1 \"overwritten\"

  put key1 \"created\"
  get key2 --prefix

A condition is value, version, create, mod or lease of a key, then = != < or >, then what to compare
it with. Everything is quoted as in Go.")]
pub(crate) struct Txn {
    /// Say what to type
    #[arg(short, long)]
    interactive: bool,
}

impl Txn {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<TxnResponse, Failure> {
        let request = self.read(&mut std::io::stdin().lock())?;
        endpoints.write(async |channel| kv_client(channel).txn(request.clone()).await).await
    }

    fn read(&self, input: &mut impl BufRead) -> Result<TxnRequest, Failure> {
        Ok(TxnRequest {
            compare: self.read_list(input, "compares:", parse_compare)?,
            success: self.read_list(input, "success requests (get, put, del):", parse_request)?,
            failure: self.read_list(input, "failure requests (get, put, del):", parse_request)?,
        })
    }

    /// Reads lines up to an empty one. Input that ends before it may have been cut off, and half a
    /// transaction is not carried out.
    fn read_list<T>(
        &self,
        input: &mut impl BufRead,
        prompt: &str,
        parse: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        if self.interactive {
            print(format!("{prompt}\n").as_bytes())?;
        }
        let mut list = Vec::new();
        loop {
            let mut line = String::new();
            let read = input.read_line(&mut line);
            let read =
                read.map_err(|error| Failure::Failed(format!("cannot read stdin: {error}")))?;
            if read == 0 {
                let expected = prompt.trim_end_matches(':');
                let line = format!("input ended before the empty line after the {expected}");
                return Err(Failure::Usage(line));
            }
            match line.trim() {
                "" => return Ok(list),
                line => list.push(parse(line)?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lists() {
        let txn = Txn { interactive: false };
        let text = "mod(\"a\") > \"0\"\n\n put a 1 \nget a\n\n\n";
        let request = txn.read(&mut text.as_bytes()).unwrap();
        assert_eq!(
            [request.compare.len(), request.success.len(), request.failure.len()],
            [1, 2, 0]
        );
    }

    #[test]
    fn cut_off_input_is_refused() {
        let txn = Txn { interactive: false };
        for text in ["", "\n", "\n\n", "\nput a 1\n", "\n\nput a 1\n"] {
            assert!(matches!(txn.read(&mut text.as_bytes()), Err(Failure::Usage(_))), "{text:?}");
        }
    }
}
