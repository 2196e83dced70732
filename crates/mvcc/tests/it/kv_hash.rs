//! The hash of the keys, against numbers that etcd 3.4.23 gave, and in steps.

use mvcc::{Command, Compact, DeleteRange, KvHash, KvHasher, Put, Refusal, Store};
use proptest::prelude::*;

use crate::generate;

fn hash_in_steps(store: &Store, revision: i64, budget: usize) -> Result<KvHash, Refusal> {
    let mut hasher = KvHasher::new(revision);
    loop {
        if let Some(hash) = hasher.advance(store, budget)? {
            return Ok(hash);
        }
    }
}

fn put(key: &'static str, value: &'static str) -> Command {
    Command::Put(Put { key: key.into(), value: value.into(), ..Put::default() })
}

fn delete(key: &'static str) -> Command {
    Command::DeleteRange(DeleteRange { key: key.into(), ..DeleteRange::default() })
}

fn store_of(commands: &[Command]) -> Store {
    let mut store = Store::new();
    for command in commands {
        store.apply(command).result.unwrap();
    }
    store
}

#[test]
fn revisions_are_those_that_can_be_read() {
    let store =
        store_of(&[put("a", "1"), put("a", "2"), Command::Compact(Compact { revision: 3 })]);
    let hash = |revision| hash_in_steps(&store, revision, 1);
    assert_eq!(hash(4), Err(Refusal::FutureRevision { current: 3 }));
    assert_eq!(hash(2), Err(Refusal::Compacted { at: 3 }));
    assert_eq!(hash(0), hash(3));
    let KvHash { revision, compacted, .. } = hash(0).unwrap();
    assert_eq!((revision, compacted), (3, 3));
}

#[test]
fn it_goes_no_further_than_it_is_asked_to() {
    let early = [put("a", "1"), put("b", "1"), delete("a")];
    let late = [put("a", "3"), delete("b"), put("c", "")];
    let until = store_of(&early).revision();
    let all = store_of(&[&early[..], &late[..]].concat());
    assert_eq!(hash_in_steps(&all, until, 1), hash_in_steps(&store_of(&early), 0, 1));
    assert_ne!(
        hash_in_steps(&all, 0, 1).unwrap().hash,
        hash_in_steps(&all, until, 1).unwrap().hash
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_steps_do_not_matter(
        before in generate::commands(0..40),
        after in generate::commands(0..20),
        budget in 1..5_usize,
    ) {
        let mut store = Store::new();
        for command in &before {
            let _ = store.apply(command);
        }
        let revision = store.revision();
        let expected = hash_in_steps(&store, revision, usize::MAX);
        let mut hasher = KvHasher::new(revision);
        let mut after = after.iter().filter(|command| !matches!(command, Command::Compact(_)));
        loop {
            if let Some(hash) = hasher.advance(&store, budget).unwrap() {
                prop_assert_eq!(Ok(hash), expected);
                break;
            }
            if let Some(command) = after.next() {
                let _ = store.apply(command);
            }
        }
    }
}
