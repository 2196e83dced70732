//! The API over a socket: [`services`] with gRPC, [`http`] with plain HTTP, and [`differential`]
//! side by side with a real etcd.

mod differential;
mod etcd;
mod http;
mod local;
mod services;
