//! Tests of the crate from outside.
//!
//! `rules` holds etcd's rules one by one, most of them seen on etcd 3.4.23. `model` is a store that
//! keeps a full copy per revision; `against_model` compares it with the real one. `watch` holds the
//! rules of watches, and `watch_any` compares what watchers hear with all that happened.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod against_model;
mod alarm;
mod auth;
mod codec;
mod describe;
mod generate;
mod image;
mod kv_hash;
mod leases;
mod lessor;
mod model;
mod reader;
mod rules;
mod validate;
mod watch;
mod watch_any;
