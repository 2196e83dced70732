//! R9: the configuration in force is the last one in the log, committed or not; and if there is
//! none after its base, the last one that was committed before.

use std::collections::BTreeMap;
use std::sync::Arc;

use raft::{Configuration, Entry, Index, NodeId, Payload};

use super::{Check, Checked, Fact, Ghost, check};

/// Configurations, by the indexes of their entries.
type ByIndex = BTreeMap<Index, Arc<Configuration>>;

#[derive(Debug, Default)]
pub(super) struct Configurations {
    committed: ByIndex,
    /// Those in the log of each member.
    logs: BTreeMap<NodeId, ByIndex>,
}

impl Check for Configurations {
    fn name(&self) -> &'static str {
        "configurations"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Started { id, restored, .. } => {
                self.logs.insert(*id, restored.entries.iter().filter_map(configuration).collect());
            }
            Fact::Wrote { id, write } => {
                let log = self.logs.entry(*id).or_default();
                if let Some(first) = write.entries.first() {
                    log.split_off(&first.position.index);
                }
                log.extend(write.entries.iter().filter_map(configuration));
                let mirror = &ghost.mirror(*id).log;
                let (base, last) = (mirror.base().index, mirror.last().index);
                log.retain(|index, _| (base.next()..=last).contains(index));
            }
            Fact::Stands { id, status } => {
                for entry in ghost.grown().into_iter().flatten() {
                    if let Payload::Configuration(configuration) = &entry.payload {
                        self.committed.insert(entry.position.index, configuration.clone());
                    }
                }
                let in_log = self.logs.get(id).and_then(|log| log.values().next_back());
                let before = || self.committed.range(..=status.base.index).next_back();
                let last = in_log.or_else(|| before().map(|(_, configuration)| configuration));
                let in_force = &status.configuration.1;
                check(last.is_none_or(|last| last == in_force), || {
                    format!("{id} goes by {in_force}, and its log by {last:?}")
                })?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn configuration(entry: &Entry) -> Option<(Index, Arc<Configuration>)> {
    match &entry.payload {
        Payload::Configuration(configuration) => {
            Some((entry.position.index, configuration.clone()))
        }
        Payload::Noop | Payload::Command(_) => None,
    }
}
