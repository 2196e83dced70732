//! The API over a socket: [`services`] with gRPC, and [`http`] with plain HTTP.

mod http;
mod local;
mod services;
