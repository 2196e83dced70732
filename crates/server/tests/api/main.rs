//! The API over a socket: [`services`], [`watch`], [`lease`] and [`queue`] with gRPC, [`auth`] and
//! [`jwt`] with users, [`doors`] with all methods that there are, [`http`] with plain HTTP,
//! [`gateway`] and [`gateway_streams`] with JSON, [`calls`] with what holds for
//! all methods, [`authority`] with clients that name the server oddly, and
//! [`differential`] and [`watch_differential`] side by side with a real etcd.

mod auth;
mod authority;
mod calls;
mod compatibility;
mod differential;
mod doors;
mod etcd;
mod gateway;
mod gateway_streams;
mod http;
mod jwt;
mod lease;
mod local;
mod maintenance;
mod plain;
mod queue;
mod random;
mod random_users;
mod refusals;
mod services;
mod watch;
mod watch_differential;
