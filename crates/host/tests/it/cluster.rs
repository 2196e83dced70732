//! What a cluster does for its clients, while members come and go.

use host::{Config, Host, StartError};

use crate::support::{Journal, Town, eventually};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Any member takes any request, and who reads sees all that was answered.
#[tokio::test]
async fn all_members_serve() {
    let town = Town::new(&NAMES).await;
    let mut runners = Vec::new();
    for name in NAMES {
        runners.push(town.start(name).await);
    }
    for (name, writer) in NAMES.iter().zip(&runners) {
        writer.propose(&format!("by {name}")).await;
        for reader in &runners {
            reader.read_index().await;
            assert!(reader.journal.holds(&format!("by {name}")), "a read does not see it");
        }
    }
    let leader = runners[0].leader();
    assert!(leader.is_some());
    eventually("all know the leader", || {
        let leaders = runners.iter().map(|runner| runner.host.handle.standing());
        leaders.collect::<Vec<_>>().windows(2).all(|two| two[0].leader == two[1].leader)
    })
    .await;
    assert_eq!(runners[0].journal.commands(), runners[2].journal.commands());
}

/// A leader that is let go is replaced; and when it is started again, from what it left, it learns
/// what happened since.
#[tokio::test]
async fn a_stopped_leader_is_replaced() {
    let town = Town::new(&NAMES).await;
    let mut runners = Vec::new();
    for name in NAMES {
        runners.push((name, town.start(name).await));
    }
    runners[0].1.propose("before").await;
    let leader = runners[0].1.leader().unwrap();
    let place = runners.iter().position(|(name, _)| town.id(name) == leader).unwrap();
    let (stopped, runner) = runners.remove(place);
    runner.stop().await;

    runners[0].1.propose("meanwhile").await;
    runners[1].1.read_index().await;
    assert!(runners[1].1.journal.holds("meanwhile"));
    assert_ne!(runners[0].1.leader(), Some(leader));

    let back = town.start(stopped).await;
    back.read_index().await;
    assert!(back.journal.holds("before") && back.journal.holds("meanwhile"));
    back.propose("after").await;
}

/// Who has an answer sees in the status what it rests on.
#[tokio::test]
async fn the_status_is_not_behind_the_answers() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    for number in 1..=500 {
        runner.propose("x").await;
        let status = runner.host.handle.status();
        // The leader's own entry is before them.
        assert!(status.applied.0 > number && status.raft.commit.0 > number, "{status:?}");
        assert!(status.raft.standing.leader.is_some());
    }
}

/// What was answered outlives all members.
#[tokio::test]
async fn a_cluster_remembers() {
    let town = Town::new(&["a"]).await;
    let first = town.start("a").await;
    for number in 0..20 {
        first.propose(&format!("c{number}")).await;
    }
    let (journal, term) = (first.journal.commands(), first.host.handle.standing().term);
    first.stop().await;

    let second = town.start("a").await;
    second.read_index().await;
    assert_eq!(second.journal.commands(), journal);
    assert!(second.host.handle.standing().term > term, "an old term was used again");
}

/// Two members that share a directory would break each other's promises.
#[tokio::test]
async fn a_directory_has_one_member() {
    let town = Town::new(&["a"]).await;
    let first = town.start("a").await;
    let listen_peers = vec!["127.0.0.1:0".parse().unwrap()];
    let config = Config { listen_peers, ..town.config(&town.cluster, "a") };
    let second = Host::start(config, Journal::default(), |_| {}, |_| {}).await;
    assert!(matches!(second, Err(StartError::Locked(_))), "{second:?}");
    first.propose("unharmed").await;
    first.stop().await;
    town.start("a").await.read_index().await;
}

/// Who is alone needs no port.
#[tokio::test]
async fn a_member_that_listens_to_nobody_runs() {
    let town = Town::new(&["a"]).await;
    let config = Config { listen_peers: vec![], ..town.config(&town.cluster, "a") };
    let host = Host::start(config, Journal::default(), |_| {}, |_| {}).await.unwrap();
    host.handle.propose("alone".into()).await.unwrap();
}

#[tokio::test]
async fn a_port_has_one_listener() {
    let town = Town::new(&["a"]).await;
    let taken = tokio::net::TcpListener::bind(town.address("a")).await.unwrap();
    let refused = town.try_start(&town.cluster, "a", &Journal::default()).await;
    assert!(matches!(refused, Err(StartError::Listen { .. })), "{refused:?}");
    drop(taken);
    // It let the directory go.
    town.start("a").await.read_index().await;
}
