//! The etcd v3 API as Rust types: messages, servers and clients.
//!
//! Everything here is made from the `.proto` files beside this crate when it is built. Names and
//! numbers of the fields are etcd's, since they are the interface. `bytes` fields are
//! [`Bytes`](bytes::Bytes), so a value is never copied between the socket and the store.
//!
//! ```
//! use etcdpb::etcdserverpb::RangeRequest;
//! use prost::Message;
//!
//! let request = RangeRequest { key: "a".into(), limit: 2, ..Default::default() };
//! assert_eq!(request.encode_to_vec(), [0x0a, 1, b'a', 0x18, 2]);
//! ```
//!
//! A method that a server does not implement answers `UNIMPLEMENTED`.
//!
//! Left out: the HTTP annotations of the JSON gateway, whose paths are in `server`.

#![allow(
    missing_docs,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "all code here is made by prost and tonic"
)]

/// The descriptors of all messages and services, with the names that the `.proto` files give them:
/// an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors"));

/// Keys, values and events.
pub mod mvccpb {
    tonic::include_proto!("mvccpb");
}

/// Users, roles and permissions.
pub mod authpb {
    tonic::include_proto!("authpb");
}

/// The services `KV`, `Watch`, `Lease`, `Cluster`, `Maintenance` and `Auth`.
pub mod etcdserverpb {
    tonic::include_proto!("etcdserverpb");
}

/// The service `Election`.
pub mod v3electionpb {
    tonic::include_proto!("v3electionpb");
}

/// The service `Lock`.
pub mod v3lockpb {
    tonic::include_proto!("v3lockpb");
}

/// gRPC's own health check.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
