//! Tokens: who their user is, and until when, signed.
//!
//! ```text
//!   token = name . since . until . signature
//! ```
//!
//! All parts are hexadecimal: the name's bytes, the auth revision that gave the user its password,
//! the second of the Unix epoch at which the token is over, and the HMAC-SHA-256 (RFC 2104) of what
//! stands before the last dot.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) user: String,
    /// The auth revision that gave the user its password.
    pub(super) since: u64,
    /// The second at which it is over.
    pub(super) until: u64,
}

impl Token {
    /// The token as clients see it.
    pub(super) fn sign(&self, secret: &[u8]) -> String {
        let mut text = hex(self.user.as_bytes());
        write!(text, ".{:x}.{:x}", self.since, self.until).expect("a string takes everything");
        let signature = hex(&hmac(secret, text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// What a token says, if it was signed with that secret.
    pub(super) fn read(text: &str, secret: &[u8]) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let expected = hex(&hmac(secret, signed.as_bytes()));
        if !is_equal(expected.as_bytes(), signature.as_bytes()) {
            return None;
        }
        let mut parts = signed.split('.');
        let user = String::from_utf8(unhex(parts.next()?)?).ok()?;
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        Some(Self { user, since: number()?, until: number()? })
    }
}

/// Takes as long wherever they differ: how much of a guess is right must not show.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
}

const BLOCK_BYTES: usize = 64;

fn hmac(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut key = [0; BLOCK_BYTES];
    if secret.len() > BLOCK_BYTES {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_said_when_it_was_signed() {
        let token = Token { user: "ann.é".to_owned(), since: 7, until: 1_700_000_000 };
        let text = token.sign(b"secret");
        assert_eq!(Token::read(&text, b"secret"), Some(token));
        assert_eq!(Token::read(&text, b"other"), None);
        assert_eq!(Token::read("", b"secret"), None);
        for place in 0..text.len() {
            let mut spoiled = text.clone().into_bytes();
            spoiled[place] = if spoiled[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(Token::read(std::str::from_utf8(&spoiled).unwrap(), b"secret"), None);
        }
    }

    /// RFC 4231, test cases 1, 2 and 6.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let check = |key: &[u8], data: &[u8], expected: &str| {
            assert_eq!(hex(&hmac(key, data)), expected);
        };
        check(
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }
}
