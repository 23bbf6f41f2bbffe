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

mod action;
mod api;
mod auth;
mod bad_files;
mod check;
mod ci_example;
mod cli;
mod commands;
mod connections;
mod corpora;
mod coverage;
mod decision_log;
mod decode;
mod docs;
mod doctor;
mod email;
mod equal_parts;
mod escape;
mod eval;
mod examples;
mod findings;
mod fixtures;
#[path = "../fuzz_targets/mod.rs"]
mod fuzz_targets;
mod http;
mod issuer;
mod key_refresh;
mod lifecycle;
mod logs;
mod lookup_connections;
mod lookup_docs;
mod lookup_faults;
mod lookup_http;
mod lookup_late;
mod lookup_live;
mod lookup_messages;
mod lookup_mistakes;
mod lookup_privacy;
mod lookup_recorded;
mod lookup_service;
mod lookup_sets;
mod lookup_tables;
mod lookup_tls;
mod lookups;
mod malformed;
mod mistakes;
mod notes;
mod oauth;
mod okta_page;
mod okta_sample;
mod operations;
mod org;
mod patterns;
mod postgres;
mod preview;
mod preview_failures;
mod probe;
mod problems;
mod proxies;
mod range;
mod readme;
mod refusals;
mod reload;
mod reload_changing;
mod reload_panic;
mod replay;
mod replay_against;
mod replay_url;
mod rules;
mod sample;
mod schema;
mod set;
mod settings;
mod slow;
mod sources;
mod support;
mod throttle;
mod tidy;
mod tls;
mod token;
mod token_shapes;
mod user_view;
mod values;
mod weak_secrets;
mod worker_turns;
