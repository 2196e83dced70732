//! Who asks, and whether it may.
//!
//! ```text
//!   request ── its path: what does that need? (table) ── its token: who is that? (token)
//!                                                                │
//!           service ── Frontend::of(request) ── permits, apply ──┘ may that user do this?
//! ```
//!
//! Nothing is allowed by default. A method that the [`table`] does not know is for administrators,
//! and a [`Frontend`](crate::Frontend) that was not told who asks refuses everything, while users
//! matter. Which keys a user may read and write, the store says
//! ([`mvcc::Store::permits`]).
//!
//! # Tokens
//!
//! A token says who its user is and until when, and is signed with a secret that all members hold
//! and clients do not. So any member can read the token that another one made, also after it was
//! started again, and there is no list of them to keep. A token is over when its time is, when its
//! user gets another password, and when users cease to matter.
//!
//! Who shows no token may have shown a certificate: with `--client-cert-auth`, the common name of
//! its subject is the user. Requests over JSON come without, as with etcd, whose gateway is a
//! client of its own.
//!
//! Whoever wants to make or read tokens elsewhere gives all members keys for that ([`Jwt`]).

mod gate;
mod jwt;
mod service;
mod table;
mod token;

pub use jwt::{Jwt, JwtError};

pub(crate) use gate::{Credentials, Who, admit, admit_admin};
pub(crate) use service::AuthService;
