//! Makes Rust of the `.proto` files, without `protoc`.

use std::error::Error;
use std::path::PathBuf;

use protox::prost_reflect::prost::Message;
use protox::prost_reflect::prost_types::{DescriptorProto, FileDescriptorSet};

const FILES: [&str; 9] = [
    "etcdserverpb/kv.proto",
    "etcdserverpb/watch.proto",
    "etcdserverpb/lease.proto",
    "etcdserverpb/cluster.proto",
    "etcdserverpb/maintenance.proto",
    "etcdserverpb/auth.proto",
    "v3electionpb/v3election.proto",
    "v3lockpb/v3lock.proto",
    "grpc/health/v1/health.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut files = protox::compile(FILES, ["proto"])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("descriptors"), files.encode_to_vec())?;
    rename_urls(&mut files);
    tonic_prost_build::configure()
        .bytes(".")
        .generate_default_stubs(true)
        .emit_rerun_if_changed(false)
        .compile_fds(files)?;
    Ok(())
}

/// Spells `peerURLs` as `peerUrls`, so that Rust gets `peer_urls` and not `peer_ur_ls`. On the wire
/// a field is its number, so nothing else changes.
fn rename_urls(files: &mut FileDescriptorSet) {
    fn rename_in(message: &mut DescriptorProto) {
        for field in &mut message.field {
            field.name = field.name.take().map(|name| name.replace("URLs", "Urls"));
        }
    }
    files.file.iter_mut().flat_map(|file| &mut file.message_type).for_each(rename_in);
}
