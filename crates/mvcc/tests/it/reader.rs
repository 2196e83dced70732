//! Reading in steps gives what reading at once gives.

use mvcc::{Command, Compact, Put, Range, RangeReader, Refusal, Step, Store};
use proptest::prelude::*;

use crate::generate;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn steps_between_writes_give_the_answer_of_the_first_step(
        before in generate::commands(0..20),
        range in generate::range(),
        between in prop::collection::vec((generate::command(), 0..4_usize), 0..20),
    ) {
        let mut store = Store::new();
        for command in &before {
            store.apply(command);
        }
        let mut reader = RangeReader::new(range.clone());
        let mut begun: Option<(i64, _)> = None;
        for (command, budget) in &between {
            let is_gone = |&(at, _): &(i64, _)| Some(at) < store.compacted_revision();
            if begun.as_ref().is_none_or(is_gone) {
                let at = if range.revision <= 0 { store.revision() } else { range.revision };
                begun = Some((at, store.range(&range)));
            }
            match reader.advance(&store, *budget) {
                Ok(Step::More) => {}
                Ok(Step::Done(answer)) => {
                    prop_assert_eq!(Ok(answer), begun.unwrap().1);
                    begun = None;
                }
                Err(refusal) => {
                    prop_assert_eq!(Err(refusal), begun.unwrap().1);
                    begun = None;
                }
            }
            store.apply(command);
        }
    }
}

#[test]
fn a_step_looks_at_no_more_keys_than_it_may() {
    let store = store_with(10);
    let mut reader = RangeReader::new(everything());
    for _ in 0..3 {
        assert_eq!(reader.advance(&store, 3), Ok(Step::More));
    }
    let Ok(Step::Done(answer)) = reader.advance(&store, 3) else { panic!("ten keys, four steps") };
    assert_eq!(answer, store.range(&everything()).unwrap());
}

#[test]
fn a_budget_of_no_keys_still_comes_to_an_end() {
    let store = store_with(3);
    let mut reader = RangeReader::new(everything());
    let steps = (0..10).take_while(|_| reader.advance(&store, 0) == Ok(Step::More)).count();
    assert_eq!(steps, 2);
}

#[test]
fn writes_between_steps_are_not_seen() {
    let mut store = store_with(4);
    let expected = store.range(&everything()).unwrap();
    let mut reader = RangeReader::new(everything());
    assert_eq!(reader.advance(&store, 2), Ok(Step::More));
    put(&mut store, "k0", "new");
    put(&mut store, "k3", "new");
    put(&mut store, "k9", "new");
    assert_eq!(reader.advance(&store, 9), Ok(Step::Done(expected)));
}

#[test]
fn a_read_of_the_latest_begins_again_when_its_revision_is_compacted() {
    let mut store = store_with(4);
    let mut reader = RangeReader::new(everything());
    assert_eq!(reader.advance(&store, 2), Ok(Step::More));
    put(&mut store, "k0", "new");
    compact(&mut store);
    let expected = store.range(&everything()).unwrap();
    assert_eq!(reader.advance(&store, 9), Ok(Step::Done(expected)));
}

#[test]
fn a_read_that_names_its_revision_is_refused_when_it_is_compacted() {
    let mut store = store_with(4);
    let mut reader = RangeReader::new(Range { revision: 5, ..everything() });
    assert_eq!(reader.advance(&store, 2), Ok(Step::More));
    put(&mut store, "k0", "new");
    compact(&mut store);
    assert_eq!(reader.advance(&store, 9), Err(Refusal::Compacted { at: 6 }));
}

fn store_with(keys: usize) -> Store {
    let mut store = Store::new();
    for key in 0..keys {
        put(&mut store, &format!("k{key}"), "v");
    }
    store
}

fn put(store: &mut Store, key: &str, value: &str) {
    let (key, value) = (key.to_owned().into(), value.to_owned().into());
    store.apply(&Command::Put(Put { key, value, ..Put::default() })).result.unwrap();
}

fn compact(store: &mut Store) {
    let revision = store.revision();
    store.apply(&Command::Compact(Compact { revision })).result.unwrap();
}

fn everything() -> Range {
    Range { key: "\0".into(), range_end: "\0".into(), ..Range::default() }
}
