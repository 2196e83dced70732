//! Tokens that others can make and read too: JSON Web Tokens (RFC 7519), with keys of one's own.
//!
//! They say what etcd's say: the user's name, the auth revision at which it logged in, and until
//! when. So they are good at an etcd with the same keys, and its tokens here. As there, any change
//! of users ends them: what they say of a user may be old.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// How long a token is good for if the flag does not say.
const DEFAULT_TTL: Duration = Duration::from_mins(5);

/// The keys, and how they are used.
pub struct Jwt {
    algorithm: Algorithm,
    /// None, if the tokens are made elsewhere.
    signs: Option<EncodingKey>,
    verifies: DecodingKey,
    ttl: Duration,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) username: String,
    pub(super) revision: u64,
    /// The second of the Unix epoch at which it is over.
    pub(super) exp: u64,
}

/// The flag makes no sense, or names what is no key. It is said how.
pub type JwtError = String;

impl std::fmt::Debug for Jwt {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Jwt {
    /// Reads etcd's flag: `simple` for none, or
    /// `jwt,sign-method=ES256,priv-key=FILE,pub-key=FILE,ttl=10m`. `parse_duration` reads the last.
    ///
    /// # Errors
    /// If that is something else, or a file is not a key.
    pub fn parse(
        flag: &str,
        parse_duration: impl Fn(&str) -> Result<Duration, String>,
    ) -> Result<Option<Self>, JwtError> {
        let mut parts = flag.split(',');
        match parts.next() {
            Some("simple" | "") => return Ok(None),
            Some("jwt") => {}
            other => return Err(format!("{:?} is neither simple nor jwt", other.unwrap_or(""))),
        }
        let (mut method, mut private, mut public, mut ttl) = (None, None, None, DEFAULT_TTL);
        for part in parts {
            let (name, value) =
                part.split_once('=').ok_or_else(|| format!("{part:?} is not NAME=VALUE"))?;
            match name {
                "sign-method" => method = Some(algorithm(value)?),
                "priv-key" => private = Some(PathBuf::from(value)),
                "pub-key" => public = Some(PathBuf::from(value)),
                "ttl" => ttl = parse_duration(value).map_err(|why| format!("ttl: {why}"))?,
                _ => {
                    return Err(format!("{name:?} is none of sign-method, priv-key, pub-key, ttl"));
                }
            }
        }
        let algorithm = method.ok_or("sign-method is missing")?;
        let read =
            |file: PathBuf| fs::read(&file).map_err(|error| format!("{}: {error}", file.display()));
        let private = private.map(read).transpose()?;
        let public = public.map(read).transpose()?;
        let signs = private.as_deref().map(|pem| signing_key(algorithm, pem)).transpose()?;
        let verifies = match (public, private) {
            // The key is the same on both sides.
            (_, Some(secret)) if is_symmetric(algorithm) => DecodingKey::from_secret(&secret),
            (Some(pem), _) if !is_symmetric(algorithm) => verifying_key(algorithm, &pem)?,
            _ if is_symmetric(algorithm) => return Err("priv-key is missing".to_owned()),
            _ => return Err("pub-key is missing".to_owned()),
        };
        Ok(Some(Self { algorithm, signs, verifies, ttl }))
    }

    /// A token for a user who logs in now, at that auth revision. `None` if tokens are made
    /// elsewhere.
    pub(super) fn sign(&self, username: String, revision: u64, now: u64) -> Option<String> {
        let claims = Claims { username, revision, exp: now + self.ttl.as_secs() };
        let token = encode(&Header::new(self.algorithm), &claims, self.signs.as_ref()?);
        Some(token.expect("the key was read for this algorithm, and claims are JSON"))
    }

