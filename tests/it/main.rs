//! One integration binary: the library, the program and the running service.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod auth;
mod check;
mod decode;
mod email;
mod examples;
mod fixtures;
mod http;
mod issuer;
mod lifecycle;
mod oauth;
mod org;
mod problems;
mod replay;
mod rules;
mod schema;
mod settings;
mod slow;
mod support;
mod tidy;
mod token;
