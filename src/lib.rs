//! The external service behind an Okta *registration inline hook*. Okta calls it while somebody
//! registers or completes their profile. The service judges the submitted form by rules, and answers
//! with Okta's commands or error causes.
//!
//! ```text
//! bytes in ─► authenticate ─► decode ─► judge ────────► encode ─► bytes out
//!             auth            okta      rules, facts    okta
//!                               │           ▲    │        │
//!                            Request ───────┘    └─► Decision ─► commands | error
//! ```
//!
//! Only the judging in [`rule`] decides. It is a total function of the rules, the request and the
//! facts: no clock, no file, no network, no `Result`. The facts hold today's date and the results of
//! lookups. Every error in a rule is found when the rule is loaded. The service, `preview`, `eval`,
//! `replay` and `check` share [`pipeline`], so they all give the same answer to a request.
//!
//! # Modules
//!
//! | the shell | task |
//! |---|---|
//! | [`cli`] | one file per subcommand; shared flags and exit codes |
//! | `server` | binds, serves and stops; the handler lists its steps in order |
//! | `reload` | replaces the live state when files change; invalid files change nothing |
//! | `state` | the live rules, credentials and certificate, and whether each is stale |
//! | [`pipeline`] | decode, judge, encode |
//! | `preview` | a page on loopback that shows decisions; never part of `serve` |
//! | [`clock`] | reads the clock, for today's date among the facts |
//!
//! | the core | task |
//! |---|---|
//! | [`okta`] | Okta's vocabulary, with one table of the flows' differences; imports no other module |
//! | [`okta::request`] | reads a request: strict about JSON, tolerant of unknown and missing members |
//! | [`okta::response`] | writes an answer |
//! | [`okta::reply`] | reads the answer of any hook leniently, for explanations |
//! | [`rule`] | hooks, sections, rules, and how they judge a request |
//! | [`rule::check`] | the catalogue of checks, one file per kind |
//!
//! | explanations | task |
//! |---|---|
//! | [`findings`] | faults of any hook's reply, with Okta's reaction |
//! | `explained` | how an answer came about: each rule, lookup and attribute |
//! | [`form_fields`] | a request and its rules → the fields of the form |
//! | [`user_view`] | any hook's answer → the texts on the end user's screen |
//!
//! | loading | task |
//! |---|---|
//! | [`settings`] | file, environment and flags → valid settings; the only reader of the environment |
//! | [`load`] | the rules folder → rules, or every problem in it; the only reader of rules files |
//! | [`lint`] | optional checks of loaded rules: names that an org lacks, wrong inputs that pass, rules that no request tries |
//! | [`org`] | an org's own user schema and enrollment policy, for `check` |
//! | [`credentials`] | the settings of `[auth]` → an authenticator |
//! | `certificate` | reads a TLS certificate with its key |
//!
//! | services | task |
//! |---|---|
//! | [`auth`] | authenticates callers: Basic, a secret in a header, access tokens; knows no HTTP library |
//! | [`decision_log`] | one line per request |
//! | `metrics` | counters and gauges as Prometheus text |
//! | [`lookup`] | asks HTTP APIs and PostgreSQL, and keeps results for a while; reads and writes recorded results |
//!
//! | leaves | task |
//! |---|---|
//! | [`problem`] | a problem with its place |
//! | [`nearest`] | the known name nearest to an unknown one |
//! | [`file`](mod@file) | reads regular files up to a limit; notices changes |
//! | `bounded_toml` | parses TOML in bounded memory |
//! | [`trusted_url`] | reads URLs that are `https`, or `http` on this machine |
//! | [`proxies`] | the proxy for each URL of outgoing HTTP |
//! | `authorities` | reads the certificates of authorities; a server's certificate is verified with them |
//! | [`http_client`] | sends HTTP requests: to an issuer for its keys, and to the APIs of lookups |
//! | [`escape`] | makes text safe for logs and terminals |
//! | [`throttle`] | limits how often a message is logged |
//! | `sink` | writes lines to a file without waiting |
//!
//! # Invariants
//!
//! Each names something that does not occur. `tests/it/tidy.rs` checks each one that a search of the source
//! can check.
//!
//! - No answer with both a command and an `error`: [`okta::Decision`] is an enum.
//! - No command name in the configuration: the command follows from the flow.
//! - No HTTP, file, environment, clock or log in `okta` and `rule`.
//! - No public `serde` on domain types: `okta` and `decision_log` own the wire formats.
//! - No panic path that a request can reach.
//! - No `Debug` or `Display` that prints a profile value or a secret.
//! - No request kept after its answer, except by `preview`, within bounds.
//! - No reload that makes an invalid file live.
//! - No import cycle: no two files import each other, and `reload` does not import `server`.

pub mod auth;
mod authorities;
mod bounded_toml;
mod byte_set;
mod certificate;
pub mod cli;
pub mod clock;
pub mod credentials;
pub mod decision_log;
mod duration;
pub mod escape;
mod explained;
pub mod file;
pub mod findings;
pub mod form_fields;
pub mod http_client;
pub mod lint;
pub mod load;
pub mod lookup;
mod metrics;
pub mod nearest;
pub mod okta;
pub mod org;
pub mod pipeline;
mod preview;
pub mod problem;
pub mod proxies;
mod reload;
pub mod rule;
mod server;
pub mod settings;
mod sink;
mod state;
pub mod throttle;
pub mod trusted_url;
pub mod user_view;