    /// What a token says, if it was signed with the key and is not over.
    pub(super) fn read(&self, text: &str) -> Option<Claims> {
        let mut validation = Validation::new(self.algorithm);
        validation.leeway = 0;
        validation.validate_aud = false;
        decode(text, &self.verifies, &validation).ok().map(|token| token.claims)
    }
}

fn algorithm(name: &str) -> Result<Algorithm, JwtError> {
    name.parse().map_err(|_| {
        format!(
            "sign-method {name:?} is none of HS256, HS384, HS512, RS256, RS384, RS512, PS256, \
                 PS384, PS512, ES256, ES384, EdDSA"
        )
    })
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

fn signing_key(algorithm: Algorithm, pem: &[u8]) -> Result<EncodingKey, JwtError> {
    let key = match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Ok(EncodingKey::from_secret(pem)),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => EncodingKey::from_rsa_pem(pem),
    };
    let key = key.map_err(|error| format!("priv-key: {error}"))?;
    // What is no key of that kind shows only when it is used.
    let probe = Claims { username: String::new(), revision: 0, exp: 0 };
    encode(&Header::new(algorithm), &probe, &key).map_err(|error| format!("priv-key: {error}"))?;
    Ok(key)
}

fn verifying_key(algorithm: Algorithm, pem: &[u8]) -> Result<DecodingKey, JwtError> {
    let key = match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Ok(DecodingKey::from_secret(pem)),
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => DecodingKey::from_rsa_pem(pem),
    };
    key.map_err(|error| format!("pub-key: {error}"))
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};

    use super::*;

    fn parse(flag: &str) -> Result<Option<Jwt>, JwtError> {
        Jwt::parse(flag, |text| text.parse().map(Duration::from_secs).map_err(|_| "what?".into()))
    }

    fn with_keys(kind: &'static SignatureAlgorithm, method: &str) -> [Jwt; 2] {
        let pair = KeyPair::generate_for(kind).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let [private, public] = ["private", "public"].map(|name| directory.path().join(name));
        fs::write(&private, pair.serialize_pem()).unwrap();
        fs::write(&public, pair.public_key_pem()).unwrap();
        let verifies = format!("jwt,sign-method={method},pub-key={}", public.display());
        let signs = format!("{verifies},priv-key={},ttl=60", private.display());
        [signs, verifies].map(|flag| parse(&flag).unwrap().unwrap())
    }

    #[test]
    fn who_has_the_public_key_can_read_what_the_other_signed() {
        let now = super::super::gate::now_seconds();
        for (kind, method) in [(&PKCS_ECDSA_P256_SHA256, "ES256"), (&PKCS_ED25519, "EdDSA")] {
            let [signs, verifies] = with_keys(kind, method);
            let token = signs.sign("ann".to_owned(), 7, now).unwrap();
            let claims = Claims { username: "ann".to_owned(), revision: 7, exp: now + 60 };
            assert_eq!(verifies.read(&token), Some(claims.clone()));
            assert_eq!(signs.read(&token), Some(claims));
            assert_eq!(verifies.sign("ann".to_owned(), 7, now), None);
            // Over; of other keys; spoiled; unsigned, which some once believed (CVE-2015-9235).
            let old = signs.sign("ann".to_owned(), 7, now - 61).unwrap();
            let [other, _] = with_keys(kind, method);
            let foreign = other.sign("ann".to_owned(), 7, now).unwrap();
            let spoiled = token.replace('.', "x.");
            let (_, claims_on) = token.split_once('.').unwrap();
            let unsigned = format!("eyJhbGciOiJub25lIn0.{claims_on}");
            for bad in [&old, &foreign, &spoiled, &unsigned, ""] {
                assert_eq!(verifies.read(bad), None, "{bad}");
            }
        }
    }

    #[test]
    fn flags_that_make_no_sense_are_refused() {
        assert!(parse("simple").unwrap().is_none());
        for (flag, why) in [
            ("other", "neither simple nor jwt"),
            ("jwt", "sign-method is missing"),
            ("jwt,sign-method=none", "is none of HS256"),
            ("jwt,sign-method=ES256", "pub-key is missing"),
            ("jwt,sign-method=HS256", "priv-key is missing"),
            ("jwt,sign-method", "is not NAME=VALUE"),
            ("jwt,color=red", "is none of sign-method"),
            ("jwt,sign-method=HS256,ttl=soon", "ttl: what?"),
            ("jwt,sign-method=ES256,pub-key=/absent", "/absent: "),
            ("jwt,sign-method=ES256,pub-key=/dev/null", "pub-key: "),
            ("jwt,sign-method=EdDSA,priv-key=/dev/null", "priv-key: "),
        ] {
            let error = parse(flag).unwrap_err();
            assert!(error.contains(why), "{flag}: {error}");
        }
    }
}
