//! Whom a certificate is about: the common name in its subject, read from its DER (X.690).
//!
//! ```text
//!   certificate { signed { [0] version, serial, algorithm, issuer, validity, SUBJECT, … } … }
//!   subject     { { { object identifier, text } … } … }
//! ```
//!
//! What is read here was verified before, so that it is well formed; whatever is not is nobody.

/// The tags of what is passed on the way.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// The kinds of text that are bytes of UTF-8, or of a part of it: `UTF8String`, `PrintableString`,
/// `IA5String`.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];

/// 2.5.4.3, `id-at-commonName`.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// The last common name of the subject, as it is the most particular one.
pub(crate) fn common_name(certificate: &[u8]) -> Option<String> {
    let (mut certificate, _) = inside(certificate, SEQUENCE)?;
    let mut signed = take(&mut certificate, SEQUENCE)?;
    if signed.first() == Some(&VERSION) {
        take(&mut signed, VERSION)?;
    }
    // The serial number, the algorithm, the issuer, and the validity.
    for _ in 0..4 {
        let tag = *signed.first()?;
        take(&mut signed, tag)?;
    }
    let mut subject = take(&mut signed, SEQUENCE)?;
    let mut found = None;
    while !subject.is_empty() {
        let mut names = take(&mut subject, SET)?;
        while !names.is_empty() {
            let mut name = take(&mut names, SEQUENCE)?;
            let kind = take(&mut name, OBJECT_IDENTIFIER)?;
            let tag = *name.first()?;
            let value = take(&mut name, tag)?;
            if kind == COMMON_NAME && TEXTS.contains(&tag) {
                found = String::from_utf8(value.to_vec()).ok();
            }
        }
    }
    found.filter(|name| !name.is_empty())
}

/// Takes the next value, which must be of that kind.
fn take<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (value, after) = inside(rest, tag)?;
    *rest = after;
    Some(value)
}

/// The bytes of the value at the beginning, which must be of that kind, and those after it.
fn inside(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        // The length of the length. Four bytes are more than any certificate has.
        let count = usize::from(length & 0x7f);
        let (digits, rest) = rest.split_at_checked(count).filter(|_| count <= 4)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    use super::*;

    fn made(names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::new(["host.example".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_common_name_is_found_among_others() {
        let text = |text: &str| DnValue::Utf8String(text.to_owned());
        let printable = DnValue::PrintableString("ann".try_into().unwrap());
        let organization = (DnType::OrganizationName, text("a long name ".repeat(30).trim()));
        for (names, expected) in [
            (vec![(DnType::CommonName, text("ann"))], Some("ann")),
            (vec![(DnType::CommonName, printable)], Some("ann")),
            (vec![organization.clone(), (DnType::CommonName, text("Zoë"))], Some("Zoë")),
            (vec![organization], None),
            (vec![(DnType::CommonName, text(""))], None),
        ] {
            assert_eq!(common_name(&made(&names)).as_deref(), expected, "{names:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_nobodys() {
        let whole = made(&[(DnType::CommonName, DnValue::Utf8String("ann".to_owned()))]);
        for length in 0..whole.len() {
            assert_eq!(common_name(&whole[..length]), None, "{length}");
        }
    }
}
