//! The external service behind an Okta *registration inline hook*: it is asked while somebody
//! registers or fills in more of their profile, judges the form by rules, and answers with Okta's
//! commands or error causes.
//!
//! ```text
//! bytes in ─► authenticate ─► decode ─► evaluate ─► encode ─► bytes out
//!             auth            okta::     rule::      okta::
//!                             request    Hook        response
//!                                │          │           │
//!                             Request ─► Decision ─► commands | error
//! ```
//!
//! Only [`rule::Hook::evaluate`] decides: a total function of the rules, the request and
//! today's date. The
//! service, `eval` and `replay` all go through [`pipeline::answer`], so that what a developer sees
//! is what production does, byte for byte.
//!
//! | module | what it is |
//! |---|---|
//! | [`okta`] | Okta's vocabulary as plain types; imports nothing of ours |
//! | [`okta::request`] | bytes → `Request`: strict JSON, tolerant meaning |
//! | [`okta::response`] | `Decision` → bytes: the only place with command names |
//! | [`rule`] | rules and their evaluation; imports `hook`, and `nearest` for what it says |
//! | [`rule::check`] | the catalogue of checks, a file a kind |
//! | [`pipeline`] | decode, evaluate, encode |
//! | [`load`] | the rules folder → `RuleSet`, or every problem in it |
//! | [`load::probe`] | inputs that ought to fail a rule, and which of them pass |
//! | [`org`] | an org's own user schema and enrollment form, for `check` |
//! | [`problem`], [`nearest`], [`origin`], [`file`](mod@file) | a fault with its place; what somebody may have meant; which URLs to trust; which files to read |
//! | [`escape`], [`throttle`] | text that is safe in a log; how often a message is logged |
//! | [`settings`] | file, environment, flags → `Settings`; the only reader of the environment |
//! | [`auth`] | who may call; knows no HTTP library and no body |
//! | [`credentials`] | `[auth]` → what admits callers |
//! | [`decision_log`] | one line a request |
//! | `toml_bound` | TOML within bounds of memory |
//! | `sink` | lines into a file, off the request's path; for it and for our messages |
//! | `metrics` | what is counted |
//! | `reload` | follows changed files; a bad one changes nothing |
//! | `server` | bind, run, stop; one handler in five steps |
//! | [`cli`] | the program's verbs, a file each |
//!
//! # Invariants, each the absence of something
//!
//! - There is no way to build an ALLOW or an update beside an `error`: [`okta::Decision`] is a sum
//!   type.
//! - No command name is configured anywhere: it follows from the request type.
//! - `hook` and `rule` know no HTTP, file, environment, clock or log (`tests/it/tidy.rs`).
//! - No domain type is serialised by derive: the edge owns the wire format.
//! - No panic path is reachable from a request, and no value of a profile nor a secret has a
//!   `Debug` or `Display` that prints it.

pub mod auth;
pub mod cli;
pub mod credentials;
pub mod decision_log;
pub mod escape;
pub mod file;
pub mod load;
mod metrics;
pub mod nearest;
pub mod okta;
pub mod org;
pub mod origin;
pub mod pipeline;
pub mod problem;
mod reload;
pub mod rule;
mod server;
pub mod settings;
mod sink;
pub mod throttle;
mod toml_bound;
