//! What one proposal costs the core: three members in one thread, 256-byte commands, 256 in flight.
//!
//! `cargo bench -p raft`. Beside raft-rs: `bench/core`, which drives the same three members.

mod trio;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use trio::Trio;

const IN_FLIGHT: usize = 256;
/// A new cluster for so many rounds: none has a log longer than another's.
const ROUNDS: usize = 40;

fn proposals(criterion: &mut Criterion) {
    let commands = vec![Bytes::from(vec![b'x'; 256]); IN_FLIGHT];
    let mut group = criterion.benchmark_group("raft");
    group.throughput(Throughput::Elements((ROUNDS * IN_FLIGHT) as u64));
    group.bench_function("proposals", |bencher| {
        bencher.iter_batched_ref(
            Trio::new,
            |trio| {
                for _ in 0..ROUNDS {
                    trio.propose(&commands);
                    trio.settle();
                }
                assert!(trio.applied().iter().all(|applied| applied.len() == ROUNDS * IN_FLIGHT));
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, proposals);
criterion_main!(benches);
