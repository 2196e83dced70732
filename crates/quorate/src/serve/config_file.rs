//! `--config-file`: a file of etcd's, in YAML or JSON, in the place of flags.
//!
//! ```text
//!   name: m1
//!   listen-client-urls: http://0.0.0.0:2379          --name=m1
//!   client-transport-security:                  ─▶   --listen-client-urls=http://0.0.0.0:2379
//!     cert-file: m1.pem                              --cert-file=m1.pem
//!     key-file: m1.key                               --key-file=m1.key
//! ```
//!
//! A key is a flag's name, and its value is checked as the flag's is. Keys without a value are
//! passed over. As with etcd, the file says everything: other flags, and variables, do not count.

use std::fs;
use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};

/// What is below such a key, and what stands before the names of its flags.
const SECTIONS: &[(&str, &str)] =
    &[("client-transport-security", ""), ("peer-transport-security", "peer-")];

/// Names that have another one as a flag: with the prefix of their section.
const RENAMED: &[(&str, &str)] = &[
    ("client-allowed-hostname", "client-cert-allowed-hostname"),
    ("allowed-hostname", "client-cert-allowed-hostname"),
    ("peer-allowed-cn", "peer-cert-allowed-cn"),
    ("peer-allowed-hostname", "peer-cert-allowed-hostname"),
    ("crl-file", "client-crl-file"),
];

/// What the file says, as arguments.
pub(crate) fn arguments(path: &Path) -> Result<Vec<String>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("--config-file {}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    arguments_of(&text).map_err(|why| failed(&why))
}

fn arguments_of(text: &str) -> Result<Vec<String>, String> {
    // JSON is YAML, too.
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    let Some(document) = documents.first() else { return Ok(Vec::new()) };
    let mut arguments = Vec::new();
    for (key, value) in entries(document)? {
        match SECTIONS.iter().find(|(section, _)| *section == key) {
            None => arguments.extend(argument("", key, value)?),
            Some(_) if is_nothing(value) => {}
            Some((_, prefix)) => {
                for (key, value) in entries(value).map_err(|why| format!("{key}: {why}"))? {
                    arguments.extend(argument(prefix, key, value)?);
                }
            }
        }
    }
    Ok(arguments)
}

fn entries<'a>(
    document: &'a Yaml<'_>,
) -> Result<impl Iterator<Item = (&'a str, &'a Yaml<'a>)>, String> {
    let Yaml::Mapping(mapping) = document else {
        return Err("it is to be a list of names and values".to_owned());
    };
    let named = mapping.iter().map(|(key, value)| match key.as_str() {
        Some(key) => Ok((key, value)),
        None => Err(format!("{key:?} is no name")),
    });
    Ok(named.collect::<Result<Vec<_>, _>>()?.into_iter())
}

/// The flag, unless there is no value.
fn argument(prefix: &str, key: &str, value: &Yaml<'_>) -> Result<Option<String>, String> {
    let name = format!("{prefix}{key}");
    let flag =
        RENAMED.iter().find(|(renamed, _)| *renamed == name).map_or(&*name, |(_, flag)| flag);
    if is_nothing(value) {
        return Ok(None);
    }
    let text = match value {
        Yaml::Sequence(values) => values
            .iter()
            .map(|value| scalar(&name, value))
            .collect::<Result<Vec<_>, _>>()?
            .join(","),
        value => scalar(&name, value)?,
    };
    let is_time = ["interval", "-time", "-timeout", "-duration"].iter().any(|end| {
        flag.ends_with(end) && !matches!(flag, "heartbeat-interval" | "election-timeout")
    });
    // A time is written as a number of nanoseconds, or as the flag has it.
    let text = match text.parse::<u64>() {
        Ok(nanos) if is_time => format!("{}ms", nanos / 1_000_000),
        _ => text,
    };
    Ok(Some(format!("--{flag}={text}")))
}

fn is_nothing(value: &Yaml<'_>) -> bool {
    match value {
        Yaml::Value(Scalar::Null) => true,
        Yaml::Value(Scalar::String(text)) => text.is_empty(),
        Yaml::Sequence(values) => values.is_empty(),
        _ => false,
    }
}

fn scalar(name: &str, value: &Yaml<'_>) -> Result<String, String> {
    match value {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Boolean(value)) => Ok(value.to_string()),
        Yaml::Value(Scalar::Integer(value)) => Ok(value.to_string()),
        Yaml::Value(Scalar::FloatingPoint(value)) => Ok(value.to_string()),
        _ => Err(format!("{name}: it is to be a single value, or a list of them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_flags() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(arguments_of(text).unwrap(), expected, "{text}");
        };
        check("", &[]);
        check("# nothing\n", &[]);
        check("name: 'm 1'\ndata-dir:\ncors: ''\n", &["--name=m 1"]);
        check(
            "election-timeout: 1000\nenable-v2: false\nlog-outputs: [stderr]\nproxy: off\n",
            &[
                "--election-timeout=1000",
                "--enable-v2=false",
                "--log-outputs=stderr",
                "--proxy=off",
            ],
        );
        check(
            "client-transport-security:\n  cert-file: a.pem\n  client-cert-auth: true\n\
             peer-transport-security:\n  cert-file: b.pem\n  allowed-cn: m\n",
            &[
                "--cert-file=a.pem",
                "--client-cert-auth=true",
                "--peer-cert-file=b.pem",
                "--peer-cert-allowed-cn=m",
            ],
        );
        check("peer-transport-security:\n", &[]);
        check(
            r#"{"name": "m1", "quota-backend-bytes": -1}"#,
            &["--name=m1", "--quota-backend-bytes=-1"],
        );
        check("grpc-keepalive-interval: 7200000000000\n", &["--grpc-keepalive-interval=7200000ms"]);
        check("grpc-keepalive-timeout: 20s\n", &["--grpc-keepalive-timeout=20s"]);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for text in ["just words", "- a\n- b\n", "name: {a: b}\n", "name: [a, [b]]\n", "a: b: c\n"]
        {
            assert!(arguments_of(text).is_err(), "{text}");
        }
    }
}
