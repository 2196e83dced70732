//! The workspace as Cargo sees it: packages, their targets, who depends on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command::{cargo, read};

/// What `cargo metadata` says, as far as we look at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    /// Where builds go.
    pub(crate) target_directory: PathBuf,
    resolve: Resolve,
}

/// One package, of the workspace or from outside.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    /// Its name.
    pub(crate) name: String,
    /// What its manifest asks for.
    pub(crate) dependencies: Vec<Dependency>,
    /// What is built from it.
    pub(crate) targets: Vec<Target>,
}

/// One line under a manifest's `[dependencies]` or its siblings.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package that is asked for.
    pub(crate) name: String,
    /// Under which heading: `None` is `[dependencies]`.
    pub(crate) kind: Option<DependencyKind>,
}

/// A heading other than `[dependencies]`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DependencyKind {
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
}

/// Something that is built: a library, a binary, a test, a build script.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    /// Its root file.
    pub(crate) src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<ResolvedPackage>,
}

#[derive(Debug, Deserialize)]
struct ResolvedPackage {
    id: String,
    deps: Vec<ResolvedDependency>,
}

#[derive(Debug, Deserialize)]
struct ResolvedDependency {
    pkg: String,
    dep_kinds: Vec<ResolvedKind>,
}

#[derive(Debug, Deserialize)]
struct ResolvedKind {
    kind: Option<DependencyKind>,
}

impl Metadata {
    /// Asks Cargo, without the network. Only packages that this platform needs are looked at, for
    /// no others are on the machine.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let versions = read(std::process::Command::new("rustc").arg("-vV"))?;
        let host = versions.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("`rustc -vV` names no host")?;
        let arguments =
            ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host];
        let text = read(&mut cargo(root, &arguments))
            .context("if packages are missing, `cargo fetch --locked` gets them")?;
        Self::parse(&text)
    }

    /// Reads what `cargo metadata` printed.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("cannot read what `cargo metadata` printed")
    }

    /// The packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of all packages that end up in a build of `package`, at any depth, without those
    /// that only its tests need.
    pub(crate) fn built_into(&self, package: &Package) -> BTreeSet<&str> {
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let nodes: BTreeMap<&str, &ResolvedPackage> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut reached = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            for dependency in nodes.get(id).iter().flat_map(|node| &node.deps) {
                let only_tests =
                    dependency.dep_kinds.iter().all(|kind| kind.kind == Some(DependencyKind::Dev));
                if !only_tests && reached.insert(dependency.pkg.as_str()) {
                    open.push(&dependency.pkg);
                }
            }
        }
        reached.into_iter().filter_map(|id| names.get(id).copied()).collect()
    }
}
