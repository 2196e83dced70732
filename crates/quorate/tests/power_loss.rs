//! Real power loss: what was acknowledged is there when the power comes back.
//!
//! `kill -9` never loses what the kernel has not yet written, so it finds no missing sync. Here
//! each member has a disk of its own, an ext4 in a file, and the disks lose power while clients
//! write: what was not synced is gone. That only root may do; without, the tests say so and do
//! nothing, unless `QUORATE_REQUIRE_TOOLS=1`.
//!
//! `QUORATE_POWER_CYCLES` says how often; `cargo xtask power-loss --cycles N` sets it.

mod support;

use std::path::PathBuf;

use support::cluster::{Cluster, Member};
use support::load::{Acknowledged, Load};
use support::mount::Mount;
use support::tell;

/// A hundred cycles fit, with three snapshots of all that they wrote.
const DISK_BYTES: u64 = 1 << 30;
const CYCLES: u64 = 3;

/// Members, and their disks.
struct Plant {
    cluster: Cluster,
    disks: Vec<Mount>,
    acknowledged: Acknowledged,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives() {
    let Some(mut plant) = Plant::new() else { return };
    let cycles = std::env::var("QUORATE_POWER_CYCLES")
        .map_or(CYCLES, |cycles| cycles.parse().expect("QUORATE_POWER_CYCLES is a number"));
    for cycle in 0..cycles {
        plant.cluster.start_all().await;
        // All disks, or two, or one; after so many writes. Nothing here depends on a time.
        let cut = 3 - usize::try_from(cycle % 3).expect("small");
        let writes = 20 + cycle * 37 % 150;
        plant.write_and_cut(cycle, writes, cut).await;
        plant.cluster.start_all().await;
        let lost = plant.acknowledged.lost(&plant.cluster).await;
        let count = plant.acknowledged.len();
        if cycles > CYCLES {
            tell(&format!("cycle {cycle}: {cut} disks without power, {count} writes so far"));
        }
        assert_eq!(lost, [] as [String; 0], "after {writes} writes in cycle {cycle}");
        plant.cluster.agree().await;
        plant.cluster.members.iter_mut().for_each(Member::stop);
    }
    assert!(plant.acknowledged.len() > 20 * usize::try_from(cycles).expect("few"));
}

/// The same with syncs that do nothing loses writes: so the test above would find it.
#[tokio::test(flavor = "multi_thread")]
async fn without_syncs_writes_are_lost() {
    let Some(mut plant) = Plant::new() else { return };
    plant.cluster.start_all().await;
    let mut liars = Vec::new();
    for member in &mut plant.cluster.members {
        let Some(liar) = member.process().inject("fdatasync,fsync", "retval=0") else { return };
        liars.push(liar);
    }
    plant.write_and_cut(0, 50, 3).await;
    drop(liars);
    plant.cluster.start_all().await;
    let (lost, all) =
        (plant.acknowledged.lost(&plant.cluster).await.len(), plant.acknowledged.len());
    assert!(lost > 0, "the disks lied, and all {all} writes are there");
}

impl Plant {
    fn new() -> Option<Self> {
        let mut cluster = Cluster::of(3);
        for member in &mut cluster.members {
            // So that there are some of them.
            member.flags.set("--snapshot-bytes", "1000000");
        }
        let disk = |member: &Member| Mount::ext4(&image(member), DISK_BYTES, &member.data_dir);
        let disks = cluster.members.iter().map(disk).collect::<Option<Vec<_>>>()?;
        Some(Self { cluster, disks, acknowledged: Acknowledged::default() })
    }

    /// Lets clients write. After so many writes some disks lose power; then all members are killed,
    /// and the power comes back.
    async fn write_and_cut(&mut self, cycle: u64, writes: u64, cut: usize) {
        let load = Load::start(&self.cluster, cycle);
        Load::pass(&self.cluster, 0, writes).await;
        self.disks[..cut].iter().for_each(Mount::cut_power);
        self.cluster.members.iter_mut().for_each(Member::kill);
        load.end(&mut self.acknowledged).await;
        let members = &self.cluster.members;
        for (disk, member) in std::mem::take(&mut self.disks).into_iter().zip(members) {
            disk.unmount();
            self.disks.extend(Mount::image(&image(member), &member.data_dir));
        }
        assert_eq!(self.disks.len(), 3, "a disk cannot be mounted again");
    }
}

/// The file that a member's disk is in.
fn image(member: &Member) -> PathBuf {
    member.data_dir.with_extension("image")
}
