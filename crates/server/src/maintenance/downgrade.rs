//! Whether one could go down to a version: as in etcd, to the minor version before, and no other.
//!
//! Only asked is served. There is no earlier Quorate whose files this one could write.

use crate::ETCD_VERSION;
use crate::status::Error;

/// Whether `target` is the version before.
pub(super) fn validate(target: &str) -> Result<(), Error> {
    let target = minor(target).ok_or(Error::WrongVersionFormat)?;
    let (major, minor) = minor(ETCD_VERSION).expect("it is a version");
    if Some(target) == minor.checked_sub(1).map(|before| (major, before)) {
        Ok(())
    } else {
        Err(Error::InvalidTargetVersion)
    }
}

/// The first two numbers of `3.5` or `3.5.21`.
fn minor(version: &str) -> Option<(u64, u64)> {
    let numbers = version.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    match numbers[..] {
        [major, minor] | [major, minor, _] => Some((major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_minor_version_before_will_do() {
        for target in ["3.5", "3.5.0", "3.5.21"] {
            assert_eq!(validate(target), Ok(()), "{target}");
        }
        for target in ["3.6", "3.4.0", "2.5", "4.5.0"] {
            assert_eq!(validate(target), Err(Error::InvalidTargetVersion), "{target}");
        }
        for target in ["", "3", "3.x", "3.5.0.1", "v3.5"] {
            assert_eq!(validate(target), Err(Error::WrongVersionFormat), "{target}");
        }
    }
}
