//! `quorate wal` reads the log of a member that does not run.

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Output;

use support::client;
use support::cluster::Cluster;
use support::tools::quorate;

fn wal(command: &str, directory: &Path) -> Output {
    quorate().args(["wal", command]).arg(directory).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_verified_and_dumped() {
    let mut cluster = Cluster::start(1).await;
    let mut kv = client::kv(&cluster.members[0].url());
    for number in 0..5 {
        kv.put(client::put("a", number.to_string())).await.expect("it serves");
    }
    cluster.members[0].stop();
    let data_dir = &cluster.members[0].data_dir;

    let verified = wal("verify", data_dir);
    let text = said(&verified);
    assert!(verified.status.success() && text.contains("All of it is as it was written"), "{text}");
    assert!(text.contains("entries after 0@0"), "{text}");

    let dumped = wal("dump", data_dir);
    let text = said(&dumped);
    assert!(dumped.status.success() && text.contains(" frame 1: base 0@0 term 0"), "{text}");
    assert!(text.contains("; #1 term 1 vote "), "{text}");

    // One bit of the second frame.
    let file = data_dir.join("member/wal/wal-0000000000000001.log");
    let at = 2 * 4096 + 40;
    let byte = fs::read(&file).expect("it is there")[at];
    let file = File::options().write(true).open(file).expect("it is there");
    file.write_all_at(&[byte ^ 1], at as u64).expect("it can be written");
    let verified = wal("verify", data_dir);
    let text = said(&verified);
    assert_eq!(verified.status.code(), Some(1), "{text}");
    assert!(text.contains("is damaged at byte 8192") && text.contains("What is left: "), "{text}");
    let dumped = wal("dump", data_dir);
    assert_eq!(dumped.status.code(), Some(1), "{}", said(&dumped));

    let nothing = wal("verify", &data_dir.join("member/snap"));
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("there is no log in"), "{}", said(&nothing));
}
