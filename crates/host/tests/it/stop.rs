//! A member that is let go leaves nothing behind: no thread, no connection, no port.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::time::{Duration, sleep};

use crate::support::{Town, closes, eventually, soon};

#[tokio::test]
async fn a_member_runs_as_long_as_a_handle() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    let handle = runner.host.handle.clone();
    drop(runner);
    soon("a proposal", handle.propose("still here".into())).await.unwrap();
}

/// The threads end, and with them the machine goes.
#[tokio::test]
async fn its_threads_end() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    runner.propose("x").await;
    let machine = Arc::downgrade(&runner.journal.0);
    runner.stop().await;
    assert!(machine.upgrade().is_none());
}

/// Its port can be listened on by another.
#[tokio::test]
async fn its_port_is_free() {
    let town = Town::new(&["a", "b"]).await;
    town.start("a").await.stop().await;
    let free = async {
        while TcpListener::bind(town.address("a")).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    soon("the port is free", free).await;
}

/// Peers learn of it at once: whom they talk to, and who talks to them, hangs up.
#[tokio::test]
async fn its_connections_close() {
    let town = Town::new(&["a", "b", "c"]).await;
    let listener = TcpListener::bind(town.address("b")).await.unwrap();
    let runner = town.start("a").await;
    let mut link = soon("a call", town.take_call(&listener, "b")).await;
    let mut heard = town.dial("b", "a").await;
    // One that has not said who it is.
    let mut silent = tokio::net::TcpStream::connect(town.address("a")).await.unwrap();
    runner.stop().await;
    closes(&mut link).await;
    closes(&mut heard).await;
    closes(&mut silent).await;
}

/// Who watches it learns of it.
#[tokio::test]
async fn its_trace_ends() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    let mut batches = runner.host.handle.watch().await.unwrap();
    let watching = tokio::spawn(async move { while batches.recv().await.is_some() {} });
    runner.stop().await;
    soon("the trace ends", watching).await.unwrap();
}

/// Who waits for an answer gets one.
#[tokio::test]
async fn nobody_waits_for_it() {
    let town = Town::new(&["a", "b"]).await;
    let runner = town.start("a").await;
    // There is no quorum. The request holds no handle of its own.
    let (asked, answer) = tokio::sync::oneshot::channel();
    let handle = runner.host.handle.clone();
    let waiting = tokio::spawn(async move {
        let reading = handle.read_index();
        asked.send(()).unwrap();
        reading.await
    });
    answer.await.unwrap();
    eventually("the read waits", || runner.host.handle.status().reads > 0).await;
    waiting.abort();
    runner.stop().await;
}
