//! The API over a socket: [`services`] and [`lease`] with gRPC, [`http`] with plain HTTP,
//! [`gateway`] with JSON, [`authority`] with clients that name the server oddly, and
//! [`differential`] side by side with a real etcd.

mod authority;
mod differential;
mod etcd;
mod gateway;
mod http;
mod lease;
mod local;
mod maintenance;
mod plain;
mod services;
