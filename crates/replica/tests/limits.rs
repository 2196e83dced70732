//! What a replica does not take, it refuses at once, and it has no effect.

use bytes::Bytes;
use raft::{Configuration, Index, NodeId, Restored, Ticket};
use replica::{Config, Failure, Output, Replica, StateMachine};

/// Counts the bytes that it was given.
#[derive(Default)]
struct Scale(usize);

impl StateMachine for Scale {
    type Reply = usize;
    type Image = ();
    type State = ();

    fn apply(&mut self, _: Index, command: Bytes) -> usize {
        self.0 += command.len();
        self.0
    }

    fn image(&self) {}

    fn replace(&mut self, (): ()) {
        unreachable!("it is alone");
    }
}

#[test]
fn a_command_that_is_too_large_is_refused() {
    let mut replica = replica(|config| config.command_bytes_max = 10);
    let fits = replica.propose(&[0; 10]);
    let too_large = replica.propose(&[0; 11]);
    assert_eq!(failures(&mut replica), [(too_large, Failure::TooLarge)]);
    assert_eq!(weight_in_the_end(&mut replica), 10, "{fits} takes effect, and nothing else");
}

#[test]
fn more_bytes_than_may_wait_are_refused() {
    let mut replica = replica(|config| config.proposal_bytes_max = 100);
    replica.propose(&[0; 60]);
    let too_many = replica.propose(&[0; 60]);
    assert_eq!(failures(&mut replica), [(too_many, Failure::TooManyRequests)]);
    assert_eq!(weight_in_the_end(&mut replica), 60);
    replica.propose(&[0; 60]);
    assert_eq!(weight_in_the_end(&mut replica), 120, "what was answered waits no more");
}

#[test]
fn more_requests_than_may_wait_are_refused() {
    let mut replica = replica(|config| config.requests_max = 2);
    replica.propose(&[0; 1]);
    replica.read();
    let too_many = [replica.propose(&[0; 1]), replica.read()];
    let refused = too_many.map(|ticket| (ticket, Failure::TooManyRequests));
    assert_eq!(failures(&mut replica), refused);
    assert_eq!(weight_in_the_end(&mut replica), 1);
}

#[test]
fn what_nobody_answers_times_out() {
    let mut replica = replica(|config| config.request_ticks = 3);
    let waiting = [replica.propose(&[0; 1]), replica.read()];
    assert_eq!(failures(&mut replica), [], "there is no leader yet");
    (0..3).for_each(|_| replica.tick());
    let timed_out = waiting.map(|ticket| (ticket, Failure::TimedOut));
    assert_eq!(failures(&mut replica), timed_out);
    assert_eq!((replica.status().proposals, replica.status().reads), (0, 0));
}

/// The only member of its cluster.
fn replica(configure: impl FnOnce(&mut Config)) -> Replica<Scale> {
    let id = NodeId(1);
    let mut config = Config::new(raft::Config::new(id, Configuration::new([id])), 1);
    configure(&mut config);
    Replica::new(config, Restored::default(), Scale::default())
}

/// The requests that have failed by now.
fn failures(replica: &mut Replica<Scale>) -> Vec<(Ticket, Failure)> {
    let outputs = replica.drain().into_iter();
    let failed = outputs.filter_map(|output| match output {
        Output::Failed { ticket, failure } => Some((ticket, failure)),
        _ => None,
    });
    failed.collect()
}

/// The weight of all commands, when everything is applied.
fn weight_in_the_end(replica: &mut Replica<Scale>) -> usize {
    for _ in 0..40 {
        replica.tick();
        for output in replica.drain() {
            if let Output::Persist(write) = output {
                replica.persisted(write.id);
            }
        }
    }
    replica.machine().0
}
