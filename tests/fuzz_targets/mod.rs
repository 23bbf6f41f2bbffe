//! The fuzz targets, each a function of the fuzzer's bytes that panics where a promise is broken.
//!
//! `fuzz/` runs them with new input; `tests/it/corpora.rs` replays the inputs that are kept. A
//! target that knows the right answer reads the input itself, by the documentation and without code of
//! `src`.

mod answer;
mod authorization;
mod body;
mod connection;
mod email;
mod guide;
mod json;
mod key_set;
mod rules_file;
mod settings;
mod signing;
mod token;

pub use authorization::authorization;
pub use body::body;
pub use connection::connection;
pub use email::email;
pub use key_set::key_set;
pub use rules_file::rules_file;
pub use settings::settings;
pub use token::token;
