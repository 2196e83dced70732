//! The API over a socket: [`services`] with gRPC, [`http`] with plain HTTP, [`authority`] with
//! clients that name the server oddly, and [`differential`] side by side with a real etcd.

mod authority;
mod differential;
mod etcd;
mod http;
mod local;
mod services;
