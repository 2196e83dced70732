//! The etcd v3 services over a host.

mod machine;
pub mod page;
pub mod trace;

pub use machine::SharedStore;
