//! Whatever is asked of the store, the model gives the same answer.

use mvcc::{AlarmCommand, Command, Range, Store, Txn};
use proptest::prelude::*;

use crate::generate;
use crate::model::Model;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn replies_reads_and_history_are_those_of_the_model(
        steps in prop::collection::vec((generate::command(), generate::range()), 1..40),
    ) {
        let mut store = Store::new();
        let mut model = Model::new();
        for (command, range) in &steps {
            prop_assert_eq!(store.apply(command), model.apply(command));
            prop_assert_eq!(store.range(range), model.range(range));
            prop_assert_eq!(store.revision(), model.revision());
            prop_assert_eq!(store.key_count(), model.latest().len());
            prop_assert_eq!(store.leases(), &model.leases);
            for lease in 0..3 {
                let keys = store.lease_keys(lease).cloned().collect::<Vec<_>>();
                prop_assert_eq!(keys, model.keys_of(lease));
            }
        }
        for revision in 1..=model.revision() {
            let all = Range { revision, ..everything() };
            prop_assert_eq!(store.range(&all), model.range(&all));
        }
        prop_assert_eq!(store.compacted_revision().unwrap_or(-1), model.compacted());
        prop_assert_eq!(store.members(), &model.members);
    }

    #[test]
    fn a_read_only_transaction_needs_no_command(
        commands in generate::commands(0..20),
        txn in generate::read_only_txn(),
    ) {
        prop_assert!(txn.is_read_only());
        let mut store = Store::new();
        for command in &commands {
            store.apply(command);
        }
        disarm_all(&mut store);
        let read = store.read_txn(&txn);
        let reply = store.apply(&Command::Txn(txn));
        prop_assert_eq!(reply.result, read.map(mvcc::Response::Txn));
        prop_assert_eq!(reply.changes, vec![]);
    }

    #[test]
    fn the_log_rebuilds_the_store(commands in generate::commands(0..40)) {
        let mut first = Store::new();
        let mut second = Store::new();
        for command in &commands {
            let decoded = Command::decode(command.encode()).unwrap();
            prop_assert_eq!(first.apply(command), second.apply(&decoded));
            prop_assert_eq!(first.hash(), second.hash());
            prop_assert_eq!(first.size_bytes(), second.size_bytes());
        }
    }

    /// A compaction that leaves nothing but the latest state leaves no more in memory than a store
    /// that was never in another one.
    #[test]
    fn compaction_gives_memory_back(commands in generate::commands(0..40)) {
        let mut store = Store::new();
        for command in &commands {
            store.apply(command);
        }
        disarm_all(&mut store);
        // Two more revisions, so that no delete is at the compacted one.
        for value in ["1", "2"] {
            let put = mvcc::Put { key: "a".into(), value: value.into(), ..Default::default() };
            store.apply(&Command::Put(put));
        }
        let revision = store.revision();
        store.apply(&Command::Compact(mvcc::Compact { revision })).result.unwrap();

        let mut fresh = Store::new();
        for kv in store.range(&everything()).unwrap().kvs {
            let put = mvcc::Put { key: kv.key, value: kv.value, ..Default::default() };
            fresh.apply(&Command::Put(put));
        }
        prop_assert_eq!(store.size_bytes(), fresh.size_bytes());
    }
}

#[test]
fn nothing_is_done_by_an_empty_transaction() {
    let mut store = Store::new();
    let response = store.read_txn(&Txn::default()).unwrap();
    assert_eq!((response.revision, response.succeeded, response.responses), (1, true, vec![]));
    assert_eq!(
        store.apply(&Command::Txn(Txn::default())).result,
        Ok(mvcc::Response::Txn(store.read_txn(&Txn::default()).unwrap()))
    );
}

fn everything() -> Range {
    Range { key: "\0".into(), range_end: "\0".into(), ..Range::default() }
}

/// So that nothing is refused because of the alarms.
fn disarm_all(store: &mut Store) {
    for alarm in store.alarms().clone() {
        store.apply(&Command::Alarm(AlarmCommand::Disarm(alarm)));
    }
}
